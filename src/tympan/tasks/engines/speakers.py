"""The model `speakers`: who speaks when, by the models `speech` and `voices`, which both ship.

It has no weights of its own, so it is no folder of the catalogue; beside others of its verb it
ranks below tympan's own, and answers where it is named.
"""

from __future__ import annotations

from tympan.tasks.engines import Engine

ENGINE = Engine(
    name="speakers",
    task="segment",
    package="tympan",
    extra="",
    licence="Apache-2.0",
    size_mb=0,
    description="Who speaks when: turns of speakers, their number found or given, names from a "
    "voice book. It uses the models speech and voices, which ship.",
    load="tympan.tasks.speakers.diarize:load",
    rank=-1,
)
