"""How a classifier is trained: what suits the recordings and the start model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tympan._words import plural
from tympan.errors import ArgumentError
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.contract import VAL_FRACTION, Log, Phase, Recipe
from tympan.tasks.recipes import (
    SMALL,
    TRIAL_FRACTION,
    check_pretrained,
    common_rate_hz,
    configured,
    is_small,
    share_above,
)
from tympan.tasks.results.parts import percent

if TYPE_CHECKING:
    from tympan.data import Examples, Table
    from tympan.models import LoadedModel
    from tympan.training import Learner, TrainingConfig

Config = TypeVar("Config", bound=ClassifyConfig)
# What pretrained weights need as it was.
PRETRAINED_FIELDS = ("rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "encoder")
# Recordings of a lower rate than this are resampled to the usual one.
LOWEST_RATE_HZ = 4000
# With more of the power above what the net gets, the net would not get the sound.
MOST_LOST = 0.5
# What a trained encoder knows is worth more than what a few hundred recordings change in it.
FINE_TUNED_ENCODER_LR = 0.1
EPOCHS_FINE_TUNED, EPOCHS_SCRATCH, EPOCHS_SMALL = 20, 40, 0
LR_FINE_TUNED, LR_SCRATCH = 1e-3, 2e-3
# A trained encoder gains in the first epochs or not at all.
PATIENCE = 8
# What the last phase changes: whole clips, not mixed, at a fifth of the learning rate.
FINISH_CONFIG: dict[str, Any] = {"crop": 1.0, "mixup_p": 0.0}
FINISH_LR, FINISH_WARMUP_EPOCHS = 0.2, 0.5


def defaults(config: Config) -> dict[str, Phase[Config]]:
    """How a clip-level net is trained in each situation, unless the user says otherwise."""
    tuned = fine_tuned(config)
    return {
        "": Phase(usual_training(pretrained=True), tuned),
        "from scratch": Phase(usual_training(pretrained=False), config),
        "of few recordings": Phase(usual_training(pretrained=True, head_only=True), tuned),
    }


def recipe(
    table: Table,
    start: LoadedModel | None,
    settings: Mapping[str, Any],
    config: Config,
    names: Sequence[str],
) -> Recipe[Config]:
    """The recipe for a folder, see `tympan.tasks.contract.Task.recipe`.

    Args:
        table: the recordings.
        start: the model to start from.
        settings: what the user set.
        config: the usual configuration.
        names: the labels.

    Raises:
        ArgumentError: an unknown or unusable setting.
    """
    small = is_small(table, len(names))
    config, reasons = front(config, table, start, settings)
    if start is None and small:
        config = for_small(config)
    # Settings may choose the head, and with it whether there is a linear probe.
    probed = start is not None or settings.get("pool", config.pool) == "stages"
    head_only = small and probed and not {"epochs", "lr"} & set(settings)
    usual = usual_training(start is not None, head_only)
    settings = dict(settings)
    augment = settings.pop("augment", None)
    config, training, user_set = configured(config, usual, settings)
    if augment is not None:
        config = replace(config, augment=augmentation(augment, config.rate_hz))
    if start is not None:
        check_pretrained(PRETRAINED_FIELDS, config, start)
    if training.epochs == 0 and not probed:
        what = "nothing would be learned: no epochs, and no head that is fitted"
        raise ArgumentError(what, fix="give 1 epoch or more, or --set pool=stages")
    if config.finish_epochs:
        reasons += (
            f"after the {plural(training.epochs, 'epoch')} that --epochs sets, "
            f"{config.finish_epochs} (finish_epochs) of whole clips that are not mixed, at a fifth "
            "of the learning rate",
        )
    elif training.epochs == 0:
        why = "as set" if "epochs" in settings else f"under {SMALL} recordings for each label"
        reasons += (
            f"{why}: the head is fitted, the encoder stays as it is (--epochs 20 tries to train "
            "it too)",
        )
    # Epochs on few recordings may make a fitted head worse (docs/experiments.md).
    competes = small and start is not None and training.epochs > 0
    return Recipe(
        phases=phases_of(training, config),
        reasons=reasons,
        user_set=user_set,
        val_fraction=0.0 if small else VAL_FRACTION,
        trial_fraction=TRIAL_FRACTION if competes else 0.0,
        initialize=Initialize(start) if probed or config.keep_norm else None,
    )


def front(
    config: Config, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
) -> tuple[Config, tuple[str, ...]]:
    """A configuration that gets what the recordings hold, and a sentence where it cannot."""
    common_hz = common_rate_hz(table)
    chosen_hz = settings.get("rate_hz")
    if start is not None:
        config = from_model(config, start)
    elif chosen_hz is None:
        config = at_rate(config, common_hz)
    if common_hz <= config.rate_hz or chosen_hz is not None:
        return config, ()
    lost = share_above(table, config.rate_hz / 2)
    if lost <= MOST_LOST:
        return config, ()
    if start is None:
        high = f"{percent(lost)} of the power lies high"
        why = f"{high}, so the net gets all up to {common_hz / 2:.0f} Hz"
        return scaled(config, common_hz), (why,)
    why = (
        f"warning: {percent(lost)} of the power lies above {config.rate_hz / 2:.0f} Hz, which the "
        "net does not get: --from scratch chooses a rate that suits"
    )
    return config, (why,)


def augmentation(name: str, rate_hz: int) -> dict[str, Any]:
    """A preset or TOML file as a configuration holds it.

    Raises:
        ArgumentError: there is no such preset or file, or something in it is wrong.
    """
    from tympan.augment import load_augmentation, preset_names
    from tympan.tasks.classify.net import SPREAD_DB

    found = load_augmentation(name, rate_hz=rate_hz, unit_db=SPREAD_DB)
    is_preset = name in preset_names()
    # Recordings that it names lie beside the file; the card has no place of one machine.
    folder = {} if is_preset else {"folder": os.path.relpath(Path(name).parent)}
    return {**found.to_dict(), **folder}


def phases_of(training: TrainingConfig, config: Config) -> tuple[Phase[Config], ...]:
    """The training, and its last epochs of whole clips if the configuration asks for them.

    A net that has seen parts of clips, most of them mixed, ends with what it gets in an answer.

    >>> from tympan.training import TrainingConfig
    >>> training = TrainingConfig(epochs=40, lr=2e-3)
    >>> _, last = phases_of(training, ClassifyConfig(finish_epochs=4))
    >>> last.training.epochs, last.training.lr, last.config.crop, last.config.mixup_p
    (4, 0.0004, 1.0, 0.0)
    """
    first = Phase(training, config)
    if not config.finish_epochs:
        return (first,)
    last = replace(
        training,
        epochs=config.finish_epochs,
        lr=FINISH_LR * training.lr,
        warmup_epochs=FINISH_WARMUP_EPOCHS,
        cycles=1,
    )
    return first, Phase(last, replace(config, **FINISH_CONFIG))


def _chosen(settings: Mapping[str, Any], name: str, default: Any) -> Any:
    return settings.get(name, default)


def usual_training(pretrained: bool, head_only: bool = False) -> TrainingConfig:
    """How long and how fast, on a user's folder: a trained encoder needs less than a random one.

    The few steps that few recordings give do an encoder more harm than good
    (docs/experiments.md): then nothing follows the fitted head. A random encoder learns faster with
    Muon (seen on ESC-50 and on voices); a trained one, whose steps are small, was not tried so.

    Args:
        pretrained: start from a trained encoder.
        head_only: train no further than the fitted head.
    """
    from tympan.training import TrainingConfig

    usual = TrainingConfig(batch_size=32, ema_decay=0.995, lr=LR_FINE_TUNED)
    if head_only:
        return replace(usual, epochs=EPOCHS_SMALL)
    if pretrained:
        return replace(usual, epochs=EPOCHS_FINE_TUNED, patience=PATIENCE)
    return replace(usual, epochs=EPOCHS_SCRATCH, lr=LR_SCRATCH, optimizer="muon")


def from_model(config: Config, model: LoadedModel) -> Config:
    """Take over what the weights of `model` need: its (first) front and encoder.

    The new head gets every stage of it, see `tympan.tasks.classify.pool`.
    """
    from tympan.tasks.classify.ensemble import configs_of

    values = dict(model.card.config)
    values.pop("thresholds", None)  # of a tagger
    other, *_ = configs_of(values, str(model.path))
    return fine_tuned(replace(config, **{name: getattr(other, name) for name in PRETRAINED_FIELDS}))


def fine_tuned(config: Config) -> Config:
    """What suits a trained encoder, whichever it is."""
    return replace(config, pool="stages", keep_norm=True, encoder_lr=FINE_TUNED_ENCODER_LR)


def at_rate(config: Config, rate_hz: int) -> Config:
    """What suits recordings of a low rate: no empty bands above what they hold.

    Frames keep their length in seconds.

    Args:
        config: the configuration.
        rate_hz: of the recordings; 0 if unknown.
    """
    return scaled(config, rate_hz) if LOWEST_RATE_HZ <= rate_hz < config.rate_hz else config


def scaled(config: Config, rate_hz: int) -> Config:
    """The same frames, in seconds, at another rate.

    >>> scaled(ClassifyConfig(), 8000).hop
    160
    """
    scale = rate_hz / config.rate_hz
    n_fft, hop = round(config.n_fft * scale / 2) * 2, round(config.hop * scale)
    return replace(config, rate_hz=rate_hz, n_fft=n_fft, hop=hop)


def for_small(config: Config) -> Config:
    """What suits few recordings of each label better, trained from scratch."""
    return replace(config, pool="stages", keep_norm=True)


class Initialize:
    """Copy the (first) encoder of a model, and fit the head to the training recordings.

    A head on every stage is fitted to a random encoder too: the spectrogram is one of its stages,
    and random filters are not the worst.

    Args:
        model: what to start from; None leaves the encoder random.
    """

    def __init__(self, model: LoadedModel | None) -> None:
        self.model = model

    @property
    def leaves(self) -> str:
        """What it makes of a net, in words."""
        if self.model is None:
            return "the head fitted on random filters"
        return f"the head fitted on the encoder of {self.model.card.name}"

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Initialise the net of `learner`; where the labels are the model's, from its head on."""
        from tympan.tasks.classify.examples import ClassifyExamples
        from tympan.tasks.classify.learner import ClassifyLearner

        assert isinstance(learner, ClassifyLearner)
        assert isinstance(examples, ClassifyExamples)
        from tympan.tasks.classify.ensemble import first_of
        from tympan.tasks.classify.linear_probe import fit_head, fit_norms

        net, model = learner.net, self.model
        count = len(examples.targets)
        if model is None:
            if net.config.keep_norm:
                fit_norms(net, examples)
            if net.config.pool == "stages":
                log(f"fitting the head to {plural(count, 'recording')}")
                fit_head(net, examples)
            return
        pool = model.card.config.get("pool", "last")
        same = (
            tuple(model.card.labels) == learner.labels
            and pool == net.config.pool
            and examples.targets.ndim == 1
        )
        parts = ("encoder.", "pool.", "head.") if same else ("encoder.",)
        state = {k: v for k, v in first_of(model.state).items() if k.startswith(parts)}
        net.load_state_dict(state, strict=False)
        log(f"fitting the head to {plural(count, 'recording')}")
        fit_head(net, examples, known=same)
