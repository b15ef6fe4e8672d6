"""`hear`: one page about one recording."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import check_target, open_in_browser
from tympan.report import charts, page, sections
from tympan.report.gather import Gathered, finished, gather
from tympan.report.identity import key_of, marked, page_for
from tympan.report.page_models import ModelLike, PageModel, model_part, page_models
from tympan.report.parts import AnswerParts, Part, Shown
from tympan.report.source import Source, open_recording
from tympan.report.views import answer_parts
from tympan.spectra import figures_style as style
from tympan.tasks.results.base import plain

if TYPE_CHECKING:
    from tympan.report.measure import Measurements
    from tympan.tasks.contract import Answer


@dataclass(frozen=True)
class Report:
    """A written report.

    Attributes:
        path: the page.
        answers: of the models, in their order.
        measured: loudness, peak, clipping and silence.
        warnings: what is wrong with the recording, one sentence each.
        file: name of the recording.
        duration_s: its length.
        questions: the question of each answer.
    """

    path: Path
    answers: tuple[Answer, ...]
    measured: Measurements
    warnings: tuple[str, ...]
    file: str = ""
    duration_s: float = 0.0
    questions: tuple[str, ...] = ()

    @property
    def answer(self) -> Any:
        """The first answer; None if there was no model."""
        return self.answers[0] if self.answers else None

    def __str__(self) -> str:
        return str(self.path)

    def open(self) -> None:
        """Open the page in the browser."""
        open_in_browser(self.path)

    def to_json(self) -> dict[str, Any]:
        """What was measured, and the answer to each question, as plain values; `page` is a path."""
        asked = zip(self.questions, self.answers, strict=False)
        return {
            "file": self.file,
            "duration_s": plain(self.duration_s),
            "warnings": list(self.warnings),
            "measured": plain(self.measured),
            "answers": [{"question": name, **answer.to_json()} for name, answer in asked],
            "page": str(self.path),
        }

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it: `.json`, or a copy of the page as `.html`.

        Raises:
            ArgumentError: another ending.
        """
        return page.save(self, path)


def hear(
    source: Any,
    out: str | os.PathLike[str] | None = None,
    *,
    models: ModelLike | Sequence[ModelLike] | None = None,
    clean: bool | None = None,
    **options: Any,
) -> Report:
    """Write one self-contained page about a recording: what it is and which sounds it has, when.

    The recording is opened once and read once, so it may be a pipe. The page holds its pictures and
    its sound and fetches nothing; a recording longer than about two hours is played from its file.
    Memory and the size of the page are bounded at any length.

    Args:
        source: a file, its bytes, an opened file or stream, or a clip.
        out: the page to write. By default it is called after the recording and lies in the working
            directory; a page about another recording is not overwritten, but the name numbered.
        models: names or folders of models, or loaded ones; by default the default model of every
            question, where it is part of tympan; empty: none.
        clean: answers are about the voice without the noise; by default as each model was made to.
            Pictures and sound are those of the recording.
        options: of the questions, such as `every_s`; each goes to the questions that have it.

    Returns:
        The path of the page, the answers, and what was measured.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: there is no such model.
        ArgumentError: the page cannot be written there, or would replace the recording; or there is
            no such option.

    >>> import tempfile, tympan
    >>> clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
    >>> report = hear(clip, Path(tempfile.mkdtemp()) / "tone.html", models=[])
    >>> "<!DOCTYPE html>" in report.path.read_text("utf-8")
    True
    """
    if out is not None:
        check_target(out, source, "page.html")
    used = page_models(models, options, clean)
    return finished(hearing(open_recording(source), source, out, used))


def hearing(
    recording: Source, source: Any, out: str | os.PathLike[str] | None, used: Sequence[PageModel]
) -> Generator[float, None, Report]:
    """`hear` step by step: yields the seconds that are read, and writes the page at the end.

    Args:
        recording: just opened.
        source: what was opened, for its name.
        out: the page.
        used: the models that answer.
    """
    found = yield from gather(recording, used, source, out)
    shown = [
        _shown(found, one.question, answer, number, session)
        for number, (one, session, answer) in enumerate(
            zip(used, found.sessions, found.answers, strict=True)
        )
    ]
    return _written(source, out, found, shown, used)


def write_report(
    source: Any,
    out: str | os.PathLike[str],
    answers: Answer | Sequence[Answer] | None = None,
    *,
    question: str = "",
) -> Report:
    """Write the page for answers that are known already; see `hear`."""
    check_target(out, source, "page.html")
    known = [] if answers is None else answers if isinstance(answers, Sequence) else [answers]
    found = finished(gather(open_recording(source), [], source, out, known))
    shown = [_shown(found, question, answer, number) for number, answer in enumerate(known)]
    return _written(source, out, found, shown, [])


def _shown(
    found: Gathered, question: str, answer: Answer, number: int, session: Any = None
) -> Shown[Answer]:
    return Shown(
        answer=answer,
        question=question,
        duration_s=found.drawn.overview.duration_s,
        nothing=found.nothing(number),
        session=session,
        key=f"q{number}",
        playable=bool(found.drawn.player.src),
    )


def _written(
    source: Any,
    out: str | os.PathLike[str] | None,
    found: Gathered,
    shown: Sequence[Shown[Answer]],
    used: Sequence[PageModel],
) -> Report:
    """Assemble the page from the parts of its answers, and write it."""
    data = found.drawn.overview
    warned = sections.warnings(data, found.drawn.measured, found.recording.info) + found.warnings
    answered = [answer_parts(one) for one in familiar_first(shown)]
    parts = [part for one in answered for part in one.headlines]
    if warned:
        parts.append(Part("hear_warnings.html.j2", {"warnings": warned}))
    parts += [_pictures(found, answered), found.drawn.spectrum]
    parts += [part for one in answered for part in one.sections]
    facts = sections.facts(data, found.drawn.measured, found.recording.info, found.recording.size)
    parts.append(Part("hear_facts.html.j2", {"facts": facts}))
    parts += [model_part(one, f"q{number}") for number, one in enumerate(used)]
    name = style.short_name(data.name, 120) or "Recording"
    digest = found.drawn.digest
    target = page_for(data.name, key_of(source, digest), source) if out is None else Path(out)
    scripts = tuple(dict.fromkeys(one.script for one in parts if one.script))
    html = page.render(
        "hear.html.j2",
        f"{name} – sounds",
        ("page.js", "sound.js", "view.js", "stage.js", *scripts),
        name=name,
        summary=sections.summary(data, found.recording.info),
        parts=parts,
        several=len(shown) > 1,
    )
    return Report(
        page.write(target, marked(html, source, digest)),
        tuple(one.answer for one in shown),
        found.drawn.measured,
        tuple(f"{w.what} {w.why}".replace(page.NBSP, " ").strip() for w in warned),
        data.name,
        data.duration_s,
        tuple(one.model.task for one in used),
    )


def familiar_first(shown: Sequence[Shown[Any]]) -> list[Shown[Any]]:
    """The answers in their order, those that mean little behind the others."""
    return sorted(shown, key=lambda one: bool(getattr(one.answer, "unfamiliar", False)))


def _pictures(found: Gathered, answered: Sequence[AnswerParts]) -> Part:
    """The player with its pictures, and the tracks of all answers."""
    data = found.drawn.overview
    tracks = [track for one in answered for track in one.tracks]
    values = {
        "player": found.drawn.player,
        "duration_s": round(data.duration_s, 4),
        "waves": found.drawn.waves,
        "spectrogram": found.drawn.spectrogram,
        "time_ticks": charts.time_ticks(data.duration_s),
        "tracks": tracks,
        "explained": any(bar.why for t in tracks for lane in t.lanes for bar in lane.segments),
    }
    return Part("hear_listen.html.j2", values)
