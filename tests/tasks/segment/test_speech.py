"""The model `speech` as it ships, and what users of other ones complain of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tympan
from tympan.audio import Clip, synth
from tympan.models import load_card
from tympan.tasks.segment.answer import SegmentModel
from tympan.tasks.segment.task import TASK

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def model() -> SegmentModel:
    from tympan.models import load_model

    return TASK.load(load_model("speech"), "cpu")


def test_its_card_says_what_it_is(model: SegmentModel) -> None:
    card = load_card("speech")
    assert card.task == "segment"
    assert card.parameters < 100_000
    assert model.config.causal
    assert model.latency_s <= 1.4
    assert any("inging" in one for one in card.known_failures)


def noise(level_db: float, seconds: float = 20.0) -> Clip:
    rng = np.random.default_rng(0)
    wave = 10 ** (level_db / 20) * rng.standard_normal(round(seconds * RATE_HZ))
    return Clip(wave[None].astype(np.float32), RATE_HZ)


@pytest.mark.parametrize("level_db", [-85, -70, -60, -40, -20])
def test_near_silence_and_noise_are_no_speech(model: SegmentModel, level_db: float) -> None:
    assert model(noise(level_db)).lasting_s() < 0.5


def test_hum_tones_and_beeps_are_no_speech(model: SegmentModel) -> None:
    t = np.arange(20 * RATE_HZ) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 50 * n * t) / n for n in range(1, 9))
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (262, 330, 392))
    for wave in (hum, chord, chord * (np.sin(2 * np.pi * 2 * t) > 0)):
        clip = Clip((0.1 * wave / np.abs(wave).max())[None].astype(np.float32), RATE_HZ)
        assert model(clip).lasting_s() < 1.0
    assert model(synth.chirp(100, 4000, duration_s=10, rate_hz=RATE_HZ)).lasting_s() < 1.0


def readings(shared_data: Path) -> list[Clip]:
    """Speakers that it was not trained on."""
    folder = shared_data / "librispeech" / "audio" / "test-other"
    return [tympan.load(path) for path in sorted(folder.glob("*-0000.flac"))[:4]]


def joined(clips: list[Clip], pause_s: float, level: float = 1.0) -> tuple[Clip, list[float]]:
    """Readings with pauses of nothing but noise between them, and where each begins."""
    rng = np.random.default_rng(0)
    parts, starts, at = [], [], 0
    for clip in clips:
        gap = (1e-4 * rng.standard_normal(round(pause_s * RATE_HZ))).astype(np.float32)
        starts.append((at + len(gap)) / RATE_HZ)
        parts += [gap, level * clip.samples[0]]
        at += len(gap) + clip.num_samples
    return Clip(np.concatenate(parts)[None], RATE_HZ), starts


@pytest.mark.parametrize("level", [1.0, 0.03, 0.003])
def test_speech_is_found_at_any_level(model: SegmentModel, shared_data: Path, level: float) -> None:
    clips = readings(shared_data)
    clip, _ = joined(clips, 2.0, level)
    spoken_s = sum(one.duration_s for one in clips)
    assert model(clip).lasting_s("speech") > 0.6 * spoken_s


def test_pauses_are_not_missed(model: SegmentModel, shared_data: Path) -> None:
    clip, starts = joined(readings(shared_data), 2.0)
    found = model(clip)
    for start_s in starts:
        inside = [
            s for s in found.segments if s.start_s < start_s - 0.5 and s.end_s > start_s - 1.5
        ]
        assert not inside, "a segment goes through a pause of two seconds"


def test_no_segment_is_longer_than_asked(model: SegmentModel, shared_data: Path) -> None:
    clip, _ = joined(readings(shared_data), 0.2)
    assert max(s.end_s - s.start_s for s in model(clip, longest_s=5.0).segments) <= 5.0 + 1e-6
    assert model(clip, longest_s=5.0).lasting_s() == pytest.approx(model(clip).lasting_s())


def test_a_stream_gives_what_the_file_gives(model: SegmentModel, shared_data: Path) -> None:
    clip = readings(shared_data)[0]
    rng, at, blocks = np.random.default_rng(1), 0, []
    while at < clip.num_samples:
        size = int(rng.integers(100, 20_000))
        blocks.append(clip.samples[:, at : at + size])
        at += size
    whole = model.probabilities([clip.samples])
    assert np.array_equal(model.probabilities(blocks), whole)


def test_options_are_not_ignored(model: SegmentModel, shared_data: Path) -> None:
    clip, _ = joined(readings(shared_data), 1.0)
    plain = model(clip)
    assert len(model(clip, gap_s=5.0).segments) < len(plain.segments)
    assert model(clip, pad_s=0.3).lasting_s() > plain.lasting_s()
    assert model(clip, onset=0.9).lasting_s() < plain.lasting_s() + 1e-9
