"""The tokens of a Whisper model: what its prompt is made of, and the words that they spell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan.errors import ModelError

# Models of English alone have one token less.
MANY_LANGUAGES_END = 50257
# Written without spaces; each of their characters is a word, as faster-whisper has it.
UNSPACED = frozenset(("zh", "ja", "th", "lo", "my", "yue"))
LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")
END, START = "<|endoftext|>", "<|startoftranscript|>"
SAYS, UNTIMED = "<|transcribe|>", "<|notimestamps|>"
NOTHING = ("<|nospeech|>", "<|nocaptions|>")
SPACE = "Ġ"


class WhisperTokens:
    """The vocabulary of a Whisper model.

    Attributes:
        languages: codes of what it knows, English first.
        end: the token that ends a text; those from it on spell nothing.
        start: the token that a prompt begins with.
        count: so many there are.
        no_speech: the token whose probability after `start` is that of no speech; or None.

    Args:
        vocabulary: token → number.
        settings: of `generation_config.json`: what is never written, and what not at first.
        many: whether it knows several languages; None: its tokens tell.

    Raises:
        KeyError: it lacks a token that every Whisper model has.
    """

    def __init__(
        self,
        vocabulary: Mapping[str, int],
        settings: Mapping[str, Any],
        *,
        many: bool | None = None,
    ) -> None:
        self._spelt = {number: token for token, number in vocabulary.items()}
        self.end, self.start = vocabulary[END], vocabulary[START]
        self._untimed = vocabulary[UNTIMED]
        self.no_speech = next((vocabulary[one] for one in NOTHING if one in vocabulary), None)
        self.count = max(vocabulary.values()) + 1
        many = self.end >= MANY_LANGUAGES_END if many is None else many
        found = {m[1]: n for t, n in vocabulary.items() if (m := LANGUAGE.fullmatch(t))}
        self._says = [vocabulary[SAYS]] if many else []
        self.language_numbers = found if many else {}
        self.languages = ("en", *sorted(set(self.language_numbers) - {"en"}))
        self.never = self._known(settings.get("suppress_tokens"))
        at_first = self._known(settings.get("begin_suppress_tokens"))
        self.not_first = at_first if len(at_first) else self._known([vocabulary[SPACE], self.end])

    def _known(self, given: Any) -> npt.NDArray[np.int64]:
        """Numbers of tokens; in some files -1 stands for none."""
        return np.array([one for one in given or () if 0 <= one < self.count], np.int64)

    def prompt(self, language: str) -> list[int]:
        """What the text follows; a model of English alone has learned a shorter one."""
        spoken = [self.language_numbers[language]] if self.language_numbers else []
        return [self.start, *spoken, *self._says, self._untimed]

    def words(
        self, numbers: Sequence[int], probabilities: Sequence[float], language: str
    ) -> list[tuple[str, float]]:
        """The words that tokens spell, each with the mean probability of its tokens."""
        groups: list[tuple[bytes, list[float]]] = []
        for number, probability in zip(numbers, probabilities, strict=True):
            raw = _bytes(self._spelt.get(number, ""))
            if not groups or raw[:1].isspace() or _ends(groups[-1][0], language):
                groups.append((b"", []))
            before, known = groups.pop()
            groups.append((before + raw, [*known, probability]))
        return [
            (word, float(np.mean(known)))
            for raw, known in groups
            for word in raw.decode("utf-8", "replace").split()
        ]


def read_tokens(folder: Path, settings: Mapping[str, Any]) -> WhisperTokens:
    """The tokens of a folder with `tokenizer.json`, or `vocab.json` and `added_tokens.json`.

    Raises:
        ModelError: they are not there, or are not Whisper's.
    """
    path = folder / "tokenizer.json"
    try:
        if path.is_file():
            whole = read_json(path)
            vocabulary = dict(whole["model"]["vocab"])
            vocabulary |= {one["content"]: one["id"] for one in whole["added_tokens"]}
        elif (path := folder / "vocab.json").is_file():
            vocabulary = read_json(path)
            added = folder / "added_tokens.json"
            vocabulary |= read_json(added) if added.is_file() else {}
        else:
            what, fix = (
                "has no tokenizer.json, and nothing is downloaded",
                "copy the model's own there",
            )
            raise ModelError(what, file=folder, fix=fix)
        found = WhisperTokens(vocabulary, settings, many=settings.get("is_multilingual"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"does not hold the tokens of Whisper ({type(error).__name__}: {error})"
        raise ModelError(what, file=path, fix="copy it from where the model is from") from error
    if settings.get("eos_token_id", found.end) != found.end:
        what = f"ends texts with the token {found.end}, and the model with another one"
        raise ModelError(what, file=path, fix="copy it from where the model is from")
    return found


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        ModelError: it cannot be read, or holds something else.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot be read: {error}", file=path) from error
    if not isinstance(found, dict):
        raise ModelError("holds no JSON object", file=path)
    return found


def _ends(raw: bytes, language: str) -> bool:
    """Whether a word of a language without spaces is whole."""
    if language not in UNSPACED:
        return False
    try:
        return not raw.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def _bytes(token: str) -> bytes:
    """The bytes that a token spells; of what is none of the alphabet, its own."""
    table = _alphabet()
    if all(character in table for character in token):
        return bytes(table[character] for character in token)
    return token.encode("utf-8")


@cache
def _alphabet() -> dict[str, int]:
    """The characters that stand for bytes in a vocabulary of GPT-2's kind.

    >>> _alphabet()["Ġ"], _alphabet()["a"], len(_alphabet())
    (32, 97, 256)
    """
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [one for one in range(256) if one not in set(printed)]
    found = {chr(one): one for one in printed}
    return found | {chr(256 + i): one for i, one in enumerate(others)}
