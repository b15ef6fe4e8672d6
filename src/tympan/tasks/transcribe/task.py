"""The task `transcribe`: how a recogniser of our own is trained, scored and loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.contract import Evaluation, Phase, Prepared, Recipe
from tympan.tasks.recipes import check_pretrained, configured
from tympan.tasks.transcribe import commands_task as commands
from tympan.tasks.transcribe.command_net import CommandConfig
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.loading import (
    NET,
    WORDS,
    Initialize,
    language_model_of,
    weights_of,
)
from tympan.tasks.transcribe.ngrams import learned
from tympan.training import TrainingConfig

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.transcribe.command_learner import CommandExamples, CommandLearner
    from tympan.tasks.transcribe.examples import TranscribeExamples
    from tympan.tasks.transcribe.learner import TranscribeLearner
    from tympan.tasks.transcribe.model import TranscribeModel
    from tympan.tasks.transcribe.transcriber import Transcriber
    from tympan.training.learner import Learner

LEAST = 8
# Where each text is said so often on average, there are no others to come.
CLOSED = 4
# With less speech the usual number of epochs would be over before anything is learned.
USUAL_ROWS = 1000
MOST_TIMES = 6
PRETRAINED_FIELDS = (
    "rate_hz", "n_fft", "win", "hop", "n_mels", "f_min_hz", "f_max_hz", "size", "blocks", "kernel",
    "expansion",
)  # fmt: skip


class TranscribeTask:
    """Speech to text, see `tympan.tasks.contract.Task`.

    A folder with a column `text` trains a recogniser of all words; one with labels, one word each,
    a model that hears those words and no others, see `tympan.tasks.transcribe.commands_task`.
    """

    name = "transcribe"
    pretrained_fields = PRETRAINED_FIELDS
    accepts = ("transcribe",)
    start_tasks = ("transcribe",)

    @property
    def default_start(self) -> str | None:
        """The shipped recogniser, where it is in the catalogue."""
        from tympan.models.catalogue import shipped_names

        return START if START in shipped_names() else None

    def start_for(self, table: Table) -> str | None:
        """The shipped recogniser for texts; for the few words of labels, none."""
        return self.default_start if table.has("text") else None

    def defaults(self) -> Mapping[str, Phase[Any]]:
        """How it is trained unless the user says otherwise."""
        tuned = TrainingConfig(
            epochs=20, batch_size=8, bucket=8, lr=5e-4, weight_decay=0.01, warmup_epochs=1.0,
            ema_decay=0.99,
        )  # fmt: skip
        scratch = replace(tuned, epochs=120, lr=1.5e-3, ema_decay=0.998)
        return {
            "": Phase(tuned, TranscribeConfig()),
            "from scratch": Phase(scratch, TranscribeConfig()),
            "of a few words, from labels": commands.usual(),
        }

    def claims(self, table: Table) -> str:
        """It is claimed by a column `text`."""
        return "there is a column text" if table.has("text") else ""

    def rows_of(self, table: Table) -> Table:
        """The rows that have a text; of a speaker, or else of a text, all are on one side.

        A few texts that are said over and over are all that will ever be said: held-out recordings
        are then of the same ones.

        Raises:
            DataError: there is no text.
        """
        if not table.has("text"):
            if any(one.label for one in table):
                return commands.rows_of(table)
            fix = "add a metadata.csv with the columns file_name and text"
            raise DataError("does not say what is spoken", file=table.root, fix=fix)
        given = [one for one in table if any(c.isalnum() for c in one.columns.get("text", ""))]
        texts = [" ".join(one.columns["text"].lower().split()) for one in given]
        few = len(set(texts)) * CLOSED <= len(texts)
        rows = []
        for one, text in zip(given, texts, strict=True):
            columns = dict(one.columns)
            if not few and not columns.get("speaker") and not columns.get("source"):
                columns["source"] = text
            rows.append(replace(one, columns=columns))
        if not rows:
            fix = "write in its column text what is spoken"
            raise DataError("has no recording with a text", file=table.root, fix=fix)
        return replace(table, examples=tuple(rows))

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[Any]:
        """How to train on a folder, from a recogniser or from scratch.

        Raises:
            DataError: too few recordings.
        """
        if not table.has("text"):
            return commands.recipe(table, start, settings)
        if start is not None and commands.is_commands(start.card.config):
            what = f"{start.card.name} hears a few words and cannot be trained on texts"
            raise ArgumentError(what, fix="--from scratch, or a recogniser of all words")
        if len(table) < LEAST:
            what = f"has {len(table)} recordings with a text, and a recogniser needs {LEAST}"
            raise DataError(what, file=table.root, fix="record more sentences")
        values = dict(settings)
        language = str(values.pop("language", "") or language_of(table))
        config = TranscribeConfig(language=language)
        reasons: tuple[str, ...] = ()
        if start is not None:
            config = TranscribeConfig.from_dict(start.card.config, str(start.path))
            if config.language != language:
                config = replace(config, language=language, phonemes=(), characters=())
                reasons = (f"{start.card.name} knows another language: its sounds are kept",)
        usual = self.defaults()["from scratch" if start is None else ""].training
        times = min(MOST_TIMES, max(1.0, USUAL_ROWS / len(table)))
        usual = replace(usual, epochs=round(usual.epochs * times))
        config, training, user_set = configured(config, usual, values)
        if start is not None:
            check_pretrained(PRETRAINED_FIELDS, config, start)
        return Recipe(
            phases=(Phase(training, replace(config, stage="words")),),
            reasons=reasons,
            user_set=user_set,
            val_fraction=0.1,
            initialize=None if start is None else Initialize(start),
        )

    def store_rate_hz(self, config: TranscribeConfig | CommandConfig) -> int:
        """Recordings are decoded at the rate of the recogniser."""
        return config.rate_hz

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Silent recordings, and how much speech there is."""
        from tympan.tasks.classify.recordings import silent_recordings

        found = silent_recordings(table, store)
        minutes = float(store.lengths(table.paths).sum()) / (store.rate_hz or 1) / 60
        return (*found, f"{minutes:.0f} minutes of speech")

    def prepare(self, train: Table, store: AudioStore, recipe: Recipe[Any]) -> Prepared[Any]:
        """The phonemes and characters of the language, and the words of the texts."""
        from tympan.tasks.transcribe.sounds import characters_of, phonemes_of, spoken

        if isinstance(recipe.config, CommandConfig):
            return commands.prepare(train, recipe.config)
        config = recipe.config
        if not config.phonemes:
            config = replace(
                config, phonemes=phonemes_of(config.language),
                characters=characters_of(config.language),
            )  # fmt: skip
        words = {w.text for one in train for w in spoken(one.columns["text"], config.language)}
        return Prepared(config, (), (f"{len(words)} different words in the texts",))

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[Any]
    ) -> TranscribeExamples | CommandExamples:
        """Mels, phonemes and characters of each recording."""
        if isinstance(prepared.config, CommandConfig):
            return commands.examples(table, store, prepared)
        from tympan.tasks.transcribe.examples import TranscribeExamples

        return TranscribeExamples(table, store, prepared.config)

    def learner(self, prepared: Prepared[Any]) -> TranscribeLearner | CommandLearner:
        """A new net with random weights, and its losses."""
        if isinstance(prepared.config, CommandConfig):
            return commands.learner(prepared)
        from tympan.tasks.transcribe.learner import TranscribeLearner
        from tympan.tasks.transcribe.net import SpeechRecogniserNet

        return TranscribeLearner(SpeechRecogniserNet(prepared.config), prepared.config)

    def learn_known(
        self, learner: Learner, prepared: Prepared[Any], train: Examples,
        validation: Examples | None,
    ) -> Any:  # fmt: skip
        """Learn which words follow which in the texts of the training."""
        if isinstance(prepared.config, CommandConfig):
            return prepared.config
        from tympan.tasks.transcribe.examples import TranscribeExamples
        from tympan.tasks.transcribe.learner import TranscribeLearner

        assert isinstance(learner, TranscribeLearner)
        assert isinstance(train, TranscribeExamples)
        sounds = {word: said for one in train.sounds for word, said in one.items()}
        learner.language_model = learned(train.texts, sounds)
        return prepared.config

    def calibrate(self, learner: Learner, prepared: Prepared[Any], validation: Examples) -> Any:
        """Nothing is left to calibrate."""
        return prepared.config

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights of the net in half precision, and the words of the training."""
        import torch

        from tympan.tasks.transcribe.command_learner import CommandLearner
        from tympan.tasks.transcribe.learner import TranscribeLearner

        if isinstance(learner, CommandLearner):
            return commands.state(learner)
        assert isinstance(learner, TranscribeLearner)
        state = {NET + k: v.half() for k, v in learner.net.state_dict().items()}
        if learner.language_model is not None:
            arrays = learner.language_model.arrays()
            state |= {WORDS + k: torch.tensor(v) for k, v in arrays.items()}
        return state

    def load(self, model: LoadedModel, device: str = "cpu") -> Transcriber:
        """Build the recogniser, with all that stands around it.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.transcribe.transcriber import Transcriber

        if commands.is_commands(model.card.config):
            from tympan.tasks.transcribe.command_session import CommandTranscriber

            return CommandTranscriber(commands.recogniser(model, device), device)
        return Transcriber(self.recogniser(model, device), device)

    def recogniser(
        self, model: LoadedModel, device: str = "cpu", *, vocabulary: bool = True
    ) -> TranscribeModel:
        """Build the recogniser alone; without its vocabulary it can align and spell.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.transcribe.model import TranscribeModel
        from tympan.tasks.transcribe.net import SpeechRecogniserNet

        config = TranscribeConfig.from_dict(model.card.config, str(model.path))
        try:
            net = SpeechRecogniserNet(config)
            net.load_state_dict(weights_of(model))
            words = language_model_of(model, config) if vocabulary else None
        except (ArgumentError, RuntimeError, KeyError, ValueError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        return TranscribeModel(net, config, model.card.name, device, words)

    def evaluate(
        self,
        parts: Sequence[tuple[Any, Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> Evaluation:
        """Word and character error rate of recognisers on tables; of commands the accuracy.

        Raises:
            DataError: no rows.
        """
        from tympan.tasks.transcribe.commands import CommandModel
        from tympan.tasks.transcribe.evaluation import evaluate

        if parts and isinstance(parts[0][0].recogniser, CommandModel):
            return commands.evaluate(parts, store)
        return evaluate(parts, store)


def language_of(table: Table) -> str:
    """The language that a column of the table names, else English."""
    if table.has("language"):
        names = [name.lower()[:2] for name in table.column("language") if name]
        if names:
            return max(sorted(set(names)), key=names.count)
    return "en"


START = "english"
TASK = TranscribeTask()
