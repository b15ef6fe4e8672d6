"""The pages of the server: what can be asked, and the studio. They fetch nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tympan.serve.refusals import Refusal

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tympan.serve.service import Service

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "frame-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'none'",
        "base-uri 'none'",
    )
)
_KINDS = {".js": "text/javascript", ".css": "text/css"}
_ASSETS = (
    *("docs.js", "common.js", "studio.js", "clips.js", "marks.js", "train.js", "draw.js"),
    *("style.css", "clips.css"),
)
# Scripts of the pages of `tympan hear` that these pages use as well.
_OF_REPORTS = ("sources.js",)


def asset(name: str) -> str:
    """A file of `serve/assets`, or of the pages of `tympan hear`."""
    package = "tympan.report" if name in _OF_REPORTS else "tympan.serve"
    return (files(package) / "assets" / name).read_text("utf-8")


def add_pages(app: FastAPI, service: Service) -> None:
    """The pages, and what they consist of."""

    async def docs() -> Response:
        return HTMLResponse(asset("docs.html"), headers={"Content-Security-Policy": _POLICY})

    async def studio() -> Response:
        return HTMLResponse(asset("studio.html"), headers={"Content-Security-Policy": _POLICY})

    async def first() -> Response:
        return RedirectResponse("/studio")

    async def part(name: str) -> Response:
        if name not in (*_ASSETS, *_OF_REPORTS):
            raise Refusal(404, "There is no such file.", "no_route")
        return Response(asset(name), media_type=_KINDS[name[name.rindex(".") :]])

    async def questions() -> Response:
        return JSONResponse(questions_of(service))

    hidden: dict[str, Any] = {"methods": ["GET"], "include_in_schema": False}
    app.add_api_route("/", first, **hidden, response_model=None)
    app.add_api_route("/docs", docs, **hidden, response_model=None)
    app.add_api_route("/studio", studio, **hidden, response_model=None)
    app.add_api_route("/assets/{name}", part, **hidden, response_model=None)
    app.add_api_route("/v1/questions", questions, methods=["GET"], tags=["about"],
                      response_model=None, summary="Which questions can be asked.")  # fmt: skip


def questions_of(service: Service) -> list[dict[str, Any]]:
    """Every question, its options, and the models that answer it, for a page."""
    found = []
    for verb in service.offers.verbs.values():
        options = [
            {
                "name": one.name,
                "kind": one.kind.__name__,
                "default": one.default,
                "help": one.help,
                "low": one.low,
                "high": one.high,
                "choices": list(one.choices),
                "reads": one.reads,
            }
            for one in verb.options
        ]
        found.append(
            {
                "name": verb.name,
                "help": verb.help,
                "takes": verb.takes,
                "formats": [one.lstrip(".") for one in verb.save_as],
                "options": options,
                "models": [one.name for one in service.offers.of_verb(verb.name)],
            }
        )
    return found
