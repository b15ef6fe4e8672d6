"""Which notes were played."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.notation.note import Note, pitch_name
from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import Span
from tympan.tasks.results.parts import Segment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.audio import Clip
    from tympan.notation import Piece

# People see so many notes; `--json` and files hold them all.
MOST_SHOWN = 20
STANDARD_HZ = 440.0


@dataclass(frozen=True)
class Notes(Result):
    """Which notes were played.

    Attributes:
        file: the name of the recording.
        notes: in order of their beginnings.
        tempo_bpm: beats per minute; None if there is no beat.
        key: such as `"C major"`; None if there is none.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.
        beats_s: when each beat is.
        downbeat: which of the beats is the first that begins a bar.
        beats_per_bar: beats of a bar.
        chords: major, minor and seventh chords, such as `"A:min"`, one after another.
        tuning_hz: pitch of the A that the instruments are tuned to; None if it is not known.

    >>> print(Notes("a.wav", (Note(0.0, 0.5, 60, 80),), 120.0, "C major"))
    a.wav: 1 note, 120 BPM, C major
         0.00 –    0.50 s  C4, velocity 80
    """

    file: str
    notes: tuple[Note, ...]
    tempo_bpm: float | None = None
    key: str | None = None
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    beats_s: tuple[float, ...] = ()
    downbeat: int = 0
    beats_per_bar: int = 4
    chords: tuple[Segment, ...] = ()
    tuning_hz: float | None = field(default=None)

    formats: ClassVar[tuple[str, ...]] = (
        ".json", ".csv", ".mid", ".midi", ".musicxml", ".wav", ".txt", ".TextGrid",
    )  # fmt: skip

    def shown(self) -> str:
        """How many notes, tempo and key, and the first notes."""
        count = len(self.notes)
        if not count and self.warnings:
            return ""
        facts = [f"{count or 'no'} note{'' if count == 1 else 's'}"]
        facts += [] if self.tempo_bpm is None else [f"{self.tempo_bpm:.0f} BPM"]
        facts += [] if self.key is None else [self.key]
        if self.tuning_hz is not None and abs(self.tuning_hz - STANDARD_HZ) >= 1:
            facts.append(f"A = {self.tuning_hz:.0f} Hz")
        lines = [", ".join(facts), *(f"  {one}" for one in self.notes[:MOST_SHOWN])]
        return "\n".join([*lines, *[f"  … {count - MOST_SHOWN} more"] * (count > MOST_SHOWN)])

    def columns(self) -> tuple[str, ...]:
        """Those of the notes."""
        return ("start_s", "end_s", "pitch", "velocity", "instrument")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each note."""
        return ((n.start_s, n.end_s, n.pitch, n.velocity, n.instrument) for n in self.notes)

    def spans(self) -> tuple[Span, ...]:
        """The notes by their names."""
        return tuple(Span(n.start_s, n.end_s, pitch_name(n.pitch)) for n in self.notes)

    def piece(self, *, quantize: int | None = None) -> Piece:
        """The notes as they would be written: in bars where beats were heard.

        Args:
            quantize: grid that times are moved to, in parts of a beat; None: as they were heard.
        """
        from tympan.notation import Piece

        beats = self.beats_s[self.downbeat :] if len(self.beats_s) - self.downbeat > 1 else None
        return Piece.of_notes(
            self.notes,
            tempo_bpm=self.tempo_bpm or 120.0,
            beats_s=beats,
            metre=(self.beats_per_bar, 4),
            key=self.key,
            quantize=quantize,
            name=PurePath(self.file).stem,
        )

    def _content(self, ending: str) -> bytes:
        from tympan.tasks.results import formats

        if ending in (".mid", ".midi"):
            from tympan.notation import midi_bytes

            return midi_bytes(self.piece())
        if ending == ".musicxml":
            from tympan.notation import musicxml_text

            return formats.encoded(musicxml_text(self.piece()))
        if ending == ".wav":
            return self._rendered()
        return super()._content(ending)

    def clip(self) -> Clip:
        """The notes as sound, played by tympan's own instruments: for comparison by ear."""
        from dataclasses import replace

        from tympan.notation.synthesizer import synthesize

        return replace(synthesize(self.piece()), name=self.file)

    def _rendered(self) -> bytes:
        """The sound of the notes as a WAV file."""
        import tempfile
        from pathlib import Path

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "notes.wav"
            self.clip().save(path)
            return path.read_bytes()

    def plot(self) -> Figure:
        """A piano roll: pitch over time, the darker the louder."""
        from tympan.tasks.results.figures import piano_roll

        return piano_roll(self.notes, self.duration_s, self.file)
