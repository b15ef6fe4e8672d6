"""Sample rates, formats and channels that give the label away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tympan.data import Table, read_folder, recording, shortcut_warnings, shortcuts
from tympan.data.shortcuts import _fisher, _given_away

scipy_stats = pytest.importorskip("scipy.stats")


def write(path: Path, rate_hz: int = 8000, channels: int = 1) -> None:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, np.zeros((80, channels)), rate_hz, format=path.suffix[1:])


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"rate_hz": 44100}, "labels differ in sample rate (a 44100 Hz; b 8000 Hz): a model can"),
        ({"channels": 2}, "labels differ in channels (a 2 ch; b 1 ch)"),
    ],
)
def test_two_labels_that_differ(tmp_path: Path, kinds: dict[str, int], message: str) -> None:
    for i in range(6):
        write(tmp_path / "a" / f"{i}.wav", **kinds)
        write(tmp_path / "b" / f"{i}.wav")
    (found,) = shortcut_warnings(read_folder(tmp_path))
    assert found.startswith(f"warning: {message}")


def test_one_label_of_many_in_another_format(tmp_path: Path) -> None:
    for label in "abcdefgh":
        for i in range(5):
            write(tmp_path / label / f"{i}.{'flac' if label == 'c' else 'wav'}")
    (found,) = shortcut_warnings(read_folder(tmp_path))
    assert "differ in format (c flac/pcm_16)" in found


def test_differences_within_labels_are_no_shortcut(tmp_path: Path) -> None:
    for label in "ab":
        for i in range(8):
            write(tmp_path / label / f"{i}.wav", 44100 if i % 2 else 8000)
    (tmp_path / "a" / "broken.wav").write_bytes(b"RIFF")
    assert shortcut_warnings(read_folder(tmp_path)) == ()


def test_few_recordings_say_nothing(tmp_path: Path) -> None:
    for i in range(2):
        write(tmp_path / "a" / f"{i}.wav", 44100)
        write(tmp_path / "b" / f"{i}.wav")
    assert shortcut_warnings(read_folder(tmp_path)) == ()


def test_some_files_of_large_labels_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tympan import audio

    for i in range(60):
        write(tmp_path / "ab"[i % 2] / f"{i}.wav", 44100 if i % 2 else 8000)
    opened: list[Path] = []
    probe = audio.probe
    monkeypatch.setattr(shortcuts, "_MOST_PER_LABEL", 10)
    monkeypatch.setattr(audio, "probe", lambda path: (opened.append(path), probe(path))[1])
    assert "a 8000 Hz; b 44100 Hz" in shortcut_warnings(read_folder(tmp_path))[0]
    assert len(opened) == 20


def test_speakers_count_where_there_are_no_labels(tmp_path: Path) -> None:
    rows = []
    for i in range(12):
        write(tmp_path / f"{i}.wav", 44100 if i < 6 else 8000)
        rows.append(recording(tmp_path / f"{i}.wav", {"speaker": "anna" if i < 6 else "bob"}))
    assert "(anna 44100 Hz; bob 8000 Hz)" in shortcut_warnings(Table(tmp_path, tuple(rows)))[0]
    assert shortcut_warnings(Table(tmp_path, tuple(rows[:6]))) == ()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 60), st.data())
def test_chance_is_that_of_fisher(size: int, others: int, having: int, data: st.DataObject) -> None:
    total = size + others
    having = min(having, total)
    n = data.draw(st.integers(max(0, having - others), min(size, having)))
    table = [[n, size - n], [having - n, others - (having - n)]]
    expected = scipy_stats.fisher_exact(table, alternative="greater").pvalue
    assert _fisher(n, size, having, total) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_chance_alone_gives_no_label_away() -> None:
    rng = np.random.default_rng(0)
    tags = [(str(i % 40),) for i in range(160)]
    found = sum(bool(_given_away(tags, [str(v) for v in rng.random(160) < 0.3])) for _ in range(99))
    assert found <= 2


def test_a_value_that_is_only_more_common_gives_no_label_away() -> None:
    tags = [("a",)] * 200 + [("b",)] * 200
    values = ["x"] * 120 + ["y"] * 80 + ["x"] * 80 + ["y"] * 120
    assert _given_away(tags, values) == []
    values = ["x"] * 180 + ["y"] * 20 + ["x"] * 20 + ["y"] * 180
    assert _given_away(tags, values) == [("a", "x"), ("b", "y")]


def test_real_sets_have_none_but_the_one_that_has(shared_data: Path) -> None:
    assert shortcut_warnings(read_folder(shared_data / "wake_words")) == ()
    found = shortcut_warnings(read_folder(shared_data / "dcase2016_task2"))
    assert "(keysDrop 22050 Hz)" in found[0]
