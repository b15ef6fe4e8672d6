"""ESC-50: 50 classes, 2000 clips of five seconds, five official folds.

tympan's figures are read from the card of the shipped `sounds`, which `recipes/sounds.py` writes:
five-fold cross-validation on all 2000 clips, weights of the last epoch, nothing trained on other
recordings. No epoch and no threshold was chosen on a fold that is scored. But **folds 1 and 2 were
used before**: crop, batch, share of mixing, augmentation, hop, optimiser and the cost of a
change in a timeline were chosen on fold 1, the last four epochs on folds 1 and 2
(`docs/experiments.md`), so their figures flatter, if anything; the mean of folds 3 – 5, on which
none of these was tried, stands beside. They were measured on a copy at 16 kHz (Opus); the published
figures belong to the original at 44.1 kHz, so tympan gets less than half of their band. MFCC +
random forest is measured here on the same copy, beside its published figure.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._trials import FOREST, NOT_MEASURED, Trials, digest_of
from benchmarks.baselines import TREES, forest_accuracy, statistics_of
from benchmarks.common import DATA, arguments, main

if TYPE_CHECKING:
    from tympan.models import Card

# Piczak (ACM MM 2015); Tokozume, Ushiku, Harada (ICLR 2018), EnvNet-v2 + strong augmentation + BC.
PEOPLE, FROM_SCRATCH, FOREST_PUBLISHED = 81.3, 84.9, 44.3
SEEDS, RATE_HZ = (0, 1, 2), 16000


def forest(trials: Trials, seeds: tuple[int, ...], count: int) -> list[list[float]] | None:
    """Accuracy in % of each fold, a list for each seed; None if the time is over."""
    import numpy as np

    from tympan.data import folds, read_folder

    table = read_folder(DATA / "esc50")

    def make(work: Path) -> dict[str, Any]:
        x, y = statistics_of(table, RATE_HZ), np.array(table.column("label"))
        found: list[list[float]] = [[] for _ in seeds]
        for _, split in list(folds(table))[:count]:
            train, test = list(split.indices["train"]), list(split.indices["test"])
            for row, seed in zip(found, seeds, strict=True):
                row.append(100 * forest_accuracy(x[train], y[train], x[test], y[test], seed))
        return {
            "accuracy": found,
            "summary": f"{statistics.mean(map(statistics.mean, found)):.1f} %",
        }

    digest = digest_of(table, FOREST, {"seeds": seeds, "folds": count, "rate_hz": RATE_HZ})
    kept = trials.get(f"forest-{count}-{len(seeds)}", digest, make)
    return None if kept is None else kept["accuracy"]


def sounds_card() -> Card:
    """The card of `sounds`, with its cross-validation."""
    from tympan.models import list_models

    return next(card for card in list_models() if card.name == "sounds")


def measure(trials: Trials, quick: bool) -> tuple[list[dict[str, object]], dict[str, float]]:
    """The table and the figures."""
    card = sounds_card()
    metrics, accuracy = card.metrics, card.scores[0]
    folds = [100 * fold for fold in accuracy.folds]
    interval = accuracy.interval_text.removesuffix(" %")
    ours, esc10 = 100 * accuracy.value, 100 * metrics["esc10_accuracy"]
    # Of several nets that answer together, each alone.
    nets = metrics["folds_of_each_net"]
    alone = nets if len(nets) > 1 else {}
    rows = [
        _row("people", f"{PEOPLE}", "Piczak 2015, 44.1 kHz"),
        _row("EnvNet-v2 + strong augmentation + between-class learning", f"{FROM_SCRATCH}",
             "Tokozume et al. 2018, 44.1 kHz; best published from scratch"),
        _row("MFCC + random forest", f"{FOREST_PUBLISHED}", "Piczak 2015, 44.1 kHz"),
        *(
            _row(f"tympan, its net `{net}` alone", f"{100 * statistics.mean(each):.1f}",
                 "its card, 16 kHz", [100 * fold for fold in each])
            for net, each in alone.items()
        ),
        _row(f"tympan `sounds`, {card.parameters / 1e6:.1f} M parameters",
             f"{ours:.1f} ({interval})", "its card, 16 kHz", folds, f"{esc10:.1f}"),
    ]  # fmt: skip
    figures = {
        "sounds": ours,
        "sounds_folds_3_to_5": statistics.mean(folds[2:]),
        "sounds_fold_std": statistics.stdev(folds),
        "sounds_esc10": esc10,
        "sounds_minus_people": ours - PEOPLE,
        "sounds_minus_published_from_scratch": ours - FROM_SCRATCH,
        "forest_published": FOREST_PUBLISHED,
    }
    for net, each in alone.items():
        figures[f"sounds_{net}_alone"] = 100 * statistics.mean(each)
    trees = forest(trials, SEEDS[:1] if quick else SEEDS, 1 if quick else 5)
    if trees is None:
        rows.insert(3, _row("MFCC + random forest", NOT_MEASURED, "here"))
        return rows, figures
    means = [statistics.mean(row) for row in trees]
    figures["forest"] = statistics.mean(means)
    spread = f" ± {statistics.stdev(means):.1f}" if len(means) > 1 else ""
    by_fold = [statistics.mean(column) for column in zip(*trees, strict=True)]
    source = f"here, {len(means)} seeds, {TREES} trees, 16 kHz"
    rows.insert(
        3, _row("MFCC + random forest", f"{figures['forest']:.1f}{spread}", source, by_fold)
    )
    return rows, figures


def _row(
    who: str, accuracy: str, source: str, folds: Sequence[float] = (), esc10: str = "–"
) -> dict[str, object]:
    return {
        "who": who,
        "accuracy %": accuracy,
        "folds 1 – 5": _each(folds) if folds else "–",
        "mean of folds 3 – 5": f"{statistics.mean(folds[2:]):.1f}" if len(folds) > 2 else "–",
        "ESC-10 %": esc10,
        "source": source,
    }


def _each(values: Sequence[float]) -> str:
    std = f" (std {statistics.stdev(values):.1f})" if len(values) > 1 else ""
    return ", ".join(f"{value:.1f}" for value in values) + std


WHY = """
The aim was 90 %: it is missed by 0.8 points in the mean; folds 3 and 4 reach it. What brought most
since the first `sounds` (85.8 %) was to train longer with an optimiser that learns faster (Muon,
three cosines of 50 epochs each), and to end with four epochs of whole clips that are not mixed. The
best before was 88.7 ± 2.3 %, the mean answer of two nets of 3.9 M parameters trained with AdamW;
now one of 1.2 M does at least as well. A second net beside it is worth having again (on fold 1 the
cross entropy of both is a seventh lower), but was trained on one fold only; that is what to try
next, and about half of the day of training that the search was given is left for it. What each
ingredient of the recipe brings stands on the page *Ingredients*; what else was tried in
`docs/experiments.md`.
"""


if __name__ == "__main__":
    options = arguments("esc50")
    if not (DATA / "esc50").is_dir():
        raise SystemExit(f"esc50: the recordings are not at {DATA}")
    trials = Trials("esc50", total=1)
    table, numbers = measure(trials, options.quick)
    main(
        "esc50",
        table,
        numbers,
        title="ESC-50",
        about=(__doc__ or "").strip()
        + "\n\nIn brackets a 95 % bootstrap interval over clips; for the forest the standard "
        "deviation over seeds. tympan's ESC-10 is the same nets choosing among its ten classes.",
        why=WHY,
    )
    raise SystemExit(trials.end())
