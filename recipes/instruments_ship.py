"""Put the separator of instruments into the package: weights of float16, card, scores.

python -m recipes.instruments_ship
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from recipes.instruments import CONFIG
from recipes.instruments_data import FAMILIES

NAME = "instruments"
STEMS = {"voice": "vocals", "drums": "drums", "bass": "bass"}  # all others: other
DATA: dict[str, Any] = {
    "name": "stems of ten seconds, rendered with the soundfonts FluidR3_GM and "
    "MuseScore_General_Lite: songs of POP909, chorales of Bach (their training parts), melodies, "
    "chords and beats made by rule; drum loops of Sonic Pi; mixed anew at each step",
    "licences": {
        "POP909": "MIT",
        "chorales of J. S. Bach": "public domain",
        "FluidR3, MuseScore General (soundfonts)": "MIT",
        "samples of Sonic Pi": "CC0-1.0",
    },
    "recipe": "python -m recipes.instruments",
}
ATTRIBUTION = """# What `instruments` was trained on

No audio of it is distributed.

- **POP909** (Z. Wang and others, ISMIR 2020), MIT: the notes of pop songs.
- **Chorales of J. S. Bach**, public domain.
- **FluidR3** (Frank Wen) and **MuseScore General** (S. Christian Collins and others), soundfonts,
MIT.
- Drum loops of **Sonic Pi**, CC0.
"""
KNOWN_FAILURES = (
    "It learned from rendered instruments only: real recordings, singing above all, come out far "
    "worse. Who has songs to take apart should use demucs.",
    "`voice` is choirs and synthetic leads; it never heard a singer.",
    "Families that play the same notes at once are not told apart.",
    "Both channels get one mask: what lies left is not told from what lies right.",
)


def ship(training: Path, out: Path) -> None:
    """Write the folder."""
    import torch

    from recipes.mask_training import final_state
    from tympan.models import Card, load_model, save_model
    from tympan.tasks.separate.config import SeparateConfig

    state = {f"net.{name}": value for name, value in final_state(training).items()}
    spent_s = torch.load(training / "state.pt", weights_only=True)["spent_s"]
    own = ("n_fft", "hop", "bands", "stages", "blocks", "hidden", "squeeze")
    options = json.loads(json.dumps({name: getattr(CONFIG, name) for name in own}))
    config = SeparateConfig(
        net="each", net_options=options, rate_hz=44_100, channels=2, window_s=6.0, overlap_s=1.0,
        permute=False, crop_s=3.0, stems=STEMS,
    )  # fmt: skip
    card = Card(
        name=NAME, task="separate", labels=list(FAMILIES), config=config.to_dict(), version="0.1",
        licence="MIT", attribution="ATTRIBUTION.md",
        description="Families of instruments out of a mix: voice, strings, winds, brass, piano, "
        "guitar, bass, drums.",
        data={**DATA, "training": f"{spent_s / 60:.0f} minutes of a part of one busy core"},
        parameters=sum(one.numel() for one in state.values()),
        known_failures=list(KNOWN_FAILURES),
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(out, state, card, half=True)
    loaded = load_model(out)
    print(loaded.card.parameters, "parameters,", loaded.card.weights["bytes"], "bytes")


def score(out: Path) -> None:
    """Write what `benchmarks/instruments.py` measures into the card."""
    from benchmarks.instruments import MIXES, measure

    from tympan.models import load_model, save_model

    loaded = load_model(out)
    _, _, figures = measure(MIXES)
    scores = [{
        "name": "sdr", "value": figures["sdr_rendered"], "unit": "dB", "higher_is_better": True,
        "interval": None,
    }]  # fmt: skip
    metrics = {"scores": scores, "count": MIXES, "figures": figures,
               "counted": "mixes rendered with a soundfont that was not trained on"}  # fmt: skip
    save_model(out, loaded.state, replace(loaded.card, metrics=metrics), half=True)


def main() -> None:
    """Ship."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--training", type=Path, default=Path(".runs/instruments/train"))
    parser.add_argument("--out", type=Path, default=Path("src/tympan/models/weights") / NAME)
    parser.add_argument("--no-score", action="store_true", help="leave out the benchmark")
    options = parser.parse_args()
    ship(options.training, options.out)
    if not options.no_score:
        score(options.out)


if __name__ == "__main__":
    main()
