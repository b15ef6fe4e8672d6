"""What each ingredient of the `sounds` recipe brings: mixing, augmentation, length, width …

One ingredient changed at a time, everything else as in `recipes/sounds.py`, tested on fold 1 of
ESC-50: 400 clips, which decide about three or four points at best. So each row also says on how
many clips it differs from the full recipe, and how likely at least such a difference is by chance
(McNemar's exact test). In brackets 95 % intervals over clips (Wilson); one seed.

The recipe is that of `base`, the net of `sounds`, but for 20 epochs instead of 150: what
regularises pays late, so here it may seem to bring less than it does. `EPOCHS` at the top of the
script may be raised by whoever has the hours. What the later epochs bring is in
`docs/experiments.md`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._trials import NOT_MEASURED, Trials, digest_of
from benchmarks.common import DATA, arguments, key_of, main

if TYPE_CHECKING:
    from tympan.data import AudioStore, Split
    from tympan.tasks.classify import ClassifyConfig

EPOCHS, FOLD = 20, "1"
FULL, LAST = "the recipe, but for its finish", "last weights instead of averaged ones"
# What is changed: the configuration of the net, the training (`epochs` by a factor).
VARIANTS: dict[str, dict[str, Any]] = {
    FULL: {},
    "and its finish: four epochs of whole clips, not mixed": {"finish": True},
    "no mixing": {"mixup_p": 0.0},
    "no masks, shifts or filters on spectrograms": {
        "mask": 0.0,
        "frequency_shift": 0,
        "filter_db": 0.0,
    },
    "AdamW instead of Muon": {"optimizer": "adamw"},
    "half as long": {"epochs": 0.5},
    "narrower: `small`, a quarter of the arithmetic": {"encoder": "small"},
}
# For --quick: one epoch of the clips of so many labels.
QUICK_LABELS = 3


def answers(trials: Trials, name: str, quick: bool) -> dict[str, list[bool]] | None:
    """Train one variant: which test clips it is right about, with averaged and last weights."""
    from recipes.sounds import FINISH, NETS, TRAINING, measure_fold, recipe_of

    from tympan.data import AudioStore, folds, read_folder

    table = read_folder(DATA / "esc50")
    if quick:
        some = table.labels[:QUICK_LABELS]
        table = table.subset(i for i, e in enumerate(table) if e.label in some)
    change = dict(VARIANTS[name])
    epochs = 1 if quick else round(EPOCHS * change.pop("epochs", 1))
    optimizer = change.pop("optimizer", TRAINING.optimizer)
    finish = FINISH if change.pop("finish", False) else None
    config = replace(NETS["base"].config, **change)
    training = replace(TRAINING, epochs=epochs, optimizer=optimizer)

    def make(work: Path) -> dict[str, Any]:
        store = AudioStore.open(table, config.rate_hz)
        split = dict(folds(table, keys=store.keys(table)))[FOLD]
        measure_fold(table, store, split, FOLD, recipe_of(config, training, finish), work)
        with np.load(work / f"fold{FOLD}" / "scores.npz") as kept:
            right = kept["scores"].argmax(1) == kept["truth"]
        last = last_weights(work, split, store, config)
        return {
            "right": right.tolist(),
            "last": last.tolist(),
            "summary": f"{right.mean():.1%}, last weights {last.mean():.1%}",
        }

    settings = {
        "config": config.to_dict(),
        "training": vars(training),
        "finish": finish and vars(finish),
        "fold": FOLD,
    }
    return trials.get(key_of(name), digest_of(table, "scratch", settings), make)


def last_weights(work: Path, split: Split, store: AudioStore, config: ClassifyConfig) -> np.ndarray:
    """With the same training's last weights: averaging does not change how it goes."""
    from tympan.tasks.classify import TASK, Classifier
    from tympan.tasks.classify.answer import ClassifyModel
    from tympan.training import checkpoint
    from tympan.training.learner import NET

    parts, _ = checkpoint.load(work / f"fold{FOLD}" / checkpoint.CHECKPOINT)
    labels = tuple(split.train.labels)
    net = Classifier(config, len(labels))
    net.load_state_dict(parts[NET])
    found = TASK.evaluate([(ClassifyModel(net.eval(), labels, "last"), split.test)], store)
    right: np.ndarray = found.predictions == found.truth
    return right


def compared(name: str, right: np.ndarray, full: np.ndarray) -> dict[str, object]:
    """A row: accuracy, and on which clips it differs from the full recipe.

    >>> row = compared("no mixing", np.array([True, False, False]), np.array([True, True, True]))
    >>> row["accuracy, fold 1"], row["better on"], row["worse on"], row["by chance"]
    ('33.3 (6.1–79.2) %', '0', '2', '0.5')
    """
    from scipy.stats import binomtest

    from tympan.tasks.metrics import wilson_interval

    low, high = wilson_interval(int(right.sum()), len(right))
    row: dict[str, object] = {
        "recipe": name,
        "accuracy, fold 1": f"{100 * right.mean():.1f} ({100 * low:.1f}–{100 * high:.1f}) %",
    }
    better, worse = int((right & ~full).sum()), int((full & ~right).sum())
    if name != FULL:
        chance = binomtest(better, max(1, better + worse)).pvalue
        row |= {"better on": str(better), "worse on": str(worse), "by chance": f"{chance:.2g}"}
    return row


def measure(trials: Trials, quick: bool) -> tuple[list[dict[str, object]], dict[str, float]]:
    """The table and the figures."""
    names = [FULL] if quick else list(VARIANTS)
    trials.total = len(names)
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    full: np.ndarray | None = None
    for name in names:
        found = answers(trials, name, quick)
        if found is None or (full is None and name != FULL):
            rows.append({"recipe": name, "accuracy, fold 1": NOT_MEASURED})
            continue
        each = {name: np.array(found["right"])}
        if name == FULL:
            full = each[name]
            each[LAST] = np.array(found["last"])
        assert full is not None
        for title, right in each.items():
            rows.append(compared(title, right, full))
            figures[key_of(title)] = 100 * float(right.mean())
    return rows, figures


WHY = """
- **Muon** brings most: fifteen points over AdamW in the same epochs, each of which takes 7 % longer
  with it. After 100 epochs AdamW is where Muon is after 50 (`docs/experiments.md`).
- **Length** comes next: ten points from 10 to 20 epochs, and nearly eight more to the end of the
  recipe, 150 epochs and the finish.
- **Width**: a quarter of the arithmetic costs six points.
- **Mixing**, and **masks, shifts and filters**, bring a point and a half each, which may be chance:
  what they guard against, learning 1,600 clips by heart, has hardly begun after 20 epochs.
- **The finish** brings nothing yet here. After 150 epochs it brings a point in the mean of all
  folds, and two on this one (`docs/experiments.md`): a net must have learned mixed halves well
  before whole clips add to it.
- **Averaging** the weights changes nothing at the end of a cosine; during training it makes
  validation steadier.
"""


if __name__ == "__main__":
    options = arguments("ingredients")
    if not (DATA / "esc50").is_dir():
        raise SystemExit(f"ingredients: the recordings are not at {DATA}")
    trials = Trials("ingredients")
    rows, figures = measure(trials, options.quick)
    about = (__doc__ or "").strip()
    main("ingredients", rows, figures, title="Ingredients", about=about, why=WHY)
    raise SystemExit(trials.end())
