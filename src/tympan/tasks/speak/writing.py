"""Long texts to a file: in bounded memory, sentence by sentence, and on after an interruption."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError
from tympan.tasks.results.speech_marks import SpeechMarks
from tympan.tasks.speak.timing import marks_of

if TYPE_CHECKING:
    from tympan.audio import ClipWriter
    from tympan.tasks.speak.piped import PipedWav
    from tympan.tasks.speak.voice import SpeechVoice, SpokenPart
    from tympan.text import Chapter

# A checkpoint costs a flush to the disk.
CHECKPOINT_S = 20.0
CHAPTER_PAUSE_S = 1.0
# More sentences than any chapter has.
EVERY = 1 << 62


@dataclass
class Written:
    """What became of a text.

    Attributes:
        path: the file.
        duration_s: its length.
        marks: when what is spoken; empty unless they were wanted.
        warnings: what was not spoken, or not as the text wants it.
        resumed_s: so much was there from an interrupted run.
    """

    path: Path
    duration_s: float = 0.0
    marks: SpeechMarks | None = None
    warnings: dict[str, None] = field(default_factory=dict)
    resumed_s: float = 0.0


def write_speech(
    voice: SpeechVoice,
    chapters: Iterable[Chapter],
    path: str | os.PathLike[str],
    options: Mapping[str, Any],
    *,
    key: str | None = None,
    marks: bool = False,
    title: str = "",
    heard: Callable[[SpokenPart], None] = lambda part: None,
) -> Written:
    """Speak chapters into a file.

    Args:
        voice: who speaks.
        chapters: texts in order; a heading is spoken before its text.
        path: the file; its ending chooses the format. `-` is WAV to standard output.
        options: those of `SpeechVoice.stream`.
        key: what everything is made from, see `tympan.audio.job_key`: an interrupted run with the
            same key is continued. None: it is begun anew.
        marks: gather when what is spoken.
        title: of the recording, for its tags.
        heard: called with each sentence that was spoken.

    Raises:
        ArgumentError: nothing can be spoken.
        AudioFileError: the file cannot be written.
    """
    tags = voice.tags(options.get("speaker")) | ({"title": title} if title else {})
    found = Written(Path(path))
    with _writer(path, voice.rate_hz, tags, key) as writer:
        done = writer.record or [-1, -1]
        found.resumed_s = writer.duration_s
        gathered = [one for record in writer.records() for one in record[2:]] if marks else []
        pending: list[Any] = []
        saved_s = writer.duration_s
        for place, part in _parts(voice, chapters, options, found, done):
            if list(place) <= done[:2]:
                continue
            if marks and len(part.samples):
                pending.append(marks_of(part, voice.rate_hz, writer.duration_s).to_json())
            writer.write(part.samples)
            heard(part)
            if writer.duration_s - saved_s >= CHECKPOINT_S:
                writer.checkpoint([*place, *pending])
                gathered, pending, saved_s = gathered + pending, [], writer.duration_s
        found.duration_s = writer.duration_s
        if not writer.num_samples:
            raise ArgumentError("nothing in the text can be spoken", fix="give letters or numbers")
    if marks:
        each = map(SpeechMarks.from_json, gathered + pending)
        found.marks = SpeechMarks.joined(each, Path(path).name, voice.name)
    return found


def _writer(
    path: str | os.PathLike[str], rate_hz: int, tags: Mapping[str, str], key: str | None
) -> ClipWriter | PipedWav:
    """What takes the samples."""
    from tympan.audio import open_writer
    from tympan.tasks.speak.piped import PipedWav

    if os.fspath(path) == "-":
        return PipedWav(sys.stdout.buffer, rate_hz, tags)
    return open_writer(path, rate_hz, tags=tags, key=key)


def _parts(
    voice: SpeechVoice,
    chapters: Iterable[Chapter],
    options: Mapping[str, Any],
    found: Written,
    done: Sequence[int],
) -> Iterator[tuple[tuple[int, int], SpokenPart]]:
    """Each sentence with the numbers of its chapter and of itself.

    Those up to `done` were spoken before: they are read, for what is named of them, and no more.
    """
    import numpy as np

    from tympan.tasks.speak.voice import SpokenPart
    from tympan.text import SpokenSentence

    silence = np.zeros(round(CHAPTER_PAUSE_S * voice.rate_hz), np.float32)
    rest = SpokenSentence((), "", 0, 0, 0.0)
    for number, chapter in enumerate(chapters):
        found.warnings |= dict.fromkeys(f"left out: {one}" for one in chapter.left_out)
        count = 0
        if number and chapter.part == 1:
            yield (number, count), SpokenPart(silence, rest, ())
        for text in filter(None, (chapter.title, chapter.text)):
            skip = EVERY if number < done[0] else done[1] - count if number == done[0] else 0
            for part in voice.stream(text, **options, skip=max(0, skip)):
                count += 1
                for name in part.sentence.unspoken:
                    found.warnings[f"not spoken: {name}"] = None
                found.warnings |= dict.fromkeys(part.warnings)
                yield (number, count), part
