"""ESC-50: 50 classes, 2000 clips of five seconds, five official folds.

tympan's figures are read from the card of the shipped `sounds`, which `recipes/sounds.py` writes:
five-fold cross-validation on all 2000 clips, weights of the last epoch, nothing chosen on the fold
that is scored, nothing trained on other recordings. They were measured on a copy at 16 kHz (Opus);
the published figures belong to the original at 44.1 kHz, so tympan hears less than half of their
band. MFCC + random forest is measured here on the same copy, beside its published figure.
"""

from __future__ import annotations

import json
import statistics
from typing import Any

from benchmarks.baselines import DATA, RUNS, TREES, forest_accuracy, statistics_of
from benchmarks.common import arguments, main

# Piczak (ACM MM 2015); Tokozume, Ushiku, Harada (ICLR 2018), EnvNet-v2 + strong augmentation + BC.
PEOPLE, FROM_SCRATCH, FOREST_PUBLISHED = 81.3, 84.9, 44.3
SEEDS, RATE_HZ = (0, 1, 2), 16000


def forest(seeds: tuple[int, ...], count: int) -> list[list[float]]:
    """Accuracy in % of each fold, a list for each seed; kept in `.runs`."""
    import numpy as np

    from tympan.data import folds, read_folder

    kept = RUNS / "esc50" / f"forest-{count}-{len(seeds)}.json"
    if kept.exists():
        return [list(map(float, row)) for row in json.loads(kept.read_text(encoding="utf-8"))]
    table = read_folder(DATA / "esc50")
    x, y = statistics_of(table, RATE_HZ), np.array(table.column("label"))
    found: list[list[float]] = [[] for _ in seeds]
    for _, split in list(folds(table))[:count]:
        train, test = list(split.indices["train"]), list(split.indices["test"])
        for row, seed in zip(found, seeds, strict=True):
            row.append(100 * forest_accuracy(x[train], y[train], x[test], y[test], seed))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found), encoding="utf-8")
    return found


def card_metrics() -> tuple[dict[str, Any], int]:
    """What the card of `sounds` says about the cross-validation, and its parameters."""
    from tympan.models import list_models

    card = next(card for card in list_models() if card.name == "sounds")
    return card.metrics, card.parameters


def measure(quick: bool) -> tuple[list[dict[str, object]], dict[str, float], str]:
    """The table, the figures and a remark on where tympan's figures come from."""
    metrics, parameters = card_metrics()
    runs = sorted((RUNS / "sounds").glob("**/fold*/scores.npz"))
    source = f"its card; the recipe's runs are {'here too' if runs else 'not here'}"
    trees = forest(SEEDS[:1] if quick else SEEDS, 1 if quick else 5)
    means = [statistics.mean(row) for row in trees]
    by_fold = [statistics.mean(column) for column in zip(*trees, strict=True)]
    low, high = (100 * end for end in metrics["intervals"]["accuracy"])
    ours = 100 * metrics["accuracy"]
    spread = f" ± {statistics.stdev(means):.1f}" if len(means) > 1 else ""
    rows: list[dict[str, object]] = [
        _row("people", f"{PEOPLE}", "–", "–", "Piczak 2015, 44.1 kHz"),
        _row("EnvNet-v2 + strong augmentation + between-class learning", f"{FROM_SCRATCH}", "–",
             "–", "Tokozume et al. 2018, 44.1 kHz; best published from scratch"),
        _row("MFCC + random forest", f"{FOREST_PUBLISHED}", "–", "–", "Piczak 2015, 44.1 kHz"),
        _row("MFCC + random forest", f"{statistics.mean(means):.1f}{spread}", _each(by_fold), "–",
             f"here, {len(means)} seeds, {TREES} trees, 16 kHz"),
        _row(f"tympan `sounds`, {parameters / 1e6:.1f} M parameters",
             f"{ours:.1f} ({low:.1f} – {high:.1f})", _each([100 * f for f in metrics["folds"]]),
             f"{100 * metrics['esc10_accuracy']:.1f}", "its card, 16 kHz"),
    ]  # fmt: skip
    figures = {
        "sounds": ours,
        "sounds_fold_std": 100 * metrics["fold_std"],
        "sounds_esc10": 100 * metrics["esc10_accuracy"],
        "sounds_minus_people": ours - PEOPLE,
        "sounds_minus_published_from_scratch": ours - FROM_SCRATCH,
        "forest": statistics.mean(means),
        "forest_published": FOREST_PUBLISHED,
    }
    return rows, figures, source


def _row(what: str, accuracy: str, folds: str, esc10: str, source: str) -> dict[str, object]:
    return {
        "who": what,
        "accuracy %": accuracy,
        "folds 1 – 5": folds,
        "ESC-10 %": esc10,
        "source": source,
    }


def _each(values: list[float]) -> str:
    std = f" (std {statistics.stdev(values):.1f})" if len(values) > 1 else ""
    return ", ".join(f"{value:.1f}" for value in values) + std


if __name__ == "__main__":
    options = arguments("esc50")
    if not (DATA / "esc50").is_dir():
        raise SystemExit(f"esc50: the recordings are not at {DATA}")
    table, numbers, origin = measure(options.quick)
    main(
        "esc50",
        table,
        numbers,
        title="ESC-50",
        about=(__doc__ or "").strip()
        + "\n\nIn brackets a 95 % bootstrap interval over clips; for the forest the standard "
        "deviation over seeds. tympan's ESC-10 is the same nets choosing among its ten classes.\n"
        f"Source of tympan's figures: {origin}.",
    )
