"""The table of examples: one row for each recording, with its columns."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tympan._words import plural
from tympan.errors import DataError

TAG_SEPARATOR = ";"


def stat_of(path: Path) -> os.stat_result:
    """A file's size and times.

    Raises:
        DataError: it is gone, or may not be read.
    """
    try:
        return path.stat()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=path) from error


@dataclass(frozen=True)
class Supervision:
    """What is known about a part of a recording: an event, a spoken turn, a sentence, a note.

    The word and the idea are those of Lhotse (Żelasko et al., *Lhotse: a speech data representation
    library for the modern deep learning ecosystem*, 2021).

    Args:
        start_s: where it begins, in seconds from the start of the recording.
        end_s: where it ends.
        label: what it is.
        text: what is said in it.
        speaker: who speaks.
        low_hz: lower edge of a box in time and frequency; None: the whole band.
        high_hz: its upper edge.

    >>> Supervision(1.0, 2.5, label="dog").duration_s
    1.5
    """

    start_s: float
    end_s: float
    label: str = ""
    text: str = ""
    speaker: str = ""
    low_hz: float | None = None
    high_hz: float | None = None

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return self.end_s - self.start_s


# The role of an example's main file: the first of these that it has.
MAIN_ROLES = ("audio", "mixture", "midi", "score")


@dataclass(frozen=True)
class Example:
    """One recording or score, with its files and what is known about it; never one event.

    Args:
        files: role → file: `{"audio"}`, `{"mixture", "vocals", …}`, `{"audio", "midi"}` or
            `{"midi"}`.
        columns: column name → text, for instance `{"label": "dog", "source": "100032"}`.
        supervisions: what is known about parts of it, in order of time.

    >>> Example({"audio": Path("a.wav")}, {"label": "dog;cat"}).tags
    ('dog', 'cat')
    """

    files: Mapping[str, Path]
    columns: Mapping[str, str] = field(default_factory=dict)
    supervisions: tuple[Supervision, ...] = ()

    @property
    def path(self) -> Path:
        """The main file: the recording, else the mixture, else the score, else the first."""
        role = next((role for role in MAIN_ROLES if role in self.files), None)
        return self.files[role] if role else next(iter(self.files.values()))

    @property
    def label(self) -> str:
        """The `label` column, empty where there is none."""
        return self.columns.get("label", "")

    @property
    def tags(self) -> tuple[str, ...]:
        """The labels of a row whose `label` column holds several, separated by `;`."""
        return tuple(t.strip() for t in self.label.split(TAG_SEPARATOR) if t.strip())


def recording(
    path: Path,
    columns: Mapping[str, str] | None = None,
    supervisions: Iterable[Supervision] = (),
) -> Example:
    """An example that is one sound file.

    >>> recording(Path("a.wav"), {"label": "dog"}).path.name
    'a.wav'
    """
    return Example({"audio": path}, dict(columns or {}), tuple(supervisions))


@dataclass(frozen=True, eq=False)
class Table:
    """An ordered, immutable list of examples below one folder.

    Args:
        root: the folder.
        examples: the rows.
        ignored: how many files of the folder are not in the table (not audio, loose beside the
            label folders, or not named in the metadata file). Hidden files are not counted.
        unlabelled: how many rows of the metadata file were left out because their label is empty.
        origin: where the labels came from: `"sub-folders"` or the name of the metadata file.
        notes: sentences for the user about what was taken for what.
        warnings: sentences for the user about what is probably wrong; each begins with "warning: ".
        named: what the user named, if it is not `root`: the table of the recordings.

    >>> table = Table(Path("."), (recording(Path("a.wav"), {"label": "dog"}),
    ...                           recording(Path("b.wav"), {"label": "cat"})))
    >>> len(table), table.labels, table.subset([1]).column("label")
    (2, ['cat', 'dog'], ['cat'])
    """

    root: Path
    examples: tuple[Example, ...]
    ignored: int = 0
    unlabelled: int = 0
    origin: str = "sub-folders"
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    named: Path | None = None

    @property
    def place(self) -> Path:
        """What messages call it: the file or folder that the user named."""
        return self.named or self.root

    def __len__(self) -> int:
        return len(self.examples)

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    def __getitem__(self, index: int) -> Example:
        return self.examples[index]

    @property
    def column_names(self) -> list[str]:
        """All columns that at least one row has, sorted."""
        return sorted({name for example in self.examples for name in example.columns})

    def has(self, name: str) -> bool:
        """Whether at least one row has a non-empty value in this column."""
        return any(example.columns.get(name) for example in self.examples)

    def column(self, name: str) -> list[str]:
        """One column, empty text where a row lacks it.

        Raises:
            DataError: no row has it.
        """
        if not any(name in example.columns for example in self.examples):
            known = ", ".join(self.column_names) or "none"
            raise DataError(
                f"has no column {name!r}", file=self.place, fix=f"the columns here are: {known}"
            )
        return [example.columns.get(name, "") for example in self.examples]

    @property
    def paths(self) -> list[Path]:
        """The main file of each row."""
        return [example.path for example in self.examples]

    def files(self, role: str) -> list[Path]:
        """The file of each row that has this role.

        Raises:
            DataError: a row has none.
        """
        without = [example for example in self.examples if role not in example.files]
        if without:
            raise DataError(f"has no {role} file", file=without[0].path)
        return [example.files[role] for example in self.examples]

    @property
    def labels(self) -> list[str]:
        """The different values of the `label` column, sorted."""
        return sorted({example.label for example in self.examples if example.label})

    @property
    def tags(self) -> list[str]:
        """The different labels when each row may hold several (`dog;rain`), sorted."""
        return sorted({tag for example in self.examples for tag in example.tags})

    @property
    def event_labels(self) -> list[str]:
        """The different labels of the supervisions, sorted."""
        return sorted(
            {one.label for example in self.examples for one in example.supervisions} - {""}
        )

    @property
    def speakers(self) -> list[str]:
        """The different speakers of the `speaker` column and of the supervisions, sorted."""
        found = {example.columns.get("speaker", "") for example in self.examples}
        found |= {one.speaker for example in self.examples for one in example.supervisions}
        return sorted(found - {""})

    def subset(self, indices: Iterable[int]) -> Table:
        """The rows at these positions, in this order."""
        return replace(self, examples=tuple(self.examples[int(i)] for i in indices))

    def where(self, name: str, *values: str) -> Table:
        """The rows whose column has one of these values."""
        return replace(
            self, examples=tuple(e for e in self.examples if e.columns.get(name, "") in values)
        )

    @property
    def digest(self) -> str:
        """A short hash of the file list (path below the root, size, change time) and the columns.

        A training refuses to resume on a table whose digest is another.
        """
        hasher = hashlib.blake2b(digest_size=16)
        for example in self.examples:
            stats = {role: stat_of(path) for role, path in sorted(example.files.items())}
            row = (
                [
                    (role, self.relative(example.files[role]), stat.st_size, stat.st_mtime_ns)
                    for role, stat in stats.items()
                ],
                sorted(example.columns.items()),
                example.supervisions,
            )
            hasher.update(repr(row).encode("utf-8", "surrogateescape"))
        return hasher.hexdigest()

    def relative(self, path: Path) -> str:
        """A file's name as messages show it: below the root where it lies there."""
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
        )

    def name(self, row: int) -> str:
        """The name of a row's main file as messages show it."""
        return self.relative(self.examples[row].path)

    def __repr__(self) -> str:
        kinds = f", {plural(len(self.labels), 'label')}" if self.labels else ""
        return f"Table({str(self.root)!r}, {len(self)} examples{kinds})"
