"""Sphinx extension: pages of source code carry no navigation tree.

There are more of them than of all others together, and a copy of the tree of all pages and their
contents for each was most of the time that a build took.
"""

from __future__ import annotations

from typing import Any


def without_tree(
    app: Any, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Take the tree out of the context of a page of source code."""
    if page.startswith("_modules/"):
        context.pop("toctree", None)


def setup(app: Any) -> dict[str, bool]:
    """Connect it, before the theme makes the tree."""
    app.connect("html-page-context", without_tree, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
