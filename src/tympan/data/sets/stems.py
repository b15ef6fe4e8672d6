"""Mixtures beside their sources: MUSDB18-HQ, LibriMix, and pairs as of the DNS challenge.

- MUSDB18-HQ (Rafii et al., 2019): `train/SONG/mixture.wav` beside `vocals.wav`, `drums.wav` …; any
  folders of songs that are so are read, such as Slakh or Moises stems.
- LibriMix (Cosentino et al., 2020): `train-100/mix_clean/A.wav` beside `s1/A.wav`, `s2/A.wav`,
  `noise/A.wav`; of several mixtures the one of all sources.
- DNS challenge (Reddy et al., 2020), tests and synthesised pairs: `noisy/…fileid_7.wav`,
  `clean/…fileid_7.wav`, `noise/…fileid_7.wav`. Its isolated `clean` and `noise` are two labels and
  no pairs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tympan.data._formats import SPLIT_NAMES
from tympan.data._walk import is_audio
from tympan.data.sets.common import Rows
from tympan.data.table import Example

NAME = "mixtures beside their sources"
MIX_FOLDERS = ("mix_both", "mix_clean", "mix_single", "mix", "mixture", "noisy")
# Which sources are in which mixture of LibriMix.
WITHOUT = {"mix_clean": ("noise",), "mix_single": ("s2", "s3")}
OTHER_NAMES = {"clean": "voice", "clean_fullband": "voice", "noise_fullband": "noise"}
_FILE_ID = re.compile(r"fileid_\d+")


def find(root: Path, files: Sequence[Path]) -> Path | None:
    """The folder, if in it lie mixtures and sources."""
    audio = [path for path in files if is_audio(path)]
    if not audio or any(path.name.startswith("metadata.") for path in files):
        return None
    # Stems with a score beside each are recordings and their notes.
    scores = {path.with_suffix("") for path in files if path.suffix.lower() in (".mid", ".midi")}
    if sum(path.with_suffix("") in scores for path in audio) > len(audio) // 2:
        return None
    return root if _songs(audio) or _pairs(root, audio) else None


def read(root: Path, mark: Path, audio: Sequence[Path]) -> Rows:
    """The mixtures, each with its sources."""
    songs = _songs(audio)
    found = songs or _pairs(root, audio)
    examples = []
    for place, roles in found.items():
        parts = place.relative_to(root).parts
        split = next((SPLIT_NAMES[p.lower()] for p in parts if p.lower() in SPLIT_NAMES), None)
        split = split or next((_split(p) for p in parts if _split(p)), None)
        columns = {"source": place.stem if songs else place.name}
        examples.append(Example(roles, {**columns, "split": split} if split else columns))
    if not all("split" in one.columns for one in examples):
        examples = [
            Example(e.files, {k: v for k, v in e.columns.items() if k != "split"}) for e in examples
        ]
    names = sorted({role for one in examples for role in one.files} - {"mixture"})
    return Rows(examples, f"{len(examples)} mixtures of {', '.join(names)}")


def _split(name: str) -> str:
    """The split that a folder's name begins with, such as `train-100`.

    >>> _split("train-100"), _split("s1")
    ('train', '')
    """
    first = re.split(r"[-_\d]", name.lower())[0]
    return SPLIT_NAMES.get(first, "")


def _songs(audio: Sequence[Path]) -> dict[Path, Mapping[str, Path]]:
    """Folders that hold a mixture and sources, and nothing else: folder → role → file."""
    folders: dict[Path, dict[str, Path]] = {}
    for path in audio:
        folders.setdefault(path.parent, {})[path.stem.lower()] = path
    found: dict[Path, Mapping[str, Path]] = {}
    for folder, named in sorted(folders.items()):
        if ("mixture" not in named and "mix" not in named) or len(named) < 2:
            return {}
        mixture = named.pop("mixture", None) or named.pop("mix")
        found[folder] = {"mixture": mixture, **dict(sorted(named.items()))}
    return found


def _pairs(root: Path, audio: Sequence[Path]) -> dict[Path, Mapping[str, Path]]:
    """Files of one name, or of one number, in a folder of mixtures and folders of sources."""
    sets: dict[Path, dict[str, dict[str, Path]]] = {}
    for path in audio:
        place = path.parent
        if place == root:
            return {}
        numbered = _FILE_ID.search(path.stem)
        name = numbered[0] if numbered else path.stem
        sets.setdefault(place.parent, {}).setdefault(place.name, {})[name] = path
    found: dict[Path, Mapping[str, Path]] = {}
    for place, folders in sorted(sets.items()):
        mix = next((name for name in MIX_FOLDERS if name in folders), None)
        if mix is None:
            return {}
        sources = [
            name
            for name in sorted(folders)
            if not name.startswith("mix") and name != "noisy" and name not in WITHOUT.get(mix, ())
        ]
        for name, mixture in sorted(folders[mix].items()):
            roles = {
                OTHER_NAMES.get(one, one): folders[one][name]
                for one in sources
                if name in folders[one]
            }
            if not roles:
                return {}
            found[place / name] = {"mixture": mixture, **roles}
    return found
