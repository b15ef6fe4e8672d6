"""`notes`: which notes were played?"""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Extra, Option, Verb

VERB = Verb(
    name="notes",
    help="Which notes were played: to MIDI, MusicXML or a table.",
    task="tympan.tasks.notes.task:TASK",
    options=(
        Option("onset", float, None, "Score from which a note begins.", low=0, high=1),
        Option("frame", float, None, "Score below which it has ended.", low=0, high=1),
        Option("shortest_s", float, None, "Drop shorter notes.", low=0),
        Option("lowest", str, None, "Lowest note, such as E2 or 40."),
        Option("highest", str, None, "Highest note."),
        Option("clean_notes", bool, False, "Only notes that are sure: fewer, and fewer wrong."),
        Option("tuning_hz", float, None, "Pitch of A4; else found.", low=200, high=900),
        Option("bends", bool, False, "Pitch bends of each note (vibrato, slides)."),
        Option("tempo_bpm", float, None, "Beats per minute; else found.", flag="--tempo",
               low=10, high=1000),
        Option("instrument", str, None, "What the notes are said to be played by."),
    ),
    default_model="notes",
    save_as=(".json", ".csv", ".mid", ".midi", ".musicxml", ".wav", ".txt", ".TextGrid"),
    trains_on="a score beside each recording (.mid, a column midi; MAESTRO, GuitarSet, MusicNet)",
    extras=(
        Extra(
            "picture", "Draw the notes over the spectrogram.",
            "tympan.tasks.notes.picture:make_picture",
        ),
        Extra(
            "play", "Play what was heard, to compare by ear.",
            "tympan.tasks.notes.playing:play_notes", writes=False,
        ),
    ),
)  # fmt: skip

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.notes.task",
        "NoteDecoder": "tympan.tasks.notes.decode",
        "NoteNet": "tympan.tasks.notes.net",
        "NoteRules": "tympan.tasks.notes.decode",
        "NotesConfig": "tympan.tasks.notes.config",
        "NotesEvaluation": "tympan.tasks.notes.evaluation",
        "NotesModel": "tympan.tasks.notes.answer",
        "note_counts": "tympan.tasks.notes.metrics",
    },
)
