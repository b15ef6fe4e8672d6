"""The routes of what is asked beside the questions, made from the commands that there are."""

from __future__ import annotations

import contextlib
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from tympan.serve.asked import Fields
from tympan.serve.offers import Offer
from tympan.serve.refusals import Refusal, sentence
from tympan.serve.routes import Handler, events_of, saved, sent_as
from tympan.serve.schema import operation_of
from tympan.serve.service import Service, while_there
from tympan.tasks import registry
from tympan.tasks.commands import EACH, Command

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tympan.serve.frames import Message


def all_commands() -> dict[str, Command]:
    """Every command that a server has a route for, by name.

    >>> sorted(all_commands())[:2]
    ['explain', 'find']
    """
    from tympan.report.asked import COMMANDS

    return {one.name: one for one in COMMANDS} | registry.commands()


def add_commands(app: FastAPI, service: Service) -> None:
    """A route for every command."""
    for command in all_commands().values():
        app.add_api_route(
            f"/v1/{command.name}",
            (refused_route if command.refused else command_route)(command, service),
            methods=["POST"],
            name=command.name,
            summary=command.help,
            description=sentence(command.refused) if command.refused else "",
            tags=["beside the questions"],
            openapi_extra=operation_of(command),
            response_model=None,
        )


def refused_route(command: Command, service: Service) -> Handler:
    """The route of a command that no server can do, which says so."""

    async def route(request: Request) -> Response:
        raise Refusal(501, sentence(command.refused), "not_served")

    return route


def command_route(command: Command, service: Service) -> Handler:
    """The route of a command."""

    async def route(request: Request) -> Response:
        async with AsyncExitStack() as stack:
            found = await stack.enter_async_context(service.fields(request))
            offers = chosen(command, found, service)
            ending, streams = sent_as(command, found)
            if streams:
                one = offers[0][0] if len(offers) == 1 else None
                order = await stack.enter_async_context(service.order(command, found, one))
                return events_of(
                    service, {**of_command(order, offers), "tell": True}, stack.pop_all()
                )
            work = _answered(command, service, found, offers, ending)
            return await while_there(request.receive, work)

    return route


async def _answered(
    command: Command, service: Service, found: Fields, offers: list[tuple[Offer, str]], ending: str
) -> Response:
    one = offers[0][0] if len(offers) == 1 else None
    async with service.order(command, found, one) as order:
        return await saved(service, of_command(order, offers), ending)


def of_command(order: Message, offers: list[tuple[Offer, str]]) -> Message:
    """An order for a command: its models, each with the question whose model it is."""
    models = [[offer.place, verb] for offer, verb in offers]
    return {**order, "do": "command", "models": models}


def chosen(command: Command, found: Fields, service: Service) -> list[tuple[Offer, str]]:
    """The models that a command is done with, each with the question whose model it is.

    Raises:
        Refusal: there is no such model here, or it answers another question.
    """
    offers = service.offers
    if not command.models:
        return []
    if command.models != EACH:
        verb = offers.verbs[command.models]
        return [(offers.choose(verb, found.text("model")), verb.name)]
    given = found.take("model")
    if given in (None, ""):
        usual = []
        for verb in offers.verbs.values():
            if verb.takes == "recording" and verb.on_page:
                with contextlib.suppress(Refusal):
                    usual.append((offers.choose(verb, None), verb.name))
        # A question that takes the models of others, such as `embed`, has nothing to show.
        return [(offer, verb) for offer, verb in usual if offer.verbs[0] == verb]
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise Refusal(400, "model is no name, and no list of names.", "invalid_type", param="model")
    return [_of_page(one, service) for one in names if one != "none"]


def _of_page(name: str, service: Service) -> tuple[Offer, str]:
    """A model of a name, with the first question that it answers."""
    found = service.offers.named(name)
    verb = service.offers.verbs.get(found.verbs[0]) if found.verbs else None
    if verb is None or verb.takes != "recording":
        text = f"The model {name!r} answers no question about a recording."
        raise Refusal(400, text, "wrong_model", param="model")
    return found, verb.name
