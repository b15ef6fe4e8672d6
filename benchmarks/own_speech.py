"""What a recogniser learns of your own recordings, which an engine cannot.

`tympan train --task transcribe` goes on from the shipped `english` on recordings with their texts:

- **one speaker**: ten minutes of the English telephone prompts of Asterisk (Debian:
  `asterisk-core-sounds-en-g722`, read by Allison Smith, CC BY-SA 3.0), and tested on others of
  them, none of whose texts was trained on;
- **a closed domain**: single digits of five speakers (Free Spoken Digit Dataset), tested on the
  sixth.

The engines, and `english` as it ships, hear the same test. *WER* with its 95 % interval (bootstrap
over recordings), as `benchmarks/transcribe.py` counts; *minutes* are those of processor time,
which two cores share. What is trained knows the words of its texts beside those that ship.
Measured with `english` 0.4, whose search took its own best candidate.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks._judges import with_interval
from benchmarks.common import DATA, Row, arguments, key_of, main
from benchmarks.transcribe import ENGINES, KEPT, answers, counted, engine_path, rate

if TYPE_CHECKING:
    from tympan import Clip

SEED = 0
PROMPTS = Path(os.environ.get("TYMPAN_PROMPTS", "/usr/share"))
MINUTES, PROMPT_TESTS, EPOCHS = 10, 60, 30
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEST_SPEAKER, DIGIT_ROWS, DIGIT_TESTS, DIGIT_EPOCHS = "theo", 600, 100, 30
Rows = list[tuple[Path, str]]


def prompts() -> tuple[Rows, Rows]:
    """Recordings with their texts, for training and for testing."""
    listed = PROMPTS / "doc" / "asterisk-core-sounds-en" / "core-sounds-en.txt.gz"
    if not listed.exists():
        raise SystemExit("no prompts: apt install asterisk-core-sounds-en-g722")
    found: Rows = []
    for line in gzip.decompress(listed.read_bytes()).decode("utf-8").splitlines():
        name, _, text = line.strip().partition(": ")
        file = PROMPTS / "asterisk" / "sounds" / "en_US_f_Allison" / f"{name}.g722"
        if file.exists() and re.search("[a-z]{2}", text) and not re.search(r"[\[\]<>*()]", text):
            found.append((file, text))
    order = np.random.default_rng(SEED).permutation(len(found))
    test = [found[i] for i in order[:PROMPT_TESTS]]
    texts = {text.lower() for _, text in test}
    return [found[i] for i in order[PROMPT_TESTS:] if found[i][1].lower() not in texts], test


def spoken_digits() -> tuple[Rows, Rows]:
    """The same of single digits."""
    parts: dict[bool, Rows] = {True: [], False: []}
    with open(DATA / "fsdd" / "metadata.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            one = (DATA / "fsdd" / row["file_name"], DIGITS[int(row["label"])])
            parts[row["speaker"] == TEST_SPEAKER].append(one)
    rng = np.random.default_rng(SEED)
    train = [parts[False][i] for i in rng.permutation(len(parts[False]))[:DIGIT_ROWS]]
    return train, [parts[True][i] for i in rng.permutation(len(parts[True]))[:DIGIT_TESTS]]


def folder_of(rows: Rows, out: Path, minutes: float | None = None) -> float:
    """Write recordings with a metadata.csv, up to so many minutes; return how many there are."""
    out.mkdir(parents=True, exist_ok=True)
    written, seconds = [], 0.0
    for number, (path, text) in enumerate(rows):
        if minutes is not None and seconds >= 60 * minutes:
            break
        clip = opened(path)
        name = f"{number:04d}.flac"
        if not (out / name).exists():
            clip.save(out / name)
        written.append((name, text))
        seconds += clip.duration_s
    with open(out / "metadata.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file_name", "text"), *written])
    return seconds / 60


def opened(path: Path) -> Clip:
    """A recording at 16 kHz; those of a telephone system (G.722) have no header."""
    import tympan

    if path.suffix != ".g722":
        return tympan.load(path, rate_hz=16_000, mono=True)
    import av

    with av.open(str(path), format="g722") as container:
        parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return tympan.Clip(np.concatenate(parts)[None].astype(np.float32) / 32768, 16_000)


def learned(folder: Path, out: Path, epochs: int) -> float:
    """Train; return the minutes of processor time that it took, which are kept."""
    import tympan

    kept = out / "minutes.txt"
    if kept.exists():
        return float(kept.read_text("utf-8"))
    begun = time.process_time()
    tympan.train(folder, task="transcribe", out=out, epochs=epochs, progress=False, say=print)
    minutes = (time.process_time() - begun) / 60
    kept.write_text(f"{minutes:.2f}", "utf-8")
    return minutes


def table(
    name: str,
    parts: tuple[Rows, Rows],
    figures: dict[str, float],
    epochs: int,
    minutes: float | None,
) -> list[Row]:
    """Engines, the shipped recogniser and the trained one on the same recordings."""
    (train, test), place = parts, KEPT / "own-speech" / name
    spoken_minutes = folder_of(train, place / "train", minutes)
    folder_of(test, place / "test")
    files = [place / "test" / f"{number:04d}.flac" for number in range(len(test))]
    took = learned(place / "train", place / "model", epochs)
    rows: list[Row] = []
    for system in (*ENGINES, "english", str(place / "model")):
        found = answers(f"{system}, verb", files)
        if found is None:
            continue
        own = system == str(place / "model")
        wer, spread = rate(*(one[0] for one in counted([t for _, t in test], texts_of(found))))
        title = f"english, trained on {spoken_minutes:.0f} minutes" if own else system
        rows.append({
            "recogniser": title, "WER, %": with_interval(wer, spread),
            "training, minutes of processor time": f"{took:.1f}" if own else "",
        })  # fmt: skip
        figures[key_of(f"{name} {'trained' if own else system} wer")] = wer
        print(rows[-1], flush=True)
    return rows


def texts_of(found: dict[str, object]) -> Sequence[str]:
    """The texts of an answer."""
    return [str(one) for one in found["texts"]]  # type: ignore[attr-defined]


if __name__ == "__main__":
    path = engine_path()
    if path:
        sys.path.append(path)
    options = arguments("own_speech")
    figures: dict[str, float] = {}
    quick = options.quick
    of_prompts, of_digits = prompts(), spoken_digits()
    if quick:
        of_prompts, of_digits = (
            (train[:20], test[:4]) for train, test in (of_prompts, of_digits)
        )  # fmt: skip
    one = table(
        "quick-prompts" if quick else "prompts", of_prompts, figures, 1 if quick else EPOCHS,
        MINUTES,
    )  # fmt: skip
    two = table(
        "quick-digits" if quick else "digits", of_digits, figures, 1 if quick else DIGIT_EPOCHS,
        None,
    )  # fmt: skip
    about = (__doc__ or "").strip() + (
        f"\n\nTests: {len(of_prompts[1])} prompts, {len(of_digits[1])} digits; seed {SEED}."
    )
    main(
        "own_speech", one, figures, title="Learning your own speech", about=about,
        more={"Single digits of a speaker who was not trained on": two},
    )  # fmt: skip
