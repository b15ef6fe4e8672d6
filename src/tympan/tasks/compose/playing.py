"""The sound of a piece while it is being composed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tympan.tasks.compose.grid import notes_of, score_places

if TYPE_CHECKING:
    from tympan.tasks.compose.model import Composer, Order

VELOCITY = 80


def sounding(composer: Composer, order: Order, rate_hz: int) -> Iterator[npt.NDArray[np.float32]]:
    """Samples `(t,)` of a piece, stretch by stretch.

    A note that may go on in the next stretch is not played before its end is known; what sounds
    before it is.

    Args:
        composer: who composes.
        order: what.
        rate_hz: of the sound.
    """
    from tympan.notation import Sound, Synthesizer, program_of

    config = composer.config
    step_s = 60 / composer.tempo_bpm(order) / config.steps_per_beat
    maker = Synthesizer(rate_hz)
    places = [-1] if config.ordered else score_places(config)
    names = [config.instruments[min(i, len(config.instruments) - 1)] for i in range(len(places))]
    programs = {place: program_of(name) for place, name in zip(places, names, strict=True)}
    waiting = np.zeros((0, config.voices), np.int64)
    first = 0
    for more in composer.stream(order):
        waiting = np.concatenate([waiting, more])
        notes = notes_of(waiting, config)
        # Up to the first note that may still be held.
        until = min((a for a, b, *_ in notes if b == len(waiting)), default=len(waiting))
        for start, end, pitch, place in notes:
            if start < until:
                at_s, length_s = (first + start) * step_s, (end - start) * step_s
                maker.add(Sound(at_s, length_s, pitch, VELOCITY, programs[place]))
        first, waiting = first + until, waiting[until:]
        made = maker.until(first * step_s)
        if len(made):
            yield made.astype(np.float32)
    for start, end, pitch, place in notes_of(waiting, config):
        at_s, length_s = (first + start) * step_s, (end - start) * step_s
        maker.add(Sound(at_s, length_s, pitch, VELOCITY, programs[place]))
    yield maker.finish().astype(np.float32)
