"""Every format: read, described, cut by time, streamed; whatever the extension says."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tests_audio import FFMPEG, LOSSLESS, RATE_HZ, SECONDS, SNDFILE, encoded, patched, recording
from tympan.audio import Clip, concat, load, probe
from tympan.audio.files import blocks

ALL = [*SNDFILE, *FFMPEG]


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Normalised correlation without shift: 1 for the same sound at the same time."""
    n = min(a.shape[1], b.shape[1])
    a, b = a[:, :n].astype(float).ravel(), b[:, :n].astype(float).ravel()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("name", ALL)
def test_is_read_in_time_and_level(name):
    clip, wanted = load(encoded(name)), recording()
    clip = clip.resample(RATE_HZ)  # Opus in WebM is always 48 kHz
    assert clip.channels == 2
    if name in LOSSLESS:
        assert np.array_equal(clip.samples, wanted.samples)
    else:
        # Some containers do not say how much silence the encoder put before and behind the sound.
        lead = {"adts": 1024, "mpegts": 1024, "flv": 1024, "mp2": 481, "avi-mp3": 1105}.get(name, 0)
        assert -128 < clip.num_samples - lead - wanted.num_samples < 2048
        assert correlation(clip.samples[:, lead:], wanted.samples) > 0.9


@pytest.mark.parametrize("name", ALL)
def test_probe_agrees_with_load(name):
    info, clip = probe(encoded(name)), load(encoded(name))
    assert (info.rate_hz, info.channels) == (clip.rate_hz, clip.channels)
    assert info.problem == ""
    if info.num_samples is not None:
        assert info.num_samples == clip.num_samples
    if name not in ("adts", "mp2"):  # no duration inside: FFmpeg guesses it from the bit rate
        assert info.duration_s == pytest.approx(clip.duration_s, abs=0.1)


@pytest.mark.parametrize("name", ALL)
def test_a_slice_is_the_slice_of_the_whole(name):
    data = encoded(name)
    whole, part = load(data), load(data, start_s=0.7, end_s=1.05)
    assert part.num_samples == pytest.approx(0.35 * whole.rate_hz, abs=1)
    expected = whole.slice(0.7, 1.05).samples
    # Opus decoders only converge to what they give when they come from the beginning.
    tolerance = 2e-3 if name in ("opus", "webm") else 1e-5
    assert np.abs(part.samples - expected).max() <= tolerance


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("rate_hz", [None, 11025])
def test_blocks_join_to_the_whole(name, rate_hz):
    data = encoded(name)
    pieces = list(blocks(data, block_s=0.25, rate_hz=rate_hz))
    assert np.array_equal(
        concat(piece.clip for piece in pieces).samples, load(data, rate_hz=rate_hz).samples
    )
    assert [piece.start_s for piece in pieces[1:]] == [piece.end_s for piece in pieces[:-1]]


@pytest.mark.parametrize("extension", [".WAV", ".mp3", ".txt", ".raw", ".vox", ".flac", ""])
@pytest.mark.parametrize("name", ["wav-16", "flac-16", "vorbis", "mp3", "m4a", "webm"])
def test_the_extension_does_not_matter(name, extension, tmp_path):
    path = tmp_path / f"sound{extension}"
    path.write_bytes(encoded(name))
    clip = load(path)
    assert clip.name == path.name
    assert np.array_equal(clip.samples, load(encoded(name)).samples)


def test_integers_of_64_bits():
    """Only FFmpeg reads these WAV files, and PyAV does not know its format of samples."""
    data, sound = encoded("wav-32"), recording()
    assert data[34:36] == (32).to_bytes(2, "little")
    wide = np.round(sound.samples.T.astype(float) * 2**31).astype(np.int64) << 32
    head = patched(data[:44], 34, "<H", 64)
    head = patched(patched(head, 32, "<H", 16), 28, "<I", 16 * RATE_HZ)
    head = patched(patched(head, 40, "<I", wide.nbytes), 4, "<I", wide.nbytes + 36)
    assert np.abs(load(head + wide.tobytes()).samples - sound.samples).max() < 1e-6


def test_bytes_file_objects_and_paths_are_the_same(tmp_path):
    data = encoded("flac-16")
    path = tmp_path / "a.flac"
    path.write_bytes(data)
    with path.open("rb") as file:
        sources = [path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), file]
        clips = [load(source) for source in sources]
        assert not file.closed
    assert all(np.array_equal(clip.samples, clips[0].samples) for clip in clips)


def test_a_stream_that_cannot_seek():
    class Pipe:
        def __init__(self, data: bytes) -> None:
            self.inner = io.BytesIO(data)

        def read(self, count: int = -1) -> bytes:
            return self.inner.read(count)

    assert load(Pipe(encoded("m4a"))).channels == 2


@pytest.mark.parametrize(
    ("name", "codec", "bits"),
    [
        ("wav-24", "pcm_24", 24),
        ("wav-mulaw", "ulaw", 8),
        ("flac-24", "pcm_24", 24),
        ("vorbis", "vorbis", None),
        ("mp3", "mp3", None),
        ("m4a", "aac", None),
        ("mov-pcm", "pcm_s16le", 16),
    ],
)
def test_probe_names_the_codec(name, codec, bits):
    info = probe(encoded(name))
    assert (info.codec, info.bits) == (codec, bits)


def test_arrays_and_clips_are_sources():
    array = recording().samples
    with pytest.raises(ValueError, match="rate"):
        load(array)
    clip = load(array, rate_hz=RATE_HZ)
    assert np.array_equal(clip.samples, array)
    assert load(clip, rate_hz=8000).rate_hz == 8000
    assert load(clip, mono=True, start_s=0.5).duration_s == pytest.approx(SECONDS - 0.5)
    assert isinstance(load(clip), Clip)


def test_a_film_with_a_silent_picture_and_sound(tmp_path):
    import av

    path = tmp_path / "film.mp4"
    wanted = recording()
    with av.open(str(path), "w") as file:
        picture = file.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        sound = file.add_stream("aac", rate=RATE_HZ, layout="stereo")
        into = av.AudioResampler("fltp", "stereo", RATE_HZ, frame_size=1024)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(wanted.samples), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts = RATE_HZ, 0
        for number in range(30):  # three seconds of picture, longer than the sound
            image = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            image.pts = number
            file.mux(picture.encode(image))
        for ready in [*into.resample(frame), *into.resample(None)]:
            file.mux(sound.encode(ready))
        file.mux(picture.encode(None))
        file.mux(sound.encode(None))
    assert load(path).duration_s == pytest.approx(SECONDS, abs=0.1)


def test_real_recordings(shared_data):
    for pattern in ("librispeech/audio/test-other/*.flac", "esc50/audio/*.opus"):
        for path in sorted(shared_data.glob(pattern))[:: 40 if "flac" in pattern else 500]:
            whole = load(path)
            assert whole.peak > 0
            joined = concat(b.clip for b in blocks(path, block_s=1.7, rate_hz=8000, mono=True))
            assert np.array_equal(joined.samples, load(path, rate_hz=8000, mono=True).samples)
