"""Put the recogniser of English into the package: choose its search, score it, write its card.

python -m recipes.transcribe_ship --training .runs/transcribe/words --shared ../shared/data

Without `--training`, the search of the weights that ship is chosen and scored again.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recipes.transcribe import CONFIG
from recipes.transcribe_pool import REAL, REAL_HELD, read_part
from tympan.models import Card

NAME, VERSION = "english", "0.5"
# What is tried of the search on the held-out real clips; a bonus was never better than none.
WEIGHTS, BONUSES = (0.7, 0.9, 1.1), (0.0,)
DATA: dict[str, Any] = {
    "name": "18 hours of sentences by the voice en (its six speakers and 120 mixtures of them) "
    "and by flite's slt, rms, awb and kal16; 570 sentences by all voices of Kokoro-82M and 400 "
    "mixtures of them; 222 real clips of LibriSpeech train-clean; 358 orders of coffee by more "
    "than fifty people",
    "licences": {
        "voice en of tympan (learned from Kokoro-82M)": "Apache-2.0",
        "Kokoro-82M (weights, voices and what they speak)": "Apache-2.0",
        "flite and its voices (what they speak)": "BSD-like (Carnegie Mellon University)",
        "LibriSpeech (train-clean)": "CC-BY-4.0",
        "Picovoice speech-to-intent benchmark (spoken orders)": "Apache-2.0",
        "ESC-50 noises, the CC0 clips of folds 1 to 3": "CC0-1.0",
        "WordNet 3.0 (example sentences)": "WordNet-3.0",
        "Jane Austen's novels, World English Bible, Shakespeare, Moby Dick, addresses of "
        "presidents on the state of the Union": "public domain",
    },
    "words of the real clips": "written down by Whisper tiny.en and Moonshine tiny; the clips on "
    "which they differ in 25 % of the words at most (orders: 9 %); 20 more choose the search",
    "language model": "54,000 words and 1,405,000 n-grams of the same texts (recipes/words.py)",
    "recipe": "python -m recipes.transcribe",
}
ATTRIBUTION = """# What `english` was trained on

No audio and no text of it is distributed.

- **Made speech**: sentences spoken by tympan's voice `en` (Apache-2.0), by Kokoro-82M of
  hexgrad (Apache-2.0), and by the voices slt, rms, awb and kal16 of flite, Copyright Carnegie
  Mellon University, whose licence allows any use.
- **LibriSpeech** (V. Panayotov, G. Chen, D. Povey, S. Khudanpur, 2015), CC BY 4.0: clips of
  *train-clean*, read by volunteers of LibriVox.
- **Orders of coffee** of Picovoice's speech-to-intent benchmark, Apache-2.0.
- **ESC-50** (K. J. Piczak, 2015): noises that their authors gave to the public domain (CC0).
- **Texts**: examples of WordNet 3.0, Copyright 2006 by Princeton University, whose licence allows
  any use; novels of Jane Austen, plays of Shakespeare, the World English Bible, *Moby Dick* and
  what presidents of the United States said of the state of the Union, public domain.
"""
KNOWN_FAILURES = (
    "It is far behind the engines: Moonshine tiny makes 12.8 % word errors on the recordings on "
    "which it makes those above, pocketsphinx 60.8 %. Use an engine to have something written "
    "down; this one is for learning, for vocabularies of your own, and as a start for training.",
    "It knows 54,000 words, most of them of old books, and writes one of them for any other; hot "
    "words add to them.",
    "It writes no punctuation and no capital letters, and numbers as words.",
    "English as it is spoken in the United States; accents and children were not trained on.",
    "Noise and rooms were trained on in simulation only.",
)


def search_scores(model: Any, runs: Path) -> dict[str, float]:
    """The weights of the search with the fewest errors on held-out real clips."""
    from tympan.tasks.transcribe.evaluation import distance

    mels, lines = read_part(runs / REAL)
    heard = []
    for line in lines[:REAL_HELD]:
        one = mels[line.start : line.start + line.frames].T.astype(np.float32)
        with torch.inference_mode():
            answers = model.net(torch.from_numpy(one)[None], torch.tensor([line.frames]))
        heard.append((line.text.split(), [one[0].log_softmax(-1).numpy() for one in answers]))
    found = {}
    for weight, bonus in product(WEIGHTS, BONUSES):
        model.search = replace(model.search, language_weight=weight, word_bonus=bonus)
        errors = count = 0
        for wanted, scores in heard:
            words = [text for text, _ in model.decoded(*scores)]
            errors, count = errors + distance(wanted, words), count + len(wanted)
        found[weight, bonus] = errors / count
        print(f"language weight {weight}, bonus {bonus}: {errors / count:.1%}", flush=True)
    weight, bonus = min(found, key=lambda key: found[key])
    return {"language_weight": weight, "word_bonus": bonus}


def heard_pairs(model: Any, shared: Path, every: int = 1) -> list[tuple[list[str], list[str]]]:
    """Words wanted and found of each test recording, or of one in so many."""
    from tympan.audio import load

    folder, found = shared / "librispeech", []
    rows = csv.DictReader((folder / "metadata.csv").open(encoding="utf-8"))
    for row in [one for one in rows if one["split"] == "test-other"][::every]:
        wave = load(folder / row["file_name"]).mono().samples[0]
        words = [word.text for word in model.words(wave)]
        found.append((row["text"].split(), words))
        if len(found) % 20 == 0:
            print(len(found), row["text"], "|", " ".join(words), flush=True)
    return found


def of_training(training: Path) -> tuple[Any, Card]:
    """Weights of a training, and the card that says what they learned from."""
    from tympan.tasks.transcribe.learner import TranscribeLearner
    from tympan.tasks.transcribe.net import SpeechRecogniserNet
    from tympan.tasks.transcribe.task import TASK
    from tympan.training.history import History
    from tympan.training.learner import NET
    from tympan.training.loop import final_weights

    history = History.load(training / "history.json")
    learner = TranscribeLearner(SpeechRecogniserNet(CONFIG), CONFIG)
    learner.net.load_state_dict(final_weights(training, history)[NET])
    state, best = TASK.state(learner), history.epochs[history.best_epoch - 1]
    hours = round(sum(row["seconds"] for row in history.epochs) / 3600, 1)
    data = {**DATA, "training": f"{len(history.epochs)} epochs of about 1.6 hours of varied speech "
            f"each, {hours} h of most of a core, from the weights of 0.3, with five blocks more",
            }  # fmt: skip
    return state, Card(
        name=NAME, task="transcribe", labels=[], config=CONFIG.to_dict(), version=VERSION,
        licence="CC-BY-4.0", attribution="ATTRIBUTION.md",
        description="English, words by phonemes: for learning and for vocabularies of your own.",
        data=data, parameters=sum(one.numel() for one in state.values()),
        known_failures=list(KNOWN_FAILURES),
        metrics={"validation": {name: best[name] for name in ("per", "cer")}},
    )  # fmt: skip


def of_package() -> tuple[Any, Card]:
    """The weights that ship, and their card, with what is written here of their data."""
    from tympan.models import load_model
    from tympan.models.catalogue import shipped_folder

    found = load_model(shipped_folder() / NAME)
    card = replace(
        found.card, version=VERSION, known_failures=list(KNOWN_FAILURES),
        data={**found.card.data, **DATA}, created="", git_revision="",
    )  # fmt: skip
    # They are kept in 16 bits each, and stay the same file.
    return {name: one.half() for name, one in found.state.items()}, card


def ship(state: Any, card: Card, runs: Path, shared: Path, out: Path) -> None:
    """Write `english` and score what is read back."""
    from tympan.models import load_model, save_model
    from tympan.tasks.transcribe.evaluation import evaluated
    from tympan.tasks.transcribe.task import TASK

    out.mkdir(parents=True, exist_ok=True)
    (out / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(out, state, card, half=True)
    chosen = search_scores(TASK.recogniser(load_model(out)), runs)
    card = replace(card, config=replace(CONFIG, **chosen).to_dict())
    save_model(out, state, card, half=True)
    evaluation = evaluated(heard_pairs(TASK.recogniser(load_model(out)), shared))
    print(evaluation.score_lines())
    metrics = {
        "scores": [one.to_json() for one in evaluation.scores],
        "count": evaluation.count,
        "counted": "clips of LibriSpeech test-other (10 speakers), on none of which it was trained",
        "validation": card.metrics["validation"],
    }
    save_model(out, state, replace(card, metrics=metrics), half=True)
    print(json.dumps(metrics, indent=1))


def main() -> None:
    """Choose, score and write."""
    from tympan.models.catalogue import shipped_folder

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--training", type=Path, help="its weights; else those that ship")
    parser.add_argument("--runs", type=Path, default=Path(".runs/transcribe"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, help="folder; else that of the package")
    options = parser.parse_args()
    state, card = of_training(options.training) if options.training else of_package()
    ship(state, card, options.runs, options.shared, options.out or shipped_folder() / NAME)


if __name__ == "__main__":
    main()
