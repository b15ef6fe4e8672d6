"""Tempo, beats and bars of what was heard.

Source of the tempo: autocorrelation of the strength of onsets, weighted by how usual a tempo is
(Ellis, *Beat tracking by dynamic programming*, 2007), where the halves and thirds of a beat speak
for it too; of the beats: the same, by dynamic programming.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
USUAL_BPM, SPREAD_OCTAVES = 105.0, 0.8
WINDOW_S = 8.0  # tempo is looked for in pieces of so much
TIGHTNESS = 120.0
LEAST_STRENGTH = 0.08  # of the autocorrelation at a beat: below it there is none
METRES = (4, 3)


@dataclass(frozen=True)
class Rhythm:
    """When the beats are.

    Attributes:
        tempo_bpm: beats per minute; None: there is no beat.
        beats_s: when each is.
        downbeat: which of them is the first that begins a bar.
        beats_per_bar: beats of a bar.
    """

    tempo_bpm: float | None = None
    beats_s: tuple[float, ...] = ()
    downbeat: int = 0
    beats_per_bar: int = 4


def rhythm_of(
    strength: npt.ArrayLike, frame_s: float, harmony: npt.ArrayLike, tempo_bpm: float | None = None
) -> Rhythm:
    """Tempo, beats and bars.

    Args:
        strength: how much begins in each frame `(n,)`.
        frame_s: length of a frame.
        harmony: how much of each pitch class sounds in each frame `(12, n)`, and in a thirteenth
            row how much the bass begins anew: bars begin where both change.
        tempo_bpm: the tempo, if it is known.

    >>> clicks = np.zeros(1000)
    >>> clicks[10::25] = 1.0
    >>> found = rhythm_of(clicks, 0.02, np.zeros((13, 1000)))
    >>> round(found.tempo_bpm), found.beats_s[:2]
    (120, (0.21, 0.71))
    """
    envelope = salient(np.asarray(strength, float), frame_s)
    if len(envelope) * frame_s < 3.0 or not envelope.any():
        return Rhythm()
    lag = period_of(envelope, frame_s, tempo_bpm)
    if lag is None:
        return Rhythm()
    beats = beats_of(envelope, lag)
    if len(beats) < 3:
        return Rhythm()
    beats_s = (beats + 0.5) * frame_s
    found_bpm = 60 / float(np.median(np.diff(beats_s)))
    # The mean is finer than a frame, the median does not mind a beat that is missing.
    steady = np.diff(beats_s)[np.abs(np.diff(beats_s) * found_bpm / 60 - 1) < 0.2]
    if len(steady):
        found_bpm = 60 / float(steady.mean())
    downbeat, metre = bars_of(beats, envelope, np.asarray(harmony, float))
    times = tuple(round(float(one), 4) for one in beats_s)
    return Rhythm(found_bpm if tempo_bpm is None else tempo_bpm, times, downbeat, metre)


def salient(strength: Values, frame_s: float) -> Values:
    """What stands out of its surroundings, about 0 … 3."""
    if not len(strength):
        return strength
    width = max(1, round(0.4 / frame_s))
    kernel = np.ones(2 * width + 1) / (2 * width + 1)
    mean = np.convolve(np.pad(strength, width, mode="edge"), kernel, "valid")
    found = np.maximum(0.0, strength - mean)
    spread = float(found.std())
    return np.minimum(found / spread, 4.0) if spread > 1e-9 else np.zeros_like(found)


def autocorrelation(envelope: Values, longest: int, frame_s: float) -> Values:
    """The mean over pieces of the recording, 1 at no lag, `(longest + 1,)`."""
    size = max(2 * longest, round(WINDOW_S / frame_s))
    step, total = max(1, size // 2), np.zeros(longest + 1)
    for start in range(0, max(1, len(envelope) - size // 2), step):
        part = envelope[start : start + size]
        part = part - part.mean()
        spectrum = np.abs(np.fft.rfft(part, 2 * size)) ** 2
        own = np.fft.irfft(spectrum)[: longest + 1]
        total += own / max(own[0], 1e-9) if own[0] > 0 else 0.0
    return np.asarray(total / max(total[0], 1e-9))


def period_of(envelope: Values, frame_s: float, tempo_bpm: float | None = None) -> float | None:
    """Frames from one beat to the next; None: nothing returns."""
    slowest = 60 / SLOWEST_BPM / frame_s
    found = autocorrelation(envelope, int(4 * slowest) + 2, frame_s)
    tempi = np.exp(np.linspace(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 400))
    if tempo_bpm is not None:
        tempi = tempo_bpm * np.linspace(0.96, 1.04, 41)
    lags = 60 / tempi / frame_s

    def at(lag: Values) -> Values:
        # The highest nearby: between frames, and where a beat is not quite steady.
        each = [np.interp(lag + d, np.arange(len(found)), found) for d in (-1, -0.5, 0, 0.5, 1)]
        return np.asarray(np.max(each, 0))

    value = at(lags) + 0.6 * at(2 * lags) + 0.4 * at(4 * lags) + 0.3 * at(lags / 2)
    prior = np.exp(-0.5 * (np.log2(tempi / USUAL_BPM) / SPREAD_OCTAVES) ** 2)
    score = np.maximum(value, 0) * (prior if tempo_bpm is None else 1)
    best = int(np.argmax(score))
    if tempo_bpm is None and at(lags[best : best + 1])[0] < LEAST_STRENGTH:
        return None
    return float(lags[best])


def beats_of(envelope: Values, lag: float) -> npt.NDArray[np.int64]:
    """Frames of the beats: those that are strong and about a period apart."""
    count = len(envelope)
    reach = np.arange(max(1, round(lag / 2)), round(lag * 2) + 1)
    cost = -TIGHTNESS * np.log(reach / lag) ** 2
    total, before = envelope.copy(), np.full(count, -1)
    for i in range(count):
        first = i - reach
        valid = first >= 0
        if not valid.any():
            continue
        values = total[first[valid]] + cost[valid]
        best = int(np.argmax(values))
        if values[best] > 0:
            total[i] += values[best]
            before[i] = first[valid][best]
    tail = max(0, count - round(lag))
    at = tail + int(np.argmax(total[tail:]))
    beats = []
    while at >= 0:
        beats.append(at)
        at = int(before[at])
    return np.array(beats[::-1])


def bars_of(beats: npt.NDArray[np.int64], envelope: Values, harmony: Values) -> tuple[int, int]:
    """Which beat begins the first bar, and how many beats a bar has.

    Bars begin where harmony changes, the bass begins, and what is played is strong.
    """
    edges = np.append(beats, min(harmony.shape[1], 2 * beats[-1] - beats[-2]))
    parts = [harmony[:, a : max(a + 1, b)].mean(1) for a, b in itertools.pairwise(edges)]
    each = np.array(parts)
    classes = each[:, :12] / np.maximum(np.linalg.norm(each[:, :12], axis=1, keepdims=True), 1e-9)
    change = np.ones(len(beats))
    change[1:] = 1 - (classes[1:] * classes[:-1]).sum(1)
    change[0] = change[1:].mean() if len(beats) > 1 else 0.0
    accent = _standard(change) + 0.7 * _standard(each[:, 12]) + 0.3 * _standard(envelope[beats])
    best, found = -np.inf, (0, METRES[0])
    for metre in METRES:
        if len(beats) < 2 * metre:
            continue
        for phase in range(metre):
            # Against the other beats; fours are more usual, and threes have more phases to fit.
            own = (
                accent[phase::metre].mean()
                - np.delete(accent, np.arange(phase, len(accent), metre)).mean()
            )
            value = float(own) - (0.25 if metre == 3 else 0.0)
            if value > best:
                best, found = value, (phase, metre)
    return found


def _standard(values: Values) -> Values:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)
