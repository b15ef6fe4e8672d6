"""How well the German voice is understood, and how near it is to the one whom it learned from.

The sentences are the last 60 of her recordings, which `de-kerstin` was not trained on. *WER*: words
that the multilingual Whisper base (beam 5) gets wrong; both sides are read as `tympan.text` reads
German, so that figures are words. *Similarity* is the cosine of speaker embeddings (the model
`voices`) with the mean of 60 other recordings of hers; *recordings* are the same sentences as she
reads them, and a row of strangers says what it is between people who are not the same (readers of
LibriSpeech). *Melody* is the standard deviation of the pitch in voiced frames, in semitones, and
*pace* how many seconds a word takes. 95 % intervals over sentences (bootstrap) in brackets.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._judges import error_rate, judged, mean_interval, with_interval
from benchmarks.common import DATA, Row, arguments, key_of, main
from benchmarks.speak import RUNS, Line, Spoken, by_peer, by_tympan, melody, seconds

VOICE, SEED, QUICK = "de-kerstin", 0, 3
PEER = "espeak-ng:de"
STRANGERS = 60


def words_of(text: str) -> list[str]:
    """The words of a German text as they are spoken.

    >>> words_of("Um 8 Uhr!")
    ['um', 'acht', 'uhr']
    """
    from tympan.text import read

    return [word.text.lower() for one in read(text, "de") for word in one.words]


def vectors_of(files: Sequence[Path]) -> np.ndarray:
    """Speaker embeddings `(m, d)`, of unit length."""
    import tympan

    return np.stack([tympan.embed(path, model="voices").vector for path in files])


def row_of(one: Spoken, spoken: Sequence[Line], her: np.ndarray) -> tuple[Row, dict[str, float]]:
    """A row of the table, and its figures."""
    texts = [line.text for line in spoken]
    answers = judged([(path, None) for path in one.files], german=True, kept=RUNS / "judged")
    rate, interval = error_rate(texts, [str(a["whisper"]) for a in answers], SEED, words_of)
    alike, between = mean_interval((vectors_of(one.files) @ her).tolist(), SEED)
    middle_hz, spread = melody(one.files)
    words = sum(len(words_of(text)) for text in texts)
    row: Row = {
        "voice": one.name,
        "WER, %": with_interval(rate, interval),
        "similarity": with_interval(alike, between, 2),
        "pitch, Hz": f"{middle_hz:.0f}",
        "melody, semitones": f"{spread:.1f}",
        "pace, s a word": f"{seconds(one.files) / words:.2f}",
        "cpu, s for each second": "–" if one.cpu is None else f"{one.cpu:.3f}",
    }
    return row, {key_of(f"{one.name} wer"): rate, key_of(f"{one.name} similarity"): alike}


def measure(quick: bool) -> tuple[list[Row], dict[str, float]]:
    """All rows and figures."""
    from recipes.kerstin import HELD_OUT, table_of

    table = table_of(DATA)
    test = [one for one in table if one.columns["split"] == "test"][: QUICK if quick else HELD_OUT]
    other = [one for one in table if one.columns["split"] == "val"][: QUICK if quick else HELD_OUT]
    spoken = [Line(one.columns["text"], one.columns["text"], one.path) for one in test]
    her = vectors_of([one.path for one in other]).mean(0)
    her /= np.linalg.norm(her)
    out = RUNS / ("german-quick" if quick else "german")
    todo = [
        Spoken("recordings", [one.path for one in test]),
        by_peer(PEER, spoken, out / key_of(PEER)),
        *by_tympan(spoken, out, VOICE, ("kerstin",)),
    ]
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for one in todo:
        row, found = row_of(one, spoken, her)
        rows.append(row)
        figures |= found
        print(row, flush=True)
    readers = sorted((DATA / "librispeech").rglob("*.flac"))[: QUICK if quick else STRANGERS]
    alike, between = mean_interval((vectors_of(readers) @ her).tolist(), SEED)
    rows.append({"voice": "strangers", "similarity": with_interval(alike, between, 2)})
    return rows, figures | {"strangers_similarity": alike}


if __name__ == "__main__":
    rows, figures = measure(arguments("german").quick)
    main(
        "german",
        rows,
        figures,
        title="The German voice",
        about=(__doc__ or "").strip() + f"\nSeed {SEED}, one thread.",
    )
