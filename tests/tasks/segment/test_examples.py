"""Crops and scenes as tensors: what happens in each frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.audio import Clip
from tympan.data import AudioStore, Table, recording
from tympan.data.table import Supervision
from tympan.errors import DataError
from tympan.tasks.segment.config import SegmentConfig
from tympan.tasks.segment.examples import SegmentExamples, crop_of, roll_of
from tympan.tasks.segment.net import Geometry, geometry_of
from tympan.tasks.segment.scenes import SceneExamples, extent_of

CONFIG = SegmentConfig(
    rate_hz=8000, n_fft=256, hop=80, n_mels=16, widths=(4, 8), features=16, crop_s=1.0
)


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 9), st.floats(0.001, 2), st.floats(0.002, 0.2))
def test_no_part_is_lost_and_none_grows_by_more_than_a_frame(
    start_s: float, length_s: float, frame_s: float
) -> None:
    frames = int(12 / frame_s)
    roll = roll_of([Supervision(start_s, start_s + length_s, "a")], {"a": 0}, frames, frame_s)
    count = int(roll.sum())
    assert count >= 1
    assert abs(count * frame_s - length_s) <= 1.01 * frame_s
    there = np.flatnonzero(roll[0])
    assert np.array_equal(there, np.arange(there[0], there[0] + count))
    assert there[0] * frame_s <= start_s + length_s
    assert (there[-1] + 1) * frame_s >= start_s


def test_a_roll_can_begin_anywhere() -> None:
    parts = [Supervision(0.0, 0.2, "a"), Supervision(0.5, 0.7, "b;a"), Supervision(2, 3, "c")]
    whole = roll_of(parts, {"a": 0, "b": 1}, 10, 0.1)
    later = roll_of(parts, {"a": 0, "b": 1}, 6, 0.1, start_s=0.4)
    assert np.array_equal(whole[:, 4:], later)
    assert whole.sum(1).tolist() == [4, 2]


def stored(root: Path, waves: dict[str, np.ndarray], rows: list) -> tuple[Table, AudioStore]:
    for name, wave in waves.items():
        Clip(wave[None].astype(np.float32), 8000).save(root / name, subtype="FLOAT")
    table = Table(root, tuple(rows))
    return table, AudioStore.open(table, 8000, cache_dir=root / "cache")


def test_a_crop_has_real_sound_around_it_and_silence_beyond_the_recording(tmp_path: Path) -> None:
    wave = np.linspace(0.1, 0.9, 8000)
    table, store = stored(tmp_path, {"a.wav": wave}, [recording(tmp_path / "a.wav")])
    around = Geometry(100, 200, 0, 300)
    middle = crop_of(store, table[0], 1000, 500, around)
    assert np.allclose(middle, wave[900:1700], atol=1e-3)
    first = crop_of(store, table[0], 0, 500, around)
    assert not first[:100].any()
    assert np.allclose(first[100:], wave[:700], atol=1e-3)
    last = crop_of(store, table[0], 7900, 500, around)
    assert not last[200:].any()


def test_frames_behind_the_end_do_not_count(tmp_path: Path) -> None:
    row = recording(tmp_path / "a.wav", supervisions=[Supervision(0.2, 0.5, "x")])
    table, store = stored(tmp_path, {"a.wav": np.full(6000, 0.1)}, [row])
    item = SegmentExamples(table, store, CONFIG, ("x",), geometry_of(CONFIG)).item(0, None)
    assert item["known"].sum() == -(-6000 // CONFIG.frame)
    assert item["roll"].sum() * CONFIG.frame_s == pytest.approx(0.3, abs=CONFIG.frame_s)
    assert item["strong"] == 1


def test_labels_without_times_are_weak(tmp_path: Path) -> None:
    rows = [
        recording(tmp_path / "a.wav", {"label": "x;y"}),
        recording(tmp_path / "a.wav", {"label": "background"}),
    ]
    table, store = stored(tmp_path, {"a.wav": np.full(6000, 0.1)}, rows)
    examples = SegmentExamples(table, store, CONFIG, ("x", "y"), geometry_of(CONFIG))
    weak, empty = (examples.item(i, None) for i in range(2))
    assert weak["strong"] == 0
    assert weak["clip"].tolist() == [1, 1]
    # Of a background it is known that nothing is in it, at any time.
    assert empty["strong"] == 1
    assert not empty["roll"].any()
    with pytest.raises(DataError, match="'y'"):
        SegmentExamples(table, store, CONFIG, ("x",), geometry_of(CONFIG))


def test_the_truth_of_a_scene_is_where_its_events_are(tmp_path: Path) -> None:
    t = np.arange(2400) / 8000
    event = np.zeros(8000)
    event[3000:5400] = 0.3 * np.sin(2 * np.pi * 1000 * t)
    assert extent_of(event.astype(np.float32), 8000) == (2880, 5440)
    rows = [
        recording(tmp_path / "e.wav", {"label": "beep"}),
        recording(tmp_path / "b.wav", {"label": "background"}),
    ]
    rng = np.random.default_rng(0)
    noise = 0.001 * rng.standard_normal(16000)
    table, store = stored(tmp_path, {"e.wav": event, "b.wav": noise}, rows)
    examples = SceneExamples(table, store, CONFIG, ("beep",), Geometry(0, 0, 0, 0), rows=8)
    seen = 0
    for seed in range(12):
        wave, events = examples.scene(np.random.default_rng(seed))
        frames = np.abs(np.fft.rfft(wave.reshape(-1, 160)))[:, 20]  # 1000 Hz
        loud = frames > 0.3 * frames.max()
        truth = roll_of(events, {"beep": 0}, len(loud), 160 / 8000)[0] > 0
        if events and frames.max() > 10 * np.median(frames):
            seen += 1
            assert (truth[loud]).mean() > 0.8
    assert seen > 2
    one, again = (examples.item(3, None) for _ in range(2))
    assert all(np.array_equal(one[name], again[name]) for name in one)


def test_scenes_need_events(tmp_path: Path) -> None:
    rows = [recording(tmp_path / "b.wav", {"label": "background"})]
    table, store = stored(tmp_path, {"b.wav": np.ones(800)}, rows)
    with pytest.raises(DataError, match="no events"):
        SceneExamples(table, store, CONFIG, ("beep",), Geometry(0, 0, 0, 0))
