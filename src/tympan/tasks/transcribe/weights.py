"""Weights that come in packages of others: found, checked once, and joined where they are in parts.

Nothing is downloaded: what is not here is named, with the command that installs it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tympan._files import atomic_write
from tympan.data.store import cache_home
from tympan.errors import MissingDependencyError, ModelError

CHECKED = "checked.json"


def package_folder(module: str, install: str) -> Path:
    """The folder of an installed package, which is not imported.

    Raises:
        MissingDependencyError: it is not installed.
    """
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise MissingDependencyError(f"the package {module} is not installed", fix=install)
    return Path(found.submodule_search_locations[0])


def check(folder: Path, digests: Mapping[str, str], install: str) -> None:
    """See that files hold what was measured and licensed.

    A file is read once: later its size and time of change tell that it is the same.

    Args:
        folder: where they are.
        digests: name → SHA-256.
        install: what gets them anew.

    Raises:
        ModelError: one is missing or another.
    """
    known = _known()
    for name, wanted in digests.items():
        path = folder / name
        try:
            stat = path.stat()
        except OSError as error:
            what = "its weights are not here"
            raise ModelError(what, file=path, fix=f"{install} --force-reinstall") from error
        stamp = [stat.st_size, stat.st_mtime_ns, wanted]
        if known.get(str(path)) == stamp:
            continue
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != wanted:
            what = "does not hold the weights that it should (SHA-256)"
            raise ModelError(what, file=path, fix=f"{install} --force-reinstall")
        known[str(path)] = stamp
        _remember(known)


def assembled(
    name: str, parts: Sequence[Path], others: Sequence[Path], digest: str, install: str
) -> Path:
    """The folder in tympan's cache with a model whose `model.bin` comes in parts.

    It is made once: written beside, and renamed when it is whole.

    Args:
        name: of the folder.
        parts: of `model.bin`, in order.
        others: files that belong beside it.
        digest: SHA-256 of all parts together.
        install: what gets the parts.

    Raises:
        ModelError: a part is missing, or all together are something else.
        TympanError: the cache cannot be written.
    """
    folder = cache_home() / "engines" / name
    whole = folder / "model.bin"
    if whole.is_file() and all((folder / one.name).is_file() for one in others):
        try:
            check(folder, {"model.bin": digest}, install)
            return folder
        except ModelError:
            pass  # it is made anew
    folder.mkdir(parents=True, exist_ok=True)
    for one in others:
        with atomic_write(folder / one.name) as beside:
            shutil.copyfile(one, beside)
    with atomic_write(whole) as beside, beside.open("wb") as out:
        for part in parts:
            if not part.is_file():
                raise ModelError("a part of the weights is missing", file=part, fix=install)
            with part.open("rb") as file:
                shutil.copyfileobj(file, out, 1 << 20)
    check(folder, {"model.bin": digest}, install)
    return folder


def _known() -> dict[str, list[object]]:
    """What was checked before: path → size, time of change, digest."""
    try:
        found = json.loads((cache_home() / "engines" / CHECKED).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(known: Mapping[str, list[object]]) -> None:
    """A cache that cannot be written costs a second look at the next time."""
    path = cache_home() / "engines" / CHECKED
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as beside:
            beside.write_text(json.dumps(known), "utf-8")
    except Exception:
        return
