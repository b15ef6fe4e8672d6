"""`tympan transcribe` in processes of its own, with a recogniser that another package brings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PLUGINS = Path(__file__).parents[1] / "plugins"
SAID = ["baba", "defi", "gohu", "kale", "mino", "pude", "fiba"]
TURN = "\n"


@pytest.fixture
def coded_site(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has installed `coded_words.py`."""
    site = tmp_path / "site"
    info = site / "coded_words-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "coded_words.py").write_text((PLUGINS / "coded_words.py").read_text("utf-8"), "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coded-words\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[tympan.tasks.engines]\ncoded = coded_words:ENGINE\n")
    return {"PYTHONPATH": str(site), "TYMPAN_CACHE": str(tmp_path / "cache")}


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven words with a pause of two seconds behind the third one, in the working directory."""
    sys.path.insert(0, str(PLUGINS))
    try:
        import coded_words
    finally:
        sys.path.remove(str(PLUGINS))
    monkeypatch.chdir(tmp_path)
    clip = coded_words.clip_of(SAID, [0, 0, 2.0, 0, 0, 0, 0])
    return Path(clip.save(tmp_path / "talk.wav"))


def test_the_text_and_every_format(run, coded_site, talk) -> None:
    done = run("transcribe", "talk.wav", env=coded_site)
    assert done.returncode == 0, done.stderr
    assert [" ".join(SAID[:3]), " ".join(SAID[3:])] == [
        line.split(" s  ")[1] for line in done.stdout.decode().splitlines() if " s  " in line
    ]
    for ending in ("srt", "vtt", "txt", "json", "TextGrid"):
        assert run("transcribe", "talk.wav", "-o", f"x.{ending}", env=coded_site).returncode == 0
    assert Path("x.txt").read_text() == " ".join(SAID) + TURN
    stored = json.loads(Path("x.json").read_text())
    assert stored["model"] == "coded"
    assert [w["text"] for s in stored["segments"] for w in s["words"]] == SAID
    assert 'name = "words"' in Path("x.TextGrid").read_text()
    assert not list(Path().glob("*.partial"))


@pytest.mark.parametrize("ending", ["srt", "vtt"])
def test_a_player_reads_the_subtitles(run, coded_site, talk, ending: str) -> None:
    import av

    assert run("transcribe", "talk.wav", "-o", f"x.{ending}", env=coded_site).returncode == 0
    with av.open(f"x.{ending}") as container:
        stream = container.streams.subtitles[0]
        packets = [p for p in container.demux(stream) if p.size]
        times = [float(p.pts * p.time_base) for p in packets]
        texts = [bytes(p).decode() for p in packets]
    assert texts == [" ".join(SAID[:3]), " ".join(SAID[3:])]
    assert times == [pytest.approx(0.0, abs=0.05), pytest.approx(2.75, abs=0.05)]


def test_each_word_by_itself(run, coded_site, talk) -> None:
    done = run("transcribe", "talk.wav", "--words", "--json", env=coded_site)
    assert [one["text"] for one in json.loads(done.stdout)["segments"]] == SAID


def test_mistakes_are_one_line(run, coded_site, talk) -> None:
    for arguments, told in (
        (["talk.wav", "--language", "de"], b"coded does not know the language 'de'"),
        (["talk.wav", "--engine", "parrot"], b"there is no engine 'parrot'"),
        (["talk.wav", "--engine", "coded", "-m", "coded"], b"a model and an engine are named"),
        (["talk.wav", "--channels", "left"], b"left"),
        (["talk.wav", "-o", "x.mp3"], b"cannot be written as .mp3"),
        (["nowhere.wav"], b"nowhere.wav"),
        (["talk.wav", "more.wav", "--live"], b"one source is heard at a time"),
        (["mic", "--speakers"], b"--speakers needs the whole recording"),
    ):
        done = run("transcribe", *arguments, env=coded_site)
        assert done.returncode == 2, arguments
        assert told in done.stderr
        assert done.stderr.count(b"\n") == 1
        assert not Path(arguments[-1]).with_suffix(".mp3").exists()


def test_a_damaged_packet_is_one_line_and_costs_only_itself(run, coded_site, talk) -> None:
    import av

    with av.open(str(talk)) as source, av.open("talk.mp3", "w") as target:
        stream = target.add_stream("libmp3lame", rate=16000, layout="mono")
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    raw = bytearray(Path("talk.mp3").read_bytes())
    middle = len(raw) // 2  # in the pause
    raw[middle : middle + 300] = bytes(300)
    Path("talk.mp3").write_bytes(raw)
    done = run("transcribe", "talk.mp3", "--json", env=coded_site)
    assert done.returncode == 0, done.stderr
    said = [w["text"] for s in json.loads(done.stdout)["segments"] for w in s["words"]]
    assert said == SAID
    assert done.stderr.startswith(b"tympan: talk.mp3: 1 damaged parts were replaced by silence")
    assert done.stderr.count(b"\n") == 1


def listening(site: dict[str, str]) -> subprocess.Popen[bytes]:
    """`tympan transcribe` on bare samples of a pipe."""
    import tympan

    home = str(Path(tympan.__file__).parents[1])
    path = os.pathsep.join([site["PYTHONPATH"], home])
    command = [sys.executable, "-m", "tympan", "transcribe", "-", "--live", "-q"]
    return subprocess.Popen(
        [*command, "--pcm", "s16le:16000:1", "--engine", "coded"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip


def said_in(line: bytes) -> list[str]:
    return line.decode().split(" s  ")[1].split()


def test_live_from_a_pipe_in_time(coded_site, talk) -> None:
    """The first utterance is printed while the pipe is still open."""
    import tympan

    pcm = (np.clip(tympan.load(talk).samples[0], -1, 1) * 32767).astype("<i2").tobytes()
    half = 2 * round(2.6 * 16000)  # in the pause
    process = listening(coded_site)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(pcm[:half])
    process.stdin.flush()
    assert said_in(process.stdout.readline()) == SAID[:3]
    process.stdin.write(pcm[half:])
    process.stdin.close()
    assert said_in(process.stdout.read()) == SAID[3:]
    assert process.wait() == 0


def test_ctrl_c_ends_it_in_good_order(coded_site, talk) -> None:
    import tympan

    pcm = (np.clip(tympan.load(talk).samples[0], -1, 1) * 32767).astype("<i2").tobytes()
    process = listening(coded_site)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(pcm)
    process.stdin.flush()
    assert said_in(process.stdout.readline()) == SAID[:3]
    process.send_signal(signal.SIGINT)
    # What it has of the second utterance is told, as far as it had come in.
    rest = process.stdout.read()
    assert process.wait() == 0
    assert not rest or said_in(rest) == SAID[3 : 3 + len(said_in(rest))]
    process.stdin.close()


def test_the_engine_is_in_the_catalogue(run, coded_site) -> None:
    shown = run("models", "coded", env=coded_site).stdout.decode()
    assert "coded, an engine (transcribe)" in shown
    rows = run("models", env=coded_site).stdout.decode()
    for name in ("moonshine", "whisper-tiny", "whisper-base"):
        assert f"\n{name} " in rows
