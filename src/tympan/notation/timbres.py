"""How instruments sound: a plucked string, held tones, an electric piano, drums.

Nothing is recorded: strings are Karplus and Strong's delay line, held tones and the electric piano
are sums of sines, drums are sines and noise. A sound is a wave at full scale for the hardest
stroke, with the tail that it has when the note is let go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tympan.notation.instruments import family_of

Wave = npt.NDArray[np.float64]
A4_HZ, A4 = 440.0, 69


def pitch_hz(pitch: float) -> float:
    """The frequency of a MIDI pitch in equal temperament, A4 = 440 Hz.

    >>> pitch_hz(69), round(pitch_hz(60), 2)
    (440.0, 261.63)
    """
    return float(A4_HZ * 2 ** ((pitch - A4) / 12))


@dataclass(frozen=True)
class Timbre:
    """How an instrument sounds.

    Attributes:
        kind: `"plucked"`, `"held"` or `"struck"` (the electric piano).
        partials: amplitude of each harmonic of a held tone.
        attack_s: until a held tone is there.
        release_s: until a sound is gone when its note is let go.
        vibrato: depth in semitones.
        decay_s: until a plucked or struck sound of middle C has fallen by 60 dB.
        bright: 0 … 1, how much of its high partials a plucked or struck sound begins with.
        gain: beside the others.
    """

    kind: str
    partials: tuple[float, ...] = (1.0,)
    attack_s: float = 0.02
    release_s: float = 0.12
    vibrato: float = 0.0
    decay_s: float = 4.0
    bright: float = 0.5
    gain: float = 1.0


# Drawbars 8', 4', 2 2/3', 2': their harmonics are 1, 2, 3 and 4.
_ORGAN = Timbre("held", (1.0, 0.55, 0.3, 0.28, 0.0, 0.12, 0.0, 0.1), 0.025, 0.14, gain=0.75)
_REED = (1.0, 0.25, 0.55, 0.2, 0.35, 0.12, 0.2, 0.08, 0.1)
_SAW = tuple(1.0 / k**1.25 for k in range(1, 17))
TIMBRES: dict[str, Timbre] = {
    "piano": Timbre("struck", decay_s=5.0, bright=0.45, gain=1.0),
    "mallets": Timbre("struck", decay_s=1.6, bright=0.8, gain=0.9),
    "organ": _ORGAN,
    "guitar": Timbre("plucked", decay_s=4.0, bright=0.55),
    "bass": Timbre("plucked", decay_s=3.0, bright=0.3, gain=1.2),
    "strings": Timbre("held", _SAW, 0.07, 0.2, 0.12, gain=0.6),
    "ensemble": Timbre("held", tuple(1.0 / k**1.6 for k in range(1, 11)), 0.1, 0.3, 0.1, gain=0.7),
    "brass": Timbre("held", tuple(0.85**k for k in range(12)), 0.04, 0.12, 0.06, gain=0.5),
    "reeds": Timbre("held", _REED, 0.04, 0.1, 0.08, gain=0.6),
    "flutes": Timbre("held", (1.0, 0.35, 0.12, 0.05), 0.05, 0.12, 0.15, gain=0.8),
    "synth lead": Timbre("held", _SAW, 0.01, 0.08, gain=0.5),
    "synth pad": Timbre("held", tuple(1.0 / k**1.8 for k in range(1, 9)), 0.2, 0.5, gain=0.7),
    "synth effects": Timbre("held", (1.0, 0.3, 0.2), 0.2, 0.5, gain=0.7),
    "world": Timbre("plucked", decay_s=3.0, bright=0.7),
    "percussion": Timbre("struck", decay_s=1.0, bright=0.9, gain=0.9),
    "sound effects": Timbre("held", (1.0, 0.3), 0.1, 0.3, gain=0.6),
}
# Programs that are played otherwise than their neighbours.
_OTHERS: dict[int, Timbre] = {
    6: Timbre("plucked", decay_s=4.5, bright=0.85),  # harpsichord
    7: Timbre("plucked", decay_s=2.0, bright=0.8),  # clavinet
    21: Timbre("held", _REED, 0.04, 0.1, gain=0.6),  # accordion
    45: Timbre("plucked", decay_s=0.8, bright=0.4),  # pizzicato
    46: Timbre("plucked", decay_s=4.0, bright=0.35),  # harp
}


def timbre_of(program: int) -> Timbre:
    """How a General MIDI program sounds.

    >>> timbre_of(24).kind, timbre_of(19).kind, timbre_of(0).kind
    ('plucked', 'held', 'struck')
    """
    return _OTHERS.get(program) or TIMBRES[family_of(program)]


def tone(timbre: Timbre, pitch: float, length_s: float, velocity: int, rate_hz: int) -> Wave:
    """One note, `(t,)`: as long as it is held, and its release behind it.

    Args:
        timbre: of the instrument.
        pitch: MIDI number; need not be whole.
        length_s: how long it is held.
        velocity: 1 … 127; a harder stroke is louder and brighter.
        rate_hz: samples per second.
    """
    count = max(1, round((length_s + timbre.release_s) * rate_hz))
    frequency_hz, force = pitch_hz(pitch), (velocity / 127) ** 1.5
    if frequency_hz >= 0.49 * rate_hz:
        return np.zeros(count)
    make = {"plucked": plucked, "held": held, "struck": struck}[timbre.kind]
    wave = make(timbre, frequency_hz, count, velocity, rate_hz)
    return timbre.gain * force * wave * _let_go(count, length_s, timbre.release_s, rate_hz)


def plucked(timbre: Timbre, frequency_hz: float, count: int, velocity: int, rate_hz: int) -> Wave:
    """A string: noise of one period that goes round a delay line, each time a little duller.

    Karplus and Strong, *Digital synthesis of plucked-string and drum timbres*, 1983; the tuning by
    linear interpolation and the loss by a factor are Jaffe and Smith's extensions, 1983.
    """
    dull = 0.5 * (1 - 0.6 * timbre.bright)  # share of the second tap of the loop's low-pass
    whole = int(rate_hz / frequency_hz - dull)
    part = rate_hz / frequency_hz - dull - whole
    # A high string rings shorter than a low one.
    decay_s = timbre.decay_s * (261.6 / frequency_hz) ** 0.5
    loss = 10 ** (-3 / (decay_s * frequency_hz))
    taps = loss * np.convolve((1 - dull, dull), (1 - part, part))
    rng = np.random.default_rng(round(1000 * frequency_hz))  # a string sounds the same each time
    burst = rng.uniform(-1, 1, whole)
    soft = 1 - (velocity / 127) * (0.4 + 0.6 * timbre.bright)
    for _ in range(2):  # the softer the stroke the duller
        burst = (1 - 0.5 * soft) * burst + 0.5 * soft * np.roll(burst, 1)
    burst -= burst.mean()
    burst -= 0.7 * np.roll(burst, whole // 5)  # where it is plucked
    found = np.zeros(count + whole + len(taps))
    start = len(taps)
    found[start : start + whole] = burst
    for at in range(start + whole, len(found), whole):
        size = min(whole, len(found) - at)
        for i, tap in enumerate(taps):
            found[at : at + size] += tap * found[at - whole - i : at - whole - i + size]
    peak = np.abs(found).max()
    return 1.6 * found[start : start + count] / (peak or 1.0)


def held(timbre: Timbre, frequency_hz: float, count: int, velocity: int, rate_hz: int) -> Wave:
    """A sum of harmonics that lasts: organ, strings, winds."""
    time = np.arange(count) / rate_hz
    phase = 2 * np.pi * frequency_hz * time
    if timbre.vibrato:  # begins when the tone is there
        rate, delay_s = 5.3, 0.25
        depth = 2 ** (timbre.vibrato / 12) - 1
        swell = np.clip((time - delay_s) / 0.4, 0, 1)
        phase -= depth * frequency_hz / rate * swell * (np.cos(2 * np.pi * rate * time) - 1)
    tilt = (velocity / 127) ** 0.25
    sizes = [
        size * tilt**k for k, size in enumerate(timbre.partials)
        if (k + 1) * frequency_hz < 0.45 * rate_hz
    ]  # fmt: skip
    found = harmonics(phase, sizes) / max(1e-9, sum(map(abs, sizes)))
    return 1.6 * found * np.clip(time / timbre.attack_s, 0, 1)


def struck(timbre: Timbre, frequency_hz: float, count: int, velocity: int, rate_hz: int) -> Wave:
    """An electric piano: a tine that modulates a tone's phase, and dies away before it.

    Chowning, *The synthesis of complex audio spectra by means of frequency modulation*, 1973.
    """
    time = np.arange(count) / rate_hz
    decay_s = timbre.decay_s * (261.6 / frequency_hz) ** 0.4
    phase = 2 * np.pi * frequency_hz * time
    index = (0.3 + 1.6 * timbre.bright) * (velocity / 127) * 10 ** (-3 * time / (0.35 * decay_s))
    found = 0.8 * np.sin(phase + index * np.sin(phase))
    tine = 14 if 14 * frequency_hz < 0.4 * rate_hz else 5
    if tine * frequency_hz < 0.45 * rate_hz:
        ring = 10 ** (-3 * time / 0.12)
        found = found + 0.25 * timbre.bright * (velocity / 127) * ring * np.sin(tine * phase)
    return found * 10 ** (-3 * time / decay_s) * np.clip(time / 0.003, 0, 1)


def harmonics(phase: Wave, sizes: list[float]) -> Wave:
    """The sum of `sizes[k - 1] · sin(k phase)`, by a recursion that spares a sine for each."""
    before, now, twice = np.zeros_like(phase), np.sin(phase), 2 * np.cos(phase)
    total = np.zeros_like(phase)
    for size in sizes:
        total += size * now
        before, now = now, twice * now - before
    return total


def drum(pitch: int, velocity: int, rate_hz: int) -> Wave:
    """A percussion instrument of General MIDI, `(t,)`.

    Bass drums and toms are sines whose pitch falls, snares and claps have noise, cymbals and
    hi-hats are noise with the lows taken out, and the rest are short clicks at a pitch.
    """
    decay_s, sine_hz, noise, high = _drum_sound(pitch)
    count = round(1.2 * decay_s * rate_hz)
    time = np.arange(count) / rate_hz
    rng = np.random.default_rng(pitch)
    hiss = rng.standard_normal(count) * 0.3
    if high:
        for _ in range(2):
            hiss = np.diff(hiss, prepend=0.0) * 0.7
    found = noise * hiss
    if sine_hz:
        fall = 1 + 1.5 * np.exp(-time / 0.03)
        found = found + (1 - 0.6 * noise) * np.sin(2 * np.pi * np.cumsum(sine_hz * fall) / rate_hz)
    wave = found * 10 ** (-3 * time / decay_s) * np.clip((time[-1:] - time) / 0.005, 0, 1)
    return np.asarray(0.9 * (velocity / 127) ** 1.5 * wave)


def _drum_sound(pitch: int) -> tuple[float, float, float, bool]:
    """Decay by 60 dB in seconds, frequency of its sine, share of noise, whether it is high only."""
    if pitch in (35, 36):
        return 0.45, 50.0, 0.05, False
    if pitch in (38, 40):
        return 0.3, 180.0, 0.8, False
    if pitch in (37, 39):
        return 0.18, 0.0, 0.9, False
    if pitch in (42, 44):
        return 0.09, 0.0, 0.9, True
    if pitch == 46:
        return 0.5, 0.0, 0.8, True
    if pitch in (49, 51, 52, 53, 55, 57, 59):
        return 1.6, 0.0, 0.7, True
    if pitch in (41, 43, 45, 47, 48, 50):
        return 0.5, 70.0 + 12.0 * (pitch - 41), 0.1, False
    return 0.15, 220.0 * 2 ** ((pitch % 12) / 12), 0.2, False


def _let_go(count: int, length_s: float, release_s: float, rate_hz: int) -> Wave:
    """1 while a note is held, then down to 0."""
    after = (np.arange(count) / rate_hz - length_s) / release_s
    return np.where(after > 0, 0.5 * (1 + np.cos(np.pi * np.clip(after, 0, 1))), 1.0)
