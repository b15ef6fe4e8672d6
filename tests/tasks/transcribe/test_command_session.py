"""A model of a few words behind the verb: recordings, streams, channels, rules of `watch`."""

from __future__ import annotations

import numpy as np
import pytest

from tests_transcribe import COMMAND_LABELS as LABELS
from tests_transcribe import COMMANDS as CONFIG
from tests_transcribe import Pitched, tone
from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.live.listener import Listener, Loaded
from tympan.live.sources.base import Chunk
from tympan.tasks.transcribe.command_session import CommandTranscriber
from tympan.tasks.transcribe.commands import CommandModel

RATE_HZ = 16_000


@pytest.fixture
def model() -> CommandTranscriber:
    return CommandTranscriber(CommandModel(Pitched(CONFIG, 3), CONFIG, LABELS, "pitched"))


@pytest.fixture
def wave() -> np.ndarray:
    return tone(300, 1.0, 0.6, 9) + tone(3000, 4.0, 0.6, 9) + tone(300, 8.5, 0.5, 9)


def test_a_recording_has_its_words(model: CommandTranscriber, wave: np.ndarray) -> None:
    said = model(Clip(wave[None], RATE_HZ))
    assert (said.text, said.language, said.model) == ("low high low", "en", "pitched")
    assert [one.text for one in said.segments] == ["low", "high", "low"]
    assert said.segments[2].end_s <= said.duration_s == 9
    each = model(Clip(wave[None], RATE_HZ), words=True).segments
    assert [one.words[0].text for one in each] == ["low", "high", "low"]
    silence = model(Clip(np.zeros((1, RATE_HZ), np.float32), RATE_HZ))
    assert (silence.text, silence.warnings[-1]) == ("", "has none of the words")


@pytest.mark.parametrize("size", [700, 3200, 40_000])
def test_a_stream_has_the_same(model: CommandTranscriber, wave: np.ndarray, size: int) -> None:
    blocks = (wave[None, at : at + size] for at in range(0, len(wave), size))
    found = list(model.stream(blocks))
    whole = model(Clip(wave[None], RATE_HZ), words=True).segments
    assert [(one.text, one.start_s, one.end_s) for one in found] == [
        (one.text, one.start_s, one.end_s) for one in whole
    ]


def test_live_words_come_at_once_and_are_let_go(model: CommandTranscriber) -> None:
    wave, session = tone(3000, 1.0, 0.5, 4), model.session(live=True)
    heard: list[tuple[int, str]] = []
    for at in range(0, len(wave), 1600):
        heard += [(at, one.text) for one in session.push(wave[None, at : at + 1600])]
        session.forget()
    assert [text for _, text in heard] == ["high"]
    # Half a window behind the word, and half a window more to see that no neighbour is better.
    assert heard[0][0] / RATE_HZ < 1.5 + 1.6
    assert session.partial() is None
    assert not list(session.finish())
    assert session.result().text == ""


def test_many_recordings_share_batches(model: CommandTranscriber, wave: np.ndarray) -> None:
    clips = [Clip(wave[None, :end], RATE_HZ) for end in (RATE_HZ * 3, RATE_HZ * 6, len(wave))]
    found = [one.text for one in model.answer_many(clips)]
    assert found == ["low", "low high", "low high low"]


def test_rules_can_wait_for_words(model: CommandTranscriber, wave: np.ndarray) -> None:
    loaded, steps, decided = Loaded("pitched", model, {}), [], []
    assert loaded.labels == ("low", "high")
    listener = Listener([loaded], RATE_HZ, 1, steps.append, lambda name, one: decided.append(one))
    for at in range(0, len(wave), 4000):
        listener.push(Chunk(wave[None, at : at + 4000], RATE_HZ, begins=at == 0))
    listener.finish()
    assert [one.text for one in decided] == ["low", "high", "low"]
    assert steps[0].threshold == {"low": CONFIG.threshold, "high": CONFIG.threshold}
    high = [one.start_s for one in steps if one.scores["high"] > 0.9]
    assert high
    assert min(high) > 3.5
    assert max(high) < 5


def test_channels_are_heard_each_for_itself(model: CommandTranscriber) -> None:
    both = np.stack([tone(300, 1.0, 0.6, 3), tone(3000, 1.5, 0.6, 3)])
    said = model(Clip(both, RATE_HZ), channels="separate")
    assert [(one.speaker, one.text) for one in said.segments] == [
        ("channel 1", "low"), ("channel 2", "high"),
    ]  # fmt: skip


def test_speakers_are_not_told_apart(model: CommandTranscriber, wave: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match="does not tell speakers apart"):
        model(Clip(wave[None], RATE_HZ), speakers=True)
