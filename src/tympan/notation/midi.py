"""MIDI files to pieces and back, exact to the tick.

The bytes are read and written by mido (MIT). A note on and the first note off of its pitch and
channel after it are a note. Of what else a file may hold, tempo, metre, key, program, pitch bend
and names are kept; controllers, lyrics and system messages are not, but for the sustain pedal
where `sustain` asks for it.
"""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from tympan._files import atomic_write
from tympan.errors import DataError
from tympan.notation.piece import US_PER_BEAT, Piece, PiecePart, TickNote

DRUM_CHANNEL = 9
_MELODY = tuple(c for c in range(16) if c != DRUM_CHANNEL)
BEND_RANGE = 2.0  # semitones either way, General MIDI's
_SUSTAIN = 64


def read_midi(source: str | PathLike[str] | bytes, *, sustain: bool = False) -> Piece:
    """Read a MIDI file.

    Args:
        source: the file, or its bytes.
        sustain: notes sound on while the sustain pedal is down, as they are heard.

    Returns:
        A part for each program of each channel of each track, in the order of their first notes
        within a track.

    Raises:
        DataError: it is no MIDI file, is damaged, or its tracks follow one another (type 2).

    >>> read_midi(midi_bytes(Piece((PiecePart((TickNote(0, 160, 60),)),)))).parts[0].notes
    (TickNote(start=0, length=160, pitch=60, velocity=80),)
    """
    import mido

    name = None if isinstance(source, bytes) else Path(source)
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=name) from error
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except Exception as error:  # mido raises what struct, its parser and its charset raise
        why = str(error) or ("it ends too soon" if data else "it is empty")
        raise DataError(f"is no whole MIDI file ({why})", file=name) from error
    if file.type == 2 or file.ticks_per_beat <= 0 or file.ticks_per_beat >= 0x8000:
        what = "has tracks that follow one another" if file.type == 2 else "counts in film frames"
        raise DataError(what, file=name, fix="save it as a MIDI file of type 1")
    reader = _Reader(sustain)
    parts = [part for track in file.tracks for part in reader.track(track)]
    tempi = tuple(sorted(reader.tempi.items())) or ((0, US_PER_BEAT),)
    metres = tuple((tick, *metre) for tick, metre in sorted(reader.metres.items()))
    return Piece(
        tuple(parts), file.ticks_per_beat, tempi, metres or ((0, 4, 4),),
        tuple(sorted(reader.keys.items())), reader.title,
    )  # fmt: skip


@dataclass
class _Voice:
    """What is read of one program on one channel of a track."""

    notes: list[TickNote] = field(default_factory=list)
    bends: list[tuple[int, float]] = field(default_factory=list)


class _Reader:
    """Collects what is the same for all tracks while they are read."""

    def __init__(self, sustain: bool) -> None:
        self.sustain, self.title = sustain, ""
        self.tempi: dict[int, int] = {}
        self.metres: dict[int, tuple[int, int]] = {}
        self.keys: dict[int, str] = {}

    def track(self, track: Iterable[Any]) -> list[PiecePart]:
        """The parts of a track."""
        tick, name = 0, ""
        programs: dict[int, int] = defaultdict(int)
        voices: dict[tuple[int, int], _Voice] = {}
        sounding: dict[tuple[int, int], deque[tuple[int, int, _Voice]]] = defaultdict(deque)
        pedals: dict[int, list[tuple[int, bool]]] = defaultdict(list)
        port = 0
        for message in track:
            tick += message.time
            if message.is_meta:
                if message.type == "track_name":
                    name = name or _text(message.name)
                port = message.port if message.type == "midi_port" else port
                self._meta(message, tick)
                continue
            channel = getattr(message, "channel", 0) + 16 * port
            if message.type == "program_change":
                programs[channel] = message.program
            elif message.type == "pitchwheel":
                own = voices.setdefault((channel, programs[channel]), _Voice())
                own.bends.append((tick, round(message.pitch / 8192 * BEND_RANGE, 6)))
            elif message.type == "control_change" and message.control == _SUSTAIN:
                pedals[channel].append((tick, message.value >= 64))
            elif message.type == "note_on" and message.velocity:
                own = voices.setdefault((channel, programs[channel]), _Voice())
                sounding[channel, message.note].append((tick, message.velocity, own))
            elif message.type in ("note_on", "note_off") and sounding[channel, message.note]:
                start, velocity, own = sounding[channel, message.note].popleft()
                own.notes.append(TickNote(start, tick - start, message.note, velocity))
        for (_, pitch), waiting in sounding.items():  # never ended: until the track does
            for start, velocity, own in waiting:
                own.notes.append(TickNote(start, tick - start, pitch, velocity))
        if self.sustain:
            for (channel, _), own in voices.items():
                own.notes = _held(own.notes, pedals[channel], tick)
        return [
            PiecePart(
                tuple(sorted(own.notes)), program, channel % 16 == DRUM_CHANNEL, name,
                tuple(own.bends),
            )
            for (channel, program), own in voices.items()
            if own.notes
        ]  # fmt: skip

    def _meta(self, message: Any, tick: int) -> None:
        """Tempo, metre and key, whichever track they are on."""
        if message.type == "set_tempo":
            self.tempi[tick] = message.tempo
        elif message.type == "time_signature":
            self.metres[tick] = (message.numerator, message.denominator)
        elif message.type == "key_signature":
            self.keys[tick] = _key_name(message.key)


def _text(name: str) -> str:
    """A name that mido read as Latin-1: as UTF-8, if it is that."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _held(notes: list[TickNote], pedal: list[tuple[int, bool]], end: int) -> list[TickNote]:
    """Notes that end while the pedal is down last until it is up, or they are struck again."""
    ups = [tick for tick, down in pedal if not down]
    found: list[TickNote] = []
    after: dict[int, int] = {}  # when each pitch is struck next, from the end on
    for note in sorted(notes, reverse=True):
        states = [down for tick, down in pedal if tick <= note.end]
        until = note.end
        if states and states[-1]:
            until = next((tick for tick in ups if tick > note.end), end)
        until = max(note.end, min(until, after.get(note.pitch, until)))
        after[note.pitch] = note.start
        found.append(TickNote(note.start, until - note.start, note.pitch, note.velocity))
    return found[::-1]


def _encodable(name: str) -> str:
    """A name without what UTF-8 cannot hold, as names of files may have it."""
    return name.encode("utf-8", "replace").decode("utf-8")


def midi_bytes(piece: Piece) -> bytes:
    """A MIDI file of type 1: a track for tempo, metre and key, and one for each part.

    >>> midi_bytes(Piece(()))[:4]
    b'MThd'
    """
    import mido

    file = mido.MidiFile(type=1, ticks_per_beat=piece.ticks_per_beat, charset="utf-8")
    file.tracks.append(_track(_conductor(piece)))
    melodies = 0
    for part in piece.parts:
        port, channel = (0, DRUM_CHANNEL) if part.drums else divmod(melodies, len(_MELODY))
        if not part.drums:
            channel, melodies = _MELODY[channel], melodies + 1
        file.tracks.append(_track(_events(part, channel, port)))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def write_midi(piece: Piece, path: str | PathLike[str]) -> Path:
    """Write a MIDI file.

    Raises:
        TympanError: it cannot be written.
    """
    target = Path(path)
    with atomic_write(target) as beside:
        beside.write_bytes(midi_bytes(piece))
    return target


Event = tuple[int, int, Any]  # tick, order within the tick, message


def _conductor(piece: Piece) -> list[Event]:
    """Tempo, metre and key."""
    from mido import MetaMessage

    events: list[Event] = []
    if piece.name:
        events.append((0, 0, MetaMessage("track_name", name=_encodable(piece.name))))
    events += [(t, 1, MetaMessage("set_tempo", tempo=tempo)) for t, tempo in piece.tempi]
    events += [
        (t, 2, MetaMessage("time_signature", numerator=beats, denominator=unit))
        for t, beats, unit in piece.metres
    ]
    events += [(t, 3, MetaMessage("key_signature", key=_key_code(key))) for t, key in piece.keys]
    return events


def _events(part: PiecePart, channel: int, port: int) -> list[Event]:
    """What a part's track holds. At a tick, notes end before others begin."""
    from mido import Message, MetaMessage

    events: list[Event] = (
        [(0, 0, MetaMessage("track_name", name=_encodable(part.name)))] if part.name else []
    )
    if port:
        events.append((0, 0, MetaMessage("midi_port", port=port)))
    events.append((0, 1, Message("program_change", channel=channel, program=part.program)))
    for tick, semitones in part.bends:
        bend = max(-8192, min(8191, round(semitones / BEND_RANGE * 8192)))
        events.append((tick, 2, Message("pitchwheel", channel=channel, pitch=bend)))
    for n in sorted(part.notes):
        on = Message("note_on", channel=channel, note=n.pitch, velocity=n.velocity)
        off = Message("note_off", channel=channel, note=n.pitch, velocity=0)
        events += [(n.start, 4, on), (n.end, 3 if n.length else 5, off)]
    return events


def _track(events: list[Event]) -> Any:
    """Messages with the ticks since the one before."""
    import mido

    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda one: one[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=0))
    return track


def _key_name(code: str) -> str:
    """`F#m` of mido as `F# minor`."""
    return f"{code[:-1]} minor" if code.endswith("m") else f"{code} major"


# Signatures that MIDI cannot write, and the same keys as it can.
_SPELLED = {
    "D# major": "Eb major", "G# major": "Ab major", "A# major": "Bb major",
    "Db minor": "C# minor", "Gb minor": "F# minor",
}  # fmt: skip


def _key_code(name: str) -> str:
    tonic, _, mode = _SPELLED.get(name, name).partition(" ")
    return tonic + ("m" if mode == "minor" else "")
