"""Notes as values, and the files that hold them: MIDI in and out, MusicXML out.

A `Note` has seconds, as it is heard; a `TickNote` has ticks, as it is written. A `Piece` is music
as written: parts, tempo, metre and key. Nothing here knows a task or a net.
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Note": "tympan.notation.note",
        "PROGRAMS": "tympan.notation.instruments",
        "Sound": "tympan.notation.synthesizer",
        "Synthesizer": "tympan.notation.synthesizer",
        "Piece": "tympan.notation.piece",
        "PiecePart": "tympan.notation.piece",
        "TickNote": "tympan.notation.piece",
        "abc_tunes": "tympan.notation.abc",
        "read_abc": "tympan.notation.abc",
        "family_of": "tympan.notation.instruments",
        "key_of": "tympan.notation.tonality",
        "midi_bytes": "tympan.notation.midi",
        "musicxml_text": "tympan.notation.musicxml",
        "pitch_name": "tympan.notation.note",
        "pitch_of": "tympan.notation.note",
        "program_of": "tympan.notation.instruments",
        "read_midi": "tympan.notation.midi",
        "synthesize": "tympan.notation.synthesizer",
        "write_midi": "tympan.notation.midi",
    },
)
