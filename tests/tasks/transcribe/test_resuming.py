"""Interrupted in the midst of a recording, the same call goes on."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from tympan.tasks.transcribe import resuming
from tympan.tasks.transcribe.transcriber import Transcriber


@pytest.fixture
def long_talk(coded_words: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(resuming, "EVERY_S", 0.0)
    said = coded_words.text_of(400)
    pauses = [2.0 if i % 9 == 8 else 0.0 for i in range(400)]
    return Path(coded_words.clip_of(said, pauses).save(tmp_path / "talk.wav"))


def interrupted(coded_words: ModuleType, after: int) -> Transcriber:
    class Breaks(coded_words.CodedRecogniser):  # type: ignore[name-defined, misc]
        """Its user has had enough."""

        def words(self, wave, **options):
            if len(self.lengths_s) == after:
                raise KeyboardInterrupt
            return super().words(wave, **options)

    return Transcriber(Breaks(), finder=coded_words.Loudness)


def test_nothing_is_heard_twice_and_the_answer_is_the_same(
    coded_words: ModuleType, long_talk: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "talk.srt.partial"
    whole = coded_words.model()
    wanted = whole(long_talk)
    with pytest.raises(KeyboardInterrupt):
        interrupted(coded_words, 25).resumed(long_talk, kept)
    windows = json.loads(kept.read_text())["state"]["windows"]
    assert windows > 8
    again = coded_words.model()
    assert again.resumed(long_talk, kept) == wanted
    assert len(again.recogniser.lengths_s) == len(whole.recogniser.lengths_s) - windows


def test_another_option_begins_anew(
    coded_words: ModuleType, long_talk: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "talk.srt.partial"
    with pytest.raises(KeyboardInterrupt):
        interrupted(coded_words, 25).resumed(long_talk, kept)
    again, whole = coded_words.model(), coded_words.model()
    assert again.resumed(long_talk, kept, words=True) == whole(long_talk, words=True)
    assert len(again.recogniser.lengths_s) == len(whole.recogniser.lengths_s)
    kept.write_text("{damaged")
    assert coded_words.model().resumed(long_talk, kept).text == whole(long_talk).text
