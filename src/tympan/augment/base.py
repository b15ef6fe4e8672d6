"""What every transform is: parameters drawn from a generator, then applied.

Waveform transforms take `x` of shape `(b, c, t)`, spectrogram transforms `(b, c, f, n)`. Every item
of a batch draws its own parameters, which are a plain dict of tensors with `b` as first axis: they
can be saved, sent to another process and applied again with the same result.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor

from tympan.augment._draw import Generator, as_generator, uniform
from tympan.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

Params: TypeAlias = dict[str, Tensor]

AXES = {"waveform": "b c t", "spectrogram": "b c f n"}


class Transform:
    """Base of all transforms: `transform(x, generator)` is `apply(x, draw(x, generator))`.

    A subclass writes `_draw` (how one batch of parameters is drawn) and `_apply` (what they do);
    neither ever sees an item that is not active. `x` is never changed in place.

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
        one = shaped((1, *x.shape[1:]))
        rows = [self._draw_batch(one, each) for each in generator]
        return {key: torch.cat([row[key] for row in rows]) for key in rows[0]}

    def apply(self, x: Tensor, params: Params) -> Tensor:
        """Apply drawn parameters: the same parameters always give the same result.

        Args:
            x: the batch, on any device; the parameters are moved to it.
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
        if count == 0:
            # With another shape only in an empty batch: such a transform has all items active.
            return x if self.keeps_shape else x.new_zeros(self.output_shape(tuple(x.shape)))
        rows = active.nonzero()[:, 0]
        if count < len(active):
            params = {key: value[rows.to(value.device)] for key, value in params.items()}
        params = {key: value.to(x.device, non_blocking=True) for key, value in params.items()}
        if count == len(active):
            return self._apply(x, params)
        rows = rows.to(x.device)
        return x.index_copy(0, rows, self._apply(x[rows], params))

    def __call__(self, x: Any, generator: Generator) -> Any:
        """Draw and apply. A `Clip` in gives a `Clip` out, at the same rate."""
        if isinstance(x, Tensor):
            return self.apply(x, self.draw(x, generator))
        return self._call_clip(x, generator)

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

    # -- what subclasses write -----------------------------------------------------------------

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        """Draw everything but `active`, the same number of draws whatever the outcome."""
        return {}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        """Change all items of `x`; `params` is on its device."""
        raise NotImplementedError

    # -- inside --------------------------------------------------------------------------------

    def _draw_batch(self, x: Tensor, generator: torch.Generator) -> Params:
        active = uniform(generator, (x.shape[0],)) < self.p
        return {"active": active, **self._draw(x, generator)}

    def check(self, x: Tensor) -> None:
        """Raise `ShapeError` unless `x` has this transform's axes and is floating point."""
        axes = AXES.get(self.domain)
        if axes and x.ndim != len(axes.split()):
            what = f"{type(self).__name__} takes ({axes.replace(' ', ', ')}), got {tuple(x.shape)}"
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
        return Clip(y[0].detach().numpy(), clip.rate_hz, clip.name)


def _short(transform: Transform, name: str) -> str:
    """Return an argument as text; recordings only by their number."""
    value = getattr(transform, name)
    return f"<{len(value)} recordings>" if name == "backgrounds" else repr(value)


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
