"""From a folder without labels to a model in a real browser: keys, parts, two tabs, a training."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests_folders import SOUNDS, client, clips, garden, label, label_all, studio
from tests_serve import SLOW_MS, Running, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    """A studio; each test begins with no labels."""
    root = tmp_path_factory.mktemp("labelling")
    folder = garden(root / "garden")
    with studio(folder, root / "models") as server:
        yield server, folder


@pytest.fixture
def folder(opened: tuple[Running, Path]) -> Path:
    (opened[1] / "metadata.csv").unlink(missing_ok=True)
    return opened[1]


@pytest.fixture
def page(browser: Any, opened: tuple[Running, Path], folder: Path) -> Iterator[Any]:
    """The page that the command opens; its console must stay empty."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield tab(context, opened[0])
    for one in context.pages:
        assert one.complaints == []
    context.close()


def tab(context: Any, server: Running) -> Any:
    found = context.new_page()
    found.set_default_timeout(SLOW_MS)
    found.complaints = []
    found.on("console", lambda m: found.complaints.append(f"{m.type}: {m.text}"))
    found.on("pageerror", lambda e: found.complaints.append(f"error: {e}"))
    found.goto(server.page)
    found.wait_for_selector(".clip")
    heard(found)
    return found


def heard(page: Any) -> None:
    """Wait until the sound of the open recording is there."""
    until(page, "stage.samples !== null && document.getElementById('clip-audio').src !== ''")


def saved(page: Any) -> None:
    until(page, "bench.sending === 0")


def rows(folder: Path) -> list[dict[str, str]]:
    path = folder / "metadata.csv"
    return list(csv.DictReader(path.open())) if path.exists() else []


def go_to(page: Any, name: str) -> None:
    page.locator(".clip", has_text=name).click()
    heard(page)


def type_label(page: Any, name: str) -> None:
    page.keyboard.press("l")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    saved(page)


def draw_part(page: Any, start: float, end: float) -> None:
    """Draw a part on the spectrogram, from one share of its width to another."""
    box = page.locator("#marks").bounding_box()
    y = box["y"] + 150
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + (start + end) / 2 * box["width"], y)
    page.mouse.move(box["x"] + end * box["width"], y)
    page.mouse.up()


def test_labels_are_given_by_keys_and_the_next_one_comes(page: Any, folder: Path) -> None:
    assert "token" not in page.url
    go_to(page, "0-bells.wav")
    type_label(page, "church  bells")
    assert page.locator("#clip-name").inner_text() == "0-clock.wav"
    page.keyboard.press("1")
    saved(page)
    assert page.locator("#clip-name").inner_text() == "0-rain.wav"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    saved(page)
    assert rows(folder) == [{"file_name": "0-bells.wav", "label": "church bells"}]
    page.keyboard.press("Control+z")
    saved(page)
    assert [one["label"] for one in rows(folder)] == ["church bells"] * 2
    heard(page)
    page.keyboard.press("Space")
    until(page, "!document.getElementById('clip-audio').paused")


def test_parts_are_drawn_moved_and_removed(page: Any, folder: Path) -> None:
    go_to(page, "0-siren.wav")
    draw_part(page, 0.25, 0.75)
    assert page.locator(".mark.draft").count() == 1
    assert rows(folder) == []
    type_label(page, "siren")
    found = rows(folder)
    assert [one["label"] for one in found] == ["siren"]
    assert float(found[0]["start_s"]) == pytest.approx(0.6, abs=0.02)
    assert float(found[0]["end_s"]) == pytest.approx(1.8, abs=0.02)
    draw_part(page, 0.745, 0.9)  # the edge of the one that is there
    saved(page)
    assert float(rows(folder)[0]["end_s"]) == pytest.approx(0.9 * 2.4, abs=0.03)
    draw_part(page, 0.02, 0.1)
    page.keyboard.press("Enter")
    saved(page)
    assert len(rows(folder)) == 2
    page.locator(".mark").first.click()
    page.keyboard.press("Delete")
    saved(page)
    assert [float(one["start_s"]) for one in rows(folder)] == [pytest.approx(0.6, abs=0.02)]


def test_a_part_is_marked_by_keys_alone(page: Any, folder: Path) -> None:
    go_to(page, "1-rain.wav")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("i")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("o")
    type_label(page, "rain")
    (one,) = rows(folder)
    assert (one["start_s"], one["end_s"], one["label"]) == ("0.100", "1.100", "rain")


def test_two_tabs_never_lose_an_edit(page: Any, opened: tuple[Running, Path], folder: Path) -> None:
    other = tab(page.context, opened[0])  # the token is known to the browser by now
    for one in (page, other):
        one.evaluate("look = refresh = async () => {}")  # neither looks at what the other does
        go_to(one, "2-rain.wav")
    other.bring_to_front()
    type_label(other, "hail")
    page.bring_to_front()
    type_label(page, "rain")
    page.wait_for_selector("#conflict:not([hidden])")
    told = page.locator("#conflict").inner_text()
    assert "hail" in told
    assert "rain" in told
    assert [one["label"] for one in rows(folder)] == ["hail"]
    page.locator("#conflict button", has_text="Keep both").click()
    saved(page)
    assert [one["label"] for one in rows(folder)] == ["hail;rain"]
    assert page.locator("#conflict").is_hidden()
    page.complaints.clear()  # the browser tells of the status 409
    # Another recording is changed by the tab that knows nothing of it.
    go_to(other, "2-bells.wav")
    type_label(other, "bells")
    assert len(rows(folder)) == 2


def test_what_is_changed_elsewhere_comes_by_itself(
    page: Any, opened: tuple[Running, Path], folder: Path
) -> None:
    with client(opened[0]) as web:
        assert label(web, clips(web)["3-rain.wav"], "drizzle").status_code == 200
    until(page, "document.querySelector('#clips').innerText.includes('drizzle')")


def test_labels_are_proposed_and_taken(
    page: Any, opened: tuple[Running, Path], folder: Path
) -> None:
    with client(opened[0]) as web:
        found = clips(web)
        for name in SOUNDS:
            assert label(web, found[f"0-{name}.wav"], name).status_code == 200
    until(page, "bench.labels.length === 4")
    page.click("#propose")
    until(page, "bench.proposals.size === 12 && !document.getElementById('propose').disabled")
    by_name = page.evaluate(
        "[...bench.proposals.values()].map(one => [bench.clips.get(one.id).name, one.label])"
    )
    right = sum(name.partition("-")[2] == f"{label}.wav" for name, label in by_name)
    assert right >= 10, by_name
    doubt = "bench.proposals.get(one.id).uncertainty"
    doubts = page.evaluate(f"ordered().slice(0, 12).map(one => {doubt})")
    assert doubts == sorted(doubts, reverse=True)
    name, proposed = page.evaluate("[bench.clip.name, bench.proposals.get(bench.clip.id).label]")
    page.keyboard.press("Enter")
    saved(page)
    assert {one["file_name"]: one["label"] for one in rows(folder)}[name] == proposed


def test_a_training_is_followed_through_a_reload(
    page: Any, opened: tuple[Running, Path], folder: Path
) -> None:
    with client(opened[0]) as web:
        label_all(web)
    page.select_option("#task", "classify")
    page.fill("input[name=epochs]", "3")
    page.click("#train-begin")
    page.wait_for_selector("#curves svg polyline", timeout=3 * SLOW_MS)
    page.reload()
    page.wait_for_selector("#curves svg polyline")
    page.wait_for_selector("#train-report:not([hidden])", timeout=3 * SLOW_MS)
    assert "Trained" in page.locator("#train-status").inner_text()
    page.click("#report-show")
    frame = page.frame_locator("#report iframe")
    frame.locator("text=garden-classify").first.wait_for()
    # In its sandbox the report can ask this server nothing.
    inner = next(one for one in page.frames if "/report/" in one.url)
    assert inner.evaluate("self.origin") == "null"
    until(page, "state.questions.find(one => one.name === 'classify').models.length === 2")
    page.click("#tab-asking")
    page.set_input_files("#file", str(folder / "0-rain.wav"))
    panel = page.locator('article[data-question="classify"]')
    panel.locator("summary", has_text="Options").click()
    panel.locator("select[name=model]").select_option("garden-classify")
    panel.locator("button", has_text="Ask again").click()
    shown = "document.querySelector('[data-question=classify] .model')?.innerText"
    until(page, f"/garden-classify/.test({shown})")
    assert "rain" in panel.locator(".score").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(
    browser: Any, opened: tuple[Running, Path], folder: Path, scheme: str, tmp_path: Path
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, color_scheme=scheme, has_touch=True
    )
    page = tab(context, opened[0])
    page.fill("#label-name", "siren of a fire engine")
    page.press("#label-name", "Enter")
    saved(page)
    page.locator("#labels button").first.tap()
    saved(page)
    assert len(rows(folder)) == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=str(tmp_path / f"{scheme}.png"), full_page=True)
    context.close()
