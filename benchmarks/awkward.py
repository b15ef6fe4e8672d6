"""Awkward sentences: of what a voice speaks, is anything lost?

Every fourth line of `tests/text/awkward.txt` that holds words is spoken, and written down by two
recognisers (Whisper tiny.en and Moonshine tiny). A line counts as lost where both miss more than
40 % of the words as they are spoken ("twenty dollars" for "$20"). Recognisers stumble over lists
of names, letters and figures, so that the lines are listed to be listened to. Lines of over 300
characters are left out: the recognisers take 30 s. Nothing is random (there is no seed) and each
line is spoken once, so there is no spread.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import numpy as np

from benchmarks._judges import JUDGES, error_rate, judged
from benchmarks.common import Row, arguments, main

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / ".runs" / "speech"
LINES = ROOT / "tests" / "text" / "awkward.txt"
VOICE, MOST_MISSED, LONGEST, QUICK = "en", 0.4, 300, 4
EVERY = 4


def spoken_words(line: str) -> str:
    """The words of a line as they are spoken."""
    from tympan.text import read

    return " ".join(word.text for one in read(line) for word in one.words)


def lines(quick: bool) -> list[tuple[str, str]]:
    """Lines with their words."""
    found = []
    for line in LINES.read_text(encoding="utf-8").split("\n"):
        words = spoken_words(line)
        if words and len(line) <= LONGEST:
            found.append((line, words))
    return found[::EVERY][: QUICK if quick else None]


def speak(texts: list[str], out: Path) -> list[Path]:
    """A file for each text."""
    from tympan.audio import Clip
    from tympan.tasks import load

    voice = load(VOICE, "speak", "cpu")
    out.mkdir(parents=True, exist_ok=True)
    files = [out / f"{i:03d}.wav" for i in range(len(texts))]
    for text, file in zip(texts, files, strict=True):
        clip = voice(text)
        loudest = max(1.0, float(np.abs(clip.samples).max()))
        Clip(clip.samples / loudest, clip.rate_hz).save(file)
    return files


def measure(quick: bool) -> tuple[list[Row], dict[str, float], list[Row]]:
    """Words missed by each judge, and the lines of which both miss more than 40 %."""
    given = lines(quick)
    files = speak([line for line, _ in given], RUNS / "awkward")
    answers = judged([(file, None) for file in files], kept=RUNS / "judged")
    missed = np.array(
        [
            [error_rate([words], [str(answer[judge])])[0] / 100 for judge in JUDGES]
            for (_, words), answer in zip(given, answers, strict=True)
        ]
    )
    lost = (missed > MOST_MISSED).all(1)
    rows: list[Row] = [
        {"judge": judge, "words missed of a line, median": f"{100 * np.median(missed[:, i]):.1f}%",
         "lines that miss over 40%": f"{int((missed[:, i] > MOST_MISSED).sum())} of {len(given)}"}
        for i, judge in enumerate(JUDGES)
    ]  # fmt: skip
    rows.append({"judge": "both", "words missed of a line, median": "",
                 "lines that miss over 40%": f"{int(lost.sum())} of {len(given)}"})  # fmt: skip
    found: list[Row] = [
        {"line": line.replace("|", "\\|"), **{judge: str(answer[judge]) for judge in JUDGES}}
        for (line, _), answer, bad in zip(given, answers, lost, strict=True)
        if bad
    ]
    return rows, {"lines_lost": float(lost.sum()), "lines": float(len(given))}, found


if __name__ == "__main__":
    rows, figures, found = measure(arguments("awkward").quick)
    main(
        "awkward",
        rows,
        figures,
        title="Awkward sentences",
        about=(__doc__ or "").strip(),
        more={"Lines of which both miss over 40 %": found} if found else None,
    )
