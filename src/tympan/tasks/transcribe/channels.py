"""A recording with a speaker in each channel: every channel is transcribed for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tympan.tasks.results.transcript import Transcript, Utterance
from tympan.tasks.transcribe.session import TranscribeSession

if TYPE_CHECKING:
    from tympan.tasks.inputs import ModelInput

Wave = npt.NDArray[np.float32]


class ChannelsSession:
    """One recording whose channels go their own ways; each stands in the answer as a speaker.

    Args:
        begin: begins a session for one channel.
        name: how the answer calls the recording.

    Attributes:
        mono: it takes the channels as they are.
    """

    mono = False

    def __init__(self, begin: Callable[[], TranscribeSession], name: str) -> None:
        self._begin, self._name = begin, name
        self._sessions: list[TranscribeSession] = []
        self.input: ModelInput | None = None

    def push(self, wave: Wave) -> Iterable[Any]:
        """Take the next samples `(c, t)`; nothing is told before the end."""
        if not self._sessions:
            self._sessions = [self._begin() for _ in wave]
        for session, channel in zip(self._sessions, wave, strict=True):
            session.push(channel[None])
        return ()

    def result(self) -> Transcript:
        """What was said in all channels, in order of time."""
        if not self._sessions:
            self._sessions = [self._begin()]
        answers = []
        for session in self._sessions:
            if self.input is not None:
                session.input = self.input
            answers.append(session.result())
        found: list[Utterance] = []
        warnings: list[str] = []
        seen: dict[str, int] = {}
        for number, answer in enumerate(answers, 1):
            if answer.text and answer.text in seen:
                warnings.append(f"channel {number} says what channel {seen[answer.text]} says")
                continue
            seen[answer.text] = number
            found += [replace(one, speaker=f"channel {number}") for one in answer.segments]
            warnings += [f"channel {number}: {line}" for line in answer.warnings if answer.text]
        if not found:
            warnings.append("has no speech")
        found.sort(key=lambda one: (one.start_s, one.end_s))
        text = " ".join(one.text for one in found)
        first = answers[0]
        return replace(
            first, text=text, segments=tuple(found), warnings=tuple(warnings), file=self._name
        )
