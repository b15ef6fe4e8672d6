"""Saving and loading whole models: crashes, damage, tampering, foreign files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pickle
import random
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tympan.errors import ModelError
from tympan.models import Card, folder, load_card, load_model, save_model
from tympan.models.catalogue import NEXT_CARD_FILE, WEIGHTS_FILE

CARD = Card(name="tiny", task="classify", labels=["dog", "cat"])


def state(seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "conv.weight": torch.randn(4, 3, generator=generator),
        "bn.running_var": torch.rand(4, generator=generator),
        "bn.num_batches_tracked": torch.tensor(17),
    }


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_model(tmp_path / "model", state(), CARD)
    return tmp_path / "model"


def test_weights_come_back_bit_by_bit(model: Path) -> None:
    loaded = load_model(model)
    assert loaded.path == model
    assert loaded.card.labels == ["dog", "cat"]
    assert loaded.state.keys() == state().keys()
    for name, tensor in state().items():
        assert loaded.state[name].dtype == tensor.dtype
        assert torch.equal(loaded.state[name], tensor)


def test_saving_fills_in_when_and_with_what(model: Path) -> None:
    card = load_card(model)
    assert card.created.startswith("20")
    assert card.tympan_version
    assert card.weights["bytes"] == (model / WEIGHTS_FILE).stat().st_size
    assert sorted(os.listdir(model)) == ["card.json", "model.safetensors"]


def test_the_folder_may_be_named_by_its_files(model: Path) -> None:
    assert load_model(model / "card.json").path == model
    assert load_model(str(model / WEIGHTS_FILE)).path == model


def test_half_stores_matrices_in_half_and_loads_them_whole(tmp_path: Path) -> None:
    big = {"w": torch.randn(100, 100), "b": torch.rand(100), "n": torch.tensor(3)}
    for half in (False, True):
        save_model(tmp_path / str(half), big, CARD, half=half)
    sizes = [(tmp_path / str(half) / WEIGHTS_FILE).stat().st_size for half in (False, True)]
    assert sizes[1] < 0.55 * sizes[0]
    loaded = load_model(tmp_path / "True").state
    assert loaded["w"].dtype == torch.float32
    torch.testing.assert_close(loaded["w"], big["w"], rtol=1e-3, atol=1e-4)
    assert torch.equal(loaded["b"], big["b"])
    assert torch.equal(loaded["n"], big["n"])


def test_tied_and_strided_tensors_are_saved(tmp_path: Path) -> None:
    tied = torch.randn(3, 4)
    save_model(tmp_path, {"a": tied, "b": tied, "c": tied.T}, CARD)
    assert torch.equal(load_model(tmp_path).state["c"], tied.T)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_not_saved(tmp_path: Path, bad: float) -> None:
    with pytest.raises(ModelError, match="'w' holds NaN or infinite"):
        save_model(tmp_path, {"w": torch.tensor([bad])}, CARD)
    assert os.listdir(tmp_path) == []


def test_weights_too_large_for_half_are_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="too large for float16"):
        save_model(tmp_path, {"w": torch.tensor([[1e6]])}, CARD, half=True)


def test_nan_weights_are_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_stored", lambda name, tensor, half: tensor)
    save_model(tmp_path, {"w": torch.tensor([float("nan")])}, CARD)
    with pytest.raises(ModelError, match="'w' holds NaN or infinite"):
        load_model(tmp_path)


@pytest.mark.parametrize("crash_at", range(5))
@pytest.mark.parametrize("first", [True, False])
def test_a_crash_leaves_the_old_model_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int, first: bool
) -> None:
    target = tmp_path / "model"
    if not first:
        save_model(target, state(1), dataclasses.replace(CARD, name="old"))
    calls = iter(range(100))
    real = os.replace

    def replace(source: object, goal: object) -> None:
        if next(calls) == crash_at:
            raise KeyboardInterrupt
        real(source, goal)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", replace)
    crashed = False
    try:
        save_model(target, state(2), dataclasses.replace(CARD, name="new"))
    except KeyboardInterrupt:
        crashed = True
    assert crashed == (crash_at < 3)
    if first and crash_at < 2:
        with pytest.raises(ModelError):
            load_model(target)
        return
    loaded = load_model(target)
    seed = {"old": 1, "new": 2}[loaded.card.name]
    assert torch.equal(loaded.state["conv.weight"], state(seed)["conv.weight"])
    monkeypatch.undo()
    save_model(target, state(3), CARD)
    assert load_model(target).card.name == "tiny"
    assert not (target / NEXT_CARD_FILE).exists()


def test_weights_of_another_model_are_refused(model: Path, tmp_path: Path) -> None:
    save_model(tmp_path / "other", state(1), CARD)
    shutil.copy(tmp_path / "other" / WEIGHTS_FILE, model / WEIGHTS_FILE)
    with pytest.raises(ModelError, match="not the file the card describes"):
        load_model(model)


def test_truncated_weights_are_refused(model: Path) -> None:
    path = model / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ModelError, match="bytes, the card says"):
        load_model(model)


def test_a_card_that_lies_about_a_shape_is_refused(model: Path) -> None:
    card = json.loads((model / "card.json").read_text())
    card["weights"]["tensors"]["conv.weight"] = ["F32", [3, 4]]
    (model / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=r"'conv.weight' is F32 \[4, 3\], the card says"):
        load_model(model)


@pytest.mark.parametrize("weights", [{}, {"sha256": 1}, {"sha256": "a", "bytes": "9"}])
def test_a_card_without_the_digest_is_refused(model: Path, weights: dict) -> None:
    card = {**json.loads((model / "card.json").read_text()), "weights": weights}
    (model / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="lacks sha256"):
        load_model(model)


class Bomb:
    """A pickle that would betray itself by making a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.mark),)


def test_pickles_are_never_loaded(model: Path, tmp_path: Path) -> None:
    bomb = pickle.dumps(Bomb(tmp_path / "exploded"))
    loose = tmp_path / "weights.pt"
    loose.write_bytes(bomb)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    torch.save(state(), foreign / "pytorch_model.bin")
    (model / WEIGHTS_FILE).write_bytes(bomb)
    for path in (loose, foreign, model):
        with pytest.raises(ModelError, match="never loads pickles"):
            load_model(path)
    disguised = tmp_path / "model"  # a right digest does not help
    card = json.loads((disguised / "card.json").read_text())
    card["weights"].update(sha256=hashlib.sha256(bomb).hexdigest(), bytes=len(bomb))
    (disguised / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="never loads pickles"):
        load_model(disguised)
    assert not (tmp_path / "exploded").exists()


def test_foreign_folders_and_files_are_told_apart(tmp_path: Path) -> None:
    save_file(state(), tmp_path / WEIGHTS_FILE)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"no tympan model: it has no card.json"):
        load_model(tmp_path)
    (tmp_path / "card.json").write_text('{"license": "mit"}')
    with pytest.raises(ModelError, match="no tympan model card"):
        load_model(tmp_path)
    os.remove(tmp_path / WEIGHTS_FILE)
    with pytest.raises(ModelError, match=r"a card but no model\.safetensors"):
        load_model(tmp_path)
    with pytest.raises(ModelError, match="a model is a folder"):
        load_model(tmp_path / "config.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_fifo_is_refused_without_waiting(model: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="a model is a folder"):
        load_model(tmp_path / "pipe")
    os.remove(model / WEIGHTS_FILE)
    os.mkfifo(model / WEIGHTS_FILE)
    with pytest.raises(ModelError, match="no such weights"):
        load_model(model)


def test_a_path_through_a_file_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="cannot be made a model folder"):
        save_model(tmp_path / "file" / "model", state(), CARD)
    with pytest.raises(ModelError):
        load_model(tmp_path / "file" / "model")


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return the content with one random wound."""
    kind, at = rng.randrange(5), rng.randrange(len(content))
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]
    if kind == 2:
        return content[:at] + rng.randbytes(rng.randrange(1, 40)) + content[at:]
    if kind == 3:
        end = min(len(content), at + rng.randrange(1, 40))
        return content[:at] + content[end:]
    end = min(len(content), at + rng.randrange(1, 9))
    return content[:at] + rng.randbytes(end - at) + content[end:]


@pytest.mark.parametrize("name", [WEIGHTS_FILE, "card.json"])
def test_no_mutation_crashes_or_changes_a_weight(model: Path, name: str) -> None:
    whole = (model / name).read_bytes()
    rng, refused = random.Random(7), 0
    for _ in range(1000):
        (model / name).write_bytes(mutated(whole, rng))
        try:
            loaded = load_model(model)
        except ModelError:
            refused += 1
            continue
        for key, tensor in state().items():
            assert torch.equal(loaded.state[key], tensor)
    # A wound in a card's description may be harmless; in the weights none is.
    assert refused > (950 if name == WEIGHTS_FILE else 300)


def test_mutated_weights_with_a_right_digest_never_crash(model: Path) -> None:
    whole = (model / WEIGHTS_FILE).read_bytes()
    card = json.loads((model / "card.json").read_text())
    rng = random.Random(11)
    for _ in range(500):
        content = mutated(whole[:300], rng) + whole[300:] if rng.random() < 0.7 else whole[:-9]
        card["weights"].update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        (model / "card.json").write_text(json.dumps(card))
        (model / WEIGHTS_FILE).write_bytes(content)
        try:
            loaded = load_model(model)
        except ModelError:
            continue
        assert {key: one.shape for key, one in loaded.state.items()} == {
            key: one.shape for key, one in state().items()
        }
        assert all(bool(torch.isfinite(one.double()).all()) for one in loaded.state.values())
