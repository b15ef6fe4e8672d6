"""`tympan speak` as a process, with a voice of random weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests_command import tympan_command
from tests_speak import has_voice, needs_en, save_voice
from tympan.audio import load
from tympan.audio.synthetic import is_synthetic
from tympan.tasks.results.speech_marks import SpeechMarks

TEXT = "Good morning. It costs $20."
WORDS = ["Good", "morning", "It", "costs", "twenty", "dollars"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("speak")
    save_voice(root / "hum")
    return root


def tympan(home: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = tympan_command("speak", *arguments)
    return subprocess.run(command, capture_output=True, cwd=home, timeout=300, **options)  # type: ignore[call-overload]


def done(home: Path, *arguments: str, **options: object) -> str:
    found = tympan(home, *arguments, "-m", "hum", **options)
    assert found.returncode == 0, found.stderr.decode()
    return found.stdout.decode("utf-8")


def refused(home: Path, *arguments: str, voice: str = "hum", **options: object) -> str:
    found = tympan(home, *arguments, "-m", voice, **options)
    assert found.returncode == 2, (found.returncode, found.stderr.decode())
    line = found.stderr.decode("utf-8")
    assert line.startswith("tympan: ")
    assert line.count("\n") == 1
    return line


@pytest.fixture(scope="module")
def plain(home: Path) -> np.ndarray:
    """What the voice makes of the text."""
    done(home, TEXT, "-o", "plain.wav")
    return load(home / "plain.wav").samples[0]


def test_a_text_becomes_a_file(home: Path, plain: np.ndarray) -> None:
    assert done(home, TEXT) == f"speech.wav: {len(plain) / 24000:.1f} s, hum ada\n"
    clip = load(home / "speech.wav")
    assert np.array_equal(clip.samples[0], plain)
    assert is_synthetic(clip)


@pytest.mark.parametrize("ending", ["flac", "mp3", "opus", "ogg"])
def test_every_format(home: Path, plain: np.ndarray, ending: str) -> None:
    done(home, TEXT, "-o", f"a.{ending}")
    clip = load(home / f"a.{ending}")
    assert clip.duration_s == pytest.approx(len(plain) / 24000, abs=0.1)
    assert is_synthetic(clip)


def test_files_and_standard_input(home: Path, plain: np.ndarray) -> None:
    (home / "a.txt").write_text(TEXT)
    (home / "a.md").write_text(f"{TEXT}\n\n```\ncode\n```\n")
    (home / "a.ssml").write_text(f"<speak>{TEXT}</speak>")
    (home / "latin.ssml").write_bytes(
        '<?xml version="1.0" encoding="iso-8859-1"?><speak>Café.</speak>'.encode("latin-1")
    )
    for name in ("a.txt", "a.md", "a.ssml"):
        done(home, name, "-o", "b.wav")
        assert np.array_equal(load(home / "b.wav").samples[0], plain), name
    done(home, "latin.ssml", "-o", "b.wav", "--marks", "b.json")
    assert [one["text"] for one in json.loads((home / "b.json").read_text())["words"]] == ["Cafe"]
    done(home, "-", "-o", "b.wav", input=TEXT.encode())
    assert np.array_equal(load(home / "b.wav").samples[0], plain)


def test_an_epub(home: Path) -> None:
    page = "<html><body><h1>One</h1><p>It rains.</p></body></html>"
    with zipfile.ZipFile(home / "a.epub", "w") as file:
        file.writestr("mimetype", "application/epub+zip")
        file.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="b.opf" media-type="application/oebps-package+xml"/>'
            "</rootfiles></container>",
        )
        file.writestr(
            "b.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>'
            '<item id="p" href="p.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="p"/></spine></package>',
        )
        file.writestr("p.xhtml", page)
    done(home, "a.epub", "-o", "e.wav", "--marks", "e.json")
    words = json.loads((home / "e.json").read_text())["words"]
    assert [one["text"] for one in words] == ["One", "It", "rains"]
    assert load(home / "e.wav").tags["title"] == "a"


def test_marks_in_each_format(home: Path, plain: np.ndarray) -> None:
    duration_s = len(plain) / 24000
    for ending in SpeechMarks.formats:
        out = done(home, TEXT, "-o", "m.wav", "--marks", f"m{ending}")
        assert out.splitlines()[1] == f"m{ending}"
        assert (home / f"m{ending}").stat().st_size > 50
    values = json.loads((home / "m.json").read_text("utf-8"))
    assert [one["text"] for one in values["words"]] == WORDS
    assert [TEXT[one["start"] : one["end"]] for one in values["words"][:4]] == WORDS[:4]
    assert [TEXT[one["start"] : one["end"]] for one in values["sentences"]] == [
        "Good morning.", "It costs $20.",
    ]  # fmt: skip
    times = [t for one in values["words"] for t in (one["start_s"], one["end_s"])]
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] < duration_s
    assert "Good morning." in (home / "m.srt").read_text("utf-8")
    assert '"phones"' in (home / "m.TextGrid").read_text("utf-8")


def test_wav_to_a_pipe(home: Path, plain: np.ndarray) -> None:
    found = tympan(home, TEXT, "-m", "hum", "-o", "-")
    assert found.returncode == 0
    assert b"hum ada" in found.stderr
    clip = load(found.stdout)
    assert np.array_equal(clip.samples[0], plain)


def test_json_says_what_was_made_and_left_out(home: Path) -> None:
    found = json.loads(done(home, "Hi 🙂.", "-o", "j.wav", "--json", "-s", "bob"))
    assert found["speaker"] == "bob"
    assert found["warnings"] == ["not spoken: 🙂"]
    assert found["duration_s"] == pytest.approx(load(home / "j.wav").duration_s, abs=1e-3)


def test_ssml_and_a_lexicon(home: Path) -> None:
    (home / "words.txt").write_text("morning = evening\n")
    done(home, "Good morning.", "-o", "l.wav", "--lexicon", "words.txt", "--marks", "l.json")
    sounds = json.loads((home / "l.json").read_text())["phonemes"]
    assert [one["text"] for one in sounds if one["start"] == 5] == ["i", "v", "n", "ɪ", "ŋ"]
    sizes = []
    for ms in (0, 700):
        done(home, f"<speak>One <break time='{ms}ms'/> two.</speak>", "--ssml", "-o", "s.wav")
        sizes.append(load(home / "s.wav").num_samples)
    assert sizes[1] - sizes[0] == 24000 * 7 // 10


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("", "-o", "x.wav"), "nothing in the text can be spoken"),
        (("🙂", "-o", "x.wav"), "nothing in the text can be spoken"),
        (("Hi", "-s", "eve"), "no speaker 'eve'"),
        (("Hi", "-o", "x.xyz"), "no known format"),
        (("Hi", "-o", "no/x.wav"), "its folder does not exist"),
        (("Hi", "--marks", "x.xyz"), "cannot be written as .xyz"),
        (("Hi", "--marks", "no/x.srt"), "its folder does not exist"),
        (("Hi", "--speed", "9"), "--speed"),
        (("Hi", "--speed", "nan"), "--speed"),
        (("Hi", "--lexicon", "no.txt"), "no.txt: cannot be read"),
        (("no.txt",), "no.txt: does not exist"),
        (("<a>", "--ssml"), "the SSML is wrong in line 1"),
        (("bad.ssml",), "the SSML is wrong in line 1"),
        (("plain.wav",), "is no text"),
        (("words.txt", "--marks", "words.txt"), "words.txt: is the text itself"),
        (("Hi", "--lexicon", "words.txt", "--marks", "words.txt"), "is the lexicon itself"),
    ],
)
def test_a_mistake_is_one_line(
    home: Path, plain: np.ndarray, arguments: tuple[str, ...], line: str
) -> None:
    (home / "bad.ssml").write_bytes(b"caf\xe9 <speak>")
    (home / "words.txt").write_text("tympan = timpani")
    (home / "speech.wav").unlink(missing_ok=True)
    assert line in refused(home, *arguments)
    assert (home / "words.txt").read_text() == "tympan = timpani"
    assert not (home / "x.wav").exists()
    assert not (home / "speech.wav").exists()
    assert not list(home.glob("*.partial*"))


def test_a_voice_that_is_none(home: Path) -> None:
    assert "there is no model 'nope'" in refused(home, "Hi", voice="nope")
    assert "is a model for 'classify', not for 'speak'" in refused(home, "Hi", voice="sounds")
    found = tympan(home)
    assert found.returncode == 2
    assert b"a text is wanted" in found.stderr


def test_voices_are_listed(home: Path) -> None:
    listed = tympan(home, "--list-voices").stdout.decode()
    assert "kokoro" in listed
    assert ("en (en): " in listed) == has_voice()
    rows = [
        json.loads(line) for line in tympan(home, "--list-voices", "--json").stdout.splitlines()
    ]
    assert any(one.get("name") == "kokoro" for one in rows)


@needs_en
def test_the_shipped_voice_speaks(home: Path) -> None:
    found = tympan(home, TEXT, "-o", "en.wav")
    assert found.returncode == 0, found.stderr
    assert 1.5 < load(home / "en.wav").duration_s < 6


# -- where a recording is wanted -------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("hear", "plain.wav", "-m", "hum", "-o", "h.html"),
        ("watch", "plain.wav", "--replay", "-m", "hum"),
        ("explain", "plain.wav", "-m", "hum", "-o", "e.html"),
        ("classify", "plain.wav", "-m", "hum"),
        ("embed", "plain.wav", "-m", "hum"),
    ],
)
def test_other_commands_refuse_a_voice_in_one_line(
    home: Path, plain: np.ndarray, arguments: tuple[str, ...]
) -> None:
    found = subprocess.run(tympan_command(*arguments), capture_output=True, cwd=home, timeout=120)
    assert found.returncode == 2
    assert b"'speak'" in found.stderr
    assert found.stderr.count(b"\n") == 1


# -- long texts ------------------------------------------------------------------------------------

BOOK = "".join(
    f"CHAPTER {i}\n\nIt was rainy day number {i}. Nobody came, and nobody went.\n\n"
    for i in range(1, 60)
)


def start(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tympan", "speak", *arguments, "-m", "hum"]
    return subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_killed_run_goes_on_to_the_same_file(home: Path) -> None:
    (home / "book.txt").write_text(BOOK)
    done(home, "book.txt", "-o", "whole.wav", "--marks", "whole.json")
    process = start(home, "book.txt", "-o", "book.wav", "--marks", "book.json")
    journal, until = home / "book.wav.partial.jsonl", time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") > 2:
            break
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert not (home / "book.wav").exists()
    out = done(home, "book.txt", "-o", "book.wav", "--marks", "book.json")
    assert "s of it from before" in out
    assert (home / "book.wav").read_bytes() == (home / "whole.wav").read_bytes()
    marks, whole = (json.loads((home / f"{name}.json").read_text()) for name in ("book", "whole"))
    assert marks["words"] == whole["words"]
    assert marks["phonemes"] == whole["phonemes"]
    assert not list(home.glob("book.wav.partial*"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_a_megabyte_streams_in_flat_memory_and_stops_when_it_is_told(home: Path) -> None:
    text = BOOK * (1_000_000 // len(BOOK) + 1)
    (home / "long.txt").write_text(text)
    process = start(home, "long.txt", "-o", "long.wav")
    partial = home / "long.wav.partial"
    seen: list[int] = []
    until = time.monotonic() + 200
    for megabytes in (2, 20):
        while time.monotonic() < until and process.poll() is None:
            if partial.exists() and partial.stat().st_size > megabytes * 1_000_000:
                break
            time.sleep(0.05)
        pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
        seen.append(int(pages) * os.sysconf("SC_PAGE_SIZE"))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert b"Traceback" not in errors
    assert seen[1] - seen[0] < 60_000_000
    assert partial.exists()
