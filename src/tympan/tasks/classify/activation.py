"""Class activation: how much each place of a spectrogram added to a label's score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.tasks.classify.ensemble import Ensemble
    from tympan.tasks.classify.net import Classifier
    from tympan.tasks.windows.batcher import Run


def contributions(net: Classifier, spectrograms: Tensor, labels: int | Sequence[int]) -> Tensor:
    """How much each place of the feature map adds to a label's score.

    Mean pooling spreads a feature's weight evenly over all places, maximum pooling gives it to the
    loudest frame; so the score is a sum over places. Class activation mapping (Zhou et al.,
    *Learning Deep Features for Discriminative Localization*, CVPR 2016), with the maximum added.
    Where the head gets every stage, all their maps are added up, each feature compared with its
    mean over the training recordings.

    Args:
        net: the classifier, in evaluation mode.
        spectrograms: `(b, 1, f, n)` from `net.front`.
        labels: number of the label, or of one for each of them.

    Returns:
        `(b, f', n')` as the last feature map; its sum is the score before the softmax, less the
        head's bias.
    """
    import torch

    with torch.inference_mode():
        maps = [m.float() for _, m in net.encoder.feature_maps(spectrograms)]
        if not _pools_stages(net):
            return _last_contributions(net, maps[-1], labels)
        rows = [
            _contributions(net, spectrograms[i : i + 1], [m[i : i + 1] for m in maps], label)
            for i, label in enumerate(_each(labels, len(spectrograms)))
        ]
        return torch.cat(rows)


def _each(labels: int | Sequence[int], count: int) -> Sequence[int]:
    return [labels] * count if isinstance(labels, int) else labels


def _pools_stages(net: Classifier) -> bool:
    from tympan.tasks.classify.pool import StagePooling

    return isinstance(net.pool, StagePooling)


def _last_contributions(net: Classifier, last: Tensor, labels: int | Sequence[int]) -> Tensor:
    """Those to the score of a head that gets the last map `(b, d, f, n)` alone."""
    import torch

    rows = []
    for i, label in enumerate(_each(labels, len(last))):
        weight = net.head.weight[label].float()
        zero = torch.zeros_like(weight)
        rows.append(_placed(last[i : i + 1], weight, weight, zero, zero))
    return torch.cat(rows)


def with_maps(net: Classifier | Ensemble) -> Run:
    """`net.probabilities` that gives beside them the last feature map of each of its nets.

    Where the head gets earlier maps too, those that an explanation needs are not kept, and
    `heat_of` computes them anew.
    """
    from tympan.tasks.classify.ensemble import nets_of

    nets = [] if any(map(_pools_stages, nets_of(net))) else nets_of(net)

    def run(waves: Tensor) -> tuple[Tensor, ...]:
        maps: list[Tensor] = []

        def keep(module: object, inputs: object, output: Tensor) -> None:
            maps.append(output.float())

        hooks = [one.encoder.register_forward_hook(keep) for one in nets]
        try:
            rows = net.probabilities(waves)
            return (rows, *maps)
        finally:
            for hook in hooks:
                hook.remove()

    return run


def _contributions(
    net: Classifier, spectrogram: Tensor, maps: Sequence[Tensor], label: int
) -> Tensor:
    """The contributions to a head on every stage, for one spectrogram `(1, 1, f, n)`."""
    from tympan.tasks.classify.pool import StagePooling

    assert isinstance(net.pool, StagePooling)
    first, *others = net.pool.weights(net.head.weight[label].float())
    # A band of the spectrogram is a feature of one row.
    bands = spectrogram.float().transpose(1, 2)  # (b, f, 1, n)
    heat = _placed_rows(bands, *first)
    size = (maps[-1].shape[2], maps[-1].shape[3])
    total = _gathered(heat, size)
    for feature_map, parts in zip(maps, others, strict=True):
        total += _gathered(_placed(feature_map, *parts), size)
    return total


def heat_of(
    net: Classifier | Ensemble,
    waves: Tensor,
    labels: int | Sequence[int],
    maps: Sequence[Tensor] = (),
) -> Tensor:
    """`contributions` to what a net says about waves; of an ensemble the mean over its nets.

    Args:
        net: the classifier, in evaluation mode.
        waves: `(b, t)` at its rate.
        labels: number of the label, or of one for each of them.
        maps: what `with_maps` gave for these waves; without them they are computed.

    Returns:
        `(b, f', n')` as the last feature map of the (first) net.
    """
    import torch

    from tympan.tasks.classify.ensemble import nets_of

    nets = nets_of(net)
    with torch.inference_mode():
        if maps:
            pairs = zip(nets, maps, strict=True)
            first, *others = (_last_contributions(one, last, labels) for one, last in pairs)
        else:
            first, *others = (contributions(one, one.front(waves), labels) for one in nets)
        size = (first.shape[1], first.shape[2])
        total: Tensor = first + sum(_gathered(one, size) for one in others)
    return total / len(nets)


def _placed(x: Tensor, mean: Tensor, top: Tensor, mean_at: Tensor, top_at: Tensor) -> Tensor:
    """What each place `(b, f, n)` of a map `(b, d, f, n)` adds, features summed."""
    import torch

    f, n = x.shape[2:]
    share = _loudest(x)
    value = torch.einsum("d,bdfn->bfn", mean, x) / (f * n) - mean @ mean_at / (f * n)
    value += torch.einsum("d,bdfn,bdn->bfn", top, x, share) / f
    return value - torch.einsum("d,d,bdn->bn", top, top_at, share)[:, None] / f


def _placed_rows(x: Tensor, mean: Tensor, top: Tensor, mean_at: Tensor, top_at: Tensor) -> Tensor:
    """The same for features `(b, d, 1, n)` that are bands themselves: `(b, d, n)`."""
    share = _loudest(x)
    rows = x[:, :, 0]
    value = mean[:, None] * (rows - mean_at[:, None]) / rows.shape[2]
    return value + top[:, None] * (rows - top_at[:, None]) * share


def _loudest(x: Tensor) -> Tensor:
    """1 at each feature's loudest frame, else 0: `(b, d, n)`."""
    import torch

    frames = x.mean(2)
    return torch.zeros_like(frames).scatter_(2, frames.argmax(2, keepdim=True), 1.0)


def _gathered(heat: Tensor, size: tuple[int, int]) -> Tensor:
    """Share out the places `(b, f, n)` of a map among those of another `size`; the sum stays."""
    import torch

    for axis, count in ((1, size[0]), (2, size[1])):
        # What lies below each border, between two places in proportion; then the differences.
        have = heat.shape[axis]
        below = torch.nn.functional.pad(heat.movedim(axis, -1).double().cumsum(-1), (1, 0))
        border = torch.arange(count + 1, device=heat.device) * have / count
        left = border.long().clamp_max(have - 1)
        share = border - left
        at = torch.lerp(below[..., left], below[..., left + 1], share.double())
        heat = at.diff(dim=-1).movedim(-1, axis).to(heat.dtype)
    return heat
