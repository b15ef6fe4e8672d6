"""Kokoro behind the verb, with a net that stands in for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests_speak import check_part
from tympan.errors import ModelError
from tympan.tasks.speak.kokoro import (
    RATE_HZ,
    STEP,
    VARIABLE,
    KokoroVoice,
    field,
    load,
    varint,
    with_output,
)
from tympan.text import PHONEMES


class Stand:
    """Each token lasts three steps, each edge six; the wave counts the steps."""

    def __init__(self) -> None:
        self.inputs: dict[str, Any] = {}

    def run(self, outputs: object, inputs: dict[str, Any]) -> list[np.ndarray]:
        self.inputs = inputs
        count = inputs["tokens"].shape[1]
        durations = np.full(count, 3.0)
        durations[[0, -1]] = 6
        wave = np.repeat(np.arange(durations.sum()), STEP) / 1000
        return [wave[None].astype(np.float32), durations[None]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("am_adam", "af_heart")):
        np.full((510, 256), number, "<f4").tofile(tmp_path / f"{name}.bin")
    return tmp_path


@pytest.fixture
def kokoro(folder: Path) -> KokoroVoice:
    voice = KokoroVoice(folder)
    tokens = {char: i for i, char in enumerate(PHONEMES["en"], 1)}
    voice.__dict__ |= {"session": Stand(), "vocabulary": tokens}
    return voice


def test_the_first_voice_is_heart(kokoro: KokoroVoice) -> None:
    assert kokoro.speakers == ("af_heart", "am_adam")


@pytest.mark.parametrize("text", ["Good morning.", "A — b, c; 12 ducks!"])
def test_a_sentence_is_spoken_with_marks(kokoro: KokoroVoice, text: str) -> None:
    for part in kokoro.stream(text):
        check_part(part, RATE_HZ, text)
        first = part.symbols[0]
        assert first.start_s == pytest.approx(0.1)
        at = round(first.start_s * RATE_HZ)
        assert part.samples[at] == pytest.approx(0.006)
        inputs = kokoro.session.inputs
        assert inputs["tokens"][0, 0] == inputs["tokens"][0, -1] == 0
        assert inputs["tokens"].shape[1] == len(part.sentence.phonemes) + 2


def test_speaker_and_speed_reach_the_net(kokoro: KokoroVoice) -> None:
    list(kokoro.stream("One.", speaker="am_adam", speed=1.5))
    assert (kokoro.session.inputs["style"] == 0).all()
    assert kokoro.session.inputs["speed"].tolist() == [1.5]
    list(kokoro.stream("One."))
    assert (kokoro.session.inputs["style"] == 1).all()


def test_volume_is_exact(kokoro: KokoroVoice) -> None:
    text = "<speak><prosody volume='{}dB'>One.</prosody></speak>"
    plain, soft = (kokoro(text.format(db), ssml=True).samples for db in (0, -6))
    assert np.allclose(soft, plain * 10 ** (-6 / 20), atol=1e-6)


def test_a_voice_that_is_damaged_is_named(kokoro: KokoroVoice, folder: Path) -> None:
    (folder / "am_adam.bin").write_bytes(b"none")
    with pytest.raises(ModelError, match=r"am_adam\.bin: is no voice of kokoro"):
        list(kokoro.stream("One.", speaker="am_adam"))


def test_voices_that_are_nowhere_say_how_they_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="npm pack kokoro-js"):
        load()


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 1 << 20])
def test_numbers_are_written_in_groups_of_seven_bits(value: int) -> None:
    raw = varint(value)
    assert sum((byte & 127) << 7 * i for i, byte in enumerate(raw)) == value
    assert all(byte > 127 for byte in raw[:-1])
    assert raw[-1] < 128


def test_an_output_is_appended_to_the_graph(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"model")
    value = field(1, b"inner")
    assert with_output(tmp_path / "m.onnx", "inner") == b"model" + field(7, field(12, value))
