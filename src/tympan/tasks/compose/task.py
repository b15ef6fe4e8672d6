"""The task `compose`: how a composer is trained, scored and loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan._words import plural
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.compose.config import FILL, ComposeConfig
from tympan.tasks.contract import Evaluation, Log, Phase, Prepared, Recipe
from tympan.tasks.recipes import check_pretrained, configured
from tympan.training import TrainingConfig

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.compose.examples import ComposeExamples
    from tympan.tasks.compose.learner import ComposeLearner
    from tympan.tasks.compose.model import Composer
    from tympan.training.learner import Learner

NET, KNOWN = "net.", "known.pieces"
LEAST = 6
# The default number of epochs is for so many pieces; of fewer there are more.
USUAL_ROWS, MOST_TIMES = 200, 6
PRETRAINED_FIELDS = (
    "kind", "low", "high", "voices", "ordered", "articulated", "steps_per_beat", "beats_per_bar",
    "phases", "remaining", "keyed", "home", "size", "layers", "heads", "reach",
)  # fmt: skip
# A card holds no more of the training pieces than this, in steps.
MOST_KNOWN = 400_000


class ComposeTask:
    """Music from scores, see `tympan.tasks.contract.Task`."""

    name = "compose"
    pretrained_fields = PRETRAINED_FIELDS
    accepts = ("compose",)
    start_tasks = ("compose",)
    default_start = None

    def defaults(self) -> Mapping[str, Phase[ComposeConfig]]:
        """How it is trained unless the user says otherwise."""
        training = TrainingConfig(
            epochs=60, batch_size=8, lr=2e-3, weight_decay=0.1, warmup_epochs=3, ema_decay=0.99
        )
        config = ComposeConfig(
            articulated=True, keyed=True, home=True, remaining=64, phases=16, steps_per_beat=4,
            size=128, layers=3, reach=16, dropout=0.25, window=96,
            instruments=("acoustic grand piano",),
        )  # fmt: skip
        return {"": Phase(training, config)}

    def claims(self, table: Table) -> str:
        """Why this folder is one of scores."""
        if not len(table) or not all(set(one.files) <= {"midi", "score"} for one in table):
            return ""
        return f"there are {plural(len(table), 'score')}, and no recordings"

    def rows_of(self, table: Table) -> Table:
        """The scores that can be read.

        Raises:
            DataError: there are none.
        """
        from tympan.tasks.compose.scores import readable

        return readable(table)

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[ComposeConfig]:
        """How to train on a folder.

        Raises:
            DataError: too few scores.
        """
        if len(table) < LEAST:
            what = f"has {plural(len(table), 'score')}, and a composer needs {LEAST}"
            raise DataError(what, file=table.root, fix="add more scores")
        usual = self.defaults()[""]
        config = usual.config
        if start is not None:
            config = ComposeConfig.from_dict(start.card.config, str(start.path))
        times = min(MOST_TIMES, max(1.0, USUAL_ROWS / len(table)))
        training = replace(usual.training, epochs=round(usual.training.epochs * times))
        config, training, user_set = configured(config, training, settings)
        if start is not None:
            check_pretrained(PRETRAINED_FIELDS, config, start)
            user_set = user_set | frozenset(PRETRAINED_FIELDS)
        return Recipe(
            phases=(Phase(training, config),),
            user_set=user_set,
            val_fraction=0.1,
            initialize=None if start is None else Initialize(start),
        )

    def store_rate_hz(self, config: ComposeConfig) -> None:
        """It takes no audio."""
        return

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Scores that were left out."""
        return tuple(one for one in table.warnings if one.startswith("left out: "))

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[ComposeConfig]
    ) -> Prepared[ComposeConfig]:
        """Choose grid, range and places by the training set.

        Raises:
            DataError: it is to fill in voices, and the scores have one.
        """
        from tympan.tasks.compose.scores import fitted, pieces_of

        config, notes = fitted(recipe.config, pieces_of(train), recipe.user_set)
        if config.kind == FILL and config.voices < 2:
            what = "has scores of one voice, and kind=fill finds voices to others"
            raise DataError(what, file=train.root, fix="leave it out, or add scores of several")
        return Prepared(config, notes=tuple(notes))

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[ComposeConfig]
    ) -> ComposeExamples:
        """The scores on the grid."""
        from tympan.tasks.compose.examples import ComposeExamples
        from tympan.tasks.compose.grid import key_number, steps_of
        from tympan.tasks.compose.scores import pieces_of

        steps = [steps_of(one, prepared.config) for one in pieces_of(table)]
        return ComposeExamples(
            steps, prepared.config, [key_number(one, prepared.config) for one in steps]
        )

    def learner(self, prepared: Prepared[ComposeConfig]) -> ComposeLearner:
        """A new net with random weights, and its losses."""
        from tympan.tasks.compose.learner import ComposeLearner
        from tympan.tasks.compose.net import ComposeNet

        return ComposeLearner(ComposeNet(prepared.config), prepared.config)

    def calibrate(
        self, learner: Learner, prepared: Prepared[ComposeConfig], validation: Examples
    ) -> ComposeConfig:
        """Nothing is left to calibrate."""
        return prepared.config

    def learn_known(
        self,
        learner: Learner,
        prepared: Prepared[ComposeConfig],
        train: ComposeExamples,
        validation: ComposeExamples | None,
    ) -> ComposeConfig:
        """Keep the training pieces, so that copies of them are told."""
        from tympan.tasks.compose.learner import ComposeLearner

        assert isinstance(learner, ComposeLearner)
        learner.known = kept_pieces(train, prepared.config)
        return prepared.config

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights of the net in half precision, and the training pieces."""
        from tympan.tasks.compose.learner import ComposeLearner

        assert isinstance(learner, ComposeLearner)
        state = {NET + k: v.half() for k, v in learner.net.state_dict().items()}
        if learner.known is not None:
            state[KNOWN] = learner.known
        return state

    def load(self, model: LoadedModel, device: str = "cpu") -> Composer:
        """Build the composer. It computes on the CPU, whatever the device: a step is too small.

        Raises:
            ModelError: card and weights do not fit.
        """
        import numpy as np

        from tympan.tasks.compose.copying import Known, unpacked
        from tympan.tasks.compose.model import Composer
        from tympan.tasks.compose.net import ComposeNet

        config = ComposeConfig.from_dict(model.card.config, str(model.path))
        state = weights_of(model)
        try:
            net = ComposeNet(config)
            net.load_state_dict(state)
        except (ArgumentError, RuntimeError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        rows = model.state.get(KNOWN)
        pieces = [] if rows is None else unpacked(rows.numpy().astype(np.uint8))
        return Composer(net.eval(), model.card.name, Known(pieces, config))

    def evaluate(
        self,
        parts: Sequence[tuple[Any, Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> Evaluation:
        """Nats per step of the scores of a table.

        Raises:
            DataError: no rows.
        """
        import numpy as np

        from tympan.tasks.compose.evaluation import evaluated, piece_nats
        from tympan.tasks.compose.grid import steps_of
        from tympan.tasks.compose.scores import pieces_of

        found = []
        for model, table in parts:
            steps = [steps_of(one, model.config) for one in pieces_of(table)]
            found.append(piece_nats(model.net, steps, model.config).reshape(-1, 2))
        return evaluated(np.concatenate(found), parts[0][0].config)


class Initialize:
    """Copies the weights of another composer.

    Args:
        start: the model.
    """

    def __init__(self, start: LoadedModel) -> None:
        self.start = start

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Copy them all."""
        from tympan.tasks.compose.learner import ComposeLearner

        assert isinstance(learner, ComposeLearner)
        learner.net.load_state_dict(weights_of(self.start))


def weights_of(model: LoadedModel) -> dict[str, Tensor]:
    """The weights of the net in full precision."""
    return {k.removeprefix(NET): v.float() for k, v in model.state.items() if k.startswith(NET)}


def kept_pieces(train: ComposeExamples, config: ComposeConfig) -> Tensor:
    """The training pieces in bytes, as they are saved beside the weights."""
    import torch

    from tympan.tasks.compose.copying import packed

    kept, steps = [], 0
    for one in train.pieces:
        steps += len(one)
        if steps > MOST_KNOWN:
            break
        kept.append(one)
    return torch.from_numpy(packed(kept, config.voices))


TASK = ComposeTask()
