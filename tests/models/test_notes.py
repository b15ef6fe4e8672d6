"""The shipped `notes`: it loads, is small, and hears what is played to it."""

from __future__ import annotations

import numpy as np

import tympan
from tympan.models import load_card
from tympan.models.catalogue import shipped_folder
from tympan.notation import Note, Piece
from tympan.notation.synthesizer import synthesize
from tympan.tasks.notes.metrics import f1_of, note_counts

FOLDER = shipped_folder() / "notes"


def test_it_is_small_and_says_what_it_is() -> None:
    card = load_card("notes")
    assert card.task == "notes"
    assert card.parameters < 1_000_000
    assert (FOLDER / "model.safetensors").stat().st_size < 4_000_000
    assert card.known_failures
    assert (FOLDER / card.attribution).is_file()
    assert set(card.metrics["per_kind"]) >= {"piano", "guitar", "strings", "flutes", "ensemble"}


def test_it_hears_chords_and_a_melody() -> None:
    """Of sounds that no soundfont made: our own synthesizer's."""
    instrument = "piano"
    rng = np.random.default_rng(0)
    scale = [0, 2, 4, 5, 7, 9, 11, 12]
    played = [
        Note(0.5 * i, 0.5 * i + 0.45, 67 + int(rng.choice(scale)), 90, instrument)
        for i in range(16)
    ]
    for i, root in enumerate((48, 53, 55, 48)):
        played += [Note(2.0 * i, 2.0 * i + 1.9, root + d, 75, instrument) for d in (0, 4, 7)]
    clip = synthesize(Piece.of_notes(played))
    found = tympan.notes(clip)
    assert float(f1_of(note_counts(played, found.notes))) > 0.6
    assert found.key in ("C major", "A minor", "G major", "E minor", "F major")
    strict = tympan.notes(clip, clean_notes=True)
    right, _, made = note_counts(played, strict.notes)
    assert right / max(1, made) > 0.7
