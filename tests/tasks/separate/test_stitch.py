"""Sources keep their order over blocks, by their overlap and by their voices."""

import numpy as np
import pytest

from tympan.tasks.separate.stitch import Stitch, likeness, sounding_s, swaps, voice_vectors

RATE_HZ = 8000


def tone(hz, seconds):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


def by_pitch(waves):
    """Stands in for a voice model: high and low are two directions."""
    crossings = (np.diff(np.sign(waves), axis=1) != 0).mean(1)
    angle = np.clip(crossings * 10, 0, 1) * np.pi / 2
    return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


def test_the_overlap_tells_the_order():
    stitch = Stitch(RATE_HZ)
    a = np.stack([tone(200, 1), tone(700, 1)])
    assert stitch.order(None, None, a) == (0, 1)
    assert stitch.order(a[:, -800:], a[::-1, -800:], a[::-1]) == (1, 0)
    assert stitch.order(a[:, -800:], a[:, -800:], a) == (0, 1)


def test_a_voice_is_found_again_after_a_pause_longer_than_a_block():
    stitch = Stitch(RATE_HZ, by_pitch)
    both = np.stack([tone(100, 3), tone(1000, 3)])
    silence = np.zeros_like(both)
    assert stitch.order(None, None, both) == (0, 1)
    stitch.order(both[:, :0], both[:, :0], silence)
    quiet = silence[:, :800]
    assert stitch.order(quiet, quiet, both[::-1].copy()) == (1, 0)
    assert Stitch(RATE_HZ).order(quiet, quiet, both[::-1].copy()) == (0, 1), "nothing known of voices"


def test_three_sources_are_ordered_too():
    stitch = Stitch(RATE_HZ)
    x = np.stack([tone(hz, 0.5) for hz in (100, 300, 900)])
    assert stitch.order(x, x[[2, 0, 1]], x[[2, 0, 1]]) == (1, 2, 0)


def test_a_source_that_hardly_sounds_teaches_nothing():
    stitch = Stitch(RATE_HZ, by_pitch)
    block = np.stack([tone(100, 3), 1e-4 * tone(1000, 3)])
    stitch.order(None, None, block)
    assert stitch.seconds.tolist()[1] == 0 and stitch.seconds[0] > 2.5
    assert not stitch.means[1].any()


def test_sounding_seconds_are_those_near_the_loudest():
    x = np.zeros((2, 3 * RATE_HZ), np.float32)
    x[0, : 2 * RATE_HZ] = tone(200, 2)
    x[1, : RATE_HZ] = 0.5 * tone(200, 1)
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
    assert likeness_of[0, 1] > likeness_of[0, 0] and likeness_of[1, 0] > likeness_of[1, 1]
    at_8k = voice_vectors(8000)(halves[:, ::2])
    assert at_8k.shape == (2, vectors(halves).shape[1])
