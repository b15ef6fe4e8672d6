"""Put the separator of two voices into the package: weights of float16, card, scores.

python -m recipes.two_voices_ship
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recipes.mask_ship import Shipped, main, options_of
from recipes.two_voices import CONFIG
from tympan.tasks.separate.config import SeparateConfig

DATA: dict[str, Any] = {
    "name": "LibriSpeech train-clean (230 of 251 speakers, 12.5 s each; the others are for the "
    "validation), Kerstin (120 sentences), 619 commands by more than fifty people, 570 sentences "
    "by voices of Kokoro and mixtures of them; mixed anew at each step",
    "licences": {
        "LibriSpeech": "CC-BY-4.0",
        "Kerstin": "CC0-1.0",
        "speech-to-intent benchmark (Picovoice)": "Apache-2.0",
        "Kokoro-82M and its voices (what they speak)": "Apache-2.0",
    },
    "recipe": "python -m recipes.two_voices",
}
ATTRIBUTION = """# What `two-voices` was trained on

No audio of it is distributed.

- **LibriSpeech** (V. Panayotov, G. Chen, D. Povey, S. Khudanpur, 2015), CC BY 4.0: clips of
  *train-clean*, read by volunteers of LibriVox.
- **Kerstin**, read by Kerstin, CC0.
- **Speech-to-intent benchmark** (Picovoice), Apache-2.0: spoken orders of coffee.
- **Kokoro-82M** (hexgrad), Apache-2.0: sentences that its voices spoke.
"""
KNOWN_FAILURES = (
    "Two voices of one sex, and of near pitch, are often mixed up within a sentence.",
    "More than two voices: two of them come out together.",
    "Noise and music were hardly trained on: clean with `voice` first.",
    "It was trained on read English (and one German voice); shouts, whispers, singing and children "
    "were not trained on.",
    "It needs to hear a stretch to its end (6 s): no streams with short delay.",
)
SETTINGS = SeparateConfig(
    net="unet", net_options=options_of(CONFIG, "condition"), rate_hz=16000, channels=1,
    window_s=6.0, overlap_s=1.0, permute=True, crop_s=3.0,
)  # fmt: skip


def score() -> dict[str, Any]:
    """What `benchmarks/two_voices.py` measures."""
    from benchmarks.two_voices import MIXTURES, measure

    _, _, figures = measure(MIXTURES, 60.0)
    ends = [figures.pop(f"si_sdr_improvement_{one}") for one in ("low", "high")]
    scores = [{
        "name": "si_sdr_improvement", "value": figures["si_sdr_improvement"], "unit": "dB",
        "higher_is_better": True, "interval": ends,
    }]  # fmt: skip
    counted = "mixtures of 10 speakers of LibriSpeech test-other"
    return {"scores": scores, "count": MIXTURES, "figures": figures, "counted": counted}


SHIPPED = Shipped(
    name="two-voices", labels=("voice 1", "voice 2"), licence="CC-BY-4.0", data=DATA,
    description="Two people who speak at once, each in a file; or one whom a voice book knows.",
    attribution=ATTRIBUTION, known_failures=KNOWN_FAILURES, config=SETTINGS,
    prefix=("net.", ""), score=score, version="0.4",
    share="most of a core, after 130 of a smaller net",
)  # fmt: skip

if __name__ == "__main__":
    main(SHIPPED, Path(".runs/two-voices/v4"))
