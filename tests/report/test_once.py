"""`hear` opens and reads a recording once, whatever is asked of it, and asks any question."""

from __future__ import annotations

import io
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tympan.audio import Clip, _open, concat, synth
from tympan.errors import ArgumentError, AudioFileError, ModelError
from tympan.report import gather
from tympan.report.hear import hear, write_report
from tympan.report.page import NBSP
from tympan.report.parts import AnswerParts, Part, Shown, register
from tympan.tasks.results import Classification, Label, Segment


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Fifty seconds in stereo at 44.1 kHz: three blocks."""
    tone = synth.sine(frequency_hz=440, duration_s=25, rate_hz=44100, amplitude=0.4)
    noise = synth.white_noise(duration_s=25, rate_hz=44100, amplitude=0.1, seed=1)
    both = concat([tone, noise])
    return Clip(np.concatenate([both.samples] * 2), 44100).save(tmp_path / "long.flac")


def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often sources are opened, and how many samples are decoded."""
    counts: Counter[str] = Counter()
    original = _open.open_source

    def open_source(source: Any) -> Any:
        counts["opened"] += 1
        return original(source)

    monkeypatch.setattr(_open, "open_source", open_source)
    return counts


def test_a_recording_is_opened_once_for_all_questions(
    long: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = counted(monkeypatch)
    toys = [Toy("one", 16_000), Toy("two", 16_000), Toy("three", 8000)]
    report = hear(long, tmp_path / "a.html", models=[model, *toys], every_s=0.5)
    assert counts["opened"] == 1
    assert len(report.answers) == 4
    assert report.answer.duration_s == pytest.approx(50)
    text = report.path.read_text("utf-8")
    assert "What spoke for each sound" in text, "reasons, too, without another look"
    assert all(len(toy.sessions) == 1 for toy in toys)
    for toy, rate_hz in zip(toys, (16_000, 16_000, 8000), strict=True):
        assert toy.sessions[0].count == 50 * rate_hz


def test_a_pipe_is_heard_whole(model: Path, scene: Clip, tmp_path: Path) -> None:
    read, write = os.pipe()
    data = scene.to_wav_bytes()

    def feed() -> None:
        with os.fdopen(write, "wb") as file:
            file.write(data)

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(read, "rb") as pipe:
        report = hear(pipe, tmp_path / "a.html", models=model, every_s=0.5)
    thread.join()
    assert report.answer.duration_s == pytest.approx(3)
    assert 'class="lane"' in report.path.read_text("utf-8")


@pytest.mark.parametrize("times", [1, 30])
def test_what_goes_wrong_aside_is_raised_and_nothing_is_left(
    scene: Clip, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(gather.Meter, "push", lambda self, samples: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        hear(concat([scene] * times), tmp_path / "a.html", models=[])
    assert list(tmp_path.iterdir()) == []
    assert not any(one.name == "page" for one in threading.enumerate())


def test_a_damaged_recording_leaves_no_page(long: Path, tmp_path: Path, model: Path) -> None:
    data = long.read_bytes()
    long.write_bytes(data[: len(data) // 2])
    with pytest.raises(AudioFileError, match=r"long\.flac"):
        hear(long, tmp_path / "a.html", models=model)
    assert not (tmp_path / "a.html").exists()
    assert not any(one.name == "page" for one in threading.enumerate())


# -- a question of another package -----------------------------------------------------------------


@dataclass(frozen=True)
class Loudness:
    """An answer that nothing here knows."""

    file: str
    model: str
    duration_s: float
    peak_db: float
    timeline: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "model": self.model,
            "duration_s": self.duration_s,
            "warnings": list(self.warnings),
            "peak_db": self.peak_db,
            "is_loud": True,
            "timeline": list(self.timeline),
        }

    def save(self, path: str | Path) -> Path:
        raise NotImplementedError


class ToySession:
    def __init__(self, toy: Toy, name: str) -> None:
        self.toy, self.name, self.count, self.peak = toy, name, 0, 1e-9

    def push(self, wave: np.ndarray) -> Iterable[Any]:
        assert wave.shape[0] == 1
        self.count += wave.shape[1]
        self.peak = max(self.peak, float(np.abs(wave).max()))
        return ()

    def result(self) -> Loudness:
        seconds = self.count / self.toy.rate_hz
        rows = (
            {"start_s": 0.0, "end_s": seconds / 2, "label": "rather_loud", "score": 0.75},
            {"start_s": seconds / 2, "end_s": seconds, "label": "less_loud", "score": 0.5},
        )
        peak_db = 20 * float(np.log10(self.peak))
        return Loudness(self.name, self.toy.name, seconds, peak_db, rows, ("toys are loud",))


class Toy:
    """A model of the contract, from outside."""

    task, mono, labels = "classify", True, ()

    def __init__(self, name: str, rate_hz: int) -> None:
        self.name, self.rate_hz = name, rate_hz
        self.sessions: list[ToySession] = []

    def session(self, *, name: str = "", **options: Any) -> ToySession:
        self.sessions.append(ToySession(self, name))
        return self.sessions[-1]

    def __call__(self, source: Any, **options: Any) -> Loudness:
        raise AssertionError("hear reads the recording itself")

    def stream(self, blocks: Iterable[np.ndarray], **options: Any) -> Iterator[Any]:
        raise AssertionError("hear reads the recording itself")


def seen(path: Path) -> str:
    return path.read_text("utf-8").replace(NBSP, " ")


def test_its_answer_is_shown_without_a_line_here(scene: Clip, tmp_path: Path) -> None:
    report = hear(scene, tmp_path / "a.html", models=Toy("toy", 16_000))
    assert report.answer.peak_db == pytest.approx(-8.5, abs=0.1)
    text = seen(report.path)
    assert "<dt>Peak (dB)</dt>" in text
    assert "<dt>Is loud</dt><dd>yes" in text
    for words in ("rather loud", "less loud", "Toys are loud.", "75 %", "What sound is it"):
        assert words in text, words
    assert text.count('class="lane"') == 2
    assert "rather_loud" not in text.split("<main")[1]
    assert report.warnings == ("Toys are loud.",)


@dataclass(frozen=True)
class Tuned(Loudness):
    """A kind that brings a view of its own."""


@register(Tuned)
def _parts(shown: Shown[Tuned]) -> AnswerParts:
    values = {"warnings": [], "facts": [], "description": f"peak of {shown.answer.peak_db:.1f}"}
    values |= {"failures": [], "key": shown.key}
    return AnswerParts(headlines=[Part("hear_model.html.j2", values | {"facts": []})])


def test_a_kind_of_answer_may_bring_its_own_view(scene: Clip, tmp_path: Path) -> None:
    plain = Toy("toy", 16_000).session(name="a")
    plain.push(scene.mono().samples)
    answer = plain.result()
    tuned = Tuned(**{name: getattr(answer, name) for name in answer.__dataclass_fields__})
    text = seen(write_report(scene, tmp_path / "a.html", tuned).path)
    assert "peak of -8.5" in text
    assert 'class="lane"' not in text


def test_silence_has_no_answer_of_any_kind(tmp_path: Path) -> None:
    clip = Clip(np.zeros(16_000), 8000, "nothing")
    text = seen(hear(clip, tmp_path / "a.html", models=Toy("toy", 8000)).path)
    assert "silence" in text
    assert "Peak (dB)" not in text
    assert 'class="lane"' not in text


# -- which models, which options, which page -------------------------------------------------------


def test_all_questions_are_asked_by_default(scene: Clip, tmp_path: Path) -> None:
    report = hear(scene, tmp_path / "a.html")
    assert [type(one).__name__ for one in report.answers][:1] == ["Classification"]
    assert report.answers[0].model == "sounds"
    assert hear(scene, tmp_path / "b.html", models=[]).answer is None
    with pytest.raises(ModelError, match="nosuch"):
        hear(scene, tmp_path / "c.html", models=["nosuch"])
    with pytest.raises(ArgumentError, match="tempo"):
        hear(scene, tmp_path / "c.html", models="sounds", tempo=3)


def test_a_page_is_called_after_its_recording_and_replaces_no_other(
    scene: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        scene.save(tmp_path / folder / "rec.wav")
    assert hear("a/rec.wav", models=[]).path == Path("rec.html")
    first = Path("rec.html").read_text("utf-8")
    assert hear("b/rec.wav", models=[]).path == Path("rec-2.html")
    assert Path("rec.html").read_text("utf-8") == first
    # The same recording by another way of writing its place.
    assert hear(tmp_path / "a" / ".." / "a" / "rec.wav", models=[]).path == Path("rec.html")
    Path("mine.html").write_text("notes of my own")
    other = scene.save(tmp_path / "mine.wav")
    assert hear(other, models=[]).path == Path("mine-2.html")
    assert Path("mine.html").read_text() == "notes of my own"
    # Sound in memory is known by its samples.
    clip = scene.named("../odd: name?.wav")
    assert hear(clip, models=[]).path == Path("odd_ name_.html")
    assert hear(clip, models=[]).path == Path("odd_ name_.html")
    assert hear(clip.gain(-6), models=[]).path == Path("odd_ name_-2.html")
    assert hear(io.BytesIO(scene.to_wav_bytes()), models=[]).path.name == "recording.html"


# -- what models do not get ------------------------------------------------------------------------


def test_sound_above_the_band_of_a_model_is_said(model: Path, tmp_path: Path) -> None:
    rate = 48_000
    t = np.arange(3 * rate) / rate
    high = Clip(0.5 * np.sin(2 * np.pi * 15_000 * t), rate, "high")
    report = hear(high, tmp_path / "a.html", models=model)
    assert any("All of its sound lies above the 8,000 Hz" in w for w in report.warnings)
    assert "nothing that the model can hear" in seen(report.path)
    both = Clip(high.samples + 0.05 * np.sin(2 * np.pi * 500 * t), rate, "both")
    report = hear(both, tmp_path / "a.html", models=model)
    assert any("99 % of its power lies above the 8,000 Hz" in w for w in report.warnings)
    assert "nothing that the model" not in seen(report.path)


def test_of_opposite_channels_the_louder_is_answered(
    scene: Clip, model: Path, tmp_path: Path
) -> None:
    wave = scene.samples[:1]
    one = hear(Clip(wave, scene.rate_hz), tmp_path / "a.html", models=model, every_s=0.5)
    opposite = Clip(np.concatenate([wave, -0.9 * wave]), scene.rate_hz)
    both = hear(opposite, tmp_path / "b.html", models=model, every_s=0.5)
    assert both.answer.timeline == one.answer.timeline
    assert any(w.startswith("Channels cancel.") for w in both.warnings)
    assert sum("cancel" in w for w in both.warnings) == 1


def test_labels_are_words_on_the_page_and_stay_as_they_are_in_the_data(
    scene: Clip, tmp_path: Path
) -> None:
    timeline = (Segment(0, 2, "clock_tick", 0.9), Segment(2, 3, "door_knock", 0.8))
    answer = Classification("a", (Label("clock_tick", 0.9),), timeline, 3.0, "m")
    report = write_report(scene, tmp_path / "a.html", replace(answer))
    main = seen(report.path).split("<main")[1]
    assert "clock tick, door knock" in main
    assert "clock_tick" not in main
    assert report.answer.to_json()["timeline"][0]["label"] == "clock_tick"
