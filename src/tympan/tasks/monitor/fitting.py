"""After the training: measure normal windows, weigh the detectors, fit them, set the threshold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tympan.tasks.monitor.changes import changed
from tympan.tasks.monitor.detectors import DETECTORS, coreset
from tympan.tasks.monitor.examples import filled
from tympan.tasks.monitor.net import LEAST_SPREAD_DB
from tympan.tasks.monitor.normal import (
    TRAINED_ON,
    Measured,
    NormalSounds,
    calibrate,
    cross_fit,
    fit_detectors,
    weigh,
    worth,
)

if TYPE_CHECKING:
    from tympan.tasks.monitor.config import MonitorConfig
    from tympan.tasks.monitor.examples import MonitorExamples
    from tympan.tasks.monitor.net import MonitorNet
    from tympan.tasks.windows import Window

BATCH = 16
# Of so many windows altered copies are made, to choose detectors by.
CHANGED = 48
# So many of them or more are held as sound.
HELD = 128
MOST = 6000
LEVELS = "levels"
Recordings = Sequence[tuple[Callable[[], Iterator["Window"]], bool]]
"""For each recording what gives its windows, and whether the autoencoder was not trained on it."""


def recordings_of(parts: Sequence[tuple[MonitorExamples, bool]]) -> Recordings:
    """The recordings of examples, each part held out from the autoencoder or not."""
    found: list[tuple[Callable[[], Iterator[Window]], bool]] = []
    for examples, held_out in parts:
        for owner in range(len(examples.table)):
            found.append((lambda e=examples, o=owner: e.steps(o), held_out))  # type: ignore[misc]
    return found


def measure(
    net: MonitorNet, recordings: Recordings, most: int
) -> tuple[Measured, dict[int, np.ndarray]]:
    """Measure windows of all recordings, every n-th if there are more than `most`.

    Returns:
        What was measured, and a few hundred of the windows as sound, by their numbers.
    """
    rows: dict[str, list[np.ndarray]] = {}
    owners: list[int] = []
    held: list[bool] = []
    places: list[int] = []
    waves: dict[int, np.ndarray] = {}
    every = 1
    batch: list[np.ndarray] = []

    def flush() -> None:
        if batch:
            for name, values in measured(net, np.stack(batch)).items():
                rows.setdefault(name, []).append(values)
            batch.clear()

    each = max(1, -(-most // max(1, len(recordings))))
    for owner, (windows, held_out) in enumerate(recordings):
        kept = thinned(windows(), each)
        for window in kept:
            if batch and len(window.wave) != len(batch[0]):
                flush()
            batch.append(window.wave)
            owners.append(owner)
            held.append(held_out)
            places.append(window.offset)
            if (len(owners) - 1) % every == 0:
                waves[len(owners) - 1] = np.array(window.wave)
            if len(waves) > 2 * HELD:
                every *= 2
                waves = {i: wave for i, wave in waves.items() if i % every == 0}
            if len(batch) == BATCH:
                flush()
    flush()
    joined = {name: np.concatenate(values) for name, values in rows.items()}
    found = Measured(joined, np.array(owners), np.array(held), np.array(places))
    return found, waves


def thinned(windows: Iterator[Window], most: int) -> list[Window]:
    """At most so many windows, evenly from the whole recording, in bounded memory."""
    kept: list[Window] = []
    every = 1
    for i, window in enumerate(windows):
        if i % every == 0:
            kept.append(window)
        if len(kept) > 2 * most:
            kept, every = kept[::2], 2 * every
    step = max(1, -(-len(kept) // most))
    return kept[::step]


def measured(net: MonitorNet, waves: np.ndarray) -> dict[str, np.ndarray]:
    """What detectors compare, of windows `(b, t)`."""
    tensor = torch.from_numpy(np.ascontiguousarray(waves, np.float32))
    found = net.measure(tensor.to(net.mean_db.device))
    return {name: values.cpu().numpy() for name, values in found.items() if name != LEVELS}


def usable(config: MonitorConfig, *, trained: bool) -> tuple[str, ...]:
    """The names of the detectors that such a net can serve."""
    missing = set() if config.encoder else {"embedding"}
    if not trained:
        missing.update(TRAINED_ON)
    names = tuple(name for name, (space, _) in DETECTORS.items() if space not in missing)
    return tuple(n for n in names if not config.detectors or n in config.detectors) or names


def fit_normal(
    net: MonitorNet,
    config: MonitorConfig,
    recordings: Recordings,
    *,
    trained: bool = True,
    seed: int = 0,
    most: int = MOST,
) -> tuple[NormalSounds, MonitorConfig]:
    """Learn what the normal machine sounds like.

    Args:
        net: its encoder and its trained autoencoder, in evaluation mode.
        config: the configuration; its `detectors` are obeyed if there are any.
        recordings: those of the normal machine.
        trained: whether the autoencoder was trained.
        seed: of the altered windows.
        most: about so many windows are measured at most.

    Returns:
        What is known, and the configuration with the detectors chosen.

    Raises:
        DataError: there is too little of it.
    """
    found, waves = measure(net, recordings, most)
    names = usable(config, trained=trained)
    crossed = cross_fit(found, names, config.bank, config.neighbours)
    aucs: dict[str, float] = {}
    weights = dict.fromkeys(names, 1.0)
    if not config.detectors:
        rng = np.random.default_rng(seed)
        held = np.array(sorted(waves))
        taken = held[np.unique(np.linspace(0, len(held) - 1, CHANGED).round().astype(int))]
        copies = [one for i in taken for one in changed(waves[int(i)], config.rate_hz, rng)]
        sources = np.repeat(taken, len(copies) // len(taken))
        weights, aucs = weigh(crossed, _measured_all(net, copies), sources, names)
    surprises, fused = calibrate(crossed, weights)
    detectors = fit_detectors(found.rows, tuple(weights), config.bank, config.neighbours)
    sounds, sound_rows = _kept(found, waves, config)
    levels = band_levels(found.rows["spectrum"])
    normal = NormalSounds(detectors, surprises, weights, fused, *levels, sounds, sound_rows)
    chosen = replace(
        config,
        detectors=tuple(weights),
        simulated_auc={name: round(value, 4) for name, value in aucs.items()} or None,
        steps=len(found),
        independent=round(worth(found, crossed, weights), 1),
    )
    return normal, chosen


def band_levels(spectra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each band's level over all frames of normal windows.

    Args:
        spectra: mean, standard deviation and maximum of each band in each window `(m, 3 f)`.
    """
    means, spreads, _ = np.split(spectra, 3, axis=1)
    spread = np.sqrt((spreads**2).mean(0) + means.var(0))
    return means.mean(0), np.maximum(spread, LEAST_SPREAD_DB)


def _measured_all(net: MonitorNet, waves: list[np.ndarray]) -> dict[str, np.ndarray]:
    size = max(map(len, waves))
    whole = [filled(wave, size) for wave in waves]
    parts = [measured(net, np.stack(whole[i : i + BATCH])) for i in range(0, len(whole), BATCH)]
    return {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}


def _kept(
    found: Measured, waves: dict[int, np.ndarray], config: MonitorConfig
) -> tuple[np.ndarray, np.ndarray]:
    """A few normal windows that differ as much as they can, as sound, and their spectra."""
    if not config.kept_sounds:
        return np.zeros((0, 1), np.float32), np.zeros((0, 1), np.float32)
    held = np.array(sorted(waves))
    taken = held[coreset(found.rows["spectrum"][held], config.kept_sounds)]
    size = max(len(wave) for wave in waves.values())
    sounds = np.stack([filled(waves[int(i)], size) for i in taken])
    return sounds, found.rows["spectrum"][taken]


def extras(config: MonitorConfig) -> dict[str, Any]:
    """What the report shows of the choice of detectors."""
    return {"detectors": list(config.detectors), "simulated_auc": config.simulated_auc or {}}
