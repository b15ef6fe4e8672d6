"""Fail if a built page would fetch something from the network: fonts, scripts, styles, images.

Run after the build: `python docs/_ext/check_offline.py docs/_build/html`. Plain links are fine.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# What a browser fetches by itself; `<a href>` waits for a click.
FETCHES = (
    re.compile(
        r"""<(?:script|img|audio|video|source|iframe|embed)\b[^>]*?\ssrc=["'](https?:)?//"""
    ),
    re.compile(
        r"""<link\b(?=[^>]*rel=["']?(?:stylesheet|preload|icon))[^>]*href=["'](https?:)?//"""
    ),
    re.compile(r"""(?:@import\s*(?:url\()?|url\()\s*["']?(https?:)?//"""),
)


def fetches(text: str) -> list[str]:
    """Return the beginnings of all that a browser would fetch from elsewhere.

    >>> fetches('<a href="https://a.org">x</a>'), len(fetches('<script src="https://a.org/x.js">'))
    ([], 1)
    """
    return [found.group()[:120] for one in FETCHES for found in one.finditer(text)]


def main(folder: str) -> int:
    """Print each offence and return the exit code."""
    pages = [path for path in Path(folder).rglob("*") if path.suffix in {".html", ".css"}]
    bad = [(path, one) for path in pages for one in fetches(path.read_text(encoding="utf-8"))]
    for path, one in bad:
        print(f"{path}: fetches from the network: {one}", file=sys.stderr)
    if not pages:
        print(f"{folder}: holds no pages", file=sys.stderr)
    return 1 if bad or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
