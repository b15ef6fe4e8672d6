"""The command `tympan`: its sub-commands, and what becomes of errors.

The questions have their commands from their verbs (`tympan.cli.verbs`). Any other sub-command is a
file beside this one with a function of the same name, and its name in `COMMANDS`. Such a file
imports nothing heavy at its top: all are loaded for `tympan --help`, which answers in less than
0.3 s.
"""

from __future__ import annotations

import importlib
import io
import os
import re
import signal
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperCommand

from tympan import __version__
from tympan._files import as_full, full_disk
from tympan.cli.verbs import command
from tympan.errors import ArgumentError, TympanError, TympanWarning
from tympan.tasks.registry import verbs

# The order is that of the help page.
COMMANDS = (
    "hear", *verbs(), "verify", "enroll", "book", "find", "label", "watch", "serve", "studio",
    "batch", "show", "explain", "train", "evaluate", "export", "models", "doctor",
)  # fmt: skip

EXIT_UNEXPECTED, EXIT_MISTAKE, EXIT_INTERRUPTED = 1, 2, 130
# Where the files of tympan are: what they warn of is for the user.
_HOME = Path(__file__).parents[1]
# An option, a lone dash or two, or what does not begin with one.
_LIKE_OPTION = re.compile(r"[^-]|-?-?$|--?[A-Za-z]\S*$")

app = typer.Typer(
    name="tympan",
    help="Ask questions of recordings, and train models on your own.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Without Rich, the help page takes half the time.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tympan {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; works anywhere.")
    ] = False,
) -> None:
    """Hold the options of the command itself."""


# Questions whose command can do more than that of the others.
_OWN_COMMANDS = ("transcribe", "separate")
# Commands that write sound to standard output with `-o -`; to the others `-` is no name.
_PIPED = ("separate", "speak")


class _Command(TyperCommand):
    """A command whose results do not go to a folder that is called `-`."""

    def invoke(self, ctx: Any) -> Any:
        """Run it.

        Raises:
            ArgumentError: results are to go to `-`.
        """
        out = ctx.params.get("out")
        if out is not None and str(out) == "-" and self.name not in _PIPED:
            what = f"{self.name} does not write to standard output"
            raise ArgumentError(what, fix="name a file or a folder")
        return super().invoke(ctx)


for _name in COMMANDS:
    is_question = _name in verbs() and verbs()[_name].takes == "recording"
    if is_question and _name not in _OWN_COMMANDS:
        app.command(_name, cls=_Command)(command(verbs()[_name]))
    else:
        app.command(_name, cls=_Command)(
            getattr(importlib.import_module(f"tympan.cli.{_name}"), _name)
        )


def run() -> None:
    """Run the command line and exit: 0 done, 2 the user's mistake, 1 ours, 130 interrupted.

    A mistake is one line on standard error. `--debug` anywhere, or `TYMPAN_DEBUG=1`, shows the
    traceback as well.
    """
    arguments, debug = _without_debug(sys.argv[1:])
    os.environ["TYMPAN_DEBUG"] = "1" if debug else ""
    _escape_what_cannot_be_written()
    # The command line prints an answer's warnings itself.
    warnings.simplefilter("ignore", TympanWarning)
    if not debug:
        warnings.showwarning = _remark
    try:
        code = app(arguments or ["--help"], prog_name="tympan", standalone_mode=False)
        if code == EXIT_INTERRUPTED:  # Typer's answer to Ctrl-C, without a word
            _interrupted(debug)
        sys.stdout.flush()  # at exit it would be too late to say what is wrong
        sys.exit(code or 0)
    except TympanError as error:
        _fail(str(error), error.exit_code, debug)
    except KeyboardInterrupt:
        _interrupted(debug)
    except BrokenPipeError:
        _drop_output()  # the reader (`head`, a closed pager) has had enough
        sys.exit(EXIT_UNEXPECTED)
    except Exception as error:
        full = as_full(error)
        if full is not None:
            _drop_output()
            _fail(str(full_disk(full, full.filename or "the output")), EXIT_MISTAKE, debug)
        # Typer's own errors: it brings a copy of Click under a private name, older ones use Click.
        if hasattr(error, "format_message"):
            _fail(_wrong_usage(error), EXIT_MISTAKE, debug)
        what = " ".join(f"{type(error).__name__}: {error}".split())
        _fail(f"unexpected {what:.500} (--debug shows where)", EXIT_UNEXPECTED, debug)


def _remark(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of ours as one line; of another package's, Python's own lines."""
    if issubclass(category, UserWarning) and Path(filename).is_relative_to(_HOME):
        text = f"tympan: {' '.join(str(message).split())}\n"
    else:
        text = warnings.formatwarning(message, category, filename, lineno, line)
    (file or sys.stderr).write(text)


def _escape_what_cannot_be_written() -> None:
    """A name or label that a terminal's encoding does not have costs only its own letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Throw away what could not be written; Python would complain about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _wrong_usage(error: Any) -> str:
    """Say in a clause what is wrong with the arguments, and where help is."""
    text = str(error.format_message()).rstrip(".").replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    command = "tympan" if context is None else context.command_path
    if text.startswith("No such option") and not all(map(_LIKE_OPTION.match, sys.argv[1:])):
        text += "; what begins with - and is none comes last, after --"
    return f"{' '.join((text[:1].lower() + text[1:]).split())} ({command} --help)"


def _interrupted(debug: bool) -> None:
    # A second Ctrl-C while Python closes down would print a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _fail("interrupted", EXIT_INTERRUPTED, debug)


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """Take `--debug` out of the arguments, wherever it stands before a `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [one for one in arguments[:end] if one != "--debug"]
    debug = len(kept) < end or os.environ.get("TYMPAN_DEBUG", "") not in ("", "0")
    return kept + arguments[end:], debug


def _fail(line: str, code: int, debug: bool) -> None:
    """Print one line on standard error, after the traceback if wanted, and exit."""
    if debug:
        import traceback

        traceback.print_exc()
    print(f"tympan: {line}", file=sys.stderr)
    sys.exit(code)
