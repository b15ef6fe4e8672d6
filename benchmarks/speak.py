"""How well voices are understood, by two recognisers, and what speaking costs.

Sentences that no voice of ours was trained on: one half the texts of recordings of LibriSpeech
*test-other*, one half sentences of our own in the manner of the Harvard lists
(`benchmarks/sentences.txt`). *Recordings* are the first half as people read them. *WER*: words
that the judges get wrong, who write down what they hear: Whisper tiny.en (greedy) and Moonshine
tiny; 95 % intervals over sentences (bootstrap) in brackets. *Griffin-Lim* is the same net with 32
iterations of Griffin-Lim in place of its vocoder. *Melody* is the standard deviation of the pitch
in voiced frames, in semitones, and *pace* how many seconds a word takes: a voice that has no melody
is monotonous, whatever its WER. *DNSMOS* (P.835, overall) judges noise and distortion rather than
speech: it stands here beside the WER, and for nothing alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import csv
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._judges import JUDGES, error_rate, interpreter, judged, with_interval
from benchmarks.common import DATA, Row, arguments, key_of, main

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / ".runs" / "speech"
VOICE, SEED, QUICK = "en", 0, 2
# Of each half; our own are 100.
COUNT = 100
# Number of words → a sentence of them.
FIRST = {
    8: "The baker slid the loaf onto a shelf.",
    21: "The baker slid the loaf onto a cool stone shelf, and nobody noticed that the oven was "
    "still far too hot.",
}
SPEAKERS = ("heart",)
PEERS = ("kokoro:af_heart", "piper:joe", "flite:slt", "espeak-ng:en-us")
VOICES = RUNS / "dl" / "package" / "voices"


@dataclass(frozen=True)
class Line:
    """A sentence, its phonemes, and the recording of it, if there is one."""

    text: str
    phonemes: str
    recording: Path | None = None


@dataclass(frozen=True)
class Spoken:
    """What a system made of the lines: files, and processor seconds for each second of sound."""

    name: str
    files: Sequence[Path]
    cpu: float | None = None


def lines(quick: bool) -> list[Line]:
    """The sentences."""
    from tympan.tasks.speak.examples import phonemes_of

    with open(DATA / "librispeech" / "metadata.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("text")]
    read = [
        (row["text"].capitalize().rstrip(".") + ".", DATA / "librispeech" / row["file_name"])
        for row in rows
    ]
    own = Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").splitlines()
    texts = [*read, *((text, None) for text in own)]
    count = QUICK if quick else COUNT
    texts = [*read[:: len(read) // count][:count], *texts[len(read) :][:count]]
    return [Line(text, phonemes_of(text, "en"), path) for text, path in texts]


def seconds(files: Sequence[Path]) -> float:
    """Length of all files together."""
    import soundfile

    return sum(soundfile.info(path).duration for path in files)


def by_peer(system: str, spoken: Sequence[Line], out: Path) -> Spoken:
    """What another synthesiser makes of the lines; kept, as it does not change."""
    files = [out / f"{i:03d}.wav" for i in range(len(spoken))]
    kept = out / "cpu.json"
    texts = [{"text": line.text, "phonemes": line.phonemes} for line in spoken]
    wanted = {"system": system, "lines": texts}
    if not (kept.exists() and json.loads(kept.read_text())["wanted"] == wanted):
        done = subprocess.run(
            [str(interpreter()), str(Path(__file__).with_name("_speak_peers.py"))],
            input=json.dumps({**wanted, "out": str(out)}),
            capture_output=True,
            text=True,
            env=os.environ | {"TYMPAN_KOKORO_VOICES": str(VOICES), "PYTHONPATH": ""},
        )
        if done.returncode:
            raise RuntimeError(f"{system} failed: {done.stderr[-800:]}")
        cpu_s = json.loads(done.stdout.splitlines()[-1])["cpu_s"]
        kept.write_text(json.dumps({"wanted": wanted, "cpu_s": cpu_s}))
    cpu_s = json.loads(kept.read_text())["cpu_s"]
    return Spoken(system.replace(":", " "), files, cpu_s / seconds(files))


def by_tympan(
    spoken: Sequence[Line], out: Path, model: str, speakers: Sequence[str] = SPEAKERS
) -> Iterator[Spoken]:
    """What our voice makes of them: each speaker, and the first one by Griffin-Lim."""
    from tympan.audio import Clip
    from tympan.spectra import GriffinLim
    from tympan.tasks import load

    voice = load(model, "speak", "cpu")
    floor = GriffinLim(voice.config.n_fft, voice.config.hop, num_iterations=32, seed=SEED)

    def griffin_lim(mels, f0):  # type: ignore[no-untyped-def]
        return floor((own.to_bins @ mels).exp(), length=f0.shape[1] * voice.config.hop)

    own = voice.vocoder
    ways = [(who, own) for who in speakers] + [(voice.speakers[0], griffin_lim)]
    for who, vocoder in ways:
        voice.vocoder = vocoder
        name = f"tympan {voice.name} {who}" + (", Griffin-Lim" if vocoder is not own else "")
        folder = out / key_of(name)
        folder.mkdir(parents=True, exist_ok=True)
        voice("Warm.", speaker=who)
        files, cpu_s = [], 0.0
        for i, line in enumerate(spoken):
            begun = time.process_time()
            clip = voice(line.text, speaker=who)
            cpu_s += time.process_time() - begun
            files.append(folder / f"{i:03d}.wav")
            loudest = max(1.0, float(np.abs(clip.samples).max()))
            Clip(clip.samples / loudest, clip.rate_hz).save(files[-1])
        yield Spoken(name, files, cpu_s / seconds(files))
    voice.vocoder = own


def melody(files: Sequence[Path]) -> tuple[float, float]:
    """Median pitch in Hz, and its standard deviation in semitones."""
    from tympan.audio import load
    from tympan.spectra import pitch_track

    tones = []
    for path in files:
        track = pitch_track(load(path, rate_hz=16000, mono=True), 60, 500)
        tones.append(track.frequencies_hz[track.voiced])
    found = np.concatenate(tones)
    within = np.concatenate([12 * np.log2(t / np.median(t)) for t in tones if len(t)])
    return float(np.median(found)), float(within.std())


def row_of(one: Spoken, spoken: Sequence[Line]) -> tuple[Row, dict[str, float]]:
    """A row of the table, and its figures."""
    answers = judged([(path, None) for path in one.files], dnsmos=True, kept=RUNS / "judged")
    row: dict[str, object] = {"voice": one.name}
    figures: dict[str, float] = {}
    texts = [line.text for line in spoken]
    for judge in JUDGES:
        rate, interval = error_rate(texts, [str(a[judge]) for a in answers], SEED)
        row[f"WER {judge}, %"] = with_interval(rate, interval)
        figures[f"wer {judge}"] = rate
    dnsmos = [float(str(a["dnsmos"])) for a in answers if a.get("dnsmos") is not None]
    row["DNSMOS"] = f"{np.mean(dnsmos):.2f}" if dnsmos else "–"
    middle_hz, spread = melody(one.files)
    words = sum(len(text.split()) for text in texts)
    row["pitch, Hz"], row["melody, semitones"] = f"{middle_hz:.0f}", f"{spread:.1f}"
    row["pace, s a word"] = f"{seconds(one.files) / words:.2f}"
    row["cpu, s for each second"] = "–" if one.cpu is None else f"{one.cpu:.3f}"
    figures |= {"melody": spread, **({} if one.cpu is None else {"cpu": one.cpu})}
    return row, {key_of(f"{one.name} {key}"): value for key, value in figures.items()}


def measure(quick: bool, model: str) -> tuple[list[Row], dict[str, float]]:
    """All rows and figures."""
    spoken = lines(quick)
    out = RUNS / ("peers-quick" if quick else "peers")
    read = [line for line in spoken if line.recording is not None]
    files = [line.recording for line in read if line.recording is not None]
    todo: list[tuple[Spoken, Sequence[Line]]] = [(Spoken("recordings (first half)", files), read)]
    todo += [(by_peer(one, spoken, out / key_of(one)), spoken) for one in PEERS]
    todo += [(one, spoken) for one in by_tympan(spoken, out, model)]
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for one, its in todo:
        row, found = row_of(one, its)
        rows.append(row)
        figures |= found
        print(row, flush=True)
    return rows, figures


def speed(model: str, quick: bool) -> tuple[list[Row], dict[str, float]]:
    """How soon the first sound comes, and how much memory a book takes."""
    import resource

    from tympan.tasks import load

    voice = load(model, "speak", "cpu")
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for words, text in FIRST.items():
        next(voice.stream(text))
        found = []
        for _ in range(3 if quick else 11):
            begun = time.process_time()
            next(voice.stream(text))
            found.append(1000 * (time.process_time() - begun))
        middle, low, high = np.median(found), min(found), max(found)
        rows.append(
            {
                "what": f"first sound of a sentence of {words} words",
                "figure": f"{middle:.0f} ms ({low:.0f}–{high:.0f})",
            }
        )
        figures[f"first_sound_{words}_ms"] = float(middle)
    memory = []
    for count in (10, 20) if quick else (50, 500):
        for _ in voice.stream(f"{FIRST[8]} " * count):
            pass
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        rows.append(
            {
                "what": f"peak memory after {count} sentences",
                "figure": f"{memory[-1]:.0f} MB (one run)",
            }
        )
    figures["memory_grows_mb"] = memory[1] - memory[0]
    return rows, figures


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    options = arguments("speak")
    model = os.environ.get("TYMPAN_VOICE", VOICE)
    # Before the others, as the peak of memory is that of the whole process.
    more, found = speed(model, options.quick)
    rows, figures = measure(options.quick, model)
    figures |= found
    main(
        "speak",
        rows,
        figures,
        title="Voices",
        about=(__doc__ or "").strip() + f"\n{2 * COUNT} sentences, seed {SEED}, one thread.",
        more={"Speed: processor time on one core, the voice loaded": more},
    )
