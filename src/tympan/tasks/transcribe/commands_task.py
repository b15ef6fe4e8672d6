"""How a model of a few words is trained, scored and loaded: the task on a folder with labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.models.scores import Score
from tympan.tasks.contract import Evaluation, Log, Phase, Prepared, Recipe
from tympan.tasks.metrics import middle_95
from tympan.tasks.recipes import check_pretrained, configured
from tympan.tasks.transcribe.command_net import KIND, NONE, CommandConfig
from tympan.training import TrainingConfig

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.transcribe.command_learner import CommandExamples, CommandLearner
    from tympan.tasks.transcribe.commands import CommandModel
    from tympan.tasks.transcribe.transcriber import Transcriber
    from tympan.training.learner import Learner

NET = "net."
LEAST_WORDS, LEAST_ROWS = 1, 8
USUAL_ROWS, MOST_TIMES = 2000, 12
FIELDS = ("n_mels", "size", "blocks", "kernel", "window_s")
DRAWS = 2000
LIMITS = (
    "It was tested on recordings of its words; how often it hears one where none was said depends "
    "on what else is to be heard.",
)


def is_commands(card_config: Mapping[str, Any]) -> bool:
    """Whether a card is that of a model of a few words.

    >>> is_commands(CommandConfig().to_dict()), is_commands({"language": "en"})
    (True, False)
    """
    return card_config.get("kind") == KIND


def usual() -> Phase[CommandConfig]:
    """How it is trained unless the user says otherwise."""
    training = TrainingConfig(
        epochs=10, batch_size=64, lr=3e-3, weight_decay=0.02, warmup_epochs=1.0, ema_decay=0.99
    )
    return Phase(training, CommandConfig())


def rows_of(table: Table) -> Table:
    """The rows with their words in lower case.

    Raises:
        DataError: there are no labels, or too few recordings.
    """
    from tympan.tasks.transcribe.command_learner import label_of

    rows = []
    for one in table:
        rows.append(replace(one, columns={**one.columns, "label": label_of(one.columns)}))
    words = {one.columns["label"] for one in rows} - {NONE}
    if len(words) < LEAST_WORDS or len(rows) < LEAST_ROWS:
        what = f"has {len(rows)} recordings of {len(words)} words"
        fix = f"one sub-folder for each word, at least {LEAST_ROWS} recordings in all"
        raise DataError(what, file=table.root, fix=fix)
    return replace(table, examples=tuple(rows))


def recipe(
    table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
) -> Recipe[CommandConfig]:
    """How to train on a folder.

    Raises:
        ArgumentError: the start model is one of all words.
    """
    phase = usual()
    config = phase.config
    if start is not None:
        if not is_commands(start.card.config):
            what = f"a folder with labels trains a model of those words, not {start.card.name}"
            raise ArgumentError(what, fix="--from scratch; or write texts in a column text")
        config = CommandConfig.from_dict(start.card.config, str(start.path))
    times = min(MOST_TIMES, max(1.0, USUAL_ROWS / len(table)))
    training = replace(phase.training, epochs=round(phase.training.epochs * times))
    config, training, user_set = configured(config, training, settings)
    if start is not None:
        check_pretrained(FIELDS, config, start)
    return Recipe(
        phases=(Phase(training, config),), user_set=user_set, val_fraction=0.1,
        initialize=None if start is None else Initialize(start),
    )  # fmt: skip


class Initialize:
    """Copies the weights of another model of commands, but for its words.

    Args:
        start: the model.
    """

    def __init__(self, start: LoadedModel) -> None:
        self.start = start

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Copy all but the last layer."""
        state = {k: v for k, v in weights_of(self.start).items() if not k.startswith("out.")}
        learner.nets["net"].load_state_dict(state, strict=False)


def prepare(train: Table, config: CommandConfig) -> Prepared[CommandConfig]:
    """The words, the most frequent first, behind `NONE`."""
    counts = Counter(one.columns["label"] for one in train)
    words = sorted((w for w in counts if w != NONE), key=lambda w: (-counts[w], w))
    notes = [f"{len(words)} words: {', '.join(words)[:200]}"]
    if NONE not in counts:
        notes.append(
            "no recordings of other words and noise: it is made of those there are; better add "
            "some under the label 'none'"
        )
    return Prepared(config, (NONE, *words), tuple(notes))


def examples(table: Table, store: AudioStore, prepared: Prepared[CommandConfig]) -> CommandExamples:
    """Windows of the recordings.

    Raises:
        DataError: a word that was not trained on.
    """
    from tympan.tasks.transcribe.command_learner import CommandExamples

    foreign = {one.columns["label"] for one in table} - set(prepared.vocabulary) - {NONE}
    if foreign:
        what = f"has recordings of words that were not trained on: {', '.join(sorted(foreign))}"
        raise DataError(what[:300], file=table.root)
    return CommandExamples(table, store, prepared.config, prepared.vocabulary)


def learner(prepared: Prepared[CommandConfig]) -> CommandLearner:
    """A new net with random weights, and its loss."""
    from tympan.tasks.transcribe.command_learner import CommandLearner
    from tympan.tasks.transcribe.command_net import CommandNet

    net = CommandNet(prepared.config, len(prepared.vocabulary))
    return CommandLearner(net, prepared.config)


def state(learner: CommandLearner) -> dict[str, Tensor]:
    """The weights in half precision."""
    return {NET + k: v.half() for k, v in learner.net.state_dict().items()}


def weights_of(model: LoadedModel) -> dict[str, Tensor]:
    """The weights of the net in full precision."""
    return {k.removeprefix(NET): v.float() for k, v in model.state.items() if k.startswith(NET)}


def recogniser(model: LoadedModel, device: str = "cpu") -> CommandModel:
    """Build the model.

    Raises:
        ModelError: card and weights do not fit.
    """
    from tympan.tasks.transcribe.command_net import CommandNet
    from tympan.tasks.transcribe.commands import CommandModel

    config = CommandConfig.from_dict(model.card.config, str(model.path))
    labels = tuple(model.card.labels)
    try:
        net = CommandNet(config, len(labels))
        net.load_state_dict(weights_of(model))
    except (ArgumentError, RuntimeError) as error:
        what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
        raise ModelError(what, file=model.path, fix="get or train the model again") from error
    return CommandModel(net, config, labels, model.card.name, device)


def evaluate(parts: Sequence[tuple[Transcriber, Table]], store: AudioStore) -> Evaluation:
    """Share of recordings whose word, or that there is none, was heard.

    Raises:
        DataError: no rows.
    """
    right = []
    for part, table in parts:
        model: Any = part.recogniser
        for one in table:
            wave = np.ascontiguousarray(store.mono(one.path), np.float32)
            right.append(model.label_of(wave)[0] == one.columns["label"])
    if not right:
        raise DataError("no recording is left to score")
    found = np.array(right, float)
    rows = np.random.default_rng(0).integers(len(found), size=(DRAWS, len(found)))
    interval = middle_95(found[rows].mean(1), len(found))
    score = Score("accuracy", float(found.mean()), interval)
    return Evaluation((score,), len(found), limits=LIMITS)
