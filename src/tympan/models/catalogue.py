"""Names of models: the shipped ones, and where a name or path leads."""

from __future__ import annotations

import difflib
import fnmatch
import os
from pathlib import Path

from tympan.errors import ModelError
from tympan.models.card import CARD_FILE, Card
from tympan.models.header import NEVER_PICKLE, looks_pickled

WEIGHTS_FILE = "model.safetensors"
# A card on its way: written before the weights are renamed, so that no crash can part the two.
NEXT_CARD_FILE = "card.next.json"
# Models that a recipe makes, and nobody may give away.
_NOT_DISTRIBUTED = {name: f"recipes.compose_tunes {name}" for name in ("folk", "pop")}
_SHIPPED = Path(__file__).parent / "weights"


def shipped_folder() -> Path:
    """Return the folder of the models that are part of the package.

    >>> shipped_folder().name
    'weights'
    """
    return _SHIPPED


def list_models(pattern: str = "*") -> list[Card]:
    """Return the cards of the shipped models whose names match, sorted by name.

    Only the cards are read: no weights, no PyTorch.

    Args:
        pattern: shell pattern such as `"sound*"`.

    Raises:
        ModelError: a shipped card is damaged.

    >>> list_models("no-such-*")
    []
    """
    return [
        Card.load(_SHIPPED / name / CARD_FILE)
        for name in shipped_names()
        if fnmatch.fnmatchcase(name, pattern)
    ]


def shipped_names() -> list[str]:
    """Return the names of the shipped models.

    >>> isinstance(shipped_names(), list)
    True
    """
    if not _SHIPPED.is_dir():
        return []
    return sorted(one.name for one in _SHIPPED.iterdir() if (one / CARD_FILE).is_file())


def find_model(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the folder of a model, given its catalogue name or a path.

    A bare name of the catalogue wins over a folder of that name here; write `./name` for the
    folder. A path may also point at the card or the weights inside the folder.

    Raises:
        ModelError: there is no such model, or the path is no model folder.

    >>> find_model("soundz")
    Traceback (most recent call last):
    tympan.errors.ModelError: there is no model 'soundz'...
    """
    given = os.fspath(name_or_path)
    if not isinstance(given, str) or not given.strip() or "\0" in given:
        raise ModelError(f"no usable model name or path: {given!r:.80}")
    if isinstance(name_or_path, str) and given in shipped_names():
        return _SHIPPED / given
    path = Path(given).expanduser()
    try:
        if path.is_file() and path.name in (CARD_FILE, WEIGHTS_FILE):
            path = path.parent
        if path.is_dir():
            _check_folder(path)
            return path
        exists = path.exists()
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", file=path) from error
    if exists:
        raise _not_a_folder(path)
    raise _unknown(given)


def load_card(name_or_path: str | os.PathLike[str]) -> Card:
    """Return a model's card, without reading its weights.

    Raises:
        ModelError: there is no such model, or its card is damaged.

    >>> load_card("./nowhere")
    Traceback (most recent call last):
    tympan.errors.ModelError: ./nowhere: no such folder ...
    """
    folder = find_model(name_or_path)
    card = folder / CARD_FILE
    return Card.load(card if card.is_file() else folder / NEXT_CARD_FILE)


def _check_folder(folder: Path) -> None:
    """Raise unless the folder holds a card and weights; say what it holds instead."""
    names = sorted(os.listdir(folder))
    has_card = CARD_FILE in names or NEXT_CARD_FILE in names
    if has_card and WEIGHTS_FILE in names:
        return
    if has_card:
        fix = "get or train the model again"
        raise ModelError(f"holds a card but no {WEIGHTS_FILE}", file=folder, fix=fix)
    if any(looks_pickled(Path(name)) for name in names):
        raise ModelError("holds pickled weights and no card", file=folder, fix=NEVER_PICKLE)
    if {"checkpoint.safetensors", "folds", ".lock"} & set(names):
        what = "holds a training that is not finished"
        raise ModelError(what, file=folder, fix="give its `tympan train` command again")
    what = f"is no tympan model: it has no {CARD_FILE}"
    raise ModelError(what, file=folder, fix="give the folder that `tympan train` wrote")


def _not_a_folder(path: Path) -> ModelError:
    """Describe a path that exists but is no folder."""
    start = b""
    if path.is_file():  # not a FIFO: opening one would wait for ever
        with path.open("rb") as file:
            start = file.read(8)
    if looks_pickled(path, start):
        return ModelError("holds pickled weights", file=path, fix=NEVER_PICKLE)
    fix = "give the folder that `tympan train` wrote"
    return ModelError("is a file; a model is a folder", file=path, fix=fix)


def _unknown(given: str) -> ModelError:
    """Describe a name that leads nowhere, with the nearest names there are."""
    names = shipped_names()
    if os.sep in given or given.startswith("~"):
        fix = "give a model's name (`tympan models`) or the folder that `tympan train` wrote"
        return ModelError("no such folder", file=given, fix=fix)
    if given in _NOT_DISTRIBUTED:
        what = f"the model {given!r} is not distributed, as the licence of its music is doubtful"
        made = f"`python -m {_NOT_DISTRIBUTED[given]}` in the source makes it"
        return ModelError(what, fix=f"{made}; `tympan train FOLDER` makes one of your own scores")
    near = difflib.get_close_matches(given, names, n=3)
    fix = f"did you mean {' or '.join(near)}? " if near else ""
    what = f"there is no model {given[:80]!r}, and no folder of that name"
    return ModelError(what, fix=f"{fix}`tympan models` lists all {len(names)}")
