"""Batches depend on (seed, epoch, step) and on nothing else."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor

from tympan.data import Batch, Batches
from tympan.data.batches import collate
from tympan.data.examples import class_weights
from tympan.errors import ArgumentError, ShapeError


class Ragged:
    """Rows of one to twenty numbers, of which training adds a random one."""

    padding: Mapping[str, float] = {"x": -1.0}

    def __init__(self, rows: int = 22, weights: np.ndarray | None = None) -> None:
        self.sizes = 1 + np.arange(rows) % 20
        self.weights = weights

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        noise = 0.0 if rng is None else rng.random()
        return {
            "x": torch.full((int(self.sizes[row]),), float(row)),
            "noise": torch.tensor(noise, dtype=torch.float64),
        }

    def fingerprint(self) -> dict[str, object]:
        return {"content": len(self.sizes)}


def make(examples: Ragged | None = None, **options: object) -> Batches:
    given: dict[str, object] = {"batch_size": 5, "training": True, "seed": 1}
    return Batches(examples or Ragged(), **(given | options))  # type: ignore[arg-type]


def same(a: list[Batch], b: list[Batch]) -> bool:
    return len(a) == len(b) and all(
        x.keys() == y.keys() and all(torch.equal(x[name], y[name]) for name in x)
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("workers", [1, 3, 50])
@pytest.mark.parametrize("training", [True, False])
def test_threads_change_nothing(workers: int, training: bool) -> None:
    alone = make(training=training, workers=0)
    many = make(training=training, workers=workers)
    assert same(list(alone.epoch(3)), list(many.epoch(3)))


def test_an_epoch_can_start_in_the_middle() -> None:
    batches = make(examples=Ragged(weights=np.full(22, 1 / 22)))
    whole = list(batches.epoch(2))
    assert len(whole) == len(batches) == 5
    for start in range(6):
        assert same(list(batches.epoch(2, start)), whole[start:])


def test_seed_and_epoch_change_order_and_choices() -> None:
    first = list(make().epoch(0))
    assert same(first, list(make().epoch(0)))
    assert not same(first, list(make().epoch(1)))
    assert not same(first, list(make(seed=2).epoch(0)))
    assert not same(first, list(make(seed=-1).epoch(0)))


def noise_of(batches: Batches, epoch: int) -> dict[int, float]:
    """What each row drew in an epoch."""
    found: dict[int, float] = {}
    for batch in batches.epoch(epoch):
        found |= dict(zip(batch["row"].tolist(), batch["noise"].tolist(), strict=True))
    return found


def test_the_choices_of_a_row_depend_on_seed_epoch_and_its_place_alone() -> None:
    first, later, other = noise_of(make(), 0), noise_of(make(), 1), noise_of(make(seed=2), 0)
    for one in (first, later, other):
        assert len(set(one.values())) == 22
    assert not set(first.values()) & set(later.values())
    assert not set(first.values()) & set(other.values())
    # Whatever the batch size, so also whatever the number of processes.
    places = [n for b in make(batch_size=11).epoch(0) for n in b["noise"].tolist()]
    assert places == [n for b in make().epoch(0) for n in b["noise"].tolist()][:22]


def test_rows_of_a_label_are_spread_evenly_when_they_are_balanced() -> None:
    """Systematic resampling: each row comes as often as its weight says, rounded up or down."""
    weights = np.linspace(1, 4, 22)
    weights /= weights.sum()
    batches = make(Ragged(weights=weights))
    for epoch in range(5):
        drawn = Counter(int(r) for b in batches.epoch(epoch) for r in b["row"])
        for row, weight in enumerate(weights):
            assert abs(drawn[row] - 25 * weight) < 1


def test_each_recording_comes_once_and_the_last_batch_is_filled_up() -> None:
    batches = list(make().epoch(0))
    seen = Counter(int(i) for batch in batches for i in batch["row"])
    assert [len(batch["row"]) for batch in batches] == [5] * 5
    assert set(seen) == set(range(22))
    assert seen.total() == 25
    assert max(seen.values()) == 2
    for batch in batches:
        assert len(set(batch["row"].tolist())) == 5
        assert batch["x"].dtype == torch.float32
        assert torch.equal(batch["x"][:, 0].long(), batch["row"])


@pytest.mark.parametrize("training", [True, False])
def test_what_is_ragged_is_filled_up_and_its_lengths_stand_beside(training: bool) -> None:
    for batch in make(training=training).epoch(0):
        assert batch["x"].shape[1] == batch["x_lengths"].max()
        for x, row, length in zip(batch["x"], batch["row"], batch["x_lengths"], strict=True):
            assert int(length) == 1 + int(row) % 20
            assert bool((x[:length] == float(row)).all())
            assert bool((x[length:] == -1).all())
    assert "noise_lengths" not in batch


def test_several_ragged_axes() -> None:
    items = [{"x": torch.ones(2, 3)}, {"x": torch.ones(1, 5)}]
    batch = collate(items, {"x": 0.0})
    assert batch["x"].shape == (2, 2, 5)
    assert batch["x"].sum() == 6 + 5
    assert batch["x_lengths"].tolist() == [3, 5]


def test_rows_of_alike_size_share_a_batch() -> None:
    plain, sorted_ = make(Ragged(100)), make(Ragged(100), bucket=5)

    def padded(batches: Batches) -> int:
        return sum(int((b["x"] == -1).sum()) for e in range(3) for b in batches.epoch(e))

    assert padded(sorted_) < 0.5 * padded(plain)
    first = [int(r) for batch in sorted_.epoch(0) for r in batch["row"]]
    assert sorted(first) == list(range(100))
    largest = [int(b["x_lengths"].max()) for b in sorted_.epoch(0)]
    assert largest != sorted(largest)  # batches come in any order of size
    assert [int(r) for batch in sorted_.epoch(1) for r in batch["row"]] != first


def test_evaluation_goes_through_the_rows_once_in_order() -> None:
    batches = list(make(training=False).epoch(0))
    assert torch.cat([batch["row"] for batch in batches]).tolist() == list(range(22))
    assert [len(batch["row"]) for batch in batches] == [5, 5, 5, 5, 2]
    assert all(bool((batch["noise"] == 0).all()) for batch in batches)
    assert same(batches, list(make(training=False).epoch(7)))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_each_batch(training: bool, world: int) -> None:
    alone = make(batch_size=6, training=training)
    parts = [alone.shard(rank, world) for rank in range(world)]
    assert alone.world == 1  # sharding leaves the original alone
    steps = [list(part.epoch(1)) for part in parts]
    for step, whole in enumerate(alone.epoch(1)):
        shares = [set(found[step]["row"].tolist()) for found in steps]
        assert set().union(*shares) == set(whole["row"].tolist())
        assert sum(map(len, shares)) == len(whole["row"])
        for rank in range(world):
            assert torch.equal(steps[rank][step]["noise"], whole["noise"][rank::world])


def test_processes_get_the_same_number_of_recordings() -> None:
    parts = [make(batch_size=5).shard(rank, 2) for rank in range(2)]
    sizes = [[len(batch["row"]) for batch in part.epoch(0)] for part in parts]
    assert sizes[0] == sizes[1] == [3] * 4


def test_fewer_recordings_than_a_batch() -> None:
    (batch,) = make(Ragged(3), batch_size=64).epoch(0)
    assert sorted(batch["row"].tolist()) == [0, 1, 2]


def test_balance_makes_classes_equal() -> None:
    targets = torch.tensor([0] * 18 + [1] * 3 + [2])
    balanced = Ragged(weights=class_weights(targets, 1.0))
    batches = make(balanced, batch_size=22, workers=0)
    drawn = Counter(int(targets[r]) for e in range(30) for b in batches.epoch(e) for r in b["row"])
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


def test_leaving_an_epoch_ends_its_threads() -> None:
    before = threading.active_count()
    for _ in range(3):
        epoch = make(batch_size=1, workers=3).epoch(0)
        next(epoch)
        assert threading.active_count() > before
        epoch.close()  # type: ignore[attr-defined]
        assert threading.active_count() == before


def test_an_error_while_reading_ahead_reaches_the_caller() -> None:
    class Broken(Ragged):
        def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(make(Broken(), workers=2).epoch(0))


def test_the_wait_is_measured() -> None:
    batches = make()
    assert batches.wait_s == 0
    list(batches.epoch(0))
    assert batches.wait_s > 0


def test_wrong_arguments() -> None:
    for wrong in ({"batch_size": 0}, {"bucket": -1}, {"rank": 2, "world": 2}):
        with pytest.raises(ArgumentError):
            make(**wrong)


def test_the_fingerprint_knows_what_matters() -> None:
    prints = [
        make().fingerprint(),
        make(seed=2).fingerprint(),
        make(batch_size=4).fingerprint(),
        make(bucket=2).fingerprint(),
        make(Ragged(21)).fingerprint(),
    ]
    assert len({str(p) for p in prints}) == len(prints)
    assert make(workers=4).shard(0, 2).fingerprint() == prints[0]
