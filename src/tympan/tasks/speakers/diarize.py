"""Who speaks when: a voice model and a model of speech as one model of segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tympan.errors import ArgumentError
from tympan.tasks.model import BaseModel
from tympan.tasks.results import Segments
from tympan.tasks.speakers.session import THRESHOLD, Options, SpeakersSession

if TYPE_CHECKING:
    from tympan.tasks.identify.book import Book
    from tympan.tasks.identify.model import IdentifyModel
    from tympan.tasks.segment.answer import SegmentModel


class SpeakersModel(BaseModel[Segments]):
    """Turns of speakers, by a voice model.

    Args:
        voices: the voice model.
        speech: the model that finds speech, of one label; None: the level, and what the voice
            model knows of speech.
        threshold: mean cosine from which two clusters are one voice.
        name: how answers call it.

    Raises:
        ArgumentError: both models take samples of different rates.
    """

    labels = ()
    # Options of the verb that only other models have.
    lacks = ("offset", "longest_s")

    def __init__(
        self,
        voices: IdentifyModel,
        speech: SegmentModel | None = None,
        threshold: float = THRESHOLD,
        name: str = "speakers",
    ) -> None:
        self.voices, self.speech, self.threshold, self.name = voices, speech, threshold, name
        self.device = voices.device
        if speech is not None and speech.rate_hz != voices.rate_hz:
            what = f"{speech.name} takes {speech.rate_hz} Hz, {voices.name} {voices.rate_hz} Hz"
            raise ArgumentError(what, fix="give two models of one rate")

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
        min_speakers: int | None = None,
        max_speakers: int | None = None,
        book: str | Book | None = None,
        onset: float | None = None,
        pad_s: float | None = None,
        gap_s: float | None = None,
        shortest_s: float | None = None,
        **options: Any,
    ) -> SpeakersSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: is not used.
            speakers: how many there are; None: it is found out.
            min_speakers: at least so many.
            max_speakers: at most so many.
            book: a voice book whose names turns get where a voice is in it.
            onset: probability from which a frame is speech; None: the usual one.
            pad_s: so much before and behind it is speech too; None: the usual.
            gap_s: pauses up to this length stay within a turn; None: 0.5 s.
            shortest_s: shorter turns are dropped; None: 0.25 s.
            options: of other models of the verb; they must not be given.

        Raises:
            ArgumentError: a number that cannot be, or an option of other models.
            DataError: the book cannot be read.
        """
        given = {key: value for key, value in options.items() if value is not None}
        if given:
            what = f"the model speakers has no option {next(iter(given))!r}"
            fix = (
                "it has speakers, min_speakers, max_speakers, book, and rules but offset, longest_s"
            )
            raise ArgumentError(what, fix=fix)
        rules = {"onset": onset, "pad_s": pad_s, "gap_s": gap_s, "shortest_s": shortest_s}
        own: dict[str, Any] = {key: value for key, value in rules.items() if value is not None}
        chosen = Options(speakers, min_speakers, max_speakers, self.threshold, **own)
        known = None if book is None else self.voices.book_as_made(book)
        return SpeakersSession(self, name, chosen, known)


def load(device: str = "cpu") -> SpeakersModel:
    """The model `speakers`: the models of voices and of speech that ship."""
    from tympan.tasks.answering import load as load_model

    voices = cast("IdentifyModel", load_model("voices", "identify", device))
    return SpeakersModel(voices, cast("SegmentModel", load_model("speech", "segment", device)))
