"""The task `monitor`: trained on the normal machine only, it says what is unlike it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.contract import Model, Phase, Prepared, Recipe
from tympan.tasks.monitor.config import MonitorConfig
from tympan.tasks.monitor.rows import arranged, divided, is_normal, normal_label
from tympan.tasks.recipes import common_rate_hz, configured
from tympan.training import TrainingConfig

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Examples, Split, Table
    from tympan.models import LoadedModel
    from tympan.tasks.monitor.answer import MonitorModel
    from tympan.tasks.monitor.evaluation import MonitorEvaluation
    from tympan.tasks.monitor.examples import MonitorExamples
    from tympan.tasks.monitor.learner import MonitorLearner
    from tympan.tasks.results import Anomaly
    from tympan.training.learner import Learner

TRAINING = TrainingConfig(
    epochs=40, batch_size=8, lr=2e-3, weight_decay=1e-4, warmup_epochs=2, ema_decay=0.98,
    patience=12,
)  # fmt: skip
# About so many steps are made, whatever the number of recordings.
STEPS, FEWEST, MOST = 600, 4, 60
NET, KNOWN = "net.", "normal."
LOWEST_HZ, HIGHEST_HZ = 2000, 2_000_000


class MonitorTask:
    """Whether a machine sounds unusual, see `tympan.tasks.contract.Task`."""

    name = "monitor"
    pretrained_fields = ("encoder", "n_mels")
    # A model of sounds answers too, once it is given normal recordings.
    accepts = ("monitor", "classify", "tag")
    start_tasks = ("monitor", "classify", "tag")
    default_start = "sounds"
    cuts_parts = True

    def defaults(self) -> Mapping[str, Phase[MonitorConfig]]:
        """How it is trained unless the user says otherwise."""
        return {
            "": Phase(TRAINING, MonitorConfig()),
            "from scratch": Phase(TRAINING, MonitorConfig(encoder="")),
        }

    def claims(self, table: Table) -> str:
        """Why a folder asks for it: only normal recordings are to be trained on."""
        from tympan.data import guess_task

        try:
            guess = guess_task(table)
        except DataError:
            return ""
        return guess.reason if guess.task == self.name else ""

    def divided(self, table: Table, settings: Mapping[str, Any]) -> Table:
        """A few long recordings as labelled parts, which are then cut."""
        return divided(table, normal_label(table, str(settings.get("normal", ""))))

    def arranged(self, table: Table, split: Split, config: MonitorConfig, *, drop: bool) -> Split:
        """The split with anomalies in the test set only."""
        return arranged(table, split, config.normal, drop=drop)

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[MonitorConfig]:
        """How to train on a folder."""
        from tympan.tasks.monitor.learner import InitializeMonitor

        if "augment" in settings:
            what = "a monitor learns the machine as it is: its recordings are not varied"
            raise ArgumentError(what, fix="leave out --augment")
        usual = self.defaults()["" if start is not None else "from scratch"].config
        common_hz = common_rate_hz(table) or usual.rate_hz
        usual = replace(usual, rate_hz=min(max(common_hz, LOWEST_HZ), HIGHEST_HZ))
        if start is not None:
            encoder, bands = start.card.config.get("encoder"), start.card.config.get("n_mels")
            usual = replace(usual, encoder=str(encoder), n_mels=int(bands or usual.n_mels))
        config, training, chosen = configured(usual, TRAINING, settings)
        label = normal_label(table, config.normal)
        config = replace(config, normal=label)
        others = sorted({e.label for e in table if not is_normal(e, label)})
        reasons = [
            f"normal recordings are those with the label {label!r}"
            if label
            else "all recordings are taken for normal ones (--set normal=LABEL names others)"
        ]
        if others:
            reasons.append(f"the others only test: {', '.join(others)[:200]}")
        if "epochs" not in settings:
            training = replace(training, epochs=epochs_for(table, config, training.batch_size))
        reasons.append(
            f"windows of {config.window_s:g} s every {config.step_s:g} s, at {config.rate_hz} Hz"
        )
        return Recipe(
            phases=(Phase(training, config),),
            reasons=tuple(reasons),
            user_set=chosen,
            initialize=InitializeMonitor(start),
        )

    def store_rate_hz(self, config: MonitorConfig) -> int:
        """Recordings are decoded at the rate of the config."""
        return config.rate_hz

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Silent recordings."""
        from tympan.tasks.classify.recordings import silent_recordings

        return silent_recordings(table, store)

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[MonitorConfig]
    ) -> Prepared[MonitorConfig]:
        """There is no vocabulary; windows are no longer than the recordings."""
        config = recipe.config
        normal = [e.path for e in train if is_normal(e, config.normal)]
        lengths_s = store.lengths(normal) / config.rate_hz if normal else np.zeros(1)
        typical_s = float(np.median(lengths_s))
        notes: tuple[str, ...] = (
            f"{lengths_s.sum() / 60:.1f} minutes of the normal machine to train on",
        )
        if typical_s < config.window_s and "window_s" not in recipe.user_set:
            window_s = max(0.1, round(typical_s, 3))
            config = replace(config, window_s=window_s, step_s=min(config.step_s, window_s / 2))
            notes += (f"the recordings are short: windows of {window_s:g} s",)
        return Prepared(config, (), notes)

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[MonitorConfig]
    ) -> MonitorExamples:
        """Windows of the recordings."""
        from tympan.tasks.monitor.examples import MonitorExamples

        return MonitorExamples(table, store, prepared.config)

    def learner(self, prepared: Prepared[MonitorConfig]) -> MonitorLearner:
        """New autoencoders beside an encoder that is not trained."""
        from tympan.tasks.monitor.learner import MonitorLearner

        return MonitorLearner(prepared.config)

    def learn_known(
        self,
        learner: Learner,
        prepared: Prepared[MonitorConfig],
        train: Examples,
        validation: Examples | None,
    ) -> MonitorConfig:
        """Measure all normal recordings, choose detectors, fit them and set the threshold."""
        from tympan.tasks.monitor.examples import MonitorExamples
        from tympan.tasks.monitor.fitting import fit_normal, recordings_of
        from tympan.tasks.monitor.learner import MonitorLearner

        assert isinstance(learner, MonitorLearner)
        assert isinstance(train, MonitorExamples)
        parts = [(train, False)]
        if validation is not None:
            assert isinstance(validation, MonitorExamples)
            parts.append((validation, True))
        net = learner.net.cpu().eval()
        net.trained.fill_(1.0)
        learner.normal, config = fit_normal(net, prepared.config, recordings_of(parts))
        return config

    def calibrate(
        self, learner: Learner, prepared: Prepared[MonitorConfig], validation: Examples
    ) -> MonitorConfig:
        """Nothing more: the threshold was set with all normal recordings."""
        return prepared.config

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights, and what is known of the normal machine."""
        import torch

        from tympan.tasks.monitor.learner import MonitorLearner

        assert isinstance(learner, MonitorLearner)
        # The encoder is half of the model, and single precision of no use to it.
        state = {
            f"{NET}{name}": v.half() if name.startswith("encoder.") and v.ndim > 1 else v
            for name, v in learner.net.state_dict().items()
        }
        if learner.normal is not None:
            for name, values in learner.normal.state().items():
                state[f"{KNOWN}{name}"] = torch.from_numpy(packed(name, values))
        return state

    def load(self, model: LoadedModel, device: str = "cpu") -> MonitorModel:
        """Build the nets of a loaded model, ready to answer.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.monitor.answer import MonitorModel
        from tympan.tasks.monitor.normal import NormalSounds

        if model.card.task != self.name:
            return generic(model, device)
        from tympan.tasks.monitor.net import MonitorNet

        config = MonitorConfig.from_dict(model.card.config, str(model.path))
        try:
            net = MonitorNet(config)
            net.load_state_dict(_part(model.state, NET))
            known = {k: unpacked(v.numpy()) for k, v in _part(model.state, KNOWN).items()}
            normal = NormalSounds.from_state(known, config.detectors) if known else None
        except (ArgumentError, RuntimeError, KeyError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        return MonitorModel(net.eval(), config, model.card.name, normal, device)

    def evaluate(
        self,
        parts: Sequence[tuple[Model[Anomaly], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> MonitorEvaluation:
        """Score a monitor on a table, or those of a cross-validation each on its fold."""
        from tympan.tasks.monitor.answer import MonitorModel
        from tympan.tasks.monitor.evaluation import evaluate

        ours = [(model, rows) for model, rows in parts if isinstance(model, MonitorModel)]
        return evaluate(ours, store)


def epochs_for(table: Table, config: MonitorConfig, batch_size: int) -> int:
    """How many epochs make about `STEPS` steps, judged by the length of a few recordings."""
    from tympan.audio import probe
    from tympan.errors import TympanError

    lengths_s = []
    normal = [e.path for e in table if is_normal(e, config.normal)]
    for path in normal[:: max(1, len(normal) // 10)]:
        with contextlib.suppress(TympanError):
            lengths_s.append(probe(path).duration_s or 0.0)
    whole_s = 0.7 * len(normal) * float(np.mean(lengths_s)) if lengths_s else 0.0
    steps = max(1.0, whole_s / config.step_s / batch_size)
    return int(min(MOST, max(FEWEST, STEPS / steps)))


def generic(model: LoadedModel, device: str) -> MonitorModel:
    """A monitor that knows no machine yet, with the encoder of another model."""
    from tympan.tasks.monitor.answer import MonitorModel
    from tympan.tasks.monitor.learner import encoder_of
    from tympan.tasks.monitor.net import MonitorNet

    card = model.card.config
    config = MonitorConfig(
        rate_hz=int(card["rate_hz"]), encoder=str(card["encoder"]), n_mels=int(card["n_mels"])
    )
    net = MonitorNet(config)
    net.encoder = encoder_of(model, device)
    return MonitorModel(net.eval(), config, model.card.name, None, device)


# Windows as sound in 16 bits, banks in half precision: a model of a few megabytes.
_HALF = ("bank", "axes", "sounds", "sound_rows")


def packed(name: str, values: np.ndarray) -> np.ndarray:
    """An array as it is saved."""
    half = name.rsplit(".", 1)[-1] in _HALF
    return np.ascontiguousarray(values, np.float16 if half else np.float32)


def unpacked(values: np.ndarray) -> np.ndarray:
    """An array as it is used."""
    return values.astype(np.float32)


def _part(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


TASK = MonitorTask()
