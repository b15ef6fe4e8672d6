"""A process that decodes what strangers send, and may be killed at any time.

It knows no model and no PyTorch. It reads a file of the spool and writes its samples beside it, as
a WAV file of float32; what it decodes is bounded in length, channels and memory. Begun as
`python -m tympan.serve.decoder` by `tympan.serve.decoding`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from tympan.errors import AudioFileError, TympanError
from tympan.serve.frames import Channel, Message
from tympan.serve.refusals import plain_error

BLOCK_S = 5.0
# Memory that a decoder may address; what a damaged header asks for beyond it fails at once.
MOST_MEMORY = 6 << 30
_STREAM_OPTIONS = {
    "format_whitelist": "matroska,webm,ogg,wav,mp3,flac,mov,mp4,aac",
    "protocol_whitelist": "pipe",
    "probesize": "65536",
    "analyzeduration": "500000",
}


def decode_file(order: Message) -> dict[str, Any]:
    """Decode a file into a WAV file of float32, which needs no decoder any more.

    Args:
        order: `source` and `target` (paths of the spool), `most_seconds`, `most_samples` and
            `most_channels`.

    Returns:
        `rate_hz`, `channels`, `samples`, and at which byte of the file they begin (`offset`).

    Raises:
        AudioFileError: it is no sound, damaged, or beyond a limit.
    """
    from tympan.audio import _wav, blocks

    rate_hz = channels = samples = offset = 0
    with Path(order["target"]).open("wb") as file:
        for block in blocks(order["source"], block_s=BLOCK_S):
            own = block.clip.samples
            if not channels:
                rate_hz, channels = block.clip.rate_hz, own.shape[0]
                _check(channels, int(order["most_channels"]), "channels")
                offset = file.write(_wav.header(rate_hz, channels, "FLOAT", {}))
            samples += own.shape[1]
            _check(samples / rate_hz, float(order["most_seconds"]), "seconds")
            _check(samples * channels, int(order["most_samples"]), "samples of all channels")
            file.write(_wav.to_bytes(own.T, "FLOAT"))
        if not samples:
            raise AudioFileError("holds no samples", fix="send a recording with sound")
        file.seek(0)
        file.write(_wav.header(rate_hz, channels, "FLOAT", {}, 4 * samples * channels))
    return {"rate_hz": rate_hz, "channels": channels, "samples": samples, "offset": offset}


def _check(value: float, most: float, what: str) -> None:
    if value > most:
        error = f"holds more than {most:,.0f} {what}"
        raise AudioFileError(error, fix="send a shorter one, or ask who runs the server for more")


def decode_stream(channel: Channel, order: Message) -> None:
    """Decode what comes in frames, until the client ends; the samples go back in frames."""
    import numpy as np

    from tympan.live.sources.coded import decoded

    source, stop = _Frames(channel), threading.Event()
    for rate_hz, own, begins in decoded(source, "the stream", stop, options=_STREAM_OPTIONS):
        _check(own.shape[0], int(order["most_channels"]), "channels")
        told = {"rate_hz": rate_hz, "channels": own.shape[0], "begins": begins}
        channel.write({"sound": told}, np.ascontiguousarray(own.T, dtype="<f4").tobytes())
    channel.write({"end": True})


class _Frames:
    """The bytes in a channel's frames, as a file that can be read once."""

    name = "stream"

    def __init__(self, channel: Channel) -> None:
        self._channel, self._held, self._ended = channel, b"", False

    def read(self, size: int = -1) -> bytes:
        """What is there, at most `size` bytes; waits for the first."""
        if not self._held and not self._ended:
            frame = self._channel.read()
            if frame is None:
                os._exit(0)
            self._held = frame[1]
            self._ended = not self._held  # FFmpeg asks more than once
        found = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(found) :]
        return found


def limit_memory() -> None:
    """Let the process address so much memory and no more, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Decode what is ordered until the server is gone."""
    warnings.simplefilter("ignore")
    limit_memory()
    channel = Channel()
    while (frame := channel.read()) is not None:
        order = frame[0]
        try:
            if order.get("do") == "stream":
                decode_stream(channel, order)
            else:
                channel.write({"done": decode_file(order)})
        except TympanError as error:
            channel.write({"error": plain_error(error)})
        except (MemoryError, OSError, ValueError, RuntimeError) as error:
            print(f"decoder: {type(error).__name__}: {error}", file=sys.stderr)
            what = "cannot be decoded"
            channel.write({"error": {"kind": "AudioFileError", "what": what, "fix": None}})


if __name__ == "__main__":
    main()
