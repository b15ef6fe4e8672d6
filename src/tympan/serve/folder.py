"""Routes of the folder that is labelled and trained on in the studio."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from tympan.data.label_sheet import ChangedMeanwhileError
from tympan.errors import TympanError
from tympan.serve.clips import Clip, ClipFolder, read_marks, shown
from tympan.serve.proposals import Proposals
from tympan.serve.refusals import Refusal
from tympan.serve.routes import Streamed, event
from tympan.serve.service import Service
from tympan.serve.spool import remove
from tympan.serve.trainings import REPORT, Training

if TYPE_CHECKING:
    from fastapi import FastAPI

# JSON of a page of ours; labels of a recording are the largest.
MOST_JSON = 1_000_000
MOST_EPOCHS = 10_000
# How long the address of a report can be opened.
REPORT_S = 900.0
# A report brings its own scripts. In a sandbox they belong to no site, so cannot ask this server.
_REPORT_POLICY = "; ".join(
    (
        "sandbox allow-scripts allow-popups",
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "media-src data: blob:",
        "font-src data:",
        "frame-ancestors 'self'",
    )
)


class Folder:
    """What a page can do with the folder.

    Args:
        service: of the server, whose settings name the folder.

    Raises:
        ArgumentError: there is no such folder, or it cannot be labelled.
    """

    def __init__(self, service: Service) -> None:
        assert service.settings.labels is not None
        self._service = service
        self.clips = ClipFolder(service.settings.labels)
        out = service.settings.models_out.resolve()
        self.training = Training(self.clips.root, out, self._offer)
        self.proposals = Proposals(service, self.clips)
        self._reports: dict[str, float] = {}

    async def about(self) -> dict[str, Any]:
        """The folder as a whole."""
        state = await self.clips.state()
        clips = await self.clips.clips()
        tasks = [
            {"name": one.name, "help": one.help, "trains_on": one.trains_on}
            for one in self._service.offers.verbs.values()
            if one.trains_on and one.takes == "recording"
        ]
        return {
            "open": True,
            "name": shown(self.clips.root.name),
            "count": len(clips),
            "labels": [{"label": key, "count": n} for key, n in state.labels.items()],
            "version": state.version,
            "tasks": tasks,
            "unfinished": [one["name"] for one in [{"name": ""}, *tasks]
                           if self.training.unfinished(one["name"])],
        }  # fmt: skip

    def _offer(self, folder: Path) -> None:
        """Let a model that was trained here answer questions here."""
        with contextlib.suppress(TympanError):
            self._service.offers.add(folder.name, str(folder))

    async def listed(self) -> dict[str, Any]:
        """All its clips with their labels."""
        state = await self.clips.state()
        clips = await self.clips.clips()
        told = [self.clips.told(one, state) for one in clips.values()]
        return {"version": state.version, "clips": told}

    async def about_clip(self, clip: Clip) -> dict[str, Any]:
        """One clip, and how long it is."""
        length_s = await self._length_s(clip)
        told = self.clips.told(clip, await self.clips.state())
        return {**told, "duration_s": round(length_s, 6)}

    async def _length_s(self, clip: Clip) -> float:
        return await self.clips.length_s(clip)

    async def change(self, clip: Clip, given: dict[str, Any]) -> dict[str, Any]:
        """Take the labels of a clip.

        Raises:
            Refusal: they are wrong, or others have changed them.
        """
        marks = read_marks(given.get("marks"), await self._length_s(clip))
        base = given.get("base")
        if not isinstance(base, str):
            raise Refusal(400, "base is missing: it says which labels were changed.",
                          "invalid_value", param="base")  # fmt: skip
        try:
            state = await self.clips.change(clip, marks, base)
        except ChangedMeanwhileError as error:
            text = "These labels were changed elsewhere meanwhile, so nothing was saved."
            raise Refusal(409, text, "changed_meanwhile", param="base") from error
        labels = [{"label": key, "count": n} for key, n in state.labels.items()]
        told = self.clips.told(clip, state)
        return {**told, "version": state.version, "labels": labels}

    async def sound(self, clip: Clip) -> Response:
        """A clip as WAV, decoded apart, so that any browser plays it."""
        decoded = await self._service.decode(clip.path, shown(clip.name))
        gone = BackgroundTask(remove, decoded.path)
        return FileResponse(decoded.path, media_type="audio/wav", background=gone)

    async def train(self, given: dict[str, Any]) -> dict[str, Any]:
        """Begin a training.

        Raises:
            Refusal: one runs, or what is wanted cannot be.
        """
        task, epochs = given.get("task", ""), given.get("epochs")
        known = {one["name"] for one in (await self.about())["tasks"]}
        if not isinstance(task, str) or (task and task not in known):
            text = f"There is no such question to train for: {str(task)[:80]!r}."
            raise Refusal(400, text, "invalid_value", param="task")
        is_number = isinstance(epochs, int) and not isinstance(epochs, bool)
        if epochs is not None and not (is_number and 0 <= epochs <= MOST_EPOCHS):
            text = f"epochs is no whole number from 0 to {MOST_EPOCHS}."
            raise Refusal(400, text, "invalid_value", param="epochs")
        if self.training.running:
            raise Refusal(409, "A training runs: stop it, or wait for its end.", "busy")
        await self.training.begin(task, epochs, again=given.get("again") is True)
        return self.training.told()

    def report_key(self) -> str:
        """A new address of the report, that can be opened for some minutes.

        Raises:
            Refusal: there is no report.
        """
        if self.training.running or not (self.training.folder / REPORT).is_file():
            raise Refusal(404, "There is no report: train first.", "no_report")
        now = time.monotonic()
        self._reports = {key: at for key, at in self._reports.items() if now - at < REPORT_S}
        key = secrets.token_urlsafe(24)
        self._reports[key] = now
        return key

    def report(self, key: str) -> Response:
        """The report, to whoever knows a key."""
        made_s = self._reports.get(key)
        path = self.training.folder / REPORT
        if made_s is None or time.monotonic() - made_s > REPORT_S or not path.is_file():
            raise Refusal(404, "That report is not here, or no longer.", "no_report")
        headers = {"Content-Security-Policy": _REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return FileResponse(path, media_type="text/html", headers=headers)


def add_folder(app: FastAPI, service: Service) -> Folder | None:
    """The routes; without a folder they say that there is none."""
    folder = None if service.settings.labels is None else Folder(service)

    def own() -> Folder:
        if folder is None:
            text = "No folder is open to be labelled: tympan studio FOLDER opens one."
            raise Refusal(404, text, "no_folder")
        return folder

    async def about() -> Response:
        return JSONResponse({"open": False} if folder is None else await folder.about())

    async def clips() -> Response:
        return JSONResponse(await own().listed())

    async def clip(number: str) -> Response:
        return JSONResponse(await own().about_clip(await own().clips.clip(number)))

    async def sound(number: str) -> Response:
        return await own().sound(await own().clips.clip(number))

    async def labels(number: str, request: Request) -> Response:
        found = await own().clips.clip(number)
        return JSONResponse(await own().change(found, await read_json(request, ("marks", "base"))))

    async def begin(request: Request) -> Response:
        own()  # whether a folder is open comes before what is wrong with the body
        wanted = await read_json(request, ("task", "epochs", "again"))
        return JSONResponse(await own().train(wanted))

    async def state() -> Response:
        return JSONResponse(own().training.told())

    async def stop() -> Response:
        await own().training.stop()
        return JSONResponse(own().training.told())

    async def news() -> Response:
        async def events() -> AsyncIterator[str]:
            async for one in own().training.news(lambda: service.ending):
                yield event("training", one)

        own()
        return Streamed(events(), "text/event-stream", AsyncExitStack())

    async def propose(request: Request) -> Response:
        async def events() -> AsyncIterator[str]:
            try:
                async with aclosing(proposals.news()) as found:
                    async for name, value in found:
                        yield event(name, value)
            except Refusal as refusal:
                yield event("error", refusal.body()["error"])

        proposals = own().proposals
        await read_json(request, ())
        return Streamed(events(), "text/event-stream", AsyncExitStack())

    async def report_key() -> Response:
        return JSONResponse({"address": f"/report/{own().report_key()}"})

    async def report(key: str) -> Response:
        return own().report(key)

    def add(path: str, route: Any, method: str, summary: str) -> None:
        app.add_api_route(path, route, methods=[method], summary=summary, tags=["folder"],
                          response_model=None)  # fmt: skip

    add("/v1/folder", about, "GET", "The folder that is labelled in the studio.")
    add("/v1/folder/clips", clips, "GET", "Its recordings and their labels.")
    add("/v1/folder/clips/{number}", clip, "GET", "One of them.")
    add("/v1/folder/clips/{number}/sound", sound, "GET", "Its sound, as WAV.")
    add(
        "/v1/folder/clips/{number}/labels", labels, "POST", "Change its labels (JSON: marks, base)."
    )
    add("/v1/folder/training", begin, "POST", "Train on it (JSON: task, epochs, again).")
    add("/v1/folder/training", state, "GET", "How the training stands.")
    add("/v1/folder/training", stop, "DELETE", "Have the training save and stop.")
    add("/v1/folder/training/events", news, "GET", "The same while it changes, as events.")
    add("/v1/folder/proposals", propose, "POST", "Labels for those without, as events.")
    add("/v1/folder/report", report_key, "POST", "An address of the training's report.")
    app.add_api_route("/report/{key}", report, include_in_schema=False, response_model=None)
    return folder


async def read_json(request: Request, known: Sequence[str]) -> dict[str, Any]:
    """The object that a page of ours sends.

    Args:
        request: what was sent.
        known: what the object may hold.

    Raises:
        Refusal: it is none, is too long, or holds something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # A form of a foreign page can be sent without asking; JSON cannot.
        raise Refusal(415, "The body is no application/json.", "unsupported_media_type")
    body, size = bytearray(), 0
    # What is too much is read, as far as the guard lets it, but not kept: a client that is still
    # sending when the connection is closed would not see why.
    async for chunk in request.stream():
        size += len(chunk)
        body += chunk if size <= MOST_JSON else b""
    if size > MOST_JSON:
        raise Refusal(413, f"The body may have {MOST_JSON:,} bytes.", "too_large")
    try:
        found = json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "The body is no JSON.", "bad_json") from error
    if not isinstance(found, dict):
        raise Refusal(400, "The body is no JSON object.", "bad_json")
    for name in found:
        if name not in known:
            there = f"there is {', '.join(known)}" if known else "it takes none"
            text = f"There is no field {name[:80]!r} here; {there}."
            raise Refusal(400, text, "unsupported_parameter", param=name[:80])
    return found
