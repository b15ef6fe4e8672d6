"""Make the composers `folk` and `pop`: recipes of models that are not distributed.

    python -m recipes.compose_tunes folk             # Nottingham's tunes, melody and chords
    python -m recipes.compose_tunes pop              # POP909: melody, bridge and piano
    python -m recipes.compose_tunes folk --epochs 2 --pieces 200 --tested 20    # a short one

Nottingham's transcriptions are stated GPL-3 and POP909 (MIT) holds commercial songs: so the weights
stay with whoever trains them. `tympan compose --model .runs/compose/folk-0` plays with them.

*Split.* Of folk tunes those whose first 24 melody notes are the same, at whatever pitch, are one
tune; in the order of their names every tenth tune is for the test and the one after it for
validation. Of pop songs (by their numbers) those that end in 0 are for the test, those that end in
5 for validation.

*Score.* A piece on the grid that the training part chose (`tympan.tasks.compose.scores.fitted`):
each step is a set of notes, each either struck or held, drawn from the lowest up to the end of the
step; the probabilities of all such sets sum to 1. *Nats per step*: the negative log likelihood of
all test pieces, from their first step on, divided by their steps; *nats per note*: the same
divided by the notes struck in them. What is above the number of places, or off the grid, is left
out or moved beforehand, in the same way for all. Neither key nor length is told: a piece is scored
in twelve keys, and the mean of their probabilities taken.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tympan.notation import Piece, read_midi

ANSWERS = Path(__file__).parent / "answers"
ARCHIVES = {"folk": "nottingham-midi.tar.xz", "pop": "pop909-midi.tar.xz"}
SAME_NOTES = 24


def scores_of(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each score of an archive, in the order of their names."""
    with tarfile.open(archive) as tar:
        members = {Path(one.name).stem: one for one in tar if one.name.endswith(".mid")}
        for name in sorted(members, key=natural):
            handle = tar.extractfile(members[name])
            if handle is not None and "-v" not in name:  # POP909 has earlier versions too
                yield name, handle.read()


def natural(name: str) -> list[tuple[int, str]]:
    """Numbers in a name count as numbers.

    >>> sorted(["jigs10", "jigs9"], key=natural)
    ['jigs9', 'jigs10']
    """
    return [(int(one or -1), text) for one, text in re.findall(r"(\d+)|(\D+)", name)]


def tune_of(piece: Piece) -> tuple[int, ...]:
    """Steps between the first melody notes: the same for the same tune at another pitch."""
    parts = [part.notes for part in piece.parts if part.notes and not part.drums]
    pitches = [note.pitch for note in sorted(parts[0])[:SAME_NOTES]] if parts else []
    return tuple(int(one) for one in np.diff(pitches))


def folk_splits(tunes: Sequence[tuple[int, ...]]) -> list[str]:
    """The part of each, in the order of the names; a tune is in one part only.

    >>> folk_splits([(1,), (2,), (1,), (3,)])
    ['test', 'val', 'test', 'train']
    """
    order = {tune: i for i, tune in enumerate(dict.fromkeys(tunes))}
    return [{0: "test", 1: "val"}.get(order[one] % 10, "train") for one in tunes]


def pop_splits(names: Sequence[str]) -> list[str]:
    """The part of each song, by its number.

    >>> pop_splits(["010", "015", "016"])
    ['test', 'val', 'train']
    """
    return [{0: "test", 5: "val"}.get(int(name) % 10, "train") for name in names]


def unpack(name: str, shared: Path, folder: Path, most: int, tested: int) -> None:
    """Write the scores and `metadata.csv` with their parts.

    Args:
        name: `folk` or `pop`.
        shared: where the archives are, in `symbolic`.
        folder: to write to.
        most: so many of the training part; 0: all.
        tested: so many of each of the others; 0: all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = list(scores_of(shared / "symbolic" / ARCHIVES[name]))
    names = [one for one, _ in found]
    if name == "folk":
        splits = folk_splits([tune_of(read_midi(data)) for _, data in found])
    else:
        splits = pop_splits(names)
    rows = []
    for part, count in (("train", most), ("val", tested), ("test", tested)):
        own = [i for i, one in enumerate(splits) if one == part]
        if count:  # evenly over the list, as names go by dance
            own = [own[i] for i in np.linspace(0, len(own) - 1, min(count, len(own))).astype(int)]
        for i in own:
            (folder / f"{names[i]}.mid").write_bytes(found[i][1])
            rows.append((f"{names[i]}.mid", part))
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file_name", "split"), *sorted(rows)])


def train(folder: Path, out: Path, epochs: int | None, seed: int) -> None:
    """Train with the verb that users have."""
    from tympan.tasks.training import train as train_on

    result = train_on(
        folder, task="compose", from_="scratch", out=out, epochs=epochs, seed=seed, progress=False,
        say=print,
    )  # fmt: skip
    print(result.evaluation)


def score(folder: Path, model: Path) -> np.ndarray:
    """Nats, steps and struck notes of each test piece, `(m, 3)`."""
    from tympan.data import read_folder
    from tympan.models import load_model
    from tympan.tasks.compose.evaluation import piece_nats
    from tympan.tasks.compose.grid import steps_of
    from tympan.tasks.compose.scores import pieces_of
    from tympan.tasks.compose.task import TASK

    composer = TASK.load(load_model(model))
    table = read_folder(folder).where("split", "test")
    steps = [steps_of(one, composer.config) for one in pieces_of(table)]
    struck = [int(((one > 0) & (one <= composer.config.pitches)).sum()) for one in steps]
    return np.column_stack([piece_nats(composer.net, steps, composer.config), struck])


def count_of(folder: Path, part: str) -> int:
    """How many scores a part has."""
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as file:
        return sum(row["split"] == part for row in csv.DictReader(file))


def main() -> None:
    """Unpack, train, score."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", choices=sorted(ARCHIVES))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/compose"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--pieces", type=int, default=0, help="of the training part; else all")
    parser.add_argument("--tested", type=int, default=0, help="of the test part; else all")
    options = parser.parse_args()
    folder = options.runs / f"{options.name}-scores"
    out = options.runs / f"{options.name}-{options.seed}"
    if not (out / "model.safetensors").exists():  # else it is scored only
        unpack(options.name, options.shared, folder, options.pieces, options.tested)
        train(folder, out, options.epochs, options.seed)
    found = score(folder, out)
    nats, steps, notes = found.sum(0)
    print(f"{nats / steps:.3f} nats a step, {nats / notes:.3f} a note, {len(found)} pieces")
    ANSWERS.mkdir(exist_ok=True)
    kept = ANSWERS / f"compose-{options.name}-{options.seed}.npz"
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    epochs = sum(one["epochs"] for one in card["data"]["training"])
    np.savez_compressed(kept, test=found, epochs=epochs, pieces=count_of(folder, "train"))


if __name__ == "__main__":
    main()
