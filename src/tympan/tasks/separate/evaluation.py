"""How well a separator finds the sources of mixes that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tympan.errors import DataError
from tympan.models.scores import Score
from tympan.tasks.contract import Evaluation
from tympan.tasks.metrics import middle_95
from tympan.tasks.separate import recipe as recipes
from tympan.tasks.separate.examples import SeparateExamples
from tympan.tasks.separate.metrics import best_order, bss_eval, si_sdr

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.separate.model import SeparateModel

RESAMPLED = 1000
# Mixes of isolated sources that are scored, at most.
MOST_MIXES = 200
# Filters of SDR; the usual 512 take minutes.
TAPS = 64


def evaluate(parts: Sequence[tuple[SeparateModel, Table]], store: AudioStore) -> Evaluation:
    """Score separators, each on its rows.

    Raises:
        DataError: no rows.
    """
    rows: list[tuple[float, ...]] = []
    for model, table in parts:
        rows += _rows(model, recipes.with_voice(table), store)
    if not rows:
        raise DataError("no mix is left to score")
    values = np.array(rows)
    names = ("si_sdr_improvement", "si_sdr", "sdr")
    scores = tuple(
        Score(name, float(np.mean(column)), interval_of(column), "dB")
        for name, column in zip(names, values.T, strict=True)
    )
    limits = (
        "Scored were crops; whether blocks of long recordings join well is not in the figures.",
    )
    return Evaluation(scores, len(values), "sources", limits=limits)


def _rows(model: SeparateModel, table: Table, store: AudioStore) -> list[tuple[float, ...]]:
    """Improvement, SI-SDR and SDR of each source that sounds in each crop."""
    from dataclasses import replace

    stems = recipes.has_stems(table)
    config = replace(model.config, learn_from="stems" if stems else "isolated", silent=0.0)
    examples = SeparateExamples(table, store, config, model.labels)
    found = []
    for row in range(min(len(examples.sizes), MOST_MIXES)):
        item = examples.item(row, None)
        mix, targets = item["mix"].numpy(), item["sources"].numpy()
        apart = model.begin(config.rate_hz, len(mix))
        parts = np.concatenate((apart.push(mix), apart.finish()), axis=2)
        estimates = parts[:-1]  # the last is the rest
        if config.permute:
            estimates = estimates[list(best_order(estimates, targets))]
        loud = [i for i, one in enumerate(targets) if np.square(one).mean() > 1e-9]
        if not loud:
            continue
        chosen = np.array(loud)
        sdr = bss_eval(estimates[chosen].mean(1), targets[chosen].mean(1), TAPS).sdr
        for i, ratio in zip(loud, sdr, strict=True):
            own = si_sdr(estimates[i], targets[i])
            found.append((own - si_sdr(mix, targets[i]), own, float(ratio)))
    return [tuple(np.clip(one, -100, 100)) for one in found if np.isfinite(one[1])]


def interval_of(values: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """95 % interval of the mean, by drawing rows anew; None of fewer than two."""
    rng = np.random.default_rng(0)
    means = rng.choice(values, (RESAMPLED, len(values))).mean(1)
    return middle_95(means, len(values))
