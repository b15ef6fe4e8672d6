"""Time stamps: what was not sent is silence, and what was sent is where it belongs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_audio import muxed
from tympan.audio import Clip, load, probe
from tympan.audio._decoders.clock import Clock

RATE_HZ = 48_000
SECONDS = 10


def _noise() -> Clip:
    """Noise whose level changes every 50 ms, so that each place has an envelope of its own."""
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.uniform(0.02, 0.3, SECONDS * 20), RATE_HZ // 20)
    return Clip(rng.standard_normal(SECONDS * RATE_HZ) * levels, RATE_HZ)


NOISE = _noise()


def shift(clip: Clip, start_s: float, end_s: float) -> float:
    """By how many seconds a part of a clip lies later than in the noise."""
    first, last = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
    size = 1 << (last - first + 2 * 9600).bit_length()
    around = NOISE.samples[0, max(0, first - 9600) : last + 9600].astype(float)
    part = clip.samples[0, first:last].astype(float)
    product = np.fft.rfft(around, size) * np.conj(np.fft.rfft(part, size))
    best = int(np.argmax(np.fft.irfft(product)[: 2 * 9600 + 1]))
    return (min(first, 9600) - best) / RATE_HZ


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("webm", "libopus"),
        ("matroska", "aac"),
        ("matroska", "flac"),
        ("mpegts", "aac"),
        ("mp4", "aac"),
        ("flv", "aac"),
        ("nut", "aac"),
        ("ogg", "libopus"),
    ],
)
@pytest.mark.parametrize("gap_s", [(3.0, 7.0), (1.5, 6.0), (6.0, 6.3)])
def test_packets_that_were_not_sent_are_silence(container, codec, gap_s):
    data = muxed(NOISE, container, codec, keep=lambda t: not gap_s[0] <= t < gap_s[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some containers cannot tell it from a loss
        clip = load(data)
        part = load(data, start_s=8.0, end_s=9.0)
    assert clip.duration_s == pytest.approx(SECONDS, abs=0.06)
    assert probe(data).duration_s == pytest.approx(SECONDS, abs=0.06)
    # Some containers do not tell what the encoder put before the sound: 1024 samples of AAC.
    assert abs(shift(clip, 8.0, 9.0)) <= 0.03
    assert abs(shift(clip, 0.05, 0.45)) <= 0.03
    assert abs(shift(clip, 8.0, 9.0) - shift(clip, 0.05, 0.45)) < 0.001 or container == "ogg"
    inside = clip.slice(gap_s[0] + 0.1, gap_s[1] - 0.1)
    assert inside.peak < 1e-3 or container == "ogg"  # its pages hold a second each
    assert np.array_equal(part.samples, clip.slice(8.0, 9.0).samples)


def test_a_start_without_sound():
    data = muxed(NOISE, "webm", "libopus", keep=lambda t: t >= 3)
    clip = load(data)
    assert clip.duration_s == pytest.approx(SECONDS, abs=0.06)
    assert clip.slice(0, 2.9).peak == 0
    assert abs(shift(clip, 5.0, 6.0)) < 0.005


def test_an_end_without_sound_is_no_cut():
    data = muxed(NOISE, "webm", "libopus", keep=lambda t: t < 7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(data).duration_s == pytest.approx(7, abs=0.05)


@pytest.mark.parametrize(("container", "codec"), [("webm", "libopus"), ("matroska", "flac")])
def test_single_lost_packets_add_up_to_no_shift(container, codec):
    count = iter(range(10**6))
    data = muxed(NOISE, container, codec, keep=lambda _: next(count) % 20 != 11)
    clip = load(data)
    assert clip.duration_s == pytest.approx(SECONDS, abs=0.06)
    for start_s in range(0, 9, 2):
        assert abs(shift(clip, start_s + 0.1, start_s + 1)) < 0.002


def test_rounding_to_milliseconds_does_not_add_up():
    """A packet of 1024 samples at 44.1 kHz lasts 23.22 ms; Matroska writes 23 or 24."""
    sound = Clip(NOISE.samples, 44_100)
    whole = load(muxed(sound, "matroska", "flac"))
    assert np.abs(whole.samples - np.clip(sound.samples, -1, 1)).max() < 1e-3


def test_a_film_whose_sound_begins_later():
    import io

    import av

    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        picture = out.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        sound = out.add_stream("flac", rate=RATE_HZ, layout="mono")
        for number in range(40):
            image = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            image.pts = number
            out.mux(picture.encode(image))
        into = av.AudioResampler(sound.codec_context.format, "mono", RATE_HZ, frame_size=4608)
        frame = av.AudioFrame.from_ndarray(NOISE.samples[:, :RATE_HZ], format="flt", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, 2 * RATE_HZ
        for ready in [*into.resample(frame), *into.resample(None)]:
            out.mux(sound.encode(ready))
        out.mux(picture.encode(None))
        out.mux(sound.encode(None))
    clip = load(file.getvalue())
    assert clip.duration_s == pytest.approx(3.0, abs=0.001)
    assert clip.slice(0, 1.99).peak == 0
    assert clip.slice(2.0, 2.5).rms > 0.05


# -- the clock by itself -------------------------------------------------------------------------


def positions(times: list[tuple[float, int]], rate_hz: int = 1000, **options: float) -> list[int]:
    """Where each frame of (time stamp, samples) is put."""
    clock, places = Clock(rate_hz, **options), []
    for time_s, count in times:
        clock.gap(time_s, count)
        places.append(clock.position - count)
    return places


@given(
    st.lists(st.booleans(), min_size=1, max_size=60), st.integers(400, 3000), st.floats(-5, 5000)
)
@settings(deadline=None)
def test_lost_frames_leave_room_of_their_own(sent, size, origin_s):
    sent[0] = True
    # Time stamps rounded to a millisecond, as containers do.
    times = [
        (round(origin_s + number * size / 44_100, 3), size)
        for number, here in enumerate(sent)
        if here
    ]
    wanted = [number * size for number, here in enumerate(sent) if here]
    assert positions(times, 44_100) == wanted


@given(st.lists(st.floats(-0.002, 0.002), min_size=2, max_size=200), st.integers(10, 60))
@settings(deadline=None)
def test_trembling_time_stamps_tear_no_holes(errors, size):
    times = [(number * size / 1000 + error, size) for number, error in enumerate(errors)]
    assert positions(times) == [number * size for number in range(len(errors))]


@given(st.floats(-5e-3, 5e-3), st.integers(500, 3000))
@settings(deadline=None, max_examples=20)
def test_a_clock_that_runs_fast_or_slow_is_followed(drift, count):
    """A recorder's clock against the sound card's: never a tenth of a second apart."""
    times = [(number * 0.02 * (1 + drift), 20) for number in range(count)]
    places = positions(times)
    if drift > 0:  # silence is put in; sound is never taken out
        for (time_s, _), place in zip(times, places, strict=True):
            assert abs(place / 1000 - time_s) <= 0.121
    else:
        assert places == [20 * number for number in range(count)]


def test_a_clock_that_is_set_anew_costs_no_sound_and_makes_no_silence():
    back = [(n * 0.02, 20) for n in range(50)] + [(n * 0.02, 20) for n in range(50)]
    assert positions(back) == [20 * n for n in range(100)]
    ahead = [(n * 0.02, 20) for n in range(50)] + [(9e4 + n * 0.02, 20) for n in range(50)]
    assert positions(ahead) == [20 * n for n in range(100)]
    # Beyond what the container says is its end, too.
    late = [(0.0, 20), (50.0, 20), (50.02, 20)]
    assert positions(late, until_s=10.0) == [0, 20, 40]
    assert positions(late, until_s=60.0) == [0, 50_000, 50_020]
