"""The windows of a cached recording in which a net hears it when it answers.

Where a head is fitted, an epoch chosen or a temperature found, the net must hear what it will hear
later: a head that tells nearly equal recordings apart is thrown off by windows of another length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from tympan.data import WaveCache
    from tympan.tasks.classify.config import ClassifyConfig

BATCH = 16
# Windows of a recording that are heard to validate; when the net answers, it hears all.
VALIDATED = 6


def windows(config: ClassifyConfig, cache: WaveCache, i: int, most: int) -> Tensor:
    """At most so many windows `(w, t)` of recording `i`, from its beginning to its end."""
    from tympan.tasks.classify.answer import windows_of

    length = cache.length(i)
    if length <= 6 * config.clip_s * cache.rate_hz:
        found = list(windows_of(config, [cache.wave(i)]))
        found = found[:: -(-len(found) // most)]
    else:
        size = round(config.clip_s * config.crop * cache.rate_hz)
        starts = np.linspace(0, length - size, most) if most > 1 else [(length - size) / 2]
        found = [cache.wave(i, round(start), size) for start in starts]
    # The last window of a recording may be a sample shorter than the others.
    size = max(map(len, found))
    return torch.from_numpy(np.stack([np.pad(w, (0, size - len(w))) for w in found]))


def heard(
    hear: Callable[[Tensor], Tensor],
    config: ClassifyConfig,
    cache: WaveCache,
    rows: Iterable[int],
    most: int,
) -> tuple[Tensor, Tensor]:
    """What a net says about the windows of recordings.

    Args:
        hear: from waves `(b, t)` to one row for each, `(b, …)`.
        config: of the net.
        cache: the recordings.
        rows: which of them.
        most: windows of one recording.

    Returns:
        A row for each window `(w, …)`, and the recording that it is of `(w,)`.
    """
    found, owners = [], []
    for waves, owner in _batches(config, cache, rows, most):
        found.append(hear(waves))
        owners.append(owner)
    return torch.cat(found), torch.cat(owners)


def mean_answers(scores: Tensor, owners: Tensor, rows: list[int]) -> Tensor:
    """Logarithms of the mean probabilities of recordings.

    Args:
        scores: of windows, before the softmax, `(w, k)`.
        owners: the recording of each window, `(w,)`.
        rows: the recordings, in the order of the answer.

    Returns:
        `(b, k)`.

    >>> mean_answers(torch.tensor([[0.0, 0.0], [9.0, 0.0]]), torch.tensor([4, 4]), [4]).exp()
    tensor([[0.7499, 0.2501]])
    """
    probabilities = scores.softmax(1)
    owners = owners.to(scores.device)
    return torch.stack([probabilities[owners == i].mean(0) for i in rows]).clamp_min(1e-12).log()


def _batches(
    config: ClassifyConfig, cache: WaveCache, rows: Iterable[int], most: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Windows of one length, `BATCH` at most, and the recording of each."""
    held: list[Tensor] = []
    owners: list[int] = []
    for i in rows:
        for wave in windows(config, cache, i, most):
            if held and (len(held) == BATCH or len(wave) != len(held[0])):
                yield torch.stack(held), torch.tensor(owners)
                held, owners = [], []
            held.append(wave)
            owners.append(i)
    if held:
        yield torch.stack(held), torch.tensor(owners)
