"""Folders of every accepted layout: trained, scored, answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tympan
from tympan.audio import Clip
from tympan.data import read_folder
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.segment.recipe import frame_of, front, learned_from, recipe
from tympan.tasks.segment.task import TASK

RATE_HZ = 8000
TONES_HZ = {"low": 300.0, "high": 2000.0}
Rows = list[tuple[float, float, str]]
# So small that a test has time for it.
QUICK: dict[str, Any] = {
    "widths": [8, 16], "features": 32, "n_mels": 24, "crop_s": 4.0, "batch_size": 8, "lr": 5e-3,
    "mixup_p": 0.0, "mask": 0.0,
}  # fmt: skip


def scene(rng: np.random.Generator, seconds: float = 8.0) -> tuple[Clip, Rows]:
    """Noise with a tone now and then, and when which."""
    size = round(seconds * RATE_HZ)
    wave = 0.01 * rng.standard_normal(size)
    rows: Rows = []
    at = rng.uniform(0.2, 1.0)
    while at < seconds - 1.2:
        label, length = str(rng.choice(list(TONES_HZ))), float(rng.uniform(0.4, 0.9))
        first, last = round(at * RATE_HZ), round((at + length) * RATE_HZ)
        t = np.arange(last - first) / RATE_HZ
        wave[first:last] += 0.2 * np.sin(2 * np.pi * TONES_HZ[label] * t)
        rows.append((round(at, 4), round(at + length, 4), label))
        at += length + rng.uniform(0.4, 1.2)
    return Clip(wave[None].astype(np.float32), RATE_HZ), rows


def scenes(root: Path, count: int = 20) -> dict[str, Rows]:
    """Recordings in a folder, and when what is in them."""
    rng = np.random.default_rng(0)
    found = {}
    for i in range(count):
        clip, rows = scene(rng)
        clip.save(root / f"{i:02}.wav")
        found[f"{i:02}"] = rows
    return found


def write(root: Path, layout: str, rows_of: dict[str, Rows]) -> None:
    """The labels in one of the layouts."""
    if layout == "csv":
        lines = ["file_name,start_s,end_s,label"]
        lines += [f"{n}.wav,{a},{b},{c}" for n, rows in rows_of.items() for a, b, c in rows]
        (root / "metadata.csv").write_text("\n".join(lines))
    for name, rows in rows_of.items():
        if layout == "audacity":
            text = "".join(f"{a}\t{b}\t{c}\n" for a, b, c in rows)
            (root / f"{name}.txt").write_text(text)
        elif layout == "raven":
            head = (
                "Selection\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"
            )
            body = "".join(
                f"{i}\t{a}\t{b}\t{0.8 * TONES_HZ[c]}\t{1.2 * TONES_HZ[c]}\t{c}\n"
                for i, (a, b, c) in enumerate(rows, 1)
            )
            (root / f"{name}.Table.1.selections.txt").write_text(head + body)
        elif layout == "rttm":
            text = "".join(
                f"SPEAKER {name} 1 {a:.4f} {b - a:.4f} <NA> <NA> {c} <NA> <NA>\n"
                for a, b, c in rows
            )
            (root / f"{name}.rttm").write_text(text)
        elif layout == "praat":
            from tympan.tasks.results import Segment
            from tympan.tasks.results.segments import Segments

            parts = tuple(Segment(a, b, c, 1.0) for a, b, c in rows)
            Segments(f"{name}.wav", parts, 8.0).save(root / f"{name}.TextGrid")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Rows], Path]:
    """A model of two tones."""
    root = tmp_path_factory.mktemp("scenes")
    rows = scenes(root)
    write(root, "csv", rows)
    out = tmp_path_factory.mktemp("out") / "model"
    return tympan.train(root, out=out, epochs=25, settings=QUICK, progress=False), rows, root


def test_it_overfits_and_chooses_its_rules(trained: tuple[Any, dict[str, Rows], Path]) -> None:
    result, rows_of, root = trained
    assert result.metrics["event_f1"] > 0.9
    assert result.metrics["frame_auc"] > 0.98
    found = tympan.segment(root / "00.wav", model=result.folder)
    assert [s.label for s in found.segments] == [label for *_, label in rows_of["00"]]
    for s, (start_s, end_s, _) in zip(found.segments, rows_of["00"], strict=True):
        assert abs(s.start_s - start_s) < 0.1
        assert abs(s.end_s - end_s) < 0.1
    config = TASK.load(tympan.models.load_model(result.folder), "cpu").config
    assert len(config.onset) == len(config.offset) == 2
    assert all(low <= high for low, high in zip(config.offset, config.onset, strict=True))


def test_a_saved_answer_can_be_trained_on_again(
    trained: tuple[Any, dict[str, Rows], Path], tmp_path: Path
) -> None:
    from tympan.data.annotations import read_audacity, read_raven

    result, _, root = trained
    found = tympan.segment(root / "01.wav", model=result.folder)
    for name, read in (("a.txt", read_audacity), ("a.selections.txt", read_raven)):
        found.save(tmp_path / name)
        again = read(tmp_path / name)
        assert [(p.start_s, p.end_s, p.label) for p in again] == [
            (pytest.approx(s.start_s, abs=1e-5), pytest.approx(s.end_s, abs=1e-5), s.label)
            for s in found.segments
        ]


@pytest.mark.parametrize("layout", ["csv", "audacity", "raven", "rttm", "praat"])
def test_every_layout_of_times_is_understood(tmp_path: Path, layout: str) -> None:
    rows = scenes(tmp_path, 3)
    write(tmp_path, layout, rows)
    table = read_folder(tmp_path)
    assert TASK.claims(table)
    found = recipe(table, None, {})
    assert found.config.learn_from == "times"
    parts = [
        [(p.start_s, p.end_s) for p in one.supervisions if p.label or p.speaker] for one in table
    ]
    expected = [[(a, b) for a, b, _ in rows[name]] for name in sorted(rows)]
    assert [len(one) for one in parts] == [len(one) for one in expected]
    assert np.allclose(np.concatenate(parts), np.concatenate(expected), atol=1e-3)


@pytest.mark.slow
def test_boxes_choose_the_band_and_come_out_again(tmp_path: Path) -> None:
    rows = scenes(tmp_path, 12)
    write(tmp_path, "raven", rows)
    settings = {k: v for k, v in QUICK.items() if k != "n_mels"}
    result = tympan.train(
        tmp_path, out=tmp_path.parent / "boxes", epochs=25, settings=settings, progress=False
    )
    config = TASK.load(tympan.models.load_model(result.folder), "cpu").config
    assert config.low_hz == pytest.approx((1600, 240))
    assert config.f_max_hz == pytest.approx(1.2 * 2400, rel=0.01)
    found = tympan.segment(tmp_path / "00.wav", model=result.folder)
    assert found.segments
    for s in found.segments:
        assert s.low_hz == pytest.approx(0.8 * TONES_HZ[s.label])
    target = found.save(tmp_path.parent / "out.selections.txt")
    assert "Low Freq (Hz)" in target.read_text().splitlines()[0]
    from tympan.data.annotations import read_raven

    assert read_raven(target)[0].high_hz == pytest.approx(found.segments[0].high_hz)


@pytest.mark.parametrize(
    ("rate_hz", "low_hz", "high_hz"), [(192_000, 35_000, 60_000), (384_000, 90_000, 150_000)]
)
def test_bats_get_a_front_of_their_own_rate(
    tmp_path: Path, rate_hz: int, low_hz: int, high_hz: int
) -> None:
    rng = np.random.default_rng(0)
    lines = ["file_name,start_s,end_s,label,low_hz,high_hz"]
    for i in range(3):
        wave = 0.01 * rng.standard_normal(rate_hz)
        Clip(wave[None].astype(np.float32), rate_hz).save(tmp_path / f"{i}.wav")
        starts = [0.2 * j for j in range(5)]
        lines += [f"{i}.wav,{s:.3f},{s + 0.006:.3f},bat,{low_hz},{high_hz}" for s in starts]
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    config, reasons = front(
        recipe(read_folder(tmp_path), None, {}).config, read_folder(tmp_path), {}
    )
    assert rate_hz >= config.rate_hz >= 2 * high_hz * 1.2
    assert config.f_min_hz == pytest.approx(0.8 * low_hz)
    assert config.frame_s < 0.003
    assert any(f"{low_hz} – {high_hz} Hz" in one for one in reasons)


def test_whales_are_not_answered_at_96_khz(tmp_path: Path) -> None:
    Clip(np.zeros((1, 96_000), np.float32), 96_000).save(tmp_path / "a.wav")
    rows = "file_name,start_s,end_s,label,low_hz,high_hz\na.wav,0,1,whale,20,200\n"
    (tmp_path / "metadata.csv").write_text(rows)
    config = recipe(read_folder(tmp_path), None, {}).config
    assert config.rate_hz == 1000
    assert config.top_hz == pytest.approx(240)


@pytest.mark.slow
def test_a_class_folder_gives_times_from_its_labels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label, hz in TONES_HZ.items():
        (tmp_path / label).mkdir()
        for i in range(20):
            size = 3 * RATE_HZ
            wave = 0.01 * rng.standard_normal(size)
            at = int(rng.uniform(0.2, 2.0) * RATE_HZ)
            t = np.arange(RATE_HZ * 3 // 4) / RATE_HZ
            wave[at : at + len(t)] += 0.2 * np.sin(2 * np.pi * hz * t)
            Clip(wave[None].astype(np.float32), RATE_HZ).save(tmp_path / label / f"{i}.wav")
    kind, why = learned_from(read_folder(tmp_path), "background")
    assert kind == "clips"
    assert "background" in why
    result = tympan.train(
        tmp_path, task="segment", out=tmp_path.parent / "weak", epochs=40,
        settings={**QUICK, "crop_s": 3.0}, progress=False,
    )  # fmt: skip
    assert result.metrics["map"] > 0.9
    size = 6 * RATE_HZ
    wave = 0.01 * rng.standard_normal(size)
    t = np.arange(RATE_HZ) / RATE_HZ
    wave[2 * RATE_HZ : 3 * RATE_HZ] += 0.2 * np.sin(2 * np.pi * 300 * t)
    found = tympan.segment(Clip(wave[None].astype(np.float32), RATE_HZ), model=result.folder)
    low = [s for s in found.segments if s.label == "low"]
    middle = [(s.start_s + s.end_s) / 2 for s in low]
    assert low
    assert all(1.5 < one < 3.5 for one in middle)
    assert sum(s.end_s - s.start_s for s in low) < 3.0


@pytest.mark.slow
def test_events_and_backgrounds_are_mixed_into_scenes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label, hz in TONES_HZ.items():
        (tmp_path / label).mkdir()
        for i in range(14):
            t = np.arange(round(rng.uniform(0.3, 0.7) * RATE_HZ)) / RATE_HZ
            wave = 0.2 * np.sin(2 * np.pi * hz * rng.uniform(0.95, 1.05) * t)
            Clip(wave[None].astype(np.float32), RATE_HZ).save(tmp_path / label / f"{i}.wav")
    (tmp_path / "background").mkdir()
    for i in range(14):
        wave = 0.02 * rng.standard_normal(4 * RATE_HZ)
        Clip(wave[None].astype(np.float32), RATE_HZ).save(tmp_path / "background" / f"{i}.wav")
    result = tympan.train(
        tmp_path, task="segment", out=tmp_path.parent / "mixed", epochs=6, settings=QUICK,
        progress=False,
    )  # fmt: skip
    assert result.metrics["segment_f1"] > 0.6
    assert result.evaluation.labels == ("high", "low")
    clip, rows = scene(np.random.default_rng(5))
    found = tympan.segment(clip, model=result.folder)
    for start_s, end_s, label in rows:
        assert any(
            s.label == label and s.start_s < end_s and s.end_s > start_s for s in found.segments
        )


def test_an_hour_counts_for_more_than_a_minute(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["file_name,start_s,end_s,label"]
    for name, seconds in (("long", 64), ("short", 4)):
        clip, rows = scene(rng, seconds)
        clip.save(tmp_path / f"{name}.wav")
        lines += [f"{name}.wav,{a},{b},{c}" for a, b, c in rows]
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    table = read_folder(tmp_path)
    from tympan.data import AudioStore

    store = AudioStore.open(table, RATE_HZ, cache_dir=tmp_path / "cache")
    chosen = recipe(table, None, {"rate_hz": RATE_HZ, "crop_s": 4.0})
    rows_ = TASK.examples(table, store, TASK.prepare(table, store, chosen))
    assert np.bincount(rows_.owners).tolist() == [16, 1]
    whole = np.concatenate([rows_.item(i, None)["roll"].numpy() for i in range(16)], axis=1)
    assert whole.shape[1] == 16 * rows_.frames
    expected_s = sum(b - a for a, b, _ in [
        (p.start_s, p.end_s, p.label) for p in table[0].supervisions
    ])  # fmt: skip
    assert whole.sum() * chosen.config.frame_s == pytest.approx(expected_s, rel=0.05)


def test_mistakes_are_told(tmp_path: Path, trained: tuple[Any, dict[str, Rows], Path]) -> None:
    result, _, root = trained
    table = read_folder(root)
    with pytest.raises(ArgumentError, match="augment"):
        recipe(table, None, {"augment": "speech"})
    with pytest.raises(ArgumentError, match="onst"):
        recipe(table, None, {"onst": 0.5})
    other = tympan.models.load_model(result.folder)
    from dataclasses import replace

    card = replace(other.card, config={**other.card.config, "onset": [0.5]})
    with pytest.raises(ModelError, match="values of onset"):
        TASK.load(replace(other, card=card), "cpu")
    scenes(tmp_path, 1)
    (tmp_path / "metadata.csv").write_text(
        "file_name,start_s,end_s,label\n00.wav,0,1,bark\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match="bark"):
        tympan.evaluate(result.folder, tmp_path)


def test_short_events_have_short_frames() -> None:
    from tympan.data import Table, recording
    from tympan.data.table import Supervision

    parts = [Supervision(i, i + 0.01, "click") for i in range(9)]
    table = Table(Path("."), (recording(Path("a.wav"), supervisions=parts),))
    assert frame_of(table, 0.04)[0] == pytest.approx(0.002)
    assert frame_of(Table(Path("."), ()), 0.04) == (0.04, ())
