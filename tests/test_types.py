"""Type checkers see every public name of tympan as what it is."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tympan
from tympan import _lazy

HOME = Path(tympan.__file__).parents[1]

# A user's script. Each line that is wrong says so; all others must be right.
SCRIPT = """
from pathlib import Path

import tympan
from tympan.tasks import Segment, Transcript

answer = tympan.classify("a.wav", top=3, device="cpu")
name: str = answer.best.label
timeline: tuple[Segment, ...] = answer.timeline
path: Path = answer.save("x.csv")
clip = tympan.load("a.wav")
rate: int = clip.rate_hz
any_answer = tympan.answer("classify", clip)
seconds: float = any_answer.duration_s
names: list[str] = [card.name for card in tympan.list_models()]
engines: list[str] = [engine.licence for engine in tympan.list_engines()]
pool = tympan.nets.MeanMaxPooling()
page: Path = tympan.hear("a.wav", "b.html").path
folder: Path = tympan.train("folder", epochs=1).folder
count: int = tympan.evaluate("model", "folder").count
tone = tympan.synth.sine(440, duration_s=1, rate_hz=8000)


def speaker(said: Transcript) -> str:
    return said.segments[0].speaker


answer.lables  # wrong
tympan.clasify("a.wav")  # wrong
tympan.classify("a.wav", topp=3)  # wrong
tympan.classify(3)  # wrong
tympan.load("a.wav").rate  # wrong
tympan.nets.CNNEncodr  # wrong
tympan.nts  # wrong
number: int = answer.best.label  # wrong
any_answer.durations  # wrong
tympan.evaluate("model", "folder").cuont  # wrong
tympan.hear("a.wav").pth  # wrong
tympan.list_models()[0].nam  # wrong
tympan.synth.sinn  # wrong
"""
WRONG = {number for number, line in enumerate(SCRIPT.splitlines(), 1) if line.endswith("# wrong")}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The script in a folder of its own."""
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def lines_with_errors(command: list[str], script: Path) -> set[int]:
    environment = {"PYTHONPATH": str(HOME), "MYPYPATH": "", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, cwd=script.parent, capture_output=True, text=True, timeout=600, env=environment
    )
    assert done.returncode == 1, done.stdout + done.stderr
    errors = [line for line in done.stdout.splitlines() if re.search(r"\berror\b", line)]
    return {int(found[1]) for line in errors if (found := re.search(r"script\.py:(\d+)", line))}


@pytest.mark.slow
def test_mypy_sees_what_is_wrong_in_a_users_script(script: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache", "script.py"]
    assert lines_with_errors(command, script) == WRONG


@pytest.mark.slow
def test_pyright_sees_what_is_wrong_in_a_users_script(script: Path) -> None:
    beside = str(Path(sys.executable).parent)
    found = shutil.which("basedpyright", path=beside) or shutil.which("basedpyright")
    if found is None:  # `pyright` itself would have to fetch its program from the network
        pytest.skip("basedpyright is not installed")
    settings = f'{{"typeCheckingMode": "standard", "extraPaths": ["{HOME.as_posix()}"]}}'
    (script.parent / "pyrightconfig.json").write_text(settings)
    command = [found, "--pythonpath", sys.executable, "script.py"]
    assert lines_with_errors(command, script) == WRONG


@pytest.mark.parametrize(
    ("path", "text"),
    list(_lazy.stubs()),
    ids=lambda one: one.parent.name if isinstance(one, Path) else "",
)
def test_the_stubs_are_those_of_the_tables(path: Path, text: str) -> None:
    assert path.exists(), f"{path} is missing: make stubs"
    assert path.read_text("utf-8") == text, f"{path} is not up to date: make stubs"


def test_the_package_says_that_it_is_typed() -> None:
    assert (HOME / "tympan" / "py.typed").exists()


@pytest.mark.parametrize(
    "name", ["audio", "augment", "data", "models", "nets", "report", "spectra", "tasks", "training"]
)
def test_packages_are_there_without_an_import_of_their_own(name: str) -> None:
    code = f"import tympan, sys; assert 'tympan.{name}' not in sys.modules; tympan.{name}.__all__"
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=60, env={"PYTHONPATH": str(HOME)}
    )
    assert getattr(tympan, name) is importlib.import_module(f"tympan.{name}")
