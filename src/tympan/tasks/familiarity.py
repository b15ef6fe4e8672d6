"""How like its training recordings a sound is, so that a model can say "I don't know".

A classifier answers with one of its labels whatever it gets, and its score may be high. Its
encoder knows more: sounds that it was not trained on lie elsewhere among its features. So the
places of the training recordings are kept, as a few prototypes of each label, and how far held-out
recordings of the same kind lie from them:

    features (d,) ──► / spread, unit length ──► distance to the nearest prototype ──► familiarity
                                                                   held-out distances ──┘

The *familiarity* is the share of held-out recordings that lie at least as far, counting the sound
itself: a conformal p-value (Laxhammar, Falkman, *Conformal Prediction for Distribution-Independent
Anomaly Detection in Streaming Vessel Data*, 2010; Bates et al., *Testing for Outliers with
Conformal p-values*, Annals of Statistics 2023). Of known sounds at most 5 % have one below 0.05,
whatever the distances are, if they come from where the held-out ones came from. The distance is
that of Sun et al., *Out-of-Distribution Detection with Deep Nearest Neighbors*, ICML 2022, with
prototypes in place of all recordings; docs/benchmarks/unknown.md compares it with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

MIN_FAMILIARITY = 0.05
"""Below it a sound counts as unlike the training set: the share of known ones that do, too."""
PREFIX = "familiarity."
"""What the names of its tensors begin with, beside those of the net."""

# So many prototypes in all, of float16 a quarter of a megabyte.
MOST_PROTOTYPES, ROUNDS = 256, 15
# So many held-out distances are kept of each kind; of more, evenly many of the sorted ones.
MOST_HELD_OUT = 400
# A spread is at least so much of the median one: what hardly varies must not count for everything.
FLOOR = 0.1
# How a recording was answered: in one window, in several, or a window of several for itself.
WHOLE, SEVERAL, WINDOW = "whole", "several", "window"
KINDS = (WHOLE, SEVERAL, WINDOW)
_FIX = "get or train the model again"


@dataclass(frozen=True, eq=False)
class KnownSounds:
    """What the training recordings of a model are like.

    Attributes:
        spread: `(d,)`, of each feature.
        prototypes: `(p, d)` of unit length, of features divided by `spread`.
        owners: `(p,)`, the number of the label of each prototype; -1 where labels overlap.
        labels: `k`, how many labels a prototype can be of.
        held_out: kind of answer (`"whole"`, `"several"`, `"window"`) → distances of recordings
            that were not trained on, ascending.

    >>> import torch
    >>> features = torch.tensor([[1.0, 0.1], [0.9, 0.0], [0.0, 1.0], [0.1, 0.9]])
    >>> known = fit(features, torch.tensor([0, 0, 1, 1]), 2)
    >>> known.distances(torch.tensor([[1.0, 0.05], [1.0, 1.0]])).argmax(0).tolist()
    [1, 0, 1]
    """

    spread: Tensor
    prototypes: Tensor
    owners: Tensor
    labels: int
    held_out: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def distances(self, features: Tensor) -> Tensor:
        """How far features lie from the nearest prototype, 0 … 2: one less the cosine.

        Args:
            features: `(b, d)`.

        Returns:
            `(b, 1 + k)`: to the nearest of all, then to the nearest that is of another label than
            the first, the second …; `(b, 1)` where labels overlap.
        """
        import torch

        device = features.device
        x = unit(features.float() / self.spread.to(device))
        cosines = x @ self.prototypes.to(device).T
        nearest = cosines.max(1, keepdim=True).values
        if not self.labels or bool((self.owners < 0).any()):
            return 1 - nearest
        owners = self.owners.to(device).expand(len(x), -1)
        each = torch.full((len(x), self.labels), -1.0, device=device)
        each = each.scatter_reduce(1, owners, cosines, "amax")
        first, second = each.topk(min(2, self.labels), 1).values[:, [0, -1]].unbind(1)
        others = torch.where(each == first[:, None], second[:, None], first[:, None])
        return 1 - torch.cat([nearest, others], 1)

    def familiarity(self, distance: float, kind: str = WHOLE) -> float | None:
        """The share of held-out recordings that are as far or farther; None: there were none.

        >>> import torch
        >>> known = fit(torch.eye(2), torch.tensor([0, 1]), 2)
        >>> known = known.calibrated({"whole": [0.1, 0.2, 0.3]})
        >>> known.familiarity(0.0), known.familiarity(0.25), known.familiarity(1.0)
        (1.0, 0.5, 0.25)
        """
        # A kind of which nothing was held out: windows are shorter, and a little farther away.
        for one in (kind, WINDOW, WHOLE):
            known = self.held_out.get(one)
            if known:
                farther = len(known) - int(np.searchsorted(known, distance, side="left"))
                return (1 + farther) / (1 + len(known))
        return None

    def calibrated(self, held_out: Mapping[str, Iterable[float]]) -> KnownSounds:
        """The same with the distances of held-out recordings, at most `MOST_HELD_OUT` of a kind."""
        return replace(self, held_out=thinned(held_out))

    def state(self) -> dict[str, Tensor]:
        """Its tensors, as they are saved beside the weights."""
        names = ("spread", "prototypes", "owners")
        return {f"{PREFIX}{name}": getattr(self, name) for name in names}


def thinned(held_out: Mapping[str, Iterable[float]]) -> dict[str, list[float]]:
    """Distances of each kind, ascending, as a card holds them; kinds without any are left out.

    >>> thinned({"whole": [0.3, 0.1], "window": []})
    {'whole': [0.1, 0.3]}
    """
    found = {}
    for kind, values in held_out.items():
        known = np.sort(np.array(list(values), float))
        if len(known) > MOST_HELD_OUT:
            known = known[np.linspace(0, len(known) - 1, MOST_HELD_OUT).round().astype(int)]
        if len(known):
            found[kind] = [round(float(one), 5) for one in known]
    return found


def unit(x: Tensor) -> Tensor:
    """Rows `(m, d)` at a length of 1; what has none stays so."""
    found: Tensor = x / x.norm(dim=1, keepdim=True).clamp_min(1e-9)
    return found


def fit(features: Tensor, owners: Tensor, labels: int, *, seed: int = 0) -> KnownSounds:
    """Learn what training recordings are like; nothing is held out yet.

    Args:
        features: `(m, d)` of their windows.
        owners: `(m,)`, the label of each, from 0; -1 throughout where labels overlap.
        labels: `k`, how many labels there are.
        seed: of the clustering.

    Returns:
        The spread of the features, and prototypes: the recordings themselves where they are few,
        else the centres of clusters within each label (k-means on the sphere; Dhillon, Modha,
        *Concept Decompositions for Large Sparse Text Data using Clustering*, 2001).
    """
    import torch

    features, owners = features.detach().float().cpu(), owners.cpu()
    spread = features.std(0, correction=0)
    spread = spread + FLOOR * spread.median() + 1e-6
    x = unit(features / spread)
    present = torch.unique(owners).tolist()
    each = max(1, MOST_PROTOTYPES // len(present))
    rng = torch.Generator().manual_seed(seed)
    parts = [clusters(x[owners == one], each, rng) for one in present]
    of = torch.cat([torch.full((len(p),), one) for p, one in zip(parts, present, strict=True)])
    # As they are stored, so that a distance is the same before saving and after.
    return KnownSounds(spread, torch.cat(parts).half().float(), of, labels)


def clusters(x: Tensor, most: int, rng: Any) -> Tensor:
    """Centres of at most so many clusters of unit vectors `(m, d)`, of unit length too.

    >>> import torch
    >>> clusters(torch.eye(3), 5, torch.Generator()).tolist() == torch.eye(3).tolist()
    True
    """
    import torch

    if len(x) <= most:
        return x
    centres = x[torch.randperm(len(x), generator=rng)[:most]]
    for _ in range(ROUNDS):
        nearest = (x @ centres.T).argmax(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, x)
        # A cluster that lost all its members stays where it was.
        empty = torch.bincount(nearest, minlength=most) == 0
        centres = torch.where(empty[:, None], centres, unit(sums))
    return centres


def parted(
    state: Mapping[str, Tensor],
    labels: int,
    features: int,
    held_out: Mapping[str, Any] | None,
    file: Any = None,
) -> tuple[dict[str, Tensor], KnownSounds | None]:
    """The weights of the net, and what a model knows of its training recordings; None: nothing.

    Args:
        state: all tensors of a model.
        labels: `k`, how many labels it has.
        features: `d`, of its last feature map.
        held_out: the distances in its card.
        file: the model's folder, for messages.

    Raises:
        ModelError: the tensors or the distances cannot be used.
    """
    net = {name: one for name, one in state.items() if not name.startswith(PREFIX)}
    own = {name.removeprefix(PREFIX): state[name] for name in state if name not in net}
    if not own:
        return net, None
    try:
        spread, prototypes, owners = (own.pop(name) for name in ("spread", "prototypes", "owners"))
        fits = (
            not own
            and spread.shape == (features,)
            and prototypes.shape[1:] == (features,)
            and owners.shape == prototypes.shape[:1] != (0,)
            and not owners.is_floating_point()
            and -1 <= int(owners.min()) <= int(owners.max()) < labels
            and bool((spread > 0).all())
        )
        values = {kind: [float(one) for one in (held_out or {})[kind]] for kind in held_out or {}}
        fits = fits and set(values) <= set(KINDS)
        fits = fits and bool(np.isfinite(sum(values.values(), [0.0])).all())
    except (KeyError, IndexError, TypeError, ValueError):
        fits = False
    if not fits:
        raise ModelError(
            "what it knows of its training recordings is unusable", file=file, fix=_FIX
        )
    known = KnownSounds(spread, prototypes.float(), owners.long(), labels)
    return net, known.calibrated(values)
