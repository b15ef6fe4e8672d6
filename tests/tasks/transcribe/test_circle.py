"""The circle: what `speak` says, `transcribe` writes down again."""

from __future__ import annotations

import numpy as np
import pytest

import tympan
from tests_engines import INSTALLED, errors, plain
from tympan.audio import Clip
from tympan.tasks import load
from tympan.tasks.speak.timing import marks_of

TEXTS = (
    "Seven geese crossed the muddy lane at dusk.",
    "The clerk stamped each page with a purple seal.",
    "Smoke drifted from the chimney of the old mill.",
)
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def spoken() -> list[tuple[Clip, list[tuple[str, float]]]]:
    """Each text, spoken, and when its words begin."""
    voice = load("en", "speak", "cpu")
    found = []
    for text in TEXTS:
        part = next(voice.stream(text, speed=0.9))
        begins = [(one.text, one.start_s) for one in marks_of(part, voice.rate_hz).words]
        found.append((Clip(part.samples[None], voice.rate_hz), begins))
    return found


@pytest.mark.parametrize(("model", "most"), [("english", 0.8), *((one, 0.1) for one in INSTALLED)])
def test_a_recogniser_writes_down_what_the_voice_says(
    spoken: list[tuple[Clip, list[tuple[str, float]]]], model: str, most: float
) -> None:
    """Our own gets up to four of five words wrong, as its card says; an engine one of ten."""
    wrong = count = 0
    for text, (clip, _) in zip(TEXTS, spoken, strict=True):
        found = tympan.transcribe(clip, model=model)
        wanted = plain(text)
        wrong, count = wrong + errors(wanted, plain(found.text)), count + len(wanted)
    assert wrong <= most * count


@pytest.mark.parametrize("model", [one for one in INSTALLED if one == "moonshine"] or ["english"])
def test_words_are_written_down_when_they_are_said(
    spoken: list[tuple[Clip, list[tuple[str, float]]]], model: str
) -> None:
    off = []
    for clip, begins in spoken:
        found = tympan.transcribe(clip, model=model, words=True)
        times = {plain(one.text)[0]: one.start_s for one in found.segments if plain(one.text)}
        off += [abs(times[text.lower()] - at_s) for text, at_s in begins if text.lower() in times]
    assert len(off) > 3
    assert np.median(off) < 0.06


def test_digits_are_heard_by_commands() -> None:
    """Of two speakers of the voice, at least seven of twenty digits, and hardly another word."""
    voice, model = load("en", "speak", "cpu"), load("commands", "transcribe", "cpu")
    right = wrong = 0
    for speaker in voice.speakers[:2]:
        for digit in DIGITS:
            clip = tympan.speak(f"{digit}.", voice="en", speaker=speaker, speed=0.9)
            heard = model(clip).text
            right, wrong = right + (heard == digit), wrong + (heard not in (digit, ""))
    assert right >= 7
    assert wrong <= 4
