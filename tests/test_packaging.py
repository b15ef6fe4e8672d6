"""What is in the wheel, and under which licences what tympan needs is."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".ci"))

# A library that tympan links to at a user's own wish, and none of tympan's code is derived from.
LGPL = {"soxr", "lameenc", "chardet", "frozendict"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_holds_what_is_in_src_and_nothing_else(wheel: Path) -> None:
    import check_wheel

    assert check_wheel.problems(wheel) == []
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        points = next(one for one in names if one.endswith("entry_points.txt"))
        assert "tympan = tympan.__main__:main" in archive.read(points).decode()
    assert any(one.endswith("weights/sounds/model.safetensors") for one in names)
    assert not any("test" in Path(one).parts for one in names)


def requirements(name: str, seen: set[str]) -> None:
    """Gather what a distribution needs without an extra, and what these need."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return
    try:
        needed = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return  # of another system
    seen.add(key)
    for line in needed:
        head, _, marker = line.partition(";")
        if "extra" not in marker:
            requirements(re.match(r"[\w.-]+", head.strip()).group(), seen)  # type: ignore[union-attr]


def test_nothing_that_tympan_needs_is_under_the_gpl() -> None:
    try:
        importlib.metadata.requires("tympan")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("tympan is not installed")
    seen: set[str] = set()
    requirements("tympan", seen)
    assert {"numpy", "torch", "soundfile"} <= seen
    for name in sorted(seen - {"tympan"}):
        about = importlib.metadata.metadata(name)
        said = " ".join(
            [
                about.get("License-Expression") or "",
                (about.get("License") or "")[:200],
                *(one for one in about.get_all("Classifier") or () if one.startswith("License")),
            ]
        )
        free = re.sub(r"LGPL|Lesser General Public|GCC|with-GCC-exception", "", said)
        is_gpl = re.search(r"\bA?GPL|GNU (Affero )?General Public", free)
        assert not is_gpl or name in LGPL, f"{name}: {said[:200]}"


def test_the_systems_of_the_workflow_are_those_that_are_promised() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    promised = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text("utf-8"))
    for version in promised:
        assert f'"{version}"' in workflow
    for system in ("ubuntu", "macos", "windows"):
        assert f"{system}-latest" in workflow


def test_no_process_is_forked() -> None:
    """Windows and macOS start processes by spawn, so that everywhere else they are, too."""
    for path in (ROOT / "src" / "tympan").rglob("*.py"):
        text = path.read_text("utf-8")
        assert "os.fork" not in text, path
        assert not re.search(r"get_context\(\"fork|set_start_method\(\"fork", text), path
        if re.search(r"multiprocessing\.(Process|Pool|Queue|Pipe)\(", text):
            pytest.fail(f"{path} starts a process without saying how: get_context('spawn')")


def test_no_two_files_differ_only_in_case() -> None:
    """Windows and macOS would take one for the other."""
    for folder in ("src", "tests", "docs", "benchmarks", "recipes"):
        names = [
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / folder).rglob("*")
            if not {"__pycache__", "_build", "_generated", "_auto"} & set(path.parts)
        ]
        lower = [one.lower() for one in names]
        assert len(set(lower)) == len(lower)
        assert not [one for one in names if set(one) & set('<>:"|?*\\')]


def named(extra: str) -> set[str]:
    """The distributions that an extra names, and those that tympan needs anyway."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras, found = project["optional-dependencies"], set[str]()
    for line in (*project["dependencies"], *extras[extra]):
        name = re.match(r"[\w.-]+", line).group()  # type: ignore[union-attr]
        if name == "tympan":
            inner = re.search(r"\[(.+)\]", line)
            assert inner is not None
            found = found.union(*(named(one) for one in inner[1].split(",")))
        else:
            found.add(re.sub(r"[-_.]+", "-", name).lower())
    return found


def imported_at_once(path: Path) -> set[str]:
    """The packages that a file cannot be read without."""
    found = set[str]()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_the_extra_test_is_enough_to_read_all_tests() -> None:
    """Continuous integration installs it, and a test that cannot be read ends the whole run."""
    of_module, enough = importlib.metadata.packages_distributions(), set[str]()
    for one in named("test"):
        requirements(one, enough)
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for module in imported_at_once(path) - set(sys.stdlib_module_names):
            names = {re.sub(r"[-_.]+", "-", one).lower() for one in of_module.get(module, ())}
            own = not names or names == {"tympan"}
            assert own or names & enough, f"{path}: {module}"


def test_no_test_imports_at_once_what_windows_has_not() -> None:
    unix = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        assert not imported_at_once(path) & unix, path
        for node in ast.parse(path.read_text("utf-8")).body:
            names = [one.name for one in getattr(node, "names", ()) if isinstance(one, ast.alias)]
            assert not any(one.startswith("ForkServer") for one in names), path


def test_continuous_integration_installs_what_there_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    installed = re.findall(r"install -e \"\.\[(.+?)\]\"", text)
    assert installed
    for extras in installed:
        assert set(extras.split(",")) <= set(project["optional-dependencies"])
    (versions,) = re.findall(r"python: \[(.+?)\]", text)
    named_ones = {one.rpartition(" ")[2] for one in project["classifiers"] if "Python :: 3." in one}
    assert set(re.findall(r"[\d.]+", versions)) == named_ones
