"""Save all of a training's state in one safe file, and refuse to resume another training's.

A checkpoint is one safetensors file: tensors of the net, its average and the optimiser; the rest
is JSON in the file's header. It is written beside and renamed, so a killed process leaves the
previous one whole. Nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tympan._files import atomic_write
from tympan.errors import DataError, ModelError
from tympan.training.config import TrainingConfig

CHECKPOINT = "checkpoint.safetensors"
BEST = "best.safetensors"
FORMAT = "1"
Tensors = dict[str, Tensor]


def save(path: Path, parts: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]) -> None:
    """Write tensors, named `part/name`, and JSON-able state, all or nothing."""
    from safetensors.torch import save_file

    tensors: Tensors = {}
    seen: set[int] = set()
    for part, named in parts.items():
        for name, tensor in named.items():
            tensor = tensor.detach().cpu().contiguous()
            # safetensors refuses two names for one storage (tied weights).
            tensors[f"{part}/{name}"] = tensor.clone() if tensor.data_ptr() in seen else tensor
            seen.add(tensor.data_ptr())
    header = {"format": FORMAT, "state": json.dumps(state, allow_nan=True)}
    with atomic_write(path) as beside:
        save_file(tensors, beside, metadata=header)


def load(path: Path) -> tuple[dict[str, Tensors], dict[str, Any]]:
    """The parts and the state of a file that `save` wrote.

    Raises:
        ModelError: it is damaged or no checkpoint.
    """
    from safetensors import SafetensorError, safe_open

    parts: dict[str, Tensors] = {}
    try:
        with safe_open(str(path), framework="pt") as file:
            state = _state_in(file.metadata() or {})
            for key in file.keys():  # noqa: SIM118 (not a dict)
                part, name = key.split("/", 1)
                parts.setdefault(part, {})[name] = file.get_tensor(key)
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        raise _damaged(path, error) from error
    return parts, state


def load_state(path: Path) -> dict[str, Any]:
    """The state alone of a file that `save` wrote; its tensors are not read.

    Raises:
        ModelError: it is damaged or no checkpoint.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            return _state_in(file.metadata() or {})
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        raise _damaged(path, error) from error


def _state_in(header: Mapping[str, str]) -> dict[str, Any]:
    if header.get("format") != FORMAT:
        raise ValueError("it is no checkpoint of this version")
    state: dict[str, Any] = json.loads(header["state"])
    return state


def _damaged(path: Path, error: Exception) -> ModelError:
    fix = "remove it to start over, or give another output folder"
    return ModelError(f"cannot be resumed from: {error}", file=path, fix=fix)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> Tensors:
    """The optimiser's tensors, named `parameter number/name`."""
    state = optimizer.state_dict()["state"]
    return {
        f"{number}/{name}": value
        for number, values in state.items()
        for name, value in values.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Put `optimizer_tensors` back."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split("/", 1)
        like = parameters[int(number)]
        if tensor.shape == like.shape:  # fused AdamW wants the parameter's layout in memory
            tensor = torch.empty_like(like, dtype=tensor.dtype).copy_(tensor)
        state.setdefault(int(number), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def drop_resume_state(out: Path) -> None:
    """Drop what only an unfinished training needs: a finished one keeps a fraction of the bytes.

    The same command then still knows that it is done. The weights are those of `best.safetensors`;
    where there was no validation, the last ones stay in the checkpoint.
    """
    path = out / CHECKPOINT
    if not path.exists():
        return
    parts, state = load(path)
    history = state.get("history", {})
    if history.get("stopped", "running") == "running":
        return
    validated = history.get("best") is not None
    kept = {} if validated else {name: parts[name] for name in final_parts(parts).values()}
    if set(parts) - set(kept):
        save(path, kept, state)


def final_parts(parts: Mapping[str, Any]) -> dict[str, str]:
    """Which part of a checkpoint holds the final weights of each net: its average, if there is one.

    >>> final_parts({"net": 0, "net.optimizer": 0, "net.average": 0})
    {'net': 'net.average'}
    """
    names = sorted({part.partition(".")[0] for part in parts})
    return {name: f"{name}.average" if f"{name}.average" in parts else name for name in names}


def check_same(saved: Mapping[str, Any], current: Mapping[str, Any], out: Path) -> None:
    """Refuse to resume a training whose settings or data are others, and name what differs.

    Raises:
        ModelError: they differ.
    """
    if saved.get("monitor") != current.get("monitor"):
        what = "holds the training of another question"
        raise ModelError(what, file=out, fix="another output folder, or start over: --restart")
    # A round trip, so that tuples equal the lists they are saved as.
    differ = _differences(_effective(saved), _effective(json.loads(json.dumps(current))))
    if differ:
        more = f", and {len(differ) - 6} more" if len(differ) > 6 else ""
        raise ModelError(
            f"holds a training with other settings or data ({'; '.join(differ[:6])}{more})",
            file=out,
            fix="give the same ones, another output folder, or start over: --restart",
        )


# Settings that say something where there are no epochs, too.
_WITHOUT_EPOCHS = frozenset(("epochs", "seed"))


def _effective(fingerprint: Mapping[str, Any]) -> dict[str, Any]:
    """Without the settings that change nothing: those of epochs, where there are none."""
    names = {field.name for field in fields(TrainingConfig)} - _WITHOUT_EPOCHS
    if fingerprint.get("epochs") != 0:
        names = set()
    return {name: value for name, value in fingerprint.items() if name not in names}


# What is compared by a digest, which says nothing to anybody.
_DIGESTS = {
    "net": "a net of another shape",
    "train.content": "other recordings to train on",
    "train.targets": "other labels to train on",
    "val.content": "other recordings to validate on",
    "val.targets": "other labels to validate on",
    "start": "another model to start from",
}


def _differences(saved: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What differs, in words.

    >>> there = {"epochs": 3, "val": {"rows": 4, "content": "a1", "seed": 0}}
    >>> _differences(there, {"epochs": 4, "val": {"rows": 4, "content": "b2", "seed": 0}})
    ['epochs: 3 there, 4 now', 'other recordings to validate on']
    >>> _differences(there, {"epochs": 3, "val": {}})
    ['val.rows: 4 there, none now']
    """
    old, new = _flat(saved), _flat(current)
    missing = object()
    keys = sorted(k for k in {*old, *new} if old.get(k, missing) != new.get(k, missing))
    # Without rows in one of the two the rest of it follows.
    bare = [s for s in ("train", "val") if not (saved.get(s) and current.get(s))]
    keys = [k for k in keys if k.partition(".")[0] not in bare or k.endswith(".rows")]
    # Other recordings have other labels.
    follow = {f"{k.removesuffix('.content')}.targets" for k in keys if k.endswith(".content")}
    return [
        _DIGESTS.get(k, f"{k}: {old.get(k, 'none')} there, {new.get(k, 'none')} now")
        for k in keys
        if k not in follow
    ]


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {prefix: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found.update(_flat(inner, f"{prefix}.{key}" if prefix else str(key)))
    return found


def clear(out: Path) -> None:
    """Remove what an earlier training left, to start over."""
    for name in (CHECKPOINT, BEST, "history.json"):
        (out / name).unlink(missing_ok=True)
    for log in (out / "tensorboard").glob("events.out.tfevents.*"):
        log.unlink()


@contextlib.contextmanager
def sole_writer(out: Path, wait_s: float = 20.0) -> Iterator[None]:
    """Keep a second training out of the folder, and sweep what a killed one left half written.

    Raises:
        DataError: another process is training there.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (out / ".lock").open("a") as file:
        deadline, waiting = time.monotonic() + wait_s, False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DataError(
                        "another training is still writing here",
                        file=out,
                        fix="wait until it has ended, or give another output folder",
                    ) from None
                if not waiting and time.monotonic() > deadline - wait_s + 1:
                    waiting = True
                    message = f"waiting up to {wait_s:.0f} s for the training that writes to {out}"
                    print(message, file=sys.stderr, flush=True)
                time.sleep(0.2)  # the last one may be saving after Ctrl-C
            except OSError:  # a network file system without locks
                break
        for name in (CHECKPOINT, BEST, "history.json"):
            stem, suffix = os.path.splitext(name)
            for half in out.glob(f".{stem}-*{suffix}"):
                half.unlink(missing_ok=True)
        yield
