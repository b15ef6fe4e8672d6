"""Sphinx extension: one page for each package of tympan, made from its modules at each build."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import tympan

SOURCES = Path(tympan.__file__).parent
PACKAGES = (
    *("audio", "spectra", "augment", "nets", "data", "training", "models", "tasks", "report"),
    *("text", "scale", "exporting"),
    "errors",
)
# Each transform has a page of its own, made by the extension `augment_pages`.
ELSEWHERE = ("tympan.augment.waveform.", "tympan.augment.spectrogram.")


def write_if_changed(path: Path, text: str) -> None:
    """Write a page, but leave an equal one alone, so that Sphinx need not read it again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def heading(text: str, line: str) -> str:
    """Return a reStructuredText heading."""
    return f"{text}\n{line * len(text)}\n"


def modules_of(package: str) -> list[str]:
    """Return the dotted names of a package's public modules that define something."""
    root = SOURCES / package
    if not root.is_dir():
        return [f"tympan.{package}"]
    names = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(SOURCES).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        name = ".".join(("tympan", *parts))
        hidden = any(part.startswith("_") for part in parts) or name.startswith(ELSEWHERE)
        if not hidden and has_public(path):
            names.append(name)
    return names


def has_public(path: Path) -> bool:
    """Say whether a module defines a public function or class."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(
        isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        for node in body
    )


def page_of(package: str) -> str:
    """Return the page of a package: what it is for, then each module."""
    root = SOURCES / package
    source = root / "__init__.py" if root.is_dir() else root.with_suffix(".py")
    about = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    parts = [heading(f"tympan.{package}", "=")]
    modules = modules_of(package)
    if modules != [f"tympan.{package}"]:
        parts.append(about + "\n")
    if package == "augment":
        parts.append(
            "Each transform has its page, with picture and sound: :doc:`../augment/index`.\n"
        )
    for name in modules:
        if name != f"tympan.{package}":
            parts.append(heading(name, "-"))
        parts.append(f".. automodule:: {name}\n")
    return "\n".join(parts)


def make_pages(app: Any) -> None:
    """Write the pages below `_generated/api`."""
    folder = Path(app.srcdir) / "_generated" / "api"
    present = [one for one in PACKAGES if modules_of(one)]
    listed = "\n".join(f"   {one}" for one in present)
    index = heading("API", "=") + "\n.. toctree::\n   :maxdepth: 2\n\n" + listed + "\n"
    write_if_changed(folder / "index.rst", index)
    for package in present:
        write_if_changed(folder / f"{package}.rst", page_of(package))


def setup(app: Any) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", make_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
