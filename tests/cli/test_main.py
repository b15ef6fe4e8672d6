"""The command itself: help, version, errors, exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tympan
from tympan.cli import main
from tympan.errors import AudioFileError


def tympan_command(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m tympan` as a user would."""
    command = [sys.executable, "-m", "tympan", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload]


def test_help_names_every_command() -> None:
    done = tympan_command("--help")
    assert done.returncode == 0
    for name in main.COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main.app, [name, "--help"])
    assert result.exit_code == 0
    assert "--help" in result.output
    # A sentence about it stands between the usage and the options.
    assert len(result.output.split("Options:")[0].splitlines()) > 2


def test_version() -> None:
    assert tympan_command("--version").stdout == f"tympan {tympan.__version__}\n"


def test_no_command_shows_the_help() -> None:
    done = tympan_command()
    assert "Usage: tympan" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no-such"], "'no-such'"),
        (["models", "--no-such"], "--no-such"),
        (["models", "a", "b"], "(b)"),
        (["train"], "argument"),
        (["train", "x", "--folds", "1"], "'--folds'"),
        (["train", "x", "--seed", "y"], "'--seed'"),
        (["export", "x", "-o", "y", "--front", "z"], "'--front': 'z' is not one of"),
        (["speak", "-5 degrees"], "-5; what begins with - and is none comes last, after --"),
        (["speak", "--sped", "2"], "no such option: --sped"),
    ],
)
def test_wrong_usage_is_one_line_and_the_users_mistake(arguments: list[str], told: str) -> None:
    done = tympan_command(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    command = "tympan" if arguments[0] == "no-such" else f"tympan {arguments[0]}"
    assert done.stderr.endswith(f" ({command} --help)\n")


def test_a_mistake_is_one_line_on_standard_error() -> None:
    done = tympan_command("models", "./no/such/folder")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("tympan: ./no/such/folder: no such folder")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--debug", "models", "./x"], ["models", "./x", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(arguments: list[str]) -> None:
    done = tympan_command(*arguments)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("tympan: ./x: ")


def failing(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Return exit code and standard error of a command that fails so."""

    def app(arguments: list[str], prog_name: str, standalone_mode: bool) -> None:
        raise error

    monkeypatch.setattr(main, "app", app)
    monkeypatch.setattr(sys, "argv", ["tympan"])
    with pytest.raises(SystemExit) as caught:
        main.run()
    return int(caught.value.code or 0), capsys.readouterr().err


def test_exit_codes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("TYMPAN_DEBUG", raising=False)
    mistake = AudioFileError("holds no audio", file="a.txt")
    assert failing(mistake, monkeypatch, capsys) == (2, "tympan: a.txt: holds no audio\n")
    code, told = failing(RuntimeError("two\nlines"), monkeypatch, capsys)
    assert (code, told.count("\n")) == (1, 1)
    assert "RuntimeError: two lines (--debug shows where)" in told
    assert failing(KeyboardInterrupt(), monkeypatch, capsys) == (130, "tympan: interrupted\n")
    monkeypatch.setenv("TYMPAN_DEBUG", "1")
    assert "Traceback" in failing(RuntimeError("x"), monkeypatch, capsys)[1]


def test_debug_behind_two_dashes_is_a_file_name() -> None:
    assert main._without_debug(["classify", "--", "--debug"]) == (
        ["classify", "--", "--debug"],
        False,
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_an_interrupt_ends_quietly() -> None:
    code = "import sys, tympan.cli.main as m; m.app = lambda *a, **k: (print('on', flush=True), "
    code += "__import__('time').sleep(60)); m.run()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == "tympan: interrupted\n"


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ("", "tympan: interrupted\n"),
        (
            "import signal; from tympan.training import TrainingInterrupted as T\n"
            "def stop(*_): raise T('stopped after epoch 3', fix='again')\n"
            "signal.signal(signal.SIGINT, stop)\n",
            "tympan: stopped after epoch 3 (again)\n",
        ),
    ],
    ids=["anywhere", "in training"],
)
def test_an_interrupt_within_a_command_is_one_line(patch: str, told: str) -> None:
    # The whole way through Typer, whose own answer to Ctrl-C is silence.
    code = "import sys, time, tympan.cli.main as m, tympan.models as models\n" + patch
    code += "models.list_models = lambda *a: (print('on', flush=True), time.sleep(60))\n"
    code += "sys.argv = ['tympan', 'models']\nm.run()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, told)


def test_an_interrupt_while_loading_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tympan.__main__ import main as start

    class Slow:
        """A module whose import takes long enough for Ctrl-C."""

        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "tympan.cli.main", Slow())
    with pytest.raises(SystemExit) as caught:
        start()
    assert (caught.value.code, capsys.readouterr().err) == (130, "tympan: interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="pipes of Unix")
def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    code = "import tympan.cli.main as m, typer\n"
    code += "m.app = lambda *a, **k: [typer.echo('x' * 100) for _ in range(10000)]\nm.run()"
    script = tmp_path / "talk.py"
    script.write_text(code)
    command = f"{sys.executable} {script} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == "x" * 100 + "\n"
    assert done.stderr == ""
