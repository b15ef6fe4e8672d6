"""The 128 instruments of General MIDI, by number and by name.

Source: MIDI Manufacturers Association, *General MIDI System Level 1*, 1991.
"""

from __future__ import annotations

PROGRAMS = (
    "acoustic grand piano", "bright acoustic piano", "electric grand piano", "honky-tonk piano",
    "electric piano 1", "electric piano 2", "harpsichord", "clavinet", "celesta", "glockenspiel",
    "music box", "vibraphone", "marimba", "xylophone", "tubular bells", "dulcimer",
    "drawbar organ", "percussive organ", "rock organ", "church organ", "reed organ", "accordion",
    "harmonica", "tango accordion", "nylon guitar", "steel guitar", "jazz guitar", "clean guitar",
    "muted guitar", "overdriven guitar", "distortion guitar", "guitar harmonics", "acoustic bass",
    "fingered bass", "picked bass", "fretless bass", "slap bass 1", "slap bass 2",
    "synth bass 1", "synth bass 2", "violin", "viola", "cello", "contrabass", "tremolo strings",
    "pizzicato strings", "orchestral harp", "timpani", "string ensemble 1", "string ensemble 2",
    "synth strings 1", "synth strings 2", "choir aahs", "voice oohs", "synth voice",
    "orchestra hit", "trumpet", "trombone", "tuba", "muted trumpet", "french horn",
    "brass section", "synth brass 1", "synth brass 2", "soprano sax", "alto sax", "tenor sax",
    "baritone sax", "oboe", "english horn", "bassoon", "clarinet", "piccolo", "flute", "recorder",
    "pan flute", "blown bottle", "shakuhachi", "whistle", "ocarina", "square lead",
    "sawtooth lead", "calliope lead", "chiff lead", "charang lead", "voice lead", "fifths lead",
    "bass and lead", "new age pad", "warm pad", "polysynth pad", "choir pad", "bowed pad",
    "metallic pad", "halo pad", "sweep pad", "rain effect", "soundtrack effect", "crystal effect",
    "atmosphere effect", "brightness effect", "goblins effect", "echoes effect", "sci-fi effect",
    "sitar", "banjo", "shamisen", "koto", "kalimba", "bagpipe", "fiddle", "shanai",
    "tinkle bell", "agogo", "steel drums", "woodblock", "taiko drum", "melodic tom",
    "synth drum", "reverse cymbal", "guitar fret noise", "breath noise", "seashore",
    "bird tweet", "telephone ring", "helicopter", "applause", "gunshot",
)  # fmt: skip
DRUMS = "drums"
# General MIDI's sixteen groups of eight programs.
_FAMILIES = (
    "piano", "mallets", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reeds",
    "flutes", "synth lead", "synth pad", "synth effects", "world", "percussion", "sound effects",
)  # fmt: skip
# What people call an instrument, where it is no name of General MIDI.
_COMMON = {
    "": 0, "piano": 0, "harpsichord": 6, "organ": 19, "guitar": 24, "bass": 33, "strings": 48,
    "ensemble": 48, "choir": 52, "voice": 53, "singing": 53, "vocals": 53, "brass": 61,
    "reeds": 71, "flutes": 73, "mallets": 12, "horn": 60, "saxophone": 65, "sax": 65,
    "double bass": 43, "harp": 46, "cor anglais": 69, "synth lead": 80, "synth pad": 88,
}  # fmt: skip


def program_of(name: str) -> int:
    """The General MIDI program, from 0, of an instrument; 0 (piano) for one that is not known.

    >>> program_of("violin"), program_of("choir"), program_of("theremin")
    (40, 52, 0)
    """
    wanted = name.strip().lower()
    return PROGRAMS.index(wanted) if wanted in PROGRAMS else _COMMON.get(wanted, 0)


def family_of(program: int) -> str:
    """The group of eight programs that a program is of.

    >>> family_of(40), family_of(0)
    ('strings', 'piano')
    """
    return _FAMILIES[program // 8]
