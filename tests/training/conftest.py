"""A problem to train on, made once."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests_training import Batches, Table, make_batches, write_problem

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext


@pytest.fixture(scope="session")
def problem(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of recordings and the folder of their cache."""
    root = write_problem(tmp_path_factory.mktemp("tones"))
    return root, tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def batches(problem: tuple[Path, Path]) -> tuple[Batches, Batches, Table]:
    """Training and validation batches, and their table."""
    return make_batches(*problem)


@pytest.fixture(scope="session")
def server() -> ForkServerContext:
    """Starts processes that have torch and Fabric loaded already, so that killing many is cheap."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("begins and kills processes as Unix can")
    context = multiprocessing.get_context("forkserver")
    loaded = ["lightning_fabric", "soundfile", "torch._dynamo", "torch.utils.tensorboard"]
    loaded += ["matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.ticker"]
    context.set_forkserver_preload([*loaded, "safetensors.torch", "tympan.training.loop"])
    return context
