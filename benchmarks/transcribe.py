"""How many words recognisers get wrong, what they cost, and what the verb around them changes.

Recordings of LibriSpeech *test-other*, ten of each of its ten speakers; in noise and streamed two
of each (not by Whisper base, which is the slowest). Noise at 10, 5 and 0 dB: clips of fold 5 of
ESC-50, which has no speech on purpose. *bare*: the engine alone on the whole file. *verb*:
`tympan.transcribe` with the same engine, which looks for speech first, cuts windows at pauses and
leaves out what cannot have been said. *streamed*: all recordings one after another in one stream of
blocks of a quarter of a second, live; *late*: the median of how long after its end an utterance is
given out, without the computing; of one stream there is no spread. *WER* and *CER* by jiwer; both
texts are brought to lower case without punctuation, with numbers and a few abbreviations written
out and one spelling for words that have two (`benchmarks/_judges.py`, `words_of`). 95 % intervals:
bootstrap over recordings. *cpu*: processor seconds for each second of sound, one thread; *memory*:
peak of a process of its own. The recordings of AMI that lie here have no texts, so nothing can be
counted on them.

Times of words are measured on sentences that tympan's voice `en` speaks, of which it is known to a
hundredth of a second when each word is: the median of how far the beginning of a word is off, and
the share within 0.1 s. A word that was heard otherwise does not count.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import csv
import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._judges import interpreter, with_interval, words_of
from benchmarks.common import DATA, Row, arguments, key_of, main

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".runs" / "transcribe"
SEED, COUNT, FEW, QUICK, DRAWS = 0, 100, 20, 4, 2000
ENGINES = ("moonshine", "whisper-tiny", "whisper-base")
# pocketsphinx is the bar that a recogniser of tympan's own must clear first.
PEERS = ("pocketsphinx",)
OWN = ("english",)
# It takes a second of a slow core for one of sound: not streamed, and not heard in noise.
SLOW = ("whisper-base",)
NOISES_DB = (None, 10, 5, 0)
ALL = 100


WHY = (
    "`english` is no match for an engine. Pocketsphinx, whose 60.8 % were its first aim, gets "
    "about as many words wrong, at several times the time; in noise more. More kinds of voices in "
    "its training are what it lacks. The verb was not to change how many words are "
    "wrong, and does not: by 0.3 points at most, which is nothing. It finds the times "
    "that Moonshine does not give. The processor did other work as well while this was measured: "
    "on a quiet one *cpu* is a third less. The rows of `english` are of version 0.5 and were "
    "measured later, on a processor of 2017 without AVX-512 that did other work too, so their "
    "*cpu* cannot be compared with that of the others (0.4 took 0.06 on theirs, and 0.5 takes a "
    "fifth more than 0.4)."
)


def engine_path() -> str:
    """The packages of the engines: those of this environment, else of the judges'."""
    if importlib.util.find_spec("faster_whisper") is not None:
        return ""
    python = interpreter()
    if python is None:
        raise SystemExit("no engines: install them, or name an interpreter in TYMPAN_JUDGES")
    found = sorted(python.parent.parent.glob("lib/python*/site-packages"))
    return str(found[0])


def recordings(count: int) -> list[tuple[Path, str]]:
    """Files and what is said in them, so many of all that there are, evenly spread."""
    with open(DATA / "librispeech" / "metadata.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test-other" and row["text"]]
    found = [(DATA / "librispeech" / row["file_name"], row["text"]) for row in rows[:ALL]]
    return [found[i * len(found) // count] for i in range(count)]


def systems() -> list[str]:
    """What is measured: `engine, bare`, `engine, verb`, `engine, streamed`."""
    found = [f"{name}, {way}" for name in ENGINES for way in ("bare", "verb")]
    found += [f"{name}, streamed" for name in ENGINES if name not in SLOW]
    return [*found, *(f"{name}, {way}" for name in OWN for way in ("verb", "streamed")), *PEERS]


def answers(
    system: str, files: Sequence[Path], noise_db: int | None = None
) -> dict[str, object] | None:
    """Texts, processor time and memory of a system; kept, as long as nothing has changed.

    None: it is not installed.
    """
    wanted = {
        "system": system,
        "files": [os.path.relpath(path, DATA) for path in files],
        "noise_db": noise_db,
        "seed": SEED,
        "code": "" if system in PEERS or system.endswith("bare") else _code(system),
    }
    key = hashlib.blake2b(json.dumps(wanted).encode(), digest_size=8).hexdigest()
    kept = KEPT / f"{key_of(system)}-{key}.json"
    if kept.is_file():
        found: dict[str, object] = json.loads(kept.read_text("utf-8"))
        return found
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("_transcribe_process.py"))],
        input=json.dumps({**wanted, "data": str(DATA), "engines": engine_path()}),
        capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(one for one in sys.path if one)},
    )  # fmt: skip
    if done.returncode:
        if "not installed" in done.stderr:
            return None
        raise RuntimeError(f"{system} failed: {done.stderr[-800:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    KEPT.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found), "utf-8")
    return found


def _code(system: str) -> str:
    """A digest of what stands around an engine: its answers hold as long as that is the same."""
    digest = hashlib.blake2b(digest_size=8)
    package = ROOT / "src" / "tympan"
    paths = sorted((package / "tasks" / "transcribe").glob("*.py"))
    weights = [one for one in OWN if system.startswith(one)]
    weights += ["voice"] if system.endswith("clean") else []
    paths += [package / "models" / "weights" / one / "model.safetensors" for one in weights]
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def counted(texts: Sequence[str], found: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Errors and lengths of each recording, in words and in characters `(2, recordings)`."""
    import jiwer

    errors, lengths = np.zeros((2, len(texts))), np.zeros((2, len(texts)))
    for i, (wanted, said) in enumerate(zip(texts, found, strict=True)):
        a, b = " ".join(words_of(wanted)), " ".join(words_of(said))
        for k, process in enumerate((jiwer.process_words, jiwer.process_characters)):
            one = process(a, b)
            errors[k, i] = one.substitutions + one.deletions + one.insertions
            lengths[k, i] = one.hits + one.substitutions + one.deletions
    return errors, lengths


def rate(errors: np.ndarray, lengths: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Percent wrong, and its 95 % interval over recordings.

    >>> rate(np.array([1.0, 1.0]), np.array([10.0, 10.0]))
    (10.0, (10.0, 10.0))
    """
    rows = np.random.default_rng(SEED).integers(len(errors), size=(DRAWS, len(errors)))
    drawn = 100 * errors[rows].sum(1) / lengths[rows].sum(1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return 100 * float(errors.sum() / lengths.sum()), (float(low), float(high))


def measure(quick: bool) -> tuple[list[Row], list[Row], dict[str, float]]:
    """The tables of clean speech and of noise, and the figures."""
    rows: list[Row] = []
    noisy: list[Row] = []
    figures: dict[str, float] = {}
    for system in systems():
        streamed = system.endswith("streamed")
        said = recordings(QUICK if quick else FEW if streamed else COUNT)
        found = answers(system, [path for path, _ in said])
        if found is None:
            print(f"{system}: not installed", flush=True)
            continue
        rows.append(clean_row(system, found, [text for _, text in said], figures))
        print(rows[-1], flush=True)
    for system in systems():
        if not system.endswith(("bare", "streamed")) and not system.startswith(SLOW):
            row = noise_row(system, recordings(QUICK if quick else FEW), figures, quick)
            noisy += [row] if len(row) > 1 else []
            print(row, flush=True)
    return rows, noisy, figures


def clean_row(
    system: str, found: dict[str, object], texts: list[str], figures: dict[str, float]
) -> Row:
    """A row of the first table."""
    streamed = system.endswith("streamed")
    heard = [str(one) for one in found["texts"]]  # type: ignore[attr-defined]
    errors, lengths = counted([" ".join(texts)] if streamed else texts, heard)
    (wer, spread), (cer, wide) = (rate(errors[k], lengths[k]) for k in range(2))
    row: dict[str, object] = {"system": system}
    row["WER, %"] = f"{wer:.1f}" if streamed else with_interval(wer, spread)
    row["CER, %"] = f"{cer:.1f}" if streamed else with_interval(cer, wide)
    figures[key_of(f"{system} clean wer")] = wer
    for key, text, digits in (
        ("cpu", "cpu, s a second", 2), ("memory_mb", "memory, MB", 0), ("late_s", "late, s", 1),
    ):  # fmt: skip
        value = found.get(key)
        row[text] = "" if value is None else f"{float(str(value)):.{digits}f}"
        if value is not None:
            figures[key_of(f"{system} {key}")] = float(str(value))
    return row


def noise_row(
    system: str, said: list[tuple[Path, str]], figures: dict[str, float], quick: bool
) -> Row:
    """A row of the table of noise."""
    row: dict[str, object] = {"system": system}
    for noise_db in NOISES_DB[: 2 if quick else None]:
        found = answers(system, [path for path, _ in said], noise_db)
        if found is None:
            break
        heard = [str(one) for one in found["texts"]]  # type: ignore[attr-defined]
        wer, spread = rate(*(one[0] for one in counted([text for _, text in said], heard)))
        name = "clean" if noise_db is None else f"{noise_db} dB"
        figures[key_of(f"{system} {name} wer of {len(said)}")] = wer
        row[f"{name}: WER, %"] = with_interval(wer, spread)
    return row


def verb_rows(quick: bool, figures: dict[str, float]) -> list[Row]:
    """What the verb changes: differences over the same recordings."""
    said = recordings(QUICK if quick else COUNT)
    files, texts = [path for path, _ in said], [text for _, text in said]
    rows: list[Row] = []
    for name in ENGINES:
        both = [answers(f"{name}, {way}", files) for way in ("bare", "verb")]
        if None in both:
            continue
        counts = [counted(texts, list(map(str, one["texts"]))) for one in both]  # type: ignore[index]
        lengths = counts[0][1][0]
        drawn = np.random.default_rng(SEED).integers(len(texts), size=(DRAWS, len(texts)))
        apart = counts[1][0][0] - counts[0][0][0]
        many = 100 * apart[drawn].sum(1) / lengths[drawn].sum(1)
        middle = 100 * float(apart.sum() / lengths.sum())
        low, high = np.percentile(many, (2.5, 97.5))
        figures[key_of(f"{name} verb less bare wer")] = middle
        rows.append({
            "engine": name, "WER of the verb less that of the engine alone, points":
            with_interval(middle, (float(low), float(high))),
            "recordings better, worse": f"{(apart < 0).sum()}, {(apart > 0).sum()}",
        })  # fmt: skip
    return rows


def measure_times(quick: bool, figures: dict[str, float]) -> list[Row]:
    """How far the times of words are off: of each engine, of ours, and spread by letters."""
    from benchmarks._transcribe_times import apart, sentences

    texts, files, marks = sentences(KEPT / "spoken", 2 if quick else 24)
    rows: list[Row] = []
    for name in (*ENGINES, *OWN, "moonshine, by letters"):
        found = answers(f"{name}, words" if "," not in name else name, files)
        if found is None:
            continue
        off, share = apart(marks, found["words"])
        middle, near = float(np.median(off)), float((off < 0.1).mean())
        figures[key_of(f"{name} words off s")] = middle
        rows.append({
            "times of": name, "median, s": f"{middle:.3f}", "90 % within, s":
            f"{np.quantile(off, 0.9):.2f}", "within 0.1 s": f"{near:.0%}",
            "words that were heard": f"{share:.0%}",
        })  # fmt: skip
    print(rows, len(texts), flush=True)
    return rows


if __name__ == "__main__":
    path = engine_path()
    if path:
        sys.path.append(path)
    options = arguments("transcribe")
    rows, noisy, figures = measure(options.quick)
    timed = measure_times(options.quick, figures)
    about = (__doc__ or "").strip() + f"\n\n{COUNT} recordings, {FEW} in noise; seed {SEED}."
    main(
        "transcribe", rows, figures, title="Recognisers of speech", about=about, why=WHY,
        more={
            "What the verb changes": verb_rows(options.quick, figures),
            f"With noise ({FEW} recordings)": noisy, "Times of words": timed,
        },
    )  # fmt: skip
