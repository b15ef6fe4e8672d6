"""The configuration of `compose`."""

from __future__ import annotations

from dataclasses import dataclass

from tympan.errors import ArgumentError
from tympan.tasks.card_config import CardConfig, check_ranges

NEXT, FILL = "next", "fill"
KEYS = 24
"""Twelve major keys from C on, then twelve minor ones."""
MOST_CLASSES = 254
RANGES: dict[str, tuple[float, float]] = {
    "low": (0, 127),
    "high": (0, 127),
    "voices": (1, 16),
    "steps_per_beat": (1, 24),
    "beats_per_bar": (1, 16),
    "phases": (0, 192),
    "remaining": (0, 512),
    "size": (16, 1024),
    "layers": (1, 24),
    "heads": (1, 16),
    "reach": (1, 60),
    "dropout": (0, 0.9),
    "window": (8, 2048),
    "transpose": (0, 12),
    "unknown": (0, 1),
    "tempo_bpm": (20, 400),
}


@dataclass(frozen=True)
class ComposeConfig(CardConfig):
    """What music looks like to the net, and how big the net is.

    Args:
        kind: `"next"`: each step after those before; `"fill"`: what is missing, from all around it.
        low, high: the lowest and the highest pitch, MIDI numbers.
        voices: notes that sound at once, at most: places of a step.
        ordered: the notes of a step stand in order of their pitch, so that it is a set; else each
            place is a voice.
        articulated: a note that begins is told from one that goes on.
        steps_per_beat: steps of a beat.
        beats_per_bar: beats of a bar.
        phases: the net is told a step's place in this many steps; 0: it is not.
        remaining: the net is told how many steps remain, up to this many; 0: it is not.
        keyed: the net is told the key.
        home: pieces are moved to C major or A minor before the net sees them, and back.
        size: features of a step, `d`.
        layers: blocks of attention.
        heads: of each block.
        reach: semitones between two notes that it sees as an interval.
        dropout: probability of dropping a feature in training.
        window: steps that it looks back, or sees at once.
        transpose: in training a piece is moved by up to so many semitones either way.
        unknown: in training so often it is not told the key or what remains.
        tempo_bpm: beats per minute that pieces are usually played at.
        instruments: who plays each voice, from the highest on: names of General MIDI.
        parts: names of the places, where each is a voice.
        lowest, highest: usual range of each voice, MIDI numbers, place by place; none: any note.
        partner: name of the model that fills in what this one cannot.

    Raises:
        ArgumentError: a value out of its range.

    >>> ComposeConfig(low=36, high=81).pitches
    46
    """

    kind: str = NEXT
    low: int = 21
    high: int = 108
    voices: int = 4
    ordered: bool = True
    articulated: bool = False
    steps_per_beat: int = 1
    beats_per_bar: int = 4
    phases: int = 0
    remaining: int = 0
    keyed: bool = False
    home: bool = False
    size: int = 192
    layers: int = 3
    heads: int = 4
    reach: int = 24
    dropout: float = 0.3
    window: int = 192
    transpose: int = 6
    unknown: float = 0.25
    tempo_bpm: float = 80.0
    instruments: tuple[str, ...] = ("organ",)
    parts: tuple[str, ...] = ()
    lowest: tuple[int, ...] = ()
    highest: tuple[int, ...] = ()
    partner: str = ""

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.kind not in (NEXT, FILL):
            raise ArgumentError(f"kind must be {NEXT!r} or {FILL!r}, not {self.kind!r}")
        if self.classes > MOST_CLASSES:  # 255 ends a piece where it is kept beside the weights
            what = f"{self.pitches} pitches are too many to tell held notes from struck ones"
            raise ArgumentError(what, fix="a narrower range: raise low or lower high")
        self._check_voice_ranges()
        if self.high <= self.low:
            raise ArgumentError(f"high={self.high} must be above low={self.low}")
        if self.size % (2 * self.heads):
            fix = f"a multiple of {2 * self.heads}"
            raise ArgumentError(
                f"{self.size} features cannot be shared by {self.heads} heads", fix=fix
            )

    def _check_voice_ranges(self) -> None:
        if not self.lowest and not self.highest:
            return
        counts = (len(self.lowest), len(self.highest))
        if counts != (self.voices, self.voices):
            what = f"lowest and highest name {counts[0]} and {counts[1]} voices, not {self.voices}"
            raise ArgumentError(what)
        for low, high in zip(self.lowest, self.highest, strict=True):
            if not self.low <= low <= high <= self.high:
                what = f"the range of a voice, {low} to {high}, must be within low and high"
                raise ArgumentError(what)

    @property
    def pitches(self) -> int:
        """How many pitches there are, `p`."""
        return self.high - self.low + 1

    @property
    def classes(self) -> int:
        """What a place may hold: 0 nothing, then each pitch; articulated, each once more held."""
        return 1 + self.pitches * (2 if self.articulated else 1)

    @property
    def mask(self) -> int:
        """The number that stands for what is not known."""
        return self.classes
