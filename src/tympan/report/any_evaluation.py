"""How the training report shows an evaluation of any kind, beside its scores: its table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tympan.report.page import capital, words
from tympan.report.parts import EvaluationParts, Part, Scored

if TYPE_CHECKING:
    from tympan.tasks.contract import Evaluation


def parts(scored: Scored[Evaluation]) -> EvaluationParts:
    """Its table, if it has one."""
    rows = scored.evaluation.table()
    if not rows:
        return EvaluationParts()
    return EvaluationParts(
        sections=[Part("training_table.html.j2", table(rows) | {"key": "table"})]
    )


def table(rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Rows of an evaluation as a table that can be sorted.

    >>> table([{"label": "door_knock", "F1": "69.2%"}])["rows"]
    [[{'text': 'door knock'}, {'text': '69.2\xa0%', 'value': 69.2}]]
    """
    columns = list(rows[0])
    numbers = [name for name in columns[1:] if all(_value(row[name]) is not None for row in rows)]
    cells = [
        [
            {"text": _text(row[name]), "value": _value(row[name])}
            if name in numbers
            else {"text": words(row[name])}
            for name in columns
        ]
        for row in rows
    ]
    names = [capital(name) for name in columns]
    return {
        "columns": [(n, c in numbers) for n, c in zip(names, columns, strict=True)],
        "rows": cells,
    }


def _value(text: str) -> float | None:
    """The number that a cell begins with; 0 where there is none to give, None for other text."""
    if text in ("–", "-", ""):
        return 0.0
    found = re.match(r"[-−+]?[\d,]*\.?\d+", text)
    return float(found.group().replace(",", "").replace("−", "-")) if found else None


def _text(text: str) -> str:
    return re.sub(r"(\d) ?%(?= |$)", "\\1\u00a0%", text)
