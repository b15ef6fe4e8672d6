"""Each kind of answer: its JSON, its files, how it prints and how a notebook shows it."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tympan.errors import ArgumentError, TympanError
from tympan.tasks import results
from tympan.tasks.contract import Answer
from tympan.tasks.registry import verbs
from tympan.tasks.results import (
    Anomaly,
    Candidate,
    Classification,
    Composition,
    Embedding,
    Identity,
    Label,
    Mark,
    Note,
    Notes,
    Result,
    ScoredInterval,
    Segment,
    Segments,
    Separation,
    SpeechMarks,
    Tag,
    Tags,
    Transcript,
    Utterance,
    Verification,
    Word,
)

CLASSIFICATION = Classification(
    "street.wav",
    (Label("siren", 0.75), Label("engine", 0.2)),
    (Segment(0.0, 4.0, "siren", 0.9), Segment(4.0, 6.5, "engine", 0.6)),
    6.5,
    "sounds",
)
WORDS = (Word(0.0, 0.5, "Good", 0.9), Word(0.5, 1.0, "morning."))
ANSWERS: dict[str, Result] = {
    "classification": CLASSIFICATION,
    "tags": Tags(
        "a.wav",
        (Tag("rock", 0.9, True), Tag("jazz", 0.2, False)),
        (Segment(0.0, 3.0, "rock", 0.9),),
        3.0,
        "m",
    ),
    "segments": Segments(
        "a.wav", (Segment(0.0, 2.0, "speech", 0.8), Segment(1.5, 3.0, "music", 0.7)), 3.0, "m"
    ),
    "anomaly": Anomaly(
        "a.wav", 2.5, 2.0, (ScoredInterval(0, 1, 0.5), ScoredInterval(1, 2, 3.5)), 2.0, "m"
    ),
    "identity": Identity(
        "a.wav", "Ann", 0.83, 0.97, 3.0, "m", (), 2.5, (Candidate("Ann", 0.83, 0.97),)
    ),
    "verification": Verification("a.wav", "b.wav", True, 0.83, 0.97, 3.5, 3.0, "m"),
    "transcript": Transcript(
        "a.wav",
        "Good morning. Hello.",
        "en",
        (Utterance(0.0, 1.0, "Good morning.", "Ann", WORDS), Utterance(1.0, 2.0, "Hello.", "Bob")),
        2.0,
        "m",
    ),
    "notes": Notes("a.wav", (Note(0.0, 0.5, 60, 80, "piano"),), 120.0, "C major", 1.0, "m"),
    "composition": Composition(
        "a.wav",
        Notes("a.wav", (Note(0.0, 0.5, 60, 80, "piano"),), 120.0).piece(),
        "C major",
        1,
        7,
        duration_s=0.5,
        model="m",
    ),
    "speechmarks": SpeechMarks(
        "a.wav",
        (Mark(0.0, 1.0, "Good morning.", 0, 13), Mark(1.5, 2.0, "Hello.", 14, 20)),
        (Mark(0.0, 0.4, "Good", 0, 4), Mark(0.4, 1.0, "morning", 5, 12)),
        (Mark(0.0, 0.1, "ɡ", 0, 4), Mark(0.1, 0.3, "ʊ", 0, 4)),
        2.0,
        "m",
    ),
    "embedding": Embedding("a.wav", (0.5, -0.25, 1.0), 1.0, "m"),
}
OWN_KEYS = {
    "classification": {"labels", "timeline", "familiarity", "unfamiliar"},
    "tags": {"tags", "timeline", "familiarity", "unfamiliar"},
    "segments": {"segments"},
    "anomaly": {
        *("score", "threshold", "anomalous", "timeline"),
        *("false_alarms", "false_alarm_interval"),
    },
    "identity": {
        "speaker",
        "similarity",
        "probability",
        "speech_s",
        "candidates",
        "reason",
    },
    "verification": {"other", "same", "similarity", "probability", "log_odds"},
    "separation": {"sources"},
    "transcript": {"text", "language", "segments"},
    "notes": {
        *("notes", "tempo_bpm", "key", "tuning_hz"),
        *("beats_s", "beats_per_bar", "downbeat", "chords"),
    },
    "composition": {
        *("key", "tempo_bpm", "bars", "seed"),
        *("copied_steps", "copied_notes", "notes"),
    },
    "speechmarks": {"sentences", "words", "phonemes"},
    "embedding": {"vector"},
}


@pytest.fixture(params=[*ANSWERS, "separation"])
def answer(request: pytest.FixtureRequest, tmp_path: Path) -> Result:
    """One of each kind."""
    if request.param != "separation":
        return ANSWERS[request.param]
    from tympan.audio import synth

    paths = {"voice": tmp_path / "voice.wav", "rest": tmp_path / "rest.wav"}
    for path in paths.values():
        synth.sine(440, duration_s=0.1, rate_hz=8000).save(path)
    return Separation("a.wav", paths, 0.1, "m")


def kind(answer: Result) -> str:
    return type(answer).__name__.lower()


def test_every_kind_is_tried_here() -> None:
    kinds = {
        name.lower()
        for name in results.__all__
        if name != "Result" and issubclass(getattr(results, name), Result)
    }
    assert kinds == {*ANSWERS, "separation"} == set(OWN_KEYS)


def test_an_answer_is_a_value_of_the_contract(answer: Result) -> None:
    same: Answer = dataclasses.replace(answer)  # type: ignore[type-var]
    assert same == answer
    names = [f.name for f in dataclasses.fields(answer)]  # type: ignore[arg-type]
    assert names[0] == "file"
    assert {"duration_s", "model", "warnings"} < set(names)
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.file = "b.wav"  # type: ignore[misc]


def test_json_has_what_all_have_and_what_the_kind_has(answer: Result, tmp_path: Path) -> None:
    values = answer.to_json()
    assert list(values)[:4] == ["file", "model", "duration_s", "warnings"]
    assert set(list(values)[4:]) == OWN_KEYS[kind(answer)]
    stored = json.loads(answer.save(tmp_path / "a.json").read_text("utf-8"))
    assert stored == values
    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_parts_have_the_keys_that_were_promised() -> None:
    def keys(name: str, *path: str | int) -> list[str]:
        value = ANSWERS[name].to_json()
        for one in path:
            value = value[one]
        return list(value)

    segment = ["start_s", "end_s", "label", "score"]
    assert keys("classification", "labels", 0) == ["label", "score"]
    assert keys("classification", "timeline", 0) == keys("segments", "segments", 0) == segment
    assert keys("tags", "tags", 0) == ["label", "score", "chosen"]
    said = ["start_s", "end_s", "text", "speaker", "words"]
    assert keys("transcript", "segments", 0) == said
    assert keys("transcript", "segments", 0, "words", 0) == ["start_s", "end_s", "text", "score"]
    assert keys("speechmarks", "words", 0) == ["start_s", "end_s", "text", "start", "end"]
    assert keys("notes", "notes", 0) == ["start_s", "end_s", "pitch", "velocity", "instrument"]


def test_what_is_no_number_in_json_is_none() -> None:
    odd = Identity("a.wav", None, math.nan, math.inf, 1 / 3)
    values = odd.to_json()
    assert (values["similarity"], values["probability"]) == (None, None)
    assert (values["speaker"], values["duration_s"]) == (None, 0.333333)
    vector = Embedding("a.wav", tuple(np.float32([0.1, 0.2])))
    assert vector.to_json()["vector"] == [0.1, 0.2]


def test_every_format_that_a_kind_names_is_written(answer: Result, tmp_path: Path) -> None:
    assert answer.formats[:2] == (".json", ".csv")
    for ending in answer.formats:
        path = answer.save(tmp_path / f"x{ending}")
        assert path.stat().st_size
        assert answer.save(tmp_path / f"y{ending.upper()}").stat().st_size == path.stat().st_size


def test_a_table_has_the_columns_it_names(answer: Result, tmp_path: Path) -> None:
    text = answer.save(tmp_path / "a.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == answer.columns()
    assert len(rows) == len(list(answer.cells()))


def test_the_table_of_a_classification_is_its_timeline(tmp_path: Path) -> None:
    text = CLASSIFICATION.save(tmp_path / "a.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(float(r["start_s"]), r["label"]) for r in rows] == [(0, "siren"), (4, "engine")]
    lines = CLASSIFICATION.save(tmp_path / "a.TXT").read_text().splitlines()
    assert lines[1].split("\t") == ["4.000000", "6.500000", "engine"]


def test_of_an_anomaly_only_what_lies_above_the_threshold_is_a_span() -> None:
    anomaly = ANSWERS["anomaly"]
    assert isinstance(anomaly, Anomaly)
    assert anomaly.anomalous
    assert [(s.start_s, s.text) for s in anomaly.spans()] == [(1, "anomalous")]
    equal = dataclasses.replace(anomaly, threshold=anomaly.score)
    assert not equal.anomalous
    assert "normal" in str(equal)


def test_an_unknown_format_is_refused_and_nothing_is_written(
    answer: Result, tmp_path: Path
) -> None:
    before = set(tmp_path.iterdir())
    for name, told in (("a.xls", r"as \.xls \(use one of \.json"), ("a", "without extension")):
        with pytest.raises(ArgumentError, match=told):
            answer.save(tmp_path / name)
    assert set(tmp_path.iterdir()) == before


def test_notes_are_written_as_midi(tmp_path: Path) -> None:
    from tympan.notation import read_midi

    ANSWERS["notes"].save(tmp_path / "a.mid")
    (note,) = read_midi(tmp_path / "a.mid").notes()
    assert (note.pitch, note.velocity, note.end_s) == (60, 80, pytest.approx(0.5))


def test_what_was_there_stays_if_the_disk_is_full(
    answer: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "x.json"
    target.write_text("before")
    before = set(tmp_path.iterdir())

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TympanError, match=r"x\.json: cannot be written: No space left"):
        answer.save(target)
    assert target.read_text() == "before"
    assert set(tmp_path.iterdir()) == before


def test_a_name_that_is_no_unicode_costs_nothing(answer: Result, tmp_path: Path) -> None:
    odd = dataclasses.replace(answer, file="caf\udce9.wav")  # type: ignore[type-var]
    for ending in odd.formats:
        odd.save(tmp_path / f"x{ending}")
    assert json.loads((tmp_path / "x.json").read_text())["file"] == "caf\udce9.wav"
    odd._repr_html_().encode()


def test_warnings_are_printed_and_an_empty_answer_is_nothing_else() -> None:
    told = dataclasses.replace(CLASSIFICATION, warnings=("is clipped",))
    assert str(told).splitlines()[0] == "street.wav: siren 75 %, engine 20 %"
    assert str(told).splitlines()[-1] == "street.wav: is clipped"
    # Of silence a model gives labels too, but none at any time.
    labels, tags = (Label("dog", 0.5),), (Tag("rock", 0.9, True),)
    for silent in (
        Classification("a.wav", labels, (), 1.0, "sounds", ("is silent",)),
        Tags("a.wav", tags, (), 1.0, "tags", ("is silent",)),
    ):
        assert str(silent) == "a.wav: is silent"
        assert silent.spans() == ()
    none = Tags("a.wav", (Tag("jazz", 0.2, False),), warnings=("is clipped",))
    assert str(none) == "a.wav: none (highest: jazz 20 %)\na.wav: is clipped"
    for empty in (
        Segments("a.wav", (), warnings=("is silent",)),
        Notes("a.wav", (), warnings=("is silent",)),
        Transcript("a.wav", "", "", (), warnings=("is silent",)),
        Tags("a.wav", (), warnings=("is silent",)),
        Embedding("a.wav", (), warnings=("is silent",)),
    ):
        assert str(empty) == "a.wav: is silent"
        empty.plot()
        empty._repr_html_()
    assert str(Classification("a.wav", (), ())) == "a.wav: no answer"


def test_printing_shows_the_timeline_only_where_there_is_one() -> None:
    assert "4.00 –    6.50 s  engine 60 %" in str(CLASSIFICATION)
    single = Classification("a.wav", CLASSIFICATION.labels, CLASSIFICATION.timeline[:1])
    assert len(str(single).splitlines()) == 1


def test_of_many_notes_the_first_are_printed() -> None:
    many = Notes("a.wav", tuple(Note(i, i + 1, 60, 80) for i in range(50)))
    assert str(many).splitlines()[-1] == "  … 30 more"
    assert len(str(many).splitlines()) == 22


def test_a_notebook_gets_a_picture_and_an_escaped_table(answer: Result) -> None:
    assert answer._repr_png_().startswith(b"\x89PNG")
    page = dataclasses.replace(answer, file="<b>x</b>", warnings=("1 < 2",))._repr_html_()  # type: ignore[type-var]
    assert "<b>x</b>" not in page.replace("<b>&lt;b&gt;x", "")
    assert "1 &lt; 2" in page
    assert 'src="data:image/png;base64,' in page
    rows: list[str] = []
    opened: list[str] = []

    class Reader(HTMLParser):
        """Counts rows and finds what is left open."""

        def handle_starttag(self, tag: str, attrs: object) -> None:
            rows.extend([tag] * (tag == "tr"))
            opened.extend([tag] * (tag != "img"))

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Reader().feed(page)
    assert opened == []
    assert len(rows) == 1 + len(list(answer.cells()))


def test_a_long_table_is_cut_in_a_notebook() -> None:
    long = Segments("a.wav", tuple(Segment(i, i + 1, "x", 0.5) for i in range(100)), 100.0)
    page = long._repr_html_()
    assert page.count("<tr>") == 41
    assert "… 60 more" in page


def test_the_figure_has_a_bar_for_each_segment() -> None:
    ax = CLASSIFICATION.plot().axes[0]
    assert [bar.get_width() for bar in ax.patches] == [4.0, 2.5]
    assert ax.get_xlabel() == "time (s)"
    assert ax.get_xlim() == (0, 6.5)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["siren", "engine"]


def test_every_kind_is_drawn_with_its_name(answer: Result) -> None:
    figure = answer.plot()
    assert len(figure.axes) >= 1
    titles = " ".join(ax.get_title() for ax in figure.axes)
    assert "voice" in titles if isinstance(answer, Separation) else answer.file in titles


def test_the_files_of_a_separation_can_be_read(tmp_path: Path) -> None:
    from tympan.audio import synth

    synth.sine(440, duration_s=0.1, rate_hz=8000).save(tmp_path / "v.wav")
    answer = Separation("a.wav", {"voice": tmp_path / "v.wav"})
    assert answer.load("voice").duration_s == 0.1


def test_vectors_of_different_models_are_not_compared() -> None:
    assert Embedding("a", (1.0, 0.0)).similarity(Embedding("b", (0.0, 1.0))) == 0
    assert Embedding("a", (0.0, 0.0)).similarity(Embedding("b", (0.0, 1.0))) == 0
    assert Embedding("a", (-1.0, 0.0)).similarity(Embedding("b", (2.0, 0.0))) == -1
    with pytest.raises(ArgumentError, match="2 and 1 numbers"):
        Embedding("a", (1.0, 0.0)).similarity(Embedding("b", (1.0,)))


def test_verbs_promise_the_formats_that_their_answers_have() -> None:
    assert verbs()["classify"].save_as == Classification.formats
