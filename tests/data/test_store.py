"""Decoded once, exact, and safe against crashes and other processes."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import pickle
import signal
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

import tympan
from tests_training import RATE_HZ, write_problem, write_tone
from tympan.data import AudioStore, Example, Table, packs, read_folder
from tympan.data.store import cache_home
from tympan.errors import AudioFileError, DataError

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return read_folder(write_problem(tmp_path / "data", per_label=3))


class Counter:
    """A progress callback that remembers."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.calls.append((done, total))


def folder_of(home: Path) -> Path:
    (folder,) = [p for p in home.iterdir() if p.is_dir()]
    return folder


# -- what comes back ---------------------------------------------------------------------------


def test_sixteen_bits_at_the_same_rate_come_back_exactly(table: Table, tmp_path: Path) -> None:
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c")
    assert len(store.table) == len(table) == 9
    for path in table.paths:
        wave, _ = soundfile.read(path, dtype="float32")
        assert store.wave(path).dtype == np.float32
        np.testing.assert_array_equal(store.wave(path), wave[None])
        assert store.length(path) == len(wave)
    lengths = store.lengths(table.paths)
    assert store.duration_s == pytest.approx(lengths.sum() / RATE_HZ)
    assert store.size_bytes == 2 * lengths.sum()


@pytest.mark.parametrize("peak", [1e-4, 0.3, 1.0, 7.5])
@pytest.mark.parametrize("subtype", ["FLOAT", "PCM_24", "PCM_16"])
def test_anything_else_is_rounded_far_below_its_peak(
    tmp_path: Path, peak: float, subtype: str
) -> None:
    if subtype != "FLOAT":
        peak = min(peak, 0.99)
    noise = np.random.default_rng(0).uniform(-peak, peak, (4000, 2))
    (tmp_path / "d" / "a").mkdir(parents=True)
    soundfile.write(tmp_path / "d" / "a" / "1.wav", noise, 8000, subtype=subtype)
    table = read_folder(tmp_path / "d")
    wave = AudioStore.open(table, 6000, tmp_path / "c").wave(table.paths[0])
    wanted = tympan.load(table.paths[0], rate_hz=6000).samples
    assert wave.shape == wanted.shape
    assert np.abs(wave - wanted).max() <= np.abs(wanted).max() / 32767 / 2 * 1.01


def test_silence(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    soundfile.write(tmp_path / "d" / "1.wav", np.zeros(100), 8000)
    store = AudioStore.open(read_folder(tmp_path / "d"), 8000, tmp_path / "c")
    np.testing.assert_array_equal(store.mono(tmp_path / "d" / "1.wav"), np.zeros(100, np.float32))


def test_a_part_of_a_wave(table: Table, tmp_path: Path) -> None:
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c")
    whole = store.mono(table.paths[4])
    np.testing.assert_array_equal(store.mono(table.paths[4], 10, 50), whole[10:60])
    np.testing.assert_array_equal(store.mono(table.paths[4], len(whole) - 5, 50), whole[-5:])
    assert len(store.mono(table.paths[4], len(whole) + 9, 50)) == 0
    assert len(store.mono(table.paths[4], 3, 0)) == 0


def test_real_recordings_equal_what_load_gives(shared_data: Path, tmp_path: Path) -> None:
    table = read_folder(shared_data / "esc50").subset(range(0, 2000, 400))
    store = AudioStore.open(table, 11025, tmp_path)
    for path in table.paths:
        wanted = tympan.load(path, rate_hz=11025, mono=True).samples[0]
        np.testing.assert_allclose(store.mono(path), wanted, atol=np.abs(wanted).max() / 60000)


# -- what is decoded when ----------------------------------------------------------------------


def test_nothing_is_decoded_twice(table: Table, tmp_path: Path) -> None:
    first, again = Counter(), Counter()
    AudioStore.open(table, RATE_HZ, tmp_path / "c", first)
    assert first.calls == [(i + 1, 9) for i in range(9)]
    AudioStore.open(table, RATE_HZ, tmp_path / "c", again)
    part = AudioStore.open(table.subset([7, 2]), RATE_HZ, tmp_path / "c", again)
    assert again.calls == []
    wave, _ = soundfile.read(table.paths[7], dtype="float32")
    np.testing.assert_array_equal(part.mono(table.paths[7]), wave)
    whole = AudioStore.open(table, RATE_HZ, tmp_path / "c")
    assert part.content_key(table.paths[2]) == whole.content_key(table.paths[2])


def test_only_what_is_missing_is_decoded(table: Table, tmp_path: Path) -> None:
    AudioStore.open(table.subset(range(4)), RATE_HZ, tmp_path / "c")
    rest = Counter()
    AudioStore.open(table, RATE_HZ, tmp_path / "c", rest)
    assert rest.calls[-1] == (5, 5)
    other_rate = Counter()
    AudioStore.open(table, 2000, tmp_path / "c", other_rate)
    assert other_rate.calls[-1] == (9, 9)


def test_a_changed_file_is_decoded_again(table: Table, tmp_path: Path) -> None:
    AudioStore.open(table, RATE_HZ, tmp_path / "c")
    write_tone(table.paths[3], 900, seed=99, duration_s=0.4)
    changed = Counter()
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c", changed)
    assert changed.calls == [(1, 1)]
    wave, _ = soundfile.read(table.paths[3], dtype="float32")
    np.testing.assert_array_equal(store.mono(table.paths[3]), wave)


def test_all_channels_are_kept_and_mono_is_their_mean(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    both = rng.integers(-20000, 20000, (500, 2)).astype(np.int16)
    opposite = np.stack([both[:, 0], -both[:, 0] // 2 * 2], 1)
    (tmp_path / "d").mkdir()
    for name, samples in (("both", both), ("opposite", opposite)):
        soundfile.write(tmp_path / "d" / f"{name}.wav", samples, 8000)
    table = read_folder(tmp_path / "d")
    store = AudioStore.open(table, 8000, tmp_path / "c")
    path, swapped = table.paths
    assert store.channels(path) == 2
    assert store.length(path) == 500
    wanted = both.T.astype(np.float32) / 32768
    np.testing.assert_array_equal(store.wave(path), wanted)
    np.testing.assert_array_equal(store.wave(path, 100, 7), wanted[:, 100:107])
    np.testing.assert_allclose(store.mono(path, 3), wanted[:, 3:].mean(0), atol=1e-7)
    # Of channels that cancel, the mean would be silence.
    np.testing.assert_array_equal(store.mono(swapped), wanted[0])
    left = read_folder(tmp_path / "d").subset([0])
    assert store.keys(left) != store.keys(table.subset([1]))


def test_the_same_numbers_in_other_channels_are_another_sound(tmp_path: Path) -> None:
    """Interleaved, a stereo file and a mono file of twice its length hold the same numbers."""
    numbers = np.random.default_rng(0).integers(-20000, 20000, 400).astype(np.int16)
    (tmp_path / "d").mkdir()
    soundfile.write(tmp_path / "d" / "mono.wav", numbers, 8000)
    soundfile.write(tmp_path / "d" / "stereo.wav", numbers.reshape(-1, 2), 8000)
    swapped = numbers.reshape(-1, 2)[:, ::-1]
    soundfile.write(tmp_path / "d" / "swapped.wav", swapped, 8000)
    table = read_folder(tmp_path / "d")
    store = AudioStore.open(table, 8000, tmp_path / "c")
    assert len(set(store.keys(table))) == 3
    assert [store.length(path) for path in table.paths] == [400, 200, 200]
    assert store.duration_s == pytest.approx(800 / 8000)


def test_a_row_of_several_files_has_the_content_of_all(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for i in range(3):
        write_tone(tmp_path / "d" / f"{i}.wav", 300, seed=i)
    paths = [tmp_path / "d" / f"{i}.wav" for i in range(3)]
    rows = tuple(
        Example({"mixture": paths[0], "voice": paths[other]}) for other in (1, 2, 1)
    )  # fmt: skip
    table = Table(tmp_path / "d", rows)
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c")
    first, other, same = store.keys(table)
    assert first == same != other
    contents = [store.content_key(path) for path in paths[:2]]
    assert first.split("+") == contents  # by the names of their roles
    assert store.lengths(path for path in paths).tolist() == [store.length(p) for p in paths]


def test_channels_that_nearly_cancel_are_told_by_the_whole_file(tmp_path: Path) -> None:
    """Under a tenth of the level in their mean, the louder one stands for both."""
    rng = np.random.default_rng(0)
    sound = rng.uniform(-0.5, 0.5, 2000)
    rest = rng.uniform(-0.5, 0.5, 2000)
    (tmp_path / "d").mkdir()
    for name, share in (("less", 0.05), ("more", 0.2)):
        both = np.stack([sound, -sound + 2 * share * rest], 1)
        soundfile.write(tmp_path / "d" / f"{name}.wav", both, 8000, subtype="FLOAT")
    table = read_folder(tmp_path / "d")
    store = AudioStore.open(table, 8000, tmp_path / "c")
    less, more = table.paths
    for start in (0, 700):  # a part has the channel of the whole
        np.testing.assert_array_equal(store.mono(less, start, 9), store.wave(less, start, 9)[1])
        np.testing.assert_allclose(
            store.mono(more, start, 9), store.wave(more, start, 9).mean(0), atol=1e-7
        )


def test_scores_are_compared_by_their_bytes(tmp_path: Path) -> None:
    for name, content in (("a", b"MThd1"), ("b", b"MThd2"), ("c", b"MThd1")):
        (tmp_path / f"{name}.mid").write_bytes(content)
    rows = tuple(Example({"midi": tmp_path / f"{name}.mid"}) for name in "abc")
    table = Table(tmp_path, rows)
    store = AudioStore.open(table, None)
    first, other, copy = store.keys(table)
    assert first == copy != other
    with pytest.raises(DataError, match="has not been decoded"):
        store.wave(tmp_path / "a.mid")


def test_a_row_may_come_twice(table: Table, tmp_path: Path) -> None:
    double = table.subset([0, 1, 0])
    store = AudioStore.open(double, RATE_HZ, tmp_path / "c")
    assert store.keys(double)[0] == store.keys(double)[2] != store.keys(double)[1]


@pytest.mark.parametrize("workers", [1, 3])
def test_packs_do_not_depend_on_threads(table: Table, tmp_path: Path, workers: int) -> None:
    AudioStore.open(table, RATE_HZ, tmp_path / "c", workers=workers)
    (pcm,) = folder_of(tmp_path / "c").glob("*.pcm")
    waves = [soundfile.read(path, dtype="int16")[0] for path in table.paths]
    assert pcm.read_bytes() == np.concatenate(waves).tobytes()


def test_it_pickles_by_path(table: Table, tmp_path: Path) -> None:
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c")
    store.wave(table.paths[0])  # the file is open
    data = pickle.dumps(store)
    assert len(data) < 10_000
    again = pickle.loads(data)
    np.testing.assert_array_equal(again.wave(table.paths[4]), store.wave(table.paths[4]))


# -- what cannot be read -----------------------------------------------------------------------


@pytest.fixture
def damaged(table: Table) -> Table:
    """Rows 1, 4 and 6 cannot be decoded, each in its own way."""
    table.paths[1].write_bytes(b"no sound at all")
    table.paths[4].write_bytes(b"")
    soundfile.write(table.paths[6], np.array([0.0, np.nan]), RATE_HZ, subtype="FLOAT")
    return table


def test_unreadable_files_are_all_named(damaged: Table, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="3 of 9 recordings cannot be read") as caught:
        AudioStore.open(damaged, RATE_HZ, tmp_path / "c")
    for i in (1, 4, 6):
        assert damaged.relative(damaged.paths[i]) in str(caught.value)
    # What can be read was decoded meanwhile.
    again = Counter()
    with pytest.raises(DataError):
        AudioStore.open(damaged, RATE_HZ, tmp_path / "c", again)
    assert again.calls[-1] == (3, 3)


def test_unreadable_files_can_be_skipped(damaged: Table, tmp_path: Path) -> None:
    store = AudioStore.open(damaged, RATE_HZ, tmp_path / "c", on_error="skip")
    assert len(store.table) == 6
    assert len(store.skipped) == 3
    assert all(isinstance(error, AudioFileError) for error in store.skipped)
    kept = [p for i, p in enumerate(damaged.paths) if i not in (1, 4, 6)]
    assert store.table.paths == kept
    wave, _ = soundfile.read(kept[-1], dtype="float32")
    np.testing.assert_array_equal(store.mono(kept[-1]), wave)


def test_nothing_readable_is_an_error_even_when_skipping(damaged: Table, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 of 2 recordings cannot be read"):
        AudioStore.open(damaged.subset([1, 4]), RATE_HZ, tmp_path / "c", on_error="skip")


def test_a_file_that_is_gone(table: Table, tmp_path: Path) -> None:
    table.paths[2].unlink()
    with pytest.raises(DataError, match="cannot be read: No such file"):
        AudioStore.open(table, RATE_HZ, tmp_path / "c")


# -- long files --------------------------------------------------------------------------------


def test_a_long_file_is_the_same_through_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "d").mkdir()
    for i in range(2):
        noise = rng.uniform(-0.5, 0.5, 70 * 8000)
        soundfile.write(tmp_path / "d" / f"{i}.wav", noise, 8000, subtype=("FLOAT", "PCM_16")[i])
    table = read_folder(tmp_path / "d")
    memory = AudioStore.open(table, 8000, tmp_path / "memory")
    monkeypatch.setattr(packs, "SPOOL_SAMPLES", 10_000)
    spooled = AudioStore.open(table, 8000, tmp_path / "spooled")
    for i in range(2):
        path = table.paths[i]
        np.testing.assert_array_equal(memory.wave(path), spooled.wave(path))
        assert memory.content_key(path) == spooled.content_key(path)


def test_memory_is_bounded_for_long_files(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    minute = np.random.default_rng(0).integers(-9999, 9999, 60 * 16000).astype(np.int16)
    with soundfile.SoundFile(tmp_path / "d" / "long.wav", "w", 16000, 1, "PCM_16") as file:
        for _ in range(15):
            file.write(minute)
    table = read_folder(tmp_path / "d")
    tracemalloc.start()
    try:
        store = AudioStore.open(table, 16000, tmp_path / "c", workers=1)
        middle = store.mono(table.paths[0], 7 * len(minute) + 5, 1000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(middle, minute[5:1005].astype(np.float32) / 32768)
    assert store.length(table.paths[0]) == 15 * len(minute)
    assert peak < 32e6  # the whole is 58 MB as float32


# -- crashes and other processes ---------------------------------------------------------------


@pytest.fixture(scope="session")
def server() -> ForkServerContext:
    """Starts processes cheaply."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("begins and kills processes as Unix can")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tympan.data.store", "soundfile", "av"])
    return context


def build(root: Path, home: Path, kill_at: int, start: Any, pack_samples: int) -> None:
    """Open a store in a process of its own, perhaps killed when `kill_at` files are decoded."""
    packs.PACK_SAMPLES = pack_samples
    if start is not None:
        start.wait(60)

    def progress(done: int, total: int) -> None:
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if start is not None:
            time.sleep(0.02)  # so that the other process arrives meanwhile

    table = read_folder(root)
    store = AudioStore.open(table, RATE_HZ, home, progress)
    for path in table.paths:
        wave, _ = soundfile.read(path, dtype="float32")
        np.testing.assert_array_equal(store.wave(path), wave[None])


def test_two_processes_build_one_cache_once(
    table: Table, tmp_path: Path, server: ForkServerContext
) -> None:
    start = server.Barrier(2)
    args = (table.root, tmp_path / "c", -1, start, 2**27)
    processes = [server.Process(target=build, args=args) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    folder = folder_of(tmp_path / "c")
    held = [key for f in folder.glob("*.json") for key in json.loads(f.read_text())["entries"]]
    assert len(held) == len(set(held)) == 9
    assert not list(folder.glob("*.tmp"))


@pytest.mark.parametrize("kill_at", [1, 5, 9])
def test_killed_in_the_middle(
    table: Table, tmp_path: Path, server: ForkServerContext, kill_at: int
) -> None:
    # Two or three recordings fill a pack here, so that some packs are whole when it dies.
    args = (table.root, tmp_path / "c", kill_at, None, 2500)
    process = server.Process(target=build, args=args)
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    left = folder_of(tmp_path / "c")
    assert kill_at == 9 or list(left.glob("*.tmp"))

    rest = Counter()
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c", rest)
    lost = rest.calls[-1][1] if rest.calls else 0
    assert 9 - kill_at <= lost < 9 - kill_at + 3  # whole packs were not lost
    assert not list(left.glob("*.tmp"))
    for path in table.paths:
        wave, _ = soundfile.read(path, dtype="float32")
        np.testing.assert_array_equal(store.wave(path), wave[None])


def test_killed_between_the_two_renames(table: Table, tmp_path: Path) -> None:
    AudioStore.open(table, RATE_HZ, tmp_path / "c")
    folder = folder_of(tmp_path / "c")
    (listing,) = folder.glob("*.json")
    listing.unlink()
    (orphan,) = folder.glob("*.pcm")
    again = Counter()
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c", again)
    assert again.calls[-1] == (9, 9)
    assert not orphan.exists()
    assert store.size_bytes == 2 * store.lengths(table.paths).sum()


@pytest.mark.parametrize("harm", ["cut samples", "junk listing", "other format", "list"])
def test_a_damaged_pack_is_made_again(table: Table, tmp_path: Path, harm: str) -> None:
    AudioStore.open(table, RATE_HZ, tmp_path / "c")
    folder = folder_of(tmp_path / "c")
    (listing,), (pcm,) = folder.glob("*.json"), folder.glob("*.pcm")
    harmed = pcm
    if harm == "cut samples":
        pcm.write_bytes(pcm.read_bytes()[:-2])
    elif harm == "junk listing":
        listing.write_text('{"format": 2, "entries"')
    elif harm == "list":
        listing.write_text("[]")
    else:
        listing.write_text(json.dumps({**json.loads(listing.read_text()), "format": 99}))
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c")
    assert harmed.exists() == (harm == "other format")  # which may be a newer version's
    for path in table.paths:
        wave, _ = soundfile.read(path, dtype="float32")
        np.testing.assert_array_equal(store.wave(path), wave[None])


def test_a_full_disk(table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(packs._Pack, "add", full)
        with pytest.raises(DataError, match=r"No space left on device .*TYMPAN_CACHE"):
            AudioStore.open(table, RATE_HZ, tmp_path / "c")
    assert not list(folder_of(tmp_path / "c").glob("*.pcm"))
    assert not list(folder_of(tmp_path / "c").glob("*.tmp"))
    assert len(AudioStore.open(table, RATE_HZ, tmp_path / "c").table) == 9


def test_a_place_that_cannot_hold_it(table: Table, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match=r"cannot hold the decoded recordings.*TYMPAN_CACHE"):
        AudioStore.open(table, RATE_HZ, tmp_path / "file")


# -- room --------------------------------------------------------------------------------------


def test_caches_unused_for_a_month_are_removed(table: Table, tmp_path: Path) -> None:
    home = tmp_path / "c"
    old, recent, foreign = (home / name for name in ("old-1-8000hz", "new-2-8000hz", "photos"))
    for folder, days in ((old, 31), (recent, 29), (foreign, 99)):
        folder.mkdir(parents=True)
        for name in ("used", "1.pcm", "1.json"):
            (folder / name).write_text("{}")
        then = time.time() - days * 86400
        os.utime(folder / "used", (then, then))
    AudioStore.open(table, RATE_HZ, home)
    assert not old.exists()
    assert (recent / "1.pcm").exists()
    assert (foreign / "1.pcm").exists()


def test_packs_whose_files_are_gone_are_removed(table: Table, tmp_path: Path) -> None:
    AudioStore.open(table.subset(range(4)), RATE_HZ, tmp_path / "c")
    (dead,) = folder_of(tmp_path / "c").glob("*.pcm")
    for i, path in enumerate(table.paths[:4]):
        write_tone(path, 500, seed=50 + i, duration_s=0.5)
    store = AudioStore.open(table, RATE_HZ, tmp_path / "c")
    assert not dead.exists()
    assert store.size_bytes == 2 * store.lengths(table.paths).sum()


def test_where_caches_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_home(tmp_path) == tmp_path
    monkeypatch.setenv("TYMPAN_CACHE", str(tmp_path / "own"))
    assert cache_home() == tmp_path / "own"
    monkeypatch.delenv("TYMPAN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_home() == tmp_path / "xdg" / "tympan"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_home() == Path.home() / ".cache" / "tympan"
