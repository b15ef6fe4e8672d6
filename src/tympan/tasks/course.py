"""How to train: what suits the recordings and the start, unless the user says otherwise."""

from __future__ import annotations

import contextlib
import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError
from tympan.tasks.base import Report, apply_settings

if TYPE_CHECKING:
    from tympan.data import Table
    from tympan.models import LoadedModel
    from tympan.training import TrainingConfig

VAL_FRACTION = TEST_FRACTION = 0.15
# With fewer training recordings for each label, all of them teach: the few that could be held out
# would choose the best epoch by chance.
FEW = 30
# With fewer recordings in all, a label has one or none to be tested on.
SCARCE = 8
EPOCHS_TUNED, EPOCHS_SCRATCH, EPOCHS_FEW = 20, 40, 0
LR_TUNED, LR_SCRATCH = 1e-3, 2e-3


def configured(
    question: Any,
    table: Table,
    start: LoadedModel | None,
    values: Mapping[str, Any],
    say: Report,
) -> tuple[Any, TrainingConfig, frozenset[str]]:
    """Choose the task's configuration and the course of the training.

    Args:
        question: the task.
        table: the recordings.
        start: the model to start from.
        values: what the user set, by name.
        say: called with one line for each choice made.

    Returns:
        Both configurations, and which fields of the task's the user set.

    Raises:
        ArgumentError: an unknown or unusable setting.
    """
    few = teach_few(table)
    config = question.config_type()
    if start is not None:
        config = question.start_from(config, start)
    elif "rate_hz" not in values:
        config = question.for_rate(config, _common_rate_hz(table))
    if start is None and few:
        config = question.for_few(config)
    config, chosen = apply_settings(config, values)
    fits = question.fits_head(config, start)
    usual = usual_training(start is not None, few and fits and not {"epochs", "lr"} & set(values))
    training, used = apply_settings(usual, values)
    _check_known(values, used | chosen, vars(training) | vars(config))
    if start is not None:
        _check_brought(question, config, start)
    if training.epochs == 0 and not fits:
        what = "nothing would be learned: no epochs, and no head that is fitted"
        raise ArgumentError(what, fix="give 1 epoch or more, or --set pool=stages")
    if training.epochs == 0:
        why = "as told" if "epochs" in values else f"under {FEW} recordings for each label"
        say(f"{why}: the head is fitted, the encoder stays as it is (--epochs 20 trains it too)")
    return config, training, frozenset(chosen)


def scarce_labels(table: Table) -> str:
    """A sentence about labels of which there are hardly any recordings; empty if there are none.

    One recording on the test side is right or wrong: nothing follows from it.
    """
    counts = Counter(example.label for example in table if example.label)
    scarce = sorted((n, label) for label, n in counts.items() if n < SCARCE)
    if not scarce:
        return ""
    told = ", ".join(f"{label!r} ({n})" for n, label in scarce[:8]) + " …" * (len(scarce) > 8)
    return (
        f"warning: under {SCARCE} recordings of {told}: the score says next to nothing about "
        "such a label; record more, or leave it out"
    )


def usual_training(tuning: bool, head_only: bool = False) -> TrainingConfig:
    """The course of a training on a user's folder: a trained encoder needs less than a random one.

    The few steps that few recordings give do an encoder more harm than good
    (docs/experiments.md): then nothing follows the fitted head. A random encoder learns faster with
    Muon (seen on ESC-50 and on voices); a trained one, whose steps are small, was not tried so.

    Args:
        tuning: start from a trained encoder.
        head_only: train no further than the fitted head.
    """
    from tympan.training import TrainingConfig

    usual = TrainingConfig(batch_size=32, ema_decay=0.995, lr=LR_TUNED)
    if head_only:
        return replace(usual, epochs=EPOCHS_FEW)
    if tuning:
        return replace(usual, epochs=EPOCHS_TUNED)
    return replace(usual, epochs=EPOCHS_SCRATCH, lr=LR_SCRATCH, optimizer="muon")


def teach_few(table: Table) -> bool:
    """Whether few recordings of each label will teach: about `FEW` or less."""
    teach = round(len(table) * (1 - TEST_FRACTION))
    for name in ("split", "fold"):
        if table.has(name):
            column = [value.lower() for value in table.column(name)]
            told = sum(value.startswith("train") for value in column)
            # Of folds the last one is the test.
            teach = told or len(column) - round(len(column) / max(2, len(set(column))))
            break
    return teach < FEW * len(table.labels)


def val_fraction(table: Table) -> float:
    """The share of the recordings that is held out to choose the best epoch; of few none."""
    return 0.0 if teach_few(table) else VAL_FRACTION


def _common_rate_hz(table: Table, most: int = 25) -> int:
    """The sample rate that most of the files have (a few are looked at); 0: unknown."""
    from tympan.audio import probe
    from tympan.errors import TympanError

    rates: list[int] = []
    for path in table.paths[:: max(1, len(table) // most)]:
        # A file that cannot be read is reported when it is decoded.
        with contextlib.suppress(TympanError):
            rates.append(probe(path).rate_hz)
    return max(sorted(set(rates), reverse=True), key=rates.count, default=0)


def gathered(settings: Mapping[str, Any] | None, **named: Any) -> dict[str, Any]:
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


def _check_brought(question: Any, config: Any, start: LoadedModel) -> None:
    """What a trained encoder brings with it cannot be set: it would hear something else.

    Raises:
        ArgumentError: a setting of it is another one.
    """
    for name in question.brought:
        mine, its = getattr(config, name), start.card.config.get(name)
        if mine != its:
            what = f"{name}={mine} does not fit the encoder of {start.card.name}, made for {its}"
            raise ArgumentError(what, fix="--from scratch trains a new one")


def _check_known(values: Mapping[str, Any], used: set[str], known: Mapping[str, Any]) -> None:
    unknown = sorted(set(values) - used)
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0.7)
        fix = f"{near[0]}, perhaps?" if near else f"one of {', '.join(sorted(known))}"
        fix += "; tympan train --settings tells what they do"
        raise ArgumentError(f"no setting is called {unknown[0]!r}", fix=fix)
