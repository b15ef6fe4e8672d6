"""What arguments stand for: files, folders, patterns, pipes, standard input."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import pytest

from tympan.cli.sources import one_recording, recordings
from tympan.errors import ArgumentError, AudioFileError, DataError


def paths(*arguments: str) -> list[str]:
    return [str(one.path) for one in recordings(arguments)]


def test_a_folder_stands_for_its_recordings(sounds: Path) -> None:
    inside = [os.path.join("sounds", "b.wav"), os.path.join("sounds", "more", "a.WAV")]
    assert paths("sounds") == inside
    assert paths("sounds/b.wav", "no.wav") == [inside[0], "no.wav"]
    assert [one.within for one in recordings(["sounds"])] == [Path("b.wav"), Path("more/a.WAV")]
    assert [one.listed for one in recordings(["sounds", "sounds/b.wav"])] == [True, True, False]


def test_a_folder_or_pattern_that_stands_for_nothing_is_a_mistake(sounds: Path) -> None:
    Path("empty").mkdir()
    with pytest.raises(DataError, match="is a folder without recordings"):
        recordings(["empty"])
    with pytest.raises(DataError, match=r"x\*\.wav: fits no recording"):
        recordings(["x*.wav"])


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_linked_folders_are_entered_once(sounds: Path) -> None:
    elsewhere = Path("elsewhere")
    elsewhere.mkdir()
    (sounds / "b.wav").rename(elsewhere / "c.wav")
    (sounds / "link").symlink_to(elsewhere.resolve())
    (sounds / "more" / "back").symlink_to(sounds.resolve())
    found = [os.path.join("sounds", *parts) for parts in (("link", "c.wav"), ("more", "a.WAV"))]
    assert paths("sounds") == found


def test_patterns_are_expanded_here_as_windows_wants_it(sounds: Path) -> None:
    (sounds / "b2.wav").write_bytes((sounds / "b.wav").read_bytes())
    both = [os.path.join("sounds", name) for name in ("b.wav", "b2.wav")]
    assert paths("sounds/*.wav") == both
    # Of a broad pattern only the recordings are meant, of a narrow one what it names.
    assert paths("sounds/*") == both
    (sounds / "x.raw").write_bytes(b"1")
    assert paths("sounds/*.raw") == [os.path.join("sounds", "x.raw")]
    assert len(paths("**/*")) == 3
    assert len(paths("sound?")) == 3
    assert [one.listed for one in recordings(["sounds/b.*"])] == [True]


def test_a_file_whose_name_is_a_pattern_is_that_file(sounds: Path) -> None:
    odd = sounds / "b[1].wav"
    (sounds / "b.wav").rename(odd)
    (sounds / "b1.wav").write_bytes(b"")
    assert paths(str(odd)) == [str(odd)]


def test_no_name_is_not_the_working_directory(sounds: Path) -> None:
    assert [one.listed for one in recordings([""])] == [False]


def test_one_recording_is_one(sounds: Path) -> None:
    assert one_recording("sounds/b.*").path == sounds.relative_to(sounds.parent) / "b.wav"
    with pytest.raises(ArgumentError, match="stands for 2 recordings"):
        one_recording("sounds/**/*")
    with pytest.raises(AudioFileError, match="is a folder"):
        one_recording("sounds")


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recordings(["-"])[0].name == "<stdin>"
    with pytest.raises(ArgumentError, match="once only"):
        recordings(["-", "-"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    with pytest.raises(ArgumentError, match="keyboard"):
        recordings(["-"])


def test_standard_input_can_be_read_again_and_again(
    sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tympan.audio import load

    content = (sounds / "b.wav").read_bytes()

    class Pipe(io.RawIOBase):
        rest = io.BytesIO(content)

        def readinto(self, into) -> int:
            return self.rest.readinto(into)

        def readable(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe())))
    with recordings(["-"])[0].opened() as source:
        assert source.name == "<stdin>"
        for _ in range(2):
            source.seek(0)
            assert load(source).num_samples == 8000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of Unix")
def test_a_named_pipe_is_read(sounds: Path) -> None:
    from tympan.audio import load

    os.mkfifo("pipe")
    content = (sounds / "b.wav").read_bytes()
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(content,))
    writer.start()
    with recordings(["pipe"])[0].opened() as source:
        assert load(source).num_samples == 8000
        assert source.name == "pipe"
    writer.join()


def test_of_a_cut_file_what_is_there_is_taken_when_wanted(sounds: Path) -> None:
    whole = (sounds / "b.wav").read_bytes()
    (sounds / "b.wav").write_bytes(whole[: len(whole) // 2])
    recording = recordings(["sounds/b.wav"])[0]
    with recording.opened(partial=True) as clip:
        assert 3000 < clip.num_samples < 5000
        assert clip.name == recording.name
