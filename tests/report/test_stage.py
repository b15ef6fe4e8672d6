"""The pictures of the page in use: zoom, the spectrum of the moment, and why of a segment."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.report.hear import hear, write_report
from tympan.tasks.results import Classification, Label, Segment

SOUND = "document.getElementById('sound')"
TICKS = "document.querySelector('.ticks').textContent"


@pytest.fixture(scope="module")
def report(scene: Clip, answer: Classification, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(scene, tmp_path_factory.mktemp("stage") / "report.html", answer).path


@pytest.fixture(scope="module")
def explained(scene: Clip, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("stage") / "explained.html"
    return hear(scene, target, models=model, every_s=0.5).path


def brightest(visit: Any, x: float) -> float:
    """Where, from 0 (below) to 1, the fine spectrogram is brightest at a share of its width."""
    return visit.page.evaluate(
        """(x) => {
            const c = document.querySelector('.spectrogram canvas');
            const column = c.getContext('2d').getImageData(Math.round(x * c.width), 0, 1, c.height);
            let best = 0, at = 0;
            for (let y = 0; y < c.height; y++) {
                const sum = column.data[4 * y] + column.data[4 * y + 1] + column.data[4 * y + 2];
                if (sum > best) { best = sum; at = y; }
            }
            return best ? 1 - at / c.height : -1;
        }""",
        x,
    )


@pytest.mark.browser
def test_zooming_draws_the_part_from_the_sound_itself(report: Path, visit: Any) -> None:
    with visit(report) as v:
        whole = v.page.evaluate(TICKS)
        v.page.evaluate(f"{SOUND}.currentTime = 1")
        v.until(f"{SOUND}.currentTime === 1 && !{SOUND}.seeking")
        for _ in range(3):
            v.page.get_by_role("button", name="Zoom in").click()
        v.until("document.querySelectorAll('.plot canvas').length === 3")
        # An eighth of 3 s around 1 s, which stands at a third: 0.875 s to 1.25 s.
        assert v.page.evaluate(TICKS).startswith("0.90 s0.95 s1.00 s")
        # The tone of 440 Hz lies at 6.6 of 42.8 mel (Slaney) until it ends at 1 s.
        assert brightest(v, 0.1) == pytest.approx(6.6 / 45.2, abs=0.03)
        shown = "document.querySelector('.cursor').style.left"
        assert float(v.page.evaluate(shown).rstrip("%")) == pytest.approx(100 / 3, abs=1)
        # A click in the zoomed picture goes to the moment under the pointer.
        hit = v.page.locator(".hit")
        hit.click(position={"x": 0.8 * hit.bounding_box()["width"], "y": 40})
        v.until(f"Math.abs({SOUND}.currentTime - 1.175) < 0.01")
        assert not v.page.locator(".lane button[aria-label^=dog]").is_visible()
        v.page.get_by_role("scrollbar").focus()
        v.page.keyboard.press("PageDown")
        v.until(f"{TICKS}.startsWith('1.25 s')")
        v.page.get_by_role("button", name="All").click()
        assert v.page.evaluate(TICKS) == whole
        assert v.page.locator(".plot canvas").count() == 0


@pytest.mark.browser
def test_the_edge_of_a_sound_stands_at_its_time(scene: Clip, tmp_path: Path, visit: Any) -> None:
    """A click of one sample, far into the recording: the zoomed waveform has it where it is."""
    wave = np.zeros(16000 * 40, np.float32)
    wave[16000 * 33] = 0.9
    path = hear(Clip(wave, 16000), tmp_path / "a.html", models=[]).path
    with visit(path) as v:
        v.page.evaluate(f"{SOUND}.currentTime = 33")
        v.until(f"{SOUND}.currentTime === 33 && !{SOUND}.seeking")
        v.page.keyboard.press("0")
        for _ in range(9):
            v.page.keyboard.press("+")
        v.until("document.querySelectorAll('.plot canvas').length === 2")
        highest = v.page.evaluate(
            """() => {
                const c = document.querySelector('.wave canvas');
                const all = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                const paper = all.slice(0, 3);
                let best = c.height, at = 0;
                for (let x = 0; x < c.width; x++) for (let y = 0; y < best; y++) {
                    const i = 4 * (y * c.width + x);
                    if (Math.abs(all[i] - paper[0]) > 60) { best = y; at = x; break; }
                }
                return at / c.width;
            }"""
        )
        # Shown are 40 s / 512 = 78 ms with the cursor at 33/40 of them.
        assert highest * 40 / 512 == pytest.approx(33 / 40 * 40 / 512, abs=0.002)


@pytest.mark.browser
def test_the_spectrum_is_that_of_the_moment(report: Path, visit: Any) -> None:
    with visit(report) as v:
        told = v.page.locator(".told")
        assert "Play, or click" in told.inner_text()
        v.page.evaluate(f"{SOUND}.currentTime = 0.5")
        v.until("document.querySelector('path.now').getAttribute('d') !== ''")
        # 0.5 on the left and 0.25 on the right: the mean power is −8 dB.
        assert told.inner_text() == "At the cursor, 0:00.5: 440 Hz (A4, −8 dB)."
        v.page.evaluate(f"{SOUND}.currentTime = 2.5")
        v.until("document.querySelector('.told').textContent.includes('0:02.5')")
        assert "no single tone" in told.inner_text()


@pytest.mark.browser
def test_a_segment_shows_why_and_plays(explained: Path, visit: Any) -> None:
    with visit(explained) as v:
        segment = v.page.locator(".lane button[data-own='1']").first
        assert not v.page.locator(".whypanel").is_visible()
        segment.click()
        assert v.page.locator(".whypanel .head").inner_text().startswith("Why ")
        number = segment.get_attribute("data-why")
        same = "document.querySelector('.whypanel img').src === document.querySelector"
        assert v.page.evaluate(f"{same}('#{number} img').src")
        assert v.page.evaluate("document.querySelector('.whypanel img').naturalWidth > 20")
        v.until(f"!{SOUND}.paused && {SOUND}.currentTime > 0.05")
        assert segment.get_attribute("aria-current") == "true"
        # The keys that zoom do so wherever the focus is; others stay with the button.
        v.page.evaluate(f"{SOUND}.pause()")
        whole = v.page.evaluate(TICKS)
        segment.focus()
        v.page.keyboard.press("+")
        assert v.page.locator(".stage.zoomed").count() == 1
        v.page.keyboard.press("+")
        v.page.keyboard.press("-")
        assert v.page.evaluate(TICKS) != whole
        v.page.keyboard.press("0")
        assert v.page.evaluate(TICKS) == whole
        # In the list, too, there is a player for each segment.
        v.page.locator("summary").first.click()
        player = v.page.locator("td button.plain").first
        player.click()
        v.until(f"!{SOUND}.paused")
        assert player.inner_text() == "Stop"
        player.click()
        v.until(
            f"{SOUND}.paused && document.querySelector('td button.plain').textContent === 'Play'"
        )


@pytest.mark.browser
def test_keys_work_without_a_click(report: Path, visit: Any) -> None:
    with visit(report) as v:
        v.page.keyboard.press(" ")
        v.until(f"{SOUND}.currentTime > 0.05")
        v.page.keyboard.press(" ")
        v.until(f"{SOUND}.paused")
        before = v.page.evaluate(f"{SOUND}.currentTime")
        v.page.keyboard.press("ArrowRight")
        v.until(f"Math.abs({SOUND}.currentTime - {before} - 0.06) < 0.02")
        assert v.page.evaluate("scrollY") == 0
        v.page.keyboard.press("ArrowDown")  # on the page itself, up and down scroll
        v.until("scrollY > 0")
        # The space bar on a button presses that button.
        v.page.get_by_role("button", name="Zoom in").focus()
        v.page.keyboard.press(" ")
        assert v.page.locator(".stage.zoomed").count() == 1
        assert v.page.evaluate(f"{SOUND}.paused")


@pytest.mark.browser
def test_paper_shows_the_whole_again(explained: Path, visit: Any) -> None:
    with visit(explained) as v:
        v.page.keyboard.press("+")
        v.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert v.page.locator(".stage.zoomed").count() == 0
        v.page.emulate_media(media="print")
        for name in (".wave svg", ".spectrogram img", ".chart svg", "#facts", "#q0-model", ".lane"):
            assert v.page.locator(name).first.is_visible(), name
        for name in (".zooms", ".timebar", ".whypanel", ".told", "audio"):
            assert not v.page.locator(name).first.is_visible(), name


@pytest.mark.browser
def test_tab_reaches_everything_and_is_seen(explained: Path, visit: Any) -> None:
    with visit(explained, width=375) as v:
        seen = []
        for _ in range(60):
            v.page.keyboard.press("Tab")
            focused = v.page.evaluate(
                """() => {
                    const e = document.activeElement, s = getComputedStyle(e);
                    return [e.tagName, e.className, s.outlineStyle, e.closest("audio") !== null];
                }"""
            )
            seen.append(focused)
            if focused[0] == "BODY":
                break
        names = [f"{tag}.{name}" for tag, name, *_ in seen]
        for wanted in ("A.skip", "AUDIO.", "DIV.hit", "BUTTON.plain", "BUTTON.", "SUMMARY."):
            assert wanted in names, wanted
        assert all(outline != "none" for tag, _, outline, _ in seen if tag not in ("AUDIO", "BODY"))
        assert v.page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.browser
def test_half_an_hour_fits_on_a_phone(tmp_path: Path, visit: Any) -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, 1000 * 1800).astype(np.float32)
    ends = [*range(0, 1800, 5), 1800]
    timeline = tuple(
        Segment(a, b, ("church_bells", "washing_machine")[i % 2], 0.9)
        for i, (a, b) in enumerate(pairwise(ends))
    )
    heard = Classification("a", (Label("church_bells", 0.5),), timeline, 1800.0, "sounds")
    path = write_report(Clip(wave, 1000), tmp_path / "a.html", heard).path
    assert path.stat().st_size < 16e6
    with visit(path, width=375) as v:
        assert v.page.evaluate("document.documentElement.scrollWidth") <= 375
        assert v.page.locator(".lane button").count() == 360
        v.page.evaluate(f"{SOUND}.currentTime = 1234")
        v.until(f"{SOUND}.currentTime === 1234 && !{SOUND}.seeking")
        for _ in range(7):
            v.page.get_by_role("button", name="Zoom in").click()
        v.until("document.querySelectorAll('.plot canvas').length === 2")
        assert v.page.evaluate(TICKS).startswith("20:")
        assert v.page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.browser
def test_those_who_want_calm_get_it(report: Path, visit: Any) -> None:
    with visit(report, reduced_motion="reduce") as v:
        assert v.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == (
            "auto"
        )
        counted = """() => {
            window.changes = 0;
            new MutationObserver((list) => { window.changes += list.length; }).observe(
                document.querySelector('path.now'), {attributes: true});
        }"""
        v.page.evaluate(counted)
        v.page.evaluate(f"{SOUND}.play()")
        v.until(f"{SOUND}.currentTime > 1.5")
        assert v.page.evaluate("window.changes") <= 3
