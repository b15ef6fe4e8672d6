"""Speech of many voices of Kokoro-82M for `recipes/transcribe.py`.

    python -m recipes.transcribe_teacher lines --voices package/voices \
        --wordnet data.noun data.verb data.adj data.adv --austen Rdata.rdb --bible …whl
    python recipes/kokoro_teacher.py .runs/transcribe/teacher/lines.jsonl \
        --voices .runs/transcribe/teacher/styles --out .runs/transcribe/teacher
    python -m recipes.transcribe_teacher collect

The shipped voice of `speak` knows six voices of this teacher. Here all of its voices speak English,
those of other languages with their accents, and mixtures of their style vectors beyond their mean,
so that hardly two sentences are by one voice. Durations come with the speech, as those of `speak`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from recipes.transcribe_speech import SEED, Line, add_texts, sentences

RUNS = Path(".runs/transcribe")
MIXTURES, MIXED, BEYOND = 400, 3, (1.0, 1.5)
STEP_S = 0.025
PART, LEAST_WORDS = 400, 7


def styles(voices: Path, out: Path) -> list[str]:
    """Copy the style vectors of all voices, and mix as many more; their names."""
    out.mkdir(parents=True, exist_ok=True)
    known = {one.stem: np.fromfile(one, "<f4") for one in sorted(voices.glob("*.bin"))}
    table = np.stack(list(known.values()))
    centre, rng, names = table.mean(0), np.random.default_rng(SEED), []
    found = list(known.items())
    for i in range(MIXTURES):
        chosen = rng.choice(len(table), MIXED, replace=False)
        share = rng.dirichlet(np.ones(MIXED)).astype(np.float32)
        found.append((f"mix{i}", centre + rng.uniform(*BEYOND) * (share @ table[chosen] - centre)))
    for name, one in found:
        # The prefix is that of the teacher's script, which looks for a voice by its bare name.
        names.append(name)
        one.astype("<f4").tofile(out / f"af_{name}.bin")
    return names


def lines(options: argparse.Namespace, out: Path) -> None:
    """Write what is to be spoken, by whom."""
    from tympan.text import read

    names = styles(options.voices, out / "styles")
    rng = np.random.default_rng([SEED, 1])
    # Long sentences: where words meet, a net that knows them alone fails.
    texts = [one for one in sentences(options) if len(one.split()) >= LEAST_WORDS]
    with (out / "lines.jsonl").open("w", encoding="utf-8") as file:
        for number in rng.permutation(len(texts))[: options.count].tolist():
            text = texts[number]
            parts = list(read(text, "en"))
            phonemes = " ".join(one.phonemes for one in parts)
            if not phonemes or any(one.unspoken for one in parts):
                continue
            row = {
                "id": number, "text": text, "phonemes": phonemes,
                "speaker": names[int(rng.integers(len(names)))],
            }  # fmt: skip
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def collect(out: Path) -> None:
    """Put what the teacher has spoken into parts as those of `recipes/transcribe_speech.py`."""
    import soundfile
    import soxr

    from recipes.speak import usable
    from recipes.transcribe_pool import write_part
    from tympan.tasks.transcribe.config import TranscribeConfig
    from tympan.tasks.transcribe.net import log_mels
    from tympan.tasks.transcribe.sounds import folded, phonemes_of, spoken

    config, number = TranscribeConfig(), {one: i + 1 for i, one in enumerate(phonemes_of("en"))}
    found: list[Line] = []
    mels: list[np.ndarray] = []
    at = seconds = part = 0
    rows = [json.loads(one) for one in (out / "lines.jsonl").read_text("utf-8").splitlines()]

    def keep() -> None:
        nonlocal found, mels, at, part
        if found:
            write_part(out.parent / "made" / f"k{part:03d}-kokoro.npz", found, mels)
        found, mels, at, part = [], [], 0, part + 1

    for row in rows:
        path = out / row["speaker"] / f"{row['id']:05d}.flac"
        words = spoken(row["text"])
        if not path.exists() or not words or not usable(path.with_suffix(".npz")):
            continue
        with np.load(path.with_suffix(".npz")) as values:
            tokens, ends = str(values["tokens"]), np.cumsum(values["durations"]) * STEP_S
        wave, rate_hz = soundfile.read(path, dtype="float32")
        mel = log_mels(soxr.resample(wave, rate_hz, 16000).astype(np.float32), config).T
        symbols = [0, *(number.get(folded(one), 0) for one in tokens), 0]
        found.append(Line(
            at, len(mel), " ".join(w.text for w in words), "".join(w.phonemes for w in words),
            f"kokoro {row['speaker']}", symbols, [round(float(one), 3) for one in ends],
        ))  # fmt: skip
        mels.append(mel.half().numpy())
        at += len(mel)
        seconds += len(mel) // 100
        if len(found) == PART:
            keep()
    keep()
    print(f"{seconds / 3600:.2f} h")


def main() -> None:
    """One step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("lines", "collect"))
    parser.add_argument("--voices", type=Path)
    add_texts(parser, required=False)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--out", type=Path, default=RUNS / "teacher")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.step == "lines":
        lines(options, options.out)
    else:
        collect(options.out)


if __name__ == "__main__":
    main()
