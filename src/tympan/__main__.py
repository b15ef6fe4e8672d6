"""`python -m tympan` is the command `tympan`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command; Ctrl-C is one line even while the command line itself is being loaded."""
    # Threads that wait actively take the cores from other processes, and bfloat16 falls to a
    # quarter of its speed with two of them. It must be set before PyTorch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        from tympan.cli.main import run

        run()
    except KeyboardInterrupt:
        print("tympan: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
