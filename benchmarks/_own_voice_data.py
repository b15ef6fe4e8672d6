"""Recordings of the telephone prompts that `benchmarks/own_voice.py` trains on.

    apt-get download asterisk-core-sounds-en asterisk-core-sounds-en-g722
    for one in *.deb; do dpkg -x $one prompts; done
    python -m benchmarks._own_voice_data prompts

Allison Smith reads what telephone exchanges say, at 16 kHz (CC BY-SA 3.0, Debian); used for this
measurement only.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.speak import RUNS

FOLDER = RUNS / "prompts"
RATE_HZ = 16_000
# Prompts of this length: shorter ones are single words, longer ones whole menus.
SHORTEST_S, LONGEST_S = 1.2, 15.0
# What is no speech, or is not read as it is written.
OTHER = re.compile(r"[\[\]()<>*#;@/\"]|silence")


def prompts(package: Path) -> Iterator[tuple[Path, str]]:
    """Files and texts, in the order of the list."""
    (names,) = package.rglob("core-sounds-en.txt.gz")
    files = {one.stem: one for one in package.rglob("*.g722")}
    for line in gzip.decompress(names.read_bytes()).decode("utf-8", "replace").splitlines():
        name, _, text = line.partition(": ")
        if text and not OTHER.search(line) and name in files:
            yield files[name], text.strip()


def decoded(path: Path) -> np.ndarray:
    """Samples `(t,)` at 16 kHz."""
    import av

    with av.open(str(path), format="g722") as file:
        parts = [frame.to_ndarray() for frame in file.decode(audio=0)]
    wave: np.ndarray = np.concatenate(parts, axis=1)[0].astype(np.float32) / 32768
    return wave


def main(package: Path) -> None:
    """Write them, with their texts."""
    import soundfile

    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = []
    for path, text in prompts(package):
        wave = decoded(path)
        if SHORTEST_S <= len(wave) / RATE_HZ <= LONGEST_S:
            rows.append({"file_name": f"{path.stem}.flac", "text": text})
            soundfile.write(FOLDER / rows[-1]["file_name"], wave, RATE_HZ)
    with (FOLDER / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["file_name", "text"])
        writer.writeheader()
        writer.writerows(rows)
    print(len(rows), "recordings in", FOLDER)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
