"""A message to an MQTT broker."""

from __future__ import annotations

import json
from typing import Any

from tympan.errors import MissingDependencyError
from tympan.live.actions.base import Say
from tympan.live.actions.log import EventLog
from tympan.live.actions.outbox import Sender

TIMEOUT_S = 10.0


class Mqtt(Sender):
    """Publishes each event as JSON, at least once (quality of service 1).

    Args:
        name: as the rules call it.
        say: called with what goes wrong.
        host: of the broker.
        topic: `{rule}` and `{label}` in it are replaced.
        port: of the broker.
        username: to log in; empty: none.
        password: to log in.
        tls: encrypt the connection.
        log: keeps messages over a restart.
        when: begin, end or both.

    Raises:
        MissingDependencyError: `paho-mqtt` is not installed.
    """

    def __init__(
        self,
        name: str,
        say: Say,
        host: str,
        *,
        topic: str = "tympan/{rule}",
        port: int = 1883,
        username: str = "",
        password: str = "",
        tls: bool = False,
        log: EventLog | None = None,
        when: str = "begin",
        give_up_s: float = 86_400.0,
    ) -> None:
        try:
            from paho.mqtt import client
        except ImportError as error:
            fix = "pip install 'tympan[watch]'"
            raise MissingDependencyError("MQTT needs paho-mqtt", fix=fix) from error
        self._host, self._port, self._topic = host, port, topic
        self._client: Any = client.Client(client.CallbackAPIVersion.VERSION2)
        if username:
            self._client.username_pw_set(username, password)
        if tls:
            self._client.tls_set()
        super().__init__(name, say, log, when=when, give_up_s=give_up_s)

    def send(self, body: str) -> None:
        """Publish one message and wait until the broker has it."""
        if not self._client.is_connected():
            self._client.loop_stop()
            self._client.connect(self._host, self._port, keepalive=30)
            self._client.loop_start()
        event = json.loads(body)
        topic = self._topic.replace("{rule}", _level(event["rule"]))
        found = self._client.publish(topic.replace("{label}", _level(event["label"])), body, qos=1)
        found.wait_for_publish(TIMEOUT_S)
        if not found.is_published():
            raise TimeoutError("the broker does not answer")

    def close(self, wait_s: float = 5.0) -> None:
        """Publish what waits, and part from the broker."""
        super().close(wait_s)
        self._client.disconnect()
        self._client.loop_stop()


def _level(text: str) -> str:
    """A name as one level of a topic: without the characters that mean something there.

    >>> _level("dog/cat #1")
    'dog_cat__1'
    """
    return "".join("_" if one in "/+# \0" else one for one in text)
