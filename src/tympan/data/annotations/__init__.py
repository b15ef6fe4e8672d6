"""Read and write annotations: what is known about parts of a recording, in usual formats."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "read_annotation": "tympan.data.annotations.detect",
        "detect_format": "tympan.data.annotations.detect",
        "write_annotation": "tympan.data.annotations.detect",
        "read_csv": "tympan.data.annotations.event_csv",
        "write_csv": "tympan.data.annotations.event_csv",
        "read_rttm": "tympan.data.annotations.rttm",
        "read_rttm_recordings": "tympan.data.annotations.rttm",
        "write_rttm": "tympan.data.annotations.rttm",
        "read_audacity": "tympan.data.annotations.audacity",
        "write_audacity": "tympan.data.annotations.audacity",
        "read_raven": "tympan.data.annotations.raven",
        "write_raven": "tympan.data.annotations.raven",
        "read_textgrid": "tympan.data.annotations.textgrid",
        "write_textgrid": "tympan.data.annotations.textgrid",
        "read_srt": "tympan.data.annotations.subtitles",
        "write_srt": "tympan.data.annotations.subtitles",
        "read_vtt": "tympan.data.annotations.subtitles",
        "write_vtt": "tympan.data.annotations.subtitles",
    },
)
