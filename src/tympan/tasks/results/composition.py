"""Music that was composed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tympan._files import atomic_write
from tympan.tasks.results import formats
from tympan.tasks.results.base import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.audio import Clip
    from tympan.notation import Note, Piece

MOST_SHOWN = 12
SOUND = (".wav", ".flac", ".ogg", ".opus", ".mp3")
OPUS_HZ = 48_000


@dataclass(frozen=True)
class Composition(Result):
    """A piece of music that a model composed.

    Attributes:
        file: its title.
        piece: the notes as they are written.
        key: such as `"G major"`; None if it is not known.
        bars: how many.
        seed: what made this piece and no other.
        copied_steps: the longest stretch that stands in the model's training pieces, in steps of
            its grid, in any key.
        copied_notes: the notes of it.
        duration_s: its length.
        model: name of the model.
        soundfont: file of the instruments that it is played with; empty: tympan's own.
        warnings: what may be wrong with it.
    """

    file: str
    piece: Piece = field(repr=False)
    key: str | None = None
    bars: int = 0
    seed: int = 0
    copied_steps: int = 0
    copied_notes: int = 0
    duration_s: float = 0.0
    model: str = ""
    soundfont: str = ""
    warnings: tuple[str, ...] = ()
    formats: ClassVar[tuple[str, ...]] = (
        ".json", ".csv", ".mid", ".midi", *SOUND, ".musicxml", ".svg",
    )  # fmt: skip

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes with their times in seconds."""
        return self.piece.notes()

    def shown(self) -> str:
        """What it is, and its first notes."""
        count = len(self.notes)
        facts = [f"{self.bars} bars", *([] if self.key is None else [self.key])]
        facts += [f"{self.piece.tempo_bpm:.0f} BPM", f"{count} notes", f"{self.duration_s:.0f} s"]
        facts += [f"seed {self.seed}"]
        return ", ".join(facts)

    def _answer(self) -> dict[str, Any]:
        notes = [
            {
                "start_s": round(n.start_s, 4), "end_s": round(n.end_s, 4), "pitch": n.pitch,
                "velocity": n.velocity, "instrument": n.instrument,
            }
            for n in self.notes
        ]  # fmt: skip
        return {
            "key": self.key, "tempo_bpm": round(self.piece.tempo_bpm, 3), "bars": self.bars,
            "seed": self.seed, "copied_steps": self.copied_steps,
            "copied_notes": self.copied_notes, "notes": notes,
        }  # fmt: skip

    def columns(self) -> tuple[str, ...]:
        """Those of the notes."""
        return ("start_s", "end_s", "pitch", "velocity", "instrument")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each note."""
        return ((n.start_s, n.end_s, n.pitch, n.velocity, n.instrument) for n in self.notes)

    def clip(self) -> Clip:
        """Its sound, with tags that say that a machine composed it."""
        from dataclasses import replace

        from tympan.audio.synthetic import synthetic_tags
        from tympan.notation import synthesize

        if self.soundfont:
            from tympan.notation.soundfont import play

            found = play(self.piece, self.soundfont)
        else:
            found = synthesize(self.piece)
        tags = synthetic_tags(model=self.model, title=self.file)
        tags["comment"] = tags["comment"].replace("Synthetic speech", "Music", 1)
        return replace(found, tags=tags, name=self.file)

    def plot(self) -> Figure:
        """A piano roll."""
        from tympan.tasks.results.figures import piano_roll

        return piano_roll(self.notes, self.duration_s, self.file)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it: as MIDI, sound, MusicXML, a piano roll (`.svg`), JSON or a table of notes.

        Raises:
            ArgumentError: another extension.
            TympanError: the file cannot be written.
        """
        target = Path(path)
        ending = formats.check_ending(target, self.formats, "a composition")
        if ending in SOUND:
            sound = self.clip()
            # Opus knows no 44.1 kHz.
            return (sound.resample(OPUS_HZ) if ending == ".opus" else sound).save(target)
        with atomic_write(target) as beside:
            beside.write_bytes(self._content(ending))
        return target

    def _content(self, ending: str) -> bytes:
        from tympan.notation import midi_bytes, musicxml_text

        if ending in (".mid", ".midi"):
            return midi_bytes(self.piece)
        if ending == ".musicxml":
            return musicxml_text(self.piece).encode()
        if ending == ".svg":
            import io

            file = io.BytesIO()
            # Without a date, and with the same ids, the same piece is the same file.
            import matplotlib as mpl

            with mpl.rc_context({"svg.hashsalt": "tympan"}):
                self.plot().savefig(file, format="svg", metadata={"Date": None})
            return file.getvalue()
        return super()._content(ending)
