"""The five verbs of `classify`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError, DataError
from tympan.tasks.base import Prepared, Report
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.evaluation import Evaluation
from tympan.tasks.classify.recordings import (
    check_contradictions,
    check_labels,
    chunks_of,
    silent_told,
)

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import Batches, Table, WaveCache
    from tympan.models import LoadedModel
    from tympan.tasks.classify.answer import ClassifyModel
    from tympan.tasks.classify.learner import ClassifyLearner
    from tympan.tasks.classify.net import Classifier
    from tympan.tasks.results import Classification

# Recordings of a lower rate than this are resampled to the usual one.
LOWEST_RATE_HZ = 4000
SHORTEST_CLIP_S, LONGEST_CLIP_S = 0.5, 5.0
# What a trained encoder knows is worth more than what a few hundred recordings teach it.
TUNED_ENCODER_LR = 0.1


class ClassifyTask:
    """What sound is it? One label for each recording."""

    name = "classify"
    config_type = ClassifyConfig
    # What a trained encoder needs as it was.
    brought = ("rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "encoder")

    def prepare(
        self,
        table: Table,
        cache: WaveCache,
        config: ClassifyConfig,
        chosen: frozenset[str] = frozenset(),
    ) -> Prepared:
        """Number the labels and fit the clip length to the recordings.

        Args:
            table: recordings with a `label` each.
            cache: the same, decoded.
            config: to be fitted.
            chosen: fields that the user set, which are left as they are.

        Raises:
            DataError: a recording without a label, or fewer than two labels.
        """
        import torch

        check_labels(table)
        labels = tuple(table.labels)
        if len(labels) < 2:
            raise DataError(
                f"has only the label {labels[0]!r}, a classifier needs two",
                file=table.root,
                fix="add a folder of recordings that are something else",
            )
        notes: tuple[str, ...] = ()
        if "clip_s" not in chosen:
            longest_s = float(np.percentile(cache.lengths, 90)) / cache.rate_hz
            clip_s = min(LONGEST_CLIP_S, max(SHORTEST_CLIP_S, float(np.ceil(longest_s * 10)) / 10))
            config = replace(config, clip_s=clip_s)
            notes = (f"the net hears {clip_s:g} s at a time (nine of ten recordings last "
                     f"{longest_s:.1f} s or less)",)  # fmt: skip
        check_contradictions(table, cache)
        notes += silent_told(table, cache)
        number = {label: i for i, label in enumerate(labels)}
        targets = torch.tensor([number[e.label] for e in table])
        return Prepared(labels, targets, config, notes)

    def build(self, config: ClassifyConfig, labels: tuple[str, ...]) -> Classifier:
        """A new net with random weights."""
        from tympan.tasks.classify.net import Classifier

        return Classifier(config, len(labels))

    def learner(
        self, net: Classifier, config: ClassifyConfig, labels: tuple[str, ...]
    ) -> ClassifyLearner:
        """What the training loop optimises."""
        from tympan.tasks.classify.learner import ClassifyLearner

        return ClassifyLearner(net, config, len(labels))

    def start_from(self, config: ClassifyConfig, model: LoadedModel) -> ClassifyConfig:
        """Take over what the weights of `model` need: its (first) front and encoder.

        The new head hears every stage of it, see `tympan.tasks.classify.pool`.
        """
        from tympan.tasks.classify.ensemble import configs_of

        other, *_ = configs_of(model.card.config, str(model.path))
        config = replace(config, **{name: getattr(other, name) for name in self.brought})
        return self.for_tuning(config)

    def for_tuning(self, config: ClassifyConfig) -> ClassifyConfig:
        """What suits a trained encoder, whichever it is."""
        return replace(config, pool="stages", keep_norm=True, encoder_lr=TUNED_ENCODER_LR)

    def for_rate(self, config: ClassifyConfig, rate_hz: int) -> ClassifyConfig:
        """What suits recordings of a low rate: no empty bands above what they hold.

        Frames keep their length in seconds.

        Args:
            config: the configuration.
            rate_hz: of the recordings; 0 if unknown.
        """
        if not LOWEST_RATE_HZ <= rate_hz < config.rate_hz:
            return config
        scale = rate_hz / config.rate_hz
        n_fft, hop = round(config.n_fft * scale / 2) * 2, round(config.hop * scale)
        return replace(config, rate_hz=rate_hz, n_fft=n_fft, hop=hop)

    def for_few(self, config: ClassifyConfig) -> ClassifyConfig:
        """What suits few recordings of each label better, trained from scratch."""
        return replace(config, pool="stages", keep_norm=True)

    def fits_head(self, config: ClassifyConfig, model: LoadedModel | None) -> bool:
        """Whether `warm_start` fits the head, so that something is learned without any epoch."""
        return model is not None or config.pool == "stages"

    def warm_start(
        self,
        net: Classifier,
        model: LoadedModel | None,
        labels: tuple[str, ...],
        cache: WaveCache,
        targets: Tensor,
        say: Report = lambda line: None,
    ) -> None:
        """Copy the (first) encoder of `model`, and fit the head to the training recordings.

        A head on every stage is fitted to a random encoder too: the spectrogram is one of its
        stages, and random filters are not the worst.

        Args:
            net: with random weights.
            model: what to start from; None leaves the encoder random.
            labels: of `net`; where they are those of `model`, its head is where the fit begins.
            cache: the training recordings.
            targets: `(m,)`, their labels.
            say: called with a line before what takes time.
        """
        from tympan.tasks.classify.ensemble import first_of
        from tympan.tasks.classify.probe import fit_head, fit_norms

        if model is None:
            if net.config.keep_norm:
                fit_norms(net, cache)
            if net.config.pool == "stages":
                say(f"fitting the head to {len(cache)} recordings")
                fit_head(net, cache, targets)
            return
        pool = model.card.config.get("pool", "last")
        same = tuple(model.card.labels) == labels and pool == net.config.pool
        parts = ("encoder.", "pool.", "head.") if same else ("encoder.",)
        state = {k: v for k, v in first_of(model.state).items() if k.startswith(parts)}
        net.load_state_dict(state, strict=False)
        say(f"fitting the head to {len(cache)} recordings")
        fit_head(net, cache, targets, known=same)

    def finish(self, net: Classifier, val: Batches | None) -> ClassifyConfig:
        """Fit the temperature on the validation side, so that scores mean what they say.

        Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017.
        """
        import torch
        from torch.nn.functional import nll_loss

        from tympan.tasks.calibration import careful
        from tympan.tasks.classify.windows import VALIDATED, heard, mean_answers

        if val is None:
            return net.config
        net.eval()
        rows, targets = list(range(len(val.cache))), val.targets
        with torch.inference_mode():
            scores, owners = heard(
                lambda waves: net(net.front(waves)), net.config, val.cache, rows, VALIDATED
            )
            choices = torch.logspace(-1.3, 0.7, 81)
            losses = torch.stack(
                [nll_loss(mean_answers(scores / t, owners, rows), targets) for t in choices]
            )
        temperature = careful(float(choices[losses.argmin()]), len(targets))
        net.config = replace(net.config, temperature=temperature)
        return net.config

    def finish_folds(
        self, net: Classifier, parts: Sequence[Evaluation], cache: WaveCache, *, calibrate: bool
    ) -> tuple[Evaluation, ClassifyConfig]:
        """Join what the folds scored.

        Args:
            net: the one that is kept, after `finish`.
            parts: the evaluation of each fold's model.
            cache: the recordings.
            calibrate: nothing was held out for validation, so fit the temperature to the folds;
                only if each recording is heard at once, as of several windows the mean is known.

        Returns:
            All their scores together, and the configuration of the net with its temperature.
        """
        from tympan.tasks.calibration import careful, fit_temperature
        from tympan.tasks.classify.answer import WHOLE_CLIPS

        whole = max(cache.lengths) <= WHOLE_CLIPS * net.config.clip_s * cache.rate_hz
        calibrate = calibrate and bool(whole)
        if calibrate:
            truth = np.concatenate([part.truth for part in parts])
            scores = np.concatenate([part.scores for part in parts])
            temperature = careful(fit_temperature(truth, scores), len(truth))
            net.config = replace(net.config, temperature=temperature)
        return Evaluation.pooled(parts, calibrate=calibrate), net.config

    def load(self, model: LoadedModel) -> ClassifyModel:
        """Build the net of a loaded model, ready to answer.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.errors import ModelError
        from tympan.tasks.classify.answer import ClassifyModel
        from tympan.tasks.classify.ensemble import Ensemble, configs_of

        configs = configs_of(model.card.config, str(model.path))
        labels = tuple(model.card.labels)
        try:
            several = len(configs) > 1
            net = Ensemble(configs, len(labels)) if several else self.build(configs[0], labels)
        except ArgumentError as error:
            what = f"its configuration cannot be built: {error.what}"
            raise ModelError(what, file=model.path) from error
        try:
            net.load_state_dict(model.state)
        except RuntimeError as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        return ClassifyModel(net.eval(), labels, model.card.name)

    def predict(self, model: ClassifyModel, source: Any, **options: Any) -> Classification:
        """Classify one recording, see `tympan.tasks.classify.answer.answer`."""
        from tympan.tasks.classify.answer import answer

        return answer(model, source, **options)

    def evaluate(self, model: ClassifyModel, table: Table) -> Evaluation:
        """Score a model on a table.

        Raises:
            DataError: the table has a label that the model does not know, or no rows.
        """
        from tympan.data import WaveCache
        from tympan.tasks.classify.answer import mean_probabilities
        from tympan.tasks.metrics import classification_metrics

        check_labels(table)
        unknown = sorted(set(table.labels) - set(model.labels))
        if unknown or not len(table):
            what = f"has the label {unknown[0]!r}, which the model does not know" if unknown else ""
            fix = f"the model knows {', '.join(model.labels[:8])}{' …' * (len(model.labels) > 8)}"
            raise DataError(what or "has no recordings to score", file=table.root, fix=fix)
        rate_hz = model.net.config.rate_hz
        cache = WaveCache.open(table, rate_hz)
        scores = np.stack(
            [mean_probabilities(model, chunks_of(cache, i)) for i in range(len(cache))]
        )
        number = {label: i for i, label in enumerate(model.labels)}
        truth = np.array([number[e.label] for e in table])
        metrics = classification_metrics(truth, scores, model.labels)
        files = tuple(table.relative(e.path) for e in table)
        return Evaluation(metrics, files, truth, scores, model.labels)


TASK = ClassifyTask()
