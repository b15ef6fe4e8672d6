"""`python -m tympan` is the command `tympan`."""

from __future__ import annotations

from tympan.cli.main import run

if __name__ == "__main__":
    run()
