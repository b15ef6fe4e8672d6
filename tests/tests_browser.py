"""A headless Chromium for the tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
OPTIONS = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio")


@contextmanager
def launched(*more: str) -> Iterator[Any]:
    """Playwright's browser, with more options of Chromium; without one the test is skipped."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, *more])
        yield chromium
        chromium.close()
