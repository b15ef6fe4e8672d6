"""A headless Chromium that fails a test on any request or complaint of a page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests_browser import launched
from tympan.audio import Clip
from tympan.tasks.results import Classification, Label, Segment


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as found:
        yield found


class Visit:
    """An open page, what it asked for and what it complained about."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda r: self.requests.append(r.url))
        page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda e: self.complaints.append(f"error: {e}"))

    def until(self, condition: str, timeout_s: float = 20.0) -> None:
        """Wait until a JavaScript expression is true (the page's own policy forbids eval)."""
        end = time.monotonic() + timeout_s
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"never became true: {condition}"
            self.page.wait_for_timeout(20)

    def outside(self) -> list[str]:
        """Requests for anything but the page itself and what it carries."""
        return [u for u in self.requests[1:] if not u.startswith("data:")]


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Open a page: `with visit(path, width=…) as v:`; its console must stay empty."""

    @contextmanager
    def open_page(path: Path, width: int = 1280, **options: Any) -> Iterator[Visit]:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        try:
            v = Visit(context.new_page())
            v.page.goto(path.resolve().as_uri())
            yield v
            assert v.outside() == [], "the page asked the network for something"
            assert v.complaints == [], "the console is not empty"
        finally:
            context.close()

    return open_page


@pytest.fixture(scope="session")
def scene() -> Clip:
    """Three seconds in stereo: a tone of 440 Hz, then a noise, then silence."""
    rate = 16000
    t = np.arange(rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * t)
    noise = 0.1 * np.random.default_rng(0).standard_normal(rate)
    wave = np.concatenate([tone, noise, np.zeros(rate)])
    return Clip(np.stack([wave, 0.5 * wave]), rate, "scene.wav")


@pytest.fixture(scope="session")
def answer() -> Classification:
    labels = (Label("pure_tone", 0.6), Label("rain", 0.3), Label("dog", 0.0004))
    timeline = (Segment(0, 1, "pure_tone", 0.97), Segment(1, 2, "rain", 0.9))
    timeline += (Segment(2, 3, "dog", 0.31),)
    return Classification("scene.wav", labels, timeline, 3.0, "sounds")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights: it hears nothing right, and runs all the same."""
    import torch

    from tympan.models import Card, save_model
    from tympan.tasks.classify import Classifier, ClassifyConfig

    torch.manual_seed(0)
    config = ClassifyConfig(encoder="small", clip_s=1.0)
    labels = ["cat", "dog", "pure_tone", "rain"]
    folder = tmp_path_factory.mktemp("model")
    card = Card("random", "classify", config=config.to_dict(), labels=labels)
    save_model(folder, Classifier(config, len(labels)).state_dict(), card)
    return folder
