"""What every transform is: parameters drawn from a generator, then applied.

Waveform transforms take `x` of shape `(b, c, t)`, spectrogram transforms `(b, c, f, n)`. Every item
of a batch draws its own parameters, which are a plain dict of tensors with `b` as first axis: they
can be saved, sent to another process and applied again with the same result.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor

from tympan._precision import full_precision
from tympan.augment._draw import Generator, as_generator, uniform
from tympan.augment.events import Event, moved
from tympan.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

Params: TypeAlias = dict[str, Tensor]

AXES = {"waveform": "b c t", "spectrogram": "b c f n"}
# Too coarse to compute in (and without Fourier transforms on the processor): float32 is used.
HALF = (torch.float16, torch.bfloat16)


class Transform:
    """Base of all transforms: `transform(x, generator)` is `apply(x, draw(x, generator))`.

    A subclass writes `_draw` (how one batch of parameters is drawn) and `_apply` (what they do);
    `_apply` never sees an item that is not active, an empty batch, or half precision (it gets
    float32, and the result is rounded back). `x` is never changed in place. A transform that moves
    sounds in time writes `move_times` too. Each argument of the constructor is kept as an
    attribute of its name, so that a transform can be shown and written to a file.

    Not an `nn.Module`: there are no weights, and `Module.apply` means something else.

    Args:
        p: probability that an item is changed, drawn for each item. Items that are not come back
            bit for bit.

    >>> import torch
    >>> from tympan.augment import Gain
    >>> x = torch.ones(2, 1, 4)
    >>> gain = Gain(-6.0, 6.0)
    >>> params = gain.draw(x, torch.Generator().manual_seed(0))
    >>> sorted(params)
    ['active', 'gain_db']
    >>> torch.equal(gain.apply(x, params), gain.apply(x, params))
    True
    """

    domain: str = "waveform"
    keeps_shape: bool = True
    mixes: bool = False

    def __init__(self, p: float = 1.0) -> None:
        if not 0.0 <= p <= 1.0:
            raise ArgumentError(f"p is {p}", fix="give a probability between 0 and 1")
        self.p = float(p)
        self.rate_hz: int | None = None

    # -- what users call ---------------------------------------------------------------------

    def draw(self, x: Tensor, generator: Generator) -> Params:
        """Draw the parameters of every item of `x`.

        Args:
            x: the batch; only its shape is looked at.
            generator: one `torch.Generator` (or an int, its seed) for the whole batch; or one per
                item, and then an item's parameters do not depend on the batch it sits in.

        Returns:
            Tensors whose first axis is b, on the generator's device; `active` (b,) bool is there.

        Raises:
            ShapeError: `x` has other axes than the transform's.
        """
        self.check(x)
        generator = as_generator(generator)
        if isinstance(generator, torch.Generator):
            return self._draw_batch(x, generator)
        if len(generator) != x.shape[0]:
            what = f"{len(generator)} generators for a batch of {x.shape[0]} items"
            raise ArgumentError(what, fix="give one generator, or one for each item")
        if not generator:
            return self._draw_batch(x, torch.Generator())
        one = shaped((1, *x.shape[1:]))
        rows = [self._draw_batch(one, each) for each in generator]
        return {key: torch.cat([row[key] for row in rows]) for key in rows[0]}

    def apply(self, x: Tensor, params: Params) -> Tensor:
        """Apply drawn parameters: the same parameters always give the same result.

        Args:
            x: the batch, on any device; the parameters are moved to it. A batch without samples
                comes back as it is. Half precision is computed in float32 and rounded back, and
                autocast is switched off.
            params: what `draw` returned.

        Raises:
            ShapeError: `x` has other axes, or another number of items than `params`.
        """
        self.check(x)
        active = params["active"]
        if active.shape != x.shape[:1]:
            what = f"parameters for {tuple(active.shape)} items, batch of {x.shape[0]}"
            raise ShapeError(what, fix="draw the parameters for this batch")
        count = int(active.sum())
        if count == 0 or x.numel() == 0:
            return self._unchanged(x)
        rows = active.nonzero()[:, 0]
        if count < len(active):
            params = {key: value[rows.to(value.device)] for key, value in params.items()}
        params = {key: value.to(x.device, non_blocking=True) for key, value in params.items()}
        if count == len(active):
            return self._computed(x, params)
        rows = rows.to(x.device)
        return self._unchanged(x).index_copy(0, rows, self._computed(x[rows], params))

    def __call__(self, x: Any, generator: Generator) -> Any:
        """Draw and apply. A `Clip` in gives a `Clip` out, at the same rate."""
        if hasattr(x, "rate_hz") and hasattr(x, "samples"):
            return self._call_clip(x, generator)
        return self.apply(x, self.draw(x, generator))

    def __repr__(self) -> str:
        """Show the arguments of the constructor, as far as they were kept."""
        names = [name for name in inspect.signature(type(self)).parameters if hasattr(self, name)]
        return f"{type(self).__name__}({', '.join(f'{n}={_short(self, n)}' for n in names)})"

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that a batch of this shape has afterwards."""
        return shape

    def apply_targets(self, targets: Tensor, params: Params) -> Tensor:
        """Return the targets (b, k) that go with the changed items: the same, unless it mixes."""
        return targets

    def move_events(
        self,
        events: Sequence[Sequence[Event]],
        params: Params,
        shape: tuple[int, ...],
        rate_hz: float,
    ) -> list[list[Event]]:
        """Return the events that go with the changed items, where they lie afterwards.

        What is moved out of the item is cut off; an event of which nothing is left is left out,
        and one that is moved across the end to the beginning comes back in two pieces.

        Args:
            events: of each item `(start_s, end_s, …)`; what follows the times is kept.
            params: what `draw` returned.
            shape: of the batch before the change.
            rate_hz: samples, or frames, per second.

        Raises:
            ShapeError: events of another number of items than `params`.

        >>> import torch
        >>> from tympan.augment import Shift
        >>> shift, x = Shift(0.25, 0.25), torch.zeros(1, 1, 80)
        >>> shift.move_events([[(5.0, 7.0, "dog")]], shift.draw(x, 0), x.shape, 10)
        [[(0.0, 1.0, 'dog'), (7.0, 8.0, 'dog')]]
        """
        active = params["active"].tolist()
        if len(events) != len(active):
            what = f"events of {len(events)} items, parameters for {len(active)}"
            raise ShapeError(what, fix="give a list of events, if need be empty, for each item")
        length = shape[-1]
        result: list[list[Event]] = []
        limit_s = self.output_shape(tuple(shape))[-1] / rate_hz
        period_s = length / rate_hz if self.repeats_time and length else None
        for number, own in enumerate(events):
            if not (own and active[number]):
                result.append(list(own))
                continue
            one = {key: value[number].cpu() for key, value in params.items()}
            move = partial(self.move_times, params=one, length=length, rate_hz=rate_hz)
            result.append(moved(own, move, limit_s, period_s))
        return result

    # -- what subclasses may write ---------------------------------------------------------------

    repeats_time: bool = False
    """Whether the item counts as repeated endlessly before it is moved, as by a circular shift."""

    def move_times(self, times_s: Tensor, params: Params, length: int, rate_hz: float) -> Tensor:
        """Return where moments of one item lie afterwards: where they were, unless overwritten.

        Results before 0 or after the end are fine: `move_events` cuts them off.

        Args:
            times_s: moments (m,), float64.
            params: of this item, without the axis b, on the processor.
            length: samples, or frames, of the item before the change.
            rate_hz: samples, or frames, per second.
        """
        return times_s

    # -- what subclasses write -----------------------------------------------------------------

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        """Draw everything but `active`, the same number of draws whatever the outcome."""
        return {}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        """Change all items of `x`; `params` is on its device."""
        raise NotImplementedError

    # -- inside --------------------------------------------------------------------------------

    def _draw_batch(self, x: Tensor, generator: torch.Generator) -> Params:
        with full_precision(generator.device.type):
            active = uniform(generator, (x.shape[0],)) < self.p
            return {"active": active, **self._draw(x, generator)}

    def _computed(self, x: Tensor, params: Params) -> Tensor:
        """Return `_apply` of active items, computed in float32 at least."""
        with full_precision(x.device.type):
            if x.dtype in HALF:
                return self._apply(x.float(), params).to(x.dtype)
            return self._apply(x, params)

    def _unchanged(self, x: Tensor) -> Tensor:
        """Return items that are not active; followed by silence where the others get longer."""
        room = self.output_shape(tuple(x.shape))[-1] - x.shape[-1]
        return torch.nn.functional.pad(x, (0, room)) if room else x

    def check(self, x: Tensor) -> None:
        """Raise `ArgumentError` unless `x` is a tensor of floating point with the right axes."""
        axes = ", ".join(AXES.get(self.domain, "b …").split())
        if not isinstance(x, Tensor):
            kind = type(x)
            name = f"{kind.__module__}.{kind.__name__}".removeprefix("builtins.")
            what = f"{type(self).__name__} takes a tensor ({axes}), got {name}"
            raise ArgumentError(what, fix=f"torch.from_numpy(x), with the axes ({axes})")
        if self.domain in AXES and x.ndim != len(AXES[self.domain].split()):
            what = f"{type(self).__name__} takes ({axes}), got {tuple(x.shape)}"
            raise ShapeError(what, fix="add or remove axes, for instance x[:, None]")
        if not x.is_floating_point():
            what = f"{type(self).__name__} takes floating point, got {x.dtype}"
            raise ShapeError(what, fix="convert with x.float()")

    def _call_clip(self, clip: Clip, generator: Generator) -> Clip:
        from tympan.audio.clip import Clip

        if self.domain != "waveform":
            what = f"{type(self).__name__} works on spectrograms, not on a Clip"
            raise ArgumentError(what, fix="compute a spectrogram first, see tympan.spectra")
        if self.rate_hz not in (None, clip.rate_hz):
            what = f"{type(self).__name__} was made for {self.rate_hz} Hz, got {clip.rate_hz} Hz"
            raise ArgumentError(what, fix=f"clip.resample({self.rate_hz}), or another rate_hz=")
        x = torch.from_numpy(clip.samples.copy())[None]
        y = self.apply(x, self.draw(x, generator))
        return Clip(y[0].detach().numpy(), clip.rate_hz, clip.name, clip.tags)


def _short(transform: Transform, name: str) -> str:
    """Return an argument as text; recordings only by their number."""
    value = getattr(transform, name)
    held = name in ("backgrounds", "impulse_responses") and value is not None
    return f"<{len(value)} recordings>" if held else repr(value)


def shaped(shape: tuple[int, ...]) -> Tensor:
    """Return a tensor of a shape that holds nothing, for `draw`, which looks at the shape only."""
    # One number seen everywhere: nothing is allocated.
    return torch.zeros(()).expand(shape)


def active_rates(transforms: Sequence[Transform]) -> int | None:
    """Return the one sample rate that the transforms were made for, or None.

    Raises:
        ArgumentError: they were made for different rates.
    """
    rates = {t.rate_hz for t in transforms if t.rate_hz is not None}
    if len(rates) > 1:
        what = f"transforms made for different rates: {sorted(rates)} Hz"
        raise ArgumentError(what, fix="give all of them the same rate_hz")
    return rates.pop() if rates else None
