"""What plays in the real recordings that `music-tags` is tested on.

`real_music`: stems and mix of a jazz trio (JTD, 5 s), close microphones of an orchestra (PHENICX,
1 s each), an unaccompanied singer (vocadito, 33 s), and the drums of BabySlakh (2 s), which are
rendered, but with another, much larger instrument: the other stems are silent in this excerpt, and
its mix is the drums again, so neither counts. `philharmonia`: single notes of orchestral
instruments. Only instruments, and `solo`, are known of them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.render import DRUMS, FAMILIES
from tympan.audio import load

INSTRUMENTS = (*FAMILIES, DRUMS)
_PHILHARMONIA = {
    "bass-clarinet": "reeds", "bassoon": "reeds", "cello": "strings", "clarinet": "reeds",
    "contrabassoon": "reeds", "double-bass": "strings", "english-horn": "reeds", "flute": "flutes",
    "french-horn": "brass", "oboe": "reeds", "saxophone": "reeds", "trombone": "brass",
}  # fmt: skip
_PHENICX = {
    "bassoon": "reeds", "cello": "strings", "clarinet": "reeds", "doublebass": "strings",
    "flute": "flutes", "horn": "brass", "oboe": "reeds", "trumpet": "brass", "viola": "strings",
    "violin": "strings",
}  # fmt: skip
NOTES_EACH = 10  # of each instrument of philharmonia
QUIET = 1e-3  # root mean square below which a stem pauses


@dataclass(frozen=True)
class Recording:
    """A recording and the instruments in it.

    Attributes:
        path: the file.
        group: where it is from.
        tags: families of its instruments, and `solo` where there is one.
    """

    path: Path
    group: str
    tags: frozenset[str]


def philharmonia(data: Path, each: int = NOTES_EACH) -> list[Recording]:
    """So many notes of each instrument, evenly over the list."""
    folder = data / "philharmonia"
    by_label: dict[str, list[str]] = {}
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_label.setdefault(row["label"], []).append(row["file_name"])
    found = []
    for label, names in sorted(by_label.items()):
        chosen = [
            names[i] for i in np.linspace(0, len(names) - 1, min(each, len(names))).astype(int)
        ]
        tags = frozenset((_PHILHARMONIA[label], "solo"))
        found += [Recording(folder / name, "philharmonia", tags) for name in chosen]
    return found


def real_music(data: Path) -> list[Recording]:
    """Those whose instruments are known, without stems that pause."""
    folder = data / "real_music"
    found = [Recording(folder / "vocadito" / "vocadito_1.opus", "vocadito", frozenset({"solo"}))]
    for path in sorted((folder / "jtd").glob("*.opus")):
        role = path.stem.rsplit("_", 1)[-1]
        roles = {role, "solo"} if role in INSTRUMENTS else {"piano", "bass", DRUMS}
        found.append(Recording(path, "jazz trio", frozenset(roles)))
    for path in sorted((folder / "phenicx").glob("*.opus")):
        tags = frozenset((_PHENICX[path.stem.rstrip("0123456789")], "solo"))
        found.append(Recording(path, "orchestra", tags))
    drums = frozenset((DRUMS, "solo"))
    found.append(Recording(folder / "babyslakh" / "S00.opus", "BabySlakh", drums))
    return [one for one in found if load(one.path, mono=True).rms > QUIET]


def truth_of(recordings: list[Recording], labels: tuple[str, ...]) -> np.ndarray:
    """Which labels apply, `(m, k)`."""
    return np.array([[label in one.tags for label in labels] for one in recordings], int)
