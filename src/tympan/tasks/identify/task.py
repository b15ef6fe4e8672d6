"""The task `identify`: how a voice model is trained, calibrated, scored and loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.contract import Evaluation, Log, Model, Phase, Prepared, Recipe
from tympan.tasks.identify.config import IdentifyConfig
from tympan.tasks.recipes import check_pretrained, configured
from tympan.training import TrainingConfig

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.identify.learner import IdentifyExamples, IdentifyLearner
    from tympan.tasks.identify.model import IdentifyModel
    from tympan.tasks.results import Identity
    from tympan.training.learner import Learner

VOICE, COHORT, SPEECH = "voice.", "cohort", "speech"
LEAST_SPEAKERS = 6
# With fewer training speakers a start model's knowledge is worth more than what they add.
FEW_SPEAKERS = 40
PRETRAINED_FIELDS = (
    "rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "encoder", "features", "size",
)  # fmt: skip


class IdentifyTask:
    """Whose voice it is, see `tympan.tasks.contract.Task`."""

    name = "identify"
    pretrained_fields = PRETRAINED_FIELDS
    accepts = ("identify",)
    start_tasks = ("identify",)
    default_start = "voices"

    def defaults(self) -> Mapping[str, Phase[IdentifyConfig]]:
        """How it is trained unless the user says otherwise."""
        tuned = TrainingConfig(
            epochs=10, batch_size=32, lr=1e-4, weight_decay=0.01, warmup_epochs=1, ema_decay=0.99
        )
        scratch = TrainingConfig(epochs=60, batch_size=64, lr=2e-3, ema_decay=0.99)
        return {
            "": Phase(tuned, IdentifyConfig()),
            "from scratch": Phase(scratch, IdentifyConfig()),
            "of few speakers": Phase(replace(tuned, epochs=4, lr=3e-5), IdentifyConfig()),
        }

    def claims(self, table: Table) -> str:
        """Why a folder asks this question; empty: it does not."""
        from tympan.data import guess_task

        try:
            guess = guess_task(table)
        except DataError:
            return ""
        return guess.reason if guess.task == self.name else ""

    def rows_of(self, table: Table) -> Table:
        """The folder as this question reads it: where there is no `speaker`, labels are speakers.

        Raises:
            DataError: there are neither.
        """
        if table.has("speaker"):
            named = [i for i, name in enumerate(table.column("speaker")) if name]
            return table if len(named) == len(table) else table.subset(named)
        if not table.has("label"):
            fix = "use one sub-folder for each speaker, or a column speaker"
            raise DataError("does not say who speaks", file=table.root, fix=fix)
        rows = [
            replace(one, columns={**one.columns, "speaker": one.label})
            for one in table
            if one.label
        ]
        return replace(table, examples=tuple(rows))

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[IdentifyConfig]:
        """How to train on a folder."""
        speakers = set(self.rows_of(table).column("speaker"))
        check_speakers(table, len(speakers))
        known = self.defaults()
        few = len(speakers) < FEW_SPEAKERS
        usual = known["from scratch" if start is None else "of few speakers" if few else ""]
        config = usual.config
        reasons: tuple[str, ...] = ()
        if start is not None:
            found = IdentifyConfig.from_dict(start.card.config, str(start.path))
            config = replace(found, augment=None)
            if few:
                reasons += (
                    f"{len(speakers)} speakers are few: the weights of {start.card.name} change "
                    "little, and stay where no epoch is better",
                )
        values = dict(settings)
        augment = values.pop("augment", None)
        config, training, user_set = configured(config, usual.training, values)
        if augment is not None:
            from tympan.tasks.classify.recipe import augmentation

            config = replace(config, augment=augmentation(augment, config.rate_hz))
        if start is not None:
            check_pretrained(PRETRAINED_FIELDS, config, start)
        return Recipe(
            phases=(Phase(training, config),),
            reasons=reasons,
            user_set=user_set,
            initialize=None if start is None else Initialize(start),
        )

    def store_rate_hz(self, config: IdentifyConfig) -> int:
        """Recordings are decoded at the rate of the net."""
        return config.rate_hz

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Silent recordings; speakers with one recording."""
        from tympan.tasks.classify.recordings import silent_recordings

        names = table.column("speaker")
        lone = sum(names.count(name) == 1 for name in set(names))
        found = silent_recordings(table, store)
        if 2 * lone > len(set(names)):
            found += (
                f"{lone} of {len(set(names))} speakers have one recording: what is learned of them "
                "is their microphone too, and scores are of halves of one recording",
            )
        return found

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[IdentifyConfig]
    ) -> Prepared[IdentifyConfig]:
        """Number the training speakers."""
        speakers = tuple(sorted(set(train.column("speaker"))))
        check_speakers(train, len(speakers), least=2)
        return Prepared(recipe.config, speakers, (f"{len(speakers)} speakers are trained on",))

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[IdentifyConfig]
    ) -> IdentifyExamples:
        """Stretches of recordings, and the numbers of their speakers."""
        from tympan.tasks.identify.learner import IdentifyExamples

        return IdentifyExamples(table, store, prepared.config, prepared.vocabulary)

    def learner(self, prepared: Prepared[IdentifyConfig]) -> IdentifyLearner:
        """A new net with random weights, and its loss."""
        from tympan.tasks.identify.learner import IdentifyLearner
        from tympan.tasks.identify.net import SpeakerNet, VoiceNet

        net = SpeakerNet(VoiceNet(prepared.config), len(prepared.vocabulary))
        return IdentifyLearner(net, prepared.config)

    def learn_known(
        self,
        learner: Learner,
        prepared: Prepared[IdentifyConfig],
        train: Examples,
        validation: Examples | None,
    ) -> IdentifyConfig:
        """Keep the training speakers as the cohort, and calibrate on those held out."""
        from tympan.tasks.identify.calibration import calibrate, cohort_of
        from tympan.tasks.identify.learner import IdentifyExamples, IdentifyLearner

        assert isinstance(learner, IdentifyLearner)
        assert isinstance(train, IdentifyExamples)
        learner.cohort = cohort_of(learner.net.voice, train)
        if validation is None:
            return prepared.config
        assert isinstance(validation, IdentifyExamples)
        return calibrate(learner.net.voice, learner.cohort, prepared.config, validation)

    def calibrate(
        self, learner: Learner, prepared: Prepared[IdentifyConfig], validation: Examples
    ) -> IdentifyConfig:
        """Nothing is left: `learn_known` calibrates, as it needs the cohort."""
        return prepared.config

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights of the net, the cohort, and what tells speech from other sounds."""
        from tympan.tasks.identify.learner import IdentifyLearner

        assert isinstance(learner, IdentifyLearner)
        state = {VOICE + k: v for k, v in learner.net.voice.state_dict().items()}
        if learner.cohort is not None:
            state[COHORT] = learner.cohort
        if learner.speech is not None:
            state[SPEECH] = learner.speech
        return state

    def load(self, model: LoadedModel, device: str = "cpu") -> IdentifyModel:
        """Build the model, ready to answer.

        Raises:
            ModelError: card and weights do not fit.
        """
        import numpy as np

        from tympan.tasks.identify.book import digest_of
        from tympan.tasks.identify.model import IdentifyModel
        from tympan.tasks.identify.net import VoiceNet
        from tympan.tasks.identify.scoring import Scorer

        config = IdentifyConfig.from_dict(model.card.config, str(model.path))
        state = dict(model.state)
        cohort = state.pop(COHORT, None)
        speech = state.pop(SPEECH, None)
        try:
            net = VoiceNet(config)
            net.load_state_dict({k.removeprefix(VOICE): v for k, v in state.items()})
            rows = np.zeros((0, config.size), np.float32) if cohort is None else cohort.numpy()
            if rows.shape[1:] != (config.size,):
                raise RuntimeError(f"a cohort of shape {rows.shape}")
            if speech is not None and speech.shape != (config.size + 1,):
                raise RuntimeError(f"a head of speech of shape {tuple(speech.shape)}")
        except (ArgumentError, RuntimeError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        scorer = Scorer(rows, config.calibration, config.half_s, config.top)
        return IdentifyModel(
            net.eval(), config, model.card.name, scorer, digest_of(model.card.weights), device,
            None if speech is None else speech.numpy(), trained_speakers=tuple(model.card.labels),
        )  # fmt: skip

    def evaluate(
        self,
        parts: Sequence[tuple[Model[Identity], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> Evaluation:
        """Score a model on all pairs of recordings of a table.

        Raises:
            DataError: there are no pairs of one voice, or none of two.
        """
        from tympan.tasks.identify.evaluation import evaluate
        from tympan.tasks.identify.model import IdentifyModel

        ours = [
            (model, self.rows_of(rows)) for model, rows in parts if isinstance(model, IdentifyModel)
        ]
        return evaluate(ours, store)


class Initialize:
    """Copies the weights of a voice model.

    Args:
        start: the model.
    """

    def __init__(self, start: LoadedModel) -> None:
        self.start = start

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Copy the net, begin each speaker's direction at the mean of its vectors."""
        import torch

        from tympan.tasks.identify.calibration import vectors_of
        from tympan.tasks.identify.learner import IdentifyExamples, IdentifyLearner

        assert isinstance(learner, IdentifyLearner)
        assert isinstance(examples, IdentifyExamples)
        state = {
            k.removeprefix(VOICE): v for k, v in self.start.state.items() if k.startswith(VOICE)
        }
        learner.net.voice.load_state_dict(state)
        learner.speech = self.start.state.get(SPEECH)
        vectors, speakers, _, _ = vectors_of(learner.net.voice, examples)
        with torch.no_grad():
            sums = torch.zeros_like(learner.net.speakers)
            learner.net.speakers.copy_(
                sums.index_add_(0, examples.labels[speakers], torch.from_numpy(vectors))
            )


def check_speakers(table: Table, count: int, least: int = LEAST_SPEAKERS) -> None:
    """Enough speakers to train on some and to test on others.

    Raises:
        DataError: there are fewer.
    """
    if count < least:
        raise DataError(
            f"has {count} speaker{'s' * (count != 1)}, and a training needs {least}",
            file=table.root,
            fix="to know a few people again no training is needed: tympan enroll NAME FILE",
        )


TASK = IdentifyTask()
