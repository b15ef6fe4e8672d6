"""The page of `tympan label`, served on this computer only.

The address holds a token that no other page and no other user can guess. A request must name this
computer as its host, and may come from this page only; so neither a page of another site nor one
whose name leads here reaches it. What is served are moments of the index by their number, never a
file by its name.
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tympan._words import plural
from tympan.errors import DataError, TympanError
from tympan.report.found import MOST_S, sound_card
from tympan.report.page import percent, render
from tympan.report.sections import moment

if TYPE_CHECKING:
    from tympan.tasks.embed.labelling import Labelling, Suggestion

HOST = "127.0.0.1"
MOST_BODY = 65_536
# So many unreadable recordings in a row mean that the archive is not there.
MOST_LOST = 20


class Desk:
    """What the page shows and what becomes of its answers; the server only carries it.

    Args:
        labelling: suggests moments and takes answers.
        name: of the index, for the page.
    """

    def __init__(self, labelling: Labelling, name: str) -> None:
        self.labelling, self.name = labelling, name
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._now: Suggestion | None = None
        self._card: dict[str, Any] = {}
        self._before: list[tuple[Suggestion, bool]] = []
        self._lost = 0

    def start(self) -> None:
        """Take the first moment.

        Raises:
            DataError: none of the recordings is where the index says.
        """
        with self._lock:
            self._next()

    def page(self) -> str:
        """The page, which asks for everything else."""
        answers = self.labelling.answers
        return render(
            "label.html.j2",
            f"Labels for {self.name}",
            ("label.js",),
            live=True,
            name=self.name,
            file=answers.path.name,
        )

    def state(self, message: str = "") -> dict[str, Any]:
        """What the page shows now."""
        with self._lock:
            return self._state(message)

    def do(self, what: str, given: dict[str, Any]) -> dict[str, Any]:
        """Take what the page sends; what it shows then.

        Raises:
            TympanError: it cannot be taken.
        """
        with self._lock:
            if what == "finish":
                self.over.set()
                return {"over": True, "kept": self._kept()}
            if what == "undo":
                self._undo()
                return self._state()
            one = self._now
            if one is None or given.get("row") != one.row or given.get("label") != one.label:
                return self._state("This moment was answered already.")
            if what == "label":
                name = self.labelling.answers.add_label(str(given.get("name", "")))
                self._take(one, "no" if name != one.label else "yes", [name])
            else:
                also = given.get("also")
                listed = also if isinstance(also, list) else []
                known = [name for name in self.labelling.labels if name in listed]
                self._take(one, str(given.get("answer")), known)
            return self._state()

    def _take(self, one: Suggestion, answer: str, also: list[str]) -> None:
        if answer not in ("yes", "no", "none", "skip"):
            raise DataError(f"{answer[:40]!r} is no answer")
        if answer == "skip":
            self.labelling.skip(one)
        elif answer == "none":
            self.labelling.refuse(one)
        else:
            self.labelling.answer(one, answer == "yes", also)
        self._before.append((one, answer == "skip"))
        self._next()

    def _undo(self) -> None:
        if not self._before:
            return
        one, skipped = self._before.pop()
        if skipped:
            self.labelling.unskip(one)
        else:
            self.labelling.undo()
        self._show(one)

    def _next(self) -> None:
        """Go on to the next moment that can be played."""
        problem: TympanError | None = None
        for _ in range(MOST_LOST):
            found = self.labelling.next()
            self._now = None
            if not found:
                break
            try:
                self._show(found[0])
                return
            except TympanError as error:
                self._lost += 1
                self.labelling.skip(found[0])
                problem = error
        if problem is None or (not found and self._before):
            return  # there are no more
        what = f"the recordings are not where the index says: {problem.what}"
        fix = "name the folder that the names lead from with --folder"
        raise DataError(what, file=problem.file, fix=fix)

    def _show(self, one: Suggestion) -> None:
        from tympan.audio import load

        moment_, path = one.moment, self.labelling.location(one.row)
        end_s = min(moment_.end_s, moment_.start_s + MOST_S)
        clip = load(path, start_s=moment_.start_s, end_s=end_s)
        when = f"{moment(moment_.start_s)} to {moment(moment_.end_s)}"
        self._card = sound_card(clip, one.name, when)
        self._now = one

    def _state(self, message: str = "") -> dict[str, Any]:
        one = self._now
        return {
            "suggestion": None if one is None else self._shown(one),
            "labels": [
                {"name": name, "yes": yes, "no": no}
                for name, (yes, no) in self.labelling.counts.items()
            ],
            "kept": self._kept(),
            "undo": bool(self._before),
            "message": message,
        }

    def _shown(self, one: Suggestion) -> dict[str, Any]:
        card = self._card
        ticks = {axis: [asdict(tick) for tick in card[axis]] for axis in ("x_ticks", "y_ticks")}
        return {
            "row": one.row,
            "label": one.label,
            "score": percent(one.score),
            "why": one.why,
            "name": card["name"],
            "when": card["note"],
            "image": card["image"],
            "audio": card["audio"],
            **ticks,
        }

    def _kept(self) -> str:
        answers = self.labelling.answers
        lost = f" {plural(self._lost, 'moment')} could not be read, skipped." if self._lost else ""
        moments = len(answers.by_moment())
        return f"{moments} moments have answers, kept in {answers.path.name}.{lost}"


class LabelServer(ThreadingHTTPServer):
    """Serves the page of a desk on this computer.

    Args:
        desk: what the page shows.
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0) -> None:
        self.desk = desk
        self.token = secrets.token_urlsafe(24)
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of an answer is no fault."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def run(self) -> None:
        """Serve until the page says that it is finished."""
        thread = threading.Thread(target=self.serve_forever, daemon=True)
        thread.start()
        try:
            # With a limit, so that an interrupt is seen on every system.
            while not self.desk.over.wait(0.5):
                pass
        finally:
            self.shutdown()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: LabelServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "tympan", ""
    timeout = 60

    def do_GET(self) -> None:
        """The page, or what it shows."""
        what = self._place()
        if what == "":
            page = self.server.desk.page().encode("utf-8", "backslashreplace")
            self._reply(HTTPStatus.OK, page, "text/html; charset=utf-8")
        elif what == "state":
            self._json(HTTPStatus.OK, self.server.desk.state())
        elif what is not None:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """What the page sends."""
        what = self._place()
        if what is None:
            return
        if what not in ("answer", "undo", "label", "finish"):
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        given = self._body()
        if given is None:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        try:
            self._json(HTTPStatus.OK, self.server.desk.do(what, given))
        except TympanError as error:
            self._json(HTTPStatus.UNPROCESSABLE_ENTITY, {"message": str(error)})

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the terminal is the user's."""

    def _place(self) -> str | None:
        """What behind the token is asked for; None: the request was refused."""
        port = self.server.server_port
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        allowed = host in hosts and (origin is None or origin in {f"http://{h}" for h in hosts})
        token, slash, what = self.path.removeprefix("/").partition("/")
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        if not allowed or not known or not slash:
            self._refuse(HTTPStatus.FORBIDDEN)
            return None
        return what

    def _body(self) -> dict[str, Any] | None:
        try:
            size = int(self.headers.get("Content-Length", ""))
            kind = self.headers.get("Content-Type", "").partition(";")[0]
            if not 0 <= size <= MOST_BODY or kind != "application/json":
                return None
            given = json.loads(self.rfile.read(size))
        except (ValueError, RecursionError):
            return None
        return given if isinstance(given, dict) else None

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True  # what else it sends is not read
        self._json(status, {"message": status.phrase})

    def _json(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        text = json.dumps(content).encode("utf-8", "backslashreplace")
        self._reply(status, text, "application/json")

    def _reply(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
