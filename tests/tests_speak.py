"""A voice that needs no training, and what every part that a voice speaks must hold."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from tympan.audio import Clip
from tympan.models import Card, list_models, save_model
from tympan.tasks.speak.config import SpeakConfig
from tympan.tasks.speak.model import SpeakModel
from tympan.tasks.speak.net import SpeechNet
from tympan.tasks.speak.symbols import EDGE, PUNCTUATION, SPACE, STRESSES
from tympan.tasks.speak.timing import marks_of
from tympan.tasks.speak.voice import SpokenPart
from tympan.text import PHONEMES

SPEAKERS = ("ada", "bob")
STEADY_HZ = 150.0


def has_voice(name: str = "en") -> bool:
    """Whether the catalogue has such a voice."""
    return any(card.name == name and card.task == "speak" for card in list_models())


needs_en = pytest.mark.skipif(not has_voice(), reason="the voice en is not in the catalogue")


def symbols(language: str = "en") -> tuple[str, ...]:
    """All that a voice of a language may be given."""
    sounds = (char for char in PHONEMES[language] if char not in STRESSES)
    return tuple(dict.fromkeys((EDGE, SPACE, *PUNCTUATION, *sounds)))


def steady_net(config: SpeakConfig, speakers: int, seed: int = 0) -> SpeechNet:
    """A net that hums: symbols of about four steps, a pitch of about 150 Hz, a level tone."""
    torch.manual_seed(seed)
    net = SpeechNet(config, speakers).eval()
    with torch.no_grad():
        for last in (net.duration[-1], net.prosody_out, net.mel_out):
            last.weight *= 0.1
        net.duration[-1].bias.fill_(np.log(5.0))
        net.prosody_out.bias.zero_()
        net.prosody_out.bias[config.step : 2 * config.step] = 3.0  # a voice everywhere
        net.mel_out.bias.fill_(4.0)
    return net


def steady_config(language: str = "en", **values: object) -> SpeakConfig:
    """A small net."""
    small = {"size": 16, "text_blocks": 2, "prosody_blocks": 1, "mel_blocks": 1}
    return SpeakConfig(language=language, symbols=symbols(language), **(small | values))  # type: ignore[arg-type]


@cache
def steady_voice(language: str = "en") -> SpeakModel:
    """A voice of random weights, of two speakers, who sounds the same in each process."""
    config = steady_config(language)
    net = steady_net(config, len(SPEAKERS))
    return SpeakModel(net, config, SPEAKERS, "steady", "cpu", "abc")


def save_voice(folder: Path, seed: int = 0, language: str = "en") -> Path:
    """The steady voice as a model in a folder."""
    config = steady_config(language)
    net = steady_net(config, len(SPEAKERS), seed)
    state = {f"net.{k}": v.half() for k, v in net.state_dict().items()}
    card = Card(name=folder.name, task="speak", labels=list(SPEAKERS), config=config.to_dict())
    save_model(folder, state, card)
    return folder


def check_part(part: SpokenPart, rate_hz: int, text: str) -> None:
    """What holds for every sentence that is spoken."""
    samples = part.samples
    assert samples.ndim == 1
    assert samples.dtype == np.float32
    assert np.isfinite(samples).all()
    duration_s = len(samples) / rate_hz
    last = 0.0
    for one in part.symbols:
        assert 0 <= one.start_s < one.end_s <= duration_s + 1e-6
        assert one.start_s == pytest.approx(max(last, one.start_s), abs=1e-6)
        last = one.end_s
    marks = marks_of(part, rate_hz)
    words = part.sentence.words
    if not part.symbols:
        return
    assert [one.text for one in marks.words] == [one.text for one in words]
    assert [(m.start, m.end) for m in marks.words] == [(w.start, w.end) for w in words]
    assert marks.sentences[0].start_s == marks.words[0].start_s
    for first, second in zip(marks.words, marks.words[1:], strict=False):
        assert first.end_s <= second.start_s + 1e-9
    for one in marks.words:
        assert 0 <= one.start < one.end <= len(text)
    sounds = sum(char not in STRESSES for word in words for char in word.phonemes)
    assert len(marks.phonemes) == sounds
    assert marks.duration_s == pytest.approx(duration_s)


# -- recordings whose phonemes are known -----------------------------------------------------------

RATE_HZ = 8000
# Settings of a small voice that learns such recordings in seconds.
SMALL = {
    "rate_hz": RATE_HZ, "n_fft": 512, "hop": 100, "n_mels": 40, "size": 32, "text_blocks": 2,
    "prosody_blocks": 1, "mel_blocks": 2, "dropout": 0.0, "batch_size": 8, "lr": 5e-3,
}  # fmt: skip
STEP_S = 2 * 100 / RATE_HZ
# A letter is a hum with two resonances, or noise in a band (Hz). In German letters are phonemes.
HUMS = {"a": (800, 1300), "i": (300, 2400), "u": (350, 700), "m": (200, 3200)}
NOISES = {"s": (2800, 3800), "f": (800, 1800)}


def made_letter(letter: str, size: int, rng: np.random.Generator, pitch_hz: float) -> np.ndarray:
    """A letter as sound `(t,)`."""
    t = np.arange(size) / RATE_HZ
    if letter in HUMS:
        wave = np.zeros(size)
        for k in range(1, int(3800 / pitch_hz)):
            near = min(abs(k * pitch_hz - one) for one in HUMS[letter])
            wave += np.exp(-near / 150) * np.sin(2 * np.pi * k * pitch_hz * t)
        return 0.15 * wave / max(1e-9, wave.std())
    low, high = NOISES[letter]
    spectrum = np.fft.rfft(rng.standard_normal(size))
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    wave = np.fft.irfft(spectrum * ((hz > low) & (hz < high)), size)
    return 0.1 * wave / max(1e-9, wave.std())


def made_sentence(number: int) -> tuple[str, np.ndarray, list[int]]:
    """Text, sound `(t,)`, and the steps of its symbols: edge, letters, spaces, stop, edge."""
    rng = np.random.default_rng(number)
    # Vowels and consonants take turns, as in words that can be read.
    kinds = ("aiu", "msf")
    words = [
        "".join(str(rng.choice(list(kinds[(first + i) % 2]))) for i in range(rng.integers(3, 6)))
        for first in rng.integers(0, 2, 3)
    ]
    text = " ".join(words) + "."
    pitch_hz = 140.0 + 20 * (number % 2)
    steps = [4]
    parts = [np.zeros(4 * round(STEP_S * RATE_HZ))]
    for char in text:
        count = int(rng.integers(4, 9)) if char.isalpha() else int(rng.integers(2, 4))
        size = count * round(STEP_S * RATE_HZ)
        steps.append(count)
        parts.append(made_letter(char, size, rng, pitch_hz) if char.isalpha() else np.zeros(size))
    steps.append(4)
    parts.append(np.zeros(4 * round(STEP_S * RATE_HZ)))
    wave = np.concatenate(parts)
    wave = wave + 1e-4 * rng.standard_normal(len(wave))
    return text, wave.astype(np.float32), steps


def made_recordings(root: Path, count: int = 24, *, known: bool) -> Path:
    """A folder of such recordings; with the durations of their symbols beside them, if known."""
    root.mkdir(parents=True, exist_ok=True)
    rows = [("file_name", "text", "language", "split")]
    for number in range(count):
        text, wave, steps = made_sentence(number)
        Clip(wave[None], RATE_HZ).save(root / f"{number:02d}.wav")
        split = "test" if number >= count - 2 else "val" if number >= count - 4 else "train"
        rows.append((f"{number:02d}.wav", text, "de", split))
        if known:
            f0 = np.zeros(2 * sum(steps), np.float32)
            at = 0
            for char, length in zip(f" {text} ", steps, strict=True):
                voiced = char in HUMS
                f0[2 * at : 2 * (at + length)] = (140.0 + 20 * (number % 2)) * voiced
                at += length
            np.savez(root / f"{number:02d}.npz", tokens=text, durations=np.array(steps), f0=f0)
    with open(root / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return root
