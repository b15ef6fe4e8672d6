"""Save a model to a folder and load it again, trusting nothing that is read."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tympan._files import atomic_write
from tympan.errors import ModelError
from tympan.models.card import CARD_FILE, Card
from tympan.models.catalogue import NEXT_CARD_FILE, WEIGHTS_FILE, find_model
from tympan.models.header import (
    LFS_POINTER,
    check_listed,
    check_start,
    listing,
    looks_pickled,
    read_tensors,
)

if TYPE_CHECKING:
    from torch import Tensor

_OTHER_WEIGHTS = "weights and card are not of the same model: get or train the model again"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A checked model: its card, its weights on the CPU, and the folder they came from.

    Attributes:
        card: what it is.
        state: the weights by name.
        path: the folder.
        own: gives it ready to answer the question that it is for, so that who asks another question
            of it shares its net; None: it is not held by anybody.
    """

    card: Card
    state: dict[str, Tensor]
    path: Path
    own: Callable[[], Any] | None = None


def save_model(
    folder: str | os.PathLike[str],
    state: Mapping[str, Tensor],
    card: Card,
    *,
    half: bool = False,
) -> Card:
    """Write weights and card to a folder; a crash at any moment leaves the old model or the new.

    Args:
        folder: made if it is not there.
        state: the weights by name, as `net.state_dict()` gives them.
        card: what the model is; its `weights` and empty dates and versions are filled in.
        half: store the matrices as float16, in half the bytes; they load as float32. Vectors
            (biases, statistics of batch norm) stay as they are.

    Returns:
        The card as written.

    Raises:
        ModelError: a weight is NaN or infinite, or too large for float16.

    >>> import tempfile, torch
    >>> folder = tempfile.mkdtemp()
    >>> _ = save_model(folder, {"w": torch.ones(2, 3)}, Card(name="tiny", task="classify"))
    >>> load_model(folder).state["w"].shape
    torch.Size([2, 3])
    """
    from safetensors.torch import save

    from tympan.models.provenance import filled

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"cannot be made a model folder: {error.strerror}"
        raise ModelError(what, file=folder, fix="give another folder") from error
    stored = {name: _stored(name, one, half) for name, one in state.items()}
    content = save(stored)
    weights = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "half": half,
        "tensors": listing(stored),
    }
    card = Card.from_json(filled(dataclasses.replace(card, weights=weights)).to_json())
    with atomic_write(folder / WEIGHTS_FILE) as beside:
        beside.write_bytes(content)
        # The new card lies ready before the weights take their place: whoever finds new weights
        # with an old card takes this one (see `_read`).
        card.save(folder / NEXT_CARD_FILE)
    os.replace(folder / NEXT_CARD_FILE, folder / CARD_FILE)
    return card


def _stored(name: str, tensor: Tensor, half: bool) -> Tensor:
    """Return a tensor as it is stored: on the CPU, contiguous, its own memory, finite."""
    import torch

    tensor = tensor.detach().to("cpu")
    stored = tensor
    if half and tensor.ndim > 1 and tensor.dtype == torch.float32:
        stored = tensor.to(torch.float16)
    if stored.is_floating_point() and not bool(torch.isfinite(stored).all()):
        is_range = bool(torch.isfinite(tensor).all())
        what = "is too large for float16" if is_range else "holds NaN or infinite values"
        fix = "save without half=True" if is_range else "the training diverged: lower its lr"
        raise ModelError(f"tensor {name!r} {what}", fix=fix)
    # Views that share memory (tied weights) are refused by safetensors: each gets its own.
    return stored.contiguous().clone()


def load_model(name_or_path: str | os.PathLike[str]) -> LoadedModel:
    """Load a model by its catalogue name or folder, checking everything before use.

    Checked: the card's fields, the size and SHA-256 of the weights, the layout of the file, the
    dtype and shape of each tensor, and that every weight is finite. Nothing is unpickled.

    Raises:
        ModelError: no such model, or it is damaged, tampered with or foreign.

    >>> load_model("./nowhere")
    Traceback (most recent call last):
    tympan.errors.ModelError: ./nowhere: no such folder ...
    """
    folder = find_model(name_or_path)
    file = folder / WEIGHTS_FILE
    content, card = _read(folder)
    tensors = read_tensors(content, file)
    check_listed(tensors, card.weights["tensors"], file)
    return LoadedModel(card, _state(tensors, bool(card.weights.get("half")), file), folder)


def _read(folder: Path) -> tuple[bytes, Card]:
    """Return the weights and the card that belongs to them."""
    file = folder / WEIGHTS_FILE
    cards = []
    if (folder / CARD_FILE).exists() or not (folder / NEXT_CARD_FILE).exists():
        cards.append(Card.load(folder / CARD_FILE))
    if (folder / NEXT_CARD_FILE).is_file():  # a save was cut short between its two renames
        cards.append(Card.load(folder / NEXT_CARD_FILE))
    for card in cards:
        _check_weights_field(card, folder / CARD_FILE)
    try:
        if not file.is_file():
            raise ModelError("no such weights", file=file, fix=_OTHER_WEIGHTS)
        # The size is checked first: a giant file is not read into memory to be refused.
        size = file.stat().st_size
        fitting = [card for card in cards if card.weights["bytes"] == size]
        content = file.read_bytes() if fitting else _head(file)
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", file=file) from error
    digest = hashlib.sha256(content).hexdigest() if fitting else ""
    for card in fitting:
        if card.weights["sha256"] == digest:
            return content, card
    if not fitting:
        _explain(content, size, cards[0].weights["bytes"], file)
    read_tensors(content, file)  # says more where the file is not even whole
    raise ModelError("is not the file the card describes", file=file, fix=_OTHER_WEIGHTS)


def _head(file: Path) -> bytes:
    """Return the beginning of a file, enough to say what it is."""
    with file.open("rb") as stream:
        return stream.read(64)


def _explain(head: bytes, size: int, expected: int, file: Path) -> NoReturn:
    """Raise what is wrong with weights of another size than the card's."""
    if size < 8 or looks_pickled(Path(), head) or head.startswith(LFS_POINTER):
        check_start(head, file)
    what = f"has {size} bytes, the card says {expected}"
    if head[8:9] != b"{":
        what = "is not a safetensors file"
    raise ModelError(what, file=file, fix=_OTHER_WEIGHTS)


def _check_weights_field(card: Card, file: Path) -> None:
    """Raise unless the card says which weights it describes."""
    weights = card.weights
    fits = (
        isinstance(weights.get("sha256"), str)
        and type(weights.get("bytes")) is int
        and isinstance(weights.get("tensors"), dict)
    )
    if not fits:
        what = "the card's field 'weights' lacks sha256, bytes or tensors"
        raise ModelError(what, file=file, fix="get or train the model again")


def _state(tensors: Mapping[str, Tensor], half: bool, file: Path) -> dict[str, Tensor]:
    """The weights, all finite, and float16 ones widened where the card says so."""
    import torch

    state = dict(tensors)
    for name, tensor in state.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            fix = "get or train the model again"
            raise ModelError(f"tensor {name!r} holds NaN or infinite values", file=file, fix=fix)
        if half and tensor.dtype == torch.float16:
            state[name] = tensor.to(torch.float32)
    return state
