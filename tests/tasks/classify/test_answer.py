"""Windows, timelines and long recordings."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.audio import Clip
from tympan.errors import ArgumentError, AudioFileError
from tympan.tasks.classify.answer import (
    ClassifyModel,
    answer,
    mean_probabilities,
    recording_probabilities,
    steps,
    steps_of,
    windows_of,
)
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.net import Classifier
from tympan.tasks.results import Segment


class Loudness(torch.nn.Module):
    """A net without weights that answers 'loud' above an RMS of 0.1."""

    def __init__(self) -> None:
        super().__init__()
        self.config = ClassifyConfig(rate_hz=8000, clip_s=1.0)
        self.batches: list[tuple[int, ...]] = []

    def probabilities(self, waves: torch.Tensor) -> torch.Tensor:
        self.batches.append(tuple(waves.shape))
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


# -- silence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("floor", [0.0, 1e-5])
def test_silence_does_not_take_the_label_of_its_neighbour(floor):
    quiet = np.full(5 * 8000, floor, np.float32)
    wave = np.concatenate([noise(4, 0.9), quiet, noise(2, 0.9)])
    found = answer(MODEL, Clip(wave[None], 8000))
    assert [s.label for s in found.timeline] == ["loud", "loud"]
    assert found.timeline[0].end_s == pytest.approx(4, abs=0.3)
    assert found.timeline[1].start_s == pytest.approx(9, abs=0.3)
    # The labels of the whole are those of what sounds, however long it is silent.
    assert found.best.label == "loud"
    assert found.best.score == pytest.approx(0.9)


def test_what_lies_60_db_below_its_own_window_has_no_label():
    """A recorder's noise after a loud sound: what the net says there is about the sound."""
    wave = np.concatenate([noise(3.9, 0.9), noise(5.1, 1e-4)])
    found = answer(MODEL, Clip(wave[None], 8000))
    assert [s.label for s in found.timeline] == ["loud", "quiet"]
    assert found.timeline[0].end_s == pytest.approx(3.9)
    assert found.timeline[1].start_s == pytest.approx(4.2), "far from it, it is judged for itself"


@pytest.mark.parametrize("every_s", [None, 0.1])
def test_steps_of_one_window_are_no_independent_evidence(every_s):
    wave = np.concatenate([noise(4, 0.01), noise(0.9, 0.9), noise(4, 0.01)])
    found = answer(MODEL, Clip(wave[None], 8000), every_s=every_s)
    assert [s.label for s in found.timeline] == ["quiet"]


def test_quiet_is_not_silent():
    wave = np.concatenate([noise(4, 0.9), noise(4, 0.002), noise(2, 0.9)])
    found = answer(MODEL, Clip(wave[None], 8000))
    assert [s.label for s in found.timeline] == ["loud", "quiet", "loud"]


def test_a_step_heard_in_parts_is_silent_if_all_of_them_are():
    wave = np.concatenate([noise(2, 0.9), np.zeros(6 * 8000, np.float32)])
    found = list(steps(MODEL, Clip(wave[None], 8000), 4.0))
    assert [s.silent for s in found] == [False, True]
    assert found[0].probabilities == pytest.approx([0.1, 0.9]), "the silent parts do not count"


def test_of_silence_nothing_is_told():
    found = answer(MODEL, Clip(np.zeros((1, 40_000)), 8000))
    assert found.timeline == ()
    assert found.warnings == ("is silent, so the answer means nothing",)
    assert answer(MODEL, Clip(np.full((1, 100), 0.5), 8000)).timeline == ()


def test_opposite_channels_are_answered_like_one_of_them():
    wave = np.concatenate([noise(4, 0.9), noise(4, 0.01)])
    one = answer(MODEL, Clip(wave[None], 8000))
    both = answer(MODEL, Clip(np.stack([wave, -wave]), 8000))
    assert both.labels == one.labels
    assert both.timeline == one.timeline
    assert "cancel" in both.warnings[0]


def test_what_lies_above_the_band_is_said():
    t = np.arange(2 * 48_000) / 48_000
    high = 0.5 * np.sin(2 * np.pi * 12_000 * t)
    found = answer(MODEL, Clip(high + 0.05 * np.sin(2 * np.pi * 500 * t), 48_000))
    assert found.warnings == (
        "99 % of its power lies above the 4,000 Hz up to which the model listens",
    )
    assert found.timeline
    assert "all of its sound lies above" in answer(MODEL, Clip(high, 48_000)).warnings[0]
    assert answer(MODEL, Clip(high, 48_000)).timeline == ()


# -- streams, and many recordings at once ----------------------------------------------------------


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=6))
def test_a_stream_is_answered_like_a_file(sizes):
    wave = np.concatenate([noise(4, 0.01), noise(3, 0.9), noise(5, 0.01)])
    ends = np.cumsum([sizes[i % len(sizes)] for i in range(3000)])
    chunks = np.split(wave, [int(e) for e in ends if e < len(wave)])
    whole = answer(MODEL, Clip(wave[None], 8000))
    found = list(MODEL.stream(chunks))
    assert all(isinstance(one, Segment) for one in found)
    assert found[-1].end_s == pytest.approx(12)
    joined: list[Segment] = []
    for one in found:
        if joined and joined[-1].label == one.label:
            joined[-1] = Segment(joined[-1].start_s, one.end_s, one.label, 0.0)
        else:
            joined.append(one)
    assert [(s.start_s, s.end_s, s.label) for s in joined] == [
        (s.start_s, s.end_s, s.label) for s in whole.timeline
    ]


def test_a_stream_is_answered_while_it_comes():
    known = 0.0

    def live():
        nonlocal known
        for start in range(0, 20 * 8000, 800):
            known = (start + 800) / 8000
            yield noise(20, 0.9)[start : start + 800]

    waits = [known - one.start_s for one in MODEL.stream(live())]
    assert max(waits) < 2.5, "at the beginning the whole limit and a window"
    assert max(waits[5:-4]) < 1.2, "then a window and a step"
    assert len(waits) == pytest.approx(20 / 0.3, abs=1)


def test_many_recordings_share_batches_and_keep_their_order(tmp_path):
    net = Loudness()
    model = ClassifyModel(net, ("quiet", "loud"), "loudness")
    levels = [0.9, 0.01, 0.9, 0.9, 0.01, 0.01, 0.9, 0.01, 0.9, 0.9, 0.01]
    clips = [Clip(noise(1, level)[None], 8000, f"{i}") for i, level in enumerate(levels)]
    clips.insert(4, Clip(np.concatenate([noise(30, 0.9), noise(30, 0.01)])[None], 8000, "long"))
    clips.insert(7, Clip(noise(0.3, 0.9)[None], 8000, "short"))
    expected = [model(clip, top=1) for clip in clips]
    alone = len(net.batches)
    net.batches.clear()
    assert list(model.answer_many(clips, top=1)) == expected
    assert len(net.batches) < alone - 5
    assert max(shape[0] for shape in net.batches) == 8


def test_recordings_that_cannot_be_read_do_not_cost_the_others(tmp_path):
    good = Clip(noise(1, 0.9)[None], 8000).save(tmp_path / "good.wav")
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound at all")
    said = []
    files = [good, bad, good, good]
    found = list(MODEL.answer_many(files, on_error=lambda *args: said.append(args)))
    assert [one.file for one in found] == [str(good)] * 3
    assert [file for file, _ in said] == [bad]
    with pytest.raises(AudioFileError, match=r"bad\.wav"):
        list(MODEL.answer_many(files))


def test_of_many_recordings_few_are_open():
    taken = 0

    def sources():
        nonlocal taken
        for i in range(300):
            taken += 1
            # All of different lengths: no two windows fit together.
            yield Clip(noise(0.2 + i / 1000, 0.9)[None], 8000)

    ahead = [taken - i for i, _ in enumerate(MODEL.answer_many(sources()))]
    assert max(ahead) <= 70


def test_mean_probabilities_are_those_of_the_answer():
    waves = [np.concatenate([noise(3, 0.9), noise(i, 0.01)]) for i in range(1, 9)]
    rows = list(recording_probabilities(MODEL, ([w[:5000], w[5000:]] for w in waves)))
    assert len(rows) == len(waves)
    for wave, row in zip(waves, rows, strict=True):
        found = answer(MODEL, Clip(wave[None], 8000))
        assert {one.label: one.score for one in found.labels} == pytest.approx(
            dict(zip(MODEL.labels, row, strict=True))
        )
        assert np.array_equal(row, mean_probabilities(MODEL, [wave]))


def test_training_validates_on_the_windows_that_are_answered():
    wave = noise(10, 0.5)
    made = [step.pieces[0].wave for step in steps_of(MODEL, [wave], keep=True)]
    for one, other in zip(windows_of(MODEL.net.config, [wave]), made, strict=True):
        assert np.array_equal(one, other)


def test_other_options_are_refused():
    with pytest.raises(ArgumentError, match="tops"):
        MODEL(Clip(noise(1, 0.5)[None], 8000), tops=3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu_the_answer_is_the_same():
    torch.manual_seed(0)
    net = Classifier(ClassifyConfig(encoder="small"), 3).eval()
    clips = [Clip(noise(12, 0.5, 16_000)[None] * scale, 16_000) for scale in (1, 0.1)]
    here = [ClassifyModel(net, ("a", "b", "c"), "m")(clip) for clip in clips]
    there = list(ClassifyModel(net, ("a", "b", "c"), "m", "cuda").answer_many(clips))
    for one, other in zip(here, there, strict=True):
        mine, theirs = ({x.label: x.score for x in a.labels} for a in (one, other))
        assert theirs == pytest.approx(mine, abs=1e-3)
