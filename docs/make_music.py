"""Make the page on which composed music can be heard: python docs/make_music.py

It writes `docs/music.md` and the sounds beside it (`docs/_static/music/*.opus`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tympan
from tympan.notation import Piece, PiecePart, TickNote
from tympan.tasks.notes.metrics import note_counts
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
HEARD = """
## And heard again

Three of them, played and given to the model [`notes`](verbs/notes.md) as sound alone; what it
heard, played by the same synthesizer on a piano. Right: how many of the composed notes were found
at their time (within 50 ms), and how many of those found are right.

| what | as composed | as heard |
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


def heard(number: int, what: str, piece: Composition) -> str:
    """Write what is heard of a piece; its row of the table, with the sound of the piece itself."""
    answer = tympan.notes(piece.clip())
    right, true, found = (int(one) for one in note_counts(piece.notes, answer.notes))
    players = []
    for name, clip in ((f"{number:02}-played", piece.clip()), (f"{number:02}", answer.clip())):
        clip.resample(24_000).save(SOUNDS / f"{name}.opus")
        source = f"_static/music/{name}.opus"
        players.append(f'<audio controls preload="none" src="{source}"></audio>')
    return f"| {what}; right {right} of {true}, and of {found} found | {' | '.join(players)} |"


def main() -> None:
    """Write sounds and page."""
    rows, pieces = [], []
    for seed, key in enumerate(KEYS):
        piece = tympan.compose(seed=seed, key=key, bars=BARS)
        what = (
            f"{key}, seed {seed}; longest stretch in a training piece: {piece.copied_steps} steps"
        )
        rows.append(row(seed + 1, what, piece))
        pieces.append(piece)
    harmony = tympan.compose(harmonize=air(), title="An old air")
    rows.append(row(9, "an old tune, and three voices to it", harmony))
    rows.append(row(10, "the first one, on plucked strings", played(pieces[0], 24)))
    again = [
        heard(11, "the first one, on the piano", played(pieces[0], 0)),
        heard(12, "the second one, on the organ", pieces[1]),
        heard(13, "the old tune, on strings", played(harmony, 48)),
    ]
    (DOCS / "music.md").write_text(HEAD + "\n".join(rows) + "\n" + HEARD + "\n".join(again) + "\n")


if __name__ == "__main__":
    main()
