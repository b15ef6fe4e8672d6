"""Windows, timelines and long recordings."""

from __future__ import annotations

import io
import itertools
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.tasks.classify.answer import ClassifyModel, _windows, answer, steps
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.net import Classifier

RATE_HZ = 100


@given(
    length=st.integers(1, 3000),
    every_s=st.floats(0.1, 15.0),
    whole_s=st.sampled_from([0.0, 3.0]),
    cuts=st.lists(st.integers(1, 700), min_size=1, max_size=8),
)
@settings(deadline=None)
def test_windows_of_blocks_equal_windows_of_the_whole(length, every_s, whole_s, cuts):
    wave = np.arange(1, length + 1, dtype=np.float32)
    blocks, at = [], 0
    while at < length:
        size = cuts[len(blocks) % len(cuts)]
        blocks.append(wave[at : at + size])
        at += size
    whole = list(_windows([wave], RATE_HZ, 2.0, every_s, whole_s))
    streamed = list(_windows(blocks, RATE_HZ, 2.0, every_s, whole_s))
    assert [w[:2] for w in whole] == [w[:2] for w in streamed]
    assert all(np.array_equal(a[2], b[2]) for a, b in zip(whole, streamed, strict=True))


@given(
    length=st.integers(1, 3000), every_s=st.floats(0.1, 15.0), whole_s=st.sampled_from([0.0, 3.0])
)
@settings(deadline=None)
def test_steps_cover_the_recording_without_gap_and_windows_lie_inside(length, every_s, whole_s):
    wave = np.arange(1, length + 1, dtype=np.float32)
    found = list(_windows([wave], RATE_HZ, 2.0, every_s, whole_s))
    assert found[0][0] == 0
    assert found[-1][1] == pytest.approx(length / RATE_HZ)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(found))
    for start_s, end_s, window in found:
        heard = window[window > 0]
        assert np.array_equal(np.diff(heard), np.ones(len(heard) - 1))
        middle = (start_s + end_s) / 2 * RATE_HZ
        assert heard[0] - 1 <= middle + 1
        assert heard[-1] >= middle - 1


class Loudness(torch.nn.Module):
    """A net without weights that answers 'loud' above an RMS of 0.1."""

    def __init__(self) -> None:
        super().__init__()
        self.config = ClassifyConfig(rate_hz=8000, clip_s=1.0)

    def probabilities(self, waves: torch.Tensor) -> torch.Tensor:
        loud = (waves.square().mean(1).sqrt() > 0.1).float() * 0.8 + 0.1
        return torch.stack([1 - loud, loud], 1)


MODEL = ClassifyModel(Loudness(), ("quiet", "loud"), "loudness")  # type: ignore[arg-type]


def noise(duration_s: float, amplitude: float, rate_hz: int = 8000) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.uniform(-1, 1, round(duration_s * rate_hz)) * amplitude).astype(np.float32)


def test_the_timeline_finds_where_a_sound_begins_and_ends():
    wave = np.concatenate([noise(4, 0.01), noise(3, 0.9), noise(5, 0.01)])
    found = answer(MODEL, Clip(wave[None], 8000))
    assert [s.label for s in found.timeline] == ["quiet", "loud", "quiet"]
    # A window of 1 s is loud when part of it is: the edges may be half a window early or late.
    assert found.timeline[1].start_s == pytest.approx(4, abs=0.6)
    assert found.timeline[1].end_s == pytest.approx(7, abs=0.6)
    assert found.duration_s == pytest.approx(12)
    assert sum(label.score for label in found.labels) == pytest.approx(1)


def test_a_file_of_another_rate_and_two_channels_is_heard_alike(tmp_path):
    wave = np.concatenate([noise(4, 0.01, 44100), noise(4, 0.9, 44100)])
    path = tmp_path / "two.flac"
    Clip(np.stack([wave, wave]), 44100).save(path)
    found = answer(MODEL, path)
    assert [s.label for s in found.timeline] == ["quiet", "loud"]
    assert found.file == str(path)
    assert answer(MODEL, path.read_bytes()).timeline == found.timeline
    assert answer(MODEL, io.BytesIO(path.read_bytes())).timeline == found.timeline


def test_a_click_of_one_sample_and_silence_get_an_answer():
    net = Classifier(ClassifyConfig(encoder="small"), 3).eval()
    model = ClassifyModel(net, ("a", "b", "c"), "m")
    for wave in (np.ones((1, 1), np.float32), np.zeros((1, 100_000), np.float32)):
        found = answer(model, Clip(wave, 16000))
        assert sum(label.score for label in found.labels) == pytest.approx(1, abs=1e-5)


def test_asking_for_no_label_or_no_time_is_refused():
    clip = Clip(noise(2, 0.5)[None], 8000)
    with pytest.raises(ArgumentError, match="top=0"):
        answer(MODEL, clip, top=0)
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ArgumentError, match="every_s"):
            list(steps(MODEL, clip, wrong))


def test_memory_does_not_grow_with_the_recording(tmp_path):
    def peak(duration_s: float) -> int:
        path = tmp_path / f"{duration_s}.wav"
        Clip(np.tile(noise(10, 0.5), round(duration_s / 10))[None], 8000).save(path)
        tracemalloc.start()
        try:
            assert sum(1 for _ in steps(MODEL, path, 5.0)) == duration_s / 5
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    short, long = peak(300), peak(1800)
    assert long < 1.5 * short
    assert long < 0.25 * 1800 * 8000 * 4
