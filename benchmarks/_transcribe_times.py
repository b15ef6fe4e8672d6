"""Sentences of which it is known when each word is spoken, and how far found times are off."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._judges import words_of

SENTENCES = Path(__file__).with_name("sentences.txt")
SPEEDS = (0.85, 1.0, 1.2)
Times = Sequence[tuple[str, float, float]]


def sentences(folder: Path, count: int) -> tuple[list[str], list[Path], list[Times]]:
    """Texts, recordings, and words with their times; each by another speaker, at drawn speeds."""
    lines = [one for one in SENTENCES.read_text("utf-8").splitlines() if one.strip()]
    texts = [one for one in lines if not one.startswith("#")][:count]
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:03d}.flac" for number in range(len(texts))]
    missing = [i for i, file in enumerate(files) if not file.exists()]
    if missing:
        _spoken([(texts[i], files[i], i) for i in missing])
    marks = [json.loads(file.with_suffix(".json").read_text("utf-8")) for file in files]
    return texts, files, marks


def _spoken(jobs: Sequence[tuple[str, Path, int]]) -> None:
    from typing import cast

    from tympan.audio import Clip
    from tympan.tasks.answering import load
    from tympan.tasks.speak.timing import marks_of
    from tympan.tasks.speak.voice import SpeechVoice

    voice = cast(SpeechVoice, load("en", "speak", "cpu"))
    for text, file, number in jobs:
        speaker = voice.speakers[number % len(voice.speakers)] if voice.speakers else None
        waves, words, at_s = [], [], 0.0
        for part in voice.stream(text, speaker=speaker, speed=SPEEDS[number % len(SPEEDS)]):
            found = marks_of(part, voice.rate_hz, at_s).words
            words += [(one.text, one.start_s, one.end_s) for one in found]
            waves.append(part.samples)
            at_s += len(part.samples) / voice.rate_hz
        Clip(np.concatenate(waves)[None], voice.rate_hz).save(file)
        file.with_suffix(".json").write_text(json.dumps(words), "utf-8")


def apart(wanted: Sequence[Times], found: Sequence[Times]) -> tuple[np.ndarray, float]:
    """How far the beginnings of words are off, in seconds, and the share of words that were heard.

    >>> off, share = apart([[("Yes.", 0.5, 1.0), ("No!", 2, 3)]], [[("yes", 0.75, 1.0)]])
    >>> off.tolist(), share
    ([0.25], 0.5)
    """
    off, count = [], 0
    for one, other in zip(wanted, found, strict=True):
        known = [(" ".join(words_of(text)), start_s) for text, start_s, _ in one]
        heard = [(" ".join(words_of(text)), start_s) for text, start_s, _ in other]
        count += len(known)
        same = difflib.SequenceMatcher(
            None, [text for text, _ in known], [text for text, _ in heard], autojunk=False
        )
        for block in same.get_matching_blocks():
            off += [abs(known[block.a + i][1] - heard[block.b + i][1]) for i in range(block.size)]
    return np.array(off), len(off) / max(1, count)
