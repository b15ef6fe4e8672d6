"""Recordings through a segmenter: blocks, streams, batches, times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.tasks.segment.answer import SegmentModel
from tympan.tasks.segment.config import SegmentConfig
from tympan.tasks.segment.net import Segmenter

SMALL = SegmentConfig(
    rate_hz=8000, n_fft=256, hop=80, n_mels=16, widths=(4, 8), features=16, crop_s=2.0
)
CAUSAL = replace(SMALL, causal=True, lookahead=5, chunk_s=0.5, layers=2)


def model_of(config: SegmentConfig, labels: tuple[str, ...] = ("a", "b")) -> SegmentModel:
    torch.manual_seed(3)
    net = Segmenter(config, len(labels))
    with torch.no_grad():  # scores that cross the threshold now and then
        net.head.weight *= 40
        net.head.bias.zero_()
    return SegmentModel(net.eval(), config, labels, "test")


def wave_of(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = round(seconds * 8000)
    swell = np.interp(
        np.arange(size), np.arange(size // 800 + 2) * 800, rng.random(size // 800 + 2)
    )
    return (swell**3 * 0.3 * rng.standard_normal(size)).astype(np.float32)


@pytest.mark.parametrize("config", [SMALL, CAUSAL], ids=["windows", "causal"])
@pytest.mark.parametrize("seconds", [0.05, 0.5, 1.0, 7.313])
def test_a_file_is_answered_as_its_blocks_to_the_last_bit(
    config: SegmentConfig, seconds: float
) -> None:
    model, wave = model_of(config), wave_of(seconds)
    whole = model.probabilities([wave[None]])
    rng, at, blocks = np.random.default_rng(1), 0, []
    while at < len(wave):
        size = int(rng.integers(1, 5000))
        blocks.append(wave[None, at : at + size])
        at += size
    if config.causal:
        assert np.array_equal(model.probabilities(blocks), whole)
    else:  # windows share a batch with others, of which rounding depends
        assert np.allclose(model.probabilities(blocks), whole, atol=1e-6)
    assert whole.shape == (2, -(-len(wave) // config.frame))


def test_a_stream_gives_the_segments_of_the_file_and_in_time() -> None:
    model, wave = model_of(CAUSAL), wave_of(9.0)
    expected = model(Clip(wave[None], 8000)).segments
    assert len(expected) > 3
    found = list(model.stream(wave[None, i : i + 800] for i in range(0, len(wave), 800)))
    key = [(s.label, s.start_s, s.end_s, s.score) for s in expected]
    inside = [(s.label, s.start_s, min(s.end_s, 9.0), s.score) for s in found]
    assert sorted(key) == sorted(inside)
    # What is decided comes no later than the stated delay after it.
    session = model.session()
    for i in range(0, len(wave), 800):
        for one in session.push(wave[None, i : i + 800]):
            now_s = (i + 800) / 8000
            assert now_s - one.end_s <= model.latency_s + CAUSAL.frame_s + 0.1
    assert model.latency_s < 0.8


def test_the_frames_of_a_causal_net_depend_on_nothing_later_than_its_look_ahead() -> None:
    model, wave = model_of(CAUSAL), wave_of(6.0)
    before = model.probabilities([wave[None]])
    changed = wave.copy()
    at_s = 3.0
    changed[round(at_s * 8000) :] = 0.5
    after = model.probabilities([changed[None]])
    geometry = model.net.geometry
    frames = int((at_s * 8000 - geometry.right) // CAUSAL.frame)
    assert np.array_equal(before[:, :frames], after[:, :frames])
    assert not np.allclose(before, after)


def test_windows_agree_where_they_overlap_and_far_apart_edges_do_not_matter() -> None:
    model = model_of(SMALL)
    wave = wave_of(20.0)
    whole = model.probabilities([wave[None]])
    assert np.isfinite(whole).all()
    assert ((whole >= 0) & (whole <= 1)).all()


def test_many_recordings_are_answered_as_each_alone() -> None:
    model = model_of(SMALL)
    clips = [Clip(wave_of(s, seed)[None], 8000) for seed, s in enumerate((0.3, 5.0, 2.2))]
    for alone, together in zip(map(model, clips), model.answer_many(clips), strict=True):
        assert [(s.label, s.start_s, s.end_s) for s in alone.segments] == [
            (s.label, s.start_s, s.end_s) for s in together.segments
        ]


def test_silence_has_no_segments_whatever_the_net_says() -> None:
    model = model_of(SMALL)
    with torch.no_grad():
        model.net.head.bias.fill_(50.0)
    found = model(Clip(np.zeros((1, 16000), np.float32), 8000))
    assert found.segments == ()
    assert "silent" in found.warnings[0]


def test_options_are_the_rules() -> None:
    model = model_of(replace(SMALL, onset=(0.4, 0.6), offset=(0.2, 0.6), gap_s=0.3))
    first, _ = model.rules()
    assert (first.onset, first.offset, first.gap_s) == (0.4, 0.2, 0.3)
    assert model.rules(onset=0.8)[0].offset == pytest.approx(0.4)
    assert model.rules(offset=0.5)[0].onset == 0.5
    assert model.rules(gap_s=0.0, pad_s=0.1)[1].pad_s == 0.1
    clip = Clip(wave_of(6.0)[None], 8000)
    assert len(model(clip, shortest_s=0.5).segments) < len(model(clip, gap_s=0.0).segments)
    assert all(s.end_s - s.start_s >= 0.5 for s in model(clip, shortest_s=0.5).segments)
    with pytest.raises(ArgumentError, match="no option"):
        model.session(merge_s=1.0)
    with pytest.raises(ArgumentError, match="above onset"):
        model.session(onset=0.2, offset=0.5)


def test_a_label_that_was_marked_in_a_band_has_it_in_each_segment() -> None:
    model = model_of(replace(SMALL, low_hz=(500.0, 0.0), high_hz=(1500.0, 0.0)))
    found = model(Clip(wave_of(6.0)[None], 8000)).segments
    assert {(s.label, s.low_hz, s.high_hz) for s in found} == {
        ("a", 500.0, 1500.0),
        ("b", None, None),
    }


def test_memory_does_not_grow_with_the_recording() -> None:
    import tracemalloc

    model, block = model_of(CAUSAL), wave_of(30.0)[None]
    peaks = []
    for count in (4, 24):
        session = model.session(shortest_s=3.0)
        tracemalloc.start()
        for _ in range(count):
            list(session.push(block))
        session.result()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 200_000


def test_the_windows_of_a_causal_net_are_one_sequence() -> None:
    model, frames = model_of(CAUSAL), 150
    wave = wave_of(frames * CAUSAL.frame / 8000)
    around = model.net.geometry
    padded = np.pad(wave, (around.left, around.right))
    with torch.inference_mode():
        whole = model.net(torch.from_numpy(padded)[None])[0].sigmoid().numpy()
    assert np.allclose(model.probabilities([wave[None]]), whole, atol=1e-5)
