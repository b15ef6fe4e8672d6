"""The recipe of `english`: texts, parts of made speech, and what is drawn from them."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from recipes.transcribe_speech import Line

from recipes import transcribe_pool, transcribe_speech, words
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.learner import UNKNOWN
from tympan.tasks.transcribe.sounds import CHARACTERS, phonemes_of

CONFIG = TranscribeConfig(phonemes=phonemes_of("en"), characters=CHARACTERS, variation=0.0)


def made(folder: Path, name: str, count: int, frames: int = 120) -> Path:
    """A part of so many lines; the level of each line's mels is its number."""
    lines = [
        Line(i * frames, frames, "tea", "ti", f"voice {i}", [0, 28, 6, 0], [0.2, 0.5, 0.9, 1.2])
        for i in range(count)
    ]
    mels = [np.full((frames, CONFIG.n_mels), -i, np.float32) for i in range(count)]
    out = folder / "made" / name
    out.parent.mkdir(parents=True, exist_ok=True)
    transcribe_pool.write_part(out, lines, mels)
    return out


def test_a_part_is_read_as_it_was_written(tmp_path: Path) -> None:
    mels, lines = transcribe_pool.read_part(made(tmp_path, "0002-en.npz", 3))
    assert mels.shape == (360, CONFIG.n_mels)
    assert mels[lines[2].start].max() == -2
    assert [one.voice for one in lines] == ["voice 0", "voice 1", "voice 2"]
    assert lines[0].ends_s == [0.2, 0.5, 0.9, 1.2]


def test_lines_that_choose_an_epoch_are_not_trained_on(tmp_path: Path) -> None:
    made(tmp_path, "0000-en.npz", 40)
    made(tmp_path, "0002-en.npz", 5)
    train, held = (transcribe_pool.Pool(tmp_path, CONFIG, training) for training in (True, False))
    assert (len(train.lines), len(held.lines)) == (15, 30)
    voices = [
        {(number, line.voice) for number, line in pool.lines} for pool in (train, held)
    ]  # fmt: skip
    assert not voices[0] & voices[1]
    assert held.hours() == pytest.approx(30 * 1.2 / 3600)


def test_an_item_has_what_the_learner_takes(tmp_path: Path) -> None:
    made(tmp_path, "0002-en.npz", 5)
    pool = transcribe_pool.Pool(tmp_path, CONFIG, training=True)
    item = pool.item(0, np.random.default_rng(0))
    assert item["mels"].shape[0] == CONFIG.n_mels
    assert item["mels"].dtype == torch.float32
    assert [CONFIG.phonemes[i - 1] for i in item["phonemes"].tolist()] == ["t", "i"]
    assert len(item["frames"]) == item["mels"].shape[1] // 2


def test_lines_that_are_too_fast_or_too_long_are_left_out(tmp_path: Path) -> None:
    pool = transcribe_pool.Pool(tmp_path, CONFIG, training=False)
    lines = [
        Line(0, 100, "tea", "ti", "v"), Line(0, 40, "tea", "ti", "v"),
        Line(0, 100, "", "", "v"), Line(0, 100, "x", "t" * 40, "v"), Line(0, 1700, "x", "ti", "v"),
    ]  # fmt: skip
    assert pool.usable(lines) == lines[:1]


def test_each_answer_knows_its_phoneme() -> None:
    line = Line(0, 120, "tea", "ti", "v", [0, 28, 6, 0], [0.2, 0.5, 0.9, 1.2])
    found = transcribe_pool.frames_of(line, 1.0, 120, CONFIG).tolist()
    assert len(found) == 60
    assert (found[5], found[20], found[30], found[50]) == (0, 28, 6, 0)
    slow = transcribe_pool.frames_of(line, 0.5, 240, CONFIG).tolist()
    assert (slow[10], slow[40], slow[60], slow[100]) == (0, 28, 6, 0)
    unknown = transcribe_pool.frames_of(Line(0, 120, "tea", "ti", "v"), 1.0, 120, CONFIG)
    assert set(unknown.tolist()) == {UNKNOWN}


def test_voices_take_turns() -> None:
    texts = [str(i) for i in range(transcribe_speech.PART * 9 + 1)]
    found = list(transcribe_speech.parts(texts))
    assert [voice for _, voice, _ in found] == [*transcribe_speech.ORDER, "en"]
    said = [text for _, _, part in found for text in part]
    assert len(said) == len(set(said)) == transcribe_speech.PART * 9


def test_sentences_of_a_book() -> None:
    found = words.sentences_of("Mr. Bennet--so_called_; in 1813 said: “It's well-known!”")
    assert found == [["mister", "bennet"], ["socalled"], ["in", "said"], ["it's", "well", "known"]]


def test_runs_of_test_texts_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file_name", "text"), ("a.wav", "a b c d e f g")])
    texts = {"book": [["x", "a", "b", "c", "d", "e", "f"]]}
    assert words.overlap(texts, path) == "1 of 2 runs of 6 words of the test"


def test_words_without_stress_have_their_own_sounds() -> None:
    from collections import Counter

    found = words.sounds_of(Counter({"tea": 1, "the": 3, "qzxv": 1}))
    assert found["tea"] == "ti"
    assert "ðə" in found["the"].split("|")
    assert "qzxv" not in found
