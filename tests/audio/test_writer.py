"""Writing bit by bit: equal to writing at once, on after a kill, RF64, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_audio import recording
from tympan.audio import (
    Clip,
    ClipWriter,
    _wav,
    job_key,
    load,
    open_writer,
    probe,
    synth,
    synthetic_tags,
    writer,
)
from tympan.errors import ArgumentError, AudioFileError, ShapeError, TympanError

RATE_HZ = 24_000


def noise(seconds=1.0, channels=1, seed=0):
    """Noise that 16 bits hold exactly."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-20_000, 20_000, (channels, round(seconds * RATE_HZ)))
    return Clip((values / 32_768).astype(np.float32), RATE_HZ)


def in_pieces(path, clip, sizes, **options):
    """Write a clip in pieces of these sizes, again and again."""
    with open_writer(path, clip.rate_hz, clip.channels, **options) as out:
        at, turn = 0, 0
        while at < clip.num_samples:
            out.write(clip.samples[:, at : at + sizes[turn % len(sizes)]])
            at += sizes[turn % len(sizes)]
            turn += 1
    return path


@pytest.mark.parametrize(
    "extension", ["wav", "flac", "aiff", "rf64", "w64", "ogg", "mp3", "opus", "m4a"]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_it_equals_writing_at_once(extension, channels, tmp_path):
    clip = noise(1.3, channels)
    path = in_pieces(tmp_path / f"a.{extension}", clip, [1, 5000, 777])
    clip.save(tmp_path / f"b.{extension}")
    assert np.array_equal(load(path).samples, load(tmp_path / f"b.{extension}").samples)
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"a.{extension}", f"b.{extension}"]


@pytest.mark.parametrize("extension", ["wav", "flac"])
@pytest.mark.parametrize(
    "subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "PCM_U8", "DOUBLE", "ULAW"]
)
def test_subtypes(extension, subtype, tmp_path):
    if extension == "flac" and not soundfile.check_format("FLAC", subtype):
        with pytest.raises(AudioFileError, match="cannot hold"):
            open_writer(tmp_path / "a.flac", RATE_HZ, subtype=subtype)
        assert list(tmp_path.iterdir()) == []
        return
    clip = synth.pink_noise(duration_s=0.5, rate_hz=RATE_HZ, amplitude=0.9)
    path = in_pieces(tmp_path / f"a.{extension}", clip, [3001], subtype=subtype.lower())
    clip.save(tmp_path / f"b.{extension}", subtype=subtype)
    assert np.array_equal(load(path).samples, load(tmp_path / f"b.{extension}").samples)
    assert probe(path).codec == subtype.lower()


@given(
    st.lists(st.integers(1, 9000), min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(1, 20_000),
)
@settings(max_examples=25)
def test_any_pieces(tmp_path_factory, sizes, channels, count):
    clip = noise(1.0, channels)
    clip = Clip(clip.samples[:, :count], RATE_HZ)
    path = in_pieces(tmp_path_factory.mktemp("w") / "a.wav", clip, sizes)
    found, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate_hz == RATE_HZ
    assert np.array_equal(found.T, clip.samples)


def test_clips_are_written(tmp_path):
    with open_writer(tmp_path / "a.wav", 16_000, 2) as out:
        out.write(recording().resample(16_000))
        out.write(np.zeros((2, 0)))
        assert out.duration_s == pytest.approx(recording().duration_s, abs=1e-3)
    assert probe(tmp_path / "a.wav").channels == 2


def test_what_does_not_fit(tmp_path):
    with open_writer(tmp_path / "a.wav", RATE_HZ) as out:
        out.write(np.zeros(10))
        with pytest.raises(ArgumentError, match="has 24000 Hz, the clip 8000 Hz"):
            out.write(Clip(np.zeros(10), 8000))
        with pytest.raises(ArgumentError, match="has 1 channels, the samples 2"):
            out.write(np.zeros((2, 10)))
        with pytest.raises(ArgumentError, match="not finite"):
            out.write(np.array([0.0, np.nan]))
        with pytest.raises(ShapeError):
            out.write(np.zeros((1, 1, 10)))
    assert probe(tmp_path / "a.wav").num_samples == 10
    with pytest.raises(ArgumentError, match="was closed already"):
        out.write(np.zeros(10))


@pytest.mark.parametrize(
    ("name", "rate_hz", "channels", "message"),
    [
        ("a.xyz", 8000, 1, "names no known format"),
        ("a.opus", 44_100, 1, "cannot hold"),
        ("a.mp3", 96_000, 1, "cannot hold"),
        ("a.m4a", 44_100, 3, "1 or 2 channels"),
        ("a.flac", 44_100, 20, "cannot hold"),
        ("a.wav", 0, 1, "rate_hz is 0"),
        ("a.wav", 8000, 0, "channels is 0"),
        ("gone/a.wav", 8000, 1, "its folder does not exist"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    name, rate_hz, channels, message, tmp_path
):
    with pytest.raises(TympanError, match=message):
        open_writer(tmp_path / name, rate_hz, channels)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_an_error(tmp_path):
    (tmp_path / "a.flac").write_bytes(b"before")

    def fail():
        with open_writer(tmp_path / "a.flac", RATE_HZ) as out:
            out.write(np.zeros(100))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert [file.name for file in tmp_path.iterdir()] == ["a.flac"]
    assert (tmp_path / "a.flac").read_bytes() == b"before"


@pytest.mark.parametrize("key", [None, "k"])
def test_a_file_without_sound_is_none(key, tmp_path):
    with (
        pytest.raises(AudioFileError, match="no sound was written"),
        open_writer(tmp_path / "a.wav", RATE_HZ, key=key),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_clipping_is_said(tmp_path):
    with pytest.warns(UserWarning, match=r"beyond full scale \(peak 2.00\)"):
        in_pieces(tmp_path / "a.wav", Clip([0.5, -2.0], 8000), [1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        in_pieces(tmp_path / "b.wav", Clip([0.5, -2.0], 8000), [1], subtype="FLOAT")
    assert load(tmp_path / "b.wav").samples.tolist() == [[0.5, -2.0]]


def test_permissions_are_those_of_a_new_file(tmp_path):
    in_pieces(tmp_path / "a.wav", noise(0.1), [1000])
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a.wav").stat().st_mode == (tmp_path / "b").stat().st_mode


# -- beyond 4 GiB --------------------------------------------------------------------------------


@pytest.mark.parametrize("tags", [{}, {"title": "Regen"}])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_rf64(subtype, tags, tmp_path):
    clip = noise(0.5)
    total = 0
    for limit, container in ((None, "wav"), (0, "rf64")):
        path = tmp_path / f"{container}.wav"
        with open_writer(path, RATE_HZ, subtype=subtype, tags=tags) as out:
            if limit is not None:
                out.riff_limit = total - 9
            out.write(clip)
        total = path.stat().st_size
        assert probe(path).container == container
        assert soundfile.info(path).frames == clip.num_samples
        assert np.array_equal(load(path).samples, clip.samples)
        assert dict(load(path).tags) == tags


def test_the_limit_is_what_the_first_length_can_hold(tmp_path):
    size = in_pieces(tmp_path / "a.wav", noise(0.1), [1000]).stat().st_size
    for limit, magic in ((size - 8, b"RIFF"), (size - 9, b"RF64")):
        with open_writer(tmp_path / "a.wav", RATE_HZ) as out:
            out.riff_limit = limit
            out.write(noise(0.1))
        assert (tmp_path / "a.wav").read_bytes()[:4] == magic
    assert ClipWriter.riff_limit == 2**32 - 2


@pytest.mark.skipif(os.name != "posix", reason="needs files with holes")
def test_a_file_of_five_gigabytes(tmp_path):
    samples = 5 * 2**30 // 2
    path, clip = tmp_path / "a.wav", noise(0.5)
    with open_writer(path, RATE_HZ, key="k") as out:
        out.write(clip)
        hole = samples - clip.num_samples
        # As if silence had been written there; the disk keeps no hole.
        out._partial._file.seek(2 * hole, os.SEEK_CUR)
        out.num_samples += hole
        out.write(clip)
    assert path.stat().st_size > 5 * 2**30
    assert path.stat().st_blocks * 512 < 1 << 20
    info = probe(path)
    assert (info.container, info.num_samples) == ("rf64", samples + clip.num_samples)
    assert info.problem == info.note == ""
    assert soundfile.info(path).frames == samples + clip.num_samples
    end = load(path, start_s=samples / RATE_HZ)
    assert np.array_equal(end.samples, clip.samples)


@given(
    st.sampled_from(list(_wav.BITS)),
    st.integers(1, 5),
    st.integers(0, 2**40),
    st.dictionaries(st.sampled_from(["title", "comment", "software"]), st.text("aé", min_size=1)),
)
def test_the_header_keeps_its_size(subtype, channels, frames, tags):
    size = frames * channels * _wav.BITS[subtype] // 8
    first = _wav.header(RATE_HZ, channels, subtype, tags)
    last = _wav.header(RATE_HZ, channels, subtype, tags, size)
    assert len(first) == len(last)
    assert last[:4] == (b"RIFF" if size + len(last) + size % 2 <= 2**32 + 6 else b"RF64")


@given(
    st.sampled_from(list(_wav.BITS)), st.integers(1, 4), st.integers(0, 50), st.integers(0, 2**32)
)
def test_samples_come_back(subtype, channels, count, seed):
    samples = np.random.default_rng(seed).uniform(-1, 1, (count, channels)).astype(np.float32)
    raw = _wav.to_bytes(samples, subtype)
    assert len(raw) == count * channels * _wav.BITS[subtype] // 8
    found = _wav.from_bytes(raw, subtype, channels)
    step = {"PCM_16": 2.0**-16, "PCM_24": 2.0**-24}.get(subtype, 0.0)
    assert np.abs(found - samples).max(initial=0) <= step + 2.0**-31
    assert _wav.to_bytes(found, subtype) == raw


# -- on after a stop -----------------------------------------------------------------------------

BOOK = """
import sys, time
import numpy as np
from tympan.audio import open_writer, synthetic_tags

path, pause_s = sys.argv[1], float(sys.argv[2])
tags = synthetic_tags(voice="ada", title="Büch")
with open_writer(path, 24_000, 2, tags=tags, key="book") as out:
    first = 0 if out.record is None else out.record["sentence"] + 1
    print("from", first, flush=True)
    for sentence in range(first, 40):
        rng = np.random.default_rng(sentence)
        for _ in range(3):
            values = rng.integers(-20_000, 20_000, (2, int(rng.integers(1, 4000))))
            out.write((values / 32768).astype(np.float32))
            time.sleep(pause_s)
        out.checkpoint({"sentence": sentence, "end": out.num_samples})
    ends = [one["end"] for one in out.records()]
    assert len(ends) == 40 and ends == sorted(ends), ends
"""


def write_book(path, pause_s=0.0):
    command = [sys.executable, "-c", BOOK, str(path), str(pause_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(run):
    out, err = run.communicate(timeout=120)
    assert (run.returncode, err) == (0, "")
    return int(out.split()[1])


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("extension", ["wav", "flac", "opus"])
def test_a_killed_process_is_continued_to_the_sample(extension, tmp_path):
    whole, path = tmp_path / f"whole.{extension}", tmp_path / f"book.{extension}"
    assert finished(write_book(whole)) == 0
    partial, lines = tmp_path / f"{path.name}.partial", tmp_path / f"{path.name}.partial.jsonl"
    starts = []
    for kills in (8, 20):
        run = write_book(path, 0.01)
        deadline = time.monotonic() + 60
        while not (lines.exists() and lines.read_bytes().count(b"\n") > kills):
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.002)
        run.send_signal(signal.SIGKILL)
        out, _ = run.communicate(timeout=60)
        starts.append(int(out.split()[1]))
        assert not path.exists()
        # What is there can be listened to.
        assert load(partial).num_samples > 0
    starts.append(finished(write_book(path)))
    assert starts[0] == 0
    assert 8 <= starts[1] < starts[2] < 40
    assert np.array_equal(load(path).samples, load(whole).samples)
    if extension != "opus":  # Ogg numbers its streams by chance
        assert path.read_bytes() == whole.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([path.name, whole.name])


def interrupted(path, parts, key="k", tail=500):
    """Write parts, a checkpoint after each, and samples without one; then stop by an error."""
    try:
        with open_writer(path, RATE_HZ, key=key) as out:
            for number, part in enumerate(parts):
                out.write(part)
                out.checkpoint({"part": number})
            out.write(np.full(tail, 0.25))
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        return


def test_what_follows_the_last_checkpoint_is_written_again(tmp_path):
    path, parts = tmp_path / "a.wav", [noise(0.1, seed=n).samples for n in range(3)]
    interrupted(path, parts[:2])
    with open_writer(path, RATE_HZ, key="k") as out:
        assert (out.record, out.num_samples) == ({"part": 1}, 4800)
        assert list(out.records()) == [{"part": 0}, {"part": 1}]
        out.write(parts[2])
    assert np.array_equal(load(path).samples, np.concatenate(parts, axis=1))


@pytest.mark.parametrize(
    ("damage", "samples"),
    [
        (lambda partial, lines: None, 4800),
        (lambda partial, lines: os.truncate(lines, lines.stat().st_size - 1), 2400),
        (lambda partial, lines: lines.open("ab").write(b'{"samples": 5300, "rec'), 4800),
        (lambda partial, lines: lines.open("ab").write(b'{"samples": 99999, "record": 9}\n'), 4800),
        (lambda partial, lines: lines.open("ab").write(b"\xff\xfe\n"), 4800),
        # Power fails: the lines are on the disk, some of the samples are not.
        (lambda partial, lines: os.truncate(partial, partial.stat().st_size - 1001), 2400),
        (lambda partial, lines: os.truncate(partial, 200), 0),
        (lambda partial, lines: os.truncate(partial, 10), 0),
        (lambda partial, lines: os.truncate(lines, 0), 0),
        (lambda partial, lines: lines.unlink(), 0),
        (lambda partial, lines: partial.unlink(), 0),
        (lambda partial, lines: lines.write_bytes(b"[]\n"), 0),
    ],
)
@pytest.mark.filterwarnings("ignore:.*begun anew")
def test_damage_costs_no_more_than_it_must(damage, samples, tmp_path):
    path, parts = tmp_path / "a.wav", [noise(0.1, seed=n).samples for n in range(2)]
    interrupted(path, parts)
    damage(tmp_path / "a.wav.partial", tmp_path / "a.wav.partial.jsonl")
    whole = np.concatenate(parts, axis=1)
    with open_writer(path, RATE_HZ, key="k") as out:
        assert out.num_samples == samples
        out.write(whole[:, samples:])
        out.checkpoint({"part": "last"})
        assert list(out.records())[-1] == {"part": "last"}
    assert np.array_equal(load(path).samples, whole)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "other"},
        {"channels": 2},
        {"rate_hz": 8000},
        {"subtype": "PCM_24"},
        {"tags": {"title": "x"}},
    ],
)
def test_another_book_begins_anew_and_says_so(changes, tmp_path):
    path = tmp_path / "a.wav"
    interrupted(path, [noise(0.1).samples])
    options = {"rate_hz": RATE_HZ, "channels": 1, "key": "k", **changes}
    with pytest.warns(UserWarning, match=r"unfinished a.wav.partial was made from another text"):
        out = open_writer(path, options.pop("rate_hz"), options.pop("channels"), **options)
    assert (out.num_samples, out.record, list(out.records())) == (0, None, [])
    out.abandon()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="needs locks of files")
def test_two_processes_do_not_write_one_file(tmp_path):
    path = tmp_path / "a.wav"
    with open_writer(path, RATE_HZ, key="k") as out:
        out.write(np.zeros(100))
        with pytest.raises(AudioFileError, match="is being written by another process"):
            open_writer(path, RATE_HZ, key="k")
        out.write(np.zeros(100))
    assert probe(path).num_samples == 200


def test_an_interrupted_encoding_is_done_again(tmp_path, monkeypatch):
    path, clip = tmp_path / "a.flac", noise(0.3)

    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(writer, "save_sound", fail)
        out = open_writer(path, RATE_HZ, key="k")
        out.write(clip)
        out.checkpoint("all")
        with pytest.raises(KeyboardInterrupt):
            out.close()
    assert not path.exists()
    with open_writer(path, RATE_HZ, key="k") as out:
        assert out.record == "all"
    assert np.array_equal(load(path).samples, clip.samples)


def test_keys(tmp_path):
    text = tmp_path / "a.txt"
    text.write_text("Hello.")
    key = job_key(text, {"voice": "ada", "speed": 1.0})
    assert key == job_key(text, {"speed": 1.0, "voice": "ada"})
    assert key != job_key(text, {"speed": 1.1, "voice": "ada"})
    assert key != job_key("Hello.", {"speed": 1.0, "voice": "ada"})
    text.write_text("Hello!")
    assert key != job_key(text, {"voice": "ada", "speed": 1.0})
    with pytest.raises(TympanError, match=r"gone: cannot be read"):
        job_key(tmp_path / "gone", {})


# -- full disks ----------------------------------------------------------------------------------

FULL = """
import resource, signal, sys
import numpy as np
from tympan.audio import open_writer
from tympan.errors import AudioFileError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    with open_writer(sys.argv[1], 24_000, key=sys.argv[2] or None) as out:
        for number in range(10):
            out.write(np.full(8000, number / 100))
            out.checkpoint(number)
except AudioFileError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
@pytest.mark.parametrize("extension", ["wav", "flac", "mp3"])
@pytest.mark.parametrize("key", ["", "k"])
def test_a_disk_that_is_full(extension, key, tmp_path):
    path = tmp_path / f"a.{extension}"
    path.write_bytes(b"before")
    command = [sys.executable, "-c", FULL, str(path), key]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.stderr == ""
    advice = "(make room, and give the command again)"
    assert run.stdout == f"{path}: cannot be written: File too large {advice}\n"
    assert path.read_bytes() == b"before"
    if not key:
        assert list(tmp_path.iterdir()) == [path]
        return
    # With room it goes on where it was.
    with open_writer(path, RATE_HZ, key=key) as out:
        assert (out.record, out.num_samples) == (2, 24_000)
        out.write(np.full(8000, 0.5))
    assert probe(path).duration_s == pytest.approx(32_000 / RATE_HZ, abs=0.1)


def test_the_journal_is_lines_of_json(tmp_path):
    interrupted(tmp_path / "a.wav", [noise(0.1).samples])
    lines = (tmp_path / "a.wav.partial.jsonl").read_text().splitlines()
    head, first = map(json.loads, lines)
    assert head["key"] == "k"
    assert first == {"samples": 2400, "record": {"part": 0}}


def test_unfinished_files_carry_the_mark(tmp_path):
    with open_writer(
        tmp_path / "a.flac", RATE_HZ, tags=synthetic_tags(voice="ada"), key="k"
    ) as out:
        out.write(noise(0.1))
        assert "Synthetic speech" in load(tmp_path / "a.flac.partial").tags["comment"]
