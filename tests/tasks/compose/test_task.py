"""From a folder of scores to a composer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import tympan
from tests_compose import TUNES, VOICES, net_of, some_steps
from tympan.data import read_folder
from tympan.data.batches import collate
from tympan.errors import DataError
from tympan.notation import Piece, PiecePart, TickNote, write_midi
from tympan.tasks.compose.config import FILL, KEYS
from tympan.tasks.compose.examples import ComposeExamples, hidden_places, moved_key
from tympan.tasks.compose.grid import transposed
from tympan.tasks.compose.learner import ComposeLearner, place_nats
from tympan.tasks.compose.task import TASK

ABC = "X:1\nT:{0}\nM:4/4\nL:1/8\nK:G\n|:GABc d2B2|c2A2 B2G2|GABc d2e2|d4 G4:|\n"


def scale(by: int, count: int = 32) -> Piece:
    """A scale up and down, in eighths."""
    steps = (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2)
    notes = (TickNote(240 * i, 240, 60 + by + steps[i % 14]) for i in range(count))
    return Piece((PiecePart(tuple(notes)),), tempi=((0, 600_000),))


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Nine MIDI files, one in ABC, one that is broken and one that says nothing."""
    folder = tmp_path / "scores"
    folder.mkdir()
    for i in range(9):
        write_midi(scale(i % 4), folder / f"{i}.mid")
    (folder / "tune.abc").write_text(ABC.format("A reel"))
    (folder / "broken.mid").write_bytes(b"MThd nothing")
    write_midi(scale(0, 3), folder / "short.mid")
    return folder


def test_a_piece_is_moved_with_its_key_and_never_out_of_the_range() -> None:
    steps = some_steps(VOICES, 20).clip(0, 50)
    rows = ComposeExamples([steps], VOICES, [7])
    for seed in range(20):
        item = rows.item(0, np.random.default_rng(seed))
        found, key = item["steps"].numpy(), int(item["key"])
        by = int((found - steps)[steps > 0][0])
        assert np.array_equal(found, transposed(steps, by, VOICES))
        assert found.max() <= VOICES.pitches
        assert key in (moved_key(7, by), KEYS)


def test_what_is_evaluated_is_told_nothing() -> None:
    item = ComposeExamples([some_steps(VOICES, 9)], VOICES, [3]).item(0, None)
    assert int(item["key"]) == KEYS
    assert (item["remaining"] == -1).all()
    assert item["phase"].tolist() == list(range(9))


def test_what_remains_is_counted_to_the_end_of_the_piece() -> None:
    rows = ComposeExamples([some_steps(VOICES, 100)], VOICES, [3])
    for seed in range(8):
        item = rows.item(0, np.random.default_rng(seed))
        assert len(item["steps"]) == VOICES.window
        if item["remaining"][0] >= 0:
            assert (item["remaining"] + item["phase"] == 99).all()


def test_every_place_is_hidden_at_times() -> None:
    steps = np.zeros((12, 4), np.int64)
    hidden = [hidden_places(steps, np.random.default_rng(seed)) for seed in range(100)]
    share = np.mean(hidden)
    assert 0.25 < share < 0.75
    assert np.min(np.mean(hidden, 0)) > 0.15
    assert hidden_places(steps, None).sum() == 36


def test_padding_costs_nothing() -> None:
    for config in (TUNES, VOICES):
        rows = ComposeExamples([some_steps(config, 6), some_steps(config, 15)], config)
        learner = ComposeLearner(net_of(config), config)
        items = [rows.item(i, None) for i in (0, 1)]
        with torch.no_grad():
            both, asked = place_nats(learner.net, collate(items, rows.padding), config)
            alone, _ = place_nats(learner.net, collate(items[:1], rows.padding), config)
        assert both[0, :6].allclose(alone[0], atol=1e-3)
        assert not both[0, 6:].any()
        assert asked.any(2).sum() == 21


def test_only_what_is_hidden_is_asked() -> None:
    from dataclasses import replace

    config = replace(VOICES, kind=FILL)
    batch = collate([ComposeExamples([some_steps(config, 6)], config).item(0, None)], {})
    nats, asked = place_nats(net_of(config), batch, config)
    assert not asked[..., 0].any()
    assert asked[..., 1:].all()
    assert not nats[..., 0].any()


def test_a_folder_of_scores_is_known_and_measured(scores: Path) -> None:
    table = read_folder(scores)
    assert TASK.claims(table) == "there are 12 scores, and no recordings"
    rows = TASK.rows_of(table)
    assert len(rows) == 10
    left_out = TASK.check(rows, None)  # type: ignore[arg-type]
    assert any("broken.mid" in line for line in left_out)
    assert any("short.mid" in line for line in left_out)
    recipe = TASK.recipe(rows, None, {})
    config = TASK.prepare(rows, None, recipe).config  # type: ignore[arg-type]
    assert (config.steps_per_beat, config.voices, config.beats_per_bar) == (2, 1, 4)
    assert config.tempo_bpm == 100
    kept = TASK.recipe(rows, None, {"voices": 3})
    assert TASK.prepare(rows, None, kept).config.voices == 3  # type: ignore[arg-type]


def test_too_few_scores_are_refused(tmp_path: Path) -> None:
    write_midi(scale(0), tmp_path / "a.mid")
    with pytest.raises(DataError, match="needs 6"):
        TASK.recipe(TASK.rows_of(read_folder(tmp_path)), None, {})


@pytest.mark.parametrize("model", ["chorale", "chorale-fill"])
def test_a_shipped_composer_is_scored_on_a_folder_of_scores(model: str, tmp_path: Path) -> None:
    """Its own pieces are likelier than scales in one voice over wide leaps."""
    own, leaps = tmp_path / "own", tmp_path / "leaps"
    own.mkdir()
    leaps.mkdir()
    for i in range(2):
        tympan.compose(bars=2, seed=i).save(own / f"{i}.mid")
        jumps = tuple(TickNote(240 * k, 240, 36 + (17 * k + i) % 48) for k in range(16))
        write_midi(Piece((PiecePart(jumps, name="soprano"),)), leaps / f"{i}.mid")
    found = tympan.evaluate(model, own)
    assert (found.count, found.counted, found.seen) == (2, "pieces", 0)
    assert found.scores[0].unit == "nats"
    assert found.scores[0].value < 12
    assert found.scores[0].value < tympan.evaluate(model, leaps).scores[0].value


def test_voices_cannot_be_filled_in_where_there_is_one(tmp_path: Path) -> None:
    for i in range(6):
        (tmp_path / f"{i}.abc").write_text(ABC.format(i))
    with pytest.raises(DataError, match="has scores of one voice, and kind=fill"):
        tympan.train(tmp_path, out=tmp_path / "out", settings={"kind": "fill"})


def test_train_learns_scales_and_composes_them(tmp_path: Path) -> None:
    """A net that has seen nothing but scales finds the next note of one likely."""
    out, scores = tmp_path / "out", tmp_path / "scales"
    scores.mkdir()
    for i in range(20):
        write_midi(scale(i % 10, 28 + i), scores / f"{i}.mid")
    settings = {
        "size": 32, "layers": 1, "heads": 2, "lr": 0.01, "dropout": 0.0, "transpose": 6,
        "batch_size": 4,
    }  # fmt: skip
    result = tympan.train(
        scores, out=out, epochs=30, progress=False, say=lambda line: None, settings=settings
    )
    score = result.evaluation.scores[0]
    assert score.name == "nats_per_step"
    assert score.value < 1.2  # of 60 pitches, by chance 4.1
    assert (out / "report.html").exists()
    again = tympan.evaluate(out, scores)
    assert (again.count, again.seen) == (result.evaluation.count, 20 - result.evaluation.count)
    assert again.metrics == pytest.approx(result.metrics)
    tune = tympan.compose(model=out, bars=4, seed=1, temperature=0.5)
    pitches = [note.pitch for note in tune.notes]
    near = np.abs(np.diff(pitches)) <= 2
    assert near.mean() > 0.7
    assert tune.copied_steps > 8  # there is nothing else to play
