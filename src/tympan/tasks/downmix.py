"""Several channels to one: their mean, or the louder channel where they cancel each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tympan.tasks.windows import Wave

# Of two channels of equal power with a correlation of -0.9, the mean has 5 % of the power. Of more
# channels it has less even where one alone has sound: a quarter of the power of two, 1/36 of six.
CANCELLED, TOGETHER = 0.05, 0.2
PIECE_S = 0.5
# One step of 16 bits: below it there is nothing to choose a channel by.
_NOTHING = (1 / 32768) ** 2


class Downmix:
    """Makes a stream of blocks `(c, t)` mono.

    Where the channels are opposite (a swapped wire), their mean is nearly silent though the
    recording is loud. So the power of the mean is compared with that of the loudest channel, every
    half second: below 5 %, that channel is taken instead, until the mean has 20 % again. Of more
    channels than two these shares are as much smaller as one channel is in their mean. The pieces
    are counted from the beginning, so that the result does not depend on how blocks are cut.

    Args:
        rate_hz: of the samples.

    >>> wave = np.sin(np.arange(8000, dtype=np.float32))
    >>> mix = Downmix(8000)
    >>> joined = np.concatenate([mix.push(np.stack([wave, -wave])), mix.finish()])
    >>> np.array_equal(joined, wave), mix.cancelled
    (True, 1.0)
    """

    def __init__(self, rate_hz: int) -> None:
        self._piece = max(1, round(PIECE_S * rate_hz))
        self._rest: Wave | None = None
        self._channel: int | None = None  # the one that is taken; None: the mean
        self._pieces = self._with_channel = 0  # those that hold sound

    @property
    def cancelled(self) -> float:
        """Share of the pieces with sound in which one channel stood for all, 0 … 1."""
        return self._with_channel / max(1, self._pieces)

    def push(self, block: Wave) -> Wave:
        """Take the next samples `(c, t)`; give the mono samples `(t,)` that are ready."""
        if len(block) == 1:
            only: Wave = block[0]
            return only
        if self._rest is not None:
            block = np.concatenate([self._rest, block], axis=1)
        whole = block.shape[1] // self._piece * self._piece
        self._rest = block[:, whole:].copy()
        return self._mixed(block[:, :whole])

    def finish(self) -> Wave:
        """The samples that remain."""
        rest, self._rest = self._rest, None
        if rest is None or not rest.shape[1]:
            return np.zeros(0, np.float32)
        return self._mixed(rest, piece=rest.shape[1])

    def _mixed(self, block: Wave, piece: int | None = None) -> Wave:
        """Mix whole pieces."""
        piece = piece or self._piece
        mean: Wave = block.mean(axis=0, dtype=np.float32)
        if not len(mean):
            return mean
        of_mean = _power(mean[None], piece)[0]
        of_channels = _power(block, piece)
        loudest = of_channels.max(axis=0)
        sound = loudest > _NOTHING
        self._pieces += int(sound.sum())
        part_of_one = loudest * (2 / max(2, len(block))) ** 2
        if self._channel is None and not (sound & (of_mean < CANCELLED * part_of_one)).any():
            return mean
        for i in np.flatnonzero(sound):
            if of_mean[i] > TOGETHER * part_of_one[i]:
                self._channel = None
            elif self._channel is None and of_mean[i] < CANCELLED * part_of_one[i]:
                self._channel = int(of_channels[:, i].argmax())
            if self._channel is not None:
                self._with_channel += 1
                part = slice(i * piece, (i + 1) * piece)
                mean[part] = block[self._channel, part]
        return mean


def mono(samples: Wave, rate_hz: int) -> Wave:
    """A whole recording `(c, t)` as `(t,)`, see `Downmix`.

    >>> mono(np.ones((2, 3), np.float32), 8000)
    array([1., 1., 1.], dtype=float32)
    """
    mix = Downmix(rate_hz)
    ready = mix.push(samples)
    rest = mix.finish()
    return np.concatenate([ready, rest]) if len(rest) else ready


def _power(samples: Wave, piece: int) -> np.ndarray:
    """Mean power `(c, pieces)` of each piece of each channel."""
    pieces = samples.reshape(len(samples), -1, piece)
    return np.asarray(np.einsum("cpt,cpt->cp", pieces, pieces)) / piece
