"""Streams of the network: HTTP, RTSP and what else FFmpeg opens by its address."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

from tympan.errors import AudioFileError
from tympan.live.sources.base import Chunk, Say, Source
from tympan.live.sources.coded import decoded

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
TIMEOUT_S = 10.0


def is_address(text: str) -> bool:
    """Whether a source is an address of the network.

    >>> is_address("rtsp://camera.local/audio"), is_address("C:\\\\recordings")
    (True, False)
    """
    return re.match(r"(https?|rtsps?|rtmps?|tcp|udp|srt|rtp)://", text.lower()) is not None


def without_password(address: str) -> str:
    """An address as it may stand in a log.

    >>> without_password("rtsp://me:secret@camera/audio")
    'rtsp://***@camera/audio'
    """
    return re.sub(r"//[^/@]*@", "//***@", address)


class NetworkStream(Source):
    """A stream that is opened again, after longer and longer pauses, whenever it drops.

    Args:
        address: such as `"rtsp://camera.local/audio"`.
        once: raise an error at the first failure, for a stream that must be there.
    """

    def __init__(self, address: str, *, once: bool = False) -> None:
        self._address, self._once = address, once
        self.name = without_password(address)

    def chunks(self, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        """Until `stop`; the end of a stream is taken as a failure too."""
        wait_s = FIRST_WAIT_S
        options = {"rtsp_transport": "tcp"} if self._address.lower().startswith("rtsp") else {}
        options |= {"analyzeduration": "500000"}
        while not stop.is_set():
            begins, reason = True, "has ended"
            try:
                for rate_hz, samples, anew in decoded(
                    self._address, self.name, stop, options=options, timeout_s=TIMEOUT_S
                ):
                    yield Chunk(samples, rate_hz, begins or anew, self.name)
                    begins, wait_s = False, FIRST_WAIT_S
            except AudioFileError as error:
                if self._once:
                    raise
                reason = error.what
            if stop.is_set():
                return
            say(f"{self.name}: {reason}; tried again in {wait_s:g} s")
            stop.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
