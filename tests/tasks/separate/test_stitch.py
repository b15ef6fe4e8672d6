"""Sources keep their order over blocks, by their overlap and by their voices."""

import numpy as np
import pytest

from tympan.tasks.separate.stitch import VoiceStitcher, likeness, sounding_s, swaps, voice_vectors

RATE_HZ = 8000


def tone(hz, seconds):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


def by_pitch(waves):
    """Stands in for a voice model: high and low are two directions."""
    crossings = (np.diff(np.sign(waves), axis=1) != 0).mean(1)
    angle = np.clip(crossings * 10, 0, 1) * np.pi / 2
    return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


def stitcher():
    return VoiceStitcher(RATE_HZ, by_pitch)


def test_the_overlap_tells_the_order():
    a = np.stack([tone(200, 1), tone(700, 1)])[:, None]
    nothing = VoiceStitcher(RATE_HZ, lambda waves: np.ones((len(waves), 1), np.float32))
    assert nothing.order(a, a[::-1], a.shape[-1]) == (1, 0)
    assert nothing.order(a, a, a.shape[-1]) == (0, 1)
    both = np.repeat(a, 2, 1)
    assert nothing.order(both, both[::-1], 800) == (1, 0)


def test_a_voice_is_found_again_after_a_pause():
    one = stitcher()
    both = np.stack([tone(100, 3), tone(1000, 3)])[:, None]
    silence = np.zeros_like(both)
    one.order(both, silence, 800)
    assert one.order(silence, both[::-1], 800) == (1, 0)
    assert one.order(silence, both, 800) == (0, 1)


def test_the_overlap_outweighs_voices_that_are_alike():
    one = VoiceStitcher(RATE_HZ, lambda waves: by_pitch(waves)[::-1])
    both = np.stack([tone(100, 3), tone(110, 3)])[:, None]
    assert one.order(both, both, both.shape[-1]) == (0, 1)


def test_three_sources_are_ordered_too():
    x = np.stack([tone(hz, 0.5) for hz in (100, 300, 900)])[:, None]
    assert stitcher().order(x, x[[2, 0, 1]], x.shape[-1]) == (1, 2, 0)


def test_a_source_that_hardly_sounds_teaches_nothing():
    one = stitcher()
    block = np.stack([tone(100, 3), 1e-4 * tone(1000, 3)])[:, None]
    one.order(block, block, 800)
    assert one.seconds.tolist()[1] == 0
    assert one.seconds[0] > 5
    assert not one.means[1].any()


def test_sounding_seconds_are_those_near_the_loudest():
    x = np.zeros((2, 3 * RATE_HZ), np.float32)
    x[0, : 2 * RATE_HZ] = tone(200, 2)
    x[1, :RATE_HZ] = 0.5 * tone(200, 1)
    assert sounding_s(x, RATE_HZ) == pytest.approx([2, 1], abs=0.1)
    assert sounding_s(np.zeros_like(x), RATE_HZ).tolist() == [0, 0]


def test_likeness_does_not_depend_on_level():
    x = np.random.default_rng(0).standard_normal((2, 500)).astype(np.float32)
    assert np.allclose(likeness(x, x), likeness(1e-3 * x, 50 * x))
    assert np.allclose(likeness(0 * x, x), 0)


def test_swaps_count_changes_of_order():
    assert swaps([]) == 0
    assert swaps([(0, 1), (1, 0), (0, 1)]) == 2


def test_real_voices_are_told_apart(shared_data):
    from tympan.audio import load

    folder = shared_data / "librispeech" / "audio" / "test-other"
    files = sorted(folder.glob("*.flac"))
    first, other = files[0], next(f for f in files if f.name[:4] != files[0].name[:4])
    vectors = voice_vectors(16000)
    a, b = (load(f, rate_hz=16000).samples[0] for f in (first, other))
    halves = np.stack([a[:80000], b[:80000]])
    later = np.stack([b[80000:160000], a[80000:160000]])
    likeness_of = vectors(halves) @ vectors(later).T
    assert likeness_of[0, 1] > likeness_of[0, 0]
    assert likeness_of[1, 0] > likeness_of[1, 1]
    at_8k = voice_vectors(8000)(halves[:, ::2])
    assert at_8k.shape == (2, vectors(halves).shape[1])
