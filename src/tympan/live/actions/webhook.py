"""A message to a web address, signed."""

from __future__ import annotations

import hashlib
import hmac
import time
import urllib.error
import urllib.request
from typing import Any

from tympan.errors import ArgumentError
from tympan.live.actions.base import Say
from tympan.live.actions.log import EventLog
from tympan.live.actions.outbox import Refused, Sender

TIMEOUT_S = 10.0
# These may be over the next time, though they are the client's fault by their number.
_PASSING = (408, 425, 429)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: a POST would become a GET, and its message would be lost."""

    def redirect_request(self, *about: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


class Webhook(Sender):
    """Posts each event as JSON.

    With a secret, the header `X-Tympan-Signature: t=SECONDS,v1=HEX` holds the HMAC-SHA256 of
    `SECONDS.BODY`, so that the receiver knows who sent it and when.

    Args:
        name: as the rules call it.
        say: called with what goes wrong.
        url: `http://` or `https://`.
        secret: to sign with; empty: unsigned.
        log: keeps messages over a restart.
        when: begin, end or both.
        give_up_s: a message that is older is dropped.

    Raises:
        ArgumentError: `url` is no address of the web.
    """

    def __init__(
        self,
        name: str,
        say: Say,
        url: str,
        *,
        secret: str = "",
        log: EventLog | None = None,
        when: str = "begin",
        give_up_s: float = 86_400.0,
    ) -> None:
        if not url.lower().startswith(("http://", "https://")):
            raise ArgumentError(f"url {url!r} is no address", fix="begin with https://")
        self._url, self._secret = url, secret.encode()
        super().__init__(name, say, log, when=when, give_up_s=give_up_s)

    def send(self, body: str) -> None:
        """Post one message; any answer below 300 counts as received."""
        data = body.encode("utf-8")
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "tympan"}
        if self._secret:
            headers["X-Tympan-Signature"] = signature(self._secret, data, int(time.time()))
        request = urllib.request.Request(self._url, data, headers, method="POST")
        try:
            with _OPENER.open(request, timeout=TIMEOUT_S) as reply:
                reply.read(1024)
        except urllib.error.HTTPError as error:
            if 300 <= error.code < 400:
                where = error.headers.get("Location", "elsewhere")
                raise OSError(f"it has moved to {where}: give that address") from error
            if 400 <= error.code < 500 and error.code not in _PASSING:
                raise Refused(f"refused with status {error.code}") from error
            raise


def signature(secret: bytes, body: bytes, time_s: int) -> str:
    """The signature of a message.

    >>> signature(b"key", b"{}", 1)
    't=1,v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224'
    """
    signed = f"{time_s}.".encode() + body
    return f"t={time_s},v1={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"
