"""The page about a recording: right, self-contained, safe, usable by keyboard, phone and paper."""

from __future__ import annotations

import html.parser
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tympan.audio import Clip, synth
from tympan.errors import TympanError
from tympan.report.hear import hear, write_report
from tympan.report.page import NBSP
from tympan.tasks.results import Classification, Label, Segment


class Reader(html.parser.HTMLParser):
    """Collects tags and the text that people see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.seen: list[str] = []
        self._hidden = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "script"):
            self._hidden = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.seen.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.seen).replace(NBSP, " ").split())


@pytest.fixture(scope="module")
def report(scene: Clip, answer: Classification, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(scene, tmp_path_factory.mktemp("hear") / "report.html", answer).path


def test_the_page_says_what_the_recording_is(report: Path) -> None:
    seen = Reader(report.read_text("utf-8")).text
    for words in ("scene.wav", "3.00 s", "16,000 Hz", "stereo", "−6.0 dBFS", "LUFS", "440"):
        assert words in seen, words
    assert "pure tone, rain" in seen, "the sounds in the order in which they came"
    assert "sure" not in seen.split("Listen and look")[0], "one score cannot stand for two sounds"


def test_one_sound_is_answered_with_its_score(scene: Clip, tmp_path: Path) -> None:
    one = Classification("a", (Label("dog", 0.93),), (Segment(0, 3, "dog", 0.93),), 3.0, "sounds")
    seen = Reader(write_report(scene, tmp_path / "a.html", one).path.read_text("utf-8")).text
    assert "dog 93 % sure" in seen
    faint = Classification("a", (Label("dog", 0.3),), (Segment(0, 3, "dog", 0.3),), 3.0, "sounds")
    seen = Reader(write_report(scene, tmp_path / "b.html", faint).path.read_text("utf-8")).text
    assert "perhaps dog Not sure: 30 %" in seen


def test_nothing_points_outside(report: Path) -> None:
    for tag, attributes in Reader(report.read_text("utf-8")).tags:
        for name in ("src", "href", "srcset", "action", "poster"):
            value = attributes.get(name) or "data:"
            assert value.startswith(("data:", "#")), f"<{tag} {name}={value[:60]}>"
    assert not re.search(r"@import|url\(", report.read_text("utf-8").split("</style>")[0])


def test_every_picture_has_words(report: Path) -> None:
    tags = Reader(report.read_text("utf-8")).tags
    assert ("html", {"lang": "en"}) in tags
    pictures = [a for t, a in tags if t == "img"]
    drawings = [a for t, a in tags if t == "svg"]
    assert len(pictures) >= 1
    assert len(drawings) >= 3
    assert all(len(a.get("alt") or "") > 20 for a in pictures)
    assert all(len(a.get("aria-label") or "") > 20 for a in drawings)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.wav", '"><img src=x onerror=alert(1)>.wav', "{{ 7*7 }}.wav"]
)
def test_hostile_names_and_labels_stay_text(scene: Clip, name: str, tmp_path: Path) -> None:
    clip = Clip(scene.samples, scene.rate_hz, name)
    bad = Classification(name, (Label(name, 0.9),), (Segment(0, 3, name, 0.9),), 3.0, name)
    reader = Reader(write_report(clip, tmp_path / "a.html", bad).path.read_text("utf-8"))
    assert name.split("/")[-1].split("<")[-1] in reader.text
    assert sum(t == "script" for t, _ in reader.tags) == 1
    assert not any(k.startswith("on") for _, a in reader.tags for k in a)


def test_warnings_name_what_is_wrong(tmp_path: Path) -> None:
    rate = 8000
    t = np.arange(2 * rate) / rate
    loud = np.clip(1.5 * np.sin(2 * np.pi * 100 * t), -1, 1)

    def warned(*channels: np.ndarray) -> str:
        clip = Clip(np.stack(channels), rate, "a.wav")
        return " ".join(hear(clip, tmp_path / "a.html", models=[]).warnings)

    assert "Clipped" in warned(loud)
    assert "Clipped" not in warned(0.9 * loud)
    assert "Nothing but silence" in warned(0 * loud)
    assert "One channel twice" in warned(0.5 * loud, 0.5 * loud)
    assert "Channels cancel" in warned(0.5 * loud, -0.5 * loud)
    assert "Off centre" in warned(0.5 * loud + 0.1)
    assert "Very quiet" in warned(0.002 * loud)
    assert warned(0.5 * np.sin(2 * np.pi * 100 * t)) == ""


def test_silence_is_the_answer_to_silence(answer: Classification, tmp_path: Path) -> None:
    clip = Clip(np.full((1, 16000), 2e-5), 8000)
    text = write_report(clip, tmp_path / "a.html", answer).path.read_text("utf-8")
    assert "silence What a model makes of it means nothing." in Reader(text).text
    assert "No sample reaches −90" in text
    assert 'class="lane"' not in text


def test_of_a_moment_nothing_is_told(tmp_path: Path) -> None:
    blip = synth.sine(frequency_hz=800, duration_s=0.02, rate_hz=16000).named("blip")
    report = hear(blip, tmp_path / "blip.html")
    assert report.answer is not None
    assert report.answer.labels
    shown = Reader(report.path.read_text(encoding="utf-8")).text
    assert "too short to tell What a model makes of it means nothing." in shown
    assert report.answer.best.label.replace("_", " ") not in shown


def test_a_quiet_recording_gets_its_answer(
    scene: Clip, answer: Classification, tmp_path: Path
) -> None:
    quiet = Clip(scene.samples[:, :32000] * 3e-4, scene.rate_hz)  # a peak of −76 dBFS
    report = write_report(quiet, tmp_path / "a.html", answer)
    assert [w for w in report.warnings if "silent" in w or "silence" in w] == []
    assert any(w.startswith("Very quiet. Loudness below −70 LUFS") for w in report.warnings)
    text = Reader(report.path.read_text("utf-8")).text
    assert "sounds were clearly detected" in text
    assert "Silence 0" in text


@pytest.mark.parametrize("samples", [1, 7, 400])
def test_the_shortest_recordings(samples: int, tmp_path: Path) -> None:
    clip = Clip(np.full((1, samples), 0.1), 8000)
    assert hear(clip, tmp_path / "a.html", models=[]).path.stat().st_size > 10_000


def test_files_bytes_and_clips_give_the_same_pictures(scene: Clip, tmp_path: Path) -> None:
    path = scene.save(tmp_path / "scene.wav", subtype="FLOAT")
    pages = [
        hear(source, tmp_path / "a.html", models=[]).path.read_text("utf-8")
        for source in (scene, path, path.read_bytes())
    ]
    images = [re.findall(r'data:image/png;base64,[^"]+', page) for page in pages]
    assert images[0] == images[1] == images[2]


def test_user_mistakes_are_one_line(tmp_path: Path, scene: Clip) -> None:
    with pytest.raises(TympanError):
        hear(tmp_path / "missing.wav", tmp_path / "a.html", models=[])
    with pytest.raises(TympanError):
        hear(scene, tmp_path / "no folder" / "a.html", models=[])


@pytest.mark.browser
def test_clicking_the_picture_seeks(report: Path, visit: Any) -> None:
    with visit(report) as v:
        hit = v.page.locator(".hit")
        box = hit.bounding_box()
        for share in (0.5, 0.9, 0.1):
            hit.click(position={"x": share * box["width"], "y": box["height"] / 2})
            v.until(f"Math.abs(document.getElementById('sound').currentTime - {3 * share}) < 0.02")
            left = v.page.evaluate("parseFloat(document.querySelector('.cursor').style.left)")
            assert left == pytest.approx(100 * share, abs=1)


@pytest.mark.browser
def test_the_cursor_follows_the_player(report: Path, visit: Any) -> None:
    with visit(report) as v:
        v.page.evaluate("document.getElementById('sound').play()")
        v.until("parseFloat(document.querySelector('.cursor').style.left) > 10")
        assert v.page.evaluate("document.getElementById('sound').error") is None


@pytest.mark.browser
def test_segments_play_themselves_and_stop(report: Path, visit: Any) -> None:
    with visit(report) as v:
        sound = "document.getElementById('sound')"
        # On a busy machine the second may pass between two looks at it, so the page keeps it.
        kept = "addEventListener('playing', e => { window.begun = e.target.currentTime })"
        v.page.evaluate(f"() => {{ {sound}.{kept} }}")
        v.page.get_by_role("button", name="rain, 1.0 s to 2.0 s").click()
        v.until("window.begun >= 0.99")
        v.until(f"{sound}.paused")
        assert v.page.evaluate(f"{sound}.currentTime") == pytest.approx(2.0, abs=0.4)


@pytest.mark.browser
def test_the_keyboard_does_everything(report: Path, visit: Any) -> None:
    with visit(report) as v:
        sound = "document.getElementById('sound')"
        v.page.locator(".hit").focus()
        at = f"{sound}.currentTime"
        for key, where in (("End", 3.0), ("Home", 0.0), ("PageUp", 0.3), ("ArrowRight", 0.36)):
            v.page.keyboard.press(key)
            v.until(f"Math.abs({at} - {where}) < 0.03")
        slider = v.page.get_by_role("slider", name="Position in the recording")
        assert slider.get_attribute("aria-valuetext") == "0:00.3 of 0:03.0"
        v.page.keyboard.press(" ")
        v.until(f"!{sound}.paused")
        v.page.keyboard.press(" ")
        v.until(f"{sound}.paused")
        # From the slider, Tab reaches the segments; the focus is always visible.
        v.page.keyboard.press("Tab")
        focused = "document.activeElement"
        assert "pure tone" in v.page.evaluate(f"{focused}.getAttribute('aria-label')")
        assert v.page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
        v.page.keyboard.press("Enter")
        v.until(f"!{sound}.paused")


@pytest.mark.browser
def test_no_sideways_scrolling_at_any_width(report: Path, visit: Any) -> None:
    with visit(report) as v:
        v.page.locator("summary").click()
        for width in (320, 360, 768, 1280):
            v.page.set_viewport_size({"width": width, "height": 700})
            assert v.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_the_layout_does_not_shift(report: Path, visit: Any) -> None:
    with visit(report) as v:
        v.until("document.getElementById('sound').readyState > 2")
        shifts = v.page.evaluate(
            """() => new Promise((done) => {
                const found = [];
                new PerformanceObserver((list) => {
                    for (const e of list.getEntries()) {
                        const nodes = e.sources.map((s) => s.node).filter((n) => n);
                        const said = nodes.map((n) => (n.outerHTML || n.data).slice(0, 60));
                        found.push([e.value, said]);
                    }
                }).observe({type: "layout-shift", buffered: true});
                setTimeout(() => done(found), 200);
            })"""
        )
        # What is left happens inside the browser's own controls; 0.1 counts as good.
        assert sum(value for value, _ in shifts) < 0.005, shifts


@pytest.mark.browser
def test_it_prints(report: Path, visit: Any) -> None:
    with visit(report) as v:
        pdf = v.page.pdf(format="A4")
        assert pdf.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 3
        v.page.emulate_media(media="print")
        assert not v.page.locator("audio").is_visible()
        assert v.page.locator(".spectrogram img").is_visible()


@pytest.mark.browser
def test_text_has_contrast_in_light_and_dark(report: Path, visit: Any) -> None:
    pairs = [("ink", "paper"), ("muted", "paper"), ("accent", "paper"), ("ink", "panel")]
    pairs += [
        ("mark", "paper"),
        ("warn-ink", "warn-paper"),
        ("on-wave", "wave"),
        ("on-wave", "mark"),
    ]
    with visit(report) as v:
        papers = set()
        for scheme in ("light", "dark"):
            v.page.emulate_media(color_scheme=scheme)
            look = {name: colour(v, name) for pair in pairs for name in pair}
            papers.add(look["paper"])
            for front, back in pairs:
                assert contrast(look[front], look[back]) >= 4.5, (scheme, front, back)
            for front in ("wave", "mark"):  # lines and areas need 3
                assert contrast(look[front], look["panel"]) >= 3, (scheme, front)
        assert len(papers) == 2


def colour(v: Any, name: str) -> str:
    """A colour of the style sheet as the page sees it."""
    return v.page.evaluate(
        f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()"
    )


def contrast(one: str, two: str) -> float:
    """WCAG 2 contrast ratio of two #rrggbb colours."""

    def luminance(colour: str) -> float:
        value = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    a, b = sorted((luminance(one), luminance(two)))
    return (b + 0.05) / (a + 0.05)


@pytest.mark.parametrize("seekable", [True, False])
def test_an_opened_file_and_a_stream_are_heard_whole(
    scene: Clip, model: Path, tmp_path: Path, seekable: bool
) -> None:
    file = io.BytesIO(scene.to_wav_bytes())

    class Stream:
        """What a web response gives: bytes, once."""

        def read(self, count: int = -1) -> bytes:
            return file.read(count)

    report = hear(file if seekable else Stream(), tmp_path / "a.html", models=model)
    assert report.answer is not None
    assert report.answer.duration_s == pytest.approx(3.0)
    assert "3.00 s" in Reader(report.path.read_text("utf-8")).text


def test_a_sound_unlike_the_training_recordings_is_called_so():
    from tympan.report.classification import headline_of
    from tympan.tasks.results import Classification, Label, Segment

    labels, timeline = (Label("dog", 0.99),), (Segment(0, 1, "dog", 0.99, 0.02),)
    known = Classification("a.wav", labels, timeline, 1.0, familiarity=0.4)
    unlike = Classification("a.wav", labels, timeline, 1.0, familiarity=0.02, unfamiliar=True)
    assert headline_of(known).best == "dog"
    found = headline_of(unlike)
    assert found.best == "Unlike anything it was trained on"
    assert "2.0\u00a0%" in found.lead
    assert [row.label for row in found.rows] == ["dog"]
