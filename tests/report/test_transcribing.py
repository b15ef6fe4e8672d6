"""The page of `hear` about what was said."""

from __future__ import annotations

from pathlib import Path

import tympan
from tympan.audio import synth
from tympan.report.hear import write_report
from tympan.report.parts import Shown
from tympan.report.transcribing import MOST_WORDS, headline_of, parts
from tympan.tasks.results import Transcript, Utterance, Word

WORDS = (Word(0.5, 1.0, "Good", 0.9), Word(1.0, 1.5, "<morning>.", 0.3))
SAID = Transcript(
    "a.wav", "Good <morning>. Hello.", "en",
    (
        Utterance(0.5, 1.5, "Good <morning>.", "Ann", WORDS, 0.6),
        Utterance(2.0, 2.4, "Hello.", "Bob", (Word(2.0, 2.4, "Hello.", 0.8),), 0.8),
    ),
    4.0, "m",
)  # fmt: skip


def test_every_word_stands_at_its_time(tmp_path: Path) -> None:
    clip = synth.sine(440, duration_s=4, rate_hz=16000)
    page = write_report(clip, tmp_path / "a.html", SAID).path.read_text("utf-8")
    assert '<span data-word="0.5" data-till="1.0">Good</span>' in page
    assert '<span data-word="1.0" data-till="1.5" class="unsure">&lt;morning&gt;.</span>' in page
    assert "<b>Ann</b>" in page
    assert page.count('class="lane written"') == 2
    assert '<span aria-hidden="true">Hello.</span></button>' in page
    assert "<morning>" not in page


def test_the_headline_is_the_text_or_its_beginning() -> None:
    found = headline_of(SAID)
    assert found.best == "“Good <morning>. Hello.”"
    assert found.lead == "3 words, said by Ann, Bob; 70\N{NO-BREAK SPACE}% sure on average."
    long = Transcript("a", "word " * 100, "en", (Utterance(0, 1, "word " * 100),))
    assert len(headline_of(long).best) < 150
    assert headline_of(Transcript("a", "", "", ())).best == "no speech"


def test_a_long_recording_does_not_fill_the_page() -> None:
    words = tuple(Word(i, i + 1, "w", None, True) for i in range(100))
    many = tuple(Utterance(0, 1, "w " * 100, words=words) for _ in range(100))
    found = parts(Shown(Transcript("a", "w", "en", many, 100.0), "What was said?", 100.0))
    (section,) = found.sections
    assert sum(len(one.words) for one in section.values["lines"]) <= MOST_WORDS
    assert section.values["note"] == (
        "40 more utterances are not shown here. The model gives no times of words: they are "
        "estimated."
    )


def test_silence_has_no_text() -> None:
    shown = Shown(SAID, "What was said?", 4.0, nothing="silence")
    found = parts(shown)
    assert len(found.headlines) == 1
    assert not found.tracks
    assert not found.sections


def test_where_a_recogniser_is_installed_it_joins(monkeypatch) -> None:
    from tympan.report.page_models import default_models
    from tympan.tasks import engines

    monkeypatch.setattr(engines, "_version", lambda package: "")
    assert not {"moonshine", "whisper-base"} & set(default_models())
    monkeypatch.setattr(engines, "_version", lambda p: "1" if p == "moonshine-voice" else "")
    assert "moonshine" in default_models()
    assert tympan.list_engines("moonshine")[0].installed
