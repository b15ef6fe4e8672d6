"""Labels proposed for the recordings of the folder: its clips embedded once, heads fitted anew."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tympan._words import plural
from tympan.data.label_sheet import SheetState
from tympan.serve.clips import Clip, ClipFolder
from tympan.serve.refusals import Refusal
from tympan.serve.service import Service
from tympan.serve.spool import remove
from tympan.tasks.embed.proposing import UNKNOWN, Proposal, known_windows, proposal

VERB = "embed"
# Clips that are decoded and embedded at once.
AT_ONCE = 4
# Where labels are of parts, a window is so long.
PART_S = 1.0


@dataclass(frozen=True, eq=False)
class Windows:
    """The vectors of a clip.

    Attributes:
        stamp: of its file, and of how it was embedded.
        vectors: `(m, d)`.
        spans: begin and end of each `(m, 2)`, in seconds.
    """

    stamp: tuple[Any, ...]
    vectors: np.ndarray
    spans: np.ndarray


class Proposals:
    """Proposes labels for the clips of a folder.

    Args:
        service: of the server, which embeds them.
        clips: the folder.
    """

    def __init__(self, service: Service, clips: ClipFolder) -> None:
        self._service, self._clips = service, clips
        self._windows: dict[str, Windows] = {}
        self._turn, self._room = asyncio.Lock(), asyncio.Semaphore(AT_ONCE)

    async def news(self) -> AsyncGenerator[tuple[str, Any]]:
        """How far it is (`done`, 0 … 1), and the `proposals` at last.

        Raises:
            Refusal: nothing is labelled yet, or no model of the server can do it.
        """
        async with self._turn:
            state = await self._clips.state()
            if not state.labels:
                text = "Label a recording or two first: proposals are learnt from them."
                raise Refusal(409, text, "no_labels")
            clips = await self._clips.clips()
            model = self._model()
            lost = 0
            waiting = {asyncio.ensure_future(self._embed(one, model, state.timed))
                       for one in self._missing(clips, state.timed)}  # fmt: skip
            count = max(1, len(waiting))
            try:
                while waiting:
                    done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                    lost += sum(not one.result() for one in done)
                    yield "done", round(1 - len(waiting) / count, 3)
            finally:
                for one in waiting:
                    one.cancel()
            yield "proposals", await self._proposed(clips, await self._clips.state(), model, lost)

    def _model(self) -> str:
        verb = self._service.offers.verbs[VERB]
        return self._service.offers.choose(verb, None).place

    # -- vectors -----------------------------------------------------------------------------------

    def _missing(self, clips: Mapping[str, Clip], timed: bool) -> list[Clip]:
        found = []
        for one in clips.values():
            known = self._windows.get(one.number)
            if known is None or known.stamp != _stamp(one, timed):
                found.append(one)
        return found

    async def _embed(self, clip: Clip, model: str, timed: bool) -> bool:
        """Embed a clip; whether it could be."""
        service = self._service
        async with self._room:
            made = service.spool.new(".npz")
            decoded = None
            try:
                stamp = _stamp(clip, timed)
                decoded = await service.decode(clip.path, clip.name)
                verb = service.offers.verbs[VERB]
                options = verb.checked({"every_s": PART_S} if timed else {})
                await service.desk.answer({
                    "do": "answer", "verb": VERB, "model": model, "options": options,
                    **decoded.order(), "name": clip.number, "save": str(made),
                })  # fmt: skip
                self._windows[clip.number] = await asyncio.to_thread(_read, made, stamp)
            except (Refusal, OSError):
                return False  # it is counted, and the others go on
            finally:
                remove(made, None if decoded is None else decoded.path)
        return len(self._windows[clip.number].vectors) > 0

    # -- heads -------------------------------------------------------------------------------------

    async def _proposed(
        self, clips: Mapping[str, Clip], state: SheetState, model: str, lost: int
    ) -> dict[str, Any]:
        labels = list(state.labels)
        held = [(one, self._windows[key]) for key, one in clips.items()
                if key in self._windows and len(self._windows[key].vectors)]  # fmt: skip
        if not any(state.of(one.name) for one, _ in held):
            text = "None of the recordings with labels could be read."
            raise Refusal(409, text, "no_labels")
        known = np.concatenate([_known(one, state, each, labels) for one, each in held])
        scores = await self._scores(
            np.concatenate([each.vectors for _, each in held]), known, model
        )
        found, at = [], 0
        for one, each in held:
            own = scores[at : at + len(each.vectors)]
            at += len(each.vectors)
            if not state.of(one.name):
                made = proposal(own, each.spans, timed=state.timed)
                found.append(_told(one, made, labels, state.timed))
        with_labels = len(clips) - len(found) - lost
        about = (
            f"Learnt from {plural(with_labels, 'recording')} and {plural(len(labels), 'label')}."
        )
        if lost:
            about += f" {plural(lost, 'recording')} could not be read."
        return {"clips": found, "about": about}

    async def _scores(self, vectors: np.ndarray, known: np.ndarray, model: str) -> np.ndarray:
        windows, made = self._service.spool.new(".npz"), self._service.spool.new(".npy")
        try:
            await asyncio.to_thread(np.savez, windows, vectors=vectors, known=known)
            await self._service.desk.answer({
                "do": "heads", "verb": VERB, "model": model,
                "windows": str(windows), "save": str(made),
            })  # fmt: skip
            scores: np.ndarray = await asyncio.to_thread(np.load, made, allow_pickle=False)
            return scores
        finally:
            remove(windows, made)


def _stamp(clip: Clip, timed: bool) -> tuple[Any, ...]:
    with contextlib.suppress(OSError):
        stat = clip.path.stat()
        return stat.st_mtime_ns, stat.st_size, timed
    return ()


def _read(path: Any, stamp: tuple[Any, ...]) -> Windows:
    with np.load(path, allow_pickle=False) as made:
        spans = np.stack([made["start_s"], made["end_s"]], 1).astype(np.float64)
        return Windows(stamp, made["embeddings"].astype(np.float32), spans)


def _known(clip: Clip, state: SheetState, windows: Windows, labels: list[str]) -> np.ndarray:
    """What is known of the windows of a clip, `(m, k)`."""
    marks = state.of(clip.name)
    if not marks:
        return np.full((len(windows.spans), len(labels)), UNKNOWN, np.int8)
    told = [(one.start_s, one.end_s, labels.index(one.label)) for one in marks if one.label]
    return known_windows(told, windows.spans, len(labels))


def _told(clip: Clip, made: Proposal, labels: list[str], timed: bool) -> dict[str, Any]:
    parts = [
        {"start_s": start_s, "end_s": end_s, "label": labels[label]}
        for start_s, end_s, label in made.parts
    ]
    # Where labels are of parts and no part is likely, nothing is in it.
    nothing = timed and not parts
    return {
        "id": clip.number,
        "label": "" if nothing else labels[made.label],
        "score": round(1 - made.score if nothing else made.score, 4),
        "uncertainty": round(made.uncertainty, 4),
        "parts": parts,
    }
