"""A microphone, by PortAudio; unplugged, it is waited for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from tympan.errors import ArgumentError, MissingDependencyError
from tympan.live.sources.base import CHUNK_S, Chunk, Say, Source, Wave

# A device that gives nothing for so long is gone, whatever the driver says.
SILENT_S = 3.0
RETRY_S = 2.0


def portaudio() -> Any:
    """The library `sounddevice`.

    Raises:
        MissingDependencyError: it, or PortAudio itself, is not installed.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        fix = "pip install 'tympan[watch]', and on Linux the system's package libportaudio2"
        what = "a microphone needs sounddevice and PortAudio"
        raise MissingDependencyError(what, fix=fix) from error
    return sounddevice


class Microphone(Source):
    """The default microphone, or one by its name.

    Args:
        device: a part of its name, or its number; empty: the default one.
        rate_hz: samples a second; None: what the device prefers.
    """

    def __init__(self, device: str = "", rate_hz: int | None = None) -> None:
        self.name = f"mic:{device}" if device else "mic"
        self._device, self._rate_hz = device, rate_hz

    def chunks(self, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        """Until `stop`; while the device is not there, it is tried again."""
        library = portaudio()
        first = True
        while not stop.is_set():
            try:
                yield from self._heard(library, stop, say)
                reason = "gives no more sound"
            except library.PortAudioError as error:
                reason = str(error.args[0] if error.args else error)
            except ValueError as error:  # no device of that name
                if first:
                    raise self._unknown(library, error) from error
                reason = "is not there"
            first = False
            if stop.is_set():
                return
            say(f"{self.name}: {reason}; tried again every {RETRY_S:g} s")
            while not stop.wait(RETRY_S):
                _refresh(library)
                if self._is_there(library):
                    say(f"{self.name}: is back")
                    break

    def _heard(self, library: Any, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        info = library.query_devices(self._wanted(), "input")
        rate = int(self._rate_hz or info["default_samplerate"])
        channels = max(1, min(2, int(info["max_input_channels"])))
        heard: queue.Queue[tuple[Wave, bool]] = queue.Queue()

        def take(data: Any, frames: int, time: Any, status: Any) -> None:
            lost = bool(getattr(status, "input_overflow", False))
            heard.put((np.ascontiguousarray(data.T, dtype=np.float32), lost))

        stream = library.InputStream(
            samplerate=rate, device=self._wanted(), channels=channels, dtype="float32",
            blocksize=int(CHUNK_S * rate), callback=take,
        )  # fmt: skip
        begins = True
        with stream:
            while not stop.is_set():
                try:
                    wave, lost = heard.get(timeout=SILENT_S)
                except queue.Empty:
                    return
                if lost:
                    say(f"{self.name}: the computer was too slow, some sound is lost")
                yield Chunk(wave.copy(), rate, begins or lost, self.name)
                begins = False

    def _wanted(self) -> Any:
        if not self._device:
            return None
        return int(self._device) if self._device.isdigit() else self._device

    def _is_there(self, library: Any) -> bool:
        try:
            library.query_devices(self._wanted(), "input")
        except (ValueError, library.PortAudioError):
            return False
        return True

    def _unknown(self, library: Any, error: ValueError) -> ArgumentError:
        inputs = [one["name"] for one in library.query_devices() if one["max_input_channels"]]
        fix = f"one of mic:{', mic:'.join(inputs)}" if inputs else "connect a microphone"
        return ArgumentError(f"no microphone {self._device or 'is there'}".rstrip(), fix=fix)


def _refresh(library: Any) -> None:
    """PortAudio knows only the devices that were there when it was started."""
    library._terminate()
    library._initialize()
