"""Who speaks when: speech, vectors of short windows, clusters, turns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.identify.scoring import probability
from tympan.tasks.identify.voice import FLOOR_DBFS, frame_power, mean_voice
from tympan.tasks.model import BaseModel
from tympan.tasks.results import Segment, Segments
from tympan.tasks.speakers.cluster import clusters

if TYPE_CHECKING:
    from tympan.tasks.identify.book import Book
    from tympan.tasks.identify.model import IdentifyModel

Wave = npt.NDArray[np.float32]
Speech = Callable[[Wave], npt.NDArray[np.float64]]
"""From samples `(t,)` to the probability of speech of each frame of `STEP_S`."""

WINDOW_S, HOP_S = 1.5, 0.25
STEP_S = 0.03
# Mean cosine from which two clusters are one voice; chosen on meetings that were mixed from the
# held-out speakers of the training (recipes/voices.py).
THRESHOLD = 0.45
# Pauses up to this length stay within a turn; shorter turns are dropped.
GAP_S, SHORTEST_S = 0.5, 0.25
# A change of speaker must gain this much cosine in all windows together.
SWITCH = 0.35
# A window is of two voices where it is so much nearer to both together than to either.
BOTH = 0.1
# Speech is so much above the noise, or no more than so much below the loudest of it.
RISE_DB, DROP_DB = 12.0, 25.0
NOISE_PERCENTILE = 10


@dataclass(frozen=True)
class Options:
    """How speakers are told apart.

    Attributes:
        speakers: how many there are; None: it is found out.
        least: at least so many.
        most: at most so many; None: any number.
        threshold: mean cosine from which two clusters are one voice.
        overlap: mark where two speak at once.
    """

    speakers: int | None = None
    least: int = 1
    most: int | None = None
    threshold: float = THRESHOLD
    overlap: bool = True

    def __post_init__(self) -> None:
        for name in ("speakers", "least", "most"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ArgumentError(f"{name}={value} speakers", fix="give 1 or more")


class SpeakersModel(BaseModel[Segments]):
    """Turns of speakers, by a voice model.

    Args:
        voices: the voice model.
        speech: what finds speech; None: the level, and what the voice model knows of speech.
        threshold: mean cosine from which two clusters are one voice.
        name: how answers call it.
    """

    labels = ()

    def __init__(
        self,
        voices: IdentifyModel,
        speech: Speech | None = None,
        threshold: float = THRESHOLD,
        name: str = "speakers",
    ) -> None:
        self.voices, self.speech, self.threshold, self.name = voices, speech, threshold, name
        self.device = voices.device

    @property
    def task(self) -> str:
        """`"segment"`."""
        return "segment"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.voices.rate_hz

    def session(
        self,
        *,
        name: str = "",
        batcher: Any = None,
        speakers: int | None = None,
        least: int = 1,
        most: int | None = None,
        book: str | Book | None = None,
        **options: Any,
    ) -> SpeakersSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: is not used.
            speakers: how many there are; None: it is found out.
            least: at least so many.
            most: at most so many.
            book: a voice book whose names turns get where a voice is in it.
            options: of other models of the verb; they must not be given.

        Raises:
            ArgumentError: a number that cannot be.
            DataError: the book cannot be read.
        """
        given = {key: value for key, value in options.items() if value is not None}
        if given:
            what = f"speakers has no option {next(iter(given))!r}"
            raise ArgumentError(what, fix="it has speakers, least, most and book")
        known = None if book is None else self.voices.book(book)
        return SpeakersSession(self, name, Options(speakers, least, most, self.threshold), known)


class SpeakersSession:
    """One recording on its way to its turns.

    Of the past it keeps a vector for each `HOP_S` of speech and a level for each frame: some
    15 MB an hour.
    """

    def __init__(
        self, model: SpeakersModel, name: str, options: Options, book: Book | None
    ) -> None:
        self._model, self._name, self._options, self._book = model, name, options, book
        self._size = round(WINDOW_S * model.rate_hz)
        self._hop = round(HOP_S * model.rate_hz)
        self._frame = round(STEP_S * model.rate_hz)
        self._held = np.zeros(0, np.float32)
        self._offset = 0  # sample at which what is held begins
        self._next = 0  # sample at which the next window begins
        self._frames: list[np.ndarray] = []
        self._framed = np.zeros(0, np.float32)
        self._vectors: list[np.ndarray] = []
        self._starts: list[int] = []
        self._speech: list[np.ndarray] = []
        self._samples = 0

    def push(self, wave: Wave) -> Iterable[Any]:
        """Take the next samples `(1, t)`; nothing is decided before the end."""
        self._add(np.asarray(wave[0], np.float32))
        return ()

    def _add(self, wave: Wave) -> None:
        self._samples += len(wave)
        both = np.concatenate([self._framed, wave])
        whole = len(both) // self._frame * self._frame
        self._measure(both[:whole])
        self._framed = both[whole:]
        self._held = np.concatenate([self._held, wave])
        starts = range(self._next, self._offset + len(self._held) - self._size + 1, self._hop)
        self._embed(list(starts), self._size)
        if len(starts):
            self._next = starts[-1] + self._hop
        drop = self._next - self._offset
        if drop > 0:
            self._held, self._offset = self._held[drop:].copy(), self._next

    def _measure(self, wave: Wave) -> None:
        if len(wave):
            self._frames.append(frame_power(wave, self._model.rate_hz))
            if self._model.speech is not None:
                self._speech.append(np.asarray(self._model.speech(wave), np.float64))

    def _embed(self, starts: list[int], size: int) -> None:
        import torch

        net, batch = self._model.voices.net, 32
        waves = [self._held[s - self._offset : s - self._offset + size] for s in starts]
        loud = [i for i, w in enumerate(waves) if np.square(w).mean() > 10 ** (FLOOR_DBFS / 10)]
        for first in range(0, len(loud), batch):
            some = loud[first : first + batch]
            stacked = torch.from_numpy(np.stack([waves[i] for i in some]))
            rows = net.vectors(stacked.to(self._model.device)).float().cpu().numpy()
            self._vectors += list(rows)
            self._starts += [starts[i] for i in some]

    def result(self) -> Segments:
        """The turns of all that was pushed; call it once, at the end."""
        if not self._starts and len(self._held) >= self._frame:
            self._embed([self._offset], len(self._held))  # a recording shorter than a window
        self._measure(self._framed)
        duration_s = self._samples / self._model.rate_hz
        found = self.turns(self._options)
        shared: dict[str, Any] = {"duration_s": duration_s, "model": self._model.name}
        if not found:
            warning = ("has no speech",)
            return Segments(self._name, (), **shared, warnings=warning)
        return Segments(self._name, tuple(found), **shared)

    def turns(self, options: Options) -> list[Segment]:
        """The turns of all that was pushed, with these options; after `result`."""
        speech = self.speech_frames()
        if not len(self._vectors) or not speech.any():
            return []
        vectors, starts = np.stack(self._vectors), np.array(self._starts)
        spoken = self._spoken(speech, starts, vectors)
        if not spoken.any():
            return []
        vectors, starts = vectors[spoken], starts[spoken]
        label = clusters(
            vectors, options.threshold,
            count=options.speakers, least=options.least, most=options.most,
        )  # fmt: skip
        centres = np.stack(
            [
                mean_voice(vectors[label == k], np.ones((label == k).sum()))
                for k in range(label.max() + 1)
            ]
        )
        scores = vectors @ centres.T
        path = smoothed(scores, starts / self._model.rate_hz)
        second = overlapping(vectors, centres, path) if options.overlap else np.full(len(path), -1)
        names = self._names(centres, path)
        return turns(speech, starts / self._model.rate_hz, path, second, scores, names)

    def speech_frames(self) -> npt.NDArray[np.bool_]:
        """Which frames of `STEP_S` are speech."""
        if self._speech:
            return np.concatenate(self._speech) >= 0.5
        power = np.concatenate(self._frames) if self._frames else np.zeros(0)
        if not len(power):
            return np.zeros(0, bool)
        level = 10 * np.log10(np.maximum(power, 1e-12))
        audible = level[level > FLOOR_DBFS]
        if not len(audible):
            return np.zeros(len(level), bool)
        noise, loud = np.percentile(audible, [NOISE_PERCENTILE, 95])
        limit = max(FLOOR_DBFS, min(noise + RISE_DB, loud - DROP_DB))
        return bridged(level > limit, round(GAP_S / STEP_S / 2))

    def _spoken(
        self, speech: npt.NDArray[np.bool_], starts: np.ndarray, vectors: np.ndarray
    ) -> npt.NDArray[np.bool_]:
        """Which windows are speech for the better part, and sound like it."""
        head = self._model.voices.speech
        total = np.concatenate([[0], np.cumsum(speech)])
        first = np.minimum(starts // self._frame, len(speech))
        last = np.minimum((starts + self._size) // self._frame, len(speech))
        found = (total[last] - total[first]) >= 0.4 * np.maximum(1, last - first)
        if head is not None and self._model.speech is None:
            found &= probability(vectors @ head[:-1] + head[-1]) >= 0.3
        return np.asarray(found)

    def _names(self, centres: np.ndarray, path: np.ndarray) -> list[str]:
        """`speaker 1` …, or the name of the book's voice that it is."""
        names = [f"speaker {k + 1}" for k in range(len(centres))]
        if self._book is None:
            return names
        from tympan.tasks.identify.voice import Voice

        for k, centre in enumerate(centres):
            seconds = HOP_S * float((path == k).sum())
            voice = Voice(self._name, centre.astype(np.float32), seconds, seconds)
            known = self._model.voices.answer(voice, self._book).speaker
            if known is not None and known not in names:
                names[k] = known
        return names


def smoothed(
    scores: npt.NDArray[np.floating], times_s: npt.NDArray[np.floating], switch: float = SWITCH
) -> npt.NDArray[np.int64]:
    """The voice of each window: the best path, on which a change costs something (Viterbi).

    Args:
        scores: cosines with each voice `(m, k)`.
        times_s: where the windows begin; after a pause a change costs nothing.
        switch: what a change costs.

    >>> smoothed(np.array([[1, 0], [0.4, 0.5], [1, 0.0]]), np.arange(3) / 4).tolist()
    [0, 0, 0]
    """
    m, k = scores.shape
    best, back = scores[0].astype(float), np.zeros((m, k), int)
    for t in range(1, m):
        cost = switch if times_s[t] - times_s[t - 1] < GAP_S else 0.0
        stay, change = best, best.max() - cost
        come = int(best.argmax())
        back[t] = np.where(stay >= change, np.arange(k), come)
        best = np.maximum(stay, change) + scores[t]
    path = np.zeros(m, np.int64)
    path[-1] = int(best.argmax())
    for t in range(m - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def overlapping(
    vectors: np.ndarray, centres: np.ndarray, path: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The second voice of each window; -1: there is none.

    >>> a, b = np.eye(2)
    >>> both = (a + b) / np.sqrt(2)
    >>> overlapping(np.stack([a, both]), np.stack([a, b]), np.array([0, 0])).tolist()
    [-1, 1]
    """
    m, k = len(vectors), len(centres)
    found = np.full(m, -1, np.int64)
    if k < 2:
        return found
    for i in range(k):
        own = np.flatnonzero(path == i)
        if not len(own):
            continue
        pairs = centres[i][None] + centres
        pairs /= np.linalg.norm(pairs, axis=1, keepdims=True)
        alone, other = vectors[own] @ centres[i], vectors[own] @ centres.T
        gain = vectors[own] @ pairs.T - np.maximum(alone[:, None], other)
        gain[:, i] = -np.inf
        j = gain.argmax(1)
        marked = gain[np.arange(len(own)), j] > BOTH
        found[own[marked]] = j[marked]
    return found


def bridged(active: npt.NDArray[np.bool_], gap: int) -> npt.NDArray[np.bool_]:
    """With pauses up to so many frames closed, at both sides of which something is active.

    >>> bridged(np.array([1, 0, 0, 1, 0, 0, 0, 1], bool), 2).astype(int).tolist()
    [1, 1, 1, 1, 0, 0, 0, 1]
    """
    places = np.flatnonzero(active)
    found = active.copy()
    for a, b in itertools.pairwise(places.tolist()):
        if 1 < b - a <= gap + 1:
            found[a:b] = True
    return found


def turns(
    speech: npt.NDArray[np.bool_],
    starts_s: npt.NDArray[np.floating],
    path: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    scores: npt.NDArray[np.floating],
    names: list[str],
) -> list[Segment]:
    """The turns: each frame of speech has the voice of the window whose middle is nearest.

    Args:
        speech: which frames of `STEP_S` are speech `(n,)`.
        starts_s: where windows begin `(m,)`.
        path: the voice of each window.
        second: a second voice, or -1.
        scores: cosines `(m, k)`.
        names: of the voices.
    """
    middles = starts_s + WINDOW_S / 2
    frames = np.flatnonzero(speech)
    times = (frames + 0.5) * STEP_S
    right = np.clip(np.searchsorted(middles, times), 0, len(middles) - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(middles[left] - times) <= np.abs(middles[right] - times), left, right)
    found: list[Segment] = []
    for k, name in enumerate(names):
        active = np.zeros(len(speech), bool)
        active[frames[(path[nearest] == k) | (second[nearest] == k)]] = True
        active = bridged(active, round(GAP_S / STEP_S)) & bridged(speech, round(GAP_S / STEP_S))
        padded = np.concatenate([[False], active, [False]]).astype(np.int8)
        edges = np.flatnonzero(np.diff(padded)).reshape(-1, 2)
        for start, end in edges:
            if (end - start) * STEP_S < SHORTEST_S:
                continue
            inside = nearest[(frames >= start) & (frames < end)]
            cosine = float(scores[inside, k].mean()) if len(inside) else 0.0
            score = float(np.clip(cosine, 0, 1))
            found.append(Segment(round(start * STEP_S, 3), round(end * STEP_S, 3), name, score))
    return sorted(found, key=lambda one: (one.start_s, one.label))


def load(device: str = "cpu") -> SpeakersModel:
    """The model `speakers`, on the voice model that ships."""
    from tympan.tasks.answering import load as load_model

    return SpeakersModel(cast("IdentifyModel", load_model("voices", "identify", device)))
