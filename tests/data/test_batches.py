"""Batches depend on (seed, epoch, step) and on nothing else."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import pytest
import soundfile
import torch

from tests_training import RATE_HZ, write_problem
from tympan.data import Batch, Batches, WaveCache, read_folder
from tympan.data.batches import class_weights
from tympan.errors import ArgumentError, ShapeError


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> WaveCache:
    """21 recordings of 0.25 to 0.33 s, and one of 3 s."""
    root = write_problem(tmp_path_factory.mktemp("data"), per_label=7)
    long = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * RATE_HZ)
    soundfile.write(root / "low" / "long.wav", long, RATE_HZ)
    return WaveCache.open(read_folder(root), RATE_HZ, tmp_path_factory.mktemp("cache"))


def make(cache: WaveCache, **options: object) -> Batches:
    given: dict[str, object] = {"batch_size": 5, "crop_s": 0.2, "training": True, "seed": 1}
    targets = torch.arange(len(cache))
    return Batches(cache, targets, **(given | options))  # type: ignore[arg-type]


def same(a: list[Batch], b: list[Batch]) -> bool:
    return len(a) == len(b) and all(
        torch.equal(getattr(x, name), getattr(y, name))
        for x, y in zip(a, b, strict=True)
        for name in ("waves", "targets", "index", "lengths")
    )


@pytest.mark.parametrize("workers", [1, 3, 50])
@pytest.mark.parametrize("training", [True, False])
def test_threads_change_nothing(cache: WaveCache, workers: int, training: bool) -> None:
    alone = make(cache, training=training, workers=0)
    many = make(cache, training=training, workers=workers)
    assert same(list(alone.epoch(3)), list(many.epoch(3)))


def test_an_epoch_can_start_in_the_middle(cache: WaveCache) -> None:
    batches = make(cache, balance=True)
    whole = list(batches.epoch(2))
    assert len(whole) == len(batches) == 5
    for start in range(6):
        assert same(list(batches.epoch(2, start)), whole[start:])


def test_seed_and_epoch_change_order_and_crops(cache: WaveCache) -> None:
    first = list(make(cache).epoch(0))
    assert same(first, list(make(cache).epoch(0)))
    assert not same(first, list(make(cache).epoch(1)))
    assert not same(first, list(make(cache, seed=2).epoch(0)))
    assert not same(first, list(make(cache, seed=-1).epoch(0)))


def test_each_recording_comes_once_and_the_last_batch_is_filled_up(cache: WaveCache) -> None:
    batches = list(make(cache).epoch(0))
    seen = Counter(int(i) for batch in batches for i in batch.index)
    assert [len(batch) for batch in batches] == [5] * 5
    assert set(seen) == set(range(22))
    assert seen.total() == 25
    assert max(seen.values()) == 2
    for batch in batches:
        assert len(set(batch.index.tolist())) == 5
        assert torch.equal(batch.targets, batch.index)
        assert batch.waves.dtype == torch.float32


def test_crops_are_pieces_from_anywhere(cache: WaveCache) -> None:
    batches = make(cache)
    (row,) = [i for i in range(len(cache)) if cache.length(i) == 3 * RATE_HZ]
    whole, places = cache.wave(row), []
    for epoch in range(12):
        for batch in batches.epoch(epoch):
            for wave, index, length in zip(batch.waves, batch.index, batch.lengths, strict=True):
                assert int(length) == len(wave) == 800
                if int(index) == row:
                    starts = np.lib.stride_tricks.sliding_window_view(whole, 3)
                    (found,) = np.flatnonzero((starts == wave[:3].numpy()).all(1))
                    np.testing.assert_array_equal(wave.numpy(), whole[found : found + 800])
                    places.append(int(found))
    assert min(places) < 3000
    assert max(places) > 8000


@pytest.mark.parametrize("pad", ["zero", "cyclic"])
@pytest.mark.parametrize("training", [True, False])
def test_short_recordings_are_filled_up(cache: WaveCache, pad: str, training: bool) -> None:
    batch = next(iter(make(cache, crop_s=1.0, pad=pad, training=training)))
    assert batch.waves.shape == (5, 4000)
    for wave, index, length in zip(batch.waves, batch.index, batch.lengths, strict=True):
        real = cache.wave(int(index))
        if len(real) >= 4000:
            continue
        assert int(length) == len(real)
        wanted = np.zeros(4000) if pad == "zero" else np.resize(real, 4000)
        wanted[: len(real)] = real
        np.testing.assert_array_equal(wave.numpy(), wanted.astype(np.float32))


def test_evaluation_goes_through_the_rows_once_in_order(cache: WaveCache) -> None:
    batches = list(make(cache, training=False).epoch(0))
    assert torch.cat([batch.index for batch in batches]).tolist() == list(range(22))
    assert [len(batch) for batch in batches] == [5, 5, 5, 5, 2]
    for batch in batches:
        for wave, index in zip(batch.waves, batch.index, strict=True):
            whole = cache.wave(int(index))
            start = (len(whole) - 800 + 1) // 2
            np.testing.assert_array_equal(wave.numpy(), whole[start : start + 800])
    assert same(batches, list(make(cache, training=False).epoch(7)))


def test_whole_recordings(cache: WaveCache) -> None:
    for batch in make(cache, crop_s=None, training=False).epoch(0):
        assert batch.waves.shape[1] == max(batch.lengths)
        assert batch.lengths.tolist() == [cache.length(int(i)) for i in batch.index]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_each_batch(cache: WaveCache, training: bool, world: int) -> None:
    alone = make(cache, batch_size=6, training=training)
    parts = [alone.shard(rank, world) for rank in range(world)]
    assert alone.world == 1  # sharding leaves the original alone
    steps = [list(part.epoch(1)) for part in parts]
    for step, whole in enumerate(alone.epoch(1)):
        shares = [set(found[step].index.tolist()) for found in steps]
        assert set().union(*shares) == set(whole.index.tolist())
        assert sum(map(len, shares)) == len(whole)
        for rank in range(world):
            assert torch.equal(steps[rank][step].waves, whole.waves[rank::world])


def test_processes_get_the_same_number_of_recordings(cache: WaveCache) -> None:
    parts = [make(cache, batch_size=5).shard(rank, 2) for rank in range(2)]
    sizes = [[len(batch) for batch in part.epoch(0)] for part in parts]
    assert sizes[0] == sizes[1] == [3] * 4


def test_fewer_recordings_than_a_batch(cache: WaveCache) -> None:
    few = cache.subset([0, 1, 2])
    batches = Batches(few, torch.arange(3), batch_size=64, crop_s=0.1, training=True)
    (batch,) = batches.epoch(0)
    assert sorted(batch.index.tolist()) == [0, 1, 2]


def test_balance_makes_classes_equal(cache: WaveCache) -> None:
    targets = torch.tensor([0] * 18 + [1] * 3 + [2])
    batches = Batches(
        cache, targets, batch_size=22, crop_s=0.1, training=True, balance=True, workers=0
    )
    drawn = Counter(int(t) for e in range(30) for b in batches.epoch(e) for t in b.targets)
    for label in range(3):
        assert drawn[label] == pytest.approx(220, abs=30)
    half = class_weights(targets, 0.5)
    assert half[21] / half[0] == pytest.approx(18**0.5)


def test_balance_of_several_labels() -> None:
    hot = torch.tensor([[1, 0], [1, 0], [1, 1], [0, 0]])
    weights = class_weights(hot.float(), 1.0)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] == weights[1] == pytest.approx(weights[2] / 3)
    assert weights[3] <= weights[0]
    with pytest.raises(ShapeError):
        class_weights(torch.zeros(2, 3, 4), 1.0)


def test_leaving_an_epoch_ends_its_threads(cache: WaveCache) -> None:
    before = threading.active_count()
    for _ in range(3):
        epoch = make(cache, batch_size=1, workers=3).epoch(0)
        next(epoch)
        assert threading.active_count() > before
        epoch.close()  # type: ignore[attr-defined]
        assert threading.active_count() == before


def test_an_error_while_reading_ahead_reaches_the_caller(
    cache: WaveCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: WaveCache, i: int, start: int = 0, length: int | None = None) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(WaveCache, "wave", broken)
    with pytest.raises(OSError, match="the disk is gone"):
        list(make(cache, workers=2).epoch(0))


def test_the_wait_is_measured(cache: WaveCache) -> None:
    batches = make(cache)
    assert batches.wait_s == 0
    list(batches.epoch(0))
    assert batches.wait_s > 0


def test_wrong_arguments(cache: WaveCache) -> None:
    with pytest.raises(ShapeError, match="3 targets for 22 recordings"):
        Batches(cache, torch.arange(3), batch_size=1, crop_s=1.0, training=True)
    for wrong in ({"batch_size": 0}, {"crop_s": 0.0}, {"pad": "mirror"}, {"rank": 2, "world": 2}):
        with pytest.raises(ArgumentError):
            make(cache, **wrong)


def test_the_fingerprint_knows_what_matters(cache: WaveCache) -> None:
    prints = [
        make(cache).fingerprint(),
        make(cache, seed=2).fingerprint(),
        make(cache, batch_size=4).fingerprint(),
        make(cache, crop_s=0.1).fingerprint(),
        make(cache, balance=True).fingerprint(),
        make(cache, pad="cyclic").fingerprint(),
        make(cache.subset(range(21, -1, -1))).fingerprint(),
        Batches(
            cache, torch.zeros(22), batch_size=5, crop_s=0.2, training=True, seed=1
        ).fingerprint(),
    ]
    assert len({str(p) for p in prints}) == len(prints)
    assert make(cache, workers=4).shard(0, 2).fingerprint() == prints[0]
