"""A recording on its way to its notes, block by block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.notation import Note, pitch_of
from tympan.tasks.model import WindowSession
from tympan.tasks.notes.decode import NoteDecoder, NoteRules, Values
from tympan.tasks.results.notes import Notes
from tympan.tasks.windows import Batcher, Window

if TYPE_CHECKING:
    from tympan.tasks.notes.answer import NotesModel

TUNED_S = 10.0  # so much is listened to before the tuning is decided on
LEAST_CENTS = 8.0  # the net takes less as it is
STANDARD_HZ = 440.0


@dataclass(frozen=True)
class Choice:
    """What is asked for beside the notes.

    Attributes:
        tuning_hz: pitch of A4; None: it is found.
        bends: whether each note has its bends.
        tempo_bpm: beats per minute; None: they are found.
        instrument: what the notes are said to be played by.
    """

    tuning_hz: float | None = None
    bends: bool = False
    tempo_bpm: float | None = None
    instrument: str = ""

    @classmethod
    def of(cls, options: dict[str, Any]) -> Choice:
        """Take them out of a verb's options; what is left are rules.

        Raises:
            ArgumentError: an unknown option.
        """
        known = ("onset", "frame", "shortest_s", "clean_notes", "lowest", "highest")
        own: dict[str, Any] = {
            n: options.pop(n) for n in ("tuning_hz", "tempo_bpm") if n in options
        }
        own["bends"] = bool(options.pop("bends", False))
        own["instrument"] = options.pop("instrument", None) or ""
        unknown = [one for one in options if one not in known]
        if unknown:
            what = f"notes has no option {unknown[0]!r}"
            raise ArgumentError(what, local="see `tympan notes --help`", option=unknown[0])
        for one in ("lowest", "highest"):
            if options.get(one) is not None:
                options[one] = pitch_of(str(options[one]))
        return cls(**own)


class NotesSession(WindowSession[Notes]):
    """A recording on its way to its notes; `push` gives each as soon as it has ended."""

    def __init__(
        self, model: NotesModel, name: str, rules: NoteRules, choice: Choice, batcher: Batcher
    ) -> None:
        windows = model.windows
        super().__init__(windows.cutter(), batcher)
        self._model, self._name, self._windows = model, name, windows
        self._choice, self._tuning_hz = choice, choice.tuning_hz
        config = model.config
        self._decoder = NoteDecoder(
            rules, config.frame_s, config.lowest, choice.instrument, with_bends=choice.bends
        )
        self._notes: list[Note] = []
        self._samples = self._frames = 0
        self._first: list[Values] | None = []  # what came before the tuning was known
        self._strength: list[Values] = []
        self._harmony: list[Values] = []
        self.kept: list[Values] | None = None
        if choice.tuning_hz is not None:
            self._tune(choice.tuning_hz)
            self._first = None

    def push(self, wave: Values) -> Iterable[Any]:
        """Take the next samples `(1, t)` at the model's rate; the notes that have ended by now."""
        if self._first is not None:
            self._first.append(wave)
            if sum(one.shape[1] for one in self._first) < TUNED_S * self._model.rate_hz:
                return ()
            wave = self._begun()
        return super().push(wave)

    def end(self) -> None:
        """The recording ends here."""
        if self._first is not None and not self._ended:
            self._submit(self._cutter.push(self._begun()[0]))
        super().end()

    def _begun(self) -> Values:
        """What came so far; the tuning is decided on."""
        assert self._first is not None
        empty = np.zeros((1, 0), np.float32)
        wave = np.concatenate(self._first or [empty], axis=1)
        # The same for a file as for its blocks, however long they are.
        self._tuning_hz = tuning_of(wave[:, : round(TUNED_S * self._model.rate_hz)], self._model)
        self._first = None
        self._tune(self._tuning_hz)
        return wave

    def _tune(self, tuning_hz: float) -> None:
        """Windows go through a net that expects this tuning."""
        cents = 1200 * float(np.log2(tuning_hz / STANDARD_HZ))
        # Beyond half a semitone it is another pitch: instruments in B flat, baroque pitch …
        if abs(cents) >= LEAST_CENTS:
            self._lane = self._model.tuned(cents).batcher().lane()

    def take(self, window: Window, output: Any) -> None:
        """Take the outputs of the next window."""
        self._samples = max(self._samples, window.end)
        hop = self._model.config.hop
        # The last window is moved inwards: its beginning is known already.
        skip = self._frames - (window.offset + self._windows.left) // hop
        count = -(-window.end // hop)
        last = count - self._frames + skip
        scores, flux, bends = (one[..., skip:last] for one in output)
        self.add(scores, flux, bends)

    def add(self, scores: Values, flux: Values, bends: Values) -> None:
        """Take the next scores, which are final."""
        self._frames += scores.shape[-1]
        if self.kept is not None:
            self.kept.append(scores)
        self._strength.append(np.maximum(flux, 0.0) + ONSETS_COUNT * scores[0].sum(0))
        self._harmony.append(classes_of(scores, self._model.config.lowest))
        self._keep(self._decoder.push(scores, bends))

    def forget(self) -> None:
        """Let go of the notes that were given out."""
        for held in (self._notes, self._strength, self._harmony):
            held.clear()

    def answer(self) -> Notes:
        """The notes of the whole recording."""
        from tympan.tasks.notes.harmony import chords_of, key_of_notes
        from tympan.tasks.notes.rhythm import Rhythm, rhythm_of

        self._keep(self._decoder.finish())
        duration_s = self._samples / self._model.config.rate_hz
        if self.input is not None:
            duration_s = self.input.duration_s
        notes = [] if self.input is not None and self.input.empty else self._notes
        notes = sorted(notes, key=lambda n: (n.start_s, n.pitch, n.end_s))
        rhythm = Rhythm()
        if self._strength:
            strength, harmony = np.concatenate(self._strength), np.concatenate(self._harmony, 1)
            frame_s = self._model.config.frame_s
            rhythm = rhythm_of(strength, frame_s, harmony, self._choice.tempo_bpm)
        beats_s = tuple(one for one in rhythm.beats_s if one < duration_s)
        return Notes(
            self._name, tuple(notes), rhythm.tempo_bpm if notes or beats_s else None,
            key_of_notes(notes), duration_s, self._model.name, beats_s=beats_s,
            downbeat=rhythm.downbeat, beats_per_bar=rhythm.beats_per_bar,
            chords=chords_of(notes, duration_s, beats_s),
            tuning_hz=None if not notes else self._tuning_hz,
        )  # fmt: skip

    def _keep(self, found: list[Note]) -> None:
        self._notes += found
        self.decide(found)


ONSETS_COUNT = 0.5  # how much the onset of a note counts beside that of any sound
BASS = 52  # the bass is below E3


def classes_of(scores: Values, lowest: int) -> Values:
    """How much of each pitch class sounds in each frame, and how much the bass begins `(13, n)`."""
    found = np.zeros((13, scores.shape[-1]), np.float32)
    for row in range(scores.shape[1]):
        found[(lowest + row) % 12] += scores[1, row]
    found[12] = scores[0, : max(1, BASS - lowest)].max(0)
    return found


def tuning_of(wave: Values, model: NotesModel) -> float:
    """Pitch of A4 in the beginning of a recording `(1, t)`, to a hundredth of a semitone."""
    from tympan.audio import Clip
    from tympan.spectra.tuning import estimate_tuning

    if wave.shape[1] < model.config.n_fft_long or not np.any(wave):
        return STANDARD_HZ
    clip = Clip(wave, model.rate_hz)
    return STANDARD_HZ * 2 ** (estimate_tuning(clip, model.config.n_fft_long) / 12)
