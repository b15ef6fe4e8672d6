"""The models whose answers a page shows, and what it says of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, MissingDependencyError, ModelError
from tympan.report import page
from tympan.report.parts import Part
from tympan.report.sections import Fact
from tympan.tasks.cleaned import cleaning_as_wanted

if TYPE_CHECKING:
    from tympan.models import Card
    from tympan.tasks.contract import Answer, Model, Session

ModelLike = Any  # a name, a folder, or a loaded model


@dataclass(frozen=True)
class PageModel:
    """A model that answers on the page.

    Attributes:
        model: loaded.
        question: in words.
        card: of the model; None where it has none.
        options: of its verb.
    """

    model: Model[Answer]
    question: str
    card: Card | None
    options: Mapping[str, Any]

    def session(self, name: str) -> Session[Answer]:
        """Begin a recording; with what explains the answer, where the model can keep that."""
        begin = getattr(self.model, "explaining_session", self.model.session)
        session: Session[Answer] = begin(name=name, **self.options)
        return session


def page_models(
    models: ModelLike | Sequence[ModelLike] | None,
    options: Mapping[str, Any],
    clean: bool | None = None,
) -> list[PageModel]:
    """Load the models of a page.

    Args:
        models: one or several names, folders, engines or loaded models; None: the default model of
            every question that has one.
        options: of any of their verbs; each goes to the verbs that have it, but not to a model that
            lacks it, as `speech` lacks the voice book of `speakers`.
        clean: take the noise away from voices before; None: as each model was made to.

    Raises:
        ModelError: there is no such model.
        ArgumentError: none of the questions has such an option.
    """
    if models is None:
        models = default_models()
    elif isinstance(models, str | os.PathLike) or hasattr(models, "session"):
        models = [models]
    given = {name: value for name, value in options.items() if value is not None}
    found = [_page_model(model, given, clean) for model in models]
    for name in given:
        if found and not any(name in one.options for one in found):
            what = f"none of the questions on the page has an option {name!r}"
            raise ArgumentError(what, fix="leave it out")
    return found


def default_models() -> list[str]:
    """The default model of every question: the best that is installed, weights or engine."""
    from tympan.models import list_models
    from tympan.tasks.engines import default_model, find_engine
    from tympan.tasks.registry import verbs

    shipped = {card.name: card.task for card in list_models()}
    found = []
    for verb in verbs().values():
        if verb.takes != "recording" or not verb.on_page:
            continue
        with contextlib.suppress(ModelError, MissingDependencyError):
            name = default_model(verb)
            # A question that takes the models of others, such as `embed`, has nothing to show.
            if find_engine(name) is not None or shipped.get(name) == verb.name:
                found.append(name)
    return found


def _page_model(
    given: ModelLike, options: Mapping[str, Any], clean: bool | None = None
) -> PageModel:
    from tympan.models import load_card
    from tympan.tasks.registry import verb

    card: Card | None = None
    if hasattr(given, "session"):
        model: Model[Answer] = given
        try:
            card = load_card(model.name)
        except ModelError:
            card = None  # such as one that has just been trained
    else:
        from tympan.tasks.answering import load, of_recordings
        from tympan.tasks.engines import find_engine

        engine = find_engine(given) if isinstance(given, str) else None
        if engine is not None:
            task = engine.task
        else:
            card = load_card(given)
            task = card.task
        of_recordings(task, str(given))
        model = load(given, task)
    model = cleaning_as_wanted(model, clean)
    question = verb(model.task)
    has = {option.name for option in question.options} - set(getattr(model, "lacks", ()))
    mine = {o.name: o.check(options[o.name]) for o in question.options
            if o.name in has and o.name in options}  # fmt: skip
    return PageModel(model, question.help, card, mine)


def model_part(one: PageModel, key: str) -> Part:
    """What a model's card says of it, or an engine of itself."""
    from tympan.tasks.engines import find_engine

    card, engine = one.card, find_engine(one.model.name)
    facts = [Fact("Model", one.model.name, f"version {card.version}" if card else "")]
    if one.model.labels:
        facts.append(Fact("Labels", f"{len(one.model.labels):,}", "that it can give"))
    if card is not None:
        facts += _scores(card)
        facts.append(Fact("Parameters", f"{card.parameters:,}"))
    about = card or engine
    if about is not None and about.licence:
        facts.append(Fact("Licence", about.licence))
    values = {
        "description": about.description if about else "",
        "facts": facts,
        "failures": list(card.known_failures) if card else [],
        "key": key,
    }
    return Part("hear_model.html.j2", values)


def _scores(card: Card) -> list[Fact]:
    """The headline score of a card, and what it rests on."""
    from tympan.models.scores import Score

    listed = card.metrics.get("scores")
    if isinstance(listed, list) and listed:
        score = Score.from_json(listed[0])
        count, counted = card.metrics.get("count"), card.metrics.get("counted", "recordings")
    else:  # a card of before there were scores
        accuracy = card.metrics.get("accuracy")
        if not isinstance(accuracy, int | float):
            return []
        ends = (card.metrics.get("intervals") or {}).get("accuracy")
        folds = tuple(card.metrics.get("folds", ()))
        score = Score("accuracy", float(accuracy), tuple(ends) if ends else None, folds=folds)
        count, counted = card.metrics.get("examples"), "recordings"
    how = "in cross-validation" if score.folds else "held out"
    note = f"on {count:,} {counted}, {how}" if isinstance(count, int) else how
    if score.interval:
        note += f"; 95{page.NBSP}% interval {score.interval_text}"
    return [Fact(page.capital(score.title), score.text, note)]
