"""Pictures of a recording as an answer, for who asks over a network."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.tasks.results import formats
from tympan.tasks.results.base import json_text

if TYPE_CHECKING:
    from tympan.spectra.figures_data import Overview

ENDINGS = (".json", ".png", ".svg", ".pdf")


@dataclass(frozen=True)
class Picture:
    """A picture of a recording.

    Attributes:
        file: name of the recording.
        duration_s: its length.
        kind: what is drawn, one of `tympan.spectra.figures.KINDS`.
        path: where it is drawn as PNG, once that is asked for.
        overview: what it is drawn from.
    """

    file: str
    duration_s: float
    kind: str
    path: Path
    overview: Overview = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """What is drawn, as plain values; `picture` is a path, where it then lies."""
        from tympan.spectra import figures

        if not self.path.is_file():
            figures.show(self.overview, self.kind, path=self.path)
        return {
            "file": self.file,
            "duration_s": round(self.duration_s, 6),
            "kind": self.kind,
            "picture": str(self.path),
        }

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it: `.png`, `.svg`, `.pdf`, or what it is as `.json`.

        Raises:
            ArgumentError: another ending.
        """
        from tympan._files import atomic_write
        from tympan.spectra import figures

        target = Path(path)
        ending = formats.check_ending(target, ENDINGS, "Picture")
        if ending != ".json":
            figures.show(self.overview, self.kind, path=target)
            return target
        with atomic_write(target) as beside:
            beside.write_bytes(formats.encoded(json_text(self.to_json(), indent=2) + "\n"))
        return target


def pictured(source: Any, kind: str, path: str | os.PathLike[str]) -> Picture:
    """A picture of a recording, which is drawn when it is known in which form.

    Args:
        source: a file, its bytes, an opened file, or a clip.
        kind: one of `tympan.spectra.figures.KINDS`.
        path: a `.png` to draw into where no other file is asked for.

    Raises:
        AudioFileError: the recording cannot be read.
        ArgumentError: there is no such kind.

    >>> import tempfile, tympan
    >>> clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
    >>> found = pictured(clip, "spectrum", Path(tempfile.mkdtemp()) / "tone.png")
    >>> found.path.exists(), found.to_json()["kind"], found.path.read_bytes()[1:4]
    (False, 'spectrum', b'PNG')
    """
    from tympan.spectra.figures import check_kind
    from tympan.spectra.figures_data import overview
    from tympan.tasks.inputs import name_of

    check_kind(kind)
    data = overview(source)
    return Picture(name_of(source), data.duration_s, kind, Path(path), data)
