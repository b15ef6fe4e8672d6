"""How well a wave comes back from 80 mels and F0, and what that costs.

*Recordings* are those that the mels were taken from. *Griffin-Lim* (32 iterations) finds phases for
the mels, interpolated to bins; it knows no F0. *Source-filter* is
`tympan.nets.SourceFilterVocoder`, which needs no training; *with correction* is
`CorrectedVocoder`, whose net `recipes/vocoder.py` trained. It does not ship, as it made voices
breathy behind the acoustic net, and where it was not trained anew its rows are those of an earlier
run, beside the rule on the same sentences.

*WER*: word error rate of two recognisers, Whisper tiny.en (greedy) and Moonshine tiny. *PESQ*:
wide-band, 16 kHz, with the recording as its reference; it compares waves in time, and the pulses of
a vocoder are not aligned with those of the recording. *LSD*: the log-spectral distance from the
recording, the root mean square over bins, then the mean over frames (1024 samples every 256) that
are within 60 dB of the loudest; it favours what is smooth, as Griffin-Lim is, over noise. 95 %
intervals over sentences (bootstrap) in brackets.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import csv
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from benchmarks._judges import JUDGES, error_rate, judged, mean_interval, with_interval
from benchmarks.common import DATA, arguments, key_of, main
from tympan.audio import Clip
from tympan.nets import SourceFilterVocoder, VocoderConfig, build_vocoder
from tympan.spectra import STFT, GriffinLim

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / ".runs" / "speech"
VOICE, SENTENCES, BLURRED, KERSTIN, SEED = "fenrir", 40, 20, 20, 0
SHORTEST_WORDS, HELD_OUT = 4, 60
# Blur of mels, as an acoustic net's may be: standard deviation in bands and frames.
BLUR = (1.0, 1.5)
QUICK_SENTENCES = 2
CONFIG = VocoderConfig()
# From when the net had been trained for eight minutes; the sentences of fenrir were others.
EARLIER = [
    {
        "vocoder": f"{way}, {mels}", "WER whisper, %": whisper, "WER moonshine, %": moonshine,
        "PESQ": pesq, "LSD, dB": lsd, "cpu, s for each second": cpu,
    }
    for way, mels, whisper, moonshine, pesq, lsd, cpu in (
        ("source-filter", "fenrir", "6.5 (3.3–9.9)", "7.3 (4.1–10.8)", "2.89 (2.83–2.96)",
         "7.38 (7.36–7.39)", "0.0071"),
        ("with correction", "fenrir", "6.5 (3.3–9.9)", "7.0 (4.1–10.5)", "2.95 (2.88–3.01)",
         "7.34 (7.33–7.36)", "0.0109"),
        ("source-filter", "Kerstin", "", "", "3.10 (2.99–3.20)", "6.68 (6.62–6.75)", "0.0072"),
        ("with correction", "Kerstin", "", "", "3.22 (3.15–3.29)", "6.55 (6.49–6.62)", "0.0110"),
        ("source-filter", "blurred", "10.8 (4.9–17.2)", "9.7 (4.9–15.4)", "1.53 (1.51–1.57)",
         "8.54 (8.49–8.60)", "0.0071"),
        ("with correction", "blurred", "8.5 (3.1–14.3)", "9.1 (4.2–15.1)", "1.46 (1.44–1.49)",
         "8.31 (8.27–8.35)", "0.0105"),
    )
]  # fmt: skip


@dataclass(frozen=True)
class Sentence:
    """What was said, the recording, and its F0."""

    text: str
    wave: Tensor
    f0: Tensor


def teacher_sentences(count: int) -> list[Sentence]:
    """Sentences of the teacher's voice that no correction was trained on, with the teacher's F0."""
    import soundfile

    lines = map(json.loads, (RUNS / "lines.jsonl").read_text(encoding="utf-8").splitlines())
    texts = {f"{line['id']:05d}": line["text"] for line in lines}
    found = []
    for path in sorted((RUNS / "teacher" / VOICE).glob("*.npz")):
        text = texts.get(path.stem, "")
        if len(text.split()) < SHORTEST_WORDS:
            continue
        wave, _ = soundfile.read(path.with_suffix(".flac"), dtype="float32")
        with np.load(path) as arrays:
            f0 = arrays["f0"]
        found.append(sentence(text, wave, np.where(f0 > 50, f0, 0)))
        if len(found) == count:
            break
    return found


def kerstin_sentences(count: int) -> list[Sentence]:
    """Held-out real recordings, with the F0 that tympan finds."""
    from recipes.vocoder import with_pitch

    with open(DATA / "kerstin" / "metadata.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[-HELD_OUT:]
    return [
        sentence(row["text"], *with_pitch(DATA / "kerstin" / row["file_name"]))
        for row in rows[:count]
    ]


def sentence(text: str, wave: np.ndarray, f0: np.ndarray) -> Sentence:
    """Whole frames of both."""
    count = min(len(f0), len(wave) // CONFIG.hop)
    samples = torch.from_numpy(np.array(wave[: count * CONFIG.hop], np.float32))[None]
    return Sentence(text, samples, torch.from_numpy(f0[:count].astype(np.float32))[None])


Method = Callable[[Tensor, Tensor], Tensor]


def methods() -> tuple[SourceFilterVocoder, dict[str, Method]]:
    """Name → function from mels and F0 to samples (1, t)."""
    from safetensors.torch import load_file

    plain = SourceFilterVocoder(CONFIG)
    griffin_lim = GriffinLim(CONFIG.n_fft, CONFIG.hop, num_iterations=32, seed=SEED)

    def by_griffin_lim(mels: Tensor, f0: Tensor) -> Tensor:
        magnitude = (plain.to_bins @ mels).exp()
        return griffin_lim(magnitude, length=f0.shape[1] * CONFIG.hop)

    found: dict[str, Method] = {"Griffin-Lim": by_griffin_lim, "source-filter": plain}
    weights, card = (RUNS / "vocoder" / f"vocoder.{end}" for end in ("safetensors", "json"))
    if weights.exists():
        fields = json.loads(card.read_text(encoding="utf-8"))["config"]
        found["with correction"] = build_vocoder(fields, load_file(weights))
    return plain, found


def log_spectral_distance(x: Tensor, y: Tensor) -> float:
    """In dB, between a recording and a wave (1, t) each."""
    stft = STFT(1024, 256)
    a, b = (20 * torch.log10(stft(one)[0].abs() + 1e-4) for one in (x, y))
    loud = a.amax(0) > a.max() - 60
    return float((a - b)[:, loud].square().mean(0).sqrt().mean())


def measured(
    sentences: list[Sentence], out: Path, blur: tuple[float, float] | None, text: bool
) -> tuple[list[dict[str, object]], dict[str, float]]:
    """A row for each method, and its figures."""
    plain, ways = methods()
    if blur:
        del ways["Griffin-Lim"]
    length_s = sum(one.wave.shape[1] for one in sentences) / CONFIG.rate_hz
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    clean = save_all("recordings", [one.wave for one in sentences], out)
    waves = {"recordings": [s.wave for s in sentences]} if text and not blur else {}
    cpu: dict[str, float] = {}
    with torch.no_grad():
        given = []
        for one in sentences:
            mels = plain.mel(one.wave)[..., : one.f0.shape[1]]
            if blur:
                mels = torch.from_numpy(gaussian_filter(mels[0].numpy(), blur))[None]
            given.append((mels, one.f0))
        for name, way in ways.items():
            way(*given[0])
            start = time.process_time()
            waves[name] = [way(*one) for one in given]
            cpu[name] = (time.process_time() - start) / length_s
    for name, found in waves.items():
        files = save_all(name, found, out)
        pairs = [
            (a, None if name == "recordings" else b) for a, b in zip(files, clean, strict=True)
        ]
        answers = judged(pairs, text=text, kept=RUNS / "vocoder" / "judged")
        row, more = scores(sentences, found, answers, name)
        if name in cpu:
            row["cpu, s for each second"] = f"{cpu[name]:.4f}"
            more["cpu"] = cpu[name]
        rows.append(row)
        figures |= {key_of(f"{name} {key}"): value for key, value in more.items()}
    return rows, figures


def scores(
    sentences: list[Sentence],
    waves: list[Tensor],
    answers: list[dict[str, object]],
    name: str,
) -> tuple[dict[str, object], dict[str, float]]:
    """One row of the table, and its figures."""
    row: dict[str, object] = {"vocoder": name}
    figures: dict[str, float] = {}
    for judge in JUDGES:
        if judge in answers[0]:
            texts = [str(answer[judge]) for answer in answers]
            rate, interval = error_rate([s.text for s in sentences], texts, SEED)
            row[f"WER {judge}, %"] = with_interval(rate, interval)
            figures[f"wer {judge}"] = rate
    if name == "recordings":
        return row, figures
    columns: Mapping[str, list[float]] = {
        "PESQ": [float(str(a["pesq"])) for a in answers if a.get("pesq") is not None],
        "LSD, dB": [
            log_spectral_distance(s.wave, wave) for s, wave in zip(sentences, waves, strict=True)
        ],
    }
    for column, values in columns.items():
        mean, interval = mean_interval(values, SEED)
        row[column] = with_interval(mean, interval, 2)
        figures[column.split(",")[0]] = mean
    return row, figures


def save_all(name: str, waves: list[Tensor], out: Path) -> list[Path]:
    """Write waves as files."""
    files = []
    for i, wave in enumerate(waves):
        files.append(out / f"{key_of(name)}-{i:03d}.wav")
        samples = wave.numpy() / max(1.0, float(wave.abs().max()))
        Clip(samples, CONFIG.rate_hz).save(files[-1])
    return files


if __name__ == "__main__":
    options = arguments("vocoder")
    torch.set_num_threads(1)
    spoken = teacher_sentences(QUICK_SENTENCES if options.quick else SENTENCES)
    read = kerstin_sentences(QUICK_SENTENCES if options.quick else KERSTIN)
    if not spoken:
        raise SystemExit(f"vocoder: there are no sentences of {VOICE} in {RUNS / 'teacher'}")
    more: dict[str, list[dict[str, object]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        rows, figures = measured(spoken, Path(folder), None, True)
        real, found = measured(read, Path(folder), None, False)
        more[f"Real recordings: {len(read)} sentences of Kerstin, in German"] = real
        figures |= {f"kerstin_{key}": value for key, value in found.items()}
        smooth, found = measured(spoken[:BLURRED], Path(folder), BLUR, True)
        few = len(spoken[:BLURRED])
        heading = f"Blurred mels: {BLUR[1]:g} frames and {BLUR[0]:g} bands, {few} of the sentences"
        more[heading] = smooth
        figures |= {f"blurred_{key}": value for key, value in found.items()}
    if "with correction" not in methods()[1]:
        heading = "With correction: an earlier run on another processor, other sentences of fenrir"
        more[heading] = list(EARLIER)
    minutes = sum(one.wave.shape[1] for one in spoken) / CONFIG.rate_hz / 60
    main(
        "vocoder",
        rows,
        figures,
        title="Vocoder",
        about=(__doc__ or "")
        + f"\nFirst table: {len(spoken)} sentences ({minutes:.1f} minutes) of the voice {VOICE} of "
        "Kokoro-82M, which no correction was trained on, with the F0 that Kokoro itself used. All "
        f"noise from seed {SEED}, one thread.",
        more=more,
    )
