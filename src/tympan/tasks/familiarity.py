"""How like its training recordings a sound is, so that a model can say "I don't know".

A classifier answers with one of its labels whatever it gets, and its score may be high. Its
encoder knows more: sounds that it was not trained on lie elsewhere among its features. So the
places of the training recordings are kept, as a few prototypes of each label, and how far held-out
recordings of the same kind lie from them:

    features (d,) ──► unit vector ──► distance to the nearest prototype ──► familiarity
                                                       held-out distances ──┘

The *familiarity* is the share of held-out recordings that lie at least as far, counting the sound
itself: a conformal p-value (Laxhammar, Falkman, *Conformal Prediction for Distribution-Independent
Anomaly Detection in Streaming Vessel Data*, 2010; Bates et al., *Testing for Outliers with
Conformal p-values*, Annals of Statistics 2023). Of known sounds at most 5 % have one below 0.05,
whatever the distances are, if they come from where the held-out ones came from. The distance is
that of Sun et al., *Out-of-Distribution Detection with Deep Nearest Neighbors*, ICML 2022, with
prototypes in place of all recordings, in the space of `tympan.tasks.prototypes`;
docs/benchmarks/unknown.md compares it with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ModelError
from tympan.tasks.prototypes import Space, clusters, decoded, encoded, representatives

if TYPE_CHECKING:
    from torch import Tensor

MIN_FAMILIARITY = 0.05
"""Below it a sound counts as unlike the training set: the share of known ones that do, too."""
PREFIX = "familiarity."
"""What the names of its tensors begin with, beside those of the net."""

# So many prototypes in all, a quarter of a megabyte for the encoder of `sounds`.
MOST_PROTOTYPES = 256
# So many held-out distances are kept of each kind; of more, evenly many of the sorted ones.
MOST_HELD_OUT = 400
# How a recording was answered: in one window, in several, or a window of several for itself.
WHOLE, SEVERAL, WINDOW = "whole", "several", "window"
KINDS = (WHOLE, SEVERAL, WINDOW)
_FIX = "get or train the model again"


@dataclass(frozen=True, eq=False)
class KnownSounds:
    """What the training recordings of a model are like.

    Attributes:
        space: in which vectors are compared.
        prototypes: `(p, d)`, features of typical recordings.
        owners: `(p,)`, the number of the label of each prototype; where labels overlap `(p, k)`,
            which apply; or -1, where that is not known.
        labels: `k`, how many labels a prototype can be of.
        held_out: kind of answer (`"whole"`, `"several"`, `"window"`) → distances of recordings
            that were not trained on, ascending.

    >>> import torch
    >>> features = torch.tensor([[1.0, 0.1], [0.9, 0.0], [0.0, 1.0], [0.1, 0.9]])
    >>> known = fit(features, torch.tensor([0, 0, 1, 1]), 2)
    >>> known.distances(torch.tensor([[1.0, 0.05], [1.0, 1.0]])).argmax(0).tolist()
    [1, 0, 1]
    """

    space: Space
    prototypes: Tensor
    owners: Tensor
    labels: int
    held_out: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def distances(self, features: Tensor) -> Tensor:
        """How far features lie from the nearest prototype, 0 … 2: one less the cosine.

        Args:
            features: `(b, d)`.

        Returns:
            `(b, 1 + k)`: to the nearest of all, then to the nearest to which the first label does
            not apply, the second …, 2 where there is none; `(b, 1)` where it is not known which
            labels apply.
        """
        import torch

        device = features.device
        vectors = self._vectors.to(device)
        cosines = self.space(features) @ vectors.T
        nearest = cosines.max(1, keepdim=True).values
        if not self.labels or bool((self.owners < 0).any()):
            return 1 - nearest
        others = torch.full((len(cosines), self.labels), -1.0, device=device)
        for i, applies in enumerate(self._applies.T.to(device)):
            if not bool(applies.all()):
                others[:, i] = cosines[:, ~applies].max(1).values
        return 1 - torch.cat([nearest, others], 1)

    @cached_property
    def _vectors(self) -> Tensor:
        return self.space(self.prototypes)

    @cached_property
    def _applies(self) -> Tensor:
        """`(p, k)`, which label applies to which prototype."""
        import torch

        if self.owners.ndim == 2:
            return self.owners.bool()
        return torch.nn.functional.one_hot(self.owners, self.labels).bool()

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
        found = {**self.space.state(), **encoded(self.prototypes), "owners": self.owners}
        return {f"{PREFIX}{name}": one for name, one in found.items()}


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


def fit(
    features: Tensor, owners: Tensor, labels: int, *, last: int | None = None, seed: int = 0
) -> KnownSounds:
    """Learn what training recordings are like; nothing is held out yet.

    Args:
        features: `(m, d)` of their windows.
        owners: `(m,)`, the label of each, from 0; or `(m, k)`, which apply.
        labels: `k`, how many labels there are.
        last: channels of the last stage, where the features are those of all stages, see
            `tympan.tasks.prototypes`; None: they are of one.
        seed: of the clustering.

    Returns:
        The space, and prototypes: the recordings themselves where they are few, else what is
        typical of each label. Where labels overlap, these are single recordings, so that it is
        known which labels apply.
    """
    import torch

    features, owners = features.detach().float().cpu(), owners.cpu()
    space = Space.of(features, last)
    rng = torch.Generator().manual_seed(seed)
    if owners.ndim == 2:
        vectors = space(features)
        rows = representatives(vectors, clusters(vectors, MOST_PROTOTYPES, rng))
        return KnownSounds(space, decoded(encoded(features[rows])), owners[rows].byte(), labels)
    present = torch.unique(owners).tolist()
    each = max(1, MOST_PROTOTYPES // len(present))
    parts = []
    for one in present:
        some = features[owners == one]
        vectors = space(some)
        # Means of the features, from which the space takes its vectors.
        nearest = (vectors @ clusters(vectors, each, rng).T).argmax(1)
        parts.append(torch.stack([some[nearest == i].mean(0) for i in torch.unique(nearest)]))
    of = torch.cat([torch.full((len(p),), one) for p, one in zip(parts, present, strict=True)])
    # As they are stored, so that a distance is the same before saving and after.
    return KnownSounds(space, decoded(encoded(torch.cat(parts))), of, labels)


def parted(
    state: Mapping[str, Tensor],
    labels: int,
    features: Sequence[int],
    held_out: Mapping[str, Any] | None,
    file: Any = None,
) -> tuple[dict[str, Tensor], KnownSounds | None]:
    """The weights of the net, and what a model knows of its training recordings; None: nothing.

    Args:
        state: all tensors of a model.
        labels: `k`, how many labels it has.
        features: channels of each stage of its encoder.
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
        space = Space.taken(own, features)
        owners, prototypes = own.pop("owners"), decoded(own)
        fits = not own and prototypes.shape == (len(owners), space.features) != (0, space.features)
        fits = fits and owners.shape[1:] in ((), (labels,)) and not owners.is_floating_point()
        low, high = int(owners.min()), int(owners.max())
        fits = fits and -1 <= low <= high < (labels if owners.ndim == 1 else 2)
        values = {kind: [float(one) for one in (held_out or {})[kind]] for kind in held_out or {}}
        fits = fits and set(values) <= set(KINDS)
        fits = fits and bool(np.isfinite(sum(values.values(), [0.0])).all())
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError):
        fits = False
    if not fits:
        raise ModelError(
            "what it knows of its training recordings is unusable", file=file, fix=_FIX
        )
    known = KnownSounds(space, prototypes, owners.long(), labels)
    return net, known.calibrated(values)
