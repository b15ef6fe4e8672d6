"""Pieces as MusicXML, which notation programs open as a score.

Source: W3C Music Notation Community Group, *MusicXML 4.0*, 2021.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from xml.sax.saxutils import escape

from tympan.notation.piece import Piece, PiecePart

GRID = 24
"""Parts of a quarter note that times are moved to: 32nds and their triplets are exact."""
# Length in grid steps, type, dots, and whether it is of a triplet.
_TYPES = (
    (96, "whole", 0, False), (72, "half", 1, False), (48, "half", 0, False),
    (36, "quarter", 1, False), (32, "half", 0, True), (24, "quarter", 0, False),
    (18, "eighth", 1, False), (16, "quarter", 0, True), (12, "eighth", 0, False),
    (9, "16th", 1, False), (8, "eighth", 0, True), (6, "16th", 0, False), (4, "16th", 0, True),
    (3, "32nd", 0, False), (2, "32nd", 0, True), (1, "64th", 0, True),
)  # fmt: skip
_FIFTHS_MAJOR = ("F", "C", "G", "D", "A", "E", "B")
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
    '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
Event = tuple[int, int, tuple[int, ...]]  # start and length in grid steps, pitches


def musicxml_text(piece: Piece) -> str:
    """A piece as MusicXML, with a staff for each part.

    Times are moved to 24ths of a quarter note, so that 32nds and their triplets are exact; what is
    finer is not (64ths, quintuplets, notes as they were played). Notes over a bar line are tied.

    >>> from tympan.notation import TickNote
    >>> "<step>C</step>" in musicxml_text(Piece((PiecePart((TickNote(0, 480, 60),)),)))
    True
    """
    bars = list(_bars(piece))
    names, bodies = [], []
    for i, part in enumerate(piece.parts or (PiecePart(()),), 1):
        names.append(_score_part(i, part))
        bodies.append(f'<part id="P{i}">\n{"".join(_measures(piece, part, bars))}</part>\n')
    title = f"<work><work-title>{_text(piece.name)}</work-title></work>\n" if piece.name else ""
    listed = f"<part-list>\n{''.join(names)}</part-list>\n"
    body = title + listed + "".join(bodies)
    return f'{_HEAD}<score-partwise version="4.0">\n{body}</score-partwise>\n'


def _text(value: str) -> str:
    """XML has no control characters."""
    return escape("".join(c if c >= " " else " " for c in value))


def _score_part(i: int, part: PiecePart) -> str:
    channel = 10 if part.drums else (i - 1) % 9 + 1
    return (
        f'<score-part id="P{i}"><part-name>{_text(part.name or part.instrument)}</part-name>'
        f'<score-instrument id="P{i}-I1"><instrument-name>{_text(part.instrument)}'
        f'</instrument-name></score-instrument><midi-instrument id="P{i}-I1">'
        f"<midi-channel>{channel}</midi-channel><midi-program>{part.program + 1}</midi-program>"
        "</midi-instrument></score-part>\n"
    )


def _bars(piece: Piece) -> Iterator[tuple[int, int, int, int]]:
    """Start and length of each bar in grid steps, and its metre."""
    # A note that is over before the next step of the grid still has one.
    ends = (_steps(piece, note.start) + 1 for part in piece.parts for note in part.notes)
    end = max(1, _steps(piece, piece.duration_ticks), *ends)
    metres = sorted({tick: (beats, unit) for tick, beats, unit in piece.metres}.items())
    at, metre, i = 0, (4, 4), 0
    while at < end:
        while i < len(metres) and _steps(piece, metres[i][0]) <= at:
            metre, i = metres[i][1], i + 1
        length = max(1, round(metre[0] * 4 * GRID / metre[1]))
        if i < len(metres):  # a change of metre ends a bar
            length = min(length, _steps(piece, metres[i][0]) - at)
        yield at, length, *metre
        at += length


def _steps(piece: Piece, tick: int) -> int:
    return round(tick * GRID / piece.ticks_per_beat)


def _measures(
    piece: Piece, part: PiecePart, bars: Sequence[tuple[int, int, int, int]]
) -> Iterator[str]:
    """The bars of a part."""
    voices = _voices(piece, part)
    fifths, mode = _signature(piece)
    shown: tuple[int, int] | None = None
    for number, (start, length, beats, unit) in enumerate(bars, 1):
        lines = [f'<measure number="{number}">\n']
        if number == 1:
            lines.append(f"<attributes><divisions>{GRID}</divisions><key><fifths>{fifths}</fifths>")
            lines.append(f"<mode>{mode}</mode></key>{_time(beats, unit)}{_clef(part)}")
            lines.append(f"</attributes>\n{_tempo(piece)}")
        elif shown != (beats, unit):
            lines.append(f"<attributes>{_time(beats, unit)}</attributes>\n")
        shown = (beats, unit)
        for v, events in enumerate(voices, 1):
            inside = [e for e in events if e[0] < start + length and e[0] + e[1] > start]
            if v > 1 and not inside:
                continue
            if v > 1:
                lines.append(f"<backup><duration>{length}</duration></backup>\n")
            lines += _voice(inside, start, length, v, fifths, part.drums)
        yield "".join([*lines, "</measure>\n"])


def _voices(piece: Piece, part: PiecePart) -> list[list[Event]]:
    """Notes of equal start and length are a chord; chords that overlap are in different voices."""
    chords: dict[tuple[int, int], set[int]] = {}
    for note in part.notes:
        start, end = _steps(piece, note.start), _steps(piece, note.end)
        chords.setdefault((start, max(1, end - start)), set()).add(note.pitch)
    voices: list[list[Event]] = [[]]
    for (start, length), pitches in sorted(chords.items(), key=lambda one: (one[0][0], -one[0][1])):
        fitting = (v for v in voices if not v or v[-1][0] + v[-1][1] <= start)
        voice = next(fitting, None)
        if voice is None:
            voice = []
            voices.append(voice)
        voice.append((start, length, tuple(sorted(pitches))))
    return voices


def _voice(
    events: Sequence[Event], start: int, length: int, voice: int, fifths: int, drums: bool
) -> Iterator[str]:
    """What a voice has in a bar: notes, and rests between them."""
    at, end = start, start + length
    for begin, size, pitches in events:
        first, last = max(begin, start), min(begin + size, end)
        yield from _tied((), first - at, voice, fifths, drums, False, False)
        before, after = begin < start, begin + size > end
        yield from _tied(pitches, last - first, voice, fifths, drums, before, after)
        at = last
    yield from _tied((), end - at, voice, fifths, drums, False, False)


@cache
def _written(length: int) -> tuple[tuple[int, str, int, bool], ...]:
    """A length as the fewest that can be written, of triplets or not, if it can be; longest first.

    >>> [one[:2] for one in _written(27)], [one[:2] for one in _written(10)]
    ([(24, 'quarter'), (3, '32nd')], [(8, 'eighth'), (2, '32nd')])
    """
    whole = _TYPES[0]
    if length > whole[0]:
        return (whole,) * (length // whole[0]) + _written(length % whole[0])
    ways = [(one, *_written(length - one[0])) for one in _TYPES if one[0] <= length]
    # Of equally many the first: that with the longest.
    return min(ways, key=lambda way: (len(way), len({one[3] for one in way})), default=())


def _tied(
    pitches: tuple[int, ...], length: int, voice: int, fifths: int, drums: bool,
    before: bool, after: bool,
) -> Iterator[str]:  # fmt: skip
    """A chord or, without pitches, a rest, in lengths that can be written, tied."""
    for size, kind, dots, triplet in _written(max(0, length)):
        length -= size
        more = after or length > 0
        for i, pitch in enumerate(pitches or (None,)):
            what = "<chord/>" if i else ""
            what += "<rest/>" if pitch is None else _pitch(pitch, fifths, drums)
            ties = ["stop"] * before + ["start"] * more if pitch is not None else []
            sound = "".join(f'<tie type="{one}"/>' for one in ties)
            drawn = "".join(f'<tied type="{one}"/>' for one in ties)
            drawn = f"<notations>{drawn}</notations>" if drawn else ""
            time = "<time-modification><actual-notes>3</actual-notes><normal-notes>2"
            time = f"{time}</normal-notes></time-modification>" if triplet else ""
            yield (
                f"<note>{what}<duration>{size}</duration>{sound}<voice>{voice}</voice>"
                f"<type>{kind}</type>{'<dot/>' * dots}{time}{drawn}</note>\n"
            )
        before = True


_SHARP = ("C", "C1", "D", "D1", "E", "F", "F1", "G", "G1", "A", "A1", "B")
_FLAT = ("C", "D-1", "D", "E-1", "E", "F", "G-1", "G", "A-1", "A", "B-1", "B")


def _pitch(pitch: int, fifths: int, drums: bool) -> str:
    """A pitch, spelled as the key has it."""
    name, octave = (_FLAT if fifths < 0 else _SHARP)[pitch % 12], pitch // 12 - 1
    if drums:
        return (
            f"<unpitched><display-step>{name[0]}</display-step>"
            f"<display-octave>{max(0, octave)}</display-octave></unpitched>"
        )
    alter = f"<alter>{name[1:]}</alter>" if name[1:] else ""
    # A notation program has no octave below 0.
    step = f"<step>{name[0]}</step>{alter}<octave>{max(0, octave)}</octave>"
    return f"<pitch>{step}</pitch>"


def _signature(piece: Piece) -> tuple[int, str]:
    """Sharps (positive) or flats of the first key, and its mode.

    >>> [_signature(Piece((), keys=((0, key),))) for key in ("Bb major", "E minor")]
    [(-2, 'major'), (1, 'minor')]
    """
    key = dict(piece.keys).get(0) or (piece.keys[0][1] if piece.keys else "C major")
    tonic, _, mode = key.partition(" ")
    fifths = _FIFTHS_MAJOR.index(tonic[0]) - 1 + 7 * (tonic.count("#") - tonic[1:].count("b"))
    fifths -= 3 * (mode == "minor")
    return (fifths + 6) % 12 - 6 if abs(fifths) > 7 else fifths, mode or "major"


def _time(beats: int, unit: int) -> str:
    return f"<time><beats>{beats}</beats><beat-type>{unit}</beat-type></time>"


def _clef(part: PiecePart) -> str:
    """By where most notes are."""
    if part.drums:
        return "<clef><sign>percussion</sign></clef>"
    pitches = sorted(note.pitch for note in part.notes) or [60]
    low = pitches[len(pitches) // 2] < 57
    return f"<clef><sign>{'F' if low else 'G'}</sign><line>{4 if low else 2}</line></clef>"


def _tempo(piece: Piece) -> str:
    bpm = piece.tempo_bpm
    return (
        '<direction placement="above"><direction-type><metronome><beat-unit>quarter</beat-unit>'
        f"<per-minute>{bpm:.0f}</per-minute></metronome></direction-type>"
        f'<sound tempo="{bpm:.2f}"/></direction>\n'
    )
