"""The task `speak`: how a voice is trained, scored and loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.contract import Evaluation, Phase, Prepared, Recipe
from tympan.tasks.recipes import check_pretrained, configured
from tympan.tasks.speak.config import SpeakConfig
from tympan.tasks.speak.start import NET, Initialize, weights_of
from tympan.training import TrainingConfig

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.speak.examples import SpeakExamples
    from tympan.tasks.speak.learner import SpeakLearner
    from tympan.tasks.speak.model import SpeakModel
    from tympan.training.learner import Learner

LEAST = 20
# With less speech the usual number of epochs would be over before anything is learned.
USUAL_ROWS = 1000
# Of few recordings there are at most so many times the usual epochs. A voice that is tuned needs no
# more than the usual ones, but for those in which phonemes are found (docs/experiments.md).
MOST_TIMES, MOST_ALIGNING = 1.5, 3.0
PRETRAINED_FIELDS = (
    "rate_hz", "n_fft", "hop", "n_mels", "step", "size", "text_blocks",
    "prosody_blocks", "mel_blocks",
)  # fmt: skip


class SpeakTask:
    """Text to speech, see `tympan.tasks.contract.Task`."""

    name = "speak"
    pretrained_fields = PRETRAINED_FIELDS
    accepts = ("speak",)
    start_tasks = ("speak",)
    default_start = "en"

    def defaults(self) -> Mapping[str, Phase[SpeakConfig]]:
        """How it is trained unless the user says otherwise."""
        align = TrainingConfig(
            epochs=12, batch_size=16, bucket=8, lr=1e-3, weight_decay=0.01, warmup_epochs=0.5,
            ema_decay=0.99,
        )  # fmt: skip
        speak = TrainingConfig(
            epochs=60, batch_size=8, bucket=8, lr=1e-3, weight_decay=0.01,
            warmup_epochs=0.5, ema_decay=0.998,
        )  # fmt: skip
        tuned = replace(speak, epochs=30, lr=3e-4)
        return {
            "": Phase(tuned, SpeakConfig()),
            "from scratch": Phase(speak, SpeakConfig()),
            "to find the phonemes in recordings": Phase(align, SpeakConfig(stage="align")),
        }

    def claims(self, table: Table) -> str:
        """Nothing: such a folder may be meant for a recogniser, so `--task speak` says it."""
        return ""

    def rows_of(self, table: Table) -> Table:
        """The rows that have a text; speakers may be trained and tested on, texts on one side only.

        Raises:
            DataError: there is no text.
        """
        if not table.has("text"):
            fix = "add a metadata.csv with the columns file_name and text"
            raise DataError("does not say what is spoken", file=table.root, fix=fix)
        rows = []
        for one in table:
            text = one.columns.get("text", "").strip()
            if not any(char.isalnum() for char in text):
                continue
            columns = {k: v for k, v in one.columns.items() if k not in ("speaker", "source")}
            columns["source"] = " ".join(text.lower().split())
            columns["voice"] = one.columns.get("speaker", "")
            rows.append(replace(one, columns=columns))
        if not rows:
            fix = "write in its column text what is spoken"
            raise DataError("has no recording with a text", file=table.root, fix=fix)
        return replace(table, examples=tuple(rows))

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[SpeakConfig]:
        """How to train on a folder: find the phonemes in the recordings, then learn to speak."""
        from tympan.tasks.speak.examples import known_of
        from tympan.tasks.speak.vocoder import borrowed

        if len(table) < LEAST:
            what = f"has {len(table)} recordings with a text, and a voice needs {LEAST}"
            raise DataError(what, file=table.root, fix="record more sentences")
        known = self.defaults()
        values = dict(settings)
        language = str(values.pop("language", "") or language_of(table))
        config = SpeakConfig(language=language)
        reasons: tuple[str, ...] = ()
        if start is not None:
            found = SpeakConfig.from_dict(start.card.config, str(start.path))
            config = replace(found, stage="speak")
            if found.language != language:
                config = replace(config, language=language, symbols=())
                reasons += (
                    f"{start.card.name} speaks another language: new symbols begin as known ones",
                )
        found_vocoder = borrowed(config, start)
        config = replace(config, vocoder=None if found_vocoder is None else found_vocoder[0])
        usual = known["from scratch" if start is None else ""].training
        times = max(1.0, USUAL_ROWS / len(table))
        if start is None:
            usual = replace(usual, epochs=round(usual.epochs * min(times, MOST_TIMES)))
        config, training, user_set = configured(config, usual, values)
        if start is not None:
            check_pretrained(PRETRAINED_FIELDS, config, start)
        phases: tuple[Phase[SpeakConfig], ...] = (Phase(training, config),)
        if any(known_of(one.path) is None for one in table):
            first = known["to find the phonemes in recordings"]
            epochs = round(first.training.epochs * min(times, MOST_ALIGNING))
            aligning = replace(first.training, seed=training.seed, epochs=epochs)
            phases = (Phase(aligning, replace(config, stage="align")), *phases)
            reasons += (f"{aligning.epochs} epochs to find the phonemes precede those of --epochs",)
        return Recipe(
            phases=phases,
            reasons=reasons,
            user_set=user_set,
            val_fraction=0.05,
            initialize=None if start is None else Initialize(start),
        )

    def store_rate_hz(self, config: SpeakConfig) -> int:
        """Recordings are decoded at the rate of the voice."""
        return config.rate_hz

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Silent recordings, and how much speech there is."""
        from tympan.tasks.classify.recordings import silent_recordings

        found = silent_recordings(table, store)
        minutes = float(store.lengths(table.paths).sum()) / (store.rate_hz or 1) / 60
        return (*found, f"{minutes:.0f} minutes of speech")

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[SpeakConfig]
    ) -> Prepared[SpeakConfig]:
        """Collect the symbols and number the speakers.

        Raises:
            DataError: every recording is longer than a sentence.
        """
        from tympan.tasks.speak.examples import row_symbols, speaker_names, without_long
        from tympan.tasks.speak.symbols import EDGE, PUNCTUATION, SPACE

        # Who speaks most is the one that speaks unless another is named.
        counts = Counter(speaker_names(train))
        speakers = tuple(sorted(counts, key=lambda name: (-counts[name], name)))
        config = recipe.config
        notes: tuple[str, ...] = (f"{len(speakers)} speaker{'s' * (len(speakers) != 1)}",)
        long = len(train) - len(without_long(train, store, config))
        if long:
            what = f"{long} recording{'s' * (long != 1)} over {config.longest_s:g} s"
            notes += (f"{what} {'are' if long != 1 else 'is'} left out (--set longest_s=…)",)
        if not config.symbols:
            found = {
                text
                for one in train
                for text in row_symbols(one.path, one.columns["text"], config).texts
            }
            symbols = dict.fromkeys((EDGE, SPACE, *PUNCTUATION, *sorted(found)))
            config = replace(config, symbols=tuple(symbols))
            notes += (f"{len(found)} symbols in the texts",)
        return Prepared(config, speakers, notes)

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[SpeakConfig]
    ) -> SpeakExamples:
        """Symbols, mels and pitch of each recording."""
        from tympan.tasks.speak.examples import SpeakExamples

        return SpeakExamples(table, store, prepared.config, prepared.vocabulary)

    def learner(self, prepared: Prepared[SpeakConfig]) -> SpeakLearner:
        """A new net with random weights, and its losses."""
        from tympan.tasks.speak.learner import SpeakLearner
        from tympan.tasks.speak.net import SpeechNet

        net = SpeechNet(prepared.config, len(prepared.vocabulary))
        return SpeakLearner(net, prepared.config)

    def calibrate(
        self, learner: Learner, prepared: Prepared[SpeakConfig], validation: Examples
    ) -> SpeakConfig:
        """Nothing is left to calibrate."""
        return replace(prepared.config, stage="speak")

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights of the net in half precision, and those of its vocoder's correction."""
        from tympan.tasks.speak.learner import SpeakLearner
        from tympan.tasks.speak.vocoder import VOCODER, borrowed

        assert isinstance(learner, SpeakLearner)
        state = {NET + k: v.half() for k, v in learner.net.state_dict().items()}
        vocoder = borrowed(learner.config, learner.start) if learner.config.vocoder else None
        if vocoder is not None:
            state |= {VOCODER + k: v.half() for k, v in vocoder[1].items()}
        return state

    def load(self, model: LoadedModel, device: str = "cpu") -> SpeakModel:
        """Build the voice, ready to speak.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.speak.model import SpeakModel
        from tympan.tasks.speak.net import SpeechNet
        from tympan.tasks.speak.vocoder import vocoder_state

        config = SpeakConfig.from_dict(model.card.config, str(model.path))
        speakers = tuple(model.card.labels)
        state = weights_of(model)
        try:
            net = SpeechNet(config, len(speakers))
            net.load_state_dict(state)
        except (ArgumentError, RuntimeError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        digest = str(model.card.weights.get("sha256", ""))
        return SpeakModel(
            net.eval(), config, speakers, model.card.name, device, digest, vocoder_state(model)
        )

    def evaluate(
        self,
        parts: Sequence[tuple[Any, Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> Evaluation:
        """How far a voice is from the recordings of a table.

        Raises:
            DataError: no rows.
        """
        from tympan.tasks.speak.evaluation import evaluate

        return evaluate(parts, store)


def language_of(table: Table) -> str:
    """The language that a column of the table names, else English."""
    if table.has("language"):
        names = [name.lower()[:2] for name in table.column("language") if name]
        if names:
            return max(sorted(set(names)), key=names.count)
    return "en"


TASK = SpeakTask()
