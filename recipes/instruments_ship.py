"""Put the separator of instruments into the package: weights of float16, card, scores.

python -m recipes.instruments_ship
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recipes.instruments import CONFIG
from recipes.instruments_data import FAMILIES
from recipes.mask_ship import Shipped, main, options_of
from tympan.tasks.separate.config import SeparateConfig

STEMS = {"voice": "vocals", "drums": "drums", "bass": "bass"}  # all others: other
DATA: dict[str, Any] = {
    "name": "stems of ten seconds, rendered with the soundfonts FluidR3_GM and MuseScore_General: "
    "songs of POP909, chorales of Bach (their training parts), melodies, chords and beats made by "
    "rule; drum loops of Sonic Pi; 80 readers of LibriSpeech train-clean; mixed anew at each step",
    "licences": {
        "POP909": "MIT",
        "chorales of J. S. Bach": "public domain",
        "FluidR3, MuseScore General (soundfonts)": "MIT",
        "samples of Sonic Pi": "CC0-1.0",
        "LibriSpeech": "CC-BY-4.0",
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
- **LibriSpeech** (V. Panayotov and others, ICASSP 2015), CC-BY-4.0: readers, as voices.
"""
KNOWN_FAILURES = (
    "It learned from rendered instruments only: real recordings, singing above all, come out far "
    "worse. Who has songs to take apart should use demucs.",
    "`voice` is choirs, synthetic leads and readers; no singer was in the training.",
    "Families that play the same notes at once are not told apart, and of those that share a range "
    "(voice, winds, brass, strings, piano) each gets only a part: 0.5 to 1.2 dB, where silence has "
    "0. Bass and drums come out.",
    "Both channels get one mask: what lies left is not told from what lies right.",
)
SETTINGS = SeparateConfig(
    net="unet", net_options=options_of(CONFIG, "shares"), rate_hz=44_100, channels=2, window_s=6.0,
    overlap_s=1.0, permute=False, crop_s=3.0, stems=STEMS,
)  # fmt: skip


def score() -> dict[str, Any]:
    """What `benchmarks/instruments.py` measures."""
    from benchmarks.instruments import MIXES, measure

    _, _, figures = measure(MIXES)
    ends = [figures.pop(f"sdr_rendered_{one}") for one in ("low", "high")]
    scores = [{
        "name": "sdr", "value": figures["sdr_rendered"], "unit": "dB", "higher_is_better": True,
        "interval": ends,
    }, {
        "name": "sdr_of_the_mix", "value": figures["sdr_rendered_mix"], "unit": "dB",
        "higher_is_better": True, "interval": None,
    }]  # fmt: skip
    counted = "mixes rendered with a soundfont that was not trained on"
    return {"scores": scores, "count": MIXES, "figures": figures, "counted": counted}


SHIPPED = Shipped(
    name="instruments", labels=tuple(FAMILIES), licence="MIT", data=DATA,
    description="Families of instruments out of a mix: voice, strings, winds, brass, piano, "
    "guitar, bass, drums.",
    attribution=ATTRIBUTION, known_failures=KNOWN_FAILURES, config=SETTINGS,
    prefix=("", ""), score=score, version="0.2", share="two cores",
)  # fmt: skip

if __name__ == "__main__":
    main(SHIPPED, Path(".runs/instruments/train"))
