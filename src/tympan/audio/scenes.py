"""A demo recording made of synthesis alone: nothing to download, nobody to ask for a licence.

Each event follows how the real thing makes its sound (a rotor's harmonics, a bell's partials, the
firing order of an engine …). The parts are tuned by eye beside log-mel spectrograms of recordings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from tympan.audio import _limits
from tympan.audio.clip import Clip
from tympan.errors import ArgumentError

_EVENT_S, _GAP_S = 5.4, 0.5
_SPEECH_PEAK = 0.5
_MIN_RATE_HZ = 16_000
_Maker = Callable[[int, int, np.random.Generator], np.ndarray]


def demo_scene(
    rate_hz: int = 16_000, seed: int = 0, speech: Clip | None = None
) -> tuple[Clip, list[tuple[float, float, str]]]:
    """Make a recording of about 30 s: a siren, a clock, rain, church bells, an engine.

    Args:
        rate_hz: samples per second, 16,000 or more (the sounds reach up to 8 kHz).
        seed: another seed, another siren, clock …
        speech: what is said at the end, which makes the recording so much longer.

    Returns:
        The mono clip, and what is in it: `(start_s, end_s, label)` with labels of ESC-50
        (`siren`, `clock_tick`, `rain`, `church_bells`, `engine`), and `speech`.

    Raises:
        ArgumentError: a rate below 16,000 Hz.

    >>> clip, events = demo_scene()
    >>> clip.duration_s, [label for _, _, label in events]
    (30.0, ['siren', 'clock_tick', 'rain', 'church_bells', 'engine'])
    """
    rate = _limits.check_rate(rate_hz)
    if rate < _MIN_RATE_HZ:
        raise ArgumentError(f"rate_hz is {rate}", fix=f"give {_MIN_RATE_HZ} or more")
    makers: dict[str, tuple[_Maker, float]] = {  # label → maker, peak level
        "siren": (_siren, 0.5),
        "clock_tick": (_clock, 0.5),
        "rain": (_rain, 0.45),
        "church_bells": (_bells, 0.6),
        "engine": (_engine, 0.6),
    }
    length = round(_EVENT_S * rate)
    total = round((len(makers) * (_EVENT_S + _GAP_S) + _GAP_S) * rate)
    # A recorder's own noise runs through all of it, the gaps included.
    scene = _coloured(np.random.default_rng(seed), total, rate, [(20, 0), (8000, -12)]) * 2e-4
    events = []
    for number, (label, (make, peak)) in enumerate(makers.items()):
        # A generator of its own: changing one sound leaves the others as they are.
        sound = make(length, rate, np.random.default_rng([seed, number]))
        sound = _faded(sound * (peak / np.abs(sound).max()), rate)
        start = round((_GAP_S + number * (_EVENT_S + _GAP_S)) * rate)
        scene[start : start + length] += sound
        events.append((start / rate, (start + length) / rate, label))
    scene = scene[: round(30.0 * rate)]
    tags: Mapping[str, str] = {}
    if speech is not None:
        tags = speech.tags
        spoken = speech.resample(rate).mono().samples[0]
        spoken = spoken * (_SPEECH_PEAK / max(float(np.abs(spoken).max()), 1e-9))
        size = len(spoken) + round(_GAP_S * rate)
        more = _coloured(np.random.default_rng([seed, 99]), size, rate, [(20, 0), (8000, -12)])
        more *= 2e-4
        more[: len(spoken)] += spoken
        events.append((len(scene) / rate, (len(scene) + len(spoken)) / rate, "speech"))
        scene = np.concatenate([scene, more])
    return Clip(scene[np.newaxis], rate, "demo scene", tags=tags), events


def _siren(n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """A wailing siren: a saw-like wave through a horn, rising and falling, with echoes."""
    t = np.arange(n) / rate
    period_s = rng.uniform(3.6, 4.4)
    low, high = rng.uniform(560, 640), rng.uniform(1250, 1450)
    # Up quickly, down slowly, in octaves; the driver's speed wavers a little.
    cycle = (t / period_s + 0.05) % 1.0
    sweep = np.where(cycle < 0.45, cycle / 0.45, 1 - (cycle - 0.45) / 0.55)
    vibrato = 0.006 * np.sin(2 * np.pi * 5.3 * t) + 0.004 * _slow(rng, n, rate, 3.0)
    frequency = low * (high / low) ** (sweep + vibrato)
    phase = 2 * np.pi * np.cumsum(frequency) / rate
    wave = np.zeros(n)
    for k in range(1, int(7600 / high) + 4):
        loud = np.where(k * frequency < 0.48 * rate, 1.0, 0.0) / k**1.2
        wave += loud * np.sin(k * phase + rng.uniform(0, 2 * np.pi))
    wave = _filtered(wave, rate, [(300, -14), (700, 0), (1800, 3), (3200, -6), (8000, -26)])
    street = _coloured(rng, n, rate, [(30, 0), (300, -14), (2000, -28), (8000, -44)])
    wave *= 1 + 0.15 * _slow(rng, n, rate, 1.5)
    return _reverberant(wave / wave.std(), rate, rng, seconds=1.2, wet=0.35) + 0.02 * street


def _clock(n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """A pendulum clock: tick and tock, each two clicks that ring in a small wooden case."""
    out = np.zeros(n)
    case = np.geomspace(420, 6500, 14) * rng.uniform(0.93, 1.07, 14)
    beat_s = rng.uniform(0.46, 0.52)
    sides = [
        _knock(rate, rng, case * bend, rng.uniform(0.3, 1.0, case.size)) for bend in (1.0, 0.93)
    ]
    for number in range(int(n / rate / beat_s)):
        at_s = 0.15 + number * beat_s + (0.012 if number % 2 else 0.0) + rng.normal(0, 0.0008)
        sound = sides[number % 2] * rng.uniform(0.85, 1.0)
        # The escape wheel drops on the pallet, and a moment later the pendulum recoils.
        for delay_s, loud in ((0.0, 1.0), (0.017, 0.35)):
            _add(out, sound * loud, round((at_s + delay_s) * rate))
    out = _reverberant(out, rate, rng, seconds=0.25, wet=0.1)
    room = _coloured(rng, n, rate, [(30, 0), (200, -12), (1000, -22), (8000, -34)])
    return out / np.abs(out).max() + 0.0015 * room


def _knock(
    rate: int, rng: np.random.Generator, modes_hz: np.ndarray, loud: np.ndarray
) -> np.ndarray:
    """One click: a burst of noise of a millisecond that excites damped resonances."""
    t = np.arange(round(0.09 * rate)) / rate
    decay_s = 0.012 * (modes_hz / 1000) ** -0.6
    ringing = np.exp(-t / decay_s[:, None]) * np.sin(
        2 * np.pi * modes_hz[:, None] * t + rng.uniform(0, 2 * np.pi, (modes_hz.size, 1))
    )
    burst = rng.standard_normal(t.size) * np.exp(-t / 0.0012)
    sound: np.ndarray = loud @ ringing / math.sqrt(modes_hz.size) + 1.5 * burst
    return sound


def _rain(n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Steady rain: the hiss of many far drops, and near ones that fall singly."""
    hiss = _coloured(
        rng, n, rate, [(40, 4), (150, 0), (900, -2), (2500, -3), (5000, -7), (8000, -11)]
    )
    hiss *= 1 + 0.12 * _slow(rng, n, rate, 0.8)
    drops = np.zeros(n)
    t = np.arange(round(0.03 * rate)) / rate
    for at in rng.integers(0, n, rng.poisson(70 * n / rate)):
        # A splash, sometimes with the ring of a bubble (Minnaert resonance) in a puddle.
        loud = rng.exponential(1.0)
        splash = rng.standard_normal(t.size) * np.exp(-t / rng.uniform(0.0008, 0.004))
        if rng.random() < 0.3:
            tone_hz = rng.uniform(1500, 6000)
            splash += 1.5 * np.sin(2 * np.pi * tone_hz * t) * np.exp(-t / 0.006)
        _add(drops, loud * splash, int(at))
    drops = _filtered(drops, rate, [(300, -12), (1500, 0), (6000, 0), (8000, -4)])
    return hiss + 0.35 * drops


def _bells(n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Church bells: two bells in turn, each a chord of its own out-of-tune partials.

    Hum, prime, tierce, quint and nominal and those above stand to each other as founders tune
    them (N. H. Fletcher and T. D. Rossing, The Physics of Musical Instruments, chapter 21).
    """
    ratios = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.51, 2.66, 3.01, 4.17, 5.43, 6.79, 8.21, 9.7])
    loud = np.array([0.5, 0.6, 0.8, 0.35, 1.0, 0.4, 0.35, 0.7, 0.5, 0.35, 0.22, 0.14, 0.1])
    decay_s = np.array([5.0, 2.8, 2.0, 1.4, 1.5, 0.8, 0.75, 0.8, 0.5, 0.38, 0.28, 0.22, 0.18])
    prime_hz = rng.uniform(330, 440)
    out = np.zeros(n)
    at_s, number = 0.08, 0
    while at_s < n / rate - 0.3:
        pitch = prime_hz * (1.0 if number % 2 == 0 else 2 ** (-3 / 12))
        t = np.arange(n - round(at_s * rate)) / rate
        strike = np.zeros(t.size)
        for ratio, size, fade in zip(ratios, loud, decay_s, strict=True):
            hz = pitch * ratio
            if hz > 0.45 * rate:
                continue
            # No bell is quite round: each partial is a pair that beats.
            split = rng.uniform(0.3, 1.2)
            pair = np.sin(2 * np.pi * hz * t + rng.uniform(0, 6.28))
            pair += 0.5 * np.sin(2 * np.pi * (hz + split) * t + rng.uniform(0, 6.28))
            strike += size * np.exp(-t / fade) * pair
        clapper = rng.standard_normal(t.size) * np.exp(-t / 0.008)
        clapper = _filtered(clapper, rate, [(200, -10), (1500, 0), (5000, -3), (8000, -10)])
        _add(out, (strike + 1.2 * clapper) * rng.uniform(0.8, 1.0), round(at_s * rate))
        at_s += rng.uniform(0.95, 1.15)
        number += 1
    air = _coloured(rng, n, rate, [(30, 0), (300, -12), (2000, -26), (8000, -46)])
    return _reverberant(out / out.std(), rate, rng, seconds=2.2, wet=0.3) + 0.02 * air


def _engine(n: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """A four-cylinder diesel idling: firing strokes, their half orders, clatter and rumble."""
    firing_hz = rng.uniform(24, 30)
    cylinder = rng.uniform(0.6, 1.0, 4)  # no two cylinders burn alike: half orders
    thumps, clatter = np.zeros(n), np.zeros(n)
    t = np.arange(round(0.12 * rate)) / rate
    thump = np.exp(-t / 0.014) * np.sin(2 * np.pi * rng.uniform(70, 90) * t)
    thump += 0.6 * np.exp(-t / 0.009) * np.sin(2 * np.pi * rng.uniform(180, 240) * t)
    # A cylinder clatters much the same each time, which makes lines of its noise.
    own = rng.standard_normal((4, t.size)) * np.exp(-t / 0.003)
    at_s, number = 0.0, 0
    while at_s < n / rate:
        size, at = cylinder[number % 4] * rng.uniform(0.85, 1.1), round(at_s * rate)
        _add(thumps, size * thump, at)
        fresh = rng.standard_normal(t.size) * np.exp(-t / 0.003)
        _add(clatter, size * (own[number % 4] + 0.2 * fresh), at)
        at_s += (1 + rng.normal(0, 0.008)) / firing_hz
        number += 1
    body = _engine_body(rng)
    clatter = _filtered(clatter, rate, body)
    rumble = _coloured(rng, n, rate, [(25, 6), (60, 6), (150, -6), (400, -18), (8000, -70)])
    wave = 1.6 * thumps / thumps.std() + 0.8 * clatter / clatter.std() + 3.0 * rumble
    wave += 0.05 * _coloured(rng, n, rate, body)
    speed = firing_hz * (1 + 0.004 * _slow(rng, n, rate, 1.0))
    phase = 2 * np.pi * np.cumsum(speed) / rate
    whine = np.zeros(n)
    for half_order in range(1, 40):
        size = rng.uniform(0.2, 1.0) * (half_order / 2) ** -0.7
        whine += size * np.sin(half_order / 2 * phase + rng.uniform(0, 2 * np.pi))
    wave += 0.3 * whine / whine.std()
    wave *= 1 + 0.06 * _slow(rng, n, rate, 2.0)
    return _reverberant(wave, rate, rng, seconds=0.3, wet=0.12)


def _engine_body(rng: np.random.Generator) -> list[tuple[float, float]]:
    """The gain curve of block and bonnet: falling, with a few narrow resonances."""
    hz = np.geomspace(60, 8000, 60)
    fall = np.log([60, 200, 700, 2500, 5000, 8000])
    db = np.interp(np.log(hz), fall, [-6, 2, 0, -8, -16, -28])
    for centre in np.log(np.geomspace(280, 2500, 5) * rng.uniform(0.85, 1.18, 5)):
        db += rng.uniform(4, 10) * np.exp(-(((np.log(hz) - centre) / 0.06) ** 2))
    return list(zip(hz.tolist(), db.tolist(), strict=True))


def _add(into: np.ndarray, sound: np.ndarray, at: int) -> None:
    """Add a sound at a sample; what lies outside is dropped."""
    if 0 <= at < into.size:
        into[at : at + sound.size] += sound[: into.size - at]


def _gains(frequencies_hz: np.ndarray, curve_db: list[tuple[float, float]]) -> np.ndarray:
    """A gain per frequency: straight lines in dB over log frequency through the given points."""
    points_hz, points_db = zip(*curve_db, strict=True)
    db = np.interp(np.log(np.maximum(frequencies_hz, 1.0)), np.log(points_hz), points_db)
    gains: np.ndarray = 10 ** (db / 20)
    return gains


def _filtered(wave: np.ndarray, rate: int, curve_db: list[tuple[float, float]]) -> np.ndarray:
    """Filter by a gain curve, without phase."""
    size = 2 * wave.size  # room, so that the end does not come back at the beginning
    spectrum = np.fft.rfft(wave, size) * _gains(np.fft.rfftfreq(size, 1 / rate), curve_db)
    return np.fft.irfft(spectrum, size)[: wave.size]


def _coloured(
    rng: np.random.Generator, n: int, rate: int, curve_db: list[tuple[float, float]]
) -> np.ndarray:
    """Noise with a given spectrum, of unit power."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= _gains(np.fft.rfftfreq(n, 1 / rate), curve_db)
    spectrum[0] = 0
    wave = np.fft.irfft(spectrum, n)
    return wave / wave.std()


def _slow(rng: np.random.Generator, n: int, rate: int, hz: float) -> np.ndarray:
    """A random curve between about -1 and 1 that wavers `hz` times per second."""
    knots = max(4, math.ceil(n / rate * hz * 2) + 1)
    values = rng.uniform(-1, 1, knots)
    where = np.linspace(0, knots - 1, n)
    low = np.minimum(where.astype(int), knots - 2)
    part = 0.5 - 0.5 * np.cos(np.pi * (where - low))
    curve: np.ndarray = values[low] * (1 - part) + values[low + 1] * part
    return curve


def _reverberant(
    wave: np.ndarray, rate: int, rng: np.random.Generator, *, seconds: float, wet: float
) -> np.ndarray:
    """Add a room: the wave convolved with noise that dies away by 60 dB in `seconds`."""
    t = np.arange(round(seconds * rate)) / rate
    room = rng.standard_normal(t.size) * np.exp(-6.9 * t / seconds)
    room = _filtered(room, rate, [(100, -6), (500, 0), (2000, -3), (8000, -14)])
    size = 1 << (wave.size + t.size).bit_length()
    tail = np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(room, size), size)[: wave.size]
    return wave + wet * tail * (wave.std() / max(tail.std(), 1e-12))


def _faded(wave: np.ndarray, rate: int) -> np.ndarray:
    """Begin and end without a click."""
    edge = round(0.03 * rate)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    wave[:edge] *= ramp
    wave[-edge:] *= ramp[::-1]
    return wave
