"""A recogniser as a model of the verb: recordings in, transcripts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tympan.errors import ArgumentError, ModelError
from tympan.tasks.inputs import name_of
from tympan.tasks.model import BaseModel
from tympan.tasks.results.transcript import Transcript
from tympan.tasks.transcribe.channels import ChannelsSession
from tympan.tasks.transcribe.hot_words import split_hot_words
from tympan.tasks.transcribe.recogniser import check_language
from tympan.tasks.transcribe.resuming import Journal
from tympan.tasks.transcribe.session import SessionOptions, TranscribeSession
from tympan.tasks.transcribe.windows import CutRules, FindsSpeech, SpeechModelFrames

if TYPE_CHECKING:
    from collections.abc import Callable

    from tympan.tasks.graphs import Graph
    from tympan.tasks.inputs import Feed
    from tympan.tasks.segment.answer import SegmentModel
    from tympan.tasks.speakers.diarize import SpeakersModel
    from tympan.tasks.transcribe.recogniser import Aligns, Recogniser
    from tympan.tasks.windows import Wave

# In a stream a window ends at a shorter pause, and speech is looked for more often.
LIVE_PAUSE_S, LIVE_CHUNK_S = 0.6, 0.2


class Transcriber(BaseModel[Transcript]):
    """A recogniser with all that stands around it.

    Args:
        recogniser: gives the words of short waves.
        device: where the models of speech and voices compute.
        finder: makes what finds speech in one recording; None: the model `speech`.
        aligner: finds times of words, of a recogniser that gives none or worse ones.
    """

    labels = ()

    def __init__(
        self,
        recogniser: Recogniser,
        device: str = "cpu",
        *,
        finder: Callable[[], FindsSpeech] | None = None,
        aligner: Aligns | None = None,
    ) -> None:
        self.recogniser, self.name, self.device = recogniser, recogniser.name, device
        self._finder, self._aligner = finder, aligner

    @property
    def task(self) -> str:
        """`"transcribe"`."""
        return "transcribe"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.recogniser.rate_hz

    @property
    def net(self) -> Any:
        """The net of tympan's own recogniser; None: it is an engine of another package."""
        return getattr(self.recogniser, "net", None)

    def graph(self) -> Graph:
        """The recogniser's net for the export.

        Raises:
            ArgumentError: it is an engine of another package.
        """
        from tympan.tasks.graphs import graph_of

        return graph_of(self.recogniser)

    @cached_property
    def speech(self) -> SegmentModel:
        """The model that finds speech.

        Raises:
            ModelError: the recogniser takes samples of another rate.
        """
        from tympan.tasks.answering import load

        found = cast("SegmentModel", load("speech", "segment", self.device))
        if found.rate_hz != self.rate_hz:
            what = f"takes samples at {self.rate_hz} Hz, and {found.name} at {found.rate_hz} Hz"
            raise ModelError(f"{self.name} {what}", fix=f"train it at {found.rate_hz} Hz")
        return found

    def session(
        self,
        *,
        name: str = "",
        batcher: Any = None,
        words: bool = False,
        speakers: bool = False,
        book: str | None = None,
        hotwords: str | Sequence[str] | None = None,
        language: str | None = None,
        channels: str = "mix",
        live: bool = False,
        **options: Any,
    ) -> TranscribeSession | ChannelsSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: is not used, but by a model of a few words.
            words: each word is a segment of its own.
            speakers: say who speaks.
            book: a voice book with their names; then speakers are told apart too.
            hotwords: words and names that are likely, with commas between them.
            language: code of the language; None: the usual one, or the one that is heard.
            channels: `"mix"`: of all channels together; `"separate"`: of each for itself.
            live: answer soon: windows end at shorter pauses.
            options: there are no others.

        Raises:
            ArgumentError: a language that the recogniser does not know, speakers beside separate
                channels, or another option.
            DataError: the book cannot be read.
        """
        if options:
            unknown = next(iter(options))
            what = f"transcribe has no option {unknown!r}"
            raise ArgumentError(what, local="see `tympan transcribe --help`", option=unknown)
        rules = CutRules(self.recogniser.longest_s)
        if live:
            rules = replace(rules, pause_s=LIVE_PAUSE_S)
        check_language(self.name, language, self.recogniser.languages)
        chosen = SessionOptions(split_hot_words(hotwords), language, words, rules)
        told = bool(speakers) or book is not None
        if channels == "separate":
            if told:
                what = "speakers are told apart in one channel, not in separate ones"
                raise ArgumentError(what, fix="give one of the two", option="channels")
            return ChannelsSession(lambda: self._one(name, chosen, live=live), name)
        return self._one(name, chosen, live=live, speakers=told, book=book, batcher=batcher)

    def _one(
        self,
        name: str,
        options: SessionOptions,
        *,
        live: bool,
        speakers: bool = False,
        book: str | None = None,
        batcher: Any = None,
    ) -> TranscribeSession:
        from tympan.tasks.answering import load

        turns = None
        if speakers:
            model = cast("SpeakersModel", load("speakers", "segment", self.device))
            turns = model.session(name=name, book=book)
        if self._finder is not None:
            finder = self._finder()
        else:
            finder = SpeechModelFrames(self.speech, LIVE_CHUNK_S if live else None)
        return TranscribeSession(
            self.recogniser, finder, name, options, speakers=turns, aligner=self._aligner
        )

    def stream(self, blocks: Iterable[Wave], **options: Any) -> Iterator[Any]:
        """Yield each utterance as soon as it is final, while samples `(c, t)` or `(t,)` come in."""
        session = self.session(live=True, **options)
        if not isinstance(session, TranscribeSession):
            raise ArgumentError("a stream has one channel", fix="leave out channels='separate'")
        for wave in self._cleaned(blocks):
            yield from session.push(wave)
            session.forget()
        yield from session.finish()

    def resumed(self, source: Any, kept: Path, **options: Any) -> Transcript:
        """Answer about a file, going on where an interrupted call with the same arguments was.

        Args:
            source: path of the recording.
            kept: file for what has been heard so far; who has the answer removes it.
            options: as of `session`.

        Raises:
            AudioFileError: the recording cannot be read.
            TympanError: the file cannot be written.
        """
        from tympan.audio import job_key

        session = self.session(name=name_of(source), **options)
        if isinstance(session, TranscribeSession):
            known = {**options, "model": self.name, "clean": self.cleaner is not None}
            journal = Journal(kept, job_key(Path(source), known))
            state = journal.load()
            if state is not None:
                session.restore(state)
            session.on_window = lambda: journal.note(session)
        answer: Transcript = self._fed(session, source).answers()[0]
        return answer

    def _fed(self, session: Any, source: Any) -> Feed:
        if isinstance(session, ChannelsSession) and self.mono:
            return _EachChannel(self)._fed(session, source)
        return super()._fed(session, source)


class _EachChannel(Transcriber):
    """The same, which gets the channels as they are."""

    def __init__(self, model: Transcriber) -> None:
        super().__init__(model.recogniser, model.device)
        self.cleaner = model.cleaner

    @property
    def mono(self) -> bool:
        """They are not mixed."""
        return False
