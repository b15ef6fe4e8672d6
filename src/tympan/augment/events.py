"""Events in time, and where they lie after a change.

An event is a tuple `(start_s, end_s, …)`, in seconds from the start of its item; what follows the
times (a label, a speaker, anything) stays with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

Event: TypeAlias = tuple[Any, ...]

# Pieces of one event that lie closer together are one piece: far below a sample.
TOUCHING_S = 1e-9


def moved(
    events: Sequence[Event],
    move: Callable[[Tensor], Tensor],
    limit_s: float,
    period_s: float | None = None,
) -> list[Event]:
    """Return what of the events lies between 0 and `limit_s` after they were moved.

    Args:
        events: `(start_s, end_s, …)`. One without duration (an onset) is kept if it lies inside.
        move: moments (m,) in seconds → where they lie afterwards; never falling.
        limit_s: duration after the change.
        period_s: if given, each event counts as repeated with this period before it is moved;
            pieces of one event that touch become one.

    Returns:
        The events in their order, the pieces of each in order of time.

    >>> moved([(0.0, 1.0, "dog"), (1.0, 2.0, "cat")], lambda t: t + 0.5, 1.0)
    [(0.5, 1.0, 'dog')]
    >>> moved([(0.0, 1.0, "dog"), (1.0, 2.0, "cat")], lambda t: t + 0.5, 2.0, 2.0)
    [(0.5, 1.5, 'dog'), (0.0, 0.5, 'cat'), (1.5, 2.0, 'cat')]
    """
    result: list[Event] = []
    for event in events:
        bounds = torch.tensor([float(event[0]), float(event[1])], dtype=torch.float64)
        turns = _turns(move, bounds, limit_s, period_s) if period_s else torch.zeros(1)
        offsets = turns.double() * (period_s or 0.0)
        starts, ends = (move(bound + offsets).tolist() for bound in bounds)
        pieces = [_inside(*piece, limit_s) for piece in zip(starts, ends, strict=True)]
        result += [(*piece, *event[2:]) for piece in _joined([p for p in pieces if p])]
    return result


def _turns(
    move: Callable[[Tensor], Tensor], bounds: Tensor, limit_s: float, period_s: float
) -> Tensor:
    """Return the numbers of the repetitions that may reach into the result."""
    first, last = move(bounds)
    after = move(bounds[:1] + period_s)[0] - first  # the period in the result
    return torch.arange(float(-last / after) // 1, -float((first - limit_s) / after) // 1 + 2)


def _inside(start_s: float, end_s: float, limit_s: float) -> tuple[float, float] | None:
    """Return the part between 0 and the limit, if there is any."""
    if start_s == end_s:
        return (start_s, end_s) if 0.0 <= start_s < limit_s else None
    start_s, end_s = max(0.0, start_s), min(limit_s, end_s)
    return (start_s, end_s) if end_s - start_s > TOUCHING_S else None


def _joined(pieces: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return pieces in order of time, those that touch as one."""
    result: list[tuple[float, float]] = []
    for start_s, end_s in sorted(pieces):
        if result and start_s <= result[-1][1] + TOUCHING_S:
            result[-1] = (result[-1][0], max(end_s, result[-1][1]))
        else:
            result.append((start_s, end_s))
    return result
