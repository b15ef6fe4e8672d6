"""`tympan speak`: a text becomes a sound file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.enroll import Device, Json
from tympan.cli.sources import Quiet

if TYPE_CHECKING:
    from tympan.tasks.speak.voice import SpeechVoice
    from tympan.tasks.speak.writing import Written
    from tympan.text import Chapter

OUT = "speech.wav"
BOOKS = (".txt", ".md", ".markdown", ".epub", ".ssml", ".xml")
MOST_WARNINGS = 5


def speak(
    text: Annotated[
        str | None,
        typer.Argument(
            help="What is said; or a file of it (.txt, .md, .epub, .ssml); or - for standard "
            "input.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", show_default=False,
            help=f"File to write: wav, flac, mp3, opus …; else {OUT}. - is raw WAV to standard "
            "output.",
        ),
    ] = None,
    voice: Annotated[
        str | None,
        typer.Option(
            "--voice", "--model", "-m", show_default=False,
            help="Name or folder of a voice; else en. kokoro:af_heart is an engine's.",
            autocompletion=among(lambda: model_names("speak")),
        ),
    ] = None,
    speaker: Annotated[
        str | None,
        typer.Option("--speaker", "-s", help="Who speaks; else the first.", show_default=False),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=0.25, max=4, help="2 is twice as fast.")
    ] = 1.0,
    pitch: Annotated[
        float, typer.Option("--pitch", min=-24, max=24, help="Semitones higher.")
    ] = 0.0,
    lexicon: Annotated[
        Path | None,
        typer.Option(
            "--lexicon", show_default=False, help="File of words and how they are pronounced."
        ),
    ] = None,
    ssml: Annotated[bool, typer.Option("--ssml", help="The text is SSML.")] = False,
    marks: Annotated[
        Path | None,
        typer.Option(
            "--marks", show_default=False,
            help="File for the times of sentences, words, phonemes: json, srt, vtt, TextGrid …",
        ),
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Play it while it is made.")] = False,
    list_voices: Annotated[
        bool, typer.Option("--list-voices", help="List voices and their speakers.")
    ] = False,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Say a text.

    A long text is written while it is spoken; interrupted, the same command goes on.
    """
    from tympan.tasks.speak.api import checked, find_voice

    if list_voices:
        _list(json)
        return
    if text is None:
        raise typer.BadParameter("a text is wanted: tympan speak 'Hello.'")
    source = _file_of(text)
    if marks is not None:
        _check_marks(marks, source, lexicon)
    marked_up = ssml or (source is not None and source.suffix.lower() in (".ssml", ".xml"))
    found, who = find_voice(voice, speaker, device)
    options = checked(found, speaker=who, speed=speed, pitch=pitch, lexicon=lexicon, ssml=marked_up)
    chapters = _chapters(text, source, marked_up)
    if play and out is None:
        _play(found, chapters, options)
        return
    written = _write(found, chapters, text, source, out or Path(OUT), options, marks, play)
    if not quiet:
        _report(written, found, who, marks, json)


def _check_marks(path: Path, source: Path | None, lexicon: Path | None) -> None:
    """Refuse, before a book is spoken, a file of marks that could not be written.

    Raises:
        ArgumentError: another ending, a file that could not be written, or what is read.
    """
    from tympan._files import check_target
    from tympan.tasks.results.formats import check_ending
    from tympan.tasks.results.speech_marks import SpeechMarks

    check_ending(path, SpeechMarks.formats, "the times of words")
    check_target(path, source, called="the text")
    check_target(path, lexicon, called="the lexicon")


def _file_of(text: str) -> Path | None:
    """The file that is named, if one is.

    Raises:
        DataError: it is named like a file and is not there.
    """
    from tympan.errors import DataError

    if text == "-":
        return Path("-")
    try:
        path = Path(text)
        if path.is_file():
            return path
    except (OSError, ValueError):
        return None  # too long for a name, or with a null character
    if path.suffix.lower() in BOOKS and len(text.split()) == 1:
        raise DataError("does not exist", file=path, fix="check the name of the file")
    return None


def _chapters(text: str, source: Path | None, ssml: bool) -> Iterator[Chapter]:
    """The texts to speak, in order."""
    from tympan.text import Chapter, read_book

    if source is None:
        return iter([Chapter("", text, "the text")])
    if ssml:
        from tympan.text._html import decoded

        raw = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
        return iter([Chapter("", decoded(raw), str(source))])
    return read_book(source)


def _write(
    voice: SpeechVoice,
    chapters: Iterator[Chapter],
    text: str,
    source: Path | None,
    out: Path,
    options: dict[str, Any],
    marks: Path | None,
    play: bool,
) -> Written:
    """Speak into the file, going on where an interrupted run was."""
    from tympan.audio import job_key
    from tympan.tasks.speak.writing import write_speech

    own = options["lexicon"]
    plain = {**options, "lexicon": None if own is None else own.words, "marks": marks is not None}
    plain |= {"voice": voice.name, "digest": voice.digest}
    key = None
    if source is not None and str(source) != "-":
        key = job_key(source, plain)
    player = _Player(voice.rate_hz) if play else None
    try:
        written = write_speech(
            voice, chapters, out, options, key=key, marks=marks is not None,
            title=source.stem if source is not None and str(source) != "-" else "",
            heard=player.push if player is not None else lambda part: None,
        )  # fmt: skip
    finally:
        if player is not None:
            player.close()
    if marks is not None and written.marks is not None:
        written.marks.save(marks)
    return written


def _report(
    written: Written, voice: SpeechVoice, speaker: str | None, marks: Path | None, json: bool
) -> None:
    """Say what was written, and what was not spoken."""
    from tympan.cli.outputs import json_line

    who = speaker or voice.speakers[0]
    warnings = list(written.warnings)
    if json:
        shown = {
            "file": str(written.path), "duration_s": round(written.duration_s, 3),
            "voice": voice.name, "speaker": who, "warnings": warnings,
        }  # fmt: skip
        typer.echo(json_line(shown), err=str(written.path) == "-")
        return
    again = f", {written.resumed_s:.0f} s of it from before" if written.resumed_s else ""
    piped = str(written.path) == "-"
    typer.echo(f"{written.path}: {written.duration_s:.1f} s, {voice.name} {who}{again}", err=piped)
    if marks is not None:
        typer.echo(marks, err=piped)
    for line in warnings[:MOST_WARNINGS]:
        typer.echo(line, err=True)
    if len(warnings) > MOST_WARNINGS:
        typer.echo(f"… and {len(warnings) - MOST_WARNINGS} more", err=True)


def _play(voice: SpeechVoice, chapters: Iterator[Chapter], options: dict[str, Any]) -> None:
    """Play without writing a file."""
    player = _Player(voice.rate_hz)
    try:
        for chapter in chapters:
            for text in filter(None, (chapter.title, chapter.text)):
                for part in voice.stream(text, **options):
                    player.push(part)
    finally:
        player.close()


class _Player:
    """Plays sentences while the next ones are made.

    Raises:
        MissingDependencyError: sounddevice is not installed.
    """

    def __init__(self, rate_hz: int) -> None:
        from tympan.audio._player import open_output

        self._stream = open_output(rate_hz)

    def push(self, part: Any) -> None:
        """Play a sentence after those before."""
        self._stream.write(part.samples.clip(-1, 1)[:, None])

    def close(self) -> None:
        """Wait until all is played."""
        self._stream.stop()
        self._stream.close()


def _list(json: bool) -> None:
    """The voices that ship or are installed, with their speakers."""
    from tympan.cli.outputs import json_line
    from tympan.models import list_models
    from tympan.tasks.engines import list_engines

    for card in list_models():
        if card.task != "speak":
            continue
        language = str(card.config.get("language", ""))
        if json:
            row = {"voice": card.name, "language": language, "speakers": card.labels}
            typer.echo(json_line(row))
        else:
            typer.echo(f"{card.name} ({language}): {', '.join(card.labels)}")
    for engine in list_engines(task="speak"):
        if json:
            typer.echo(json_line(engine.to_json()))
        elif engine.installed:
            typer.echo(f"{engine.name}: an engine; its speakers are named {engine.name}:NAME")
        else:
            typer.echo(f"{engine.name}: not installed ({engine.install_command})")
