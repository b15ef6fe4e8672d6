"""`python -m tympan` is the command `tympan`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; Ctrl-C is one line even while the command line itself is being loaded."""
    try:
        from tympan.cli.main import run

        run()
    except KeyboardInterrupt:
        print("tympan: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
