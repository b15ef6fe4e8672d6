"""Models on one uninterrupted stretch of sound: chunks in, scores out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tympan._toml import PlaceError
from tympan.errors import ArgumentError, ModelError, TympanError
from tympan.live.event import Step
from tympan.live.rules import ModelSpec
from tympan.live.sources.base import Chunk, sane
from tympan.tasks import registry
from tympan.tasks.answering import load, of_recordings
from tympan.tasks.cleaned import with_cleaning
from tympan.tasks.contract import GivesScores, GoesOn, Model
from tympan.tasks.inputs import Feed
from tympan.tasks.windows import PromptSession

# What to take instead of a model without scores, by the question that it answers.
INSTEAD = {
    "segment": "speech tells when somebody speaks, voices with a voice book who",
    "embed": "classify or tag gives labels, with the same model",
    "transcribe": "commands, or a model of your own key words, tells when one of them is said",
}
# So often a session lets go of what it has given out.
FORGET_S = 30.0


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to answer, with the options of its verb."""

    name: str
    model: Model[Any]
    options: Mapping[str, Any]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Every label that it gives scores of.

        Raises:
            ArgumentError: it gives none while it listens, or an option cannot be used.
            DataError: a file that an option names cannot be read.
        """
        session = self.model.session(**self.options)
        if isinstance(session, GivesScores):
            return session.score_labels()
        what = f"the model {self.name!r} gives no scores while it listens, so watch cannot use it"
        raise ArgumentError(what, fix=INSTEAD.get(self.model.task))


def load_models(
    specs: Sequence[ModelSpec], device: str = "auto", clean: bool | None = None
) -> list[Loaded]:
    """Load the models that are to answer.

    Raises:
        PlaceError: which of them cannot be used, and why: it is missing, damaged, of another
            question, gives no scores; it has no such option, or the option cannot be used.
    """
    found: list[Loaded] = []
    for i, spec in enumerate(specs):
        try:
            if spec.name in [one.name for one in found]:
                raise ArgumentError(f"the model {spec.name!r} is named twice", fix="name each once")
            verb = spec.verb or verb_of(spec.name)
            options = of_recordings(verb, spec.name).checked(dict(spec.options))
            model = load(spec.name, verb, device)
            model = with_cleaning(model, clean if spec.clean is None else spec.clean)
            one = Loaded(spec.name, model, options)
            _ = one.labels
        except TympanError as error:
            what = f"{error.file}: {error.what}" if error.file else error.what
            raise PlaceError(what, ("model", i), fix=error.fix) from error
        found.append(one)
    return found


def verb_of(name: str) -> str:
    """The question that a model answers.

    Raises:
        ModelError: there is no such model.

    >>> verb_of("sounds")
    'classify'
    """
    from tympan.models import load_card
    from tympan.tasks.engines import find_engine

    engine = find_engine(name)
    task: str = load_card(name).task if engine is None else engine.task
    if task not in registry.verbs():
        raise ModelError(f"is for {task!r}, which is no question here", file=name)
    return task


class Listener:
    """Gives one stretch of sound to all models, and their scores to `take`.

    Args:
        models: that answer.
        rate_hz: of the sound.
        channels: of the sound.
        take: called with each `Step`, in order of time for each model.
        decided: called with the name of a model and each thing that it decided: segments …
        stream: the stretch has no end that could be known: answers wait for none. A recording as a
            whole may be answered otherwise where it is short.
    """

    def __init__(
        self,
        models: Sequence[Loaded],
        rate_hz: int,
        channels: int,
        take: Callable[[Step], None],
        decided: Callable[[str, Any], None] | None = None,
        *,
        stream: bool = False,
    ) -> None:
        self.rate_hz, self.channels = rate_hz, channels
        self._feed = Feed(rate_hz, channels)
        self._sessions = [_Prompt(one, take, decided) for one in models]
        for session, one in zip(self._sessions, models, strict=True):
            self._feed.join(one.model, session)
            if stream:
                session.goes_on()
        self._samples, self._forgot = 0, 0.0

    @property
    def seconds(self) -> float:
        """Length of the stretch so far."""
        return self._samples / self.rate_hz

    def push(self, chunk: Chunk) -> None:
        """Take the next sound."""
        self._samples += chunk.samples.shape[1]
        self._feed.push(sane(chunk.samples))
        if self.seconds - self._forgot > FORGET_S:
            self._forgot = self.seconds
            for one in self._sessions:
                one.forget()

    def finish(self) -> None:
        """The stretch ends: what was not answered yet is."""
        self._feed.finish()
        for one in self._sessions:
            one.finish()


class _Prompt(PromptSession):
    """A session whose windows are answered as soon as they are complete."""

    def __init__(
        self,
        loaded: Loaded,
        take: Callable[[Step], None],
        decided: Callable[[str, Any], None] | None,
    ) -> None:
        super().__init__(loaded.model.session(**loaded.options), self._decide)
        self._loaded, self._take, self._decided = loaded, take, decided
        self._thresholds = self._session.thresholds
        self._session.on_step = self._step

    def _decide(self, found: Iterable[Any]) -> None:
        for one in found:
            if self._decided is not None:
                self._decided(self._loaded.name, one)

    def _step(self, start_s: float, end_s: float, scores: Mapping[str, float]) -> None:
        self._take(Step(self._loaded.name, start_s, end_s, scores, self._thresholds))

    def goes_on(self) -> None:
        """This is a stream, not a recording."""
        if isinstance(self._session, GoesOn):
            self._session.goes_on()

    def forget(self) -> None:
        """Let go of what was given out."""
        self._session.forget()

    def finish(self) -> None:
        """Answer what waits."""
        super().result()

    def result(self) -> Any:
        """Nothing: the answer about a stretch of days is of no use."""
        return None
