"""What only a real process shows: pipes, encodings, a full disk, completion."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

unix = pytest.mark.skipif(os.name == "nt", reason="Unix")


def test_sound_comes_through_a_pipe(run, sounds) -> None:
    content = (sounds / "b.wav").read_bytes()
    done = run("classify", "-", "--json", input=content)
    assert done.returncode == 0, done.stderr
    piped, whole = json.loads(done.stdout), run("classify", "sounds/b.wav", "--json").stdout
    assert piped == json.loads(whole) | {"file": "<stdin>"}
    assert run("show", "-", "--kind", "mel", input=content).stdout == b"stdin.png\n"
    assert b"report: stdin.html" in run("hear", "-", "--model", "none", input=content).stdout
    assert run("classify", "-", input=b"").returncode == 2


@unix
def test_shells_hand_over_pipes_as_files(run, sounds) -> None:
    read, write = os.pipe()
    os.write(write, (sounds / "b.wav").read_bytes())
    os.close(write)
    done = run("classify", f"/dev/fd/{read}", pass_fds=[read])
    os.close(read)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"/dev/fd/{read}: ".encode())


@unix
@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", b"caf\xe9.wav"), ("cp1252", "日本語😀.wav".encode()), ("ascii", b"caf\xe9.wav")],
)
def test_a_name_that_the_output_cannot_hold_costs_nothing(run, sounds, encoding, name) -> None:
    os.rename(b"sounds/b.wav", b"sounds/" + name)
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    plain = run("classify", "sounds", "-o", "out", "--format", "textgrid", env=environment)
    assert (plain.returncode, plain.stderr) == (0, b"")
    assert len(plain.stdout.splitlines()) == 2
    done = run("classify", "sounds", "--json", env=environment)
    files = [json.loads(line)["file"] for line in done.stdout.decode(encoding).splitlines()]
    assert sorted(map(os.fsencode, files)) == sorted((b"sounds/" + name, b"sounds/more/a.WAV"))
    done = run("hear", "sounds", "-o", "pages", "--model", "none", env=environment)
    assert done.returncode == 0, done.stderr
    assert os.path.exists(b"pages/" + name.replace(b".wav", b".html"))


def limited(size: int):
    """For a child process: files cannot grow beyond so many bytes."""
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@unix
@pytest.mark.parametrize(
    ("limit", "arguments"),
    [
        (60, ["classify", "sounds/b.wav", "-o", "full/x.json"]),
        (20, ["classify", "sounds", "-o", "full/all.csv"]),
        (20, ["classify", "sounds", "-o", "full", "-q"]),
        (2000, ["classify", "sounds/b.wav", "--explain", "full/why.png"]),
        (2000, ["show", "sounds/b.wav", "-o", "full/s.png"]),
        (2000, ["explain", "sounds/b.wav", "-o", "full/e"]),
        (9000, ["hear", "sounds/b.wav", "-o", "full/p.html", "--model", "none"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_full_disk_is_one_line_and_leaves_nothing(run, sounds, limit, arguments) -> None:
    Path("full").mkdir()
    done = run(*arguments, preexec_fn=limited(limit))
    assert done.returncode == 2, done.stderr
    assert done.stderr.count(b"\n") == 1
    assert b"cannot be written: " in done.stderr
    assert b"(make room, and give the command again)" in done.stderr
    assert [path for path in Path("full").rglob("*") if path.is_file()] == []


@unix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
@pytest.mark.parametrize(
    "arguments", [["classify", "sounds"], ["models", "--json"], ["--help"], ["doctor"]]
)
def test_an_output_that_is_full_is_one_line(run, sounds, arguments) -> None:
    with open("/dev/full", "wb") as full:
        done = run(*arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "tympan: the output: cannot be written: No space left on device "
        "(make room, and give the command again)"
    ]


@unix
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tympan cl", ["classify"]),
        ("tympan classify --mo", ["--model"]),
        ("tympan classify --model ", ["sounds"]),
        ("tympan classify --model so", ["sounds"]),
        ("tympan train --task c", ["classify", "compose"]),
        ("tympan show --kind mf", ["mfcc"]),
        ("tympan models so", ["sounds"]),
    ],
)
def test_the_tab_key_offers_verbs_options_and_names(run, line, offered) -> None:
    words = line.split(" ")
    environment = {
        "_TYMPAN_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    assert run(env=environment).stdout.decode().split() == offered


def test_the_tab_key_offers_all_verbs(run) -> None:
    from tympan.cli.main import COMMANDS

    environment = {
        "_TYMPAN_COMPLETE": "complete_bash",
        "COMP_WORDS": "tympan ",
        "COMP_CWORD": "1",
    }
    assert run(env=environment).stdout.decode().split() == list(COMMANDS)


def test_a_page_about_another_recording_is_not_overwritten(run, sounds) -> None:
    hear = ("hear", "--model", "none", "-q")
    (sounds / "b2").mkdir()
    (sounds / "b2" / "b.wav").write_bytes((sounds / "b.wav").read_bytes())
    assert run(*hear, "sounds/b.wav").stdout == b"report: b.html\n"
    first = Path("b.html").read_bytes()
    assert run(*hear, "sounds/b2/b.wav").stdout == b"report: b-2.html\n"
    assert Path("b.html").read_bytes() == first
    assert run(*hear, "sounds/b.wav").stdout == b"report: b.html\n"
    # Whoever names a page means it.
    assert run(*hear, "sounds/b2/b.wav", "-o", "b.html").stdout == b"report: b.html\n"
    assert str(sounds).encode() not in Path("b-2.html").read_bytes()
    done = run(*hear, "sounds", "-o", "pages")
    pages = [
        os.path.join("pages", *one) for one in (("b.html",), ("b2", "b.html"), ("more", "a.html"))
    ]
    assert done.stdout.decode().split() == [word for page in pages for word in ("report:", page)]
    assert b"name a folder" in run(*hear, "sounds", "-o", "one.html").stderr


def test_warnings_of_answers_are_not_pythons_here(run, tmp_path) -> None:
    from tympan.audio import synth

    synth.silence(duration_s=1, rate_hz=8000).save(tmp_path / "silence.wav")
    for verb in ("classify", "hear"):
        done = run(verb, str(tmp_path / "silence.wav"), cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"is silent" in done.stdout or b"silen" in done.stdout.lower()
