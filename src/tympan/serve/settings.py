"""What an operator can set about a server."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tympan.errors import ArgumentError

_ORIGIN = re.compile(r"null|[a-z][a-z0-9+.-]*://[^/\s]+", re.IGNORECASE)


@dataclass(frozen=True)
class ServeSettings:
    """What a server listens to, what it offers, and where its limits are.

    Args:
        host: address that it listens to.
        port: 0 takes a free one.
        models: name → place of the models that it offers (a catalogue name, an engine, a folder);
            empty: all that are part of tympan, and all installed engines.
        workers: processes that hold models; each has a copy of those that it has answered with.
        token: what clients must know; empty: nothing.
        folder: whose files clients may name as a recording or in an option; None: of none.
        labels: folder whose recordings are labelled and trained on in the studio; None: none is.
        models_out: where the models that are trained there go, one folder for each question.
        origins: other web pages whose scripts may use the server.
        names: further host names that it is called by.
        device: where the models compute.
        batch: requests that a worker works on at once, whose windows share batches.
        queue: recordings that may wait or be worked on at once; more are refused with 429.
        deadline_s: how long a request may take from its last byte to its answer.
        decode_s: how long a decoder may take for one recording before it is killed.
        unload_after_s: so long without a request, and a model leaves the memory; 0: never.
        most_bytes: of a request.
        most_seconds: of a recording.
        most_samples: of a recording, all channels together, when it is decoded.
        most_channels: of a recording.
        most_text: characters of a text that is spoken.
        most_listeners: live connections at once.
        header_s: how long a client may take for the head of a request.
        idle_s: how long a client may be silent inside a request.
        least_bytes_s: how many bytes a second a client must send at least, after `idle_s`.

    Raises:
        ArgumentError: a limit that is no limit.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    models: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    token: str = ""
    folder: Path | None = None
    labels: Path | None = None
    models_out: Path = Path()
    origins: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    device: str = "auto"
    batch: int = 32
    queue: int = 128
    deadline_s: float = 300.0
    decode_s: float = 60.0
    unload_after_s: float = 900.0
    most_bytes: int = 200_000_000
    most_seconds: float = 4 * 3600.0
    most_samples: int = 400_000_000
    most_channels: int = 16
    most_text: int = 20_000
    most_listeners: int = 16
    header_s: float = 10.0
    idle_s: float = 20.0
    least_bytes_s: float = 1000.0

    def __post_init__(self) -> None:
        for name in ("workers", "batch", "queue", "most_bytes", "most_samples", "most_channels"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"{name} is {getattr(self, name)}", fix="give 1 or more")
        for name in ("deadline_s", "decode_s", "most_seconds", "header_s", "idle_s"):
            if not getattr(self, name) > 0:
                raise ArgumentError(f"{name} is {getattr(self, name):g}", fix="give seconds")
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                what = f"{origin!r} is no origin of web pages"
                raise ArgumentError(what, fix="give one such as https://example.org")

    @property
    def local(self) -> bool:
        """Whether only this computer can reach it.

        >>> ServeSettings().local, ServeSettings(host="0.0.0.0").local
        (True, False)
        """
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address or name is this computer's own, seen by no other."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_token(path: Path) -> str:
    """The token in a file: its first line.

    Raises:
        ArgumentError: the file cannot be read, or its token is too short to be none to guess.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ArgumentError(f"cannot be read: {why}", file=path) from error
    token = lines[0].strip() if lines else ""
    if len(token) < 16 or not token.isascii() or not token.isprintable() or " " in token:
        make = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        what = "holds no token of 16 characters or more, without spaces"
        raise ArgumentError(what, file=path, fix=f"make one: {make}")
    return token
