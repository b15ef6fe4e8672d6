"""The page of the docs that hears the microphone: in Chromium, with a made one.

onnxruntime-web is no part of tympan: `npm install onnxruntime-web` in `docs/examples/browser`, or
`TYMPAN_ORT_WEB` names its folder `dist`.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tympan
from tympan.exporting.api import export

PAGE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "browser"
DIST = Path(os.environ.get("TYMPAN_ORT_WEB", PAGE / "node_modules/onnxruntime-web/dist"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not DIST.is_dir(), reason="onnxruntime-web is not here (npm install)"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    for name in ("index.html", "blocks.js"):
        shutil.copy(PAGE / name, tmp_path)
    for name in ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        shutil.copy(DIST / name, tmp_path)
    export("sounds", tmp_path / "sounds.onnx")
    (tmp_path / "labels.json").write_text(json.dumps(tympan.load_model("sounds").labels))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_the_page_answers_as_tympan_does_and_hears(address: str) -> None:
    api = pytest.importorskip("playwright.sync_api")
    clip = tympan.audio.demo_scene()[0]
    wave = clip.samples[0, : 16000 * 5]
    expected = tympan.classify(tympan.Clip(wave[None], 16000), top=3).labels
    options = [
        "--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    ]  # fmt: skip
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        page.wait_for_function("window.classify !== undefined", timeout=120_000)
        found = page.evaluate(
            "samples => classify(Float32Array.from(samples))", np.round(wave, 6).tolist()
        )
        for one, other in zip(found, expected, strict=False):
            assert one["label"] == other.label
            assert abs(one["score"] - other.score) < 1e-2
        page.click("#listen")
        page.wait_for_selector("#labels tr", timeout=120_000)
        assert page.locator("#labels tr").count() == 5
        assert page.inner_text("#state") == "listening"
        assert faults == []
        browser.close()
