"""The routes of the questions: one for each, made from its verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from tympan.serve.options import options_of
from tympan.serve.refusals import Refusal
from tympan.serve.routes import Handler, ending_of, recording_route, saved
from tympan.serve.schema import operation_of
from tympan.serve.service import Service, while_there
from tympan.serve.speaking import text_route
from tympan.tasks.verbs import Verb

if TYPE_CHECKING:
    from fastapi import FastAPI


def add_verbs(app: FastAPI, service: Service) -> None:
    """A route for every question that is installed."""
    for verb in service.offers.verbs.values():
        kinds = {"recording": recording_route, "text": text_route, "nothing": nothing_route}
        make = kinds.get(verb.takes, unknown_route)
        app.add_api_route(
            f"/v1/{verb.name}",
            make(verb, service),
            methods=["POST"],
            name=verb.name,
            summary=verb.help,
            tags=["questions"],
            openapi_extra=operation_of(verb),
            response_model=None,
        )


def nothing_route(verb: Verb, service: Service) -> Handler:
    """The route of a question that takes nothing but its options."""

    async def route(request: Request) -> Response:
        async with service.fields(request) as found:
            offer = service.offers.choose(verb, found.text("model"))
            ending = ending_of(verb, found)
            options, _ = options_of(verb, found, service.settings, known=("model", "format"))
            head = {"do": "make", "verb": verb.name, "model": offer.place, "options": options}
            order = {**head, "made": str(service.spool.new())}
            return await while_there(request.receive, saved(service, order, ending))

    return route


def unknown_route(verb: Verb, service: Service) -> Handler:
    """The route of a question that takes what no route can take yet."""

    async def route(request: Request) -> Response:
        text = f"{verb.name} takes a {verb.takes}, which this server cannot be sent."
        raise Refusal(501, text, "not_served")

    return route
