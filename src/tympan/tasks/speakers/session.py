"""A recording on its way to the turns of its speakers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.identify.scoring import probability
from tympan.tasks.identify.voice import FLOOR_DBFS, Voice, frame_power, mean_voice
from tympan.tasks.results import Segment, Segments
from tympan.tasks.speakers.cluster import clusters
from tympan.tasks.speakers.speech import SpeechFrames
from tympan.tasks.speakers.turns import (
    GAP_S,
    HOP_S,
    SHORTEST_S,
    STEP_S,
    WINDOW_S,
    bridged,
    overlapping,
    smoothed,
    turns,
)

if TYPE_CHECKING:
    from tympan.tasks.identify.book import Book
    from tympan.tasks.speakers.diarize import SpeakersModel

Wave = npt.NDArray[np.float32]
# Mean cosine from which two clusters are one voice; chosen on meetings that were mixed from the
# held-out speakers of the training of `voices`, see docs/experiments.md.
THRESHOLD = 0.4
# From this probability on a frame is speech, and so much around it; chosen on the same meetings.
ONSET, PAD_S = 0.5, 0.0
# Speech is so much above the noise, or no more than so much below the loudest of it.
RISE_DB, DROP_DB = 12.0, 25.0
NOISE_PERCENTILE = 10
# With less speech than this, a voice rests on few windows and may be taken for another's.
ENOUGH_S = 60.0
# A window is of a voice where this share of it is speech; with less than `WORTH` it gets no vector.
SPOKEN, WORTH = 0.4, 0.3


@dataclass(frozen=True)
class Options:
    """How speakers are told apart.

    Attributes:
        speakers: how many there are; None: it is found out.
        min_speakers: at least so many; None: 1.
        max_speakers: at most so many; None: any number.
        threshold: mean cosine from which two clusters are one voice.
        overlap: mark where two speak at once.
        onset: probability from which a frame is speech, where a model of speech says it.
        pad_s: so much before and behind it is speech too.
        gap_s: pauses up to this length stay within a turn.
        shortest_s: shorter turns are dropped.
    """

    speakers: int | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    threshold: float = THRESHOLD
    overlap: bool = True
    onset: float = ONSET
    pad_s: float = PAD_S
    gap_s: float = GAP_S
    shortest_s: float = SHORTEST_S

    def __post_init__(self) -> None:
        for name in ("speakers", "min_speakers", "max_speakers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                what = f"{name}={value} cannot be"
                raise ArgumentError(what, fix="give 1 or more", option=name)
        bounds = self.min_speakers, self.max_speakers
        if self.speakers is not None and bounds != (None, None):
            what = "speakers is given beside min_speakers or max_speakers"
            raise ArgumentError(what, fix="give the number, or its bounds", option="speakers")
        if None not in bounds and self.min_speakers > self.max_speakers:  # type: ignore[operator]
            what = f"min_speakers={self.min_speakers} is above max_speakers={self.max_speakers}"
            raise ArgumentError(what, option="min_speakers")


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
        # Who is in the book was cleaned before, so vectors that are compared with it are, too; the
        # speakers are told apart by the recording as it is.
        cleaner = model.voices.cleaner if book is not None and book.cleaned else None
        self._cleaner = None if cleaner is None else cleaner(model.rate_hz, 1)
        self._clean = np.zeros(0, np.float32)  # from `_offset` on
        self._clean_vectors: list[np.ndarray] = []
        self._vectors: list[np.ndarray] = []
        self._starts: list[int] = []
        speech = model.speech
        self._speech = None if speech is None else SpeechFrames(speech, self._frame, options.onset)
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
        if self._cleaner is not None:
            self._clean = np.concatenate([self._clean, self._cleaner.push(wave[None])[0]])
        if self._speech is not None:
            self._speech.push(wave)
        self._embed_known()

    def _embed_known(self) -> None:
        """Vectors of the windows of which it is known whether they are speech."""
        end = self._offset + len(self._held)
        if self._speech is not None:
            end = min(end, self._speech.decided)
        if self._cleaner is not None:
            end = min(end, self._offset + len(self._clean))
        starts = range(self._next, end - self._size + 1, self._hop)
        self._embed(list(starts), self._size)
        if len(starts):
            self._next = starts[-1] + self._hop
        drop = self._next - self._offset
        if drop > 0:
            self._held, self._offset = self._held[drop:].copy(), self._next
            self._clean = self._clean[drop:].copy()

    def _measure(self, wave: Wave) -> None:
        if len(wave):
            self._frames.append(frame_power(wave, self._model.rate_hz))

    def _embed(self, starts: list[int], size: int) -> None:
        batch = 32
        if self._speech is not None:
            starts = [s for s in starts if self._speech.share(s, s + size) >= WORTH]
        waves = [self._held[s - self._offset : s - self._offset + size] for s in starts]
        loud = [i for i, w in enumerate(waves) if np.square(w).mean() > 10 ** (FLOOR_DBFS / 10)]
        for first in range(0, len(loud), batch):
            some = loud[first : first + batch]
            self._vectors += self._vectors_of([waves[i] for i in some])
            self._starts += [starts[i] for i in some]
            if self._cleaner is not None:
                places = [starts[i] - self._offset for i in some]
                self._clean_vectors += self._vectors_of([self._clean[p : p + size] for p in places])

    def _vectors_of(self, waves: list[Wave]) -> list[np.ndarray]:
        """Vectors `(d,)` of windows `(t,)` of one length."""
        import torch

        stacked = torch.from_numpy(np.stack(waves)).to(self._model.device)
        return list(self._model.voices.net.vectors(stacked).float().cpu().numpy())

    def result(self) -> Segments:
        """The turns of all that was pushed; call it once, at the end."""
        if self._cleaner is not None:
            self._clean = np.concatenate([self._clean, self._cleaner.finish()[0]])
        if self._speech is not None:
            self._speech.finish()
        if self._speech is not None or self._cleaner is not None:
            self._embed_known()
        if self._samples < self._size and len(self._held) >= self._frame:
            self._embed([self._offset], len(self._held))  # a recording shorter than a window
        self._measure(self._framed)
        duration_s = self._samples / self._model.rate_hz
        found = self.turns(self._options)
        shared: dict[str, Any] = {"duration_s": duration_s, "model": self._model.name}
        if not found:
            warning = ("has no speech",)
            return Segments(self._name, (), **shared, warnings=warning)
        return Segments(self._name, tuple(found), **shared, warnings=self._warnings())

    def _warnings(self) -> tuple[str, ...]:
        """Too little speech to tell speakers apart, unless their number is given."""
        spoken_s = float(self.speech_frames(self._options).sum()) * STEP_S
        if spoken_s >= ENOUGH_S or self._options.speakers is not None:
            return ()
        return (
            f"has {spoken_s:.0f} s of speech: with less than {ENOUGH_S:.0f} s, two people may be "
            "taken for one (--speakers 2 says how many there are)",
        )

    def turns(self, options: Options) -> list[Segment]:
        """The turns of all that was pushed, with these options; after `result`."""
        speech = self.speech_frames(options)
        if not len(self._vectors) or not speech.any():
            return []
        vectors, starts = np.stack(self._vectors), np.array(self._starts)
        spoken = self._spoken(speech, starts, vectors)
        if not spoken.any():
            return []
        vectors, starts = vectors[spoken], starts[spoken]
        named = np.stack(self._clean_vectors)[spoken] if self._clean_vectors else vectors
        label = clusters(
            vectors, options.threshold,
            count=options.speakers, least=options.min_speakers or 1, most=options.max_speakers,
        )  # fmt: skip
        centres = centres_of(vectors, label)
        scores = vectors @ centres.T
        path = smoothed(scores, starts / self._model.rate_hz)
        second = overlapping(vectors, centres, path) if options.overlap else np.full(len(path), -1)
        names = self._names(centres_of(named, label), path)
        return turns(
            speech, starts / self._model.rate_hz, path, second, scores, names,
            options.gap_s, options.shortest_s,
        )  # fmt: skip

    def speech_frames(self, options: Options) -> npt.NDArray[np.bool_]:
        """Which frames of `STEP_S` are speech."""
        if self._speech is not None:
            return self._speech.frames(self._samples, options.onset, options.pad_s)
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
        found = (total[last] - total[first]) >= SPOKEN * np.maximum(1, last - first)
        if head is not None and self._model.speech is None:
            found &= probability(vectors @ head[:-1] + head[-1]) >= 0.3
        return np.asarray(found)

    def _names(self, centres: np.ndarray, path: np.ndarray) -> list[str]:
        """`speaker 1` …, or the name of the book's voice that it is."""
        names = [f"speaker {k + 1}" for k in range(len(centres))]
        if self._book is None:
            return names
        for k, centre in enumerate(centres):
            seconds = HOP_S * float((path == k).sum())
            voice = Voice(self._name, centre.astype(np.float32), seconds, seconds)
            known = self._model.voices.answer(voice, self._book).speaker
            if known is not None and known not in names:
                names[k] = known
        return names


def centres_of(vectors: np.ndarray, label: npt.NDArray[np.int64]) -> np.ndarray:
    """The mean voice `(k, d)` of each cluster of vectors `(n, d)`, numbered `(n,)`."""
    found = [
        mean_voice(vectors[label == k], np.ones((label == k).sum())) for k in range(label.max() + 1)
    ]
    return np.stack(found)
