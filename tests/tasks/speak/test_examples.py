"""Recordings and what is said in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests_speak import RATE_HZ, SMALL, made_recordings, made_sentence, symbols
from tympan.data import AudioStore, read_folder
from tympan.errors import DataError
from tympan.tasks.speak.config import SpeakConfig
from tympan.tasks.speak.examples import SpeakExamples, known_of, phonemes_of
from tympan.tasks.speak.sound import log_mels, pitch_of
from tympan.tasks.speak.task import TASK

CONFIG = SpeakConfig(
    language="de",
    symbols=symbols("de"),
    **{k: v for k, v in SMALL.items() if k not in ("batch_size", "lr")},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made_recordings(tmp_path / "known", 3, known=True)


def examples(folder: Path) -> SpeakExamples:
    table = TASK.rows_of(read_folder(folder))
    return SpeakExamples(table, AudioStore.open(table, RATE_HZ), CONFIG, ("speaker",))


def test_durations_sum_to_the_frames(folder: Path) -> None:
    found = examples(folder)
    for row in range(3):
        item = found.item(row, None)
        number = int(found.table[row].path.stem)
        assert item["durations"].tolist() == made_sentence(number)[2]
        assert item["mels"].shape == (40, 2 * item["durations"].sum())
        assert len(item["symbols"]) == len(item["stress"]) == len(item["durations"])
        assert len(item["f0"]) == item["mels"].shape[1]
        assert item["speaker"] == 0


def test_pitch_is_that_beside_the_recording_or_is_found(folder: Path) -> None:
    known = examples(folder).item(0, None)["f0"].numpy()
    for beside in folder.glob("*.npz"):
        beside.unlink()
    item = examples(folder).item(0, None)
    assert (item["durations"] == 0).all()
    found = item["f0"].numpy()
    both = (known > 0) & (found > 0)
    assert both.mean() > 0.3
    assert np.median(np.abs(12 * np.log2(found[both] / known[both]))) < 0.3


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"durations": np.ones(5, int)}, "5 durations for 14 tokens"),
        ({"durations": None}, "holds no tokens, durations and f0"),
        ({"tokens": "ab"}, "for 2 tokens"),
    ],
)
def test_known_durations_that_do_not_fit_are_named(
    folder: Path, change: dict[str, object], line: str
) -> None:
    found = examples(folder)
    path = found.table[0].path
    values = dict(known_of(path) or {}) | change
    np.savez(path.with_suffix(".npz"), **{k: v for k, v in values.items() if v is not None})  # type: ignore[arg-type]
    with pytest.raises(DataError) as error:
        examples(folder).item(0, None)
    assert line.replace("14", str(len(made_sentence(0)[0]))) in str(error.value)
    assert "00.npz" in str(error.value)


def test_durations_of_another_recording_are_named(folder: Path) -> None:
    values = dict(known_of(folder / "00.wav") or {})
    np.savez(folder / "00.npz", **values | {"durations": values["durations"] + 1})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="steps, the recording has"):
        examples(folder).item(0, None)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"none", b"\x93NUMPY"])
def test_a_damaged_file_beside_a_recording_is_named(folder: Path, content: bytes) -> None:
    (folder / "00.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"00\.npz"):
        examples(folder)


@pytest.mark.parametrize("size", [1, 199, 200, 201, 1999])
def test_mels_are_whole_steps(size: int) -> None:
    mels = log_mels(np.zeros(size, np.float32), CONFIG)
    assert mels.shape == (40, 2 * -(-size // CONFIG.step_samples))
    assert len(pitch_of(np.zeros(size, np.float32), CONFIG, mels.shape[1])) == mels.shape[1]


def test_a_text_is_all_its_sentences() -> None:
    assert phonemes_of("Hi. You.", "en") == "hˈI. jˌu."


def test_another_text_is_another_fingerprint(folder: Path) -> None:
    first = examples(folder).fingerprint()
    assert first == examples(folder).fingerprint()
    values = dict(known_of(folder / "00.wav") or {})
    values["tokens"] = np.array(str(values["tokens"])[::-1])
    np.savez(folder / "00.npz", **values)  # type: ignore[arg-type]
    assert examples(folder).fingerprint() != first


def test_long_recordings_are_left_out(folder: Path) -> None:
    table = TASK.rows_of(read_folder(folder))
    store = AudioStore.open(table, RATE_HZ)
    lengths_s = store.lengths(table.paths) / RATE_HZ
    most_s = float(np.sort(lengths_s)[1])
    assert len(set(lengths_s.tolist())) == 3
    found = SpeakExamples(table, store, replace(CONFIG, longest_s=most_s), ("speaker",))
    kept = [path for path, n in zip(table.paths, lengths_s, strict=True) if n <= most_s]
    assert [one.path for one in found.table] == kept
    assert len(found.sizes) == len(found.symbols) == len(found.speakers) == 2
    short = replace(CONFIG, longest_s=1.0)
    with pytest.raises(DataError, match=r"no sentence of at most 1 s.*the shortest is of \d s"):
        SpeakExamples(table, store, short, ("speaker",))
