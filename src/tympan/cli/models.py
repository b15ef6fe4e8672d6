"""`tympan models`: the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tympan.models.card import Card


def models(
    pattern: Annotated[
        str, typer.Argument(help="Names to list, such as 'sound*', or the folder of one model.")
    ] = "*",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per model.")] = False,
) -> None:
    """List the models: task, size, score, licence.

    The name of one model shows its whole card.
    """
    from tympan.models import list_models, load_card

    is_path = "/" in pattern or "\\" in pattern or (Path(pattern) / "card.json").is_file()
    cards = [load_card(pattern)] if is_path else list_models(pattern)
    if json:
        from json import dumps, loads

        for card in cards:
            typer.echo(dumps(loads(card.to_json()), ensure_ascii=False))
    elif len(cards) == 1 and not set(pattern) & set("*?["):
        typer.echo(described(cards[0]))
    elif cards:
        typer.echo(columns([_row(card) for card in cards]))
    elif pattern == "*":
        typer.echo("no models are shipped with this tympan")
    if not cards and pattern != "*":
        from tympan.errors import ModelError

        fix = "`tympan models` lists all; a folder of a model holds card.json"
        raise ModelError(f"no model is called {pattern!r}", fix=fix)


def _row(card: Card) -> dict[str, str]:
    """Return a card as a row of the table."""
    return {
        "model": card.name,
        "task": card.task,
        "labels": str(len(card.labels)) if card.labels else "-",
        "parameters": size(card.parameters),
        "scores": figures(card.metrics),
        "licence": card.licence or "-",
    }


def size(count: int) -> str:
    """Return a number of parameters as people say it.

    >>> size(1_234_567), size(300_000), size(12)
    ('1.2 M', '300 k', '12')
    """
    if count >= 1_000_000:
        return f"{count / 1e6:.1f} M"
    return f"{count / 1e3:.0f} k" if count >= 1000 else str(count)


def figures(metrics: dict[str, Any]) -> str:
    """Return the numbers of a card's metrics on one line.

    >>> figures({"accuracy": 0.83125, "per_class": {"dog": 1.0}})
    'accuracy 0.831'
    """
    numbers = {
        name: value
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return ", ".join(f"{name} {value:.3g}" for name, value in list(numbers.items())[:3]) or "-"


def described(card: Card) -> str:
    """Return a whole card for people.

    >>> from tympan.models import Card
    >>> print(described(Card(name="tiny", task="classify", labels=["dog", "cat"])))
    tiny 0.1 (classify)
      parameters   0
      labels       dog, cat
    """
    from textwrap import fill

    failures = " ".join(card.known_failures)
    facts = {
        "parameters": size(card.parameters),
        "scores": figures(card.metrics) if card.metrics else "",
        "labels": ", ".join(card.labels),
        "licence": card.licence,
        "credits": card.attribution,
        "wrong at": failures,
        "made": " ".join(part for part in (card.created, card.git_revision) if part),
    }
    lines = [f"{card.name} {card.version} ({card.task})"]
    if card.description:
        lines.append(fill(card.description, 88, initial_indent="  ", subsequent_indent="  "))
    for name, value in facts.items():
        if value:
            head = f"  {name:<12} "
            lines.append(fill(value, 88, initial_indent=head, subsequent_indent=" " * 15))
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
