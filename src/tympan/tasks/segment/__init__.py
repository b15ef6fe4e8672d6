"""`segment`: what happens when?"""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Extra, Option, Verb

VERB = Verb(
    name="segment",
    help="What happens when: speech, events, calls …?",
    task="tympan.tasks.segment.task:TASK",
    options=(
        Option("onset", float, None, "Probability at which a segment begins.", low=0, high=1),
        Option("offset", float, None, "Probability below which it ends.", low=0, high=1),
        Option("gap_s", float, None, "Bridge shorter pauses between two of a label.", low=0),
        Option("shortest_s", float, None, "Drop what is then shorter.", low=0),
        Option(
            "longest_s", float, None,
            "Cut what is longer where its probability is lowest; 0: do not.", low=0,
        ),
        Option("pad_s", float, None, "Seconds to add before and behind each.", low=0),
        Option("speakers", int, None, "How many speak (model speakers); else found.", low=1),
        Option(
            "min_speakers", int, None, "At least so many (model speakers).", flag="--min", low=1
        ),
        Option("max_speakers", int, None, "At most so many (model speakers).", flag="--max", low=1),
        Option(
            "book", str, None, "Voice book with the speakers' names (model speakers).",
            reads="file",
        ),
    ),
    default_model="speech",
    save_as=(
        ".json", ".csv", ".txt", ".selections.txt", ".rttm", ".srt", ".vtt", ".TextGrid",
    ),
    trains_on="times of labelled parts (start_s,end_s,label; RTTM, Raven, Audacity, Praat)",
    extras=(
        Extra(
            "picture", "Draw the segments over the spectrogram.",
            "tympan.tasks.segment.picture:make_picture",
        ),
    ),
)  # fmt: skip

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.segment.task",
        "SegmentRules": "tympan.tasks.segment.decode",
        "SegmentConfig": "tympan.tasks.segment.config",
        "SegmentDecoder": "tympan.tasks.segment.decode",
        "SegmentEvaluation": "tympan.tasks.segment.evaluation",
        "SegmentModel": "tympan.tasks.segment.answer",
        "Segmenter": "tympan.tasks.segment.net",
        "segments_of": "tympan.tasks.segment.decode",
    },
)
