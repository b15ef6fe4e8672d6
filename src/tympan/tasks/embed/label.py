"""`tympan.label`: from a few examples to labels of an archive."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from tympan._files import check_target
from tympan.tasks.embed.answers import Answers
from tympan.tasks.embed.index import Index
from tympan.tasks.verbs import Option

if TYPE_CHECKING:
    from tympan.tasks.embed.labelling import Labelling

    FileName: TypeAlias = str | os.PathLike[str]
    Part: TypeAlias = FileName | tuple[FileName, float, float]


def label(
    index: FileName | Index,
    examples: FileName | Mapping[str, Iterable[Part]] | None = None,
    *,
    out: FileName = "labels.csv",
    folder: FileName = "",
    model: FileName | None = None,
    other: str = "other",
    seed: int = 0,
) -> Labelling:
    """Label an archive from a few examples: which moments to ask about, and a table of answers.

    What is in `out` from a time before is gone on from. Nothing is shown: the command
    `tympan label` puts the suggestions on a local page.

    Args:
        index: what `tympan embed` made of the archive.
        examples: label → recordings, each a path or `(path, start_s, end_s)`; or a table
            `file_name,label` with `start_s,end_s` where parts are meant.
        out: the table of answers, `file_name,start_s,end_s,label,not`, written after each.
        folder: where the names in the index lead from; the working directory by default.
        model: the model of the index; by default it says so itself.
        other: the label of a moment to which none applies.
        seed: chooses the random windows that stand in for refused ones.

    Returns:
        `next(count)` suggests moments, `answer`, `skip` and `undo` take what is said of them.

    Raises:
        ArgumentError: the seed is none.
        DataError: the index, the table or the examples cannot be used.
        AudioFileError: an example cannot be read.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> home = Path(tempfile.mkdtemp())
    >>> vectors = np.repeat(np.eye(8, 4, dtype=np.float32)[:4], 5, axis=0)
    >>> files = np.array([f"{i}.wav" for i in range(20)])
    >>> made = Index(vectors, files, np.zeros(20), np.ones(20))
    >>> examples = {"frog": [(home / "3.wav", 0, 1)]}
    >>> found = label(made, examples, out=home / "labels.csv", folder=home)
    >>> one = found.next()[0]
    >>> one.label, one.why, one.name in {"0.wav", "1.wav", "2.wav", "4.wav"}
    ('frog', 'most likely', True)
    >>> found.answer(one, yes=True)
    >>> found.counts
    {'frog': (2, 0)}
    """
    from tympan.tasks.embed.labelling import Labelling

    seed = Option("seed", int, 0, "Chooses the random windows.", low=0).check(seed)
    target = check_target(out, None, "labels.csv")
    loaded = index if isinstance(index, Index) else Index.load(index)
    found = Labelling(loaded, Answers(target, other), folder, model, seed)
    if isinstance(examples, str | os.PathLike):
        found.examples(examples)
    elif examples is not None:
        for name, parts in examples.items():
            for part in parts:
                if isinstance(part, tuple):
                    found.example(name, part[0], (float(part[1]), float(part[2])))
                else:
                    found.example(name, part)
    return found
