"""The augmentation of a training: changed waves and spectrograms, with their events and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from tympan._toml import Place, PlaceError
from tympan.augment._draw import Generator
from tympan.augment.base import Transform
from tympan.augment.compose import Compose
from tympan.augment.events import Event
from tympan.augment.plain import Context, from_plain, to_plain
from tympan.errors import ArgumentError

SECTIONS = ("waveform", "spectrogram")


@dataclass(frozen=True)
class Augmented:
    """A changed batch with what goes with it.

    Attributes:
        x: the batch.
        events: of each item, where they lie now; None if none were given.
        targets: (b, k), mixed where items were mixed; None if none were given.
    """

    x: Tensor
    events: list[list[Event]] | None = None
    targets: Tensor | None = None


@dataclass(frozen=True)
class Augmentation:
    """Two chains of transforms: of waves, and of the spectrograms made from them.

    Nothing is random but what comes from the generator that is given: the same generator, the same
    result. With one generator for each item, an item's changes do not depend on its batch (unless
    items are mixed).

    Args:
        waveform: transforms of waves, applied in order.
        spectrogram: transforms of spectrograms, applied in order.
        rate_hz: sample rate of the waves.
        source: where it is from: the name of a preset or file.

    Raises:
        ArgumentError: a transform in the wrong chain, or made for another rate.

    >>> import torch
    >>> from tympan.augment import Augmentation, Shift, TimeMask
    >>> augmentation = Augmentation((Shift(0.25, 0.25),), (TimeMask(),), rate_hz=100)
    >>> augmentation.apply_waveform(torch.zeros(1, 1, 400), 0, [[(2.0, 2.5, "bell")]]).events
    [[(3.0, 3.5, 'bell')]]
    """

    waveform: tuple[Transform, ...] = ()
    spectrogram: tuple[Transform, ...] = ()
    rate_hz: int = 16000
    source: str = ""

    def __post_init__(self) -> None:
        for section in SECTIONS:
            chain = tuple(getattr(self, section))
            object.__setattr__(self, section, chain)
            for number, transform in enumerate(chain):
                check_place(transform, section, self.rate_hz, (section, number))

    @property
    def mixes(self) -> bool:
        """Whether items are mixed, so that targets or events must be given."""
        return any(one.mixes for one in (*self.waveform, *self.spectrogram))

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that waves (b, c, t) have afterwards."""
        for transform in self.waveform:
            shape = transform.output_shape(shape)
        return shape

    def apply_waveform(
        self,
        waves: Tensor,
        generator: Generator,
        events: Sequence[Sequence[Event]] | None = None,
        targets: Tensor | None = None,
    ) -> Augmented:
        """Change waves, and events and targets with them.

        Args:
            waves: (b, c, t), at `rate_hz`.
            generator: one `torch.Generator` (or an int, its seed) for the batch, or one per item.
            events: of each item a list of `(start_s, end_s, …)`, seconds from the start of its
                wave. They move with the sound: what leaves the wave is cut off, an event that is
                shifted over its end comes back in two pieces, and mixed items have the events of
                both. What follows the two times is kept.
            targets: (b, k) floats, mixed as the items are.

        Raises:
            ArgumentError: items are mixed, and neither events nor targets are given.
        """
        return self._applied(self.waveform, waves, generator, events, targets, self.rate_hz)

    def apply_spectrogram(
        self,
        spectrograms: Tensor,
        generator: Generator,
        events: Sequence[Sequence[Event]] | None = None,
        targets: Tensor | None = None,
        *,
        frames_per_s: float | None = None,
    ) -> Augmented:
        """Change spectrograms, and events and targets with them: see `apply_waveform`.

        Args:
            spectrograms: (b, c, f, n).
            generator: as in `apply_waveform`.
            events: as there; the first frame is at 0 s.
            targets: as there.
            frames_per_s: needed with events.

        Raises:
            ArgumentError: events without `frames_per_s`; or as in `apply_waveform`.
        """
        if events is not None and not frames_per_s:
            raise ArgumentError("events of spectrograms", fix="give frames_per_s too")
        rate_hz = frames_per_s or 1.0
        return self._applied(self.spectrogram, spectrograms, generator, events, targets, rate_hz)

    def _applied(
        self,
        transforms: tuple[Transform, ...],
        x: Tensor,
        generator: Generator,
        events: Sequence[Sequence[Event]] | None,
        targets: Tensor | None,
        rate_hz: float,
    ) -> Augmented:
        moved = None if events is None else [list(own) for own in events]
        if not transforms:
            return Augmented(x, moved, targets)
        chain = transforms[0] if len(transforms) == 1 else Compose(transforms)
        if chain.mixes and events is None and targets is None:
            what = "the augmentation mixes items, but got neither targets nor events"
            raise ArgumentError(what, fix="give targets (b, k), or leave Mixup and CutMix out")
        params = chain.draw(x, generator)
        if events is not None:
            moved = chain.move_events(events, params, tuple(x.shape), rate_hz)
        if targets is not None:
            targets = chain.apply_targets(targets, params)
        return Augmented(chain.apply(x, params), moved, targets)

    def fingerprint(self) -> dict[str, Any]:
        """Return all that decides what is drawn: `to_dict` without the name of the source."""
        return {k: v for k, v in self.to_dict().items() if k != "source"}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values: the name and all arguments of each transform.

        Raises:
            ArgumentError: a transform holds recordings that have no name on disk.
        """
        chains = {name: [to_plain(one) for one in getattr(self, name)] for name in SECTIONS}
        return {"source": self.source, "rate_hz": self.rate_hz, **chains}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], folder: Path | None = None) -> Augmentation:
        """Return what `to_dict` described.

        Args:
            data: what `to_dict` returned.
            folder: where the names of recordings lead from; the current folder if None.

        Raises:
            ArgumentError: an unknown transform or argument; or recordings that are gone, or are
                other ones now.

        >>> from tympan.augment import load_augmentation
        >>> light = load_augmentation("light", rate_hz=16000)
        >>> Augmentation.from_dict(light.to_dict()).to_dict() == light.to_dict()
        True
        """
        context = Context(int(data["rate_hz"]), folder=folder)
        chains = {
            name: tuple(
                from_plain(one, context, (name, i)) for i, one in enumerate(data.get(name, ()))
            )
            for name in SECTIONS
        }
        return cls(**chains, rate_hz=context.rate_hz, source=str(data.get("source", "")))


def check_place(transform: Transform, section: str, rate_hz: int, place: Place) -> None:
    """Raise `PlaceError` unless a transform belongs in a section, at this rate."""
    name = type(transform).__name__
    if transform.domain not in (section, "any"):
        what = f"{name} changes a {transform.domain}, not a {section}"
        raise PlaceError(what, place, fix=f"put it under [[{transform.domain}]]")
    if transform.rate_hz not in (None, rate_hz):
        what = f"{name} was made for {transform.rate_hz} Hz, the audio is at {rate_hz} Hz"
        raise PlaceError(what, place, fix=f"rate_hz={rate_hz}")
