"""Load public names on first use, so that start-up stays fast.

Type checkers cannot follow that, so a stub beside each such package tells them what its names are.
`make stubs` writes the stubs from the tables in the packages.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

_TABLES: dict[str, Mapping[str, str]] = {}


def attach(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `(__getattr__, __dir__, __all__)` for a package whose names load lazily.

    Args:
        package: the package's `__name__`.
        names: public name → module that defines it. A trailing colon
            (`"tympan.audio.synth:"`) means that the name is the module itself.

    Returns:
        The three names to bind in the package (PEP 562).

    >>> getattr_, _, all_ = attach("demo", {"sqrt": "math"})
    >>> all_, getattr_("sqrt")(9.0)
    (['sqrt'], 3.0)
    """
    _TABLES[package] = names

    def __getattr__(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        target = names[name]
        module = importlib.import_module(target.removesuffix(":"))
        value = module if target.endswith(":") else getattr(module, name)
        # A submodule may share the name of the function (`tasks.classify`): bind the value, once.
        if package in sys.modules:
            setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted({*names, *vars(sys.modules[package])})

    return __getattr__, __dir__, sorted(names)


def stubs() -> Iterator[tuple[Path, str]]:
    """Yield the stub of each package of tympan whose names load lazily, and what it must say."""
    home = Path(__file__).parent
    for file in sorted(home.rglob("__init__.py")):
        package = ".".join((home.name, *file.parent.relative_to(home).parts))
        module = importlib.import_module(package)
        if package in _TABLES:
            yield file.with_suffix(".pyi"), _stub(module, file.read_text("utf-8"))


def _stub(module: Any, source: str) -> str:
    """What type checkers see of a package."""
    imports, values = set(), []
    for name, target in _TABLES[module.__name__].items():
        parent, _, last = target.removesuffix(":").rpartition(".")
        home = parent if target.endswith(":") else target
        # A module may be imported under another name than its own.
        wanted = last if target.endswith(":") else name
        imports.add(f"from {home} import {wanted} as {name}")
    for name in _assigned(source):
        kind = type(getattr(module, name))
        values.append(f"{name}: {kind.__name__}")
        if kind.__module__ != "builtins":
            imports.add(f"from {kind.__module__} import {kind.__name__} as {kind.__name__}")
    names = [*sorted(imports, key=_import_order), *([""] if values else []), *values]
    return "\n".join(["# Written by `make stubs` from the table in __init__.py.", "", *names, ""])


def _import_order(line: str) -> tuple[str, int, str]:
    """As isort sorts them: constants, classes, functions, of each module."""
    _, module, _, name, *_ = line.split()
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return module, kind, name


def _assigned(source: str) -> list[str]:
    """Public names that a module assigns itself."""
    import ast

    targets = (
        target
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    )
    return [one.id for one in targets if one.id == "__version__" or one.id[0] != "_"]


def write_stubs() -> None:
    """Write all stubs."""
    for path, text in stubs():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
