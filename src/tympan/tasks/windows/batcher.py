"""Windows of several recordings through one net, in batches, their outputs back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.tasks.windows.window import Wave, Window

if TYPE_CHECKING:
    from torch import Tensor

Row = Any
"""What a net gives for one window: an array, or a tuple of arrays."""
Run = Callable[["Tensor"], "Tensor | tuple[Tensor, ...]"]


class Batcher:
    """Puts windows of one length, whichever recording they are of, through a net together.

    A recording enters through a lane of its own (`lane`) and gets its outputs back in its order.
    No window waits for more than `patience` further ones, so of many recordings that are worked on
    at once, at most that many are open.

    Args:
        run: the net: waves `(b, …, t)` to outputs `(b, …)`, or a tuple of such, all on `device`.
        device: where the net is.
        batch: most windows at once.
        patience: so many windows may come after one before it is answered, at most.

    >>> batcher = Batcher(lambda waves: waves.sum(-1), batch=2)
    >>> lanes = [batcher.lane(), batcher.lane()]
    >>> for lane, value in zip(lanes, (1, 2), strict=True):
    ...     lane.submit(Window(0, 3, 0, np.full(3, value, np.float32)))
    >>> [[float(row) for _, row in lane.take()] for lane in lanes]
    [[3.0], [6.0]]
    """

    def __init__(
        self, run: Run, *, device: str = "cpu", batch: int = 8, patience: int = 64
    ) -> None:
        self._run, self._device = run, device
        self._batch, self._patience = batch, patience
        self._waiting: dict[tuple[int, ...], list[_Entry]] = {}
        self._count = 0  # windows submitted so far

    def lane(self) -> Lane:
        """A way in for one recording."""
        return Lane(self)

    def flush(self) -> None:
        """Answer everything that waits, such as at the end of a block of a live stream."""
        for shape in list(self._waiting):
            self._answer(shape)

    def _submit(self, entry: _Entry) -> None:
        self._count += 1
        entry.number = self._count
        shape = entry.window.wave.shape
        same = self._waiting.setdefault(shape, [])
        same.append(entry)
        if len(same) >= self._batch:
            self._answer(shape)
        late = self._count - self._patience
        for other in [s for s, entries in self._waiting.items() if entries[0].number <= late]:
            self._answer(other)

    def _answer(self, shape: tuple[int, ...]) -> None:
        entries = self._waiting.pop(shape)
        rows = self._outputs([entry.window.wave for entry in entries])
        for entry, row in zip(entries, rows, strict=True):
            entry.row = row

    def _outputs(self, waves: Sequence[Wave]) -> Sequence[Row]:
        import torch

        with torch.inference_mode():
            out = self._run(torch.from_numpy(np.stack(waves)).to(self._device))
            if isinstance(out, torch.Tensor):
                return list(out.cpu().numpy())
            return list(zip(*(part.cpu().numpy() for part in out), strict=True))


class _Entry:
    """A window on its way."""

    def __init__(self, window: Window) -> None:
        self.window, self.number = window, 0
        self.row: Row | None = None


class Lane:
    """One recording's way through a `Batcher`."""

    def __init__(self, batcher: Batcher) -> None:
        self._batcher = batcher
        self._entries: deque[_Entry] = deque()

    def submit(self, window: Window) -> None:
        """Hand in the next window."""
        entry = _Entry(window)
        self._entries.append(entry)
        self._batcher._submit(entry)

    def take(self) -> list[tuple[Window, Row]]:
        """The windows answered by now with their outputs, in the order they were handed in."""
        found: list[tuple[Window, Row]] = []
        while self._entries and self._entries[0].row is not None:
            entry = self._entries.popleft()
            assert entry.row is not None
            found.append((entry.window, entry.row))
        return found

    @property
    def waiting(self) -> int:
        """Windows that have not been taken back."""
        return len(self._entries)

    def flush(self) -> None:
        """Have all that waits answered, of other recordings too."""
        self._batcher.flush()
