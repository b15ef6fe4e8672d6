"""Rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tympan
from planted_faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[1]
SOURCES = Path(tympan.__file__).parent
MODULES = sorted(SOURCES.rglob("*.py"))
OUR_TEXTS = sorted(
    path
    for folder in ("src", "tests", "benchmarks", "recipes", "docs", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.is_file()
    and path.suffix in {".py", ".md", ".rst", ".toml", ".json", ".txt", ""}
    and not {"_build", "_generated", "_auto", "__pycache__"} & set(path.parts)
)
# Hands work from one process to its own children, as multiprocessing does; never reads a file.
MAY_PICKLE = {"training/launch.py"}
# A home folder, a drive or a workplace in a path would work on one machine only.
ONE_MACHINE = re.compile(r"(?<![\w.])(/(home|root|Users|work|mnt|opt)/\w|[A-Z]:\\\\\w)")


def short(path: Path) -> str:
    return str(path.relative_to(ROOT if path.is_relative_to(ROOT) else SOURCES))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call with its dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_nothing_is_ever_unpickled(path: Path) -> None:
    if path.relative_to(SOURCES).as_posix() in MAY_PICKLE:
        pytest.skip("pickles only between its own processes")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            root = name.split(".")[0]
            assert root not in {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}, name
    for name, call in calls(tree):
        assert name not in {"torch.load", "torch.jit.load", "torch.hub.load"}, f"{name} unpickles"
        assert name not in {"eval", "exec", "os.system"}, name
        for keyword in call.keywords:
            constant = isinstance(keyword.value, ast.Constant) and keyword.value.value
            assert not (keyword.arg == "allow_pickle" and constant), f"{name} unpickles"
            assert not (keyword.arg == "shell" and constant), f"{name} runs a shell"


@pytest.mark.parametrize("path", OUR_TEXTS, ids=short)
def test_no_path_of_one_machine(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = ONE_MACHINE.search(line)
        assert not found or path == Path(__file__), f"{short(path)}:{number}: {found.group()}"


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Yield the public functions and classes of a module and the public methods of the classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if any(ast.unparse(one).endswith("overload") for one in node.decorator_list):
                continue
            yield node.name, node
            for item in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
                    yield f"{node.name}.{item.name}", item


def inherits(tree: ast.Module, name: str) -> bool:
    """Say whether a dotted method belongs to a class with bases, whose docstring serves."""
    owner = name.split(".")[0]
    return "." in name and any(
        isinstance(node, ast.ClassDef) and node.name == owner and node.bases for node in tree.body
    )


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_public_things_have_docstrings(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body, f"{short(path)} has no docstring"
    if any(part.startswith("_") and part != "__init__.py" for part in path.parts[-2:]):
        return
    for name, node in public_definitions(tree):
        documented = ast.get_docstring(node)  # type: ignore[arg-type]
        assert documented or inherits(tree, name), f"{short(path)}: {name} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_annotations_are_postponed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if len(text.splitlines()) > 3:
        assert "from __future__ import annotations" in text


def test_importing_tympan_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, tympan, tympan.cli.main\n"
        "heavy = {'torch', 'numpy', 'scipy', 'matplotlib', 'lightning', 'av', 'soundfile'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_public_name_can_be_used() -> None:
    for name in tympan.__all__:
        assert getattr(tympan, name) is not None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.name.replace(" ", "_"))
def test_a_planted_fault_still_fits_the_source(fault: Fault) -> None:
    source = (SOURCES / fault.file).read_text(encoding="utf-8")
    assert source.count(fault.right) == 1
    ast.parse(source.replace(fault.right, fault.wrong))
    assert all((ROOT / one).exists() for one in fault.tests)


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_a_share_in_a_sentence_has_a_space_before_its_sign(path: Path) -> None:
    """`93 %` in messages; `93%` is only for a whole cell of a table, which stays short."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr) and len(node.values) > 1:
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and part.format_spec is not None:
                    assert not ast.unparse(part.format_spec).rstrip("'\"").endswith("%"), path
