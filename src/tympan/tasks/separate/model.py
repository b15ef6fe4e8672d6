"""A separator that is loaded, and recordings on their way through it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.inputs import name_of
from tympan.tasks.model import BaseModel
from tympan.tasks.results import Separation
from tympan.tasks.separate.config import SeparateConfig
from tympan.tasks.separate.mixing import Apart, Wanted, stems_of
from tympan.tasks.separate.streams import BlockStream, MaskStream, Stitcher, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from tympan.audio import ClipWriter
    from tympan.tasks.graphs import Graph

    Wave = npt.NDArray[np.float32]

# What a file is written as: floats, so that sources sum to the mix and nothing is clipped.
ENDING, SUBTYPE = ".wav", "FLOAT"
# Less of the power above the net's band goes without a word.
MUCH_ABOVE = 0.001


class SeparateModel(BaseModel[Separation]):
    """One clip per source of a mix, at the rate, with the channels and length of the recording.

    Args:
        net: the separator, see `tympan.tasks.separate.separators.NETS`.
        config: its configuration.
        labels: of its sources.
        name: of the model.
        device: where the net is.
        stitcher: makes what joins the blocks of a recording, where sources have no names; None: by
            what they share where they overlap.
    """

    def __init__(
        self,
        net: nn.Module,
        config: SeparateConfig,
        labels: tuple[str, ...],
        name: str,
        device: str = "cpu",
        *,
        stitcher: Callable[[], Stitcher] | None = None,
    ) -> None:
        self.net, self.config, self.labels = net.to(device).eval(), config, labels
        self.name, self.device, self.stitcher = name, device, stitcher

    @property
    def task(self) -> str:
        """Name of its task."""
        return "separate"

    @property
    def rate_hz(self) -> int:
        """Rate of the net; recordings come in at their own."""
        return self.config.rate_hz

    @property
    def mono(self) -> bool:
        """Recordings come in with all their channels."""
        return False

    @property
    def causal(self) -> bool:
        """Whether it answers frame by frame."""
        return hasattr(self.net, "mask")

    @property
    def shares(self) -> bool:
        """Whether it shares a mix out among its sources, or among some of them."""
        return bool(getattr(getattr(self.net, "config", None), "shares", False))

    def graph(self) -> Graph:
        """Refused: see `tympan.tasks.separate.graph.refuse_whole`."""
        from tympan.tasks.separate.graph import refuse_whole

        refuse_whole(self)

    def stream_graph(self) -> Graph:
        """See `tympan.tasks.separate.graph.stream_graph`."""
        from tympan.tasks.separate.graph import stream_graph

        return stream_graph(self)

    def wanted(
        self,
        keep: str | Iterable[str] | None = None,
        amount: float = 1.0,
        stems: bool = False,
        book: str | os.PathLike[str] | None = None,
        present: str | Iterable[str] | None = None,
    ) -> Wanted:
        """What is given out.

        Raises:
            ArgumentError: a source that the model does not know, stems that it does not have, or
                `present` of a model that does not share a mix out.
            DataError: the voice book cannot be read.
        """
        kept, here = _names(keep), _names(present)
        if here and not self.shares:
            what = f"the model {self.name!r} cannot be told what a mix consists of"
            raise ArgumentError(what, fix="leave out present", option="present")
        unknown = [one for one in kept if one not in self.labels]
        if book is not None or (self.config.permute and unknown):
            return self._of_person(kept, amount, book)
        mapping = stems_of(self.config.stems, self.labels, self.name) if stems else None
        return Wanted(self.labels, kept, amount, mapping, present=here)

    def _of_person(
        self, kept: tuple[str, ...], amount: float, book: str | os.PathLike[str] | None
    ) -> Wanted:
        """A voice of the voice book, and all others."""
        from tympan.tasks.separate.person import OTHER, person_of

        if not self.config.permute or len(self.labels) != 2:
            what = f"the model {self.name!r} does not tell voices apart"
            fix = "give a model that tells voices apart, and a voice book"
            raise ArgumentError(what, fix=fix, option="model")
        if len(kept) != 1:
            what = f"{len(kept)} names were given to keep, of a voice book it is one"
            raise ArgumentError(what, fix="give the name of one person in it", option="keep")
        person = person_of(kept[0], book)
        return Wanted((kept[0], OTHER), kept, amount, person=person)

    def begin(self, rate_hz: int, channels: int, wanted: Wanted | None = None) -> Apart:
        """A recording of that rate on its way through the net."""
        found: Stream
        if self.causal:
            net: Any = self.net
            found = MaskStream(net, rate_hz, channels, self.device)
        else:
            stitcher = None if self.stitcher is None else self.stitcher()
            import torch

            condition = None
            if wanted is not None and wanted.person is not None:
                from tympan.tasks.separate.person import PersonStitcher, condition_of

                stitcher = PersonStitcher(self.rate_hz, person=wanted.person.vector)
                condition = condition_of(wanted.person, self.device) if self.config.told else None
            elif wanted is not None and wanted.present:
                condition = torch.from_numpy(wanted.numbers())[None].to(self.device)
            found = BlockStream(
                self.net,
                self.config,
                rate_hz,
                channels,
                self.device,
                sources=len(self.labels),
                stitcher=stitcher,
                condition=condition,
            )
        return Apart(found, wanted or self.wanted(), channels)

    def session(  # type: ignore[override]
        self,
        *,
        name: str = "",
        folder: Path | None = None,
        ending: str = ENDING,
        batcher: None = None,
        **options: Any,
    ) -> SeparateSession:
        """Begin a recording called `name`, with the verb's options.

        Args:
            name: how the answer calls it.
            folder: where its files go; None: they go with the answer.
            ending: of the files; `.wav` holds floats.
            batcher: none is used.
            options: of the verb.
        """
        return SeparateSession(self, name, self.wanted(**options), folder, ending)

    def __call__(self, source: Any, *, name: str = "", **options: Any) -> Separation:
        """Take a recording apart; where it cannot be read to its end, no file is left."""
        session = self.session(name=name or name_of(source), **options)
        try:
            found: Separation = self._fed(session, source).answers()[0]
        except BaseException:
            session.drop()
            raise
        return found

    def stream(
        self,
        blocks: Iterable[Wave],
        *,
        rate_hz: int | None = None,
        **options: Any,
    ) -> Iterator[dict[str, Wave]]:
        """Yield the sources `(c, t)` of what is done, while samples `(c, t)` come in.

        Args:
            blocks: samples.
            rate_hz: of the samples; by default that of the net.
            options: of the verb.
        """
        apart: Apart | None = None
        for block in blocks:
            block = np.atleast_2d(np.asarray(block, np.float32))
            wanted = self.wanted(**options)
            apart = apart or self.begin(rate_hz or self.rate_hz, len(block), wanted)
            yield from _named(apart.wanted.names, apart.push(block))
        if apart is not None:
            yield from _named(apart.wanted.names, apart.finish())


def _names(given: str | Iterable[str] | None) -> tuple[str, ...]:
    """Names, of a text those between its commas, each once."""
    names = given.split(",") if isinstance(given, str) else list(given or ())
    return tuple(dict.fromkeys(one.strip() for one in names if one.strip()))


def _named(names: tuple[str, ...], parts: Wave) -> Iterator[dict[str, Wave]]:
    if parts.shape[2]:
        yield dict(zip(names, parts, strict=True))


class SeparateSession:
    """One recording on its way into a file for each source.

    Args:
        model: the separator.
        name: of the recording.
        wanted: what is given out.
        folder: where the files go; None: they go with the answer.
        ending: of the files.
    """

    def __init__(
        self, model: SeparateModel, name: str, wanted: Wanted, folder: Path | None, ending: str
    ) -> None:
        self.model, self.name, self.wanted, self.ending = model, name, wanted, ending
        self._home = None if folder is not None else tempfile.TemporaryDirectory(prefix="tympan-")
        self.folder = Path(self._home.name) if self._home is not None else Path(str(folder))
        self._apart: Apart | None = None
        self._writers: list[ClipWriter] = []
        self._files = ExitStack()
        self._rate_hz = self._samples = 0
        self._above: list[float] = []

    def begin(self, rate_hz: int, channels: int) -> None:
        """Hear what comes."""
        from tympan._files import check_target
        from tympan.audio import open_writer

        self._rate_hz = rate_hz
        self._apart = self.model.begin(rate_hz, channels, self.wanted)
        subtype = SUBTYPE if self.ending == ENDING else None
        for path in self.paths().values():
            check_target(path, self.name)
            writer = open_writer(path, rate_hz, channels, subtype=subtype)
            self._writers.append(self._files.enter_context(writer))

    def paths(self) -> Mapping[str, Path]:
        """The file of each source."""
        return {name: self.folder / f"{safe_name(name)}{self.ending}" for name in self.wanted.names}

    def push(self, wave: Wave) -> Iterable[Any]:
        """Take the next samples `(c, t)` of the recording."""
        assert self._apart is not None, "begin() comes first"
        self._samples += wave.shape[1]
        self._write(self._apart.push(wave))
        return ()

    def _write(self, parts: Wave) -> None:
        for writer, part in zip(self._writers, parts, strict=True):
            writer.write(part)

    def drop(self) -> None:
        """Take away what was written, as the recording cannot be read to its end."""
        for writer in self._writers:
            writer.abandon()
        self._writers = []

    def result(self) -> Separation:
        """The files, complete."""
        assert self._apart is not None, "begin() comes first"
        warnings: tuple[str, ...] = ()
        sources: Mapping[str, Path] = {}
        if self._samples:
            self._write(self._apart.finish())
            self._files.close()
            sources = self.paths()
        else:
            self.drop()
            warnings = ("holds no samples, so there is nothing to take apart",)
        if not self.model.causal and self._rate_hz > self.model.rate_hz:
            top_hz = self.model.rate_hz / 2
            warnings += (
                f"what lies above {top_hz:,.0f} Hz is in {self.wanted.names[-1]}: "
                f"{self.model.name} listens no higher",
            )
        return Separation(
            self.name,
            sources,
            self._samples / max(1, self._rate_hz),
            self.model.name,
            warnings,
            home=self._home,
        )


def safe_name(label: str) -> str:
    """A label as a file's name.

    >>> safe_name("voice/lead"), safe_name("")
    ('voice-lead', 'source')
    """
    return re.sub(r"[^\w .+-]+", "-", label).strip(" .") or "source"


def check_ending(ending: str) -> str:
    """A format's name as the ending of files.

    Raises:
        ArgumentError: tympan writes no such sound.

    >>> check_ending("flac")
    '.flac'
    """
    from tympan.audio._save import check_suffix

    found = f".{ending.lstrip('.').lower()}"
    try:
        check_suffix(Path(f"source{found}"))
    except Exception as error:
        raise ArgumentError(f"no sound is written as {found}", fix="wav, flac, mp3 …") from error
    return found


def folder_for(out: Path | None, name: str) -> Path:
    """Where the files of a recording go: a folder of its name.

    >>> folder_for(None, "band/mix.wav").as_posix(), folder_for(Path("o"), "a.b.wav").as_posix()
    ('mix', 'o/a.b')
    """
    stem = Path(os.path.basename(name)).stem or "recording"
    return Path(stem) if out is None else out / stem
