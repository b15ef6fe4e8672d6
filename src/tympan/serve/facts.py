"""What clients ask about the server: models, health, figures; and recordings that it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from tympan.serve.refusals import Refusal
from tympan.serve.service import Service, while_there

if TYPE_CHECKING:
    from fastapi import FastAPI


def add_facts(app: FastAPI, service: Service) -> None:
    """Models, health, metrics, and recordings that are kept."""

    async def models() -> JSONResponse:
        listed = [one.to_json() for one in service.offers.all.values()]
        return JSONResponse({"object": "list", "data": listed})

    async def model(name: str) -> JSONResponse:
        found = service.offers.all.get(name)
        if found is None:
            text = f"This server has no model {name[:80]!r}."
            raise Refusal(404, text, "model_not_found", param="model")
        return JSONResponse(found.to_json())

    async def health() -> JSONResponse:
        ready = sum(one.ready for one in service.desk.workers)
        told = {"status": "ok" if ready else "no worker", "workers": ready}
        return JSONResponse(told, 200 if ready else 503)

    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")

    async def keep(request: Request) -> JSONResponse:
        async with service.fields(request) as found:
            number = await while_there(request.receive, service.keep(found))
        return JSONResponse(_kept(number, service))

    async def about_kept(number: str) -> JSONResponse:
        return JSONResponse(_kept(number, service))

    async def sound(number: str) -> Response:
        return FileResponse(service.kept(number).decoded.path, media_type="audio/wav")

    async def forget(number: str) -> JSONResponse:
        service.kept(number)
        service.forget(number)
        return JSONResponse({"deleted": True})

    async def made(name: str) -> Response:
        # A page of ours that shows what clients have sent must not act as a page of this server.
        alone = {"Content-Security-Policy": "sandbox allow-scripts allow-downloads"}
        return FileResponse(service.made(name), headers=alone)

    get: dict[str, Any] = {"methods": ["GET"], "response_model": None}
    about: dict[str, Any] = {"tags": ["about"]}
    app.add_api_route("/v1/models", models, **get, **about, summary="Which models there are.")
    app.add_api_route("/v1/models/{name}", model, **get, **about, summary="About one model.")
    app.add_api_route("/health", health, **get, **about, summary="Whether questions are answered.")
    app.add_api_route("/metrics", metrics, **get, **about, summary="Figures for Prometheus.")
    app.add_api_route("/v1/made/{name}", made, **get, **about, summary="A file that was made.")
    once: dict[str, Any] = {"tags": ["recordings"], "response_model": None}
    app.add_api_route(
        "/v1/recordings", keep, methods=["POST"], **once,
        summary="Send a recording once, to ask several questions about it (field recording).",
    )  # fmt: skip
    place = "/v1/recordings/{number}"
    app.add_api_route(place, about_kept, **get, tags=["recordings"], summary="About it.")
    app.add_api_route(f"{place}/sound", sound, **get, tags=["recordings"], summary="As WAV.")
    app.add_api_route(
        "/v1/recordings/{number}", forget, methods=["DELETE"], **once, summary="Remove it.",
    )  # fmt: skip


def _kept(number: str, service: Service) -> dict[str, Any]:
    """What is known of a recording that is kept."""
    kept = service.kept(number)
    told = {"id": number, "name": kept.name, "duration_s": round(kept.decoded.seconds, 6)}
    return {**told, "rate_hz": kept.decoded.rate_hz, "channels": kept.decoded.channels}
