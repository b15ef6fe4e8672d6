"""`tympan show`, `tympan hear`, `tympan explain`: what they write and what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import tympan.cli.show as show_module
from tympan.audio import Clip, synthetic_tags
from tympan.cli.main import app
from tympan.errors import ArgumentError, TympanError
from tympan.report import asked
from tympan.spectra import figures


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the working directory."""
    monkeypatch.chdir(tmp_path)
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    return Clip(wave, 8000).save(tmp_path / "tone.wav")


def test_show_writes_beside_the_reader(sound: Path) -> None:
    found = CliRunner().invoke(app, ["show", str(sound), "--kind", "mel"])
    assert (found.exit_code, found.output.strip()) == (0, "tone.png")
    assert Path("tone.png").read_bytes().startswith(b"\x89PNG")
    CliRunner().invoke(app, ["show", str(sound), "-o", "all/"])
    assert len(list(Path("all").iterdir())) == len(figures.KINDS) - 1


def test_show_says_that_a_sound_is_synthetic(sound: Path) -> None:
    marked = Clip(np.zeros(4000), 8000, "", synthetic_tags(voice="ada\x1b[1m"))
    marked.save("made.flac")
    for given in (["made.flac"], ["made.flac", "--partial"]):
        found = CliRunner().invoke(app, ["show", *given, "--kind", "waveform"])
        assert found.stdout == "made.png\n"
        note = "marked as synthetic: Synthetic speech, made by a machine: voice ada [1m."
        assert found.stderr == f"made.flac: {note}\n"
    assert CliRunner().invoke(app, ["show", str(sound), "--kind", "waveform"]).stderr == ""


def test_hear_writes_a_page_for_each_recording(sound: Path) -> None:
    Path("more").mkdir()
    Path("more/tone.wav").write_bytes(sound.read_bytes())
    Path("bad.wav").write_bytes(b"RIFF")
    given = ["hear", "tone.wav", "more", "bad.wav", "--model", "none", "-q"]
    found = CliRunner().invoke(app, [*given, "-o", "pages"])
    assert found.stdout.split() == [
        *("report:", str(Path("pages/tone.wav.html"))),
        *("report:", str(Path("pages/tone.wav-2.html"))),
    ]
    assert "bad.wav" in found.stderr
    assert "1 of 3 files got no answer" in str(found.exception)


def test_show_names_the_kinds_that_there_are(sound: Path) -> None:
    assert show_module._KINDS == figures.KINDS == asked.KINDS
    found = CliRunner().invoke(app, ["show", str(sound), "--kind", "colour"])
    assert isinstance(found.exception, TympanError)
    assert "spectrogram" in str(found.exception)


def test_hear_without_a_model_measures_and_draws(sound: Path) -> None:
    found = CliRunner().invoke(app, ["hear", str(sound), "--model", "none"])
    assert (found.exit_code, found.output.strip()) == (0, "report: tone.html")
    assert "tone.wav" in Path("tone.html").read_text("utf-8")


def test_a_seed_that_nothing_is_drawn_with_is_refused_at_once(sound: Path) -> None:
    found = CliRunner().invoke(app, ["explain", str(sound), "--seed", str(2**64)])
    assert found.exit_code == 2
    assert not Path("explained").exists()


@pytest.mark.parametrize("verb", ["hear", "explain"])
def test_an_unknown_model_is_named(sound: Path, verb: str) -> None:
    found = CliRunner().invoke(app, [verb, str(sound), "--model", "nosuch"])
    assert isinstance(found.exception, TympanError)
    assert "nosuch" in str(found.exception)


@pytest.mark.parametrize("verb", ["hear", "show"])
def test_the_recording_is_never_overwritten(sound: Path, verb: str) -> None:
    # A sound file may bear any name; `show` writes by suffix, `hear` anything.
    recording = sound.rename("tone.png")
    before = recording.read_bytes()
    Path("link.png").symlink_to(recording)
    for out in ("tone.png", "./tone.png", "link.png"):
        found = CliRunner().invoke(app, [verb, "tone.png", "-o", out])
        assert isinstance(found.exception, ArgumentError), out
        assert "is the recording itself" in str(found.exception)
    assert recording.read_bytes() == before


def test_a_page_that_cannot_be_written_is_told_before_the_work(sound: Path) -> None:
    found = CliRunner().invoke(app, ["hear", "tone.wav", "-o", "no/x.html", "--model", "none"])
    assert isinstance(found.exception, ArgumentError)
    assert "its folder" in str(found.exception)
    with pytest.raises(ArgumentError, match="its folder does not exist"):
        figures.show("missing.wav", path="no/x.png")


@pytest.mark.parametrize("verb", ["hear", "explain"])
def test_open_shows_the_page_in_the_browser(
    sound: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    found = CliRunner().invoke(app, [verb, str(sound), "--open"])
    assert found.exit_code == 0, found.output
    page = Path(found.output.rsplit(": ", 1)[1].strip())
    assert shown == [page.resolve().as_uri()]
    CliRunner().invoke(app, [verb, str(sound)])
    assert len(shown) == 1


@pytest.mark.parametrize("verb", ["classify", "hear", "show", "explain"])
def test_of_a_cut_file_what_is_there_is_taken_when_asked_for(sound: Path, verb: str) -> None:
    whole = sound.read_bytes()
    sound.write_bytes(whole[: len(whole) * 2 // 3])
    refused = CliRunner().invoke(app, [verb, str(sound)])
    assert isinstance(refused.exception, TympanError)
    assert "--partial" in str(refused.exception)
    taken = CliRunner().invoke(app, [verb, str(sound), "--partial"])
    assert taken.exit_code == 0, taken.exception
    assert verb != "classify" or "tone.wav: " in taken.output
