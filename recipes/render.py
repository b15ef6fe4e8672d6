"""Notes to sound: General MIDI parts, rendered with a soundfont by the program `fluidsynth`.

`fluidsynth` (LGPL, Debian `fluidsynth`) is run as a program, while models are made and nowhere
else. It takes soundfonts of the formats SF2 and SF3.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tympan.audio import Clip, load

# Start and length in seconds, MIDI pitch, velocity.
Note = tuple[float, float, int, int]

# General MIDI programs (from 0) of each family that is a tag. Left out: synthesisers, effects, and
# what belongs to a family in name only (accordion, harp, timpani).
FAMILIES: dict[str, tuple[int, ...]] = {
    "piano": (0, 1, 2, 3, 4, 5),
    "mallets": (8, 9, 10, 11, 12, 13, 14),
    "organ": (16, 17, 18, 19, 20),
    "guitar": (24, 25, 26, 27, 28, 29, 30),
    "bass": (32, 33, 34, 35, 36, 37),
    "strings": (40, 41, 42, 43, 44, 45, 48, 49),
    "choir": (52, 53),
    "brass": (56, 57, 58, 59, 60, 61),
    "reeds": (64, 65, 66, 67, 68, 69, 70, 71),
    "flutes": (72, 73, 74, 75, 77, 79),
}
DRUMS = "drums"
# Accordions, harmonica, harp, synthesisers: they are in the training, so that the net does not take
# each of them for one of the families, but are no tag.
OTHERS = (21, 22, 23, 46, 80, 81, 82, 88, 89, 90, 91, 94, 95, 104, 105, 107, 109)
OTHER = ""
DRUM_KITS = (0, 8, 16, 24, 32, 40)
# Programs that sound like many players.
SECTIONS = (48, 49, 52, 53, 61)

SLOW_BPM, FAST_BPM = 90.0, 130.0
SLOT_S = 12.0  # from one excerpt to the next in a rendering of many
RENDER_RATE_HZ = 44_100  # a soundfont is not band-limited at lower rates
_TICKS_PER_S = 960
_DRUM_CHANNEL = 9
# Generators of SoundFont 2.04, section 8.1.2.
_FILTER_CUTOFF, _RELEASE = 8, 38
_MELODY_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15)


@dataclass(frozen=True)
class Sound:
    """What one player, or one instrument, does differently from another.

    Attributes:
        tuning: in cents.
        vibrato: depth, 0 – 127 of the modulation wheel.
        filter: of the cutoff of the soundfont's low-pass filters, in cents.
        release: how much longer a note ends, in timecents (1200: twice as long).
        swell: how far long notes rise and fall, 0 – 1.
    """

    tuning: int = 0
    vibrato: int = 0
    filter: int = 0
    release: int = 0
    swell: float = 0.0


@dataclass(frozen=True)
class Part:
    """What one instrument plays.

    Attributes:
        program: General MIDI program from 0; of drums the kit.
        notes: start and length in seconds, pitch, velocity.
        drums: whether the pitches are percussion instruments.
        volume, pan, reverb: of the channel, 0 – 127.
        sound: how it is played and how this instrument differs from the recorded one.
    """

    program: int
    notes: tuple[Note, ...]
    drums: bool = False
    volume: int = 100
    pan: int = 64
    reverb: int = 40
    sound: Sound = field(default_factory=lambda: Sound())

    @property
    def family(self) -> str:
        """The tag of the instrument.

        >>> Part(40, ()).family
        'strings'
        """
        if self.drums:
            return DRUMS
        named = (name for name, programs in FAMILIES.items() if self.program in programs)
        return next(named, OTHER)

    @property
    def sounding_s(self) -> float:
        """Length of all notes together."""
        return sum(length for _, length, _, _ in self.notes)


def instrument_tags(parts: Sequence[Part]) -> list[str]:
    """Families, and `solo`, `duo` or `ensemble` by the number of different instruments.

    A section (string ensemble, choir) is an ensemble by itself.

    >>> instrument_tags([Part(0, ((0, 1, 60, 90),)), Part(40, ((0, 1, 67, 90),))])
    ['piano', 'strings', 'duo']
    """
    parts = [one for one in parts if one.notes]
    families = sorted({one.family for one in parts} - {OTHER})
    programs = {(one.drums, one.program) for one in parts}
    many = any(not one.drums and one.program in SECTIONS for one in parts)
    count = 3 if many else len(programs)
    return [*families, {1: "solo", 2: "duo"}.get(count, "ensemble")]


def tempo_tag(bpm: float) -> str:
    """The class of a tempo.

    >>> tempo_tag(70), tempo_tag(110), tempo_tag(160)
    ('slow', 'medium', 'fast')
    """
    return "slow" if bpm < SLOW_BPM else "medium" if bpm < FAST_BPM else "fast"


def renderer() -> str | None:
    """The program, if it is installed."""
    return shutil.which("fluidsynth")


def render(
    excerpts: Sequence[Sequence[Part]], soundfont: Path, seconds: float = 10.0
) -> list[Clip]:
    """Render excerpts one after another, as loading a soundfont takes longer than an excerpt.

    Args:
        excerpts: the parts of each.
        soundfont: SF2 or SF3 file.
        seconds: length of each, at most 11.

    Returns:
        A mono clip at 44.1 kHz for each.
    """
    with tempfile.TemporaryDirectory() as folder:
        score, wave = Path(folder) / "score.mid", Path(folder) / "wave.wav"
        score.write_bytes(midi_of(excerpts))
        command = ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", str(RENDER_RATE_HZ)]
        command += ["-o", "synth.dynamic-sample-loading=1"]  # only the samples that are needed
        done = subprocess.run(
            [*command, "-F", str(wave), str(soundfont), str(score)], capture_output=True, text=True
        )
        if done.returncode or not wave.exists():
            raise RuntimeError(f"fluidsynth failed on {soundfont}: {done.stderr[-300:]}")
        samples = load(wave, mono=True).samples
    step, length = round(SLOT_S * RENDER_RATE_HZ), round(seconds * RENDER_RATE_HZ)
    samples = np.pad(samples, ((0, 0), (0, max(0, step * len(excerpts) - samples.shape[1]))))
    return [
        Clip(samples[:, i * step : i * step + length].copy(), RENDER_RATE_HZ)
        for i in range(len(excerpts))
    ]


def midi_of(excerpts: Sequence[Sequence[Part]]) -> bytes:
    """A MIDI file with the excerpts one after another, `SLOT_S` apart.

    >>> midi_of([[Part(0, ((0.0, 1.0, 60, 90),))]])[:4]
    b'MThd'
    """
    events: list[tuple[int, float, bytes]] = []
    for i, parts in enumerate(excerpts):
        events += excerpt_events(parts, i * SLOT_S)
    end = round(len(excerpts) * SLOT_S * _TICKS_PER_S)
    body, now = b"", 0
    for tick, _, message in sorted(events):
        body += _variable(tick - now) + message
        now = tick
    body += _variable(max(0, end - now)) + b"\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, _TICKS_PER_S // 2)  # 120 beats a minute
    return header + b"MTrk" + struct.pack(">I", len(body)) + body


def excerpt_events(parts: Sequence[Part], start_s: float) -> list[tuple[int, float, bytes]]:
    """Tick, order within a tick, and message of each event of an excerpt."""

    def at(seconds: float) -> int:
        return round((start_s + seconds) * _TICKS_PER_S)

    events: list[tuple[int, float, bytes]] = []
    free = iter(_MELODY_CHANNELS)
    for part in parts:
        channel = _DRUM_CHANNEL if part.drums else next(free)
        settings = [bytes([0xC0 | channel, part.program]), *settings_of(part, channel)]
        events += [(at(0), i / 1000, message) for i, message in enumerate(settings)]
        for start, length, pitch, velocity in part.notes:
            events.append((at(start), 2, bytes([0x90 | channel, pitch, velocity])))
            off = max(at(start + length), at(start) + 1)
            events.append((off, 1, bytes([0x80 | channel, pitch, 0])))
            if part.sound.swell and length > 0.4:
                for i in range(9):
                    level = 1 - part.sound.swell * (1 - np.sin(np.pi * (i + 0.5) / 9))
                    when = at(start + length * i / 9)
                    events.append((when, 1.5, bytes([0xB0 | channel, 11, round(127 * level)])))
        silence = bytes([0xB0 | channel, 120, 0])
        events.append((at(SLOT_S - 0.25), 0, silence))
    return events


def settings_of(part: Part, channel: int) -> list[bytes]:
    """Controllers, pitch bend and soundfont generators (by NRPN) of a part, in this order.

    Each part sets all of them: those of the excerpt before are still there.
    """
    sound = part.sound
    controls = [(7, part.volume), (10, part.pan), (91, part.reverb), (11, 127), (1, sound.vibrato)]
    for generator, value in ((_FILTER_CUTOFF, sound.filter), (_RELEASE, sound.release)):
        data = 8192 + value // 2  # these generators count in steps of two
        controls += [(99, 120), (98, generator), (38, data & 0x7F), (6, data >> 7)]
    bend = 8192 + round(8192 * sound.tuning / 200)  # two semitones either way
    messages = [bytes([0xB0 | channel, name, value]) for name, value in controls]
    return [*messages, bytes([0xE0 | channel, bend & 0x7F, bend >> 7])]


def _variable(value: int) -> bytes:
    """A number in MIDI's groups of seven bits."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | (value & 0x7F))
    return bytes(reversed(groups))
