"""`tympan watch` as a process: replay, check, signals, full disks, other outputs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests_command import tympan_command
from tympan.audio.scenes import demo_scene
from tympan.cli.watch_lines import Show
from tympan.live.actions.log import read_events
from tympan.tasks.results import Segment


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo scene: siren, clock, rain, bells, engine."""
    return demo_scene()[0].save(tmp_path_factory.mktemp("scene") / "scene.wav")


def tympan(
    *arguments: str, cwd: Path | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    command = tympan_command("watch", *arguments)
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, **options)  # type: ignore[call-overload]


def test_a_replay_finds_what_is_in_the_recording(scene: Path, tmp_path: Path) -> None:
    found = tympan(
        str(scene), "--replay", "--rules", "break-in", "--start", "2026-01-02T03:04:05",
        "--log", "e.db", "--clips", "clips", cwd=tmp_path,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert "03:04:05  alarm: siren" in found.stdout
    assert "alarm: 1 event" in found.stderr
    (row,) = read_events(tmp_path / "e.db")
    assert row["label"] == "siren"
    assert Path(row["clip"]).is_file()


def test_without_rules_the_answers_are_printed_as_they_change(scene: Path) -> None:
    found = tympan(str(scene), "--replay", "-m", "sounds", "-q")
    labels = [line.split(" s  ", 1)[1].rsplit(" ", 2)[0] for line in found.stdout.splitlines()]
    assert labels == ["siren", "clock_tick", "rain", "church_bells", "engine"]


def test_one_model_listens_and_several_listen(scene: Path) -> None:
    said = tympan(str(scene), "--replay", "-m", "sounds").stderr
    assert "sounds listens; Ctrl-C ends" in said
    said = tympan(str(scene), "--replay", "-m", "sounds", "-m", "speech").stderr
    assert "sounds, speech listen; Ctrl-C ends" in said


def test_actions_are_closed_where_there_is_no_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from tympan.cli.main import app
    from tympan.live.actions.log import EventLog

    closed = list[Path]()
    monkeypatch.setattr(EventLog, "close", lambda log, wait_s=5.0: closed.append(log.path))
    log = tmp_path / "e.db"
    given = ["watch", str(tmp_path / "no" / "where"), "-m", "sounds", "--log", str(log)]
    assert "no such source" in str(CliRunner().invoke(app, given).exception)
    assert closed == [log]


def test_json_has_begin_and_end(scene: Path) -> None:
    found = tympan(str(scene), "--replay", "--rules", "break-in", "--json")
    events = [json.loads(line) for line in found.stdout.splitlines()]
    assert [one["event"] for one in events] == ["begin", "end"]
    assert events[0]["key"] == events[1]["key"]


def test_check_says_what_is_right_and_what_is_wrong(tmp_path: Path) -> None:
    rules = tmp_path / "r.toml"
    rules.write_text('[[model]]\nname = "sounds"\n[[rule]]\nname = "a"\nlabels = ["dog"]\n')
    found = tympan("mic", "--rules", str(rules), "--check")
    assert (found.returncode, found.stdout) == (0, "1 rule is right: a\n")
    rules.write_text('[[model]]\nname = "sounds"\n[[rule]]\nname = "a"\nlabels = ["dogg"]\n')
    found = tympan("--rules", str(rules), "--check")  # it needs no source
    assert found.returncode == 2
    assert "line 5" in found.stderr
    assert "did you mean dog?" in found.stderr
    rules.write_text('[[rule]]\nname = "a"\n[action.x]\ntype = "log"\npath = "e.db"\n')
    assert (
        tympan("mic", "-m", "sounds", "--rules", str(rules), "--check", cwd=tmp_path).returncode
        == 0
    )
    assert not (tmp_path / "e.db").exists()
    rules.write_text('[[rule]]\nname = "a"\n[action.x]\ntype = "logg"\n')
    found = tympan("mic", "-m", "sounds", "--rules", str(rules), "--check", cwd=tmp_path)
    assert (found.returncode, "line 4" in found.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mic",), "neither a model nor rules are given (--model sounds prints what it hears"),
        (("mic",), "a profile: baby-and-home, break-in, machine)"),
        (("-m", "sounds"), "a source is wanted: a microphone (mic)"),
        (("no/where", "-m", "sounds"), "there is no such source"),
        (("x.wav", "--rules", "nope"), "no such file of rules"),
        (("x.wav", "--replay", "-m", "sounds"), "is no file"),
        (("-", "-m", "sounds", "--pcm", "mp3"), "is no layout of samples"),
        (("mic", "--rules", "machine"), "no model is named"),
        (("mic", "-m", "sounds", "--clips", "c"), "--clips needs --log"),
        (("mic", "-m", "speakers"), "gives no scores while it listens"),
        (("mic", "-m", "sounds", "--book", "b"), "--book is of no model here"),
        (("mic", "-m", "voices", "--book", "b"), "there is no such voice book"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    found = tympan(*arguments, cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert found.returncode == 2
    assert said in found.stderr
    assert found.stderr.startswith("tympan: ")
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ('name = "speakers"', "the model 'speakers' gives no scores while it listens"),
        ('name = "sounds"\nverb = "embed"', "the model 'sounds' gives no scores while it listens"),
        ('name = "voices"', "there is no voice book (tympan enroll NAME FILE makes one)"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_models_without_scores_are_refused_before_listening(
    tmp_path: Path, rules: str, said: str, check: bool
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(f'[[rule]]\nname = "a"\n[[model]]\n{rules}\n')
    source = ["mic", "--check"] if check else ["x.wav", "--replay"]
    found = tympan(*source, "--rules", str(path), cwd=tmp_path)
    assert found.returncode == 2
    assert found.stderr.startswith(f"tympan: {path}: line 3: {said}")
    assert found.stderr.count("\n") == 1


def test_voices_of_a_book_are_found_in_a_stream(shared_data: Path, tmp_path: Path) -> None:
    """Two people in turn, of whom one is in the book, and a pause between them."""
    import numpy as np

    from tympan import load
    from tympan.audio import Clip
    from tympan.data import read_folder

    known = "1998"
    spoken = {name: list[Path]() for name in (known, "1688")}
    for one in read_folder(shared_data / "librispeech"):
        if one.columns["speaker"] in spoken:
            spoken[one.columns["speaker"]].append(one.path)
    ours, others = spoken.values()
    waves = [np.concatenate([load(p).samples for p in some], 1) for some in (ours[4:], others)]
    parts = [wave[:, : 16_000 * 16] for wave in waves]
    pause = np.zeros((1, 16_000 * 8), np.float32)
    Clip(np.concatenate([parts[1], pause, parts[0]], 1), 16_000).save(tmp_path / "x.wav")
    command = tympan_command("enroll", f"speaker {known}", *map(str, ours[:4]))
    subprocess.run([*command, "--book", "b.tympan"], cwd=tmp_path, check=True, capture_output=True)
    rules = f'[[rule]]\nname = "home"\nlabels = ["speaker {known}"]\nmin_s = 4\n'
    (tmp_path / "r.toml").write_text(rules)
    given = ("x.wav", "--replay", "-m", "voices", "--book", "b.tympan")
    found = tympan(*given, "--rules", "r.toml", "--json", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    begin, end = (json.loads(line) for line in found.stdout.splitlines())
    start_s = (parts[1].shape[1] + pause.shape[1]) / 16_000
    assert begin["label"] == f"speaker {known}"
    assert begin["start_s"] == pytest.approx(start_s, abs=4.0)
    assert end["end_s"] == pytest.approx(start_s + parts[0].shape[1] / 16_000, abs=4.0)
    # Without rules, whose voice it is stands in a line.
    found = tympan(*given, "-q", cwd=tmp_path)
    assert f"speaker {known} " in found.stdout.splitlines()[-1]
    assert " unknown " in found.stdout.splitlines()[0]


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and limits of Unix")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(
    scene: Path, tmp_path: Path, number: signal.Signals
) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    command = [
        sys.executable, "-c",
        # Children of a test that was begun in the background ignore SIGINT.
        "import signal,sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from tympan.__main__ import main; sys.argv[0]='tympan'; main()",
        "watch", str(fifo), "--rules", "break-in", "--log", "e.db", "--clips", "c", "--plain",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with fifo.open("wb", buffering=0) as pipe:
        data = scene.read_bytes()
        pipe.write(data[: 44 + 2 * 16_000 * 4])  # in the middle of the siren
        assert "siren" in process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    (row,) = read_events(tmp_path / "e.db")
    assert row["end"]
    assert Path(row["clip"]).is_file()


def limited() -> None:
    """No file of this process may be longer than 64 kB, as if the disk were full."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and limits of Unix")
def test_a_full_disk_costs_the_clip_and_not_the_listening(scene: Path, tmp_path: Path) -> None:
    found = tympan(
        str(scene), "--replay", "--rules", "break-in", "--log", "e.db", "--clips", "c",
        cwd=tmp_path, preexec_fn=limited,
    )  # fmt: skip
    assert "alarm: siren" in found.stdout
    assert "cannot be written" in found.stderr
    assert "Traceback" not in found.stderr
    assert not list((tmp_path / "c").glob("*"))


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and limits of Unix")
def test_a_reader_that_has_had_enough_ends_it(scene: Path) -> None:
    command = f"{sys.executable} -m tympan watch {scene} --replay -m sounds -q --json | head -n 1"
    began = time.monotonic()
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert json.loads(found.stdout)["model"] == "sounds"
    assert "Traceback" not in found.stderr
    assert time.monotonic() - began < 60


@dataclass
class Given:
    """Something that a model decided."""

    start_s: float
    end_s: float
    label: str

    def __str__(self) -> str:
        return str(Segment(self.start_s, self.end_s, self.label, 0.9))


def shown(capsys: pytest.CaptureFixture[str], *found: Given, whole: bool = False) -> list[str]:
    show = Show(quiet=False, json=False, live=False, default=True, printed=False)
    show.whole = {"m"} if whole else set()
    for one in found:
        show.decided("m", one)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_a_sound_that_goes_on_is_one_line_that_says_from_when(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not "0.00 – 1.00 s" of fifteen seconds of rain; and again when it comes back."""
    parts = [Given(t, t + 1, "rain") for t in range(15)]
    parts += [Given(15, 16, "dog"), Given(16, 17, "rain"), Given(17, 18, "rain")]
    assert shown(capsys, *parts) == [
        "m from 0.00 s rain 90 %",
        "m from 15.00 s dog 90 %",
        "m from 16.00 s rain 90 %",
    ]


def test_each_segment_has_its_line_though_all_have_one_label(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts = [Given(0.5, 2.5, "speech"), Given(5.5, 8.0, "speech"), Given(0.5, 1.0, "speech")]
    assert shown(capsys, *parts, whole=True) == [
        "m 0.50 – 2.50 s speech 90 %",
        "m 5.50 – 8.00 s speech 90 %",
        "m 0.50 – 1.00 s speech 90 %",  # of the next stretch
    ]


def test_a_mistyped_file_is_a_mistake_and_one_that_is_to_come_is_waited_for(tmp_path: Path) -> None:
    from tympan.errors import ArgumentError
    from tympan.live.sources import open_source

    typo = str(tmp_path / "nofile.wav")
    with pytest.raises(ArgumentError, match=r"no such source .*--wait waits for a file"):
        open_source(typo)
    assert open_source(typo, wait=True).name == typo
    for never in (str(tmp_path / "no" / "x.wav"), ""):
        with pytest.raises(ArgumentError, match="no such source"):
            open_source(never, wait=True)
    found = tympan("nofile.wav", "-m", "speech", cwd=tmp_path)
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)


def test_a_mistake_about_a_profile_names_the_profile_and_no_file_of_the_package() -> None:
    from tympan._toml import PlaceError
    from tympan.errors import ArgumentError
    from tympan.live.api import checked
    from tympan.live.rules import load_rules

    with pytest.raises(ArgumentError, match=r"^the profile machine: no model is named") as error:
        checked("machine")
    assert ".toml" not in str(error.value)
    rules = load_rules("break-in")
    wrong = rules.error(PlaceError("is wrong", ("rule", 0, "labels")))
    line = next(i for i, one in enumerate(rules.text.splitlines(), 1) if "glass breaking" in one)
    assert str(wrong) == f"the profile break-in: line {line}: is wrong"


def test_words_are_waited_for_in_a_telephone_call(shared_data: Path, tmp_path: Path) -> None:
    """Digits of a speaker that `commands` was not trained on, as samples at 8 kHz in a pipe."""
    import numpy as np

    from tympan.audio import load

    pause = np.zeros(10_400, np.float32)
    parts = [pause]
    for take in ("7_theo_0", "3_theo_0", "7_theo_4"):
        said = load(shared_data / "fsdd" / "audio" / f"{take}.opus", rate_hz=8000, mono=True)
        parts += [said.samples[0], pause]
    wave = np.concatenate(parts)
    rules = tmp_path / "r.toml"
    rules.write_text('[[rule]]\nname = "call"\nlabels = ["seven", "nine"]\nthreshold = 0.7\n')
    found = subprocess.run(
        [sys.executable, "-m", "tympan", "watch", "-", "-m", "commands", "--pcm", "s16le:8000:1",
         "--rules", str(rules), "--json", "-q"],
        input=(np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes(),
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    events = [json.loads(line) for line in found.stdout.splitlines()]
    ended = [(one["label"], one["start_s"], one["end_s"]) for one in events if one["end"]]
    assert [label for label, _, _ in ended] == ["seven", "seven"]
    begins = np.cumsum([len(one) for one in parts])[[0, 4]] / 8000
    for begin_s, (_, start_s, end_s) in zip(begins, ended, strict=True):
        assert start_s < begin_s + 0.4 < end_s
