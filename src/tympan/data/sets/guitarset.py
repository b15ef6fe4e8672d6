"""GuitarSet: `annotation/00_BN1-129-Eb_comp.jams`, and `00_BN1-129-Eb_comp_mic.wav` elsewhere.

Q. Xi et al., *GuitarSet: a dataset for guitar transcription*, ISMIR 2018. Of a performance's
recordings the microphone's is taken where there are several.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tympan.data.sets.common import Rows
from tympan.data.table import Example

NAME = "GuitarSet"
_ENDINGS = ("_mic", "_mix", "_hex_cln", "_hex", "")


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """The first JAMS file, if recordings have names that begin as theirs."""
    jams = [path for path in files if path.suffix.lower() == ".jams"]
    return jams[0] if jams else None


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """Each performance with its notes; a player is on one side of a split."""
    by_stem: dict[str, Path] = {}
    for path in audio:
        by_stem.setdefault(path.stem, path)
    examples = []
    scores = sorted(root.rglob("*.jams"))
    for score in scores:
        sound = next((by_stem[n] for e in _ENDINGS if (n := score.stem + e) in by_stem), None)
        if sound is not None:
            player = score.stem.partition("_")[0]
            examples.append(Example({"audio": sound, "midi": score}, {"source": player}))
    players = len({one.columns["source"] for one in examples})
    about = f"{len(examples)} performances with their notes (JAMS), {players} players"
    return Rows(examples, about, tables=len(scores))
