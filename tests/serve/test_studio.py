"""The studio in a real browser: drop, record, play, ask again, reload in the middle; on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests_serve import SLOW_MS, Running, running, until

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser: Any, server: Running) -> Iterator[Any]:
    """The studio, open; its console must stay empty, and it asks nobody else."""
    context = browser.new_context(permissions=["microphone"])
    found = context.new_page()
    found.set_default_timeout(SLOW_MS)
    complaints: list[str] = []
    asked: list[str] = []
    found.on("console", lambda m: complaints.append(f"{m.type}: {m.text}"))
    found.on("pageerror", lambda e: complaints.append(f"error: {e}"))
    found.on("request", lambda r: asked.append(r.url))
    found.goto(f"{server.url}/studio")
    found.complaints = complaints
    yield found
    assert [one for one in asked if not one.startswith((server.url, "blob:", "data:"))] == []
    assert [one for one in complaints if "favicon" not in one] == []
    context.close()


def panel(page: Any, name: str) -> Any:
    return page.locator(f'article[data-question="{name}"]')


def at_s(page: Any) -> float:
    """Where the player is."""
    return float(page.evaluate("document.getElementById('audio').currentTime"))


def answered(page: Any) -> None:
    """Wait until every panel has its answer."""
    page.wait_for_selector("article")
    until(page, "!document.querySelector('article progress')")


def test_a_dropped_recording_is_answered_panel_by_panel(page: Any, place: Path) -> None:
    page.set_input_files("#file", str(place / "short.wav"))
    answered(page)
    assert "siren" in panel(page, "classify").inner_text()
    # A question of another package has its panel, with its options.
    assert "peak" in panel(page, "toy").inner_text()
    assert "brightness hz" in panel(page, "brightness").inner_text()
    panel(page, "toy").locator("summary", has_text="Options").click()
    panel(page, "toy").locator("input[name=scale]").fill("0")
    panel(page, "toy").locator("button", has_text="Ask again").click()
    until(
        page, "/peak\\s+0\\b/.test(document.querySelector('article[data-question=toy]').innerText)"
    )
    assert page.locator('.lane[data-question="classify"] .span').count() >= 1


def test_the_pictures_are_drawn_and_a_click_goes_there(page: Any, place: Path) -> None:
    page.set_input_files("#file", str(place / "short.wav"))
    answered(page)
    drawn = """id => { const c = document.getElementById(id); const d = c.getContext('2d')
        .getImageData(0, 0, c.width, c.height).data; return new Set(d).size; }"""
    assert page.evaluate(drawn, "spectrogram") > 50
    assert page.evaluate(drawn, "wave") > 1
    box = page.locator("#spectrogram").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert page.evaluate("document.getElementById('audio').currentTime") == pytest.approx(
        2.5, abs=0.1
    )
    page.locator("h2#name").click()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.getElementById('audio').currentTime") == pytest.approx(
        3.5, abs=0.1
    )
    page.keyboard.press("Space")
    until(page, "!document.getElementById('audio').paused")


def test_the_microphone_is_recorded_and_answered(page: Any) -> None:
    page.click("#record")
    until(page, "document.getElementById('record').textContent === 'Stop'")
    page.wait_for_timeout(1500)
    page.click("#record")
    answered(page)
    assert "microphone" in page.locator("#name").inner_text()
    assert panel(page, "classify").locator(".bad").count() == 0
    assert panel(page, "classify").locator(".score").count() > 0


def test_a_reload_in_the_middle_loses_nothing(page: Any, place: Path) -> None:
    page.set_input_files("#file", str(place / "open" / "scene.wav"))
    page.wait_for_selector("article progress")
    page.reload()
    answered(page)
    assert "scene.wav" in page.locator("#name").inner_text()
    assert panel(page, "classify").locator(".score").count() > 0


def test_what_is_no_recording_is_said(page: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    page.set_input_files("#file", str(tmp_path / "a.wav"))
    page.wait_for_selector("#status.bad")
    assert "a.wav" in page.locator("#status").inner_text()
    page.complaints.clear()  # the browser tells of the status 400


def test_sources_play_in_step_and_files_are_options(
    browser: Any, place: Path, tmp_path: Path
) -> None:
    """Sources under one time line, each alone or left out; an option that is a file is uploaded."""
    (tmp_path / "no-book.tympan").write_text("no book")
    given = ("--models", "two-voices", "--models", "voices")
    with running(*given) as server:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(SLOW_MS)
        page.goto(f"{server.url}/studio")
        page.set_input_files("#file", str(place / "short.wav"))
        answered(page)
        mixer = panel(page, "separate").locator(".mixer[data-duration]")
        mixer.locator('[data-mixer="play"]:not([disabled])').click()
        rows = mixer.locator(".source")
        others = rows.count() - 1
        assert others >= 1
        rows.first.locator('[data-mixer="solo"]').click()
        assert [("off" in one.get_attribute("class")) for one in rows.all()] == [
            False,
            *[True] * others,
        ]
        rows.first.locator('[data-mixer="solo"]').click()
        rows.first.locator('[data-mixer="mute"]').click()
        assert [("off" in one.get_attribute("class")) for one in rows.all()] == [
            True,
            *[False] * others,
        ]
        until(page, "!/^0:00.0 /.test(document.querySelector('.mixer .clock').textContent)")
        asked = panel(page, "identify")
        asked.locator("summary", has_text="Options").click()
        asked.locator("input[name=book]").set_input_files(str(tmp_path / "no-book.tympan"))
        asked.locator("button", has_text="Ask again").click()
        answered(page)
        assert "book" in asked.locator(".bad").inner_text()
        # The form that is made anew still has the file.
        chosen = "document.querySelector('[data-question=identify] [name=book]').files[0]?.name"
        assert page.evaluate(chosen) == "no-book.tympan"
        context.close()


def test_it_fits_a_phone_in_the_dark(
    browser: Any, server: Running, place: Path, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    page.goto(f"{server.url}/studio")
    page.set_input_files("#file", str(place / "short.wav"))
    answered(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert all(int(one) < 60 for one in paper.removeprefix("rgb(").rstrip(")").split(","))
    page.screenshot(path=str(tmp_path / "phone.png"), full_page=True)
    context.close()


def test_the_list_of_routes_is_whole(browser: Any, server: Running) -> None:
    page = browser.new_page()
    page.set_default_timeout(SLOW_MS)
    page.goto(f"{server.url}/docs")
    page.wait_for_selector("details")
    text = page.locator("main").inner_text()
    for path in ("/v1/classify", "/v1/toy", "/v1/audio/speech", "/v1/recordings"):
        assert path in text
    page.close()
