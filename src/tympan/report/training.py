"""The page that `tympan train` leaves beside a model: how it learned, where it errs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.report import page, training_charts
from tympan.report.page import NBSP, capital
from tympan.report.parts import Part, Scored
from tympan.report.sections import Fact
from tympan.report.views import evaluation_parts

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.models import Score
    from tympan.tasks.contract import Evaluation

_MEANING = {
    "macro_f1": "mean over the labels",
    "ece": "how far scores are from the truth",
}


def training_report(
    out_dir: str | os.PathLike[str],
    *,
    title: str,
    evaluation: Evaluation,
    history: Sequence[Mapping[str, Any]] = (),
    facts: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    recording: Callable[[str], Clip | None] | None = None,
    more: Sequence[Part] = (),
) -> Path:
    """Write `report.html` into `out_dir`: one self-contained page about a trained model.

    Any evaluation is shown by its scores with their intervals, its table and its limits; what else
    there is depends on its kind, see `tympan.report.parts`.

    Args:
        out_dir: the model folder.
        title: the model's name.
        evaluation: how good the model is.
        history: one mapping per epoch (`epoch`, `train_loss`, `val_loss`, `accuracy`, …); all
            numbers are drawn.
        facts: lines of the "how it was made" list (data, epochs, device, seed …).
        notes: sentences to print under the title (what the split was and why …).
        recording: gives the sound of a file that was scored, by its name in the evaluation.
        more: sections behind the learning curves.

    Returns:
        The path of the page.

    >>> import tempfile
    >>> from tympan.models import Score
    >>> from tympan.tasks.contract import Evaluation
    >>> found = Evaluation((Score("si_sdr", 7.25, (6.5, 8.0), "dB"),), count=20, counted="mixtures")
    >>> path = training_report(tempfile.mkdtemp(), title="tiny", evaluation=found)
    >>> path.name, "7.25 dB" in path.read_text("utf-8").replace(NBSP, " ")
    ('report.html', True)
    """
    folds = any(one.folds for one in evaluation.scores)
    parts = evaluation_parts(Scored(evaluation, folds, recording))
    units = {one.name: one.unit for one in evaluation.scores}
    charts = [*training_charts.curves(history, units), *parts.charts]
    sections = list(parts.sections)
    if charts:
        values = {"charts": charts, "title": _charts_title(bool(history), bool(parts.charts))}
        sections.append(Part("training_charts.html.j2", values | {"head_only": not history}))
    sections += more
    if evaluation.limits:
        sections.append(Part("training_limits.html.j2", {"limits": evaluation.limits}))
    how = [Fact(capital(name), str(value)) for name, value in (facts or {}).items()]
    html = page.render(
        "training.html.j2",
        f"{title} – training report",
        name=title,
        notes=list(notes),
        scores=[*map(score_fact, evaluation.scores), _count(evaluation, folds), *parts.facts],
        sections=sections,
        facts=how,
    )
    return page.write(Path(out_dir) / "report.html", html)


def score_fact(score: Score) -> Fact:
    """A score as people read it, with its interval or its meaning."""
    note = _MEANING.get(score.name, "")
    if score.interval:
        note = f"{score.interval_text} (95 % interval)".replace(" %", f"{NBSP}%")
    elif not score.higher_is_better:
        note = note or "lower is better"
    return Fact(capital(score.title), score.text.replace(" ", NBSP), note, headline=True)


def _count(evaluation: Evaluation, folds: bool) -> Fact:
    """How many recordings the scores rest on."""
    rest = (
        f"{evaluation.counted}, in cross-validation" if folds else f"held-out {evaluation.counted}"
    )
    return Fact("Scored on", f"{evaluation.count:,}", rest, headline=True)


def _charts_title(learned: bool, scored: bool) -> str:
    if learned and scored:
        return "How it learned, and what its scores mean"
    return "How it learned" if learned else "What its scores mean"
