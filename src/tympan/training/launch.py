"""Start Lightning Fabric in this process, or in one process for each device.

`devices=2` starts two processes by *spawn*: each imports the program anew and receives the learner
and the batches by pickling. That works from a command, a test or a script whose main part stands
under `if __name__ == "__main__":`. Under `torchrun` (several machines) the processes are there
already and are used as they are.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import pickle
import signal
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

from tympan.errors import ArgumentError, MissingDependencyError, TympanError
from tympan.training.config import TrainingConfig
from tympan.training.device import choose_device, choose_precision

Result = TypeVar("Result")

# Also in the started processes, which import this module first: no banner for each process.
for _name in ("lightning_fabric", "lightning.fabric"):
    for _part in ("distributed", "rank_zero"):
        logging.getLogger(f"{_name}.utilities.{_part}").setLevel(logging.WARNING)


def run(config: TrainingConfig, function: Callable[..., Result], *args: Any) -> Result:
    """Call `function(fabric, *args)` in every process; return what rank 0 returned.

    Raises:
        TympanError: what the function raised in any process, or a process died.
    """
    fabric = make_fabric(config)
    if config.devices == 1 or _launched_outside():
        if _launched_outside():
            fabric.launch()
        return function(fabric, *args)
    return _spawn(fabric, function, args)


def make_fabric(config: TrainingConfig) -> Any:
    """A Fabric for this configuration, not launched yet."""
    fabric_module = import_fabric()
    device = choose_device(config.accelerator)
    precision = choose_precision(config.precision, device)
    for name in ("lightning_fabric", "lightning.fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.WARNING)
    nodes, devices = 1, config.devices
    strategy = "auto" if devices == 1 else "ddp_spawn"
    if _launched_outside():
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes, strategy = int(os.environ["WORLD_SIZE"]) // devices, "ddp"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fabric_module.Fabric(
            accelerator=device,
            devices=devices,
            num_nodes=nodes,
            strategy=strategy,
            precision="bf16-mixed" if precision == "bf16" else "32-true",
        )


def import_fabric() -> Any:
    """`lightning_fabric`, or the copy of it inside `lightning`.

    Raises:
        MissingDependencyError: neither is installed.
    """
    import importlib

    for name in ("lightning_fabric", "lightning.fabric"):
        with contextlib.suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    raise MissingDependencyError(
        "training needs lightning-fabric", fix="pip install 'tympan[train]'"
    )


def _launched_outside() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ and "LOCAL_WORLD_SIZE" in os.environ


def _spawn(fabric: Any, function: Callable[..., Result], args: tuple[Any, ...]) -> Result:
    from torch.multiprocessing.spawn import ProcessExitedException

    errors = multiprocessing.get_context("spawn").SimpleQueue()
    try:
        with _forward_signals(), _own_environment():
            # As bytes, every process gets its own copy: sent as they are, all would share (and
            # overwrite) the weights in shared memory.
            result: Result = fabric.launch(_guarded, errors, pickle.dumps((function, args)))
            return result
    except Exception as error:
        if not errors.empty():
            raise errors.get() from None
        if isinstance(error, ProcessExitedException):
            raise TympanError(
                f"a training process died ({error})",
                fix="the same command resumes; if memory ran out, lower batch_size",
            ) from error
        if "__main__" in str(error):
            raise ArgumentError(
                "several devices start several processes, each of which runs this script again",
                fix='put its main part under: if __name__ == "__main__":',
            ) from error
        raise


def _guarded(fabric: Any, errors: Any, work: bytes) -> Any:
    # A 1 × 1 kernel has two names for one layout in memory; DDP takes them for two layouts.
    warnings.filterwarnings("ignore", message="Grad strides do not match")
    try:
        function, args = pickle.loads(work)
        return function(fabric, *args)
    except TympanError as error:
        errors.put(error)
        raise


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    """Forget the port that the launcher leaves behind, or the next launch meets it taken."""
    names = ("MASTER_ADDR", "MASTER_PORT")
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _forward_signals() -> Iterator[None]:
    """Pass SIGINT and SIGTERM to the processes started meanwhile: they save and end."""
    sent: int
    others = {child.pid for child in multiprocessing.active_children()}

    def forward(number: int, frame: FrameType | None) -> None:
        for child in multiprocessing.active_children():
            if child.pid is not None and child.pid not in others:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, number)

    before: dict[int, Any] = {}
    try:
        for sent in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(ValueError):  # not the main thread
                before[sent] = signal.signal(sent, forward)
        yield
    finally:
        for sent, handler in before.items():
            signal.signal(sent, signal.SIG_DFL if handler is None else handler)
