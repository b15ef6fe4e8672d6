"""Whether speech can be understood: word errors of two recognisers, shared by benchmarks.

The judges are Whisper tiny.en (faster-whisper, greedy) and Moonshine tiny (English), each in an
environment of its own; its interpreter is named by `TYMPAN_JUDGES`, by default
`.runs/speech/venv/bin/python`. `_judge_process.py` says what is installed there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
JUDGES = ("whisper", "moonshine")
DRAWS = 2000
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
]  # fmt: skip
_TENS = [
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"
]  # fmt: skip
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
# Spellings of one word; both sides are brought to the second.
_SAME = {
    "mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint", "ok": "okay",
    "grey": "gray", "colour": "color", "favour": "favor", "honour": "honor", "towards": "toward",
    "alright": "all right", "anyone": "any one", "everyone": "every one",
}  # fmt: skip


def interpreter() -> Path | None:
    """The interpreter of the judges; None where there is none."""
    path = Path(os.environ.get("TYMPAN_JUDGES", ROOT / ".runs" / "speech" / "venv/bin/python"))
    return path if path.exists() else None


def judged(
    files: Iterable[tuple[Path, Path | None]],
    *,
    text: bool = True,
    dnsmos: bool = False,
    german: bool = False,
    kept: Path | None = None,
) -> list[dict[str, object]]:
    """What the judges say of files, each with the recording it should sound like, or None.

    Args:
        files: pairs (file, reference).
        text: have it written down; else only the PESQ is measured.
        dnsmos: measure DNSMOS as well.
        german: it is German; the multilingual Whisper base alone writes it down.
        kept: a folder of earlier answers, by what the files hold; answers are added to it.

    Returns:
        For each file `whisper` and `moonshine` (text), `dnsmos`, and `pesq` where there is a
        reference.

    Raises:
        RuntimeError: there are no judges, or they failed.
    """
    pairs = list(files)
    flags = [*([] if text else ["--no-text"]), *(["--dnsmos"] if dnsmos else [])]
    flags += ["--german"] if german else []
    keys = [_key(file, clean, flags) for file, clean in pairs]
    found: dict[str, dict[str, object]] = {}
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        for key in keys:
            with contextlib.suppress(OSError):
                found[key] = json.loads((kept / f"{key}.json").read_text(encoding="utf-8"))
    missing = [(k, pair) for k, pair in zip(keys, pairs, strict=True) if k not in found]
    for (key, _), answer in zip(missing, _asked([pair for _, pair in missing], flags), strict=True):
        found[key] = answer
        if kept is not None:
            (kept / f"{key}.json").write_text(json.dumps(answer), encoding="utf-8")
    return [found[key] for key in keys]


def _key(file: Path, clean: Path | None, flags: Sequence[str]) -> str:
    """What an answer depends on."""
    digest = hashlib.blake2b(" ".join(flags).encode(), digest_size=12)
    for path in (file, *([clean] if clean else [])):
        digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


def _asked(
    pairs: list[tuple[Path, Path | None]], flags: Sequence[str]
) -> Iterator[dict[str, object]]:
    """An answer for each pair, as it comes."""
    if not pairs:
        return
    python = interpreter()
    if python is None:
        raise RuntimeError("no judges: name their interpreter in TYMPAN_JUDGES")
    lines = [
        json.dumps({"file": str(file), "reference": str(clean) if clean else None})
        for file, clean in pairs
    ]
    script = Path(__file__).with_name("_judge_process.py")
    with tempfile.TemporaryFile("w+") as errors, tempfile.TemporaryFile("w+") as jobs:
        jobs.write("\n".join(lines) + "\n")
        jobs.seek(0)
        process = subprocess.Popen(
            [str(python), str(script), *flags],
            stdin=jobs,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": ""},
        )
        assert process.stdout is not None
        count = 0
        with process:
            for line in process.stdout:
                if line.startswith("{"):
                    count += 1
                    yield json.loads(line)
        if process.returncode or count != len(lines):
            errors.seek(0)
            raise RuntimeError(f"the judges failed: {errors.read()[-800:]}")


def words_of(text: str) -> list[str]:
    """The words of a text as they are counted: lower case, no punctuation, numbers as words.

    >>> words_of("Mr. Smith's 21st train—at 7:45—costs $3, 50% more than in 1914!")
    ['mister', 'smiths', 'twenty', 'first', 'train', 'at', 'seven', 'forty', 'five', 'costs', \
'three', 'dollars', 'fifty', 'percent', 'more', 'than', 'in', 'nineteen', 'fourteen']
    """
    text = text.lower().replace("’", "'").replace("`", "'")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"[$£]\s?(\d+)", r"\1 dollars", text).replace("%", " percent ")
    text = text.replace("&", " and ").replace("per cent", "percent")
    text = re.sub(r"(\d+)(st|nd|rd|th)\b", lambda m: f" {ordinal(int(m[1]))} ", text)
    text = re.sub(r"\d+", lambda m: f" {in_words(int(m[0]))} ", text)
    text = re.sub(r"[^a-z' ]", " ", text).replace("'", "")
    return " ".join(_SAME.get(word, word) for word in text.split()).split()


def in_words(number: int) -> str:
    """A whole number as it is read aloud; from 1100 to 1999 as a year.

    >>> in_words(0), in_words(342), in_words(1905), in_words(20_017)
    ('zero', 'three hundred forty two', 'nineteen oh five', 'twenty thousand seventeen')
    """
    if 1100 <= number < 2000:
        rest = number % 100
        last = "hundred" if not rest else ("oh " if rest < 10 else "") + in_words(rest)
        return f"{in_words(number // 100)} {last}"
    for size, name in (
        (10**9, "billion"),
        (10**6, "million"),
        (1000, "thousand"),
        (100, "hundred"),
    ):
        if number >= size:
            rest = f" {in_words(number % size)}" if number % size else ""
            return f"{in_words(number // size)} {name}{rest}"
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")


def ordinal(number: int) -> str:
    """A number that says which.

    >>> ordinal(1), ordinal(20), ordinal(33)
    ('first', 'twentieth', 'thirty third')
    """
    *before, last = in_words(number).split()
    if last not in _ORDINALS:
        last = (last[:-1] + "ie" if last.endswith("y") else last) + "th"
    return " ".join([*before, _ORDINALS.get(last, last)])


def word_errors(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Words wrong, missing or too many (Levenshtein's distance).

    >>> word_errors("the cat sat".split(), "a cat sat down".split())
    2
    """
    row = list(range(len(found) + 1))
    for i, word in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def error_rate(
    texts: Sequence[str],
    answers: Sequence[str],
    seed: int = 0,
    split: Callable[[str], Sequence[str]] = words_of,
) -> tuple[float, tuple[float, float]]:
    """Word error rate in percent, and its 95 % interval (bootstrap over sentences).

    Args:
        texts: what was said.
        answers: what was written down.
        seed: of the bootstrap.
        split: the words of a text.

    >>> error_rate(["a b c d", "e f g h"], ["a b c d", "e f g x"])[0]
    12.5
    """
    wanted = [split(text) for text in texts]
    errors = np.array([
        word_errors(w, split(a)) for w, a in zip(wanted, answers, strict=True)
    ])  # fmt: skip
    counts = np.array([len(words) for words in wanted])
    rows = np.random.default_rng(seed).integers(len(errors), size=(DRAWS, len(errors)))
    drawn = 100 * errors[rows].sum(1) / counts[rows].sum(1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return 100 * float(errors.sum() / counts.sum()), (float(low), float(high))


def mean_interval(values: Sequence[float], seed: int = 0) -> tuple[float, tuple[float, float]]:
    """A mean and its 95 % interval (bootstrap over sentences).

    >>> mean_interval([1.0, 1.0, 1.0])
    (1.0, (1.0, 1.0))
    """
    found = np.asarray(values, float)
    rows = np.random.default_rng(seed).integers(len(found), size=(DRAWS, len(found)))
    low, high = np.percentile(found[rows].mean(1), (2.5, 97.5))
    return float(found.mean()), (float(low), float(high))


def with_interval(value: float, interval: tuple[float, float], digits: int = 1) -> str:
    """A figure and its interval as they stand in a table.

    >>> with_interval(2.0, (1.5, 2.6))
    '2.0 (1.5–2.6)'
    """
    return f"{value:.{digits}f} ({interval[0]:.{digits}f}–{interval[1]:.{digits}f})"
