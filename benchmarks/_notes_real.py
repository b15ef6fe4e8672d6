"""Recordings whose notes are known, for `benchmarks.notes`, and what was heard in them."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._notes_songs import percent
from benchmarks.common import DATA

Found = dict[str, list[Any]]


def jazz_piano() -> Path:
    """The piano of the jazz trio."""
    return next((DATA / "real_music" / "jtd").glob("*_piano.opus"))


def vocadito() -> tuple[Path, list[list[Any]]]:
    """The singer, and the notes of both annotators."""
    from tympan.notation import Note

    folder, versions = DATA / "real_music" / "vocadito", []
    for who in ("A1", "A2"):
        with open(folder / f"vocadito_1_notes{who}.csv", encoding="utf-8") as file:
            rows = [[float(cell) for cell in row] for row in csv.reader(file)]
        versions.append(
            [Note(s, s + d, round(69 + 12 * np.log2(hz / 440)), 80) for s, hz, d in rows]
        )
    return folder / "vocadito_1.opus", versions


def single_notes(each: int) -> list[tuple[Path, int, str]]:
    """File, pitch and instrument of so many notes of each instrument of philharmonia."""
    from tympan.notation import pitch_of

    folder = DATA / "philharmonia"
    by_label: dict[str, list[dict[str, str]]] = {}
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_label.setdefault(row["label"], []).append(row)
    found = []
    for label, rows in sorted(by_label.items()):
        for i in np.linspace(0, len(rows) - 1, min(each, len(rows))).astype(int):
            name = rows[i]["note"].replace("s", "#")
            if re.fullmatch(r"[A-G]#?\d", name):
                found.append((folder / rows[i]["file_name"], pitch_of(name), label))
    return found


def real_table(
    found: dict[str, Found], singles: Sequence[tuple[Path, int, str]]
) -> list[dict[str, object]]:
    """Recordings: a row for each set.

    Args:
        found: who heard → file → notes.
        singles: recordings of one note, with its pitch.
    """
    from tympan.notation import read_midi
    from tympan.tasks.notes.metrics import f1_of, note_counts

    table: list[dict[str, object]] = []
    singer, versions = vocadito()
    piano = jazz_piano()
    played = list(read_midi(piano.with_name("piano_midi.mid")).notes())
    sets = [("vocadito, annotator 1", singer, versions[0]), ("annotator 2", singer, versions[1])]
    for name, path, truth in [*sets, ("piano of JTD (machine's notes)", piano, played)]:
        cells: dict[str, object] = {"recordings": name, "what": "onset F1 %"}
        for who, notes in found.items():
            cells[who] = percent(float(f1_of(note_counts(truth, notes[str(path)]))))
        table.append(cells)
    cells = {"recordings": "vocadito: annotators with one another", "what": "onset F1 %"}
    both = percent(float(f1_of(note_counts(versions[0], versions[1]))))
    table.append(cells | dict.fromkeys(found, both))
    for what in ("right pitch %", "an octave off %", "nothing found %"):
        cells = {"recordings": f"philharmonia, {len(singles)} single notes", "what": what}
        for who, own in found.items():
            cells[who] = percent(
                float(np.mean([told(own[str(p)], n) == what for p, n, _ in singles]))
            )
        table.append(cells)
    return table


def told(notes: Sequence[Any], pitch: int) -> str:
    """What is said of a recording of one note: by the pitch that sounds longest."""
    lasting: dict[int, float] = {}
    for n in notes:
        lasting[n.pitch] = lasting.get(n.pitch, 0.0) + n.end_s - n.start_s
    if not lasting:
        return "nothing found %"
    longest = max(lasting, key=lambda one: lasting[one])
    if longest == pitch:
        return "right pitch %"
    return "an octave off %" if (longest - pitch) % 12 == 0 else "wrong pitch %"
