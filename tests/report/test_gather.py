"""What goes wrong while a page is drawn, in the thread of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tympan
from tympan.report.gather import Aside


class Failing:
    """A drawing that fails at a block, or at its end."""

    def __init__(self, at_end: bool) -> None:
        self.at_end, self.closed = at_end, False

    def push(self, block: np.ndarray) -> None:
        if not self.at_end:
            raise ValueError("no picture")

    def result(self) -> None:
        raise ValueError("no picture")

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("at_end", [False, True])
def test_an_error_of_the_drawing_comes_out_and_nobody_waits(at_end: bool) -> None:
    drawing = Failing(at_end)

    def drawn() -> None:
        with Aside(drawing) as aside:
            for _ in range(5):
                aside.push(np.zeros((1, 10), np.float32))
            aside.end()

    with pytest.raises(ValueError, match="no picture"):
        drawn()
    assert drawing.closed


def test_a_page_about_samples_beyond_all_levels_is_written(tmp_path: Path) -> None:
    wave = np.full((1, 16_000), 3e38, np.float32)
    wave[0, ::2] *= -1
    report = tympan.hear(tympan.Clip(wave, 16_000), tmp_path / "page.html", models=[])
    assert report.path.stat().st_size > 10_000
