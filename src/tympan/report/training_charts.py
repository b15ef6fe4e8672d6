"""Charts of the training report: confusion matrix, learning curves, calibration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tympan._words import plural
from tympan.models.scores import SHARE, TITLES
from tympan.report.charts import Line, Mark, Plot, Tick, path
from tympan.report.page import NBSP, capital, percent
from tympan.spectra import figures_style as style
from tympan.tasks.metrics import wilson_interval

_MOST_LABELS = 100  # A larger matrix could not be read.
_MOST_METRICS = 6  # So many that are no shares are drawn, each in a chart of its own.
_NOT_METRICS = ("epoch", "lr", "seconds", "clips_per_s", "data_wait")


def matrix(confusion: np.ndarray, labels: Sequence[str]) -> dict[str, Any] | None:
    """Place the cells and labels of a confusion matrix; None if there are too many labels.

    Colour is the share of the row, so that rare labels are seen as well as frequent ones.
    """
    k = len(labels)
    if k > _MOST_LABELS:
        return None
    cell = 54 if k <= 4 else 40 if k <= 10 else 26 if k <= 25 else 15
    font = 14 if k <= 10 else 12 if k <= 25 else 10
    names = [label if len(label) <= 24 else label[:23] + "…" for label in labels]
    longest = max((len(name) for name in names), default=1)
    upright = longest * font * 0.62 < cell - 4
    left = max(math.ceil(longest * font * 0.62) + 14, 56)
    top = 34 + (font if upright else math.ceil(longest * font * 0.62 * 0.87))
    side = k * cell
    cells = []
    for i, j in zip(*np.nonzero(confusion), strict=True):
        count, total = int(confusion[i, j]), int(confusion[i].sum())
        what = "recognised" if i == j else f"taken for {labels[j]}"
        cells.append(
            {
                "x": left + int(j) * cell,
                "y": top + int(i) * cell,
                "kind": "right" if i == j else "wrong",
                "strength": _strength(count / total),
                "text": str(count),
                "title": f"{labels[i]} {what}: {count} of {total}",
            }
        )
    # At 60° a label reaches half its length beyond its column, and its last letter a little more.
    overhang = max(0, math.ceil(longest * font * 0.36 - cell / 2)) + font
    middles = [(i + 0.5) * cell for i in range(k)]
    return {
        "cell": cell,
        "font": font,
        "numbers": k <= 25,
        "upright": upright,
        "left": left,
        "top": top,
        "side": side,
        "width": left + side + overhang,
        "height": top + side + 2,
        "rows": [{"at": top + m, "text": n} for m, n in zip(middles, names, strict=True)],
        "columns": [{"at": left + m, "text": n} for m, n in zip(middles, names, strict=True)],
        "cells": cells,
    }


def _strength(share: float) -> float:
    """How full the colour of a cell is, so that dark or light numbers on it can be read.

    Between half and nine tenths neither has a contrast of 4.5 in both colour schemes.
    """
    return round(0.2 + 0.4 * share if share < 0.75 else 0.92 + 0.32 * (share - 0.75), 3)


def curves(
    history: Sequence[Mapping[str, Any]], units: Mapping[str, str] | None = None
) -> list[Plot]:
    """Draw how losses and metrics changed: losses in pairs, shares together, others one by one.

    Args:
        history: one mapping per epoch.
        units: of the metrics by their names, as of `tympan.models.Score`; of those that are not
            there, values of 0 … 1 are taken for shares.
    """
    if len(history) < 2:
        return []
    epochs = np.array([float(row.get("epoch", i + 1)) for i, row in enumerate(history)])
    series = _series(history)
    charts = []
    losses = {name: values for name, values in series.items() if "loss" in name}
    for name in dict.fromkeys(map(_loss_name, losses)):
        pair = {n: v for n, v in losses.items() if _loss_name(n) == name}
        charts.append(_curve(capital(name), epochs, pair, share=False))
    others = {n: v for n, v in series.items() if n not in losses and n != "ece"}
    shares = {n: v for n, v in others.items() if _is_share(n, v, units or {})}
    if shares:
        charts.append(_curve("Score on the validation part", epochs, shares, share=True))
    for name in [n for n in others if n not in shares][:_MOST_METRICS]:
        unit = (units or {}).get(name, "")
        unit = f" ({unit})" if unit not in ("", name) else ""
        title = f"{_series_name(name)}{unit} on the validation part"
        charts.append(_curve(title, epochs, {name: others[name]}, share=False))
    return charts


def _series(history: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """The columns that hold a finite number in each epoch."""
    series: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(name for row in history for name in row):
        values = [row.get(name) for row in history]
        if name not in _NOT_METRICS and all(isinstance(v, int | float) for v in values):
            array = np.array(values, float)
            if np.isfinite(array).all():
                series[name] = array
    return series


def _loss_name(name: str) -> str:
    """What a loss is of: `"train_loss_generator"` and `"val_loss_generator"` are a pair.

    >>> _loss_name("val_loss"), _loss_name("train_loss_generator")
    ('loss', 'loss, generator')
    """
    plain = name.removeprefix("train_").removeprefix("val_")
    head, _, part = plain.partition("loss_")
    return f"{head}loss, {part}".replace("_", " ") if part else plain.replace("_", " ")


def _is_share(name: str, values: np.ndarray, units: Mapping[str, str]) -> bool:
    if name in units:
        return units[name] == SHARE
    return bool(values.min() >= 0 and values.max() <= 1)


def _curve(title: str, epochs: np.ndarray, series: Mapping[str, np.ndarray], share: bool) -> Plot:
    shown = dict(list(series.items())[:2])
    low = min(float(v.min()) for v in shown.values())
    high = max(float(v.max()) for v in shown.values())
    if share:
        bottom, top = min(math.floor(low * 5) / 5, 0.8), 1.0
    else:
        bottom, top = _round_ends(min(0.0, low) if "loss" in title.lower() else low, high)
    span = epochs[-1] - epochs[0]
    x = (epochs - epochs[0]) / span
    lines = [
        Line(path(x, (values - bottom) / (top - bottom)), kind)
        for values, kind in zip(shown.values(), ("line", "second"), strict=False)
    ]
    names = [_series_name(name) for name in shown]
    last = ", ".join(
        f"{name} {values[-1]:.3g}" for name, values in zip(names, shown.values(), strict=True)
    )
    return Plot(
        title=title,
        alt=f"{title} over {plural(len(epochs), 'epoch')}; at the end: {last}",
        lines=lines,
        legend=names,
        x_ticks=_epoch_ticks(epochs),
        y_ticks=_value_ticks(bottom, top, share),
        x_label="Epoch",
    )


def _round_ends(low: float, high: float) -> tuple[float, float]:
    """Round values around a range, both of them ticks of the axis.

    >>> _round_ends(-7.3, 4.1), _round_ends(0.0, 2.5), _round_ends(3.0, 3.0)
    ((-10.0, 5.0), (0.0, 2.5), (3.0, 4.0))
    """
    if high <= low:
        high = low + 1.0
    step = style.linear_ticks(high - low, most=6)[1]
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def _series_name(name: str) -> str:
    if "loss" in name:
        return "validation" if name.startswith("val_") else "training"
    return TITLES.get(name, name.replace("_", " "))


def _epoch_ticks(epochs: np.ndarray) -> list[Tick]:
    span = epochs[-1] - epochs[0]
    step = max(1, math.ceil(span / 6))
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, step) if s >= step)
    return [
        Tick(round(100 * float((e - epochs[0]) / span), 2), f"{e:g}")
        for e in epochs
        if e % step == 0 or (step == 1)
    ]


def _value_ticks(bottom: float, top: float, share: bool) -> list[Tick]:
    values = [bottom + v for v in style.linear_ticks(top - bottom, most=6)]
    return [
        Tick(
            round(100 * (v - bottom) / (top - bottom), 2),
            f"{100 * v:.0f} %" if share else f"{v:g}".replace("-", "−"),
        )
        for v in np.round(values, 6)
    ]


def calibration(confidence: np.ndarray, correct: np.ndarray) -> Plot:
    """Draw how often answers of a score were right: on the diagonal, a score is a probability.

    Each bar carries the number of its answers and a 95 % interval, because a bar of three answers
    may stand anywhere. Few recordings get few bars.

    Args:
        confidence: (n,) top scores, 0…1.
        correct: (n,) whether the answer was right.
    """
    from tympan.tasks.metrics import reliability, reliability_bins

    n = len(confidence)
    error, _ = reliability(confidence, correct.astype(float))
    bins = reliability_bins(n)
    index = np.clip((confidence * bins).astype(int), 0, bins - 1)
    lines, texts, facts = [Line("M0 1000L1000 0", "guide")], [], []
    for i in range(bins):
        count = int((index == i).sum())
        if not count:
            continue
        right = int(correct[index == i].sum())
        left, width = (i + 0.06) / bins, 0.88 / bins
        # Answers that were never right must be seen too: a bar of height 0 looks like none given.
        height = max(right / count, 0.015)
        corners = np.array([left, left + width])
        lines.append(Line(path(corners, np.array([height, height]), closed=True), "bar"))
        middle = np.array([(i + 0.5) / bins] * 2)
        lines.append(Line(path(middle, np.array(wilson_interval(right, count))), "whisker"))
        texts.append(Mark(round(100 * (i + 0.5) / bins, 2), 0.0, f"{count}"))
        facts.append(f"{100 * i // bins} to {100 * (i + 1) // bins} %: {right} of {count} right")
    tick = [Tick(20.0 * i, f"{20 * i} %") for i in range(6)]
    return Plot(
        title=f"Calibration, {n:,} scored recordings",
        alt=f"Calibration: answers by their score: {'; '.join(facts)}. "
        f"Expected calibration error {percent(error, 1)}",
        caption=_calibration_words(error, n),
        lines=lines,
        texts=texts,
        x_ticks=tick,
        y_ticks=tick,
        x_label="Score of the answer (on top: how many answers)",
        y_label="Answers that were right",
    )


def _calibration_words(error: float, n: int) -> str:
    words = (
        f"On the dashed line, answers given with 70{NBSP}% are right in 70{NBSP}% of the cases. "
        f"Thin lines: 95{NBSP}% intervals. Expected calibration error {percent(error, 1)}"
    )
    if n >= 200:
        return f"{words}."
    return (
        f"{words}; with only {plural(n, 'recording')} chance makes it look larger, and bars say "
        "little."
    )
