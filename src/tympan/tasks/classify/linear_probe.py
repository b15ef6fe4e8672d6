"""A linear probe first: logistic regression on what a trained encoder makes of new recordings.

A new head on a trained encoder starts with random answers, and its first large gradients spoil the
encoder. So the head is fitted while the encoder stands still, which is exact and takes seconds, and
only then everything learns together (Kumar et al., *Fine-Tuning can Distort Pretrained Features and
Underperform Out-of-Distribution*, ICLR 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from tympan.tasks.classify.examples import apply_to_windows

if TYPE_CHECKING:
    from tympan.tasks.classify.examples import ClassifyExamples
    from tympan.tasks.classify.net import Classifier

# How far the head may go to be right about the training recordings: the inverse of the penalty.
STRENGTH = 100.0
MOST_WINDOWS, MOST_OF_ONE = 4000, 60


def fit_head(
    net: Classifier, examples: ClassifyExamples, *, known: bool = False, seed: int = 0
) -> None:
    """Fit pooling statistics and head of `net` to recordings; its encoder stays as it is.

    Args:
        net: a classifier whose encoder is trained.
        examples: the training recordings.
        known: the head knows these labels already; it moves from there, as little as it must.
        seed: chooses the recordings that are taken where there are very many.
    """
    rows = np.arange(len(examples.targets))
    if len(rows) > MOST_WINDOWS:
        rows = np.random.default_rng(seed).permutation(rows)[:MOST_WINDOWS]
    features, labels = _features(net, examples, rows)
    if net.config.pool == "stages" and not known:
        features = net.pool.fit(features)  # type: ignore[operator]
    head = net.head
    before = (head.weight.detach(), head.bias.detach()) if known else None
    if labels.ndim == 2:
        weight, bias = several_label_regression(features, labels, STRENGTH)
    else:
        weight, bias = logistic_regression(features, labels, head.out_features, STRENGTH, before)
    with torch.no_grad():
        head.weight.copy_(weight)
        head.bias.copy_(bias)


def fit_norms(
    net: Classifier, examples: ClassifyExamples, batch: int = 16, most: int = 128
) -> None:
    """Set the normalisation of a random encoder to what recordings give it, layer after layer.

    So its features have a mean of 0 and a spread of 1 as they stand, and batches of a few
    recordings need not guess them while it learns (Mishkin, Matas, *All you need is a good init*,
    ICLR 2016, in its spirit).

    Args:
        net: a classifier with random weights.
        examples: the training recordings.
        batch: recordings taken at once.
        most: recordings taken in all, evenly.
    """
    norms = [part for part in net.encoder.modules() if isinstance(part, nn.BatchNorm2d)]
    count, size = len(examples.targets), examples.crop
    rows = range(0, count, max(1, count // most))
    waves = np.stack(
        [
            np.resize(examples.store.mono(examples.path(i), 0, size), size)
            for i in rows
            if examples.sizes[i]
        ]
    )
    # None: the mean over all batches, instead of a running one.
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        for part in torch.split(torch.from_numpy(waves), batch):
            net.encoder(net.front(part))
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
    net.eval()


def _features(
    net: Classifier, examples: ClassifyExamples, rows: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Features `(w, d)` and labels `(w,)` of the windows in which the net answers."""
    net.eval()
    most = max(1, min(MOST_OF_ONE, MOST_WINDOWS // max(1, len(rows))))
    with torch.no_grad():
        features, owners = apply_to_windows(
            lambda waves: net.features(net.front(waves)),
            ((int(i), examples.windows(int(i), most)) for i in rows),
        )
    return features, examples.targets[owners]


def logistic_regression(
    x: Tensor,
    y: Tensor,
    k: int,
    strength: float,
    before: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Weights `(k, d)` and biases `(k,)` that explain labels best, with an L2 penalty on weights.

    Args:
        x: features `(m, d)`.
        y: labels, long `(m,)`.
        k: number of labels.
        strength: inverse of the penalty; 0 gives weights of 0.
        before: weights and biases to begin with; the penalty is on the way from there.

    >>> x = torch.tensor([[-1.0], [-0.8], [0.9], [1.0]])
    >>> weight, bias = logistic_regression(x, torch.tensor([0, 0, 1, 1]), 2, 100.0)
    >>> (x @ weight.T + bias).argmax(1).tolist()
    [0, 0, 1, 1]
    """
    # float64, and on one side the classes weigh alike: a label with few recordings counts too.
    x, k = x.double(), int(k)
    counts = torch.bincount(y, minlength=k).clamp_min(1).double()
    share = counts**-0.5
    share = share * len(y) / share[y].sum()
    first = torch.zeros(k, x.shape[1], dtype=torch.float64)
    weight = (first if before is None else (first := before[0].double())).clone().requires_grad_()
    bias = torch.zeros(k).double() if before is None else before[1].double().clone()
    bias.requires_grad_()
    penalty = 0.5 / (max(strength, 1e-9) * len(y))
    solver = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        each = cross_entropy(x @ weight.T + bias, y, reduction="none")
        value = (each * share[y]).mean() + penalty * (weight - first).square().sum()
        torch.autograd.backward(value)
        return value

    with torch.enable_grad():
        solver.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach().float(), bias.detach().float()


def several_label_regression(x: Tensor, y: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Weights `(k, d)` and biases `(k,)` of a logistic regression for each label alone.

    Args:
        x: features `(m, d)`.
        y: labels `(m, k)`, 1 where one applies.
        strength: inverse of the L2 penalty on the weights.

    >>> x = torch.tensor([[-1.0], [-0.8], [0.9], [1.0]])
    >>> weight, bias = several_label_regression(x, torch.tensor([[0.0], [0], [1], [1]]), 100.0)
    >>> (x @ weight.T + bias > 0).flatten().tolist()
    [False, False, True, True]
    """
    x, y = x.double(), y.double()
    weight = torch.zeros(y.shape[1], x.shape[1], dtype=torch.float64, requires_grad=True)
    # Each label begins at its share of the recordings.
    share = y.mean(0).clamp(1e-3, 1 - 1e-3)
    bias = (share / (1 - share)).log().requires_grad_()
    penalty = 0.5 / (max(strength, 1e-9) * len(y))
    solver = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        each = binary_cross_entropy_with_logits(x @ weight.T + bias, y)
        value = each * y.shape[1] + penalty * weight.square().sum()
        torch.autograd.backward(value)
        return value

    with torch.enable_grad():
        solver.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach().float(), bias.detach().float()
