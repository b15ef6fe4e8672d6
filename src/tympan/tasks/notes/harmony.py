"""Key and chords of notes that were heard.

Chords are templates of pitch classes, weighed by how long and loud each sounds between beats and by
what the bass plays, and held to by a Viterbi path (Sheh, Ellis, *Chord segmentation and recognition
using EM-trained hidden Markov models*, 2003; Cho, Bello, *On the relative importance of individual
components of chord recognition systems*, 2014).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tympan.notation import Note, key_of
from tympan.tasks.results.parts import Segment

Values = npt.NDArray[np.float64]
ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# How much each degree speaks for a chord, from its root.
KINDS: dict[str, tuple[tuple[int, float], ...]] = {
    "maj": ((0, 1.0), (4, 0.9), (7, 0.8)),
    "min": ((0, 1.0), (3, 0.9), (7, 0.8)),
    "7": ((0, 1.0), (4, 0.8), (7, 0.6), (10, 0.8)),
    "maj7": ((0, 1.0), (4, 0.8), (7, 0.7), (11, 0.75)),
    "min7": ((0, 1.0), (3, 0.8), (7, 0.7), (10, 0.75)),
}
NONE = "N"
BASS = 0.5  # how much the lowest note counts more
SHARPNESS, STAY = 9.0, 0.6  # of the fit, and the probability of no change
GRID_S = 0.5  # where there are no beats
RARER = {"7": 0.03, "maj7": 0.05, "min7": 0.05}
LEAST_FIT = 0.45  # below it there is no chord


def pitch_classes(notes: Sequence[Note]) -> Values:
    """How long each of the 12 pitch classes sounds, weighed by loudness."""
    found = np.zeros(12)
    for n in notes:
        found[n.pitch % 12] += (n.end_s - n.start_s) * (0.3 + n.velocity / 127)
    return found


def key_of_notes(notes: Sequence[Note]) -> str | None:
    """The key of what was heard.

    >>> scale = (60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60)
    >>> key_of_notes([Note(i, i + 1, p, 80) for i, p in enumerate(scale)])
    'C major'
    """
    return key_of(pitch_classes(notes)) if len({n.pitch % 12 for n in notes}) > 2 else None


def chords_of(
    notes: Sequence[Note], duration_s: float, beats_s: Sequence[float] = ()
) -> tuple[Segment, ...]:
    """Chords from beat to beat; neighbours that are the same are one.

    >>> triad = [Note(0.0, 4.0, p, 80) for p in (48, 60, 64, 67)]
    >>> [(s.start_s, s.end_s, s.label) for s in chords_of(triad, 4.0)]
    [(0.0, 4.0, 'C:maj')]
    """
    edges = edges_of(duration_s, beats_s)
    if len(edges) < 2 or not notes:
        return ()
    chroma, bass = weights_between(notes, edges)
    names = [f"{ROOTS[root]}:{kind}" for kind in KINDS for root in range(12)] + [NONE]
    fit = fits(chroma, bass)
    path = viterbi(SHARPNESS * fit, STAY)
    found: list[Segment] = []
    for i, state in enumerate(path):
        name = names[state]
        score = float(np.clip(fit[i, state], 0, 1))
        if found and found[-1].label == name:
            found[-1] = Segment(found[-1].start_s, edges[i + 1], name, max(found[-1].score, score))
        else:
            found.append(Segment(edges[i], edges[i + 1], name, score))
    return tuple(one for one in found if one.label != NONE)


def edges_of(duration_s: float, beats_s: Sequence[float]) -> list[float]:
    """Where chords may change."""
    inner = [float(b) for b in beats_s if 0.05 < b < duration_s - 0.05]
    if not inner:
        inner = list(np.arange(GRID_S, max(0.0, duration_s - GRID_S / 2), GRID_S))
    return [0.0, *inner, duration_s] if duration_s > 0 else []


def weights_between(notes: Sequence[Note], edges: Sequence[float]) -> tuple[Values, Values]:
    """How much of each pitch class sounds between the edges, and in the bass, `(m, 12)` each."""
    chroma, bass = np.zeros((2, len(edges) - 1, 12))
    lowest = np.full(len(edges) - 1, 128)
    bounds = np.asarray(edges)
    for n in sorted(notes, key=lambda one: -one.pitch):
        first = max(0, int(np.searchsorted(bounds, n.start_s, "right")) - 1)
        last = min(len(edges) - 2, int(np.searchsorted(bounds, n.end_s, "left")) - 1)
        for i in range(first, last + 1):
            length = min(n.end_s, bounds[i + 1]) - max(n.start_s, bounds[i])
            share = length / max(1e-6, bounds[i + 1] - bounds[i])
            chroma[i, n.pitch % 12] += max(0.0, share) * (0.3 + n.velocity / 127)
            if share > 0.2 and n.pitch < lowest[i]:
                lowest[i] = n.pitch
    for i, pitch in enumerate(lowest):
        if pitch < 128:
            bass[i, pitch % 12] = 1.0
    return chroma, bass


def fits(chroma: Values, bass: Values) -> Values:
    """How well each chord fits between the edges, 0 … 1: `(m, 61)`."""
    loud = np.linalg.norm(chroma, axis=1, keepdims=True)
    heard = chroma / np.maximum(loud, 1e-9)
    parts = []
    for kind, degrees in KINDS.items():
        template = np.zeros(12)
        for degree, weight in degrees:
            template[degree] = weight
        template /= np.linalg.norm(template)
        rows = np.stack([np.roll(template, root) for root in range(12)])
        value = heard @ rows.T + 0.2 * BASS * bass - RARER.get(kind, 0.0)
        parts.append(value)
    none = np.where(loud > 1e-6, LEAST_FIT, 1.0)
    return np.concatenate([*parts, none], 1)


def viterbi(scores: Values, stay: float) -> list[int]:
    """The best path of states through scores `(m, k)`, where each is left with `1 - stay`."""
    m, k = scores.shape
    change, same = np.log((1 - stay) / (k - 1)), np.log(stay)
    total = scores[0].copy()
    before = np.zeros((m, k), int)
    for i in range(1, m):
        best = int(np.argmax(total))
        moved = total[best] + change
        kept = total + same
        before[i] = np.where(kept >= moved, np.arange(k), best)
        total = np.maximum(kept, moved) + scores[i]
    path = [int(np.argmax(total))]
    for i in range(m - 1, 0, -1):
        path.append(int(before[i, path[-1]]))
    return path[::-1]
