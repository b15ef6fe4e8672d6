"""How far a voice is from recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests_speak import RATE_HZ, SMALL, made_recordings, steady_config, steady_net
from tympan.data import AudioStore, read_folder
from tympan.errors import DataError
from tympan.tasks.speak.evaluation import distortion_db, evaluate, interval_of
from tympan.tasks.speak.model import SpeakModel
from tympan.tasks.speak.task import TASK


def test_distortion_is_that_of_kubichek() -> None:
    """10 √2 / ln 10 for each unit that one cepstral coefficient is apart."""
    n_mels = 40
    k = np.arange(n_mels)
    basis = np.cos(np.pi * 3 * (k + 0.5) / n_mels)  # coefficient 3, of size 1
    one = np.repeat(basis[:, None], 7, 1).astype(np.float32)
    found = distortion_db(one, np.zeros_like(one))
    assert found == pytest.approx(10 * np.sqrt(2) / np.log(10), rel=1e-4)


def test_level_is_no_distortion_and_silence_is_not_counted() -> None:
    rng = np.random.default_rng(0)
    mels = rng.normal(-3, 1, (40, 10)).astype(np.float32)
    assert distortion_db(mels + 1, mels) == pytest.approx(0, abs=1e-4)
    quiet = mels.copy()
    quiet[:, 5:] -= 20
    wrong = quiet.copy()
    wrong[:, 5:] += rng.normal(0, 3, (40, 5))
    assert distortion_db(wrong, quiet) == pytest.approx(0, abs=1e-4)


def test_an_interval_holds_the_mean() -> None:
    low, high = interval_of(np.array([1.0, 2, 3, 4, np.nan]))
    assert low < 2.5 < high
    assert interval_of(np.array([np.nan])) is None
    assert interval_of(np.array([3.0, np.nan])) is None


def test_few_recordings_are_scored(tmp_path: Path) -> None:
    folder = made_recordings(tmp_path / "r", 2, known=True)
    table = TASK.rows_of(read_folder(folder))
    values = {k: v for k, v in SMALL.items() if k not in ("batch_size", "lr")}
    config = steady_config("de", **values)
    voice = SpeakModel(steady_net(config, 1), config, ("speaker",), "v", "cpu")
    found = evaluate([(voice, table)], AudioStore.open(table, RATE_HZ))
    scores = {one.name: one.value for one in found.scores}
    assert found.count == 2
    assert scores["mel_cepstral_distortion_db"] > 5
    assert 0 < scores["pitch_error_semitones"] < 5  # it hums at 150 Hz, they at 140 and 160
    assert 10 < scores["duration_error_ms"] < 200
    assert not any(one.higher_is_better for one in found.scores)


def test_nothing_to_score_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no recording is left"):
        evaluate([], None)  # type: ignore[arg-type]
