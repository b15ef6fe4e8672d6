"""The folder whose recordings are labelled in the studio: its clips, by numbers of ours.

The operator names the folder; a client only ever names a clip by the number that the list of clips
gave it, which is looked up and never made into a path.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tympan._walk import walk
from tympan.data._formats import AUDIO_SUFFIXES
from tympan.data._text import MOST_SECONDS
from tympan.data.label_sheet import LabelSheet, SheetState
from tympan.data.marks import LabelMark, checked_label
from tympan.errors import ArgumentError, TympanError
from tympan.serve.refusals import Refusal

# The folder is looked through again after so long.
LOOK_S = 3.0
MOST_CLIPS = 200_000
# Labels of one recording.
MOST_MARKS = 2000
# How far a label may reach beyond the end, by rounding of the browser.
BEYOND_S = 0.1


@dataclass(frozen=True)
class Clip:
    """A recording of the folder.

    Attributes:
        number: how clients call it.
        name: relative to the folder, with `/`.
        path: where it is.
    """

    number: str
    name: str
    path: Path


class ClipFolder:
    """The clips of a folder and their labels.

    Args:
        root: the folder.

    Raises:
        ArgumentError: it is none.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise ArgumentError("is no folder", file=root, fix="name one that holds recordings")
        self.root = root.resolve()
        self.sheet = LabelSheet(self.root, first_labels(self.root), self._length_of)
        self._clips: dict[str, Clip] = {}
        self._looked_s, self._again_s = -math.inf, LOOK_S
        self._lengths: dict[str, float] = {}
        # Threads of one process come one after another; a lock of files keeps others out.
        self._turn = asyncio.Lock()

    # -- clips -------------------------------------------------------------------------------------

    async def clips(self) -> Mapping[str, Clip]:
        """All recordings of the folder, by their numbers, in the order of their names."""
        began_s = time.monotonic()
        if began_s - self._looked_s > self._again_s:
            self._clips = await asyncio.to_thread(self._look)
            self._looked_s = time.monotonic()
            # A large folder takes seconds to look through: not more than a twentieth of the time.
            self._again_s = max(LOOK_S, 20 * (self._looked_s - began_s))
        return self._clips

    async def clip(self, number: str) -> Clip:
        """A recording by its number.

        Raises:
            Refusal: there is none.
        """
        found = self._clips.get(number) or (await self.clips()).get(number)
        if found is None or not found.path.is_file():
            text = "There is no such recording in the folder, or no longer."
            raise Refusal(404, text, "clip_not_found", param="clip")
        return found

    def _look(self) -> dict[str, Clip]:
        found: dict[str, Clip] = {}
        for path in walk(self.root, AUDIO_SUFFIXES, on_error=lambda error: None):
            # A link that leads out of the folder is not served.
            if path.is_symlink() and not path.resolve().is_relative_to(self.root):
                continue
            name = path.relative_to(self.root).as_posix()
            number = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
            found[number] = Clip(number, name, path)
            if len(found) >= MOST_CLIPS:
                break
        return found

    async def length_s(self, clip: Clip) -> float:
        """How long a recording is.

        Raises:
            TympanError: it cannot be read.
        """
        return await asyncio.to_thread(self._length_of, clip.name)

    def _length_of(self, name: str) -> float:
        from tympan.audio import probe

        if name not in self._lengths:
            self._lengths[name] = float(probe(self.root / name).duration_s or 0.0)
        return self._lengths[name]

    # -- labels ------------------------------------------------------------------------------------

    async def state(self) -> SheetState:
        """The labels as they are now."""
        async with self._turn:
            return await asyncio.to_thread(self.sheet.state)

    async def change(self, clip: Clip, marks: Iterable[LabelMark], base: str) -> SheetState:
        """Give a recording other labels.

        Raises:
            TympanError: they were changed meanwhile, or the table cannot be written.
        """
        async with self._turn:
            return await asyncio.to_thread(self.sheet.change, clip.name, tuple(marks), base)

    def told(self, clip: Clip, state: SheetState) -> dict[str, Any]:
        """What a page is told of a clip."""
        return {
            "id": clip.number,
            "name": shown(clip.name),
            "marks": [told_mark(one) for one in state.of(clip.name)],
            "base": state.base(clip.name),
        }


def shown(name: str) -> str:
    """A file name that can be sent as text.

    >>> shown("a\\udcff.wav")
    'a?.wav'
    """
    return name.encode("utf-8", "replace").decode()


def told_mark(one: LabelMark) -> dict[str, Any]:
    """A label as JSON: times are null where it is of the whole recording."""
    times = (None, None) if one.whole else (one.start_s, one.end_s)
    return {"start_s": times[0], "end_s": times[1], "label": one.label}


def read_marks(given: Any, length_s: float) -> list[LabelMark]:
    """The labels that a client has sent.

    Args:
        given: as JSON.
        length_s: of the recording.

    Raises:
        Refusal: they are no labels, or lie outside of the recording.

    >>> read_marks([{"label": "dog", "start_s": 1, "end_s": 2}], 5.0)
    [LabelMark(start_s=1.0, end_s=2.0, label='dog')]
    """
    if not isinstance(given, list) or len(given) > MOST_MARKS:
        raise _wrong(f"marks is no list of {MOST_MARKS} labels at most")
    return [_mark(one, length_s) for one in given]


def _mark(one: Any, length_s: float) -> LabelMark:
    if not isinstance(one, dict) or not isinstance(one.get("label"), str):
        raise _wrong("A label has the fields label, start_s and end_s")
    start, end = one.get("start_s"), one.get("end_s")
    if start is None and end is None:
        return LabelMark.of(_label(one["label"]) if one["label"] else "")
    start_s, end_s = _seconds(start), _seconds(end)
    if not 0 <= start_s < end_s or end_s > length_s + BEYOND_S:
        raise _wrong(f"A label lies outside of the recording, which ends at {length_s:.3f} s")
    end_s = min(end_s, length_s)
    return LabelMark(round(start_s, 3), round(end_s, 3), _label(one["label"]))


def _seconds(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # A whole number of a thousand digits is one, too.
    if not is_number or abs(value) > MOST_SECONDS or not math.isfinite(value):
        raise _wrong("start_s and end_s are numbers of seconds, or both null")
    return float(value)


def _label(text: str) -> str:
    try:
        return checked_label(text)
    except ArgumentError as error:
        raise _wrong(f"{error.what[:1].upper()}{error.what[1:]}: {error.fix}") from error


def _wrong(text: str) -> Refusal:
    return Refusal(400, f"{text}.", "invalid_value", param="marks")


def first_labels(root: Path) -> dict[str, list[LabelMark]]:
    """The labels that recordings have by their sub-folders, or by a table of another name.

    Where there is a `metadata.csv`, or nothing says what the recordings are, there are none.

    Raises:
        ArgumentError: the labels are in a `metadata.jsonl` or `metadata.tsv`.
    """
    from tympan.data import read_folder
    from tympan.data.tables import METADATA

    for name in METADATA:
        if (root / name).is_file():
            if name != METADATA[0]:
                what = "holds the labels, and the studio writes metadata.csv"
                raise ArgumentError(what, file=root / name, fix="save it as metadata.csv")
            return {}
    try:
        examples = read_folder(root).examples
    except TympanError:
        return {}  # no labels yet, in whichever order the recordings lie
    found: dict[str, list[LabelMark]] = {}
    for one in examples:
        if not one.path.is_relative_to(root):
            continue
        name = one.path.relative_to(root).as_posix()
        events = [LabelMark(each.start_s, each.end_s, each.label) for each in one.supervisions
                  if each.label]  # fmt: skip
        tags = [LabelMark.of(label) for label in one.tags]
        if events or tags:
            found[name] = events or tags
    return found
