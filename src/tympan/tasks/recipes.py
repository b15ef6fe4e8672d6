"""What the recipes of all tasks share: how much data there is, and what the user set."""

from __future__ import annotations

import contextlib
import difflib
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError
from tympan.tasks.contract import C
from tympan.tasks.settings import apply_settings

if TYPE_CHECKING:
    from tympan.data import Table
    from tympan.models import LoadedModel
    from tympan.training import TrainingConfig

TEST_FRACTION = 0.15
# With fewer training recordings for each label, none is held out to choose an epoch by: the few
# that could be would choose by chance.
SMALL = 30
# Where a fitted head competes with epochs, so many are held out in a trial of the two.
TRIAL_FRACTION = 0.25
# With fewer recordings in all, a label has one or none to be tested on.
SCARCE = 8


def configured(
    config: C, training: TrainingConfig, settings: Mapping[str, Any]
) -> tuple[C, TrainingConfig, frozenset[str]]:
    """Put the user's settings into the configurations; which fields of the task's they are.

    Raises:
        ArgumentError: an unknown or unusable setting.
    """
    config, chosen = apply_settings(config, settings)
    training, used = apply_settings(training, settings)
    check_known(settings, used | chosen, vars(training) | vars(config))
    return config, training, frozenset(chosen)


def check_known(values: Mapping[str, Any], used: set[str], known: Mapping[str, Any]) -> None:
    """Refuse settings that nothing used, with the nearest name there is.

    Raises:
        ArgumentError: there are such.
    """
    unknown = sorted(set(values) - used)
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0.7)
        fix = f"{near[0]}, perhaps?" if near else f"one of {', '.join(sorted(known))}"
        fix += "; tympan train --settings lists what they do"
        raise ArgumentError(f"no setting is called {unknown[0]!r}", fix=fix)


def check_pretrained(fields: tuple[str, ...], config: C, start: LoadedModel) -> None:
    """What pretrained weights dictate cannot be set: they would get another input.

    Raises:
        ArgumentError: a setting of it is another one.
    """
    for name in fields:
        mine, its = getattr(config, name), start.card.config.get(name)
        if mine != its:
            what = f"{name}={mine} does not fit the encoder of {start.card.name}, made for {its}"
            raise ArgumentError(what, fix="--from scratch trains a new one")


def gather(settings: Mapping[str, Any] | None, **named: Any) -> dict[str, Any]:
    """The settings with those that have an argument of their own.

    Raises:
        ArgumentError: one is given both ways, differently.
    """
    values = dict(settings or {})
    for name, value in named.items():
        if value is None:
            continue
        if name in values and str(values[name]) != str(value):
            raise ArgumentError(f"{name} is given twice: {value} and {values[name]}")
        values[name] = value
    return values


def is_small(table: Table, k: int) -> bool:
    """Whether there are few training recordings for each of `k` labels: about `SMALL` or less."""
    count = round(len(table) * (1 - TEST_FRACTION))
    for name in ("split", "fold"):
        if table.has(name):
            column = [value.lower() for value in table.column(name)]
            named = sum(value.startswith("train") for value in column)
            # Of folds the last one is the test set.
            count = named or len(column) - round(len(column) / max(2, len(set(column))))
            break
    return count < SMALL * k


def scarce_labels(table: Table) -> str:
    """A sentence about labels of which there are hardly any recordings; empty if there are none.

    One recording in the test set is right or wrong: nothing follows from it.
    """
    counts = Counter(example.label for example in table if example.label)
    scarce = sorted((n, label) for label, n in counts.items() if n < SCARCE)
    if not scarce:
        return ""
    names = ", ".join(f"{label!r} ({n})" for n, label in scarce[:8]) + " …" * (len(scarce) > 8)
    return (
        f"warning: under {SCARCE} recordings of {names}: the score says next to nothing about "
        "such a label; record more, or leave it out"
    )


def common_rate_hz(table: Table, most: int = 25) -> int:
    """The sample rate that most of the files have (a few are looked at); 0: unknown."""
    from tympan.audio import probe
    from tympan.errors import TympanError

    rates: list[int] = []
    for path in table.paths[:: max(1, len(table) // most)]:
        # A file that cannot be read is reported when it is decoded.
        with contextlib.suppress(TympanError):
            rates.append(probe(path).rate_hz)
    return max(sorted(set(rates), reverse=True), key=rates.count, default=0)


def share_above(table: Table, limit_hz: float, most: int = 12, length_s: float = 10.0) -> float:
    """The share of the power above a frequency, in the median of a few recordings.

    Args:
        table: the recordings; so many of them are looked into.
        limit_hz: what lies above it is counted.
        most: how many.
        length_s: so much of the beginning of each.

    Returns:
        0 … 1; 0 where nothing can be read.
    """
    import numpy as np

    from tympan.audio import load
    from tympan.errors import TympanError

    shares: list[float] = []
    for path in table.paths[:: max(1, len(table) // most)][:most]:
        # A file that cannot be read is reported when it is decoded.
        with contextlib.suppress(TympanError):
            clip = load(path, end_s=length_s)
            power = np.square(np.abs(np.fft.rfft(clip.samples - clip.samples.mean(1)[:, None])))
            frequencies_hz = np.fft.rfftfreq(clip.num_samples, 1 / clip.rate_hz)
            total = float(power.sum())
            if total > 0:
                shares.append(float(power[:, frequencies_hz > limit_hz].sum()) / total)
    return float(np.median(shares)) if shares else 0.0
