"""Imports point one way: a lower room of the house never imports a higher one.

The source is parsed, not run, so that imports inside functions, under `TYPE_CHECKING` and in the
tables of lazy names count as well.
"""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tympan
from tympan.tasks.registry import BUILT_IN

SOURCES = Path(tympan.__file__).parent
# Each floor may import from the floors before it. Rooms of one floor may import one another, as
# long as no circle arises.
FLOORS = (
    ("errors", "_files", "_lazy", "_precision", "_toml", "_version", "_walk", "_words"),
    ("audio",),
    ("spectra",),
    ("augment", "nets"),
    ("models", "data", "training", "text", "notation"),
    ("tasks",),
    ("report", "live", "scale", "serve", "exporting"),
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


# The studio labels with what `embed` proposes; beside that the server knows no question.
LABELLING = {"serve/heads_job.py": "embed", "serve/proposals.py": "embed"}


@pytest.mark.parametrize("path", sorted((SOURCES / "serve").glob("*.py")), ids=lambda one: one.name)
def test_the_server_knows_no_question(path: Path) -> None:
    names = {place.rpartition(".")[2] for place in BUILT_IN}
    package = ("tympan", *path.relative_to(SOURCES).parts[:-1])
    for module, line in imported(ast.parse(path.read_text(encoding="utf-8")), package):
        parts = module.split(".")
        known = parts[2] if parts[:2] == ["tympan", "tasks"] and len(parts) > 2 else ""
        allowed = LABELLING.get(path.relative_to(SOURCES).as_posix())
        assert known not in names - {allowed}, f"{path.name}:{line} knows {known}"


# -- files ---------------------------------------------------------------------------------------


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = ("tympan", *path.relative_to(SOURCES).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


NAMES = {name_of(path): path for path in SOURCES.rglob("*.py")}


def lazy_names(path: Path) -> dict[str, str]:
    """The table of a package's lazy names, name → module, as far as it is written out."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "attach":
            assert isinstance(node.args[1], ast.Dict)
            for key, value in zip(node.args[1].keys, node.args[1].values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                    found[key.value] = value.value
    return found


class WithoutTypes(ast.NodeTransformer):
    """Drops what is imported for the types alone, which makes no circle when it runs."""

    def visit_If(self, node: ast.If) -> object:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            return [self.visit(one) for one in node.orelse]
        return self.generic_visit(node)


def files_used(source: str, tables: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield each module that a source imports, at its top or inside a function; a lazy name of a
    package counts as the module that it is from."""
    for node in ast.walk(WithoutTypes().visit(ast.parse(source))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in NAMES)
        elif isinstance(node, ast.ImportFrom) and node.module in NAMES:
            for one in node.names:
                whole = f"{node.module}.{one.name}"
                home = tables.get(node.module, {}).get(one.name, node.module)
                yield whole if whole in NAMES else home


def circle_of(graph: dict[str, set[str]]) -> list[str]:
    """A circle in a graph; empty if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_files_form_no_circle() -> None:
    tables = {name: lazy_names(path) for name, path in NAMES.items() if path.stem == "__init__"}
    graph = {
        name: set(files_used(path.read_text(encoding="utf-8"), tables)) - {name}
        for name, path in NAMES.items()
    }
    # A package stands for its lazy names, which were followed to their homes.
    for name in tables:
        graph[name] = set()
    assert sum(map(len, graph.values())) > 500
    assert circle_of(graph) == []


def test_a_circle_of_files_is_found() -> None:
    low, high = "tympan.audio.clip", "tympan.audio.files"
    text = "def f():\n    from tympan.audio.files import load"
    assert set(files_used(text, {})) == {high}
    assert set(files_used("if TYPE_CHECKING:\n    import tympan.audio.files", {})) == set()
    assert set(files_used("from tympan.audio import load", {"tympan.audio": {"load": high}})) == {
        high
    }
    assert set(circle_of({low: {high}, high: {low}})) == {low, high}


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
