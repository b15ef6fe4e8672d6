"""Windows of several recordings in common batches: each gets its own back, in order, in time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.windows import Batcher, Window


def window(number: int, length: int = 4) -> Window:
    return Window(number, number + 1, 0, np.full(length, number, np.float32))


class Net:
    """Answers with the first sample and the length, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, waves: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(waves))
        return torch.stack([waves[:, 0], torch.full((len(waves),), float(waves.shape[1]))], 1)


submissions = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), max_size=60)


@given(submissions, st.integers(1, 5), st.integers(1, 20))
def test_each_recording_gets_its_own_in_order_and_none_waits_too_long(given_, batch, patience):
    net = Net()
    batcher = Batcher(net, batch=batch, patience=patience)
    lanes = [batcher.lane() for _ in range(4)]
    sent: list[list[tuple[int, int, int]]] = [[] for _ in lanes]
    got: list[list[tuple[float, float]]] = [[] for _ in lanes]

    def collect() -> None:
        for lane, rows in zip(lanes, got, strict=True):
            for taken, row in lane.take():
                assert taken.wave[0] == row[0]
                rows.append((float(row[0]), float(row[1])))

    for number, (which, length) in enumerate(given_):
        lanes[which].submit(window(number, length))
        sent[which].append((number, length, number))
        collect()
        for lane, mine, rows in zip(lanes, sent, got, strict=True):
            assert lane.waiting == len(mine) - len(rows)
            late = [m for m in mine[len(rows) :] if number - m[2] >= patience]
            assert not late
    batcher.flush()
    collect()
    assert [[row[0] for row in rows] for rows in got] == [[m[0] for m in mine] for mine in sent]
    assert all(r[1] == m[1] for rows, mine in zip(got, sent, strict=True) for r, m in zip(
        rows, mine, strict=True))  # fmt: skip
    assert max(net.batches, default=0) <= batch
    assert sum(net.batches) == len(given_)


def test_windows_of_different_recordings_share_batches():
    net = Net()
    batcher = Batcher(net, batch=4)
    lanes = [batcher.lane() for _ in range(8)]
    for number, lane in enumerate(lanes):
        lane.submit(window(number))
    assert net.batches == [4, 4]
    assert [float(row[0]) for lane in lanes for _, row in lane.take()] == list(range(8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu():
    places = []

    def net(waves: torch.Tensor) -> torch.Tensor:
        places.append(waves.device.type)
        return waves.sum(1)

    batcher = Batcher(net, device="cuda", batch=2)
    lane = batcher.lane()
    lane.submit(window(3))
    lane.flush()
    assert [float(row) for _, row in lane.take()] == [12.0]
    assert places == ["cuda"]
