"""Make the page on which composed music can be heard: python docs/make_music.py

It writes `docs/music.md` and the sounds beside it (`docs/_static/music/*.opus`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tympan
from tympan.notation import Piece, PiecePart, TickNote
from tympan.tasks.results import Composition

DOCS = Path(__file__).parent
SOUNDS = DOCS / "_static" / "music"
BARS = 6
KEYS = ("C major", "G major", "D minor", "A minor", "F major", "E minor", "Bb major", "D major")
# "Twinkle, twinkle, little star", a French air of the 18th century.
AIR = (60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60)
HEAD = """# Hear the music

Eight chorales that the model `chorale` composed, seeds 0 to 7 in as many keys, none left out
and nothing mended; the same model with three voices of its own under an old tune; and the first
of them played by other instruments. All sound comes from tympan's own
[synthesizer](verbs/compose.md). How it compares with Bach stands in [the
benchmark](benchmarks/compose.md).
Written by `python docs/make_music.py`.

| | what | |
|---|---|---|
"""


def row(number: int, what: str, piece: Composition) -> str:
    """Write a sound; its row of the table."""
    SOUNDS.mkdir(parents=True, exist_ok=True)
    name = f"{number:02}.opus"
    piece.clip().resample(24_000).save(SOUNDS / name)
    player = f'<audio controls preload="none" src="_static/music/{name}"></audio>'
    return f"| {number} | {what} | {player} |"


def air() -> Piece:
    """The tune, moved into the range of a soprano."""
    notes, at = [], 0
    for i, pitch in enumerate(AIR):
        length = 960 if i in (6, 13) else 480
        notes.append(TickNote(at, length, pitch + 7))
        at += length
    return Piece((PiecePart(tuple(notes), name="soprano"),), tempi=((0, 600_000),))


def played(piece: Composition, program: int) -> Composition:
    """The same notes on another instrument."""
    parts = tuple(replace(part, program=program) for part in piece.piece.parts)
    return replace(piece, piece=replace(piece.piece, parts=parts))


def main() -> None:
    """Write sounds and page."""
    rows = []
    for seed, key in enumerate(KEYS):
        piece = tympan.compose(seed=seed, key=key, bars=BARS)
        what = (
            f"{key}, seed {seed}; longest stretch in a training piece: {piece.copied_steps} steps"
        )
        rows.append(row(seed + 1, what, piece))
    harmony = tympan.compose(harmonize=air(), title="An old air")
    rows.append(row(9, "an old tune, and three voices to it", harmony))
    first = tympan.compose(seed=0, key=KEYS[0], bars=BARS)
    rows.append(row(10, "the first one, on plucked strings", played(first, 24)))
    (DOCS / "music.md").write_text(HEAD + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
