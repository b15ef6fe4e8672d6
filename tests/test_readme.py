"""Everything the README shows is run, and prints what the README says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests_command import tympan_command

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CONSOLE = [text for kind, text in BLOCKS if kind == "console"]
PYTHON = [text for kind, text in BLOCKS if kind == "python"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the README speaks of: the demo recording and a folder of recordings."""
    import tympan
    from tests_sounds import sound
    from tympan.audio import synth
    from tympan.audio.scenes import demo_scene

    folder = tmp_path_factory.mktemp("readme")
    (folder / "demo").mkdir()
    sentence = re.findall(r'tympan speak "(.+?)" -o demo', (ROOT / "Makefile").read_text())[0]
    demo_scene(speech=tympan.speak(sentence))[0].save(folder / "demo" / "scene.wav")
    for kind in ("chirp", "noise", "tone"):
        (folder / "recordings" / kind).mkdir(parents=True)
        for i in range(30):
            sound(kind, i + 7).save(folder / "recordings" / kind / f"{i:02d}.wav")
    (folder / "tagged").mkdir()
    rows = ["file,label"]
    mixtures = [("chirp",), ("noise",), ("tone",), ("chirp", "noise"), ("noise", "tone"), ()]
    for i in range(48):
        kinds = mixtures[i % len(mixtures)]
        # Every recording is of the same length, and what has no label is nearly silent.
        clip = synth.white_noise(duration_s=0.9, rate_hz=16000, amplitude=0.001, seed=i)
        for kind in kinds:
            clip = clip.mix(sound(kind, i + 7))
        clip.save(folder / "tagged" / f"{i:02d}.wav")
        rows.append(f"{i:02d}.wav,{';'.join(kinds)}")
    (folder / "tagged" / "metadata.csv").write_text("\n".join(rows) + "\n")
    make_pump(folder)
    if (SHARED / "librispeech").is_dir():
        copy_voices(folder)
    if (SHARED / "wake_words").is_dir():
        copy_key_words(folder)
    return folder


def make_pump(folder: Path) -> None:
    """A pump: three normal minutes, and twenty seconds in which something knocks."""
    import numpy as np

    from tympan.audio import Clip

    def pump(seed: int, duration_s: float, knocks_s: tuple[float, ...] = ()) -> Clip:
        rng, t = np.random.default_rng(seed), np.arange(int(duration_s * 16000)) / 16000
        wave = 0.1 * rng.standard_normal(len(t))
        for k in range(1, 9):
            hz = (49.5 + rng.uniform(-0.3, 0.3)) * k
            wave += 0.3 / k * np.sin(2 * np.pi * hz * t + rng.uniform(0, 6))
        for start_s in knocks_s:
            inside = (t >= start_s) & (t < start_s + 0.02)
            wave[inside] += 0.8 * np.sin(2 * np.pi * 3200 * t[inside])
        return Clip((0.2 * wave)[None].astype(np.float32), 16000)

    (folder / "pump").mkdir()
    for i in range(3):
        pump(i, 60).save(folder / "pump" / f"{i}.wav")
    pump(10, 20, tuple(np.arange(8, 14, 0.1))).save(folder / "bad.wav")


def copy_voices(folder: Path) -> None:
    """Real speech: four recordings of one voice, one of another, and two with a pause between."""
    import numpy as np

    import tympan
    from tympan.audio import Clip, concat

    speech = SHARED / "librispeech" / "audio" / "test-other"
    ann, stranger = sorted(speech.glob("1998-*")), sorted(speech.glob("533-*"))[0]
    for name, path in zip(("ann1", "ann2", "ann3", "call"), [*ann[:3], ann[5]], strict=True):
        tympan.load(path).save(folder / f"{name}.wav")
    tympan.load(stranger).save(folder / "stranger.wav")
    noise = np.random.default_rng(0).standard_normal((1, 32000)).astype(np.float32)
    parts = [tympan.load(ann[7]), Clip(1e-4 * noise, 16000), tympan.load(ann[8])]
    concat(parts).save(folder / "talk.wav")


def copy_key_words(folder: Path) -> None:
    """Two key words by people who may be strangers, none of which was trained on."""
    import tympan
    from tympan.audio import concat

    takes = (
        "computer/0f578372-6736-42b5-8b8d-c22ded52273d",
        "jarvis/008a6329-b20c-4cfc-9ad4-9e7034bc5148",
    )
    files = [SHARED / "wake_words" / "audio" / f"{take}.opus" for take in takes]
    concat([tympan.load(one, rate_hz=16_000, mono=True) for one in files]).save(
        folder / "kitchen.wav"
    )


def commands(text: str) -> list[tuple[str, str]]:
    """`$ command` lines of a console block, each with the output below it."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(p.split("\n", 1)[0], p.split("\n", 1)[1]) for p in parts]


def run(command: str, place: Path) -> str:
    words = shlex.split(command)
    assert words[0] == "tympan", f"only tympan is run here: {command}"
    environment = os.environ | {"TYMPAN_CACHE": str(place / "cache"), "COLUMNS": "100"}
    done = subprocess.run(
        tympan_command(*words[1:]),
        cwd=place, env=environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_numbers(text: str) -> str:
    """Digits and runs of spaces vary with the processor and the clock; words do not."""
    return re.sub(r"[ \t]+", " ", re.sub(r"\d+", "#", text)).strip()


@pytest.mark.slow
def test_commands_print_what_the_readme_shows(place):
    shown = [pair for block in CONSOLE for pair in commands(block) if pair[0].startswith("tympan")]
    assert len(shown) >= 7
    if not (place / "talk.wav").exists():  # the voices are those of the development recordings
        needed = ("talk.wav", "ann1.wav", "call.wav", "book list")
        shown = [pair for pair in shown if not any(name in pair[0] for name in needed)]
    if not (place / "kitchen.wav").exists():
        shown = [pair for pair in shown if "kitchen.wav" not in pair[0]]
    for command, output in shown:
        printed = without_numbers(run(command, place))
        for line in without_numbers(output).splitlines():
            if line.strip() != "…":
                assert line.strip() in printed, f"{command}\nprinted\n{printed}"


def test_python_examples_run(place, monkeypatch):
    monkeypatch.chdir(place)
    assert PYTHON
    for text in PYTHON:
        exec(compile(text, "README.md", "exec"), {})


def test_it_says_plainly_what_classify_answers_outside_its_classes():
    from tympan.models import load_card
    from tympan.tasks.results.parts import UNLIKE

    prose = " ".join(README.split("```console")[1].split())
    count = len(load_card("sounds").labels)
    assert f"It knows {count} everyday sounds: of a real song, and of most other" in prose
    assert f"it mostly says *{UNLIKE}*" in prose


def test_every_verb_has_an_example():
    from tympan.cli.main import COMMANDS

    # What an engine answers cannot be shown to run where none is installed.
    shown = " ".join([*CONSOLE, *(text for kind, text in BLOCKS if kind == "sh")])
    assert [name for name in COMMANDS if f"tympan {name}" not in shown] == []


def table() -> dict[str, str]:
    """The measured figures: what is measured → the figure as written."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| `(.+?)` \|$", README, re.MULTILINE)
    assert len(rows) >= 4
    assert [script for *_, script in rows if not (ROOT / script).is_file()] == []
    return {script: figure for _, figure, script in rows}


def test_figures_are_those_of_the_card_and_of_the_benchmark_pages():
    from tympan.models import load_card

    card, found = load_card("sounds"), table()
    accuracy = next(one for one in card.scores if one.name == "accuracy")
    assert accuracy.fold_std is not None
    measured = f"**{accuracy.value * 100:.1f} %** ± {accuracy.fold_std * 100:.1f}"
    assert measured in found["recipes/sounds.py"]

    def page(name: str) -> str:
        return (ROOT / "docs" / "benchmarks" / f"{name}.md").read_text(encoding="utf-8")

    speed = re.search(r"\| sounds \|.*\| ([\d.]+) \| ([\d.]+) \|", page("inference"))
    assert speed
    rounded = [f"{float(one):.0f}" for one in speed.groups()]
    assert found["benchmarks/inference.py"].startswith(f"{rounded[0]} × / {rounded[1]} ×")
    small = re.search(r"\| sounds \| (\d+) .*?\| ([\d.]+)%", page("own_folder"))
    assert small
    assert found["benchmarks/own_folder.py"].startswith(f"{small[1]} s, {small[2]} %")
    mel = re.search(r"\| log_mel \| 16 kHz, 600 s \|.*\| ([\d.]+) × (\(.+?\)) \|", page("fresh"))
    assert mel
    assert found["benchmarks/fresh.py"] == f"{mel[1]} × as fast {mel[2]}"
    pitch = page("pitch").split("## ")[0]
    rows = [re.findall(r"\| ([\d.]+)", line) for line in pitch.splitlines()]
    clean, white, pink = (
        next(row for row, line in zip(rows, pitch.splitlines(), strict=True) if name in line)
        for name in ("| clean |", "| white noise, 0 dB |", "| pink noise, 0 dB |")
    )
    ours, pyin, swift = (" / ".join(part) for part in zip(clean, white, pink, strict=True))
    assert found["benchmarks/pitch.py"] == f"{ours} % ({pyin}; {swift})"
    unknown = page("unknown")
    rejected = [
        re.search(rf"\| {name} \|.*\| (\d+) % \(", unknown)[1]
        for name in ("machine", "music", "speech")
    ]
    assert found["benchmarks/unknown.py"] == "{} %, {} %, {} %".format(*rejected)
    kept = re.search(r"known clips rejected \| (.+? %)", unknown)
    assert kept
    assert kept[1] in README
    areas = re.findall(
        r"\| (?:renderings|real_music|philharmonia), .*?\| \S+ \(.*?\) \| (\S+) ",
        page("music_tags"),
    )
    assert found["benchmarks/music_tags.py"] == "{} %, {} %, {} %".format(*areas[:3])
    rates = re.findall(
        r"^\| (?:cwru, across loads|motor, folds of neighbours) \| "
        r"(?:MFCC.*?|tympan, from `sounds`) \| ([\d.]+) ",
        page("machines"),
        re.M,
    )
    forest_load, load, forest_motor, motor = rates
    assert found["benchmarks/machines.py"] == (
        f"{load} %, {motor} % ({forest_load} %, {forest_motor} %)"
    )
    words = re.search(r"\| wake_words \|[^|]*\| 10 \| (.+?) \| (.+?) \|", page("small_data"))
    assert words
    assert found["benchmarks/small_data.py"] == f"{words[2]} ({words[1]})"
    auc = re.findall(r"\| 0 dB \| [\w -]+[\d.]* \| ([\d.]+) ", page("speech_activity"))
    assert found["benchmarks/speech_activity.py"] == "{} ({})".format(*auc)
    clean, noisy = (
        re.search(rf"\| test-other, 2 s{more} \|[^|]*\| ([\d.]+)%.*\| ([\d.]+)%", page("voices"))
        for more in ("", ", noise at 10 dB")
    )
    assert clean
    assert noisy
    error = f"{clean[1]} / {noisy[1]} % ({clean[2]} / {noisy[2]} %)"
    assert found["benchmarks/voices.py"] == error
    meetings = re.findall(r"^\| (ami|mixed)[^|]*\| ([\d.]+) %", page("speakers"), re.M)
    real = next(figure for kind, figure in meetings if kind == "ami")
    mixed = sorted((figure for kind, figure in meetings if kind == "mixed"), key=float)
    assert found["benchmarks/speakers.py"] == f"{real} %; {mixed[0]} – {mixed[-1]} %"
    events = re.search(r"\| 0 dB \| scenes \| ([\d.]+) .*?\| ([\d.]+) ", page("sound_events"))
    assert events
    assert found["benchmarks/sound_events.py"] == f"{events[1]} / {events[2]} %"
    (motor_auc, motor_dense), (faults, faults_dense) = re.findall(
        r"^\| (?:motor|ESC-50, simulated) \| ([\d.]+) \| ([\d.]+) \|", page("monitor"), re.M
    )
    assert found["benchmarks/monitor.py"] == (
        f"{motor_auc} / {faults} % ({motor_dense} / {faults_dense} %)"
    )
    glass = re.search(r"\| glass \| [\d.]+ \| \d+ \| (\d+) %.*?\| ([\d.]+) \|", page("watch"))
    assert glass
    assert found["benchmarks/watch.py"] == f"{glass[1]} % ({glass[2]})"
    by_voice = {
        one[1]: (one[2], one[3])
        for one in re.finditer(
            r"^\| (kokoro|piper|flite|tympan en) \w+ \| ([\d.]+) .*?\| ([\d.]+) ",
            page("speak"),
            re.M,
        )
    }
    peers = "; ".join(" / ".join(by_voice[name]) for name in ("kokoro", "piper", "flite"))
    assert found["benchmarks/speak.py"] == f"{' / '.join(by_voice['tympan en'])} % ({peers})"
    start = re.search(r"\| tympan --help \| ([\d.]+) ms", page("startup"))
    assert start
    assert found["benchmarks/startup.py"] == f"{float(start[1]):.0f} ms"


def test_the_two_commands_and_the_links_are_there():
    assert "make demo" in README
    assert "make test" in README
    targets = re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r'src="([^"]+)"', README)
    local = [t for t in targets if not t.startswith("http")]
    assert local
    assert [t for t in local if not (ROOT / t).exists()] == []
