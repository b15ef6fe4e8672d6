"""Put the separator of two voices into the package: weights of float16, card, scores.

python -m recipes.two_voices_ship
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from recipes.two_voices import CONFIG

NAME = "two-voices"
LABELS = ["voice 1", "voice 2"]
DATA: dict[str, Any] = {
    "name": "LibriSpeech train-clean (230 of 251 speakers, 12.5 s each; the others are for the "
    "validation), Kerstin (120 sentences); mixed anew at each step",
    "licences": {"LibriSpeech": "CC-BY-4.0", "Kerstin": "CC0-1.0"},
    "recipe": "python -m recipes.two_voices",
}
ATTRIBUTION = """# What `two-voices` was trained on

No audio of it is distributed.

- **LibriSpeech** (V. Panayotov, G. Chen, D. Povey, S. Khudanpur, 2015), CC BY 4.0: clips of
  *train-clean*, read by volunteers of LibriVox.
- **Kerstin**, read by Kerstin, CC0.
"""
KNOWN_FAILURES = (
    "Two voices of one sex, and of near pitch, are often mixed up within a sentence.",
    "More than two voices: two of them come out together.",
    "Noise and music were hardly trained on: clean with `voice` first.",
    "It was trained on read English (and one German voice); shouts, whispers, singing and children "
    "were not trained on.",
    "It needs to hear a stretch to its end (6 s): no streams with short delay.",
)


def ship(training: Path, out: Path) -> None:
    """Write the folder."""
    import torch

    from recipes.mask_training import final_state
    from tympan.models import Card, load_model, save_model
    from tympan.tasks.separate.config import SeparateConfig

    found = final_state(training)
    state = {k.removeprefix("net."): v for k, v in found.items() if k.startswith("net.")}
    seconds = torch.load(training / "state.pt", weights_only=True)["spent_s"]
    own = ("n_fft", "hop", "bands", "stages", "blocks", "hidden", "squeeze", "condition")
    options = json.loads(json.dumps({name: getattr(CONFIG, name) for name in own}))
    config = SeparateConfig(
        net="unet", net_options=options, rate_hz=16000, channels=1,
        window_s=6.0, overlap_s=1.0, permute=True, crop_s=3.0,
    )  # fmt: skip
    card = Card(
        name=NAME, task="separate", labels=LABELS, config=config.to_dict(), version="0.1",
        licence="CC-BY-4.0", attribution="ATTRIBUTION.md",
        description="Two people who speak at once, each in a file; or one whom a voice book knows.",
        data={**DATA, "training": f"{seconds / 60:.0f} minutes of a part of one busy core"},
        parameters=sum(one.numel() for one in state.values()),
        known_failures=list(KNOWN_FAILURES),
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(out, state, card, half=True)
    loaded = load_model(out)
    print(loaded.card.parameters, "parameters,", loaded.card.weights["bytes"], "bytes")


def score(out: Path) -> None:
    """Write what `benchmarks/two_voices.py` measures into the card."""
    from benchmarks.two_voices import MIXTURES, measure

    from tympan.models import load_model, save_model

    loaded = load_model(out)
    _, _, figures = measure(MIXTURES, 60.0)
    ends = [figures.pop(f"si_sdr_improvement_{one}") for one in ("low", "high")]
    scores = [{
        "name": "si_sdr_improvement", "value": figures["si_sdr_improvement"], "unit": "dB",
        "higher_is_better": True, "interval": ends,
    }]  # fmt: skip
    metrics = {"scores": scores, "count": MIXTURES, "figures": figures,
               "counted": "mixtures of 10 speakers of LibriSpeech test-other"}  # fmt: skip
    save_model(out, loaded.state, replace(loaded.card, metrics=metrics), half=True)


def main() -> None:
    """Ship."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--training", type=Path, default=Path(".runs/two-voices/train"))
    parser.add_argument("--out", type=Path, default=Path("src/tympan/models/weights") / NAME)
    parser.add_argument("--no-score", action="store_true", help="leave out the benchmark")
    options = parser.parse_args()
    ship(options.training, options.out)
    if not options.no_score:
        score(options.out)


if __name__ == "__main__":
    main()
