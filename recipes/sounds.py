"""Train and measure the shipped `sounds` model: 50 classes of ESC-50.

    python -m recipes.sounds ../shared/data/esc50                     # everything
    python -m recipes.sounds ../shared/data/esc50 --nets fine --folds 1 2
    python -m recipes.sounds ../shared/data/esc50 --nets base --ship  # only what ships
    python -m recipes.sounds ../shared/data/esc50 --card              # only figures and card
    python -m recipes.sounds ../shared/data/esc50 --table             # nets alone and together
    python -m recipes.sounds ../shared/data/esc50 --known             # what it knows

`sounds` is the net `base`. `fine` gets finer frequencies in longer frames; it was measured in part
only (docs/experiments.md), and takes more than twice as long. `SHIPPED` may name several, which
then answer together. Each is trained by itself, so they can be trained side by side.

*Measured* by five-fold cross-validation on all 2000 clips with the official folds: each fold is
scored once, by the weights at the end of a training of fixed length on the other four. No epoch is
chosen on the fold that is scored. The recipe itself (crops, batches, augmentation, optimiser) was
found on fold 1, its last phase on folds 1 and 2, so the mean of the others stands beside.
Calibration is scored with the temperature that fits the other four folds.

*Shipped* is the same training on all folds, but on the CC0 and CC-BY clips only. Its temperature is
fitted to the answers of the five folds about clips that they were not trained on. The clips under
other licences come from recordings of their own, on which the shipped nets were not trained: their
accuracy is that of the very weights that ship (but the recipe was chosen on fold 1, where some of
them are).

*Known* is what lies beside the weights, so that the model can say that a sound is unlike those it
was trained on (`tympan.tasks.familiarity`): prototypes of the clips that it was trained on, and the
distances of the clips under other licences, which it was not. The weights stay bit by bit.

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
from safetensors.torch import save_file

from recipes.scores import FOLDS, compare, fold_file, keep, measured
from tympan.data import AudioStore, Split, Table, folds, read_folder
from tympan.models import Card, load_model, save_model
from tympan.models.catalogue import shipped_folder
from tympan.nets import count_parameters
from tympan.tasks.classify import TASK, ClassifyConfig
from tympan.tasks.classify.answer import ClassifyModel
from tympan.tasks.classify.ensemble import card_config, configs_of, joined
from tympan.tasks.classify.examples import ClassifyExamples
from tympan.tasks.classify.familiarity import learn_known
from tympan.tasks.classify.learner import ClassifyLearner
from tympan.tasks.classify.net import Classifier
from tympan.tasks.contract import Phase, Recipe
from tympan.tasks.familiarity import PREFIX
from tympan.tasks.job import KEY_DIGITS, Job
from tympan.tasks.phases import run_phases
from tympan.training import TrainingConfig
from tympan.training.learner import NET


@dataclass(frozen=True)
class Net:
    """A net that was tried: what it is, and how long it was trained."""

    config: ClassifyConfig
    epochs: int
    cycles: int

    @property
    def training(self) -> TrainingConfig:
        """The first phase of its training; `FINISH` is the second."""
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
# A net that was trained on halves of clips, most of them mixed, ends with what it gets in an
# answer: whole and single ones.
FINISH = replace(TRAINING, epochs=4, lr=4e-4, warmup_epochs=0.5)
WHOLE: dict[str, float] = {"crop": 1.0, "mixup_p": 0.0}
FREE = ("CC0", "CC-BY")
WEIGHTS = "net.safetensors"
UNKNOWN_SOUNDS = (
    "It has 50 classes and no others: for any other sound, speech say, the answer is wrong, "
    "and its score may be high. Its familiarity is low then, but not always "
    "(docs/benchmarks/unknown.md)."
)


def main() -> None:
    """Measure the chosen nets and train them on all free clips; with all there, ship them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the ESC-50 folder with metadata.csv")
    parser.add_argument("--runs", type=Path, default=Path(".runs/sounds"), help="where to work")
    parser.add_argument("--nets", nargs="*", choices=NETS, default=list(SHIPPED))
    parser.add_argument("--folds", nargs="*", help="only these, and nothing to ship")
    parser.add_argument("--ship", action="store_true", help="only train what ships")
    parser.add_argument("--card", action="store_true", help="only gather the figures and the card")
    parser.add_argument("--table", action="store_true", help="only print what was measured")
    parser.add_argument("--known", action="store_true", help="only learn anew what is known")
    parser.add_argument("--epochs", type=int, help="another length, and nothing to ship")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    if options.table:
        print(compare(options.runs, NETS))
        return
    torch.set_num_threads(options.threads)
    table = read_folder(options.data)
    store = AudioStore.open(table, CONFIG.rate_hz)
    if options.known:
        add_known(shipped_folder() / "sounds", table, store)
        return
    for name in () if options.card else options.nets:
        net, runs = NETS[name], options.runs / name
        training = replace(net.training, epochs=options.epochs or net.epochs)
        recipe = recipe_of(net.config, training, FINISH)
        for fold, split in () if options.ship else folds(table, keys=store.keys(table)):
            if options.folds is None or fold in options.folds:
                measure_fold(table, store, split, fold, recipe, runs)
        if options.folds is None:
            train_shipped(table, store, recipe, runs)
    if options.folds is None and options.epochs is None:
        ship(table, store, SHIPPED, options.runs)


def recipe_of(
    config: ClassifyConfig, training: TrainingConfig, finish: TrainingConfig | None
) -> Recipe[ClassifyConfig]:
    """A training, and after it `finish` with whole clips that are not mixed; None: none."""
    phases = [Phase(training, config)]
    if finish is not None:
        phases.append(Phase(finish, replace(config, **WHOLE)))
    return Recipe(tuple(phases), user_set=frozenset({"clip_s"}))


def measure_fold(
    table: Table,
    store: AudioStore,
    split: Split,
    name: str,
    recipe: Recipe[ClassifyConfig],
    runs: Path,
) -> None:
    """Train on the other folds and keep the probabilities `(m, k)` of this one."""
    out = runs / f"fold{name}"
    if (out / "scores.npz").exists():
        return
    job = job_of(table, store, split, recipe)
    net = trained(job, out).eval()
    save_file(net.state_dict(), out / WEIGHTS)  # for benchmarks on clips that it has not seen
    model = ClassifyModel(net, job.prepared.vocabulary, "sounds")
    evaluation = TASK.evaluate([(model, split.test)], store)
    np.savez(
        out / "scores.npz",
        truth=evaluation.truth,
        scores=evaluation.probabilities,
        esc10=np.array([e.columns["esc10"] == "1" for e in split.test]),
    )
    print(f"fold {name}: accuracy {evaluation.metrics['accuracy']:.4f}", flush=True)


def job_of(table: Table, store: AudioStore, split: Split, recipe: Recipe[ClassifyConfig]) -> Job:
    """A training made ready."""
    prepared = TASK.prepare(split.train, store, recipe)
    return Job(TASK, recipe, table, store, store.keys(table), split, prepared)


def trained(job: Job, out: Path) -> Classifier:
    """Train phase by phase; a stopped training goes on in the phase where it was."""
    learner, _ = run_phases(job, out)
    net = learner.nets[NET]
    assert isinstance(net, Classifier)
    return net


def train_shipped(
    table: Table, store: AudioStore, recipe: Recipe[ClassifyConfig], runs: Path
) -> None:
    """Train on the freely licensed clips of all folds."""
    from safetensors.torch import save_file

    rows, none = tuple(rows_of(table, free=True)), table.subset([])
    split = Split(
        table.subset(rows), none, none, "all folds, CC0 and CC-BY clips",
        {"train": rows, "val": (), "test": ()},
    )  # fmt: skip
    net = trained(job_of(table, store, split, recipe), runs / "shipped")
    weights = {k: v.contiguous() for k, v in net.state_dict().items()}
    save_file(weights, runs / "shipped" / WEIGHTS)


def rows_of(table: Table, free: bool) -> list[int]:
    """The rows under a free licence, or all others."""
    return [i for i, e in enumerate(table) if (e.columns["licence"] in FREE) == free]


def ship(table: Table, store: AudioStore, nets: Sequence[str], runs: Path) -> None:
    """Write weights, card and attribution into the package, once all has been trained."""
    from safetensors.torch import load_file

    missing = [
        str(file) for net in nets for n in FOLDS if not (file := fold_file(runs, net, n)).exists()
    ]
    if missing:
        print(f"no figures yet: {', '.join(missing)} not there")
        return
    for net in nets:
        keep(runs, net)
    metrics, temperature = measured(runs, nets, table.labels)
    figures = {one["name"]: one["value"] for one in metrics["scores"]}
    print(
        json.dumps(figures | {"folds": metrics["scores"][0]["folds"], "temperature": temperature})
    )
    weights = [runs / net / "shipped" / WEIGHTS for net in nets]
    if not all(file.exists() for file in weights):
        print(f"no card: {', '.join(map(str, weights))} not there")
        return
    config = card_config([NETS[net].config for net in nets], temperature)
    state = joined([load_file(file) for file in weights])
    card = card_of(table, store, nets, config, metrics)
    held_out = held_out_of(table, store, state, card)
    folder = shipped_folder() / "sounds"
    save_model(folder, state, replace(card, metrics={**metrics, "held_out": held_out}), half=True)
    add_known(folder, table, store)
    clips = table.subset(rows_of(table, free=True))
    (folder / "ATTRIBUTION.md").write_text(attribution(clips), encoding="utf-8")
    print(json.dumps({"held_out": held_out}))


def add_known(folder: Path, table: Table, store: AudioStore) -> None:
    """Put what a model knows of its training clips beside its weights, which stay as they are."""
    loaded = load_model(folder)
    weights = {k: v for k, v in loaded.state.items() if not k.startswith(PREFIX)}
    labels = tuple(loaded.card.labels)
    config = replace(configs_of(loaded.card.config)[0], held_out_distances=None)
    model = TASK.load(
        replace(loaded, state=weights, card=replace(loaded.card, config=config.to_dict()))
    )
    learner = ClassifyLearner(model.first_net, config, labels)
    train, others = (
        ClassifyExamples(table.subset(rows_of(table, free=free)), store, config, labels)
        for free in (True, False)
    )
    known, config = learn_known(learner, config, train, others)
    values = {**loaded.card.config, "held_out_distances": config.held_out_distances}
    what = {
        "prototypes": len(known.owners),
        "held_out": len(others.sizes),
        "what": "distances of the clips under other licences, which the net was not trained on; "
        "figures in docs/benchmarks/unknown.md",
    }
    card = replace(
        loaded.card,
        config=values,
        metrics={**loaded.card.metrics, "known": what},
        known_failures=[
            UNKNOWN_SOUNDS if "always answers" in one else one for one in loaded.card.known_failures
        ],
    )
    save_model(folder, {**weights, **known.state()}, card, half=True)


def held_out_of(
    table: Table, store: AudioStore, state: dict[str, torch.Tensor], card: Card
) -> dict[str, Any]:
    """What the very weights that ship score on the clips under other licences."""
    others = table.subset(rows_of(table, free=False))
    with tempfile.TemporaryDirectory() as folder:
        # What is read back is what users get: float16 rounds the weights a little.
        save_model(folder, state, card, half=True)
        found = TASK.evaluate([(TASK.load(load_model(folder)), others)], store)
    accuracy = found.scores[0]
    return {
        "accuracy": accuracy.value,
        "examples": found.count,
        "interval": accuracy.interval,
        "what": f"the shipped weights on the clips under other licences, {len(others.labels)} of "
        f"the {len(table.labels)} classes",
    }


def card_of(
    table: Table,
    store: AudioStore,
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
            "finish": asdict(FINISH) | WHOLE,
            "trained_on": sorted({store.content_key(table[i].path)[:KEY_DIGITS] for i in rows}),
        },
        licence="CC-BY-4.0",
        metrics=metrics,
        parameters=sum(
            count_parameters(Classifier(NETS[n].config, len(table.labels))) for n in nets
        ),
        known_failures=[
            "Weakest classes in cross-validation: "
            + ", ".join(f"{name} (F1 {row['f1']:.0%})" for name, row in weak)
            + ".",
            UNKNOWN_SOUNDS,
            "Trained on single sounds of five seconds; of several sounds at once it names the "
            "one that stands out.",
            "It gets nothing above 8 kHz.",
        ],
        attribution="ATTRIBUTION.md",
    )


def attribution(clips: Table) -> str:
    """Who recorded what, as CC-BY requires."""
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
