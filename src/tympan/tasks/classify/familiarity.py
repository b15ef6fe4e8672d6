"""The familiarity of recordings to a classifier or tagger: its net, its windows, its training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch import Tensor

from tympan.errors import DataError
from tympan.nets import MeanMaxPooling
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.examples import ClassifyExamples, apply_to_windows
from tympan.tasks.familiarity import SEVERAL, WHOLE, WINDOW, KnownSounds, fit, thinned

if TYPE_CHECKING:
    from tympan.tasks.classify.ensemble import Ensemble
    from tympan.tasks.classify.learner import ClassifyLearner
    from tympan.tasks.classify.net import Classifier
    from tympan.tasks.windows.batcher import Run

Config = TypeVar("Config", bound=ClassifyConfig)
# Recordings that are taken, and windows of one; of more, evenly many or drawn.
MOST_TRAINED, MOST_HELD_OUT, MOST_OF_ONE = 2000, 500, 6
FOLDS = 5

Found = dict[str, list[tuple[Tensor, Tensor]]]
"""Kind of answer → features of windows `(w, d)` and the row of each `(w,)`."""


def with_distances(net: Classifier | Ensemble, known: KnownSounds, run: Run) -> Run:
    """`run` that gives after the probabilities the distances `(b, 1 + k)` from known sounds.

    The net is run once: the feature maps of its stages are taken on the way, of several nets those
    of the first.
    """
    from tympan.tasks.classify.ensemble import nets_of

    stages = nets_of(net)[0].encoder.stages
    every = known.space.center is not None

    def both(waves: Tensor) -> tuple[Tensor, ...]:
        kept: list[Tensor] = []
        hooks = [
            stage.register_forward_hook(lambda *given: kept.append(given[-1])) for stage in stages
        ]
        try:
            found = run(waves)
        finally:
            for hook in hooks:
                hook.remove()
        rows, *others = found if isinstance(found, tuple) else (found,)
        features = pooled(kept) if every else MeanMaxPooling()(kept[-1].float())
        return (rows, known.distances(features), *others)

    return both


def pooled(maps: Iterable[Tensor]) -> Tensor:
    """Features `(b, d)` of the feature maps of all stages: mean and maximum over time of each."""
    frames = [one.float().mean(2) for one in maps]
    return torch.cat([part for x in frames for part in (x.mean(2), x.amax(2))], 1)


def features_of(net: Classifier, waves: Tensor) -> Tensor:
    """The features `(b, d)` of waves `(b, t)` that distances are measured in, of all stages.

    >>> from tympan.tasks.classify.net import Classifier
    >>> net = Classifier(ClassifyConfig(encoder="small"), 2).eval()
    >>> features_of(net, torch.zeros(2, 16000)).shape
    torch.Size([2, 448])
    """
    spectrograms = net.front(waves).contiguous(memory_format=torch.channels_last)
    _, *stages = net.encoder.feature_maps(spectrograms)
    return pooled(one for _, one in stages)


def learn_known(
    learner: ClassifyLearner,
    config: Config,
    train: ClassifyExamples,
    validation: ClassifyExamples | None,
) -> tuple[KnownSounds, Config]:
    """Learn what training recordings are like, and how far held-out ones lie from them.

    Held out are the validation recordings; where there are none, a fifth of the training
    recordings at a time, which the prototypes of the others are compared with. For an encoder that
    was not trained on them that is the same; one that was finds them nearer than new ones.

    Args:
        learner: its net is trained.
        config: the task's configuration.
        train: the training recordings.
        validation: recordings that were not trained on; None: there are none.

    Returns:
        What is known, and the configuration with the held-out distances.
    """
    net = learner.net.eval()
    rows = chosen(len(train.sizes), MOST_TRAINED)
    owners, k = train.targets, len(learner.labels)
    found = features_in(net, train, rows, windows=validation is None)
    features, row_of = answered(found)
    known = fit(features, owners[row_of], k, last=net.encoder.features)
    if validation is not None:
        held_out = features_in(net, validation, chosen(len(validation.sizes), MOST_HELD_OUT))
        distances = distances_in(known, held_out)
    else:
        distances = out_of_fold(found, owners, k, folds_of(train), net.encoder.features)
    return known.calibrated(distances), replace(config, held_out_distances=thinned(distances))


def chosen(count: int, most: int, seed: int = 0) -> np.ndarray:
    """The rows that are taken, at most so many."""
    rows = np.arange(count)
    return rows if count <= most else np.sort(np.random.default_rng(seed).permutation(rows)[:most])


@torch.no_grad()
def features_in(
    net: Classifier, examples: ClassifyExamples, rows: Sequence[int] | np.ndarray, *,
    windows: bool = True,
) -> Found:  # fmt: skip
    """Features of recordings: of the windows that they are answered in, and of short ones.

    Args:
        net: in evaluation mode.
        examples: the recordings.
        rows: those that are taken.
        windows: cut those that are answered whole into the windows of longer ones, too.
    """
    pieces: dict[str, list[tuple[int, Tensor]]] = {WHOLE: [], SEVERAL: [], WINDOW: []}
    for i in map(int, rows):
        found = examples.windows(i, MOST_OF_ONE)
        pieces[WHOLE if len(found) == 1 else SEVERAL].append((i, found))
        if windows and len(found) == 1:
            pieces[WINDOW] += [(i, one[None]) for one in short_windows(examples, i)]
    gathered: Found = {}
    for kind, some in pieces.items():
        if some:
            gathered[kind] = [apply_to_windows(lambda waves: features_of(net, waves), some)]
    if SEVERAL in gathered:
        gathered[WINDOW] = [*gathered.get(WINDOW, []), *gathered[SEVERAL]]
    return gathered


def short_windows(examples: ClassifyExamples, row: int) -> Iterator[Tensor]:
    """The windows `(t,)` of a recording as if it were longer."""
    from tympan.tasks.classify.geometry import geometry_of
    from tympan.tasks.classify.steps import NOTHING
    from tympan.tasks.inputs import SILENT_PEAK
    from tympan.tasks.windows import cut

    config = examples.config
    geometry, _ = geometry_of(config, config.clip_s * config.crop)
    wave = examples.store.mono(examples.path(row))
    pieces = [one.wave.copy() for one in cut(geometry.cutter(), [wave])]
    # Silence counts for nothing in an answer either.
    least = max(SILENT_PEAK, NOTHING * float(np.abs(wave).max(initial=0.0)))
    found = [torch.from_numpy(one) for one in pieces if float(np.abs(one).max()) >= least]
    return iter(found[:: max(1, -(-len(found) // MOST_OF_ONE))])


def answered(found: Found) -> tuple[Tensor, Tensor]:
    """The windows `(w, d)` in which recordings are answered, and the row of each."""
    parts = [part for kind in (WHOLE, SEVERAL) for part in found.get(kind, [])]
    return torch.cat([one for one, _ in parts]), torch.cat([one for _, one in parts])


def distances_in(known: KnownSounds, found: Found, rows: Sequence[int] | None = None) -> dict[
    str, list[float]
]:  # fmt: skip
    """Distances of recordings (the mean over their windows) and of short windows.

    Args:
        known: what they are compared with.
        found: their features.
        rows: those that are taken; None: all.
    """
    distances: dict[str, list[float]] = {WHOLE: [], SEVERAL: [], WINDOW: []}
    for kind, parts in found.items():
        for features, row_of in parts:
            if rows is not None:
                taken = torch.isin(row_of, torch.tensor(list(rows), dtype=torch.long))
                features, row_of = features[taken], row_of[taken]
            if not len(row_of):
                continue
            values = known.distances(features)[:, 0]
            _, number = torch.unique(row_of, return_inverse=True)
            means = (torch.bincount(number, values.double()) / torch.bincount(number)).tolist()
            if kind != WINDOW:
                distances[kind] += means
                continue
            distances[kind] += values.tolist()
            if SEVERAL not in found:  # none is so long: as if the windows were all it had
                distances[SEVERAL] += means
    return distances


def folds_of(examples: ClassifyExamples) -> np.ndarray:
    """The fold `(m,)` of each recording; what belongs together is in one."""
    from tympan.data.cross_validation import folds

    table, keys = examples.table, examples.store.keys(examples.table)
    fold = np.zeros(len(table), int)
    for k in (FOLDS, 2):
        try:
            parts = list(folds(table, column=None, k=k, keys=keys))
        except DataError:  # too few sources
            continue
        for number, (_, split) in enumerate(parts):
            fold[list(split.indices["test"])] = number
        return fold
    # All of one source: what is left is that the same sound is in one fold.
    number_of = {key: i % FOLDS for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([number_of[key] for key in keys])


def out_of_fold(
    found: Found, owners: Tensor, k: int, fold: np.ndarray, last: int | None = None
) -> dict[str, list[float]]:
    """Distances of recordings from the prototypes of those in other folds.

    Args:
        found: the features of all.
        owners: `(m,)`, the label of each recording; or `(m, k)`, which apply.
        k: how many labels there are.
        fold: `(m,)`.
        last: channels of the last stage, see `tympan.tasks.familiarity.fit`.
    """
    features, row_of = answered(found)
    where = torch.from_numpy(fold)[row_of]
    gathered: dict[str, list[float]] = {}
    for number in np.unique(fold):
        others = where != int(number)
        if not others.any():
            continue
        labels = owners[row_of[others]]
        known = fit(features[others], labels, k, last=last)
        # A label of which the other folds have nothing would look unlike everything.
        own = np.flatnonzero(fold == number)
        rows = [int(i) for i in own if bool(_same(labels, owners[i]).any())]
        for kind, values in distances_in(known, found, rows).items():
            gathered.setdefault(kind, []).extend(values)
    return gathered


def _same(labels: Tensor, own: Tensor) -> Tensor:
    """Which recordings have the label of another one, or one of its labels."""
    if own.ndim == 0:
        return labels == own
    # One without any label is like all others.
    return (labels.bool() & own.bool()).any(1) | ~own.bool().any()
