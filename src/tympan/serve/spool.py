"""Where what clients send lies: one private folder, names of our own, gone with the server."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from tympan.serve.refusals import Refusal

PREFIX = "tympan-serve-"
# What must stay free on the disk.
SPARE_BYTES = 500_000_000


class Spool:
    """A folder that only this user may read; no name in it comes from a client.

    Args:
        parent: where to make it; None: the system's place for such files.

    Attributes:
        folder: it.
    """

    def __init__(self, parent: Path | None = None) -> None:
        where = Path(tempfile.gettempdir()) if parent is None else parent
        remove_orphans(where)
        name = f"{PREFIX}{os.getpid()}-"
        self.folder = Path(tempfile.mkdtemp(prefix=name, dir=where))  # of mode 0700
        self._numbers = itertools.count()

    def new(self, ending: str = "") -> Path:
        """A path that nothing lies at.

        Raises:
            Refusal: the disk is nearly full.
        """
        if shutil.disk_usage(self.folder).free < SPARE_BYTES:
            text = "The server's disk is nearly full: try again later."
            raise Refusal(503, text, "disk_full", headers={"Retry-After": "30"})
        return self.folder / f"{next(self._numbers)}-{secrets.token_hex(8)}{ending}"

    @property
    def size_bytes(self) -> int:
        """What lies in it."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with contextlib.suppress(OSError):
                    total += os.stat(os.path.join(folder, name)).st_size
        return total

    def close(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def remove(*paths: Path | None) -> None:
    """Remove files that may be there."""
    for path in paths:
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()


def remove_orphans(where: Path) -> None:
    """Remove the folders of servers that were killed."""
    for one in where.glob(f"{PREFIX}*"):
        number = one.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not _lives(int(number)):
            with contextlib.suppress(OSError):
                if one.is_symlink() or one.stat().st_uid != os.getuid():
                    continue  # another user's: theirs to remove
                shutil.rmtree(one, ignore_errors=True)


def _lives(pid: int) -> bool:
    if not hasattr(os, "getuid"):
        return True  # Windows: nothing is removed that might be in use
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
