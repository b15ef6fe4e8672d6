"""Whatever a user hands over that is not a sound: one clear error, no hang, no memory."""

from __future__ import annotations

import io
import os
import struct
import sys

import numpy as np
import pytest

from tests_audio import encoded, recording
from tympan.audio import Clip, blocks, load, probe, synth
from tympan.errors import ArgumentError, AudioFileError, TympanError

WAV = encoded("wav-16")
HEADER = 44


def patched(at: int, form: str, *values: float, data: bytes = WAV) -> bytes:
    """The file with some bytes exchanged."""
    new = struct.pack(form, *values)
    return data[:at] + new + data[at + len(new) :]


def non_finite(value: float) -> bytes:
    import soundfile

    samples = recording().samples.T.copy()
    samples[300, 1] = value
    file = io.BytesIO()
    soundfile.write(file, samples, 16000, format="WAV", subtype="FLOAT")
    return file.getvalue()


CASES = {
    "empty": (b"", "is empty"),
    "text": (b"Dear diary, " * 1000, "not audio"),
    "zeros": (bytes(100_000), "not audio"),
    "random bytes": (np.random.default_rng(0).bytes(100_000), "not audio"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(1000), "not audio"),
    "an archive": (b"PK\x03\x04" + bytes(1000), "not audio"),
    "half a header": (WAV[:20], "looks like WAV"),
    "a header alone": (WAV[:HEADER], "holds no samples"),
    "no samples": (patched(40, "<I", 0)[:HEADER], "holds no samples"),
    "a header that claims 4 GB": (patched(40, "<I", 4_000_000_000)[:HEADER], "holds no samples"),
    "truncated": (WAV[:30_000], "cut short"),
    "a length that is a lie": (patched(40, "<I", 1_000_000_000), "cut short"),
    "0 Hz": (patched(24, "<I", 0), "looks like WAV"),
    "10 MHz": (patched(24, "<I", 10_000_000), "10000000 samples per second"),
    "200 channels": (patched(22, "<H", 200), "200 channels"),
    "0 channels": (patched(22, "<H", 0), "looks like WAV"),
    "NaN": (non_finite(np.nan), "not numbers"),
    "infinity": (non_finite(np.inf), "not numbers"),
    "half a FLAC": (encoded("flac-16")[: len(encoded("flac-16")) // 2], "damaged after"),
    "half an Ogg": (encoded("vorbis")[: len(encoded("vorbis")) // 2], "OGG"),
    "half an MP3": (encoded("mp3")[: len(encoded("mp3")) // 2], "cut short"),
    "half an MP4": (encoded("m4a")[: len(encoded("m4a")) // 2], "looks like MP4"),
    "half a WebM": (encoded("webm")[: len(encoded("webm")) // 2], "cut short"),
    "half an AIFF": (encoded("aiff-16")[: len(encoded("aiff-16")) // 2], "cut short"),
    "half an RF64": (encoded("rf64")[: len(encoded("rf64")) // 2], "cut short"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_clear_error(name, tmp_path):
    data, message = CASES[name]
    path = tmp_path / "hostile.wav"
    path.write_bytes(data)
    for read in (load, lambda source: list(blocks(source, block_s=0.1))):
        with pytest.raises(AudioFileError, match=message) as caught:
            read(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)
        with pytest.raises(AudioFileError, match=message):
            read(data)


def test_a_cut_ogg_of_several_pages():
    long = recording(seconds=8.0)
    from tympan.audio._save import encode

    for subtype in ("VORBIS", "OPUS"):
        data = encode(long, "OGG", subtype)
        with pytest.raises(AudioFileError, match="last page is cut"):
            load(data[: len(data) * 2 // 3])
        assert 1 < load(data[: len(data) * 2 // 3], partial=True).duration_s < 8


@pytest.mark.parametrize("name", ["wav-16", "flac-16", "mp3", "webm", "aiff-16"])
@pytest.mark.filterwarnings("ignore")
def test_partial_gives_back_the_whole_part(name):
    data = encoded(name)
    part = load(data[: len(data) * 2 // 3], partial=True)
    whole = load(data)
    assert 0.1 < part.duration_s < whole.duration_s
    same = part.num_samples - 4096 * whole.rate_hz // 16000
    assert np.allclose(part.samples[:, :same], whole.samples[:, :same], atol=1e-4)


def test_a_slice_before_the_cut_is_no_error():
    assert load(WAV[:60_000], end_s=0.5).num_samples == 8000


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 0])
def test_streamed_headers_without_a_length_are_read(length):
    data = patched(40, "<I", length, data=patched(4, "<I", length))
    assert np.array_equal(load(data).samples, load(WAV).samples)


def test_folder_and_missing(tmp_path):
    with pytest.raises(AudioFileError, match="is a folder"):
        load(tmp_path)
    with pytest.raises(AudioFileError, match="does not exist"):
        load(tmp_path / "gone.wav")
    with pytest.raises(AudioFileError, match="download it first"):
        load("https://example.org/a.wav")
    with pytest.raises(AudioFileError, match="no possible file name"):
        load("a\0b.wav")
    with pytest.raises(AudioFileError, match="does not exist"):
        load("")
    with pytest.raises(AudioFileError, match="too long"):
        load("x" * 5000)


@pytest.mark.skipif(os.name != "posix", reason="needs device files")
def test_devices():
    for path in ("/dev/zero", "/dev/null"):
        with pytest.raises(AudioFileError, match="is a device"):
            probe(path)


def test_symbolic_links(tmp_path):
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    with pytest.raises(AudioFileError, match="leads back to itself"):
        load(tmp_path / "loop.wav")
    (tmp_path / "sound.wav").write_bytes(WAV)
    (tmp_path / "link.wav").symlink_to(tmp_path / "sound.wav")
    assert load(tmp_path / "link.wav").channels == 2


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)

    def refuse(*_args, **_kwargs):  # the administrator's tests may read everything
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(AudioFileError, match="may not be read"):
        load(path)


@pytest.mark.parametrize("source", [None, 3, object(), ["a.wav"]])
def test_no_source_at_all(source):
    with pytest.raises(ArgumentError, match="cannot load"):
        load(source)


def test_text_and_failing_file_objects():
    with pytest.raises(AudioFileError, match="opened as text"):
        load(io.StringIO("RIFF"))

    class Failing(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            raise OSError("the disk is gone")

    with pytest.raises(AudioFileError, match="the disk is gone"):
        load(Failing(WAV))


def test_playlists_do_not_open_other_files(tmp_path):
    (tmp_path / "secret.wav").write_bytes(WAV)
    for text in (
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.wav\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.wav\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n",
    ):
        path = tmp_path / "list.wav"
        path.write_text(text)
        with pytest.raises(AudioFileError, match="not audio"):
            load(path)


class Endless:
    """A WAV header for ten hours, and zeros for as long as someone reads them."""

    def __init__(self) -> None:
        self.size = HEADER + 10 * 3600 * 16000 * 4
        self.at = 0
        self.most = 0
        self.total = 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, count: int = -1) -> bytes:
        count = self.size - self.at if count < 0 else min(count, self.size - self.at)
        start, self.at = self.at, self.at + count
        self.most = max(self.most, self.at)
        self.total += count
        head = struct.pack("<4sI", b"RIFF", self.size - 8) + WAV[8:40]
        head += struct.pack("<I", self.size - HEADER)
        return head[start : start + count].ljust(count, b"\0")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in KiB")
def test_ten_hours_are_refused_at_once_and_streamed_in_bounded_memory():
    import resource

    file = Endless()
    with pytest.raises(AudioFileError, match=r"10\.0 hours.*blocks"):
        load(file)
    assert file.most < 1 << 20
    assert probe(file).duration_s == 36_000
    part = load(file, start_s=35_990, mono=True, rate_hz=8000)  # without reading what is before
    assert part.duration_s == 10
    assert file.total < 2 << 20  # of two gigabytes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stream = blocks(file, block_s=60, rate_hz=8000)
    for _, block in zip(range(10), stream, strict=False):
        assert block.clip.duration_s == 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # KiB


def test_infinities_of_both_signs(recwarn):
    import soundfile

    file = io.BytesIO()
    samples = np.array([0.0, np.inf, -np.inf, np.nan])
    soundfile.write(file, samples, 8000, format="WAV", subtype="FLOAT")
    with pytest.raises(AudioFileError, match="not numbers"):
        load(file.getvalue())
    with pytest.raises(ArgumentError, match="3 samples are not finite"):
        Clip(samples, 8000)
    assert not recwarn.list


def test_a_length_limit_of_the_callers():
    with pytest.raises(AudioFileError, match="longer than the 1 s allowed"):
        load(WAV, max_duration_s=1)
    assert load(WAV, max_duration_s=1, end_s=0.9).duration_s == pytest.approx(0.9)


def test_absurd_resampling_is_refused():
    slow = patched(24, "<I", 3)  # 3 Hz: 19,200 samples would become a gigabyte
    assert load(slow).rate_hz == 3
    with pytest.raises(ArgumentError, match="too few"):
        load(slow, rate_hz=16000)


@pytest.mark.parametrize(
    "arguments",
    [
        {"start_s": -1},
        {"start_s": float("nan")},
        {"start_s": 0.5, "end_s": 0.5},
        {"start_s": 0.9, "end_s": 0.1},
        {"end_s": 1e-9},
        {"start_s": 99},
        {"rate_hz": 0},
        {"rate_hz": 10_000_000},
        {"rate_hz": 44100.5},
        {"rate_hz": "fast"},
    ],
)
def test_impossible_arguments(arguments):
    with pytest.raises(TympanError):
        load(WAV, **arguments)
    with pytest.raises(TympanError):
        list(blocks(WAV, **arguments))


def test_impossible_blocks():
    for arguments in ({"block_s": 0}, {"block_s": -1}, {"hop_s": 0}, {"block_s": 1e-9}):
        with pytest.raises(TympanError):
            list(blocks(WAV, **arguments))


def test_a_very_short_sound_survives_resampling():
    one = Clip(np.array([0.5], np.float32), 48000).to_wav_bytes()
    assert load(one, rate_hz=8000).num_samples == 1
    assert synth.silence(duration_s=1 / 8000, rate_hz=8000).resample(16000).num_samples == 2
