"""A voice book: the voices that are known, in one safe file without any audio.

`voices.tympan` is a safetensors file: the vectors of the recordings as `vectors` `(m, d)`, and in
its header, as JSON, whose they are and how much speech each rests on. Nothing in it can be played
back, and no code is run when it is read.

A book belongs to the model that made its vectors: those of another mean nothing to it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan._files import atomic_write, locked
from tympan.errors import ArgumentError, DataError
from tympan.tasks.cleaned import same_weights, says_cleaned
from tympan.tasks.identify.voice import Voice, mean_voice

BOOK = "voices.tympan"
FORMAT, VERSION = "tympan voice book", 1
LONGEST_NAME = 100
MAX_BYTES = 1 << 30
WAIT_S = 20.0


@dataclass(frozen=True, eq=False)
class Entry:
    """One recording of a known voice.

    Attributes:
        vector: `(d,)`, of length 1.
        speech_s: how much speech it rests on.
        added: the day, ISO 8601.
    """

    vector: npt.NDArray[np.float32]
    speech_s: float
    added: str = ""


@dataclass(frozen=True, eq=False)
class Book:
    """The voices that are known; every change gives a new book.

    Attributes:
        voices: name → recordings.
        model: name of the model that made the vectors.
        digest: of its weights, and whether recordings were cleaned before; empty in a book that is
            empty and belongs to no model yet.
        calibration: what was expected of the book when it was last changed, see
            `tympan.tasks.identify.expected`.
        path: the file that it was read from.

    >>> voice = Voice("a.wav", np.ones(4, np.float32) / 2, 3.0, 4.0)
    >>> book = Book().enrolled("Ann", [voice], "voices", "abc")
    >>> book.names, len(book.forgotten("Ann").names)
    (('Ann',), 0)
    """

    voices: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    model: str = ""
    digest: str = ""
    calibration: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None

    # -- what is in it ---------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Who is in it, sorted."""
        return tuple(sorted(self.voices, key=str.casefold))

    def means(self) -> npt.NDArray[np.float32]:
        """The vector `(n, d)` of each name: the mean of the recordings, weighted by speech."""
        rows = [
            mean_voice(np.stack([e.vector for e in found]), [e.speech_s for e in found])
            for found in (self.voices[name] for name in self.names)
        ]
        return np.stack(rows) if rows else np.zeros((0, 0), np.float32)

    def speech_s(self) -> npt.NDArray[np.float64]:
        """How much speech `(n,)` each name rests on."""
        return np.array([sum(e.speech_s for e in self.voices[name]) for name in self.names])

    @property
    def cleaned(self) -> bool:
        """Whether the noise was taken from its recordings before."""
        return says_cleaned(self.digest)

    def __len__(self) -> int:
        return len(self.voices)

    def __str__(self) -> str:
        width = max(map(len, self.names), default=0)
        return "\n".join(self.line_of(name, width) for name in self.names) or "no voices"

    def line_of(self, name: str, width: int = 0) -> str:
        """What is known of a voice, in a line."""
        entries = self.voices[name]
        count, speech = len(entries), sum(one.speech_s for one in entries)
        return f"{name:{width}}  {count} recording{'s' * (count != 1)}, {speech:.0f} s of speech"

    def to_json(self) -> dict[str, Any]:
        """What it holds, without the vectors."""
        return {
            "model": self.model,
            "voices": {
                name: {"recordings": len(self.voices[name]), "speech_s": round(float(speech), 2)}
                for name, speech in zip(self.names, self.speech_s(), strict=True)
            },
            **({"calibration": self.calibration} if self.calibration else {}),
        }

    # -- changes ---------------------------------------------------------------------------------

    def enrolled(self, name: str, voices: Sequence[Voice], model: str, digest: str) -> Book:
        """With recordings of a voice added; one that is there already is not added again.

        Raises:
            ArgumentError: the name cannot be used, a recording cannot be scored, or the book is of
                another model.
        """
        name = checked_name(name)
        self.check_model(model, digest)
        for one in voices:
            if one.problem:
                fix = "give a recording of one person speaking, 3 s or more"
                raise ArgumentError(f"{one.problem}: not enrolled", file=one.file, fix=fix)
        found = list(self.voices.get(name, ()))
        today = datetime.now(UTC).date().isoformat()
        for one in voices:
            if not any(np.array_equal(one.vector, entry.vector) for entry in found):
                found.append(Entry(one.vector, round(one.speech_s, 2), today))
        return replace(self, voices={**self.voices, name: tuple(found)}, model=model, digest=digest)

    def forgotten(self, name: str) -> Book:
        """Without a voice.

        Raises:
            ArgumentError: it is not in the book.
        """
        self._check_known(name)
        return replace(self, voices={n: v for n, v in self.voices.items() if n != name})

    def renamed(self, name: str, new: str) -> Book:
        """With another name for a voice; two that are one become one by that.

        Raises:
            ArgumentError: it is not in the book, or the new name cannot be used.
        """
        self._check_known(name)
        new = checked_name(new)
        if new == name:
            return self
        found = self.voices[name]
        kept = {n: v for n, v in self.voices.items() if n != name}
        return replace(self, voices={**kept, new: (*kept.get(new, ()), *found)})

    def merged(self, other: Book) -> Book:
        """With all voices of another book; recordings that are in both are there once.

        Raises:
            ArgumentError: the other book is of another model.
        """
        if not other.voices:
            return self
        self.check_model(other.model, other.digest, str(other.path or "the other book"))
        voices = dict(self.voices)
        for name, entries in other.voices.items():
            own = list(voices.get(name, ()))
            for entry in entries:
                if not any(np.array_equal(entry.vector, e.vector) for e in own):
                    own.append(entry)
            voices[name] = tuple(own)
        return replace(self, voices=voices, model=other.model, digest=other.digest)

    def only(self, names: Sequence[str]) -> Book:
        """With some of the voices only.

        Raises:
            ArgumentError: one of them is not in the book.
        """
        for name in names:
            self._check_known(name)
        return replace(self, voices={name: self.voices[name] for name in names})

    def check_model(self, model: str, digest: str, whose: str = "") -> None:
        """Refuse vectors of another model.

        Raises:
            ArgumentError: the book is of another one.
        """
        if not self.voices or digest == self.digest:
            return
        if same_weights(digest, self.digest):
            was = ("with", "without") if self.cleaned else ("without", "with")
            what = f"holds voices {was[1]} the noise of their recordings, not {was[0]} it"
            flag = "--clean" if self.cleaned else "--no-clean"
            fix, local = "enroll them again in a new book", f"add {flag}"
            raise ArgumentError(what, file=self.path, fix=fix, local=local, option="clean")
        same = " of another version" if model == self.model else ""
        what = f"was made with the model {self.model}{same}, not with {model or 'that'}"
        what += f" of {whose}" if whose else ""
        fix = f"give the model {self.model}, or enroll the voices again in a new book"
        raise ArgumentError(what, file=self.path, fix=fix, option="model")

    def _check_known(self, name: str) -> None:
        if name not in self.voices:
            known = ", ".join(self.names[:8]) + " …" * (len(self.names) > 8)
            fix = f"it has {known}" if known else "it is empty"
            raise ArgumentError(f"has no voice {name!r}", file=self.path, fix=fix)

    # -- files -----------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it beside and rename it: a reader never sees half a book."""
        from safetensors.numpy import save

        target = Path(path)
        head = {
            "format": FORMAT,
            "version": VERSION,
            "model": self.model,
            "digest": self.digest,
            "calibration": self.calibration,
            "voices": [
                {"name": n, "recordings": [[e.speech_s, e.added] for e in self.voices[n]]}
                for n in self.names
            ],
        }
        rows = [e.vector for name in self.names for e in self.voices[name]]
        vectors = np.stack(rows) if rows else np.zeros((0, 1), np.float32)
        content = save(
            {"vectors": np.ascontiguousarray(vectors, np.float32)},
            metadata={"tympan": json.dumps(head, ensure_ascii=False)},
        )
        with atomic_write(target) as beside:
            beside.write_bytes(content)
        return target


def read_book(path: str | os.PathLike[str]) -> Book:
    """Read a voice book.

    Raises:
        DataError: it is not there, or no voice book, or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise _unusable(file, "is far too large")
        content = file.read_bytes()
    except FileNotFoundError:
        fix = "tympan enroll NAME FILE makes one"
        raise DataError("there is no such voice book", file=file, fix=fix) from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=file) from error
    try:
        size = int.from_bytes(content[:8], "little")
        head = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["tympan"])
        vectors = load(content)["vectors"]
        if head["format"] != FORMAT or head["version"] != VERSION:
            raise _unusable(file, f"is a voice book of version {head['version']}, not {VERSION}")
        voices: dict[str, tuple[Entry, ...]] = {}
        rows = iter(vectors)
        for one in head["voices"]:
            voices[checked_name(one["name"])] = tuple(
                Entry(_unit(next(rows)), float(speech_s), str(added))
                for speech_s, added in one["recordings"]
            )
        if next(rows, None) is not None or not all(voices.values()):
            raise ValueError("rows")
        model, digest = str(head["model"]), str(head["digest"])
        return Book(voices, model, digest, dict(head.get("calibration", {})), file)
    except (
        ArgumentError, SafetensorError, KeyError, IndexError, TypeError, ValueError, StopIteration,
        RecursionError,
    ) as error:  # fmt: skip
        raise _unusable(file, "is no voice book, or damaged") from error


def kept_book(path: str | os.PathLike[str]) -> Book:
    """A voice book, read again only where its file has changed since.

    Raises:
        DataError: as `read_book`.
    """
    try:
        found = os.stat(path)
    except OSError:
        return read_book(path)  # says what is wrong
    stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
    return _kept(Path.cwd(), Path(path), stamp)


@lru_cache(maxsize=4)
def _kept(folder: Path, path: Path, stamp: tuple[int, ...]) -> Book:
    return read_book(path)


def _unit(row: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    if not (np.abs(row) <= 1).all() or abs(float(np.linalg.norm(row)) - 1) > 0.01:  # and NaN
        raise ValueError("a vector that is not of length 1")
    return np.asarray(row, np.float32)


def _unusable(file: Path, what: str) -> DataError:
    return DataError(
        what, file=file, fix="give another voice book, or enroll the voices again", option="book"
    )


def checked_name(name: str) -> str:
    """A name that a book can hold.

    Raises:
        ArgumentError: it is empty, too long, `unknown`, or holds what does not print.

    >>> checked_name("  Ann  ")
    'Ann'
    """
    found = " ".join(name.split())
    fix = "give a name of 1 to 100 letters"
    if not found or len(found) > LONGEST_NAME or not found.isprintable():
        raise ArgumentError(f"{name!r:.60} cannot be the name of a voice", fix=fix)
    if found.casefold() == "unknown":
        raise ArgumentError("'unknown' stands for nobody that is known", fix=fix)
    return found


@contextlib.contextmanager
def changing(path: str | os.PathLike[str], *, create: bool = False) -> Iterator[Book]:
    """Hold a book while it is changed: nobody else changes it meanwhile.

    Args:
        path: the book.
        create: an empty one if there is none.

    Raises:
        DataError: it cannot be read, or another process holds it.
    """
    file = Path(path)
    with locked(file, WAIT_S):
        yield Book(path=file) if create and not file.exists() else read_book(file)


def digest_of(weights: dict[str, Any]) -> str:
    """What tells the weights of a model from any others, from its card.

    >>> len(digest_of({"sha256": "ab" * 32}))
    16
    """
    found = str(weights.get("sha256", ""))
    return hashlib.sha256(found.encode()).hexdigest()[:16] if found else ""
