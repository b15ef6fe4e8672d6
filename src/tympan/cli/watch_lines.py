"""What `tympan watch` shows of a run: lines, objects, or the view of the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from tympan.cli.outputs import json_line

if TYPE_CHECKING:
    from tympan.live.event import Event

# Questions whose answers are decided with their ends; of the others, step by step.
WHOLE = ("segment", "transcribe")
# What begins so soon after the same ended is its going on.
JOIN_S = 1e-3


class Show:
    """What of a run is shown: lines, or the view of the terminal."""

    def __init__(self, quiet: bool, json: bool, live: bool, default: bool, printed: bool) -> None:
        self._quiet, self._json, self._live = quiet, json, live
        self._default, self._printed = default, printed
        self._view: Any = None
        self.whole: set[str] = set()  # models that decide whole segments, with their ends
        self._last: dict[tuple[str, str], tuple[float, float]] = {}

    def view(self, source: str, models: list[str]) -> Any:
        """The view of the terminal, which takes all that comes from now on."""
        from tympan.live.view import LiveView

        self._view = LiveView(source, models)
        return self._view

    def say(self, line: str) -> None:
        """Show a line about what goes on."""
        if self._view is not None:
            self._view.say(line)
        elif not self._quiet:
            typer.echo(line, err=True)

    def event(self, event: Event) -> None:
        """Show an event of a rule."""
        if self._view is not None:
            self._view.event(event)
        elif self._json and not self._default:
            typer.echo(json_line(event.to_json()))
            sys.stdout.flush()
        elif not self._printed and not self._default and event.open:
            typer.echo(str(event))
            sys.stdout.flush()

    def decided(self, model: str, found: Any) -> None:
        """Show what a model decided, where there are no rules."""
        if self._view is not None:
            self._view.decided(model, found)
        elif self._default:
            if self._json:
                values = found.to_json() if hasattr(found, "to_json") else vars(found)
                typer.echo(json_line({"model": model, **values}))
            else:
                self._line(model, found)
            sys.stdout.flush()

    def _line(self, model: str, found: Any) -> None:
        """What was decided, unless it goes on from what was printed last."""
        label = getattr(found, "label", None) or getattr(found, "speaker", None)
        if label is None:
            typer.echo(f"{model}  {found}")
            return
        before = self._last.get((model, label))
        self._last[model, label] = (found.start_s, found.end_s)
        # A new stretch of sound begins at 0 again; what ended earlier is an event of its own.
        if before is None or not before[0] < found.start_s <= before[1] + JOIN_S:
            typer.echo(f"{model}  {self._from(model, found)}")

    def _from(self, model: str, found: Any) -> str:
        """Of what is decided step by step the end is not known yet: only when it began."""
        from tympan.tasks.results.parts import interval_text

        if model in self.whole:
            return str(found)
        span = interval_text(found.start_s, found.end_s)
        return str(found).replace(span, f"from {found.start_s:7.2f} s", 1)

    def chunk(self, chunk: Any) -> None:
        """Give the view the sound."""
        if self._view is not None:
            self._view.chunk(chunk)
