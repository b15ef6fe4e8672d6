"""Models that listen: what gives scores and what is refused, thresholds, labels of rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_voices import made_voice, spectrum_model
from tests_live import write_rules
from tympan.errors import ArgumentError
from tympan.live.api import checked
from tympan.live.engine import Watch
from tympan.live.event import Step
from tympan.live.listener import Listener, Loaded, load_models
from tympan.live.rules import ModelSpec, Rule, Rules
from tympan.live.sources.base import Chunk
from tympan.tasks.identify.api import with_expected
from tympan.tasks.identify.book import Book
from tympan.tasks.identify.heads import VoiceTagModel
from tympan.tasks.identify.model import IdentifyModel

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def voices() -> IdentifyModel:
    return spectrum_model()


@pytest.fixture(scope="module")
def book(voices: IdentifyModel) -> Book:
    found = Book()
    for who, name in enumerate(("Ann", "Bob")):
        takes = [voices.voice(made_voice(who, take)) for take in range(3)]
        found = found.enrolled(name, takes, voices.name, voices.digest)
    return with_expected(found, voices)[0]


def listened(loaded: Loaded, *waves: np.ndarray, chunk: int = 4000) -> tuple[list[Step], list[Any]]:
    steps: list[Step] = []
    decided: list[Any] = []
    listener = Listener([loaded], RATE_HZ, 1, steps.append, lambda name, one: decided.append(one))
    whole = np.concatenate(waves)
    for start in range(0, len(whole), chunk):
        listener.push(Chunk(whole[None, start : start + chunk], RATE_HZ, begins=start == 0))
    listener.finish()
    return steps, decided


def test_each_window_has_the_scores_of_its_voice(voices: IdentifyModel, book: Book) -> None:
    known = replace(book, calibration={"threshold": 0.0})
    loaded = Loaded("voices", voices, {"book": known})
    assert loaded.labels == ("Ann", "Bob", "unknown")
    parts = [made_voice(who, 9, 4.0).samples[0] for who in (0, 1, 77)]
    steps, decided = listened(loaded, *parts, np.zeros(RATE_HZ * 4, np.float32))
    best = [max(one.scores, key=one.scores.__getitem__) for one in steps]
    assert best[:6] == ["Ann", "Ann", "Bob", "Bob", "unknown", "unknown"]
    assert all(sum(one.scores.values()) == pytest.approx(1) for one in steps[:6])
    assert [set(one.scores.values()) for one in steps[6:]] == [{0.0}, {0.0}]
    assert [one.label for one in decided] == best[:6]
    assert [(one.start_s, one.end_s) for one in steps] == [(2 * i, 2 * i + 2) for i in range(8)]


def test_a_window_is_answered_as_a_recording_of_its_own(voices: IdentifyModel, book: Book) -> None:
    wave = made_voice(0, 9, 4.0).samples[0]
    steps, _ = listened(Loaded("voices", voices, {"book": book}), wave)
    for i, step in enumerate(steps):
        answer = voices.answer(voices.voice_of(wave[2 * i * RATE_HZ :][: 2 * RATE_HZ]), book)
        assert step.scores["Ann"] == pytest.approx(answer.probability)


def test_the_threshold_of_a_book_is_a_probability(voices: IdentifyModel, book: Book) -> None:
    for limit in (-3.0, 0.5, 4.0):
        known = replace(book, calibration={"threshold": limit})
        session = voices.session(book=known)
        odds = np.log(session.thresholds / (1 - session.thresholds)) + np.log(len(book))
        assert odds == pytest.approx(max(limit, np.log(len(book))))
        # What has that probability has a name, whoever else comes near.
        for wave in (made_voice(0, 9), made_voice(1, 8), made_voice(50)):
            answer = voices.answer(voices.voice(wave), known)
            if answer.probability >= session.thresholds:
                assert answer.speaker is not None
    assert voices.session(book=book, threshold=0.9).thresholds == 0.9


def test_tags_of_a_voice_have_scores_and_silence_has_none(voices: IdentifyModel) -> None:
    weight = np.stack([made_voice_vector(voices, 0), made_voice_vector(voices, 1)]) * 20
    model = VoiceTagModel(voices, weight, np.zeros(2), ("low", "high"), "pitch")
    parts = [made_voice(0, 5).samples[0], made_voice(1, 5).samples[0]]
    steps, _ = listened(Loaded("pitch", model, {}), *parts, np.zeros(RATE_HZ * 2, np.float32))
    assert [max(one.scores, key=one.scores.__getitem__) for one in steps[:4]] == [
        *("low", "low", "high", "high")
    ]
    assert set(steps[4].scores.values()) == {0.0}
    assert steps[0].threshold == 0.5


def made_voice_vector(voices: IdentifyModel, who: int) -> np.ndarray:
    return np.asarray(voices.voice(made_voice(who)).vector, float)


def test_memory_of_voices_and_vectors_does_not_grow(voices: IdentifyModel, book: Book) -> None:
    from tympan.tasks.answering import load

    session = voices.session(book=book)
    vectors: Any = load("sounds", "embed", "cpu").session()
    wave = made_voice(0, 1, 5.0).samples
    for _ in range(4):
        for one in (session, vectors):
            one.push(wave)
            one.flush()
            one.forget()
    kept = [len(values) for values in vars(session).values() if isinstance(values, list)]
    assert max(kept) <= 1
    assert len(vectors._vectors) == len(vectors._times_s) == 1


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        (ModelSpec("speakers"), "the model 'speakers' gives no scores .*voices with a voice book"),
        (ModelSpec("sounds", "embed"), "the model 'sounds' gives no scores .*classify or tag"),
        (ModelSpec("voices"), r"there is no voice book \(tympan enroll NAME FILE"),
        (ModelSpec("voices", options={"book": "no.tympan"}), "no.tympan: there is no such voice"),
        (ModelSpec("sounds", options={"topp": 3}), "no option 'topp'"),
        (ModelSpec("sounds", options={"every_s": 0.0}), "every_s=0"),
        (ModelSpec("nothing"), "nothing"),
    ],
)
def test_what_cannot_listen_is_refused_with_its_line(
    spec: ModelSpec, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match=what):
        load_models([spec], "cpu")
    keys = {"name": spec.name, **({"verb": spec.verb} if spec.verb else {}), **spec.options}
    lines = [f'{key} = "{value}"' for key, value in keys.items()]
    lines = [one.replace('"3"', "3").replace('"0.0"', "0.0") for one in lines]
    text = '[[rule]]\nname = "a"\n\n[[model]]\n' + "\n".join(lines)
    with pytest.raises(ArgumentError, match=rf"line 4: .*{what}") as caught:
        checked(write_rules(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_model_of_the_command_line_has_no_line_in_the_file(tmp_path: Path) -> None:
    path = write_rules(tmp_path, '[[model]]\nname = "sounds"\n[[rule]]\nname = "a"\n')
    with pytest.raises(ArgumentError, match=r"^the model 'speakers' gives no scores"):
        checked(path, ["speakers"])


def test_a_rule_on_a_label_without_a_score_is_refused(voices: IdentifyModel, book: Book) -> None:
    from tympan.live.engine import check

    known = Loaded("voices", voices, {"book": book})
    check(Rules((Rule("a", ("ann", "unknown")),)), [known])
    with pytest.raises(ArgumentError, match=r"waits for 'Anne'.*did you mean Ann"):
        check(Rules((Rule("a", ("Anne",)),)), [known])
    sounds = load_models([ModelSpec("sounds")], "cpu")
    with pytest.raises(ArgumentError, match=r"waits for 'unknown'.*reject = true"):
        check(Rules((Rule("a", ("unknown",)),)), sounds)
    check(
        Rules((Rule("a", ("unknown",)),)),
        load_models([ModelSpec("sounds", options={"reject": True})]),
    )


def test_a_rule_has_the_threshold_that_an_option_sets() -> None:
    tone = 0.1 * np.sin(np.arange(RATE_HZ * 6) / 20).astype(np.float32)
    (loaded,) = load_models([ModelSpec("music-tags", options={"threshold": 0.9})], "cpu")
    steps, _ = listened(loaded, tone)
    assert set(steps[0].threshold.values()) == {0.9}  # type: ignore[union-attr]
    (loaded,) = load_models([ModelSpec("speech", options={"onset": 0.8})], "cpu")
    steps, _ = listened(loaded, tone)
    assert steps[0].threshold == {loaded.labels[0]: 0.8}


def test_an_event_has_the_name_of_the_voice(voices: IdentifyModel, book: Book) -> None:
    from tests_live import Collect
    from tympan.live.actions import Actions
    from tympan.live.sources.base import Source

    class Speech(Source):
        name, live = "speech", False

        def chunks(self, stop: Any, say: Any) -> Any:
            parts = [made_voice(who, 9, 4.0).samples for who in (0, 99, 1)]
            yield Chunk(np.concatenate(parts, 1), RATE_HZ, True, "x", 0.0)

    seen = Collect()
    rules = Rules((Rule("known", ("Ann", "Bob"), threshold=0.5),))
    engine = Watch([Loaded("v", voices, {"book": book})], rules, Actions({}), on_event=seen.event)
    engine.run(Speech())
    assert [(e.label, e.start_s, e.end_s) for e in seen.events if e.end_s is not None] == [
        *(("Ann", 0.0, 4.0), ("Bob", 8.0, 12.0))
    ]


def complete_s(name: str, end_s: float) -> float:
    """When the block of samples that a step is answered from is complete."""
    if name == "sounds":  # a window of 2.5 s around the middle of a second
        return max(2.5, end_s - 0.5 + 1.25)
    if name == "speech":  # a second at a time, and 0.2 s ahead
        return float(np.ceil(end_s - 1e-6)) + 0.2
    return end_s + 0.6  # a word may still go on


@pytest.mark.parametrize("name", ["sounds", "speech", "commands"])
def test_an_answer_comes_at_most_a_second_of_sound_after_its_block(name: str) -> None:
    """From the first second on: a stream does not wait to see whether it is a short recording."""
    heard: list[tuple[Step, int]] = []
    pushed = 0
    models = load_models([ModelSpec(name)], "cpu")
    listener = Listener(
        models, RATE_HZ, 1, lambda step: heard.append((step, pushed)), stream=True
    )  # fmt: skip
    wave = 0.1 * np.random.default_rng(0).standard_normal((1, 10 * RATE_HZ)).astype(np.float32)
    for start in range(0, wave.shape[1], 4000):
        pushed = start + 4000
        listener.push(Chunk(wave[:, start : start + 4000], RATE_HZ, begins=start == 0))
    assert heard[0][0].start_s == 0
    assert heard[-1][0].end_s > 8, "the stream is answered while it goes on"
    for step, samples in heard:
        assert samples <= (complete_s(name, step.end_s) + 1.0) * RATE_HZ


def test_models_share_what_is_decoded_and_each_has_a_spectrogram_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One resampler for two models of one rate, not one for each."""
    from tympan.tasks import inputs

    made = list[Any]()
    original = inputs.ModelInput

    def counted(*given: Any) -> Any:
        made.append(given)
        return original(*given)

    monkeypatch.setattr(inputs, "ModelInput", counted)
    models = load_models([ModelSpec("sounds"), ModelSpec("speech")], "cpu")
    steps: list[Step] = []
    listener = Listener(models, 48_000, 2, steps.append, stream=True)
    assert made == [(48_000, 2, 16_000, True, *made[0][4:])]
    wave = 0.1 * np.random.default_rng(0).standard_normal((2, 4 * 48_000)).astype(np.float32)
    listener.push(Chunk(wave, 48_000, begins=True))
    listener.finish()
    assert {one.model for one in steps} == {"sounds", "speech"}
    fronts = [one.model.net.front for one in models if hasattr(one.model.net, "front")]
    assert len({id(front) for front in fronts}) == len(fronts)
