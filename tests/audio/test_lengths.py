"""Lengths that a header states wrongly: never believed, never a reason to refuse."""

from __future__ import annotations

import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_audio import muxed, patched, recording
from tympan.audio import Clip, blocks, load, probe
from tympan.audio._containers import mpeg
from tympan.audio._save import encode
from tympan.errors import AudioFileError

SOUND = recording(seconds=2.0)
# format → where the size of the sound stands behind its name, how it is packed, the name
SIZES = {
    "WAV": (4, "<I", b"data"),
    "AIFF": (4, ">I", b"SSND"),
    "CAF": (4, ">q", b"data"),
    "W64": (16, "<q", b"data"),
    "AU": (8, ">I", b".snd"),
}


def with_size(form: str, change: int) -> bytes:
    """A file whose header states so many bytes more than there are."""
    data = encode(SOUND, form, "PCM_16")
    behind, packing, name = SIZES[form]
    at = data.index(name) + behind
    (size,) = struct.unpack_from(packing, data, at)
    return patched(data, at, packing, size + change)


@pytest.mark.parametrize("form", SIZES)
@given(extra=st.integers(1, 64))
@settings(deadline=None, max_examples=15)
def test_a_size_may_count_the_header(form, extra):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clip = load(with_size(form, extra))
    assert np.array_equal(clip.samples, SOUND.samples)
    assert probe(with_size(form, extra)).num_samples == SOUND.num_samples


@pytest.mark.parametrize("form", SIZES)
@given(missing=st.integers(1000, 120_000))
@settings(deadline=None, max_examples=15)
def test_sound_behind_a_size_that_is_too_small_is_read(form, missing):
    data = with_size(form, -(missing // 4 * 4))
    with pytest.warns(UserWarning, match="all were read"):
        clip = load(data)
    assert np.array_equal(clip.samples, SOUND.samples)
    info = probe(data)
    assert info.num_samples == SOUND.num_samples
    assert "all were read" in info.note


@pytest.mark.parametrize("form", SIZES)
def test_a_missing_end_is_said(form):
    data = encode(SOUND, form, "PCM_16")
    with pytest.raises(AudioFileError, match="cut short: its header promises"):
        load(data[: len(data) // 2])
    assert 0.9 < load(data[: len(data) // 2], partial=True).duration_s < 1.1


@pytest.mark.parametrize(
    "behind",
    [
        b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"some program\0\0",
        b"LIST" + struct.pack("<I", 2600) + b"INFOISFT",  # cut inside
        b"TAG" + bytes(range(125)),
        b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0) + bytes(range(40)),
        b"ID3\4\0\0\0\0\0\x20" + bytes(range(32)),
        bytes(5000),
        b"\r\n",
    ],
)
def test_what_is_no_sound_is_not_read_as_sound(behind, recwarn):
    clip = load(encode(SOUND, "WAV", "PCM_16") + behind)
    assert np.array_equal(clip.samples, SOUND.samples)
    assert not recwarn.list


def test_chunks_before_the_sound():
    data = encode(SOUND, "WAV", "PCM_16")
    chunk = b"JUNK" + struct.pack("<I", 20) + b"data" * 5
    assert np.array_equal(load(data[:36] + chunk + data[36:]).samples, SOUND.samples)


@pytest.mark.parametrize("rate", [0, 1])
def test_recorders_that_never_came_back_to_the_header(rate):
    data = encode(SOUND, "RF64", "PCM_16")
    assert np.array_equal(load(patched(data, 28, "<q", 0)).samples, SOUND.samples)
    data = encode(SOUND, "AU", "PCM_16")
    assert np.array_equal(load(patched(data, 8, ">I", rate * 0xFFFFFFFF)).samples, SOUND.samples)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["modulo", "placeholder"])
def test_more_than_four_gibibytes(unit, tmp_path):
    """A sparse file of five gibibytes: the size in its header can hold only four."""
    path, size = tmp_path / "long.wav", 5 << 30
    head = encode(SOUND, "WAV", "PCM_16")
    stated = size & 0xFFFFFFFF if unit == "modulo" else 0xFFFFFFFF
    with path.open("wb") as file:
        file.write(patched(head[:44], 40, "<I", stated))
        file.truncate(44 + size)
        file.seek(44 + size - 4 * SOUND.num_samples)
        file.write(head[44:])
        if unit == "modulo":  # what stands behind the sound is found there
            file.write(b"LIST" + struct.pack("<I", 4) + b"INFO")
    info = probe(path)
    assert info.num_samples == size // 4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        last = load(path, start_s=info.duration_s - SOUND.duration_s)
    assert np.array_equal(last.samples, SOUND.samples)


def flac_with_total(total: int) -> bytes:
    data = encode(SOUND, "FLAC", "PCM_16")
    word = int.from_bytes(data[18:26], "big")
    return data[:18] + (word >> 36 << 36 | total).to_bytes(8, "big") + data[26:]


@given(st.integers(0, 100_000))
@settings(deadline=None, max_examples=25)
def test_flac_holds_what_its_frames_hold(total):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        clip = load(flac_with_total(total))
    assert np.array_equal(clip.samples, SOUND.samples)
    assert bool(caught) == (total not in (0, SOUND.num_samples))
    assert probe(flac_with_total(total)).num_samples == SOUND.num_samples


def test_a_cut_flac_with_a_false_total_is_still_cut():
    data = flac_with_total(100_000)
    with pytest.raises(AudioFileError, match=r"damaged|cut short"):
        load(data[: len(data) - 500])


def without_first_frame(data: bytes) -> bytes:
    """MP3 without the frame that states its length."""
    start = data.index(b"\xff\xfb") if b"\xff\xfb" in data else data.index(b"\xff\xf3")
    return data[start + mpeg.frame(data[start : start + 4])[0] :]


@pytest.fixture(scope="module")
def long_quiet() -> Clip:
    """First loud, then nearly silent: the bit rate at the beginning tells nothing of the rest."""
    loud = np.random.default_rng(0).normal(0, 0.3, 16_000 * 4)
    tone = 0.01 * np.sin(2 * np.pi * 440 / 16_000 * np.arange(16_000 * 20))
    return Clip(np.concatenate([loud, tone]), 16_000)


@pytest.mark.parametrize("kind", ["mp3 without a header", "mp3", "adts", "mp2"])
def test_an_estimated_length_is_no_length(kind, long_quiet):
    import io

    import soundfile

    if kind.startswith("mp3"):
        file = io.BytesIO()
        soundfile.write(file, long_quiet.samples[0], 16_000, format="MP3", bitrate_mode="VARIABLE")
        data = file.getvalue()
        data = without_first_frame(data) if "without" in kind else data
    else:
        data = muxed(long_quiet, kind, "aac" if kind == "adts" else "mp2")
    whole = load(data)
    assert whole.duration_s == pytest.approx(long_quiet.duration_s, abs=0.2)
    assert probe(data).duration_s == pytest.approx(whole.duration_s, abs=0.1)
    part = load(data, start_s=22.0, end_s=23.0)
    assert np.array_equal(part.samples, whole.slice(22.0, 23.0).samples)
    assert sum(b.clip.num_samples for b in blocks(data, start_s=1.0)) == whole.num_samples - 16_000
    with pytest.raises(AudioFileError, match="behind its end"):
        load(data, start_s=60)
    assert load(data, max_duration_s=30).num_samples == whole.num_samples
    with pytest.raises(AudioFileError, match="longer than"):
        load(data, max_duration_s=10)


def test_an_mp3_cut_between_frames_may_be_a_false_header():
    data = encode(recording(seconds=4), "MP3", "MPEG_LAYER_III")
    at = data.index(b"\xff\xf3") if b"\xff\xf3" in data[:4000] else data.index(b"\xff\xfb")
    while at < len(data) // 2:
        at += mpeg.frame(data[at : at + 4])[0]
    with pytest.warns(UserWarning, match="its header promises"):
        assert load(data[:at]).duration_s > 1
    with pytest.raises(AudioFileError, match="cut short"):
        load(data[: at + 50])


@pytest.mark.parametrize("total", [5000, 25_000])
def test_a_film_header_that_promises_too_little(total):
    """MP4 whose media header states another number of samples than its packets hold."""
    data = muxed(recording(), "mov", "pcm_s16le")
    at = data.index(b"mdhd") + 20  # version 0: duration behind the time scale
    assert struct.unpack_from(">I", data, at)[0] == recording().num_samples
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clip = load(patched(data, at, ">I", total))
    assert clip.num_samples == recording().num_samples
