"""Recordings of the voice `am_puck` of Kokoro-82M for `benchmarks/_own_voice.py`.

    python -m benchmarks._own_voice_data lines data.noun data.verb data.adj data.adv
    python recipes/kokoro_teacher.py .runs/speech/puck/lines.jsonl \\
        --voices .runs/speech/dl/package/voices --out .runs/speech/puck/teacher
    python -m benchmarks._own_voice_data link

The files named are those of the Debian package `wordnet-base`, whose examples are spoken after the
sentences of `benchmarks/sentences.txt`. *link* puts the recordings where their timing, which the
teacher has written beside them, is not: a user has none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.speak import RUNS

FOLDER = RUNS / "puck"
SEED, COUNT = 0, 700
SHORTEST, LONGEST = 5, 18


def write_lines(files: Sequence[Path]) -> None:
    """What the teacher is to say: the test sentences, then what is trained on."""
    from recipes.speak_texts import from_wordnet

    from tympan.tasks.speak.examples import phonemes_of

    own = Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").splitlines()
    found = sorted({one for one in from_wordnet(files) if SHORTEST <= len(one.split()) <= LONGEST})
    drawn = np.random.default_rng(SEED).permutation(len(found))[:COUNT]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lines.jsonl").open("w", encoding="utf-8") as file:
        for i, text in enumerate([*own, *(found[k] for k in drawn)]):
            row = {"id": i, "text": text, "phonemes": phonemes_of(text, "en"), "speaker": "puck"}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def link() -> None:
    """Show the recordings in a folder without their timing."""
    folder = FOLDER / "recordings"
    folder.mkdir(exist_ok=True)
    for path in sorted((FOLDER / "teacher" / "puck").glob("*.flac")):
        beside = folder / path.name
        if not beside.exists():
            beside.hardlink_to(path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["link"]:
        link()
    else:
        write_lines([Path(one) for one in sys.argv[2:]])
