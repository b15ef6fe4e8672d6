"""Answers are values, one frozen dataclass for each kind of answer.

They print well, show themselves in a notebook, and know how to become JSON, a file or a figure.
A question answers with one of them; a kind that is not here is one more file.
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Anomaly": "tympan.tasks.results.anomaly",
        "Candidate": "tympan.tasks.results.identity",
        "Classification": "tympan.tasks.results.classification",
        "Embedding": "tympan.tasks.results.embedding",
        "Identity": "tympan.tasks.results.identity",
        "Label": "tympan.tasks.results.parts",
        "Mark": "tympan.tasks.results.speech_marks",
        "Composition": "tympan.tasks.results.composition",
        "Note": "tympan.notation.note",
        "Notes": "tympan.tasks.results.notes",
        "Result": "tympan.tasks.results.base",
        "ScoredInterval": "tympan.tasks.results.anomaly",
        "Segment": "tympan.tasks.results.parts",
        "Segments": "tympan.tasks.results.segments",
        "Separation": "tympan.tasks.results.separation",
        "Span": "tympan.tasks.results.formats",
        "SpeechMarks": "tympan.tasks.results.speech_marks",
        "Tag": "tympan.tasks.results.tags",
        "Tags": "tympan.tasks.results.tags",
        "Transcript": "tympan.tasks.results.transcript",
        "Utterance": "tympan.tasks.results.transcript",
        "Verification": "tympan.tasks.results.identity",
        "Word": "tympan.tasks.results.transcript",
    },
)
