"""`Clip`: immutable, honest about its rate, and closed under its operations."""

from __future__ import annotations

import copy
import math
import pickle
import sys
import types

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.audio import Clip, concat, synth
from tympan.errors import ArgumentError, MissingDependencyError, ShapeError, TympanError

RATES = st.sampled_from([1, 8000, 11025, 16000, 44100, 48000, 1_000_000])

CHANNELS = st.integers(1, 3)


@st.composite
def clips(draw, rate_hz=RATES, channels=CHANNELS, most=400):
    """Any small clip."""
    shape = (draw(channels), draw(st.integers(1, most)))
    seed = draw(st.integers(0, 2**32 - 1))
    level = draw(st.sampled_from([0.0, 1e-6, 0.5, 1.0, 30.0]))
    samples = np.random.default_rng(seed).uniform(-level, level, shape)
    return Clip(samples, draw(rate_hz))


def test_samples_are_float32_and_cannot_be_changed():
    array = np.zeros((1, 10), np.float32)
    clip = Clip(array, 8000)
    array[:] = 1
    assert clip.peak == 0
    assert clip.samples.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0, 0] = 1
    with pytest.raises(AttributeError):
        clip.rate_hz = 1
    for changed in (clip.gain(3), clip + clip, clip.slice(0, 5e-4), clip.resample(4000)):
        assert not changed.samples.flags.writeable


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [(np.int16, -16384, -0.5), (np.uint8, 192, 0.5), (np.int32, 1 << 30, 0.5), (np.float64, 2, 2)],
)
def test_integers_are_scaled(dtype, value, expected):
    assert Clip(np.array([value], dtype), 8000).samples[0, 0] == expected


@pytest.mark.parametrize(
    ("samples", "error"),
    [
        (np.zeros((1, 0)), ArgumentError),
        (np.zeros((0, 5)), ArgumentError),
        (np.zeros(()), ShapeError),
        (np.zeros((1, 2, 3)), ShapeError),
        (np.zeros((44100, 2)), ShapeError),
        ([0.0, math.nan], ArgumentError),
        ([0.0, math.inf], ArgumentError),
        ([0, 1, 2], ArgumentError),
        ([1j], ArgumentError),
        (["a"], ArgumentError),
        ([[0.0], [0.0, 1.0]], ShapeError),
        (None, ShapeError),
    ],
)
def test_what_is_no_sound_is_refused(samples, error):
    with pytest.raises(error):
        Clip(samples, 8000)


@pytest.mark.parametrize("rate_hz", [0, -8000, 10_000_000, 0.5, math.nan, "8000", None, True])
def test_impossible_rates(rate_hz):
    with pytest.raises(ArgumentError, match="rate_hz"):
        Clip([0.0], rate_hz)


def test_numpy_rates_become_ints():
    assert type(Clip([0.0], np.int64(8000)).rate_hz) is int
    assert Clip([0.0], 8000.0).rate_hz == 8000


def test_transposed_samples_are_explained():
    with pytest.raises(ShapeError, match=r"\(44100, 2\).*transpose"):
        Clip(np.zeros((44100, 2)), 44100)


def test_properties():
    clip = Clip([[0.5, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]], 2, name="x")
    assert (clip.channels, clip.num_samples, clip.duration_s) == (2, 4, 2.0)
    assert clip.peak == 1.0
    assert clip.rms == pytest.approx(math.sqrt(1.25 / 8))
    assert repr(clip) == "Clip(2.000 s, 2 Hz, 2 channels, 'x')"


@given(clips())
@settings(deadline=None)
def test_pickle_and_copy_keep_everything(clip):
    for other in (pickle.loads(pickle.dumps(clip)), copy.deepcopy(clip)):
        assert np.array_equal(other.samples, clip.samples)
        assert (other.rate_hz, other.name) == (clip.rate_hz, clip.name)
        assert not other.samples.flags.writeable


@given(clips(rate_hz=st.sampled_from([8000, 44100])), st.integers(0, 500))
def test_slices_join_to_the_whole(clip, cut):
    cut = cut % (clip.num_samples + 1)
    at = cut / clip.rate_hz
    if 0 < cut < clip.num_samples:
        joined = clip.slice(0, at).concat(clip.slice(at))
        assert np.array_equal(joined.samples, clip.samples)
    else:
        assert np.array_equal(clip.slice(0, clip.duration_s).samples, clip.samples)


def test_a_slice_is_a_view():
    clip = synth.sine(duration_s=1)
    assert np.shares_memory(clip.slice(0.2, 0.5).samples, clip.samples)


@pytest.mark.parametrize(("start", "end"), [(1.0, None), (2, 3), (-1, 1), (0.5, 0.5), (0.2, 0.1)])
def test_empty_slices_are_refused(start, end):
    with pytest.raises(ArgumentError):
        synth.sine(duration_s=1).slice(start, end)


@given(clips(rate_hz=st.just(8000), channels=st.just(2)), clips(rate_hz=st.just(8000)))
def test_sum_is_commutative_and_as_long_as_the_longer(a, b):
    if b.channels == 3:
        with pytest.raises(ArgumentError, match="channels"):
            a + b
        return
    total = a + b
    assert total.num_samples == max(a.num_samples, b.num_samples)
    assert np.array_equal(total.samples, (b + a).samples)
    back = (total - b).slice(0, a.duration_s)
    assert np.allclose(back.samples, a.samples, atol=1e-5)


def test_sum_of_many_and_scaling():
    clips_ = [synth.sine(100 * k, duration_s=0.1, rate_hz=8000) for k in (1, 2, 3)]
    total = sum(clips_)
    assert np.allclose(total.samples, np.sum([c.samples for c in clips_], axis=0), atol=1e-6)
    assert np.array_equal((0.5 * total).samples, (total * 0.5).samples)
    assert (-total).peak == total.peak
    for wrong in (lambda: total * total, lambda: total + 1, lambda: "x" + total):
        with pytest.raises(TypeError):
            wrong()


@given(clips(), st.floats(-60, 60))
def test_gain_is_undone_by_its_opposite(clip, db):
    louder = clip.gain(db)
    assert louder.peak == pytest.approx(clip.peak * 10 ** (db / 20), rel=1e-5, abs=1e-12)
    assert np.allclose(louder.gain(-db).samples, clip.samples, rtol=1e-5, atol=1e-9)


def test_gain_beyond_floats_is_refused():
    for db in (1000, 770, math.nan, math.inf):
        with pytest.raises(ArgumentError):
            synth.sine(duration_s=0.1).gain(db)
    assert synth.sine(duration_s=0.1).gain(-2000).peak == 0


@given(clips(), st.floats(-40, 0))
def test_peak_normalisation(clip, db):
    new = clip.normalize_peak(db)
    if clip.peak == 0:
        assert new.peak == 0
    else:
        assert 20 * math.log10(new.peak) == pytest.approx(db, abs=1e-3)


@given(clips(rate_hz=st.just(8000)), clips(rate_hz=st.just(8000)), st.floats(-20, 20))
def test_mix_reaches_its_ratio(signal, noise, snr_db):
    compatible = 1 in (signal.channels, noise.channels) or signal.channels == noise.channels
    if not compatible:
        with pytest.raises(ArgumentError):
            signal.mix(noise)
        return
    try:
        mixed = signal.mix(noise, snr_db=snr_db)
    except ArgumentError as error:
        assert "silent" in str(error)  # noqa: PT017 (both outcomes are right)
        return
    assert mixed.num_samples == signal.num_samples
    clean = np.broadcast_to(signal.samples, mixed.samples.shape).astype(float)
    added = mixed.samples - clean
    ratio = 10 * math.log10(np.square(clean).mean() / np.square(added).mean())
    assert ratio == pytest.approx(snr_db, abs=0.05)


def test_mix_repeats_what_is_shorter():
    long, short = Clip(np.zeros(5), 8000), Clip([0.1, 0.2], 8000)
    assert np.allclose(long.mix(short).samples, [[0.1, 0.2, 0.1, 0.2, 0.1]])
    assert short.mix(long).num_samples == 2


def test_different_rates_do_not_mix():
    a, b = Clip([0.0], 8000), Clip([0.0], 16000)
    for act in (lambda: a + b, lambda: a.mix(b), lambda: a.concat(b), lambda: concat([a, b])):
        with pytest.raises(ArgumentError, match="resample"):
            act()
    with pytest.raises(ArgumentError, match="no clips"):
        concat([])
    with pytest.raises(ArgumentError, match="expected a Clip"):
        concat([a, np.zeros(3)])


def test_mono_is_the_mean_and_stereo_joins_mono():
    stereo = Clip([[1.0, 0.0], [0.0, 1.0]], 8000)
    assert stereo.mono().samples.tolist() == [[0.5, 0.5]]
    assert stereo.mono().mono().channels == 1
    joined = stereo.mono().concat(stereo)
    assert joined.samples.tolist() == [[0.5, 0.5, 1.0, 0.0], [0.5, 0.5, 0.0, 1.0]]


@pytest.mark.parametrize(("from_hz", "to_hz"), [(44100, 16000), (16000, 44100), (48000, 11025)])
def test_resampling_equals_soxr_and_librosa(from_hz, to_hz):
    import soxr

    noise = synth.white_noise(duration_s=1.3, rate_hz=from_hz, amplitude=0.8, seed=4)
    ours = noise.resample(to_hz).samples[0]
    assert np.array_equal(ours, soxr.resample(noise.samples[0], from_hz, to_hz, quality="HQ"))
    theirs = librosa.resample(
        noise.samples[0], orig_sr=from_hz, target_sr=to_hz, res_type="soxr_hq"
    )
    n = min(ours.size, theirs.size)
    assert abs(ours.size - theirs.size) <= 1
    assert np.abs(ours[:n] - theirs[:n]).max() < 1e-6


@given(clips(rate_hz=st.sampled_from([8000, 16000, 44100])), st.sampled_from([8000, 16000, 48000]))
@settings(deadline=None, max_examples=50)
def test_resampling_keeps_the_duration(clip, rate_hz):
    new = clip.resample(rate_hz)
    assert new.rate_hz == rate_hz
    assert new.num_samples == pytest.approx(max(1, clip.duration_s * rate_hz), abs=1)


def test_resampling_removes_what_the_new_rate_cannot_hold():
    high = synth.sine(7000, duration_s=1, rate_hz=44100)
    assert high.resample(8000).slice(0.1, 0.9).rms < 1e-4
    low = synth.sine(1000, duration_s=1, rate_hz=44100, amplitude=0.5)
    middle = low.resample(8000).slice(0.1, 0.9)
    assert middle.rms == pytest.approx(0.5 / math.sqrt(2), rel=1e-3)


def test_map_checks_what_comes_back():
    clip = synth.sine(duration_s=0.1)
    assert clip.map(np.abs).samples.min() >= 0
    with pytest.raises(TympanError):
        clip.map(lambda x: x + np.inf)


def test_its_length_is_its_samples():
    clip = synth.silence(duration_s=0.5, rate_hz=8000)
    assert len(clip) == clip.num_samples == 4000
    assert len(Clip(np.zeros((2, 7)), 8000)) == 7
    assert bool(clip)


class Speaker:
    """Stands in for sounddevice."""

    class PortAudioError(Exception):
        pass

    def __init__(self, failure: str = "") -> None:
        self.failure, self.played = failure, []

    def query_devices(self, kind):
        assert kind == "output"
        if self.failure:
            raise self.PortAudioError(self.failure)
        return {"default_samplerate": 48000.0}

    def play(self, samples, rate_hz, blocking):
        assert blocking
        self.played.append((samples, rate_hz))


def test_play_by_the_loudspeaker(monkeypatch):
    speaker = Speaker()
    monkeypatch.setitem(sys.modules, "sounddevice", speaker)
    clip = synth.sine(440, duration_s=0.5, rate_hz=16000, amplitude=2.0)
    assert clip.play() is None
    [(samples, rate_hz)] = speaker.played
    assert (samples.shape, rate_hz) == ((24000, 1), 48000)
    assert np.abs(samples).max() <= 1
    Clip(np.zeros((6, 100)), 48000).play()
    assert speaker.played[1][0].shape == (100, 1)


def test_play_says_what_is_missing(monkeypatch):
    clip = synth.silence(duration_s=0.1)
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingDependencyError, match="pip install sounddevice"):
        clip.play()
    monkeypatch.setitem(sys.modules, "sounddevice", Speaker("no device"))
    with pytest.raises(TympanError, match=r"cannot be played \(no device\).*loudspeaker"):
        clip.play()


def test_play_in_a_notebook(monkeypatch):
    shown = []
    display = types.SimpleNamespace(HTML=str, display=shown.append)
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell, display=display)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    synth.sine(duration_s=0.2).play()
    assert "<audio" in shown[0]


def test_times_and_names():
    clip = Clip([0.0, 0.5, 0.0, -0.5], 8000, "a")
    assert clip.times_s.tolist() == [0.0, 0.000125, 0.00025, 0.000375]
    other = clip.named("b")
    assert (other.name, other.rate_hz, clip.name) == ("b", 8000, "a")
    assert np.array_equal(other.samples, clip.samples)
