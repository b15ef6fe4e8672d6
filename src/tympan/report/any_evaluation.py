"""How the training report shows an evaluation of any kind: its scores and its table."""

from __future__ import annotations

from typing import Any

from tympan.report.parts import EvaluationParts, Scored


def parts(scored: Scored[Any]) -> EvaluationParts:
    return EvaluationParts()
