"""Exact search: the same as comparing with every window, one after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tympan
from tympan.errors import ArgumentError, ModelError
from tympan.tasks.embed import Index
from tympan.tasks.embed.find import Match, nearest, similarities
from tympan.tasks.embed.index import Collect


def by_brute_force(index: Index, vector: np.ndarray, top: int) -> list[tuple[str, float, float]]:
    """Sort everything in pure Python; of equal ones the first comes first."""
    rows = [
        (-float(np.dot(index.embeddings[i].astype(np.float32), vector)), i)
        for i in range(len(index))
    ]
    found: list[tuple[str, float, float]] = []
    for _, i in sorted(rows):
        file, start_s, end_s = str(index.files[i]), float(index.start_s[i]), float(index.end_s[i])
        if not any(f == file and s < end_s and start_s < e for f, s, e in found):
            found.append((file, start_s, end_s))
    return found[:top]


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 60),
    top=st.integers(1, 70),
    files=st.integers(1, 5),
    step_s=st.sampled_from([0.25, 1.0, 2.0]),
    few=st.booleans(),
)
def test_it_is_that_of_brute_force(
    seed: int, count: int, top: int, files: int, step_s: float, few: bool
) -> None:
    rng = np.random.default_rng(seed)
    # Small whole numbers give exact sums, and many ties.
    vectors = rng.integers(-1, 2, (count, 2 if few else 6)).astype(np.float32)
    names = np.array([f"{i * files // count}.wav" for i in range(count)])
    start_s = np.arange(count) * step_s
    index = Index(vectors, names, start_s, start_s + 1.0)
    vector = rng.integers(-1, 2, vectors.shape[1]).astype(np.float32)
    found = [(m.file, m.start_s, m.end_s) for m in nearest(index, vector, top)]
    assert found == by_brute_force(index, vector, top)


def test_ties_come_in_the_order_of_the_index(made: Callable[..., Index]) -> None:
    index = made(np.ones((2000, 4)) / 2)
    found = nearest(index, np.ones(4, np.float32) / 2, 7)
    assert [m.file for m in found] == [f"{i}.wav" for i in range(7)]


def test_blocks_make_no_difference(
    made: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = made(np.random.default_rng(0).normal(size=(1000, 8)))
    vector = np.ones(8, np.float32)
    whole = similarities(index, vector)
    monkeypatch.setattr("tympan.tasks.embed.find.BLOCK", 7)
    assert np.allclose(similarities(index, vector), whole, atol=1e-6)


def test_what_is_no_number_is_not_found(made: Callable[..., Index]) -> None:
    vectors = np.eye(4)
    vectors[1] = np.nan
    vectors[2] = np.inf
    found = nearest(made(vectors), np.ones(4, np.float32), 9)
    assert [m.file for m in found] == ["0.wav", "3.wav"]


def test_overlapping_windows_count_once() -> None:
    start_s = np.arange(10) * 0.5
    index = Index(np.ones((10, 2), np.float32), np.array(["a"] * 10), start_s, start_s + 1)
    found = nearest(index, np.ones(2, np.float32), 10)
    assert [m.start_s for m in found] == [0, 1, 2, 3, 4]


def test_the_same_kind_is_found(archive: Path, index_path: Path) -> None:
    found = tympan.find(archive / "chirp4.wav", index_path, top=8)
    assert found[0].file == "archive/chirp4.wav"
    assert found[0].similarity > 0.95
    assert all("chirp" in m.file for m in found[:4])
    assert [m.similarity for m in found] == sorted((m.similarity for m in found), reverse=True)


def test_an_index_of_another_model_is_refused(made: Callable[..., Index]) -> None:
    clip = tympan.synth.sine(440, duration_s=1, rate_hz=16000)
    vectors = np.ones((2, 896)) / 30
    with pytest.raises(ArgumentError, match="made by the model 'voices', not by 'sounds'"):
        tympan.find(clip, made(vectors, model="voices"), model="sounds")
    with pytest.raises(ModelError, match="no-such"):
        tympan.find(clip, made(vectors, model="no-such"))
    with pytest.raises(ArgumentError, match="has 5 numbers for each window, not 896"):
        tympan.find(clip, made(np.ones((2, 5)), model="sounds"))
    with pytest.raises(ArgumentError, match="top=0"):
        tympan.find(clip, made(vectors), top=0)


def test_an_index_of_other_weights_is_refused(archive: Path, index_path: Path) -> None:
    from tympan.tasks.answering import load

    index = Index.load(index_path)
    assert index.fingerprint == load("sounds", "embed", "cpu").fingerprint  # type: ignore[attr-defined]
    assert tympan.find(archive / "tone0.wav", index, top=1)
    other = replace(index, fingerprint="0123456789abcdef")
    with pytest.raises(ArgumentError, match="other weights of the model 'sounds'"):
        tympan.find(archive / "tone0.wav", other)
    # Indexes of old do not say by which weights they were made.
    assert tympan.find(archive / "tone0.wav", replace(index, fingerprint=""), top=1)


def test_the_fingerprint_is_that_of_what_decides_the_vectors(tmp_path: Path) -> None:
    import torch

    from tympan.models import load_model, save_model
    from tympan.tasks.answering import load

    shipped = load_model("sounds")
    before = load("sounds", "embed", "cpu").fingerprint  # type: ignore[attr-defined]

    def fingerprint(name: str, **changed: torch.Tensor) -> str:
        card = shipped.card
        if name == "rate":
            card = replace(card, config={**card.config, "f_min_hz": 30.0})
        save_model(tmp_path / name, {**shipped.state, **changed}, card, half=True)
        return load(tmp_path / name, "embed", "cpu").fingerprint  # type: ignore[attr-defined, no-any-return]

    spread = shipped.state["familiarity.spread"]
    head = next(k for k in shipped.state if k.endswith(".bias") and k.startswith("head"))
    encoder = next(k for k in shipped.state if k.startswith("encoder") and k.endswith(".weight"))
    assert fingerprint("same") == before
    assert fingerprint("known", **{"familiarity.spread": spread * 2}) == before
    assert fingerprint("head", **{head: shipped.state[head] + 1}) == before
    assert fingerprint("encoder", **{encoder: shipped.state[encoder] * 2}) != before
    assert fingerprint("rate") != before


def test_vectors_have_unit_length_and_the_documented_dimension() -> None:
    clip = tympan.synth.chirp(100, 4000, duration_s=8.1, rate_hz=22050)
    found = tympan.embed(clip)
    assert np.shape(found.vector) == (896,)
    assert found.vectors.shape == (4, 896)
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-5)
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    page = Path(__file__).resolve().parents[3] / "docs" / "verbs" / "embed.md"
    assert "896" in page.read_text("utf-8")


@pytest.mark.parametrize("every_s", [0.5, 1.0, 2.0, 7.3])
def test_every_s_is_the_step_and_parts_cover_the_recording(every_s: float) -> None:
    clip = tympan.synth.chirp(100, 4000, duration_s=8, rate_hz=16000)
    times_s = tympan.embed(clip, every_s=every_s).times_s
    assert np.allclose(times_s[:, 0], np.arange(len(times_s)) * every_s, atol=1e-3)
    assert np.allclose(times_s[1:, 0], times_s[:-1, 1], atol=1e-3)
    assert times_s[-1, 1] == pytest.approx(8, abs=1e-3)


@pytest.mark.parametrize("extra", [1, 100, 1599])
def test_a_few_samples_at_the_end_are_no_part_of_their_own(extra: int) -> None:
    wave = tympan.synth.chirp(100, 4000, duration_s=6, rate_hz=16000).samples[:, : 80_000 + extra]
    found = tympan.embed(tympan.Clip(wave, 16000))
    assert found.times_s[:, 0].tolist() == [0.0, 2.5]
    assert found.times_s[-1, 1] == pytest.approx(5 + extra / 16000)


@pytest.mark.parametrize("every_s", [0.0, -1.0, float("nan"), 1e9])
def test_steps_that_are_none(every_s: float) -> None:
    with pytest.raises(ArgumentError, match="every_s"):
        tympan.embed(tympan.synth.sine(440, duration_s=1, rate_hz=16000), every_s=every_s)


def test_a_moment_prints_as_one_line() -> None:
    assert str(Match("a.wav", 1, 2.5, 0.5)) == "0.500  a.wav  1.00 – 2.50 s"


def test_without_a_vector_there_is_no_index(tmp_path: Path) -> None:
    from tympan.errors import DataError

    with (
        pytest.raises(DataError, match="no recording gave a vector"),
        Collect(tmp_path / "x.npz", {}),
    ):
        pass
