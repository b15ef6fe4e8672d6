"""The card of a model: what it is, what it was made from, how good it is and where it fails."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tympan._files import atomic_write
from tympan.errors import ModelError
from tympan.models.scores import Score

FORMAT_VERSION = 1
MAX_CARD_BYTES = 8 * 1024 * 1024
CARD_FILE = "card.json"


@dataclass(frozen=True)
class Card:
    """What is known about a model, saved as `card.json` beside its weights.

    Args:
        name: name in the catalogue.
        task: the question it answers, such as `"classify"`.
        version: version of the weights, such as `"1.0"`.
        description: one or two sentences for people.
        config: all that is needed to build the net again (the task's configuration).
        labels: the names of its outputs, in order; empty where the task has none.
        data: what it was trained on (names, licences, sizes, digests, splits).
        licence: licence of the weights, as an SPDX identifier where there is one.
        metrics: measured figures with their spread.
        parameters: number of trained parameters.
        known_failures: sentences that say where it is wrong.
        created: date and time, ISO 8601; filled in on saving if empty.
        git_revision: revision of tympan that made it; filled in on saving if known.
        tympan_version: filled in on saving if empty.
        attribution: name of a file in the folder that credits the authors of the data.
        weights: digest, size and tensors of the weights; written by `save_model`.

    >>> card = Card(name="tiny", task="classify", labels=["dog", "cat"])
    >>> Card.from_json(card.to_json()) == card
    True
    """

    name: str
    task: str
    version: str = "0.1"
    description: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    data: dict[str, Any] | list[Any] = field(default_factory=dict)
    licence: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    known_failures: list[str] = field(default_factory=list)
    created: str = ""
    git_revision: str = ""
    tympan_version: str = ""
    attribution: str = ""
    weights: dict[str, Any] = field(default_factory=dict)

    @property
    def scores(self) -> tuple[Score, ...]:
        """What was measured, the headline first; empty where nothing was.

        >>> Card("a", "classify", metrics={"scores": [{"name": "accuracy", "value": 0.5}]}).scores
        (Score(name='accuracy', value=0.5, ...),)
        """
        listed = self.metrics.get("scores", ())
        try:
            return tuple(map(Score.from_json, listed))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise ModelError(f"the card's scores are unusable: {error}", fix=_DAMAGED) from error

    def to_json(self) -> str:
        """Return the card as indented JSON; NaN and infinite figures become null.

        Raises:
            ModelError: a field holds something that JSON cannot.

        >>> '"task": "classify"' in Card(name="a", task="classify").to_json()
        True
        """
        try:
            plain = {"format_version": FORMAT_VERSION, **_plain(asdict(self))}
            return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        except (TypeError, ValueError, RecursionError) as error:
            raise ModelError(f"the card cannot be written as JSON: {error}") from error

    @classmethod
    def from_json(cls, text: str | bytes, file: str | Path | None = None) -> Card:
        """Read a card, checking that every field is there and of its type.

        Args:
            text: the JSON.
            file: where it came from, for messages.

        Raises:
            ModelError: not JSON, not a card, of an unknown version, or a wrong field.

        >>> Card.from_json('{"format_version": 1, "name": "a"}')
        Traceback (most recent call last):
        tympan.errors.ModelError: the card has no field 'task' ...
        """
        return cls(**_checked(_parse(text, file), file))

    def save(self, path: str | Path) -> None:
        """Write the card to `path`, wholly or not at all.

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "card.json"
        >>> Card(name="a", task="classify").save(path)
        >>> Card.load(path).name
        'a'
        """
        text = self.to_json()
        with atomic_write(path) as beside:
            beside.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Card:
        """Read and check the card at `path`.

        Raises:
            ModelError: missing, unreadable, too large or not a valid card.

        >>> Card.load("nowhere/card.json")
        Traceback (most recent call last):
        tympan.errors.ModelError: nowhere/card.json: no such model card ...
        """
        path = Path(path)
        try:
            if not path.is_file():
                raise ModelError("no such model card", file=path, fix=_NEED_FOLDER)
            with path.open("rb") as file:
                text = file.read(MAX_CARD_BYTES + 1)
        except OSError as error:
            raise ModelError(f"cannot be read: {error.strerror}", file=path) from error
        if len(text) > MAX_CARD_BYTES:
            raise ModelError("is too large for a model card", file=path, fix=_DAMAGED)
        return cls.from_json(text, file=path)


_NEED_FOLDER = "give a model's name or the folder that `tympan train` wrote"
_DAMAGED = "get or train the model again"


def _plain(value: Any) -> Any:
    """Turn NumPy and PyTorch scalars, tuples and paths into what JSON holds; NaN into null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if callable(getattr(value, "tolist", None)):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _parse(text: str | bytes, file: str | Path | None) -> dict[str, Any]:
    """Parse JSON into an object, or say what is wrong with it."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = f"the card is not valid JSON: {str(error)[:120]}"
        raise ModelError(what, file=file, fix=_DAMAGED) from error
    if not isinstance(found, dict):
        raise ModelError("the card is not a JSON object", file=file, fix=_DAMAGED)
    return found


def _checked(found: dict[str, Any], file: str | Path | None) -> dict[str, Any]:
    """Return the known fields of a parsed card, each present and of its type."""
    version = found.get("format_version")
    if version is None:
        what = "is no tympan model card: it has no field 'format_version'"
        raise ModelError(what, file=file, fix=_NEED_FOLDER)
    if version is True or version != FORMAT_VERSION:
        what = f"the card has format version {version!r:.40}, this tympan reads {FORMAT_VERSION}"
        raise ModelError(what, file=file, fix="upgrade tympan: pip install -U tympan")
    values = {}
    for one in fields(Card):
        required = one.default is MISSING and one.default_factory is MISSING
        if one.name in found:
            kind, fits = _KINDS[str(one.type)]
            value = found[one.name]
            if not fits(value):
                what = f"the card's field {one.name!r} must be {kind}, not {_shown(value)}"
                raise ModelError(what, file=file, fix=_DAMAGED)
            values[one.name] = value
        elif required:
            raise ModelError(f"the card has no field {one.name!r}", file=file, fix=_DAMAGED)
    _check_values(values, file)
    return values


def _check_values(values: dict[str, Any], file: str | Path | None) -> None:
    """Check what types alone do not say."""
    name, labels = values["name"], values.get("labels", [])
    attribution = values.get("attribution", "")
    problem = None
    if not name.strip() or len(name) > 200 or not name.isprintable() or {"/", "\\"} & set(name):
        problem = f"'name' is no usable name: {name[:80]!r}"
    elif not values["task"].isidentifier():
        problem = f"'task' is no task name: {values['task'][:80]!r}"
    elif len(set(labels)) != len(labels) or "" in labels:
        problem = "'labels' holds the same label twice or an empty one"
    elif values.get("parameters", 0) < 0:
        problem = "'parameters' is negative"
    elif attribution != Path(attribution).name or "\\" in attribution or attribution == "..":
        problem = f"'attribution' must be a file in the model's folder, not {attribution[:80]!r}"
    if problem:
        raise ModelError(f"the card's field {problem}", file=file, fix=_DAMAGED)


def _shown(value: Any) -> str:
    """Return a short picture of a value and its type."""
    return f"{type(value).__name__} {value!r:.60}"


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


# Keyed by the annotation as written in the class, so that a new field cannot go unchecked.
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a string", lambda value: isinstance(value, str)),
    "int": ("a whole number", lambda value: type(value) is int),
    "list[str]": ("a list of strings", _is_strings),
    "dict[str, Any]": ("an object", lambda value: isinstance(value, dict)),
    "dict[str, Any] | list[Any]": (
        "an object or a list",
        lambda value: isinstance(value, dict | list),
    ),
}
