"""The engine `moonshine`: Moonshine tiny (Useful Sensors, MIT), the quickest."""

from __future__ import annotations

from tympan.tasks.engines import Engine

ENGINE = Engine(
    name="moonshine",
    task="transcribe",
    package="moonshine-voice",
    extra="moonshine",
    licence="MIT",
    size_mb=44,
    description="Moonshine tiny: English, half the computing of the others, so that it answers "
    "first in a stream; 12.8 % of the words wrong on 100 hard recordings (test-other). It gives no "
    "times of words: those are found by the model english.",
    load="tympan.tasks.transcribe.engine_moonshine:load",
    rank=2,
)
