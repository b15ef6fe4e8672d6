"""In which windows a net gets a recording."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from tympan.errors import ArgumentError
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.timeline import Wave
from tympan.tasks.inputs import SHORTEST_S
from tympan.tasks.windows import CenteredWindows, cut

STEPS_PER_WINDOW = 2.5
# A recording of up to so many times `clip_s` is one window.
WHOLE_CLIPS = 1.5


def windows_of(config: ClassifyConfig, chunks: Iterable[Wave]) -> Iterator[Wave]:
    """The windows `(t,)` in which a net of that configuration gets mono chunks of a recording."""
    geometry, _ = geometry_of(config, None)
    return (window.wave for window in cut(geometry.cutter(), chunks))


def geometry_of(config: ClassifyConfig, every_s: float | None) -> tuple[CenteredWindows, int]:
    """The windows of a recording, and how many of them make a step.

    Raises:
        ArgumentError: `every_s` is not a usable length.
    """
    if every_s is not None and not 0.01 <= every_s <= 3600:
        what = f"every_s={every_s} is no usable step"
        raise ArgumentError(what, fix="give 0.01 to 3600 seconds", option="every_s")
    window_s = config.clip_s * config.crop
    whole_s = WHOLE_CLIPS * config.clip_s if every_s is None else 0.0
    step_s = every_s or window_s / STEPS_PER_WINDOW
    # A step longer than a window is answered in parts, or most of it would be left out.
    parts = math.ceil(step_s / window_s - 1e-9)
    return CenteredWindows(config.rate_hz, window_s, step_s / parts, whole_s, SHORTEST_S), parts
