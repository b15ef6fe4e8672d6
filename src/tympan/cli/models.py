"""`tympan models`: the catalogue of weights and engines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tympan.cli.completion import among, model_names

if TYPE_CHECKING:
    from tympan.models.card import Card
    from tympan.tasks.engines import Engine


def models(
    pattern: Annotated[
        str,
        typer.Argument(
            help="Names to list, such as 'sound*', or the folder of one model.",
            autocompletion=among(model_names),
        ),
    ] = "*",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per model.")] = False,
) -> None:
    """List the models: task, size, score, licence, installed or not.

    The name of one model shows its whole card. Engines are models of other packages.
    """
    from tympan.cli.outputs import json_line
    from tympan.models import list_models, load_card
    from tympan.tasks.engines import list_engines

    is_path = "/" in pattern or "\\" in pattern or (Path(pattern) / "card.json").is_file()
    cards = [load_card(pattern)] if is_path else list_models(pattern)
    engines = [] if is_path else list_engines(pattern)
    count = len(cards) + len(engines)
    if json:
        for card in cards:
            typer.echo(json_line(card_json(card, installed=True)))
        for engine in engines:
            typer.echo(json_line(engine.to_json()))
    elif count == 1 and not set(pattern) & set("*?["):
        typer.echo(described(cards[0]) if cards else engine_described(engines[0]))
    elif count:
        typer.echo(columns([*map(_row, cards), *map(_engine_row, engines)]))
    elif pattern == "*":
        typer.echo("no models are shipped with this tympan")
    if not count and pattern != "*":
        from tympan.errors import ModelError

        fix = "`tympan models` lists all; a folder of a model holds card.json"
        raise ModelError(f"no model is called {pattern!r}", fix=fix)


def card_json(card: Card, *, installed: bool) -> dict[str, Any]:
    """A card as `--json` shows it: with what an engine has too."""
    from json import loads

    values: dict[str, Any] = loads(card.to_json())
    size_mb = round(int(card.weights.get("bytes", 0)) / 1e6, 1)
    return {**values, "kind": "weights", "size_mb": size_mb, "installed": installed}


def _row(card: Card) -> dict[str, str]:
    """Return a card as a row of the table."""
    return {
        "model": card.name,
        "task": card.task,
        "kind": "weights",
        "labels": str(len(card.labels)) if card.labels else "-",
        "parameters": size(card.parameters),
        "size": f"{int(card.weights.get('bytes', 0)) / 1e6:.1f} MB",
        "scores": score_text(card) or "-",
        "licence": card.licence or "-",
    }


def _engine_row(engine: Engine) -> dict[str, str]:
    """Return an engine as a row of the table."""
    return {
        "model": engine.name,
        "task": engine.task,
        "kind": "engine" if engine.installed else "engine, not installed",
        "labels": "-",
        "parameters": "-",
        "size": f"{engine.size_mb:.1f} MB",
        "scores": "-",
        "licence": engine.licence or "-",
    }


def size(count: int) -> str:
    """Return a number of parameters as people say it.

    >>> size(1_234_567), size(300_000), size(12)
    ('1.2 M', '300 k', '12')
    """
    if count >= 1_000_000:
        return f"{count / 1e6:.1f} M"
    return f"{count / 1e3:.0f} k" if count >= 1000 else str(count)


def score_text(card: Card) -> str:
    """Return the first scores of a card on one line.

    >>> from tympan.models import Card
    >>> score_text(Card("a", "b", metrics={"scores": [{"name": "macro_f1", "value": 0.83125}]}))
    'macro F1 83.1 %'
    """
    return ", ".join(f"{one.title} {one.text}" for one in card.scores[:3])


def described(card: Card) -> str:
    """Return a whole card for people.

    >>> from tympan.models import Card
    >>> print(described(Card(name="tiny", task="classify", labels=["dog", "cat"])))
    tiny 0.1 (classify)
      parameters   0
      labels       dog, cat
    """
    facts = {
        "parameters": size(card.parameters),
        "scores": score_text(card),
        "labels": ", ".join(card.labels),
        "licence": card.licence,
        "credits": card.attribution,
        "wrong at": " ".join(card.known_failures),
        "made": " ".join(part for part in (card.created, card.git_revision) if part),
    }
    return _sheet(f"{card.name} {card.version} ({card.task})", card.description, facts)


def engine_described(engine: Engine) -> str:
    """Return all about an engine for people.

    >>> from tympan.tasks.engines import Engine
    >>> engine = Engine("parrot", "transcribe", "no-such", "parrot", "MIT", 120, "Speech.", "a:b")
    >>> print(engine_described(engine))
    parrot, an engine (transcribe)
      Speech.
      package      no-such
      installed    no: pip install 'tympan[parrot]'
      size         120.0 MB
      licence      MIT
    """
    facts = {
        "package": f"{engine.package} {engine.version}".strip(),
        "installed": "yes" if engine.installed else f"no: {engine.install_command}",
        "size": f"{engine.size_mb:.1f} MB",
        "licence": engine.licence,
    }
    return _sheet(f"{engine.name}, an engine ({engine.task})", engine.description, facts)


def _sheet(head: str, description: str, facts: dict[str, str]) -> str:
    """A heading, a description and facts, wrapped."""
    from textwrap import fill

    lines = [head]
    if description:
        lines.append(fill(description, 88, initial_indent="  ", subsequent_indent="  "))
    for name, value in facts.items():
        if value:
            label = f"  {name:<12} "
            lines.append(fill(value, 88, initial_indent=label, subsequent_indent=" " * 15))
    return "\n".join(lines)


def columns(rows: list[dict[str, str]]) -> str:
    """Return rows as aligned columns under their names.

    >>> print(columns([{"a": "1", "b": "x"}, {"a": "22", "b": "y"}]))
    a   b
    1   x
    22  y
    """
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    )
    return "\n".join(line.rstrip() for line in lines)
