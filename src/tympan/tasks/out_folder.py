"""The folder that a training writes into: is it one to write into?"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tympan.errors import ArgumentError
from tympan.tasks.trial import FOLDER as TRIAL
from tympan.tasks.trial import OUTCOME


def check_not_recordings(out: Path, folder: Path) -> None:
    """A model never lands among the recordings.

    Raises:
        ArgumentError: `out` is the folder of the recordings.
    """
    if out.is_dir() and out.resolve() == folder.resolve():
        raise ArgumentError("holds the recordings", file=out, fix="--out elsewhere")


@contextlib.contextmanager
def empty_folder_removed(out: Path) -> Iterator[None]:
    """Take away the folder that was made for a training that could not begin."""
    made = not out.exists()
    try:
        yield
    except BaseException:
        if made:
            with contextlib.suppress(OSError):
                out.rmdir()  # an empty one only
        raise


def check_out(out: Path, folder: Path) -> None:
    """A model never lands among other files; the folder is made, if it is not there.

    Args:
        out: for the model.
        folder: of the recordings.

    Raises:
        ArgumentError: `out` holds something else, or cannot be written.
    """
    ours = {"card.json", "checkpoint.safetensors", "history.json", ".lock", OUTCOME}
    if out.exists() and not out.is_dir():
        raise ArgumentError("is a file, not a folder for a model", file=out, fix="--out elsewhere")
    check_not_recordings(out, folder)
    inside = {path.name for path in out.iterdir()} if out.is_dir() else set()
    # A training that was stopped in its trial has left nothing else.
    if inside and not (ours & inside or (out / TRIAL / ".lock").exists()):
        fix = "name a new or an empty folder with --out"
        raise ArgumentError("holds other files, a model would mix with them", file=out, fix=fix)
    # Better known now than when the training is over.
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        what = f"cannot be made or written: {error.strerror}"
        raise ArgumentError(what, file=out, fix="--out elsewhere") from error
