"""A worker holds each model once, however it is asked."""

from __future__ import annotations

import gc
import hashlib
import shutil
import weakref
from collections import defaultdict
from pathlib import Path

import pytest
import torch

from tympan.audio.scenes import demo_scene
from tympan.models import find_model, list_models, load_model
from tympan.serve.held import HeldModels
from tympan.tasks import answering, registry

# Smaller tensors may be alike by chance: zeros, the window of a spectrum …
LEAST_VALUES = 4000


def copies() -> dict[str, int]:
    """How often each large weight lies in memory, by its digest."""
    gc.collect()
    found: dict[str, set[int]] = defaultdict(set)
    for module in (one for one in gc.get_objects() if issubclass(type(one), torch.nn.Module)):
        for weight in module.parameters(recurse=False):
            if weight.numel() >= LEAST_VALUES and len(weight.unique()) > 1:
                digest = hashlib.sha256(weight.detach().numpy().tobytes()).hexdigest()
                found[f"{digest[:12]} {tuple(weight.shape)}"].add(weight.data_ptr())
    return {name: len(places) for name, places in found.items()}


@pytest.fixture
def held() -> HeldModels:
    answering.forget_models()
    return HeldModels("cpu")


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A copy of `sounds` that no other test of this process can hold."""
    return str(shutil.copytree(find_model("sounds"), tmp_path / "own"))


@pytest.mark.parametrize("first", ["classify", "embed", "monitor"])
def test_questions_share_the_net_of_one_model(held: HeldModels, first: str) -> None:
    before = copies()
    verbs = [first, *(one for one in ("classify", "embed", "monitor") if one != first)]
    for verb in verbs:
        held.get("sounds", verb)
        # As many others come between as are kept.
        for other, own in (("speech", "segment"), ("voices", "identify"), ("notes", "notes"),
                           ("two-voices", "separate"), ("english", "transcribe")):  # fmt: skip
            held.get(other, own)
    held.get("voices", "embed")
    after = {name: count for name, count in copies().items() if name not in before}
    assert len(after) > 20
    assert set(after.values()) == {1}


def test_what_an_answer_needs_besides_is_not_loaded_again(held: HeldModels) -> None:
    for name, verb in (("speakers", "segment"), ("sex", "tag"), ("voices", "identify")):
        held.get(name, verb)
        for other in ("sounds", "music-tags"):
            held.get(other, "embed")
    names = {one.name for one in list_models()}
    assert {"voices", "sounds"} <= names
    one = answering.load("voices", "identify", "cpu")
    assert held.get("voices", "identify").model is one
    answering.forget_models()
    assert answering.load("voices", "identify", "cpu") is one


def test_a_model_that_nobody_holds_leaves_the_memory(held: HeldModels, own: str) -> None:
    gone = weakref.ref(held.get(own, "embed").model.shares)
    held._held.clear()
    answering.forget_models()
    gc.collect()
    assert gone() is None


def test_shared_nets_answer_as_their_own_do(held: HeldModels) -> None:
    clip = demo_scene()[0].slice(0, 3)
    shared = held.get("sounds", "embed").model(clip)
    held.get("sounds", "monitor")
    again = held.get("sounds", "embed").model(clip)
    loaded = registry.get("embed").load(load_model("sounds"), "cpu")
    assert shared.vector == again.vector
    assert loaded(clip).vector == pytest.approx(shared.vector, abs=1e-6)
