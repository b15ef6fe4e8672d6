"""Who speaks when: turns of speakers by a voice model, and the diarization error rate."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "DiarizationErrors": "tympan.tasks.speakers.metrics",
        "SpeakersModel": "tympan.tasks.speakers.diarize",
        "clusters": "tympan.tasks.speakers.cluster",
        "diarization_errors": "tympan.tasks.speakers.metrics",
    },
)
