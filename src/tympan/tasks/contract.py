"""What a question is: one contract, the same for all, from data to answer.

A question has a `Verb` (how it is put) and a `Task` (how it is trained, scored and answered). The
core of tympan (training, cards, reports, command line) calls what stands here and nothing else::

    table ──► recipe ──► split ──► prepare (training set only) ──► examples ──► learner ──► fit
                                                                     calibrate (validation) ──► card
    recording ──► Model.session ──► push … ──► Answer                evaluate (test set) ──► scores
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from tympan.tasks.evaluation import Evaluation as Evaluation

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from tympan.data import AudioStore, Examples, Split, Table
    from tympan.models import LoadedModel
    from tympan.training import Learner, TrainingConfig

    Wave = npt.NDArray[np.float32]

VAL_FRACTION = 0.15

Log = Callable[[str], None]
"""Called with one line for each choice that was made."""


class Config(Protocol):
    """The configuration of a task: a frozen dataclass of plain values, saved in the card."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the card holds them."""
        ...


C = TypeVar("C", bound=Config)


# -- from data to a trained net --------------------------------------------------------------------


@dataclass(frozen=True)
class Phase(Generic[C]):
    """One training of several that follow one another on the same net.

    Attributes:
        training: how long, how fast.
        config: the task's configuration during it (crops, augmentation …); the net is the same.
    """

    training: TrainingConfig
    config: C


@dataclass(frozen=True)
class Recipe(Generic[C]):
    """How to train, chosen by the task from the data and the start model.

    Attributes:
        phases: one or more, each beginning with the weights of the one before.
        reasons: a sentence for the user about each choice.
        user_set: fields of the configuration that the user set, which `prepare` leaves as they are.
        val_fraction: share of the recordings that is held out for validation; 0: none, as they are
            too few to choose an epoch by.
        trial_fraction: share of the training set that is held out in a trial before the training,
            to see whether epochs are better than the initialised weights; 0: no trial.
        initialize: copy pretrained weights, fit a linear probe …; None: random weights. What it
            leaves is scored before the first epoch, and kept where no epoch is better.
        held: how many of the phases the output folder holds already.
    """

    phases: tuple[Phase[C], ...]
    reasons: tuple[str, ...] = ()
    user_set: frozenset[str] = frozenset()
    val_fraction: float = VAL_FRACTION
    trial_fraction: float = 0.0
    initialize: Callable[[Learner, Examples, Log], None] | None = None
    held: int = 0

    @property
    def config(self) -> C:
        """The configuration of the first phase."""
        return self.phases[0].config

    @property
    def seed(self) -> int:
        """Of everything random."""
        return self.phases[0].training.seed


@dataclass(frozen=True)
class Prepared(Generic[C]):
    """What was fitted to the training set, and to nothing else.

    Attributes:
        config: the configuration, fitted to the data (length of a window …).
        vocabulary: labels, speakers, characters, tokens …, in the order of the net's outputs.
        notes: sentences for the user about what was chosen and why.
    """

    config: C
    vocabulary: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


# -- from a recording to an answer -----------------------------------------------------------------


class Answer(Protocol):
    """What a model says about one recording: a value that prints, saves and draws itself.

    Attributes:
        file: name of the recording.
        model: name of the model.
        duration_s: length of the recording.
        warnings: why the answer may mean nothing.
    """

    @property
    def file(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...

    def to_json(self) -> dict[str, Any]:
        """One plain object: `file`, `model`, `duration_s`, `warnings`, and the answer."""
        ...

    def save(self, path: str | Path) -> Path:
        """Write it; the ending chooses the format."""
        ...


A = TypeVar("A", bound=Answer)
A_co = TypeVar("A_co", bound=Answer, covariant=True)


class Session(Protocol[A_co]):
    """One recording on its way through a model, block by block, in bounded memory."""

    def push(self, wave: Wave) -> Iterable[Any]:
        """Take the next samples `(c, t)` at the model's rate; yield what is decided by now."""
        ...

    def result(self) -> A_co:
        """The answer about all that was pushed; call it once, at the end."""
        ...


Thresholds = float | Mapping[str, float] | None
"""Score from which a label applies: one for all, one for each, or none."""


@runtime_checkable
class GivesScores(Protocol):
    """A session that also tells the score of every label, so that rules can be put on them.

    `tympan watch` takes models whose sessions are so, and refuses others.

    Attributes:
        on_step: is called with begin and end in seconds and label → score of each short time, in
            their order and as soon as they are known.
        thresholds: from which score each label applies; None: the model does not know.
    """

    on_step: Callable[[float, float, Mapping[str, float]], None] | None

    @property
    def thresholds(self) -> Thresholds: ...

    def score_labels(self) -> tuple[str, ...]:
        """Every label that `on_step` may be called with.

        Raises:
            ArgumentError: it can give no scores, and why: there is no voice book …
        """
        ...

    def forget(self) -> None:
        """Let go of what was decided and given out, for a stream that never ends."""
        ...


class Model(Protocol[A_co]):
    """A model that is loaded on a device, ready to answer.

    Attributes:
        name: of the catalogue or folder.
        task: name of its task.
        rate_hz: rate of the samples that its sessions take.
        mono: whether they take one channel; else those of the recording.
        labels: names of its outputs.
    """

    @property
    def name(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def rate_hz(self) -> int: ...
    @property
    def mono(self) -> bool: ...
    @property
    def labels(self) -> tuple[str, ...]: ...

    def session(self, *, name: str = "", **options: Any) -> Session[A_co]:
        """Begin a recording called `name`, with the verb's options."""
        ...

    def __call__(self, source: Any, **options: Any) -> A_co:
        """Answer about a recording: path, bytes, file object or `Clip`."""
        ...

    def stream(self, blocks: Iterable[Wave], **options: Any) -> Iterator[Any]:
        """Yield what is decided, while samples `(c, t)` at `rate_hz` come in."""
        ...


@runtime_checkable
class TakesAsIs(Protocol):
    """A session that takes a recording at its own rate, with all its channels."""

    def begin(self, rate_hz: int, channels: int) -> None:
        """Hear what comes, before the first `push`."""
        ...


@runtime_checkable
class GoesOn(Protocol):
    """A session that answers a short recording otherwise than a stream, and wants to know."""

    def goes_on(self) -> None:
        """This is a stream, before the first `push`: nothing waits to see whether it is short."""
        ...


@runtime_checkable
class WritesFiles(Protocol):
    """A session that writes files while it is given sound; its answer names them."""

    def paths(self) -> Mapping[str, Path]:
        """The files that it writes."""
        ...


@runtime_checkable
class Resumes(Protocol):
    """A model whose answer about a long recording goes on after an interruption."""

    def resumed(self, source: Any, kept: Path, **options: Any) -> Answer:
        """The answer about a file; what it knows so far lies in `kept`, if it was interrupted."""
        ...


# -- the question ----------------------------------------------------------------------------------


class Task(Protocol[C, A]):
    """One question.

    Attributes:
        name: of the verb.
        pretrained_fields: fields of its configuration that pretrained weights dictate.
        accepts: the tasks whose models can answer it; its own, but for a question that takes those
            of others.
        start_tasks: the tasks whose models it can start from.
        default_start: the model that a training starts from unless another is given; None: random
            weights.
    """

    @property
    def name(self) -> str: ...
    @property
    def pretrained_fields(self) -> tuple[str, ...]: ...
    @property
    def accepts(self) -> tuple[str, ...]: ...
    @property
    def start_tasks(self) -> tuple[str, ...]: ...
    @property
    def default_start(self) -> str | None: ...

    def defaults(self) -> Mapping[str, Phase[C]]:
        """How it is trained unless the user says otherwise: situation → first phase.

        The first is the usual one; the others tell when (`"from scratch"`, `"of few recordings"`).
        The help page lists them.
        """
        ...

    def claims(self, table: Table) -> str:
        """Why this folder asks this question, a clause after "because"; empty: it does not."""
        ...

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[C]:
        """How to train on a folder, from a start model or from scratch.

        Only what needs no decoding is looked at: how many recordings, their rates, their columns.

        Raises:
            ArgumentError: an unknown or unusable setting.
            DataError: the folder cannot answer this question.
        """
        ...

    def store_rate_hz(self, config: C) -> int | None:
        """The rate at which recordings are decoded for it; None: it takes no audio."""
        ...

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Look at all decoded recordings before they are split; sentences for the user.

        Raises:
            DataError: they cannot be trained on.
        """
        ...

    def prepare(self, train: Table, store: AudioStore, recipe: Recipe[C]) -> Prepared[C]:
        """Fit vocabulary and configuration to the training set.

        Raises:
            DataError: it cannot be trained on.
        """
        ...

    def examples(self, table: Table, store: AudioStore, prepared: Prepared[C]) -> Examples:
        """The rows of a table as tensors.

        Raises:
            DataError: a row has a label that is not in the vocabulary.
        """
        ...

    def learner(self, prepared: Prepared[C]) -> Learner:
        """The nets with random weights, their losses and metrics."""
        ...

    def calibrate(self, learner: Learner, prepared: Prepared[C], validation: Examples) -> C:
        """Temperature, thresholds, normal statistics …, from validation data."""
        ...

    def state(self, learner: Learner) -> Mapping[str, Any]:
        """The tensors that are saved, by name."""
        ...

    def load(self, model: LoadedModel, device: str) -> Model[A]:
        """Build the model, ready to answer.

        Raises:
            ModelError: card and weights do not fit.
        """
        ...

    def evaluate(
        self,
        parts: Sequence[tuple[Model[A], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> Evaluation:
        """Score a model on a table, or the models of a cross-validation each on its fold.

        Args:
            parts: model and the rows that it was not trained on.
            store: the decoded recordings.
            calibrate: nothing had been held out to calibrate on: take the scores of each part as
                calibrated on the others, and give the calibration of all of them together.

        Raises:
            DataError: a table has labels that the model does not know, or no rows.
        """
        ...


@runtime_checkable
class LearnsKnown(Protocol):
    """A task whose models also learn what their training recordings are like.

    So they can say of a recording that it is unlike all of them, see `tympan.tasks.familiarity`.
    """

    def learn_known(
        self,
        learner: Learner,
        prepared: Prepared[Any],
        train: Examples,
        validation: Examples | None,
    ) -> Any:
        """Learn it after the training; `Task.state` then holds it with the weights.

        Args:
            learner: with the final weights.
            prepared: what was fitted to the training set.
            train: the training recordings.
            validation: those that were held out; None: none were.

        Returns:
            The configuration, with how far held-out recordings are from the training recordings.
        """
        ...


@runtime_checkable
class ChoosesStart(Protocol):
    """A task whose usual start model suits some folders only."""

    def start_for(self, table: Table) -> str | None:
        """Name of the model that a training on a table starts from; None: random weights."""
        ...


@runtime_checkable
class ArrangesRows(Protocol):
    """A task for which not every row may be trained on, such as those of faulty machines."""

    def divided(self, table: Table, settings: Mapping[str, Any]) -> Table:
        """The table with long recordings divided: into labelled parts, which are then cut.

        Args:
            table: the recordings.
            settings: what the user set.
        """
        ...

    def arranged(self, table: Table, split: Split, config: Any, *, drop: bool) -> Split:
        """The split without rows that may not be trained on in its training and validation sets.

        Args:
            table: all rows.
            split: of them.
            config: the task's configuration.
            drop: such rows are left out, as they are tested elsewhere; else the test set gets them.

        Raises:
            DataError: nothing is left to train on.
        """
        ...


@runtime_checkable
class ReadsRows(Protocol):
    """A task that reads the columns of a folder in its own way, such as labels as speakers."""

    def rows_of(self, table: Table) -> Table:
        """The rows as this question takes them, before they are split.

        Raises:
            DataError: they do not say what it needs.
        """
        ...
