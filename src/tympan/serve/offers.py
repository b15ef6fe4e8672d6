"""Which models a server offers, by the names that clients may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tympan._words import suggested
from tympan.errors import TympanError
from tympan.serve.refusals import Refusal, refusal_of, sentence
from tympan.serve.settings import ServeSettings
from tympan.tasks import registry
from tympan.tasks.verbs import Verb

# Names under which clients of OpenAI's server ask for what this one has its own model for.
ALIASES = {"whisper-1": "transcribe", "tts-1": "speak"}


@dataclass(frozen=True)
class Offer:
    """A model that clients may ask for.

    Attributes:
        name: what they call it.
        place: where it is: a name of the catalogue, an engine, a folder.
        verbs: the questions that it answers.
        about: its card, for the list.
    """

    name: str
    place: str
    verbs: tuple[str, ...]
    about: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As OpenAI's server lists models, and what else is known."""
        head = {"id": self.name, "object": "model", "created": 0, "owned_by": "tympan"}
        return {**head, "verbs": list(self.verbs), **self.about}


class Offers:
    """The models of a server.

    Args:
        settings: which they are.

    Raises:
        TympanError: one of them is not there.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._given = dict(settings.models)
        self._added: dict[str, str] = {}
        self.verbs = registry.verbs()
        self._accepts: Mapping[str, Sequence[str]] = {name: (name,) for name in self.verbs}
        _ = self.all  # a mistake is told before the server begins

    def learn(self, accepts: Mapping[str, Sequence[str]]) -> None:
        """Take which tasks' models each question accepts, which only a worker can tell.

        To know it, the tasks are imported, and with them PyTorch.
        """
        self._accepts = accepts
        self.__dict__.pop("all", None)

    def add(self, name: str, place: str) -> None:
        """Offer another model, such as one that was trained meanwhile.

        Args:
            name: what clients call it; one of that name gives way.
            place: its folder.
        """
        self._added[name] = place
        self.__dict__.pop("all", None)

    @cached_property
    def all(self) -> dict[str, Offer]:
        """Every offer by name."""
        if self._given:
            found = [self._offer(name, place) for name, place in self._given.items()]
        else:
            from tympan.models.catalogue import shipped_names
            from tympan.tasks.engines import list_engines

            found = [self._offer(name, name) for name in shipped_names()]
            found += [self._offer(one.name, one.name) for one in list_engines() if one.installed]
        found += [self._offer(name, place) for name, place in self._added.items()]
        return {one.name: one for one in found}

    def _offer(self, name: str, place: str) -> Offer:
        from tympan.models import load_card
        from tympan.tasks.engines import find_engine

        engine = find_engine(place)
        if engine is not None:
            about = engine.to_json()
            kept = {key: about[key] for key in ("kind", "description", "licence", "size_mb")}
            return Offer(name, place, (engine.task,), kept)
        card = load_card(place)
        about = {"kind": "weights", "licence": card.licence, "labels": list(card.labels)}
        return Offer(name, place, self._answers(card.task), about)

    def _answers(self, task: str) -> tuple[str, ...]:
        """The questions that a model of a task answers."""
        others = [one for one in self.verbs if one != task and task in self._accepts.get(one, ())]
        return (*((task,) if task in self.verbs else ()), *others)

    def of_verb(self, verb: str) -> list[Offer]:
        """Those that answer a question."""
        return [one for one in self.all.values() if verb in one.verbs]

    def choose(self, verb: Verb, name: str | None) -> Offer:
        """The model that is to answer.

        Args:
            verb: the question.
            name: as the client gave it; None: the best, or the operator's first.

        Raises:
            Refusal: there is no such model here, or it answers another question.
        """
        if name and ALIASES.get(name) == verb.name and name not in self.all:
            name = None
        if name:
            return self._named(verb, name)
        own = self.of_verb(verb.name)
        if not self._given:
            from tympan.tasks.engines import default_model

            try:
                best = default_model(verb)
            except TympanError as error:
                raise refusal_of(error, param="model") from error
            own = [one for one in own if one.name == best] or own
        if not own:
            text = f"No model of this server answers {verb.name!r}."
            raise Refusal(501, text, "no_model", param="model")
        return own[0]

    def named(self, name: str, verb: str = "") -> Offer:
        """The model of a name.

        Args:
            name: as the client gave it.
            verb: the question that it is for; empty: any.

        Raises:
            Refusal: there is no such model here.
        """
        if name not in self.all:
            known = [one.name for one in (self.of_verb(verb) if verb else self.all.values())]
            near = suggested(name[:80], known, "model") if known else "it has none for this"
            text = sentence(f"This server has no model {name[:80]!r}: {near}")
            raise Refusal(404, text, "model_not_found", param="model")
        return self.all[name]

    def _named(self, verb: Verb, name: str) -> Offer:
        found = self.named(name, verb.name)
        if verb.name not in found.verbs:
            text = f"The model {name!r} is for {' and '.join(found.verbs)}, not for {verb.name}."
            raise Refusal(400, text, "wrong_model", param="model")
        return found
