"""`compose`: make music."""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Option, Verb

VERB = Verb(
    name="compose",
    help="Make music.",
    task="tympan.tasks.compose.task:TASK",
    takes="nothing",
    options=(
        Option("seed", int, 0, "Same seed, same piece.", low=0, high=2**63 - 1),
        Option("bars", int, 16, "Length, without what is given.", low=1, high=10_000),
        Option("key", str, None, "Such as C, 'G major', Am; else any."),
        Option("tempo_bpm", float, None, "Beats per minute.", flag="--tempo", low=20, high=400),
        Option("temperature", float, 0.8, "Below 1 tamer, above wilder.", low=0.0, high=3.0),
        Option("continue_", str, None, "MIDI or ABC file that it begins with.", flag="--continue"),
        Option("harmonize", str, None, "MIDI or ABC file of a melody, or of some voices."),
        Option("soundfont", str, None, "SF2 or SF3 file for the sound; else tympan's own."),
        Option("parallels", bool, False, "Let voices move in parallel fifths and octaves."),
        Option("any_range", bool, False, "Let voices leave their usual ranges."),
        Option("title", str, "", "Of the piece."),
    ),
    default_model="chorale",
    save_as=(".mid", ".wav", ".musicxml", ".svg", ".json", ".csv"),
    trains_on="scores: MIDI or ABC files",
)

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.compose.task",
        "ComposeConfig": "tympan.tasks.compose.config",
        "ComposeNet": "tympan.tasks.compose.net",
        "Composer": "tympan.tasks.compose.model",
        "RuleCounts": "tympan.tasks.compose.rules",
        "compose": "tympan.tasks.compose.api",
        "compose_stream": "tympan.tasks.compose.api",
        "rule_counts": "tympan.tasks.compose.rules",
    },
)
