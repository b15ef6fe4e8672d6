"""Who may ask, how much may come and how slowly; a server with a token and small limits."""

from __future__ import annotations

import json
import socket
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests_serve import Running, figure, running

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def strict(place: Path) -> Iterator[Running]:
    """A server with a token, a small queue and small limits."""
    token = place / "token"
    token.write_text(f"{TOKEN}\n")
    with running(
        "--models", "toy-engine", "--token-file", str(token), "--max-mb", "1",
        "--max-hours", "0.002", "--origin", "https://friend.example", "--patience", "5",
        site=place / "site",
    ) as found:  # fmt: skip
        yield found


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_without_the_token_nothing_but_the_pages(strict: Running) -> None:
    with strict.client() as client:
        for path in ("/v1/models", "/metrics", "/v1/questions"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers=bearer("wrong")).status_code == 401
            assert client.get(path, headers=bearer()).status_code == 200
        for path in ("/health", "/docs", "/openapi.json", "/assets/docs.js"):
            assert client.get(path).status_code == 200
        refused = client.post("/v1/toy", files={"file": b"x"})
    assert refused.json()["error"]["type"] == "authentication_error"


def test_a_live_connection_needs_it_too(strict: Running) -> None:
    from websockets.exceptions import ConnectionClosed, InvalidStatus

    address = f"{strict.url.replace('http', 'ws')}/v1/listen?verb=toy"
    with pytest.raises((InvalidStatus, ConnectionClosed)), connect(address) as one:
        one.recv(timeout=10)
    with connect(address, subprotocols=["tympan", f"token.{TOKEN}"]) as one:
        assert one.subprotocol == "tympan"
        assert json.loads(one.recv(timeout=60))["type"] == "ready"


def test_scripts_of_other_pages_only_where_named(strict: Running) -> None:
    with strict.client(headers=bearer()) as client:
        evil = client.get("/v1/models", headers={"Origin": "https://evil.example"})
        friend = client.get("/v1/models", headers={"Origin": "https://friend.example"})
        own = client.get("/v1/models", headers={"Origin": strict.url})
        asked = client.options(
            "/v1/toy",
            headers={"Origin": "https://friend.example", "Access-Control-Request-Method": "POST"},
        )
    assert evil.status_code == 403
    assert "access-control-allow-origin" not in evil.headers
    assert friend.headers["access-control-allow-origin"] == "https://friend.example"
    seen = friend.headers["access-control-expose-headers"].split(", ")
    assert {"retry-after", "x-tympan-unspoken"} <= set(seen)
    assert "access-control-expose-headers" not in evil.headers
    assert own.status_code == 200
    assert asked.status_code == 204


def test_without_a_token_only_by_its_own_name(server: Running) -> None:
    with server.client() as client:
        for name, status in (("evil.example", 403), ("localhost:1", 200), ("", 403)):
            assert client.get("/v1/models", headers={"Host": name}).status_code == status


def test_too_much_is_refused_whether_told_or_not(strict: Running) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(50_000)

    with strict.client(headers=bearer()) as client:
        told = client.post("/v1/toy", content=bytes(2_000_000))
        untold = client.post("/v1/toy", content=parts())
    assert (told.status_code, untold.status_code) == (413, 413)
    assert untold.json()["error"]["code"] == "too_large"


def test_too_long_and_too_many_channels(strict: Running) -> None:
    import numpy as np

    from tympan.audio import Clip

    long = Clip(np.zeros(8000 * 8, np.float32), 8000).to_wav_bytes()
    wide = Clip(np.zeros((17, 800), np.float32), 8000).to_wav_bytes()
    with strict.client(headers=bearer()) as client:
        for data, word in ((long, "seconds"), (wide, "channels")):
            found = client.post("/v1/toy", files={"file": ("a.wav", data)})
            assert found.status_code == 400
            assert word in found.json()["error"]["message"]


def test_a_head_that_does_not_come_is_put_out(strict: Running) -> None:
    host, _, port = strict.url.removeprefix("http://").partition(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(50)]
    for one in slow:
        one.send(b"POST /v1/toy HTTP/1.1\r\nHost: x\r\n")
    with strict.client(headers=bearer()) as client:
        assert client.get("/health").status_code == 200  # while they are there
    until = time.monotonic() + 60
    for one in slow:
        one.settimeout(max(1.0, until - time.monotonic()))
        assert one.recv(100) == b""
        one.close()


def test_a_head_without_end_is_put_out(strict: Running) -> None:
    host, _, port = strict.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as one:
        one.settimeout(60)
        one.sendall(b"GET /health HTTP/1.1\r\n")
        endless = (b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(100_000))
        with pytest.raises(ConnectionError):
            deque(map(one.sendall, endless), maxlen=0)


def test_a_body_that_does_not_come_is_refused(strict: Running) -> None:
    host, _, port = strict.url.removeprefix("http://").partition(":")
    head = f"POST /v1/toy HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += "Content-Type: audio/wav\r\nContent-Length: 1000\r\n\r\nRIFF"
    with socket.create_connection((host, int(port))) as one:
        one.settimeout(60)
        one.sendall(head.encode())
        answer = one.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 408")


def test_nonsense_and_lengths_that_lie(strict: Running) -> None:
    host, _, port = strict.url.removeprefix("http://").partition(":")
    for sent in (
        b"\x16\x03\x01 hello",
        b"GET / HTTP/9\r\n\r\n",
        b"\0" * 2000,
        b"POST /v1/toy HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    ):
        with socket.create_connection((host, int(port))) as one:
            one.settimeout(60)
            one.sendall(sent)
            assert one.recv(100)[:12] in (b"HTTP/1.1 400", b"")
    with strict.client() as client:
        assert client.get("/health").status_code == 200


def test_forms_that_are_none(strict: Running) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x", **bearer()}
    bodies = (
        b"",
        b"--x",
        b"--x\r\n\r\n",
        b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--",
        b"--y\r\n",
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + b"a" * 10,
    )
    many = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % i for i in range(500)
    )
    with strict.client() as client:
        for body in (*bodies, many + b"--x--"):
            found = client.post("/v1/toy", content=body, headers=kind)
            assert found.status_code == 400, body
            assert found.json()["error"]["message"]
        deep = client.post("/v1/toy", content=b"[" * 100_000,
                           headers={"content-type": "application/json", **bearer()})  # fmt: skip
    assert deep.json()["error"]["code"] == "bad_json"


def test_nothing_is_left_in_the_spool(strict: Running, tone: object) -> None:
    with strict.client(headers=bearer()) as client:
        for _ in range(50):
            text = client.get("/metrics").text
            if figure(text, "tympan_spool_bytes") == 0 == figure(text, "tympan_requests_open"):
                return
            time.sleep(0.2)
    raise AssertionError("files are left")


def test_others_only_with_a_token(place: Path) -> None:
    server = Running("--host", "0.0.0.0")
    assert server.process.wait(60) == 2
    server._reading.join(10)
    assert "no token" in server.lines[-1]


@pytest.mark.parametrize("text", ["", "short", "with spaces in between it"])
def test_a_token_that_is_none(tmp_path: Path, text: str) -> None:
    from tympan.errors import ArgumentError
    from tympan.serve.settings import read_token

    path = tmp_path / "token"
    path.write_text(text)
    with pytest.raises(ArgumentError, match="token"):
        read_token(path)
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_token(tmp_path / "none")
