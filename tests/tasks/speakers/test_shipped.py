"""The model `speakers` as it ships, from the shell and from Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_command import tympan_command
from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.tasks.answering import load
from tympan.tasks.engines import default_model, find_engine
from tympan.tasks.registry import verb
from tympan.tasks.speakers import diarization_errors

RATE_HZ = 16_000
Turn = tuple[float, float, str]


def meeting(shared_data: Path) -> tuple[Clip, list[Turn]]:
    """Two readers by turns, with pauses, over a faint noise."""
    folder = shared_data / "librispeech" / "audio" / "test-other"
    paths = sorted(folder.glob("*-0000.flac"))[:2]
    readers = [tympan.load(path, rate_hz=RATE_HZ, mono=True).samples[0] for path in paths]
    parts, truth, at = [], [], 0.0
    for k, seconds in enumerate((4.0, 5.0, 3.0, 4.0, 3.0)):
        wave = readers[k % 2]
        start = (k // 2) * 4 * RATE_HZ
        part = wave[start : start + round(seconds * RATE_HZ)]
        part = 0.1 * part / part.std()
        silence = np.zeros(round(0.6 * RATE_HZ), np.float32)
        parts += [silence, part]
        truth.append((at + 0.6, at + 0.6 + len(part) / RATE_HZ, str(k % 2)))
        at = truth[-1][1]
    mix = np.concatenate(parts)
    mix = mix + 1e-3 * np.random.default_rng(0).standard_normal(len(mix))
    return Clip(mix.astype(np.float32)[None] / np.abs(mix).max(), RATE_HZ, "meeting"), truth


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = tympan_command(*map(str, words))
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_turns_from_the_shell_as_rttm(shared_data: Path, tmp_path: Path) -> None:
    clip, truth = meeting(shared_data)
    clip.save(tmp_path / "meeting.wav")
    out = tmp_path / "turns.rttm"
    done = run("segment", tmp_path / "meeting.wav", "--model", "speakers", "--max", "4", "-o", out)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in out.read_text().splitlines()]
    assert {row[0] for row in rows} == {"SPEAKER"}
    found = [(float(r[3]), float(r[3]) + float(r[4]), r[7]) for r in rows]
    assert {name for _, _, name in found} == {"speaker_1", "speaker_2"}
    errors = diarization_errors(truth, found, 0.25)
    # Pauses within a reader's sentences are no part of a turn.
    assert errors.confused_s < 0.05 * errors.total_s
    assert errors.der < 0.25


def test_a_number_that_is_given_is_kept(shared_data: Path) -> None:
    clip, _ = meeting(shared_data)
    for count in (1, 3):
        found = tympan.segment(clip, model="speakers", speakers=count)
        assert len(found.labels) == count
    assert len(tympan.segment(clip, model="speakers", min_speakers=3).labels) >= 3


def test_a_book_gives_names(shared_data: Path, tmp_path: Path) -> None:
    clip, _ = meeting(shared_data)
    folder = shared_data / "librispeech" / "audio" / "test-other"
    first = sorted(folder.glob("*-0000.flac"))[0]
    others = sorted(folder.glob(f"{first.name.removesuffix('-0000.flac')}-*.flac"))[1:4]
    book = tmp_path / "voices.tympan"
    tympan.enroll("Ann", *others, book=book)
    assert tympan.segment(clip, model="speakers", book=book).segments[0].label == "Ann"


def test_noise_has_no_speakers() -> None:
    wave = 0.05 * np.random.default_rng(0).standard_normal(5 * RATE_HZ)
    with pytest.warns(UserWarning, match="no speech"):
        found = tympan.segment(Clip(wave.astype(np.float32)[None], RATE_HZ), model="speakers")
    assert found.segments == ()


def test_it_is_listed_and_no_default() -> None:
    assert default_model(verb("segment")) == "speech"
    engine = find_engine("speakers")
    assert engine is not None
    assert engine.installed
    assert load("speakers", "segment", "cpu").name == "speakers"


def test_options_of_the_other_model_are_refused() -> None:
    clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=RATE_HZ)
    with pytest.raises(
        ArgumentError, match=r"speech has no option 'speakers'.*one of the model speakers"
    ):
        tympan.segment(clip, speakers=2)
    with pytest.raises(ArgumentError, match="speakers has no option 'offset'"):
        tympan.segment(clip, model="speakers", offset=0.3)
    with pytest.raises(ArgumentError, match="min_speakers=3 is above max_speakers=2"):
        tympan.segment(clip, model="speakers", min_speakers=3, max_speakers=2)
    with pytest.raises(ArgumentError, match="beside"):
        tympan.segment(clip, model="speakers", speakers=3, max_speakers=2)
