"""A recording that is longer than what the labelling page shows at once."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tympan
from tests_folders import studio
from tests_serve import SLOW_MS, Running, until

pytestmark = pytest.mark.slow
LENGTH_S, RATE_HZ = 700.0, 8000


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    """A studio of one recording of nearly twelve minutes."""
    root = tmp_path_factory.mktemp("long")
    (root / "field").mkdir()
    tone = tympan.synth.sine(440, duration_s=LENGTH_S, rate_hz=RATE_HZ)
    tone.save(root / "field" / "night.wav")
    with studio(root / "field", root / "models") as server:
        yield server, root / "field"


def test_a_minute_is_shown_and_the_page_turns(browser: Any, opened: tuple[Running, Path]) -> None:
    server, folder = opened
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(SLOW_MS)
    page.goto(server.page)
    until(page, "stage.samples !== null && document.getElementById('clip-audio').src !== ''")
    assert page.evaluate("[stage.from, stage.to]") == [0, 60]
    # Drawn at a lower rate, so that an hour fits into the memory of a browser.
    assert page.evaluate("stage.rate") == 16000
    assert page.evaluate("stage.samples.length") == pytest.approx(LENGTH_S * 16000, rel=0.001)
    assert page.locator("#earlier").is_disabled()
    page.keyboard.press("PageDown")
    assert page.evaluate("[stage.from, stage.to]") == [48, 108]
    box = page.locator("#marks").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 150)
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 150)
    page.mouse.up()
    page.fill("#label-name", "owl")
    page.press("#label-name", "Enter")
    until(page, "bench.sending === 0")
    with (folder / "metadata.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert float(row["start_s"]) == pytest.approx(48 + 30, abs=0.2)
    assert float(row["end_s"]) == pytest.approx(48 + 45, abs=0.2)
    for _ in range(20):
        page.keyboard.press("PageDown")
    assert page.evaluate("stage.to") == pytest.approx(LENGTH_S, abs=0.1)
    assert page.locator("#later").is_disabled()
    # Who seeks out of what is shown sees the place.
    page.evaluate("seekClip(300)")
    assert page.evaluate("stage.from < 300 && stage.to > 300")
    page.context.close()
