"""Writing: by extension, exact where the format is, whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_audio import recording
from tympan.audio import Clip, _save, _target, load, probe, synth
from tympan.errors import AudioFileError

EXTENSIONS = ["wav", "WAV", "rf64", "w64", "flac", "ogg", "opus", "mp3", "aiff", "au", "caf"]


@pytest.mark.parametrize("extension", [*EXTENSIONS, "m4a", "mp4", "webm"])
def test_every_extension_round_trips(extension, tmp_path):
    clip, path = recording(), tmp_path / f"sound.{extension}"
    assert clip.save(path) == path
    back = load(path, rate_hz=clip.rate_hz)
    assert back.channels == 2
    assert back.num_samples == pytest.approx(clip.num_samples, abs=1)
    error = (back - clip).rms / clip.rms
    assert error < (0.35 if extension in ("ogg", "opus", "mp3", "m4a", "mp4", "webm") else 1e-9)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("extension", ["wav", "flac", "aiff"])
@pytest.mark.parametrize("bits", [8, 16, 24])
@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=10)
def test_integer_formats_are_exact(extension, bits, seed, tmp_path_factory):
    path = tmp_path_factory.mktemp("exact") / f"a.{extension}"
    subtype = {8: "PCM_U8" if extension == "wav" else "PCM_S8"}.get(bits, f"PCM_{bits}")
    noise = synth.white_noise(duration_s=0.02, rate_hz=8000, amplitude=1.0, seed=seed)
    clip = synth.quantize(noise, bits)
    clip.save(path, subtype=subtype)
    assert np.array_equal(load(path).samples, clip.samples)
    assert probe(path).bits == bits


def test_floats_are_kept_beyond_full_scale(tmp_path):
    clip = Clip([0.1, 3.7, -2.0], 8000)
    clip.save(tmp_path / "a.wav", subtype="float")
    assert np.array_equal(load(tmp_path / "a.wav").samples, clip.samples)


def test_clipping_is_said(tmp_path):
    with pytest.warns(UserWarning, match="beyond full scale"):
        Clip([0.1, 3.7, -2.0], 8000).save(tmp_path / "a.wav")
    assert load(tmp_path / "a.wav").samples.max() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("law", ["ALAW", "ULAW"])
def test_telephone_codes(law, tmp_path):
    clip = synth.sine(440, duration_s=0.5, rate_hz=8000, amplitude=0.5)
    clip.save(tmp_path / "a.wav", subtype=law)
    assert probe(tmp_path / "a.wav").codec == law.lower()
    assert (load(tmp_path / "a.wav") - clip).rms < 0.02 * clip.rms * 2


@pytest.mark.parametrize(
    ("name", "rate_hz", "channels", "message"),
    [
        ("a.xyz", 8000, 1, "names no known format"),
        ("a", 8000, 1, "names no known format"),
        ("a.opus", 44100, 1, "cannot hold"),
        ("a.mp3", 96000, 1, "cannot hold"),
        ("a.mp3", 44100, 3, "cannot hold"),
        ("a.m4a", 1000, 1, "cannot hold"),
        ("a.m4a", 44100, 3, "1 or 2 channels"),
        ("a.flac", 44100, 20, "cannot hold"),
        ("gone/a.wav", 8000, 1, "cannot be written"),
    ],
)
def test_what_cannot_be_written(name, rate_hz, channels, message, tmp_path):
    clip = Clip(np.zeros((channels, 2000)), rate_hz)
    with pytest.raises(AudioFileError, match=message):
        clip.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_unknown_subtype(tmp_path):
    with pytest.raises(AudioFileError, match="PCM_24"):
        recording().save(tmp_path / "a.flac", subtype="FLOAT")


def test_an_old_file_survives_a_failure(tmp_path):
    path = tmp_path / "a.opus"
    recording().save(path)
    before = path.read_bytes()
    with pytest.raises(AudioFileError):
        recording().resample(44100).save(path)
    assert path.read_bytes() == before


def test_a_long_vorbis_file(tmp_path):
    # One write of this length overflows the stack inside the library.
    clip = synth.pink_noise(duration_s=60, rate_hz=44100, amplitude=0.5)
    clip.save(tmp_path / "a.ogg")
    assert probe(tmp_path / "a.ogg").num_samples == clip.num_samples


def test_wav_bytes():
    clip = recording()
    assert np.array_equal(load(clip.to_wav_bytes()).samples, clip.samples)
    assert np.array_equal(load(clip.to_wav_bytes("FLOAT")).samples, clip.samples)


FULL = """
import resource, signal, sys
from tympan.audio import synth
from tympan.errors import AudioFileError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
clip = synth.pink_noise(duration_s=20, rate_hz=48_000, amplitude=0.5)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    clip.save(sys.argv[1])
except AudioFileError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
@pytest.mark.parametrize("extension", [*EXTENSIONS, "m4a", "webm"])
def test_a_disk_that_is_full(extension, tmp_path):
    path = tmp_path / f"sound.{extension}"
    path.write_bytes(b"before")
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=120
    )
    assert run.stderr == ""
    advice = "(make room, and give the command again)"
    assert run.stdout == f"{path}: cannot be written: File too large {advice}\n"
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_without_space_is_called_so(tmp_path, monkeypatch):
    def refuse(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    class Full:
        """A file on a full disk."""

        write = refuse

        def __getattr__(self, name):
            return getattr(io.BytesIO(), name)

    for extension in ("wav", "flac", "ogg", "m4a"):
        monkeypatch.setattr(
            _save,
            "TargetFile",
            lambda file: _target.TargetFile(Full()),
        )
        with pytest.raises(AudioFileError, match=r"No space left on device \(make room"):
            recording().save(tmp_path / f"a.{extension}")
        assert list(tmp_path.iterdir()) == []


def test_alac_of_32_bits_says_that_it_has_24(tmp_path):
    with pytest.warns(UserWarning, match="24 bits"):
        recording().save(tmp_path / "a.caf", subtype="ALAC_32")
    with pytest.raises(AudioFileError, match="at most 8 channels"):
        Clip(np.zeros((9, 100)), 48_000).save(tmp_path / "b.caf", subtype="ALAC_24")
