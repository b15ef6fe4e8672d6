"""Actions against real servers: a web server that fails for a while, a broker, a program."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests_live import T0, Collect
from tympan.errors import TympanError
from tympan.live.actions import make_actions, outbox
from tympan.live.actions.command import Command
from tympan.live.actions.lines import JsonLines
from tympan.live.actions.log import EventLog, read_events
from tympan.live.actions.webhook import Webhook
from tympan.live.event import Event

EVENT = Event("k1", "glass", "glass breaking", "sounds", 0.9, 1.0, None, T0, None, "mic")


def wait_for(what: object, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@contextmanager
def web_server(statuses: list[int]) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A server that answers with the statuses in turn, the last one for ever."""
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
            if status == 200:
                got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1/new")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", got
    finally:
        server.shutdown()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(outbox, "LONGEST_WAIT_S", 0.1)


def test_a_webhook_is_signed_and_tried_again_until_it_is_received(impatient: None) -> None:
    seen = Collect()
    with web_server([500, 503, 429, 200]) as (url, got):
        hook = Webhook("hook", seen.say, url, secret="s3cret")
        hook.take(EVENT)
        wait_for(lambda: got)
        hook.close()
    headers, body = got[0]
    assert json.loads(body)["label"] == "glass breaking"
    stamp, digest = (part.split("=")[1] for part in headers["x-tympan-signature"].split(","))
    signed = hmac.new(b"s3cret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert digest == signed
    assert abs(int(stamp) - time.time()) < 60
    assert any("500" in line for line in seen.lines)


def test_a_dead_webhook_never_keeps_the_listening_waiting(impatient: None) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    seen = Collect()
    hook = Webhook("hook", seen.say, url)
    began = time.monotonic()
    for i in range(1200):
        hook.take(replace(EVENT, key=str(i)))
    assert time.monotonic() - began < 5
    assert hook.waiting <= outbox.MOST_WAITING
    hook.close(1.0)
    assert any("are lost" in line for line in seen.lines)
    assert any("one is dropped" in line for line in seen.lines)


def test_a_webhook_that_has_moved_is_said_and_its_message_not_lost(impatient: None) -> None:
    seen = Collect()
    with web_server([302, 200]) as (url, got):
        action = Webhook("hook", seen.say, url)
        action.take(EVENT)
        wait_for(lambda: got)  # the redirection was not followed without the message
        action.close()
    assert json.loads(got[0][1])["label"] == "glass breaking"
    assert any("has moved to http://127.0.0.1/new" in line for line in seen.lines)


def test_a_message_that_is_refused_is_dropped_and_the_next_is_sent(impatient: None) -> None:
    seen = Collect()
    with web_server([400, 200]) as (url, got):
        hook = Webhook("hook", seen.say, url)
        hook.take(EVENT)
        hook.take(replace(EVENT, key="k2"))
        wait_for(lambda: got)
        hook.close()
    assert [json.loads(body)["key"] for _, body in got] == ["k2"]
    assert any("refused with status 400" in line for line in seen.lines)


def test_what_was_not_sent_waits_in_the_log_for_the_next_run(
    tmp_path: Path, impatient: None
) -> None:
    spec = {"log": {"type": "log", "path": "e.db"}}
    with web_server([500, 200]) as (url, got):
        dead = {**spec, "hook": {"type": "webhook", "url": "http://127.0.0.1:9/", "when": "both"}}
        actions = make_actions(dead, tmp_path, print)
        actions.by_name["hook"].take(EVENT)
        actions.by_name["hook"].take(replace(EVENT, end_s=2.0, end=T0))
        actions.close(0.3)
        actions = make_actions({**spec, "hook": {"type": "webhook", "url": url}}, tmp_path, print)
        wait_for(lambda: len(got) == 2)
        actions.close()
        assert [json.loads(body)["event"] for _, body in got] == ["begin", "end"]
        actions = make_actions({**spec, "hook": {"type": "webhook", "url": url}}, tmp_path, print)
        actions.close()
        assert len(got) == 2  # sent once


class Broker(threading.Thread):
    """As much of MQTT 3.1.1 as a publisher needs: CONNECT, PUBLISH with quality 1, PING."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.got: list[tuple[str, bytes]] = []
        self.start()

    def run(self) -> None:
        while True:
            peer, _ = self.listening.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer: socket.socket) -> None:
        stream = peer.makefile("rb")
        while kind := stream.read(1):
            length, shift = 0, 0
            while True:
                (byte,) = stream.read(1)
                length |= (byte & 127) << shift
                shift += 7
                if not byte & 128:
                    break
            body = stream.read(length)
            if kind[0] >> 4 == 1:
                peer.sendall(b"\x20\x02\x00\x00")
            elif kind[0] >> 4 == 3:
                (size,) = struct.unpack(">H", body[:2])
                number = body[2 + size : 4 + size]
                self.got.append((body[2 : 2 + size].decode(), body[4 + size :]))
                peer.sendall(b"\x40\x02" + number)
            elif kind[0] >> 4 == 12:
                peer.sendall(b"\xd0\x00")


def test_mqtt_reaches_a_broker(tmp_path: Path, impatient: None) -> None:
    pytest.importorskip("paho.mqtt")
    broker = Broker()
    spec = {
        "m": {
            "type": "mqtt",
            "host": "127.0.0.1",
            "port": broker.port,
            "topic": "home/{rule}/{label}",
        }
    }
    actions = make_actions(spec, tmp_path, print)
    actions.by_name["m"].take(replace(EVENT, label="dog/cat"))
    wait_for(lambda: broker.got)
    actions.close()
    topic, body = broker.got[0]
    assert topic == "home/glass/dog_cat"
    assert json.loads(body)["rule"] == "glass"


def test_a_command_gets_the_event_and_no_shell_reads_its_label(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code = "import sys,json;json.dump([sys.argv[2], json.load(sys.stdin)], open(sys.argv[1],'w'))"
    seen = Collect()
    action = Command("run", seen.say, [sys.executable, "-c", code, str(out), "{label}; rm {rule}"])
    action.take(replace(EVENT, label="$(touch x) {score}"))
    action.close()
    argument, event = json.loads(out.read_text())
    assert argument == "$(touch x) {score}; rm glass"
    assert event["label"] == "$(touch x) {score}"
    assert not seen.lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([sys.executable, "-c", "raise SystemExit('broken pipe of mine')"], "broken pipe of mine"),
        (["/no/such/program"], "No such file"),
        ([sys.executable, "-c", "import time; time.sleep(30)"], "timed out"),
    ],
)
def test_a_command_that_fails_is_said(arguments: list[str], said: str) -> None:
    seen = Collect()
    action = Command("run", seen.say, arguments, timeout_s=2.0)
    action.take(EVENT)
    action.close(10)
    assert any(said in line for line in seen.lines)


def test_lines_of_json_stay_whole_after_one_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(b'{"key": "cut')
    action = JsonLines("j", path, when="both")
    action.take(EVENT)
    action.take(replace(EVENT, end_s=2.0, end=T0))
    lines = path.read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines[1:]] == ["begin", "end"]


def test_when_chooses_what_an_action_gets(tmp_path: Path) -> None:
    for when, expected in (("begin", 1), ("end", 1), ("both", 2)):
        path = tmp_path / f"{when}.jsonl"
        action = JsonLines("j", path, when=when)
        action.take(EVENT)
        action.take(replace(EVENT, end_s=2.0, end=T0))
        assert len(path.read_text().splitlines()) == expected


def test_a_log_is_updated_and_can_be_read_while_it_is_open(tmp_path: Path) -> None:
    log = EventLog("log", tmp_path / "e.db")
    log.take(EVENT)
    assert read_events(log.path)[0]["end"] is None
    log.take(replace(EVENT, end_s=2.0, end=T0, score=0.95))
    (row,) = read_events(log.path)
    assert (row["end_s"], row["score"]) == (2.0, 0.95)
    log.close()


def test_a_log_that_is_damaged_meanwhile_is_one_clear_error(tmp_path: Path) -> None:
    log = EventLog("log", tmp_path / "e.db")
    log._db.execute("DROP TABLE files")
    log._db.execute("DROP TABLE outbox")
    log._db.execute("DROP TABLE events")
    for ask in (lambda: log.seen("a.wav", 1, 2.0), lambda: log.waiting("hook"), log.count):
        with pytest.raises(TympanError, match=r"e\.db: cannot be read: no such table"):
            ask()
    log.close()


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    path.write_text("this is no database, but a text that is long enough" * 20)
    with pytest.raises(Exception, match=r"line|cannot be used as a log"):
        EventLog("log", path)
    assert path.read_text().startswith("this is no database")
