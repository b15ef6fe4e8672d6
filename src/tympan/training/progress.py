"""Show a training: a live bar on a terminal, one line for each epoch elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tympan.training.history import History


class Display:
    """Progress for people.

    Args:
        shown: whether to show anything.
        epochs, steps: of the training, and in an epoch; without epochs there is no bar.
        monitor: the metric shown.
    """

    def __init__(self, shown: bool, epochs: int, steps: int, monitor: str) -> None:
        self.shown, self.epochs, self.steps = shown, epochs, steps
        self.monitor = monitor.lstrip("-")
        self._bar: Any = None
        self._task: Any = None
        self._metric = ""
        self._next = 0.0

    def __enter__(self) -> Display:
        if not self.shown:
            return self
        from rich import progress
        from rich.console import Console

        console = Console(stderr=True)
        if console.is_terminal and self.epochs:
            columns = (
                progress.TextColumn("epoch {task.fields[epoch]}"),
                progress.BarColumn(bar_width=24),
                progress.TextColumn("{task.percentage:>3.0f}%"),
                progress.TextColumn("{task.fields[status]}"),
                progress.TimeRemainingColumn(),
            )
            self._bar = progress.Progress(*columns, console=console, refresh_per_second=4)
            self._task = self._bar.add_task("", total=self.epochs * self.steps, epoch="", status="")
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(
        self, epoch: int, step: int, loss: float, clips_per_s: float, data_wait: float
    ) -> None:
        """After a step; drawn four times a second at most."""
        if self._bar is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.25
        status = (
            f"loss {loss:.3f}{self._metric}  {clips_per_s:.0f} clips/s  "
            f"data wait {100 * data_wait:.0f} %"
        )
        self._bar.update(
            self._task,
            completed=epoch * self.steps + step,
            epoch=f"{epoch + 1}/{self.epochs}",
            status=status,
        )

    def start(self, row: dict[str, float]) -> None:
        """Before the first step, where the weights are trained already."""
        self._note(row)
        self.print(f"before training{self._metric}")

    def _note(self, row: dict[str, float]) -> None:
        if self.monitor in row or f"val_{self.monitor}" in row:
            value = row.get(self.monitor, row.get(f"val_{self.monitor}", 0.0))
            self._metric = f"  validation {self.monitor} {value:.3f}"

    def epoch(self, history: History) -> None:
        """After an epoch."""
        row = history.epochs[-1]
        self._note(row)
        if not self.shown:
            return
        if self._bar is not None:
            self._next = 0.0
            self.step(
                int(row["epoch"]) - 1,
                self.steps,
                row["train_loss"],
                row["clips_per_s"],
                row["data_wait"],
            )
            return
        best = " (best so far)" if history.best_epoch == row["epoch"] else ""
        self.print(
            f"epoch {row['epoch']:.0f}/{self.epochs}  loss {row['train_loss']:.4f}"
            f"{self._metric}{best}  {row['clips_per_s']:.0f} clips/s"
            f"  data wait {100 * row['data_wait']:.0f} %  {row['seconds']:.1f} s"
        )

    def print(self, text: str) -> None:
        """A line of text."""
        if not self.shown:
            return
        if self._bar is not None:
            self._bar.console.print(text, highlight=False)
        else:
            import sys

            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


class TensorBoardLog:
    """TensorBoard log under `out/tensorboard`, if TensorBoard is installed.

    A resumed training goes on in the same log.
    """

    def __init__(self, out: Path, first_epoch: int, shown: bool = True) -> None:
        self._writer: Any = None
        try:
            if shown:
                from torch.utils.tensorboard import SummaryWriter

                self._writer = SummaryWriter(str(out / "tensorboard"), purge_step=first_epoch + 1)
        except ImportError:
            pass

    def epoch(self, row: dict[str, float]) -> None:
        """Log an epoch's row."""
        if self._writer is not None:
            for name, value in row.items():
                if name != "epoch":
                    self._writer.add_scalar(name, value, int(row["epoch"]))

    def close(self) -> None:
        """Write what is pending."""
        if self._writer is not None:
            self._writer.close()
