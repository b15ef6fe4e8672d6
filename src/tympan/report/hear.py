"""`hear`: one page about one recording."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import check_target, open_in_browser
from tympan.audio._source import rereadable
from tympan.report import charts, heard, page, sections
from tympan.report.marker import mark
from tympan.report.measure import Measurements, Meter
from tympan.report.player import Encoder, Player, choose_quality, linked
from tympan.report.spectrum import spectrum, tones
from tympan.report.why import Reason, reasons
from tympan.spectra import figures_style as look
from tympan.spectra.figures_data import Overview, open_recording, survey

if TYPE_CHECKING:
    from tympan.audio import AudioInfo
    from tympan.tasks.results import Classification


@dataclass(frozen=True)
class Report:
    """A written report.

    Attributes:
        path: the page.
        answer: what the model heard; None without a model.
        measured: loudness, peak, clipping and silence.
        warnings: what is wrong with the recording, one sentence each.
    """

    path: Path
    answer: Classification | None
    measured: Measurements
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        return str(self.path)

    def open(self) -> None:
        """Open the page in the browser."""
        open_in_browser(self.path)


def hear(
    source: Any,
    out: str | os.PathLike[str] = "report.html",
    *,
    model: str | os.PathLike[str] | None = "sounds",
    every_s: float | None = None,
) -> Report:
    """Write one self-contained page about a recording: what it is and what is heard when.

    The page holds its pictures and its sound and fetches nothing; a recording longer than about two
    hours is played from its file. Memory and the size of the page are bounded at any length.

    Args:
        source: a file, its bytes, an opened file or stream, or a clip.
        out: the page to write.
        model: name or folder of a `classify` model; None leaves the answer out.
        every_s: length of a step of the timeline in seconds; None lets the model choose.

    Returns:
        The path of the page, the answer, and what was measured.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: there is no such model.
        ArgumentError: the page cannot be written there, or would replace the recording.

    >>> import tempfile, tympan
    >>> clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
    >>> report = hear(clip, Path(tempfile.mkdtemp()) / "report.html", model=None)
    >>> "<!DOCTYPE html>" in report.path.read_text("utf-8")
    True
    """
    check_target(out, source, "report.html")
    source = rereadable(source)
    answer = None
    if model is not None:
        from tympan.tasks.classify import classify

        answer = classify(source, model=model, every_s=every_s)
    return write_report(source, out, answer, model=model, every_s=every_s)


@dataclass(frozen=True)
class Part:
    """A section of the page: its template, and what that shows as `x`.

    A later question joins the page with a part of its own, and with a track under the spectrogram.
    """

    template: str
    values: dict[str, Any]


def write_report(
    source: Any,
    out: str | os.PathLike[str],
    answer: Classification | None,
    *,
    model: str | os.PathLike[str] | None = None,
    every_s: float | None = None,
) -> Report:
    """Write the page for an answer that is known already; see `hear`."""
    target = check_target(out, source, "report.html")
    source = rereadable(source)
    data, measured, player = _listen(source, target)
    info = _probe(source)
    warned = sections.warnings(data, measured, info)
    means_nothing = measured.silent or (answer is not None and bool(answer.warnings))
    timeline = answer.timeline if answer is not None and not means_nothing else ()
    found = reasons(source, timeline, data.duration_s, model, every_s) if model and timeline else []
    parts = []
    if answer is not None:
        told = heard.SILENCE if measured.silent else heard.TOO_SHORT
        told = told if means_nothing else heard.answer(answer)
        parts.append(Part("hear_answer.html.j2", {"answer": told}))
    if warned:
        parts.append(Part("hear_warnings.html.j2", {"warnings": warned}))
    tracks = [heard.track(timeline, data.duration_s, found)] if timeline else []
    parts += _pictures(data, player, tracks, found)
    facts = sections.facts(data, measured, info, _size(source))
    parts.append(Part("hear_facts.html.j2", {"facts": facts}))
    if model and answer is not None:
        parts.append(Part("hear_model.html.j2", _model(model)))
    name = look.short_name(data.name, 120) or "Recording"
    html = page.render(
        "hear.html.j2",
        f"{name} – what is heard",
        ("page.js", "sound.js", "view.js", "stage.js"),
        name=name,
        summary=sections.summary(data, info),
        parts=parts,
    )
    written = page.write(target, mark(html, source))
    return Report(
        written,
        answer,
        measured,
        tuple(f"{w.what} {w.why}".replace(page.NBSP, " ") for w in warned),
    )


def _pictures(
    data: Overview, player: Player, tracks: list[heard.Track], found: list[Reason]
) -> list[Part]:
    """The player with its pictures, the spectrum, and the reasons."""
    listen = {
        "player": player,
        "duration_s": round(data.duration_s, 4),
        "waves": sections.waves(data),
        "spectrogram": sections.spectrogram(data),
        "time_ticks": charts.time_ticks(data.duration_s),
        "tracks": tracks,
        "explained": bool(found),
    }
    parts = [Part("hear_listen.html.j2", listen)]
    live = ("whole recording", "at the cursor") if player.embedded else ()
    curve = replace(spectrum(data), legend=live)
    shown = {"spectrum": curve, "tones": tones(data), "live": player.embedded}
    parts.append(Part("hear_spectrum.html.j2", shown))
    if found:
        best, others = [r for r in found if r.best], [r for r in found if not r.best]
        values = {"best": best, "others": others, "playable": bool(player.src)}
        parts.append(Part("hear_why.html.j2", values))
    return parts


def _listen(source: Any, target: Path) -> tuple[Overview, Measurements, Player]:
    """Read the recording once: gather the pictures, measure, and encode the sound."""
    recording = open_recording(source)
    meter = Meter(recording.rate_hz, recording.channels)
    expected_s = recording.expected_samples / recording.rate_hz
    quality = choose_quality(expected_s, recording.rate_hz, recording.channels)
    if quality is None:
        return survey(recording, [meter]), meter.result(), linked(source, target)
    encoder = Encoder(recording.rate_hz, recording.channels, quality)
    try:
        data = survey(recording, [meter, encoder])
        src = encoder.result()
    finally:
        encoder.close()
    channels = sections.channel_text(quality.channels)
    note = (
        f"The page carries a copy of the sound: MP3, {quality.kbit_s} kbit/s, "
        f"{quality.rate_hz:,} Hz, {channels}, {sections.size_text(len(src) * 3 // 4)}. "
        "Answers and the pictures of the whole come from the recording itself, zoomed ones from "
        "this copy."
    )
    return data, meter.result(), Player(src, embedded=True, note=note)


def _probe(source: Any) -> AudioInfo | None:
    from tympan.audio import Clip, probe

    return None if isinstance(source, Clip) else probe(source)


def _size(source: Any) -> int | None:
    if isinstance(source, bytes):
        return len(source)
    return os.stat(source).st_size if isinstance(source, str | os.PathLike) else None


def _tested(metrics: dict[str, Any]) -> str:
    """What an accuracy rests on."""
    count = metrics.get("examples")
    ends = (metrics.get("intervals") or {}).get("accuracy")
    what = "recordings in cross-validation" if metrics.get("folds") else "held-out recordings"
    of = f"on {count:,} {what}" if isinstance(count, int) else f"on {what}"
    if not ends:
        return of
    low, high = (page.percent(float(end)) for end in ends)
    return f"{of}; 95 % interval {low} to {high}"


def _model(model: str | os.PathLike[str]) -> dict[str, Any]:
    """What the model's card says of it."""
    from tympan.models import load_card

    card = load_card(model)
    facts = [sections.Fact("Model", card.name, f"version {card.version}")]
    facts.append(sections.Fact("Sounds it knows", f"{len(card.labels):,}"))
    if isinstance(accuracy := card.metrics.get("accuracy"), int | float):
        facts.append(sections.Fact("Accuracy", page.percent(accuracy, 1), _tested(card.metrics)))
    facts.append(sections.Fact("Parameters", f"{card.parameters:,}"))
    if card.licence:
        facts.append(sections.Fact("Licence", card.licence))
    return {
        "description": card.description,
        "facts": facts,
        "failures": list(card.known_failures),
    }
