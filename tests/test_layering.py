"""Imports point one way: a lower room of the house never imports a higher one.

The source is parsed, not run, so that imports inside functions, under `TYPE_CHECKING` and in the
tables of lazy names count as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tympan

SOURCES = Path(tympan.__file__).parent
# Each floor may import from the floors before it. Rooms of one floor may import one another, as
# long as no circle arises.
FLOORS = (
    ("errors", "_files", "_lazy", "_version"),
    ("audio",),
    ("spectra",),
    ("augment", "nets"),
    ("models", "data", "training"),
    ("tasks",),
    ("report", "scale", "serve"),
    ("cli", "__main__"),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(path for path in SOURCES.rglob("*.py") if path != SOURCES / "__init__.py")


def room_of(path: Path) -> str:
    """Return the top-level package or module of tympan that a file belongs to."""
    return path.relative_to(SOURCES).with_suffix("").parts[0]


def imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Yield each module of tympan that the source imports, with its line.

    Args:
        tree: the parsed source.
        package: the dotted package of the file, for relative imports.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((one.name, node.lineno) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module == "tympan":
                yield from ((f"tympan.{one.name}", node.lineno) for one in node.names)
            else:
                yield module, node.lineno
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"tympan(\.\w+)+:?", node.value)
        ):
            yield node.value.removesuffix(":"), node.lineno


def rooms_used(source: str, package: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Yield each room that a source uses; a public name of `tympan` counts as its home."""
    homes = public_names()
    for module, line in imported(ast.parse(source), package):
        parts = module.split(".")
        if parts[0] != "tympan" or len(parts) == 1:
            continue
        name = homes[parts[1]].split(".")[1] if parts[1] in homes else parts[1]
        if not name.startswith("__"):
            yield name.removesuffix(":"), line


def rooms_used_by(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each room that a file uses."""
    package = ("tympan", *path.relative_to(SOURCES).parts[:-1])
    yield from rooms_used(path.read_text(encoding="utf-8"), package)


def public_names() -> dict[str, str]:
    """Return the table of the package's lazy names: name → module."""
    tree = ast.parse((SOURCES / "__init__.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "attach":
            return ast.literal_eval(node.args[1])
    raise AssertionError("tympan/__init__.py has no table of lazy names")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_no_module_imports_a_higher_one(path: Path) -> None:
    room = room_of(path)
    assert room in FLOOR_OF, f"{room} has no place in the house: give it a floor in FLOORS"
    for used, line in rooms_used_by(path):
        assert used in FLOOR_OF, f"{path}:{line} imports tympan.{used}, which has no floor"
        assert FLOOR_OF[used] <= FLOOR_OF[room], f"{path}:{line}: {room} must not import {used}"


def test_rooms_of_one_floor_form_no_circle() -> None:
    uses: dict[str, set[str]] = {room: set() for room in FLOOR_OF}
    for path in MODULES:
        uses[room_of(path)] |= {name for name, _ in rooms_used_by(path)} - {room_of(path)}
    for room in uses:
        seen: set[str] = set()
        waiting = list(uses[room])
        while waiting:
            one = waiting.pop()
            assert one != room, f"{room} imports itself by way of {sorted(seen)}"
            if one not in seen:
                seen.add(one)
                waiting += uses.get(one, set())


@pytest.mark.parametrize(
    ("source", "rooms"),
    [
        ("import tympan.cli.main", ["cli"]),
        ("from tympan.tasks import get", ["tasks"]),
        ("from tympan import classify, __version__", ["tasks"]),
        ("def f():\n    from ..report import hear", ["report"]),
        ("x = attach(__name__, {'a': 'tympan.cli'})", ["cli"]),
        ("'''Like tympan.cli, but lower.'''\nimport numpy, tympanum", []),
    ],
)
def test_every_way_of_importing_is_seen(source: str, rooms: list[str]) -> None:
    assert [room for room, _ in rooms_used(source, ("tympan", "audio"))] == rooms
