"""Digits, and other words, said by flite: more voices than six people have.

Needs flite (Debian: `flite`; a licence like BSD's). What is there is not made again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tympan.data.table import Example
from tympan.tasks.transcribe.command_net import NONE

EACH, OTHERS = 80, 1200
VOICES = ("slt", "rms", "awb", "kal16")
SEED = 2


def made(words: tuple[str, ...], out: Path) -> list[Example]:
    """Each word `EACH` times, and `OTHERS` times one to three other words."""
    from recipes.transcribe_speech import flite_voice
    from tympan.audio import Clip
    from tympan.tasks.transcribe.own_words import other_words

    rng = np.random.default_rng(SEED)
    texts = [(word, word) for word in words for _ in range(EACH)]
    texts += [(NONE, text) for text in other_words(words, OTHERS, rng)]
    found = []
    for number, (label, text) in enumerate(texts):
        voice = VOICES[number % len(VOICES)]
        path = out / label / f"{number:05d}-{voice}.flac"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            wave, _, _, _ = flite_voice(voice)(text, np.random.default_rng([SEED, number]))
            Clip(wave[None], 16_000).save(path)
        columns = {"label": label, "split": "train", "speaker": voice}
        found.append(Example({"audio": path}, columns))
    return found
