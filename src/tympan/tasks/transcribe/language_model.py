"""How likely a word is behind two others, and how each of them sounds: one small file.

It is made by `tympan.tasks.transcribe.ngrams`. What is kept has its probability, all else that of
the shorter history times the weight of the longer one, so that all still sum to one.
"""

from __future__ import annotations

import io
import lzma
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from tympan.errors import ModelError

DATA = Path(__file__).parent / "data"
START, UNKNOWN = 0, 1
"""Numbers of the beginning of a sentence and of a word that is not in the vocabulary."""
# Probabilities are kept in steps of so many nepers.
STEP = 0.06
_T = TypeVar("_T")


class WordScores(Protocol):
    """Words, their sounds, and how likely each is behind two others; see `LanguageModel`."""

    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def sounds(self) -> tuple[tuple[str, ...], ...]: ...
    @property
    def single(self) -> Sequence[float]: ...

    def score(self, before: int, last: int, word: int) -> float:
        """Log probability of a word behind two others, all by their numbers."""
        ...


class Sorted(Mapping[int, float]):
    """Numbers by rising keys, in a twelfth of the memory of a dictionary.

    Args:
        keys: `(n,)`, rising.
        values: `(n,)`, in steps of `STEP`.

    >>> found = Sorted(array("q", [3, 8]), np.array([10, -5], np.int16))
    >>> round(found[3], 6), found.get(4), round(found.get(8), 6), list(found)
    (0.6, None, -0.3, [3, 8])
    """

    def __init__(self, keys: array[int], values: npt.NDArray[np.int16]) -> None:
        self._keys, self._values = keys, array("h", values.tobytes())

    def __getitem__(self, key: int) -> float:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    @overload
    def get(self, key: int, /) -> float | None: ...
    @overload
    def get(self, key: int, /, default: float) -> float: ...
    @overload
    def get(self, key: int, /, default: _T) -> float | _T: ...
    def get(self, key: int, default: Any = None) -> Any:
        """As of any mapping; most n-grams that a search looks for are not there."""
        at = bisect_left(self._keys, key)
        if at == len(self._keys) or self._keys[at] != key:
            return default
        return self._values[at] * STEP

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


@dataclass(frozen=True)
class LanguageModel:
    """Words, their sounds and their probabilities.

    Attributes:
        words: by number; the first two are the beginning of a sentence and an unknown word.
        sounds: the pronunciations of each word, phonemes without stress.
        single: log probability of each word without a history, `(k,)`.
        chances: history and word as one number (see `score`) → log probability.
        weights: history as one number → log weight of the shorter history's probability.
    """

    words: tuple[str, ...]
    sounds: tuple[tuple[str, ...], ...]
    single: list[float]
    chances: Mapping[int, float]
    weights: Mapping[int, float]

    def score(self, before: int, last: int, word: int) -> float:
        """Log probability of a word behind two others.

        Args:
            before: number of the word before the last one; `START` where there is none.
            last: number of the last word; `START` at the beginning.
            word: its number.

        >>> from tympan.tasks.transcribe.ngrams import learned
        >>> model = learned([["a", "b"], ["a", "b"], ["a", "c"]], {"a": "æ", "b": "b", "c": "s"})
        >>> a, b, c = (model.words.index(one) for one in "abc")
        >>> model.score(START, a, b) > model.score(START, a, c) > model.score(START, a, a)
        True
        """
        size = len(self.words)
        pair = last * size + word
        found = self.chances.get((before * size + last + size) * size + word)
        if found is not None:
            return found
        shorter = self.chances.get(pair)
        if shorter is None:
            shorter = self.single[word] + self.weights.get(last, 0.0)
        return shorter + self.weights.get(size + before * size + last, 0.0)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of it as arrays."""
        size = len(self.words)
        said = "\n".join("|".join(one) for one in self.sounds)
        found: dict[str, npt.NDArray[Any]] = {
            "words": _bytes("\n".join(self.words)), "sounds": _bytes(said),
            "single": _steps(self.single),
        }  # fmt: skip
        for name, values in (("chances", self.chances), ("weights", self.weights)):
            keys = np.array(sorted(values), np.int64)
            apart = np.diff(keys, prepend=0)
            found[f"{name}_keys"] = np.stack([apart // size, apart % size]).astype(np.int32)
            found[name] = _steps([values[key] for key in keys.tolist()])
        return found

    @classmethod
    def of_arrays(cls, found: Mapping[str, npt.NDArray[Any]]) -> LanguageModel:
        """The same from `arrays`.

        >>> from tympan.tasks.transcribe.ngrams import learned
        >>> model = learned([["no", "yes"]], {"no": "nO", "yes": "jɛs"})
        >>> again = LanguageModel.of_arrays(model.arrays())
        >>> again.words == model.words, again.sounds == model.sounds
        (True, True)
        >>> all(abs(again.chances[key] - model.chances[key]) < STEP for key in model.chances)
        True
        """
        words, lines = (
            tuple(found[name].astype(np.uint8).tobytes().decode().split("\n"))
            for name in ("words", "sounds")
        )
        sounds = tuple(tuple(filter(None, one.split("|"))) for one in lines)
        tables = []
        for name in ("chances", "weights"):
            apart = found[f"{name}_keys"].astype(np.int64)
            keys = np.cumsum(apart[0] * len(words) + apart[1])
            if len(keys) != len(found[name]):
                raise ValueError(f"{len(keys)} {name} have {len(found[name])} values")
            tables.append(Sorted(array("q", keys.tobytes()), found[name].astype(np.int16)))
        single = (found["single"].astype(np.float64) * STEP).tolist()
        return cls(words, sounds, single, *tables)

    def save(self, path: Path) -> None:
        """Write it, compressed."""
        from tympan._files import atomic_write

        plain = io.BytesIO()
        arrays: dict[str, Any] = self.arrays()
        np.savez(plain, **arrays)
        with atomic_write(path) as beside:
            beside.write_bytes(lzma.compress(plain.getvalue(), preset=9))

    @classmethod
    def load(cls, path: Path) -> LanguageModel:
        """Read what `save` wrote.

        Raises:
            ModelError: the file is missing or damaged.
        """
        try:
            with np.load(io.BytesIO(lzma.decompress(path.read_bytes()))) as found:
                return cls.of_arrays(found)
        except (OSError, EOFError, lzma.LZMAError, ValueError, KeyError, BadZipFile) as error:
            what = f"is no language model: {error}"
            raise ModelError(what, file=path, fix="install tympan again") from error


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _steps(values: Sequence[float]) -> npt.NDArray[np.int16]:
    return np.clip(np.round(np.array(values) / STEP), -32000, 32000).astype(np.int16)


@cache
def shipped(language: str = "en") -> LanguageModel:
    """The language model that is part of the package.

    Raises:
        ModelError: there is none of this language.

    >>> shipped("xx")
    Traceback (most recent call last):
    tympan.errors.ModelError: there is no language model of 'xx' ...
    """
    path = DATA / f"{language}.words"
    if not path.exists():
        raise ModelError(f"there is no language model of {language!r}", fix="use one of English")
    return LanguageModel.load(path)
