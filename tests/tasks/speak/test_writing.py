"""Long texts to files: in order, whole, and on after a stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tympan.audio import load, probe
from tympan.audio.synthetic import is_synthetic
from tympan.errors import ArgumentError
from tympan.tasks.speak import writing
from tympan.tasks.speak.model import SpeakModel
from tympan.tasks.speak.voice import SpokenPart
from tympan.tasks.speak.writing import CHAPTER_PAUSE_S, write_speech
from tympan.text import Chapter

CHAPTERS = (
    Chapter("Chapter one", "It rains. It pours 🙂.", "line 1"),
    Chapter("", "Still chapter one.", "line 9", part=2, left_out=("a table",)),
    Chapter("Chapter two", "The sun. The end.", "line 12"),
)


def test_chapters_follow_one_another_with_a_pause(voice: SpeakModel, tmp_path: Path) -> None:
    spoken: list[str] = []
    found = write_speech(
        voice, CHAPTERS, tmp_path / "a.wav", {}, marks=True, title="A book",
        heard=lambda part: spoken.append(part.sentence.text),
    )  # fmt: skip
    assert [text for text in spoken if text] == [
        "Chapter one", "It rains.", "It pours 🙂.", "Still chapter one.", "Chapter two",
        "The sun.", "The end.",
    ]  # fmt: skip
    assert spoken.index("Chapter two") == spoken.index("") + 1
    clip = load(tmp_path / "a.wav")
    texts = [text for one in CHAPTERS for text in (one.title, one.text) if text]
    waves = [voice(text).samples[0] for text in texts]
    silence = np.zeros(round(CHAPTER_PAUSE_S * voice.rate_hz), np.float32)
    whole = np.concatenate([*waves[:3], silence, *waves[3:]])
    assert np.allclose(clip.samples[0], whole, atol=1e-4)
    assert found.duration_s == clip.duration_s
    assert list(found.warnings) == ["not spoken: 🙂", "left out: a table"]
    assert is_synthetic(clip)
    assert clip.tags["title"] == "A book"
    assert found.marks is not None
    assert [one.text for one in found.marks.sentences] == [text for text in spoken if text]
    ends = [one.end_s for one in found.marks.words]
    assert ends == sorted(ends)
    assert ends[-1] <= clip.duration_s


class Stopped(Exception):
    pass


def stop_after(count: int, spoken: list[str] | None = None):  # type: ignore[no-untyped-def]
    seen = 0

    def heard(part: SpokenPart) -> None:
        nonlocal seen
        seen += 1
        if spoken is not None:
            spoken.append(part.sentence.text)
        if seen > count:
            raise Stopped

    return heard


@pytest.mark.parametrize("stop", [1, 3, 5, 6])
@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_a_run_goes_on_where_it_was_stopped(
    voice: SpeakModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int, ending: str
) -> None:
    whole = write_speech(voice, CHAPTERS, tmp_path / f"whole.{ending}", {}, marks=True)
    monkeypatch.setattr(writing, "CHECKPOINT_S", 0.0)
    path = tmp_path / f"a.{ending}"
    with pytest.raises(Stopped):
        write_speech(voice, CHAPTERS, path, {}, key="k", marks=True, heard=stop_after(stop))
    assert not path.exists()
    parts: list[SpokenPart] = []
    found = write_speech(voice, CHAPTERS, path, {}, key="k", marks=True, heard=parts.append)
    assert len(parts) == 8 - stop
    assert found.resumed_s > 0
    assert path.read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    assert found.marks is not None
    assert whole.marks is not None
    assert found.marks.to_json() | {"file": ""} == whole.marks.to_json() | {"file": ""}
    assert found.warnings == whole.warnings
    assert sorted(tmp_path.glob("*partial*")) == []


def test_what_was_spoken_is_not_spoken_again(
    voice: SpeakModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHECKPOINT_S", 0.0)
    with pytest.raises(Stopped):
        write_speech(voice, CHAPTERS, tmp_path / "a.wav", {}, key="k", heard=stop_after(4))
    made: list[str] = []
    part = SpeakModel.part

    def counted(self: SpeakModel, sentence, **options):  # type: ignore[no-untyped-def]
        made.append(sentence.text)
        return part(self, sentence, **options)

    monkeypatch.setattr(SpeakModel, "part", counted)
    write_speech(voice, CHAPTERS, tmp_path / "a.wav", {}, key="k")
    assert made == ["Chapter two", "The sun.", "The end."]


def test_another_key_begins_anew(
    voice: SpeakModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHECKPOINT_S", 0.0)
    with pytest.raises(Stopped):
        write_speech(voice, CHAPTERS, tmp_path / "a.wav", {}, key="k", heard=stop_after(4))
    with pytest.warns(UserWarning, match="begun anew"):
        found = write_speech(voice, CHAPTERS, tmp_path / "a.wav", {"speed": 2.0}, key="other")
    assert found.resumed_s == 0


def test_a_stop_before_the_first_checkpoint_leaves_nothing(
    voice: SpeakModel, tmp_path: Path
) -> None:
    with pytest.raises(Stopped):
        write_speech(voice, CHAPTERS, tmp_path / "a.wav", {}, key="k", heard=stop_after(0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", [None, "k"])
def test_nothing_to_speak_leaves_no_file(
    voice: SpeakModel, tmp_path: Path, key: str | None
) -> None:
    with pytest.raises(ArgumentError, match="nothing in the text can be spoken"):
        write_speech(voice, [Chapter("", "🙂", "")], tmp_path / "a.wav", {}, key=key)
    assert list(tmp_path.iterdir()) == []


def test_chapters_are_read_when_they_are_needed(voice: SpeakModel, tmp_path: Path) -> None:
    spoken: list[str] = []

    def book() -> Iterator[Chapter]:
        for number in range(3):
            assert len([text for text in spoken if text]) == number
            yield Chapter("", f"Number {number}.", "")

    write_speech(
        voice, book(), tmp_path / "a.wav", {}, heard=lambda one: spoken.append(one.sentence.text)
    )
    assert probe(tmp_path / "a.wav").duration_s > 2


def test_marks_are_plain_json(voice: SpeakModel, tmp_path: Path) -> None:
    found = write_speech(voice, CHAPTERS, tmp_path / "a.wav", {}, marks=True)
    assert found.marks is not None
    found.marks.save(tmp_path / "m.json")
    values = json.loads((tmp_path / "m.json").read_text("utf-8"))
    assert values["model"] == "steady"
    assert values["file"] == "a.wav"
    assert [one["text"] for one in values["words"]][:4] == ["Chapter", "one", "It", "rains"]
