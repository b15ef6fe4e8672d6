"""What is asked of every file, as plain values that go to other processes and machines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tympan.errors import ArgumentError
from tympan.tasks.cleaned import USUAL

FORMATS = ("parquet", "jsonl", "csv")
MOST_IN_BLOCK = 256


@dataclass(frozen=True)
class Asked:
    """One question that is put to each file.

    Attributes:
        verb: name of the question.
        model: that answers; None: the best installed.
        options: of the verb.

    >>> Asked.of("tag:sex").column, Asked.of("classify").column
    ('tag_sex', 'classify')
    """

    verb: str
    model: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, options: Mapping[str, Any] | None = None) -> Asked:
        """From `"classify"`, or `"tag:MODEL"`.

        Raises:
            ArgumentError: no such question or option, or it takes something else than recordings.
        """
        from tympan.tasks.answering import of_recordings

        verb, _, model = text.partition(":")
        question = of_recordings(verb)
        return cls(verb, model or None, question.checked(options or {}))

    @property
    def column(self) -> str:
        """Name of its column in the results."""
        if self.model is None:
            return self.verb
        name = self.model.replace("\\", "/").rstrip("/").rpartition("/")[2]
        return f"{self.verb}_{''.join(c if c.isalnum() else '_' for c in name)}"


@dataclass(frozen=True)
class BatchJob:
    """What is done with every file of a run.

    Attributes:
        asked: the questions.
        format: of the results: `"parquet"`, `"jsonl"` or `"csv"`.
        block: files that are answered, written and resumed together.
        device: where the models compute.
        threads: of the processor, for each worker.
        storage: options of the file system that remote files are read from (fsspec).
        clean: the noise is taken away before.
        made: folder of the results, for files that answers name; empty: they go with the answers.
    """

    asked: tuple[Asked, ...]
    format: str = "parquet"
    block: int = MOST_IN_BLOCK
    device: str = "cpu"
    threads: int = 1
    storage: Mapping[str, Any] = field(default_factory=dict)
    clean: bool = False
    made: str = ""

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            what = f"format {self.format!r} is unknown"
            raise ArgumentError(what, fix=f"one of {', '.join(FORMATS)}")
        if not self.asked:
            raise ArgumentError("nothing is asked", fix="--verb classify, for instance")
        columns = [one.column for one in self.asked]
        twice = next((one for one in columns if columns.count(one) > 1), None)
        if twice is not None:
            raise ArgumentError(f"{twice} is asked twice", fix="name each question once")

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the folder of the results and for workers."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BatchJob:
        """From what `to_json` gave."""
        asked = tuple(Asked(**one) for one in values["asked"])
        return cls(**{**values, "asked": asked})

    @property
    def identity(self) -> str:
        """A digest of what decides the results: neither where nor how fast they are made."""
        asked = [{**asdict(one), "weights": _weights(one)} for one in self.asked]
        cleaning = [_weights(Asked("separate", USUAL))] if self.clean else []
        text = json.dumps([asked, self.format, *cleaning], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _weights(asked: Asked) -> str:
    """The digest of a question's weights: a model that was trained again gives other answers."""
    from tympan.errors import TympanError
    from tympan.models import load_card
    from tympan.tasks import registry
    from tympan.tasks.engines import default_model

    name = asked.model or default_model(registry.verb(asked.verb))
    try:
        return str(load_card(name).weights.get("sha256", ""))
    except TympanError:  # an engine has no card
        return name


def asked_of(
    verbs: Iterable[str], options: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[Asked, ...]:
    """Questions by name, with their options by verb.

    Raises:
        ArgumentError: no such question or option.
    """
    given = dict(options or {})
    names = list(verbs)
    for verb in given:
        if verb not in [one.partition(":")[0] for one in names]:
            raise ArgumentError(f"options of {verb} are given, which is not asked")
    return tuple(Asked.of(one, given.get(one.partition(":")[0])) for one in names)


def block_size(files: int, workers: int) -> int:
    """How many files make a block: many small ones where there are few files, for balance.

    >>> block_size(10, 2), block_size(1000, 2), block_size(10**6, 2)
    (1, 31, 256)
    """
    return max(1, min(MOST_IN_BLOCK, files // (16 * max(1, workers))))


@dataclass(frozen=True)
class Work:
    """Files for one worker.

    Attributes:
        number: of the block.
        files: their names.
        alone: one after another, none beside others: what kills a worker is found so.
    """

    number: int
    files: Sequence[str]
    alone: bool = False
