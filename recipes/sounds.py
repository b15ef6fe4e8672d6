"""Train and measure the shipped `sounds` model: 50 classes of ESC-50.

    python -m recipes.sounds ../shared/data/esc50                     # everything
    python -m recipes.sounds ../shared/data/esc50 --nets fine --folds 1 2
    python -m recipes.sounds ../shared/data/esc50 --nets base --ship  # only what ships
    python -m recipes.sounds ../shared/data/esc50 --card              # only figures and card
    python -m recipes.sounds ../shared/data/esc50 --table             # nets alone and together

`sounds` is the net `base`. `fine` hears finer frequencies in longer frames; it was measured in part
only (docs/experiments.md), and takes more than twice as long. `SHIPPED` may name several, which
then answer together. Each is trained by itself, so they can be trained side by side.

*Measured* by five-fold cross-validation on all 2000 clips with the official folds: each fold is
scored once, by the weights at the end of a training of fixed length on the other four. No epoch is
chosen on the fold that is scored. The recipe itself (crops, batches, augmentation, optimiser) was
found on fold 1, its finish on folds 1 and 2, so the mean of the others stands beside. Calibration
is scored with the temperature that the other four folds ask for.

*Shipped* is the same training on all folds, but on the CC0 and CC-BY clips only. Its temperature is
fitted to the answers that the five folds gave about clips they never heard. The clips under other
licences come from recordings of their own, which the shipped nets never heard: their accuracy is
that of the very weights that ship (but the recipe was chosen on fold 1, where some of them are).

ESC-50: Karol J. Piczak, *ESC: Dataset for Environmental Sound Classification*, ACM MM 2015.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recipes.scores import FOLDS, compare, fold_file, keep, measured
from tympan.data import Split, Table, WaveCache, folds, read_folder
from tympan.models import Card, load_model, save_model
from tympan.models.catalogue import shipped_folder
from tympan.nets import count_parameters
from tympan.tasks.classify import TASK, ClassifyConfig
from tympan.tasks.classify.answer import ClassifyModel
from tympan.tasks.classify.ensemble import card_config, joined
from tympan.tasks.classify.net import Classifier
from tympan.tasks.finish import KEY_DIGITS
from tympan.tasks.run import Job, run_job
from tympan.training import TrainingConfig, fit


@dataclass(frozen=True)
class Net:
    """A net that was tried: what it is, and how long it was trained."""

    config: ClassifyConfig
    epochs: int
    cycles: int

    @property
    def training(self) -> TrainingConfig:
        """The first part of its training; `FINISH` is the second."""
        return replace(TRAINING, epochs=self.epochs, cycles=self.cycles)


CONFIG = ClassifyConfig(encoder="base", hop=512, clip_s=5.0, crop=0.5, mixup_p=0.6, balance=0.0)
FINE = replace(CONFIG, encoder="deep", n_fft=2048, hop=400, n_mels=96, frequency_shift=3)
NETS = {
    "base": Net(CONFIG, 150, 3),
    "fine": Net(FINE, 72, 2),
}
SHIPPED = ("base",)
TRAINING = TrainingConfig(
    batch_size=32, optimizer="muon", lr=2e-3, weight_decay=0.05, warmup_epochs=3, ema_decay=0.998
)
# A net that has only heard halves of clips, most of them mixed, ends with whole and single ones, as
# it will be asked.
FINISH = replace(TRAINING, epochs=4, lr=4e-4, warmup_epochs=0.5)
PLAIN = {"crop": 1.0, "mixup_p": 0.0}
FREE = ("CC0", "CC-BY")
WEIGHTS = "net.safetensors"
# The last part of a training, in the folder of the training.
FINISHED = "finish"


def main() -> None:
    """Measure the nets asked for and train them on all free clips; with all there, ship them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the ESC-50 folder with metadata.csv")
    parser.add_argument("--runs", type=Path, default=Path(".runs/sounds"), help="where to work")
    parser.add_argument("--nets", nargs="*", choices=NETS, default=list(SHIPPED))
    parser.add_argument("--folds", nargs="*", help="only these, and nothing to ship")
    parser.add_argument("--ship", action="store_true", help="only train what ships")
    parser.add_argument("--card", action="store_true", help="only gather the figures and the card")
    parser.add_argument("--table", action="store_true", help="only print what was measured")
    parser.add_argument("--epochs", type=int, help="another length, and nothing to ship")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    if options.table:
        print(compare(options.runs, NETS))
        return
    torch.set_num_threads(options.threads)
    table = read_folder(options.data)
    cache = WaveCache.open(table, CONFIG.rate_hz)
    keys = [cache.content_key(i) for i in range(len(cache))]
    for name in () if options.card else options.nets:
        net, runs = NETS[name], options.runs / name
        training = replace(net.training, epochs=options.epochs or net.epochs)
        for fold, split in () if options.ship else folds(table, keys=keys):
            if options.folds is None or fold in options.folds:
                measure_fold(table, cache, split, fold, net.config, training, runs, FINISH)
        if options.folds is None:
            train_shipped(table, cache, net.config, training, runs)
    if options.folds is None and options.epochs is None:
        ship(table, cache, SHIPPED, options.runs)


def measure_fold(
    table: Table,
    cache: WaveCache,
    split: Split,
    name: str,
    config: ClassifyConfig,
    training: TrainingConfig,
    runs: Path,
    finish: TrainingConfig | None = None,
) -> None:
    """Train on the other folds and keep the scores `(m, k)` of this one."""
    out = runs / f"fold{name}"
    if (out / "scores.npz").exists():
        return
    job = Job(TASK, table, cache, TASK.prepare(table, cache, config, frozenset({"clip_s"})), split)
    net = trained(job, training, out, finish)
    model = ClassifyModel(net.eval(), job.prepared.labels, "sounds")
    evaluation = TASK.evaluate(model, split.test)
    np.savez(
        out / "scores.npz",
        truth=evaluation.truth,
        scores=evaluation.scores,
        esc10=np.array([e.columns["esc10"] == "1" for e in split.test]),
    )
    print(f"fold {name}: accuracy {evaluation.metrics['accuracy']:.4f}", flush=True)


def trained(
    job: Job, training: TrainingConfig, out: Path, finish: TrainingConfig | None
) -> Classifier:
    """Train, and end with whole clips that are not mixed; both parts go on where they stopped."""
    net, _ = run_job(job, training, out)
    assert isinstance(net, Classifier)
    if finish is not None:
        config = replace(net.config, **PLAIN)
        plain = replace(job, prepared=replace(job.prepared, config=config))
        batches = plain.batches("train", finish)
        assert batches is not None
        learner = TASK.learner(net, config, job.prepared.labels)
        fit(learner, batches, None, finish, out / FINISHED)
    return net


def train_shipped(
    table: Table,
    cache: WaveCache,
    config: ClassifyConfig,
    training: TrainingConfig,
    runs: Path,
) -> None:
    """Train on the freely licensed clips of all folds."""
    from safetensors.torch import save_file

    rows, none = tuple(rows_of(table, free=True)), table.subset([])
    split = Split(
        table.subset(rows), none, none, "all folds, CC0 and CC-BY clips",
        {"train": rows, "val": (), "test": ()},
    )  # fmt: skip
    job = Job(TASK, table, cache, TASK.prepare(table, cache, config, frozenset({"clip_s"})), split)
    net = trained(job, training, runs / "shipped", FINISH)
    weights = {k: v.contiguous() for k, v in net.state_dict().items()}
    save_file(weights, runs / "shipped" / WEIGHTS)


def rows_of(table: Table, free: bool) -> list[int]:
    """The rows under a free licence, or all others."""
    return [i for i, e in enumerate(table) if (e.columns["licence"] in FREE) == free]


def ship(table: Table, cache: WaveCache, nets: Sequence[str], runs: Path) -> None:
    """Write weights, card and attribution into the package, once all has been trained."""
    from safetensors.torch import load_file

    needed = [fold_file(runs, net, n) for net in nets for n in FOLDS]
    missing = [
        str(file)
        for file in (*needed, *(runs / net / "shipped" / WEIGHTS for net in nets))
        if not file.exists()
    ]
    if missing:
        print(f"no card yet: {', '.join(missing)} not there")
        return
    for net in nets:
        keep(runs, net)
    metrics, temperature = measured(runs, nets, table.labels)
    config = card_config([NETS[net].config for net in nets], temperature)
    state = joined([load_file(runs / net / "shipped" / WEIGHTS) for net in nets])
    card = card_of(table, cache, nets, config, metrics)
    with tempfile.TemporaryDirectory() as trial:
        # What is read back is what users get: float16 rounds the weights a little.
        save_model(trial, state, card, half=True)
        others = table.subset(rows_of(table, free=False))
        heard = TASK.evaluate(TASK.load(load_model(trial)), others)
    kept = {key: heard.metrics[key] for key in ("accuracy", "examples")}
    kept["interval"] = heard.metrics["intervals"]["accuracy"]
    kept["what"] = (
        f"the shipped weights on the clips under other licences, {len(others.labels)} of the "
        f"{len(table.labels)} classes"
    )
    folder = shipped_folder() / "sounds"
    save_model(folder, state, replace(card, metrics={**metrics, "held_out": kept}), half=True)
    clips = table.subset(rows_of(table, free=True))
    (folder / "ATTRIBUTION.md").write_text(attribution(clips), encoding="utf-8")
    told = {k: metrics[k] for k in ("accuracy", "folds", "fold_std", "ece")}
    print(json.dumps(told | {"held_out": kept}))


def card_of(
    table: Table,
    cache: WaveCache,
    nets: Sequence[str],
    config: dict[str, Any],
    metrics: dict[str, Any],
) -> Card:
    """The card: what `sounds` is, what it was made from, where it fails."""
    rows = rows_of(table, free=True)
    weak = sorted(metrics["per_class"].items(), key=lambda item: item[1]["f1"])[:5]
    return Card(
        name="sounds",
        task="classify",
        version="0.3",
        description="What sound is it: 50 classes of animals, nature, people, homes and cities.",
        config=config,
        labels=table.labels,
        data={
            "name": "ESC-50 (Piczak, 2015), Opus at 16 kHz; the original is 44.1 kHz",
            "clips": len(rows),
            "licences": {n: sum(e.columns["licence"] == n for e in table) for n in FREE},
            "recipe": "python -m recipes.sounds",
            "training": {net: asdict(NETS[net].training) for net in nets},
            "finish": asdict(FINISH) | PLAIN,
            "trained_on": sorted({cache.content_key(i)[:KEY_DIGITS] for i in rows}),
        },
        licence="CC-BY-4.0",
        metrics=metrics,
        parameters=sum(
            count_parameters(TASK.build(NETS[n].config, tuple(table.labels))) for n in nets
        ),
        known_failures=[
            "Weakest classes in cross-validation: "
            + ", ".join(f"{name} (F1 {row['f1']:.0%})" for name, row in weak)
            + ".",
            "It always answers with one of its 50 classes: for any other sound, speech for "
            "instance, the answer is wrong, and its score may be high.",
            "Trained on single sounds of five seconds; of several sounds at once it names the "
            "one that stands out.",
            "It hears nothing above 8 kHz.",
        ],
        attribution="ATTRIBUTION.md",
    )


def attribution(clips: Table) -> str:
    """Who recorded what, as CC-BY asks."""
    lines = [
        "# Recordings that `sounds` was trained on",
        "",
        "All come from [Freesound](https://freesound.org) through ESC-50 (Karol J. Piczak, "
        "*ESC: Dataset for Environmental Sound Classification*, 2015), cut to 5 s.",
        "",
        "| clip | class | author | licence | source |",
        "|---|---|---|---|---|",
    ]
    for e in clips:
        c = e.columns
        author = c["author"].replace("|", "\\|")
        lines.append(f"| {c['clip']} | {c['label']} | {author} | {c['licence']} | <{c['url']}> |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
