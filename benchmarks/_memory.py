"""How much memory a process has had at most."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_kib(process: int | str = "self") -> int:
    """The highest memory of a running process so far, in kibibytes.

    Args:
        process: its number.

    Raises:
        OSError, IndexError: another process has ended, or this system does not tell.

    >>> peak_kib() > 1000
    True
    """
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
        return int(text.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        if process != "self":
            raise
        import resource  # not on Windows

        scale = 1024 if sys.platform == "darwin" else 1
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // scale
