"""Mixes of isolated sources and of stems: sums, ratios, and no sound of another row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.data import AudioStore, Example, Table, recording
from tympan.errors import DataError
from tympan.tasks.separate.config import SeparateConfig
from tympan.tasks.separate.examples import SeparateExamples, power_of

RATE = 8000
CONFIG = SeparateConfig(rate_hz=RATE, crop_s=0.5, room=0.0, silent=0.0, snr_low_db=3.0,
                        snr_high_db=3.0)  # fmt: skip


def saved(path: Path, wave: np.ndarray) -> Path:
    return Clip(np.atleast_2d(wave).astype(np.float32), RATE).save(path)


def noise(seed: int, length: int = RATE) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(length)


def isolated(root: Path, **names: int) -> Table:
    rows = [
        recording(saved(root / f"{name}-{i}.wav", noise(10 * i + len(name))), {"label": name})
        for name, count in names.items()
        for i in range(count)
    ]
    return Table(root, tuple(rows))


def examples(table: Table, config: SeparateConfig, labels: tuple[str, ...]) -> SeparateExamples:
    store = AudioStore.open(table, RATE, cache_dir=table.root / ".cache")
    return SeparateExamples(table, store, config, labels)


def test_isolated_sources_are_mixed_at_the_ratio(tmp_path: Path) -> None:
    found = examples(isolated(tmp_path, voice=2, noise=2), CONFIG, ("voice",))
    item = {k: v.numpy() for k, v in found.item(0, np.random.default_rng(0)).items()}
    assert item["mix"].shape == (1, 4000)
    assert item["sources"].shape == (1, 1, 4000)
    rest = item["mix"] - item["sources"][0]
    ratio_db = 10 * np.log10(power_of(item["sources"][0]) / power_of(rest))
    assert ratio_db == pytest.approx(3.0, abs=0.1)


def test_the_same_row_is_evaluated_each_time(tmp_path: Path) -> None:
    found = examples(isolated(tmp_path, voice=2, noise=2), CONFIG, ("voice", "noise"))
    first, again, other = (found.item(i, None)["mix"].numpy() for i in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0
    item = found.item(3, None)
    np.testing.assert_allclose(item["sources"].sum(0), item["mix"], atol=1e-6)


def test_silent_sources_are_drawn(tmp_path: Path) -> None:
    config = replace(CONFIG, silent=1.0)
    found = examples(isolated(tmp_path, voice=2, noise=2), config, ("voice", "noise"))
    for row in range(10):
        item = found.item(row, np.random.default_rng(row))
        assert sum(not bool(one.any()) for one in item["sources"]) == 1


def test_two_speakers_are_never_one(tmp_path: Path) -> None:
    rows = [
        recording(saved(tmp_path / f"{i}.wav", np.full(RATE, 0.01 * (i + 1))), {"speaker": f"{i}"})
        for i in range(3)
    ]
    config = replace(CONFIG, permute=True, snr_low_db=0.0, snr_high_db=0.0)
    found = examples(Table(tmp_path, tuple(rows)), config, ("voice 1", "voice 2"))
    drawn = set()
    for row in range(40):
        found._drawn(np.random.default_rng(row))
        waves = found._drawn(np.random.default_rng(row))
        levels = [round(float(wave.mean()), 3) for wave in waves]
        assert len(set(levels)) == 2
        drawn.add(tuple(levels))
    assert len(drawn) == 6


def stems(root: Path) -> Table:
    rows = []
    for i in range(2):
        a, b, extra = noise(i), noise(10 + i), noise(20 + i)
        rows.append(
            Example(
                {
                    "mixture": saved(root / f"m{i}.wav", a + b + extra),
                    "a": saved(root / f"a{i}.wav", a),
                    "b": saved(root / f"b{i}.wav", b),
                }
            )
        )
    return Table(root, tuple(rows))


@pytest.mark.parametrize("remix", [0.0, 1.0])
def test_stems_sum_to_the_mix_but_for_what_is_no_source(tmp_path: Path, remix: float) -> None:
    config = replace(CONFIG, learn_from="stems", remix=remix, gain_db=0.0)
    found = examples(stems(tmp_path), config, ("a", "b"))
    assert len(found.sizes) == 4
    item = found.item(0, None)
    rest = item["mix"] - item["sources"].sum(0)
    np.testing.assert_allclose(rest[0], noise(20)[:4000], atol=1e-4)
    item = found.item(0, np.random.default_rng(0))
    rest = (item["mix"] - item["sources"].sum(0)).numpy()
    assert power_of(rest) < 1e-9 if remix else power_of(rest) > 1e-3


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="voice"):
        examples(isolated(tmp_path, noise=2, hum=1), CONFIG, ("voice",))
