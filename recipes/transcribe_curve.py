"""How `english` comes to its words: errors after so much speech, and of each kind of voice.

    python -m recipes.transcribe_curve .runs/transcribe/words-at/*.safetensors \\
        .runs/transcribe/words/best.safetensors

Each file holds the averaged weights of a training at some epoch (copies of `best.safetensors`).
*PER*: wrong phonemes of lines that were not trained on, by the likeliest phoneme of each answer,
without a search: by the voice `en`, by two of flite's, and by real people. *WER*: words of every
second clip of LibriSpeech test-other, with the search of the shipped model.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from recipes.transcribe import CONFIG, SHIPPED
from recipes.transcribe_pool import Pool
from recipes.transcribe_ship import heard_pairs

EVERY = 2


def phoneme_errors(net: Any, pool: Pool) -> dict[str, float]:
    """Wrong phonemes of each kind of voice, in percent."""
    from tympan.tasks.transcribe.evaluation import distance
    from tympan.tasks.transcribe.sounds import collapsed

    wrong: dict[str, int] = defaultdict(int)
    count: dict[str, int] = defaultdict(int)
    for row, (_, line) in enumerate(pool.lines):
        item = pool.item(row, None)
        with torch.inference_mode():
            found, _ = net(item["mels"][None], torch.tensor([item["mels"].shape[1]]))
        wanted = item["phonemes"].tolist()
        kind = line.voice.split()[0]
        wrong[kind] += distance(wanted, collapsed(found[0].argmax(-1).tolist()))
        count[kind] += len(wanted)
    return {kind: 100 * wrong[kind] / count[kind] for kind in count}


def word_errors(state: dict[str, torch.Tensor], shared: Path, every: int) -> float:
    """Wrong words of test-other, in percent."""
    from tympan.models import load_model
    from tympan.models.catalogue import shipped_folder
    from tympan.tasks.transcribe.evaluation import evaluated
    from tympan.tasks.transcribe.loading import NET
    from tympan.tasks.transcribe.task import TASK

    loaded = load_model(shipped_folder() / SHIPPED)
    words = {name: value for name, value in loaded.state.items() if not name.startswith(NET)}
    words |= {f"{NET}{name}": value for name, value in state.items()}
    model = TASK.recogniser(replace(loaded, state=words))
    score = evaluated(heard_pairs(model, shared, every)).scores[0]
    return float(score.value)


def main() -> None:
    """Print a row for each file."""
    from tympan.tasks.transcribe.net import SpeechRecogniserNet
    from tympan.training import checkpoint

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--runs", type=Path, default=Path(".runs/transcribe"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--every", type=int, default=EVERY, help="take each so many clips")
    options = parser.parse_args()
    torch.set_num_threads(1)
    pool, net = Pool(options.runs, CONFIG, training=False), SpeechRecogniserNet(CONFIG).eval()
    for file in options.files:
        state = checkpoint.load(file)[0]["net"]
        net.load_state_dict(state)
        errors = phoneme_errors(net, pool)
        kinds = ", ".join(f"{kind} {value:.1f} %" for kind, value in sorted(errors.items()))
        wer = word_errors(state, options.shared, options.every)
        print(f"{file.name}: PER {kinds}; WER {wer:.1f} %", flush=True)


if __name__ == "__main__":
    main()
