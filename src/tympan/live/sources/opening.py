"""From an argument to the source that it stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def open_source(
    given: str,
    *,
    pcm: str = "",
    replay: bool = False,
    start: Any = None,
    log: Any = None,
    once: bool = False,
    wait: bool = False,
    idle_s: float | None = None,
) -> Any:
    """The source that an argument stands for.

    Args:
        given: `mic`, `mic:NAME`, `-`, an address, a folder, a FIFO or a file.
        pcm: layout of bare samples, `"s16le:16000:1"`; empty: a header tells.
        replay: read a file as fast as it can be answered.
        start: when the recording of a replay began, a `datetime`.
        log: remembers which files of a folder were done, see `tympan.live.actions.log.EventLog`.
        once: end with what is there, instead of waiting for more.
        wait: a file that is not there yet is waited for, if its folder is there.
        idle_s: a growing file that has not grown for so long has ended.

    Raises:
        ArgumentError: there is no such source.

    >>> open_source("rtsp://camera/audio").name
    'rtsp://camera/audio'
    """
    from tympan.audio._pipe import is_pipe
    from tympan.errors import ArgumentError
    from tympan.live.sources import folder, microphone, network, piped
    from tympan.live.sources import replay as replays
    from tympan.live.sources.raw import parse_layout

    layout = parse_layout(pcm) if pcm else None
    path = Path(given)
    if replay:
        if not path.is_file():
            fix = "--replay takes a sound file"
            raise ArgumentError("is no file", file=given, fix=fix)
        return replays.Replay(given, start)
    if given == "mic" or given.startswith("mic:"):
        return microphone.Microphone(given[4:])
    if given == "-":
        return piped.StandardInput("-", layout)
    if network.is_address(given):
        return network.NetworkStream(given, once=once)
    if given and path.is_dir():
        seen, done = (None, None) if log is None else (log.seen, log.done)
        return folder.Folder(given, seen=seen, done=done, once=once)
    if is_pipe(given):
        return piped.Fifo(given, layout)
    coming = wait and not once and path.parent.is_dir()
    if path.is_file() or (given and coming):
        return piped.GrowingFile(given, layout, idle_s=0.0 if once else idle_s)
    fix = "give mic, mic:NAME, -, an address, a folder, a FIFO or a file"
    if path.suffix and path.parent.is_dir() and not (wait or once):
        fix += "; --wait waits for a file that is still to come"
    raise ArgumentError("there is no such source", file=given, fix=fix)
