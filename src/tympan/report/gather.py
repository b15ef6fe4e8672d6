"""One pass over a recording: models, meter, pictures and player get each block."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tympan.report import sections
from tympan.report.measure import Measurements, Meter
from tympan.report.page_models import PageModel
from tympan.report.parts import Part
from tympan.report.player import Encoder, Player, choose_quality, linked
from tympan.report.spectrum import spectrum_part
from tympan.spectra.figures_data import Gatherer, Overview
from tympan.tasks.inputs import MOST_PEAK, SHORTEST_S, Feed, ModelInput, name_of

if TYPE_CHECKING:
    from tympan.report.source import Source
    from tympan.tasks.contract import Answer, Session

T = TypeVar("T")


@dataclass(frozen=True)
class Drawn:
    """What the page shows of a recording apart from answers.

    Attributes:
        overview: what its pictures are drawn from.
        waves: the waveforms, for the template.
        spectrogram: for the template.
        spectrum: the section about the spectrum.
        measured: loudness, peak, clipping and silence.
        player: its sound in the page.
        digest: of its samples.
    """

    overview: Overview
    waves: list[dict[str, Any]]
    spectrogram: dict[str, Any]
    spectrum: Part
    measured: Measurements
    player: Player
    digest: str


@dataclass(frozen=True)
class Gathered:
    """What one pass over a recording gave.

    Attributes:
        recording: what was read.
        drawn: what the page shows of it.
        answers: of the models, with all their warnings.
        sessions: what gave them.
        inputs: what each model got of it.
        warnings: what the models do not get of it, and what they say themselves.
    """

    recording: Source
    drawn: Drawn
    answers: Sequence[Answer]
    sessions: Sequence[Session[Answer]]
    inputs: Sequence[ModelInput]
    warnings: list[sections.Warning]

    def nothing(self, number: int) -> str:
        """Why the answer of a model means nothing, in a few words; empty if it means something."""
        if self.drawn.measured.silent:
            return "silence"
        if self.drawn.overview.duration_s < SHORTEST_S:
            return "too short to tell"
        if number < len(self.inputs) and self.inputs[number].empty:
            return "nothing that the model can hear"
        return ""


def gather(
    recording: Source,
    used: Sequence[PageModel],
    source: Any,
    out: str | os.PathLike[str] | None,
    known: Sequence[Answer] = (),
) -> Generator[float, None, Gathered]:
    """Read a recording once, to its end; yields the seconds that are read, block after block.

    Args:
        recording: just opened.
        used: the models that answer.
        source: what was opened, for its name.
        out: the page, for a link to a recording that it cannot hold.
        known: answers that were given before, whose warnings are shown.

    Raises:
        AudioFileError: the recording is damaged, or holds no samples.
    """
    feed = Feed(recording.rate_hz, recording.channels)
    sessions = [one.session(name_of(source)) for one in used]
    inputs = [feed.join(one.model, s) for one, s in zip(used, sessions, strict=True)]
    page = Path("page.html") if out is None else Path(out)
    with Aside(_Drawing(recording, page)) as aside:
        read_s = 0.0
        for block in recording.blocks:
            aside.push(block)
            feed.push(block)
            read_s += block.shape[1] / recording.rate_hz
            yield round(read_s, 3)
        aside.end()  # it draws while the models answer about the last block
        feed.finish()
        answers = feed.answers()
    warned = _warnings(used, inputs, answers) + [
        sections.Warning("", f"{line[:1].upper()}{line[1:]}.") for a in known for line in a.warnings
    ]
    return Gathered(recording, aside.result(), answers, sessions, inputs, warned)


def finished(steps: Generator[Any, None, T]) -> T:
    """What steps return at their end.

    >>> def steps():
    ...     yield 1
    ...     return "done"
    >>> finished(steps())
    'done'
    """
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


class _Drawing:
    """Takes a recording block by block, and draws what the page shows of it."""

    def __init__(self, recording: Source, page: Path) -> None:
        rate_hz, channels = recording.rate_hz, recording.channels
        self._recording, self._page = recording, page
        self._gatherer = Gatherer(recording.name, rate_hz, recording.expected_samples)
        self._meter, self._digest = Meter(rate_hz, channels), Digest()
        quality = choose_quality(recording.expected_samples / rate_hz, rate_hz, channels)
        self._encoder = None if quality is None else Encoder(rate_hz, channels, quality)

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        for consumer in (self._gatherer, self._meter, self._digest, self._encoder):
            if consumer is not None:
                consumer.push(samples)

    def result(self) -> Drawn:
        """Draw; the recording ends here."""
        overview = self._gatherer.result()
        player = self._player()
        return Drawn(
            overview,
            sections.waves(overview),
            sections.spectrogram(overview),
            spectrum_part(overview, live=player.embedded),
            self._meter.result(),
            player,
            self._digest.result(),
        )

    def close(self) -> None:
        """Leave nothing behind."""
        if self._encoder is not None:
            self._encoder.close()

    def _player(self) -> Player:
        encoder = self._encoder
        src = "" if encoder is None else encoder.result()
        if encoder is None or not src:
            return linked(self._recording.path, self._page)
        quality = encoder.quality
        size = sections.size_text(len(src) * 3 // 4)
        channels = sections.channel_text(quality.channels)
        if quality.kbit_s == 0:
            how = f"WAV, 16 bits, {quality.rate_hz:,} Hz, {channels}, {size}"
            return Player(src, embedded=True, note=f"The page carries the sound: {how}.")
        how = f"MP3, {quality.kbit_s} kbit/s, {quality.rate_hz:,} Hz, {channels}, {size}"
        note = (
            f"The page carries a copy of the sound: {how}. Answers and the pictures of the whole "
            "come from the recording itself, zoomed ones from this copy."
        )
        return Player(src, embedded=True, note=note)


def _warnings(
    used: Sequence[PageModel], inputs: Sequence[ModelInput], answers: Sequence[Answer]
) -> list[sections.Warning]:
    """What lies above a model's band, and what its answer warns of beside its input."""
    found = []
    for one, way, answer in zip(used, inputs, answers, strict=True):
        who = f" ({one.model.name})" if len(used) > 1 else ""
        if way.too_loud:
            found.append(sections.Warning("", f"It {way.too_loud}{who}."))
        if way.above_band:
            text = f"{way.above_band[:1].upper()}{way.above_band[1:]}{who}."
            found.append(sections.Warning("Above the model’s band.", text))
        for line in answer.warnings:
            if line not in way.warnings:
                found.append(sections.Warning("", f"{line[:1].upper()}{line[1:]}{who}."))
    return found


class Digest:
    """Tells recordings apart by their samples."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        self._hash.update(samples.tobytes())

    def result(self) -> str:
        """The digest as text."""
        return self._hash.hexdigest()


class Aside:
    """Lets a `_Drawing` work in a thread of its own, while the models compute in this one.

    What goes wrong there is raised here, at the next block or at the end. A few blocks wait at
    most.
    """

    def __init__(self, drawing: _Drawing) -> None:
        self._drawing = drawing
        self._blocks: queue.Queue[np.ndarray | None] = queue.Queue(maxsize=2)
        self._error: BaseException | None = None
        self._drawn: Drawn | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="page", daemon=True)

    def __enter__(self) -> Aside:
        self._thread.start()
        return self

    def push(self, block: np.ndarray) -> None:
        """Hand over the next samples (c, t), which stay as they are."""
        if self._error is not None:
            raise self._error
        if block.size and max(block.max(), -block.min()) > MOST_PEAK:
            # What is above has been told of, and has no power that could be drawn.
            block = np.clip(block, -MOST_PEAK, MOST_PEAK)
        self._blocks.put(block)

    def end(self) -> None:
        """The recording ends here: draw."""
        self._blocks.put(None)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._stopped = True
            self.end()
        self._thread.join()
        self._drawing.close()
        if self._error is not None and kind is None:
            raise self._error

    def result(self) -> Drawn:
        """What was drawn."""
        assert self._drawn is not None
        return self._drawn

    def _work(self) -> None:
        ended = False
        try:
            while (block := self._blocks.get()) is not None:
                if self._stopped:
                    return
                self._drawing.push(block)
            ended = True
            if not self._stopped:
                self._drawn = self._drawing.result()
        except BaseException as error:
            self._error = error
            # Nobody must wait for this thread, nor this thread for an end that has come.
            while not ended and self._blocks.get() is not None:
                pass
