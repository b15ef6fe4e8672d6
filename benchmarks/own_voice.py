"""What ten minutes, half an hour and an hour of recordings of one voice give.

Two people of whom `en` has learned nothing are trained from `en` as `tympan train --task speak`
does it, without any setting, on so many minutes of their recordings: Kerstin, who reads German, and
Allison Smith, who reads English telephone prompts (16 kHz; `_own_voice_data.py`). Each is then
judged on sentences that none of the trainings has seen (50 of Kerstin's last 60; 40 prompts of five
words or more). *WER*: words that a recogniser gets wrong, German by the multilingual Whisper base,
English by Whisper tiny.en and Moonshine; in both texts as they are, so that what a recogniser
writes otherwise counts for the recordings too. *Similarity*: cosine of the speaker embeddings of
`voices` with the mean of recordings of the person that are in neither set. *Distortion*:
mel-cepstral, at the recordings' own timing. *Cost*: processor minutes of the whole training, on one
thread; two cores take about half as long by the clock. 95 % intervals over sentences (bootstrap) in
brackets. One training each: what another seed would give is not in the brackets.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._judges import error_rate, judged, mean_interval, with_interval
from benchmarks.common import DATA, Row, arguments, key_of, main
from benchmarks.german import vectors_of, words_of
from benchmarks.speak import RUNS, Line, by_tympan
from tympan.data import Table
from tympan.data.table import Example

SEED, TEST, QUICK = 0, 50, 3
PROMPTS, OTHERS, WORDS = 40, 30, 5
MINUTES = {"kerstin": (10, 30, 60), "prompts": (10,)}
JUDGES = {"kerstin": ("whisper",), "prompts": ("whisper", "moonshine")}


@dataclass(frozen=True)
class Person:
    """A voice: what it may be trained on, its test, and recordings that say what it is like."""

    name: str
    train: Table
    test: Table
    other: Sequence[Path]


def kerstin() -> Person:
    """The German reader."""
    from recipes.kerstin import table_of

    table = table_of(DATA)
    test, other = table.where("split", "test"), table.where("split", "val")
    return Person("kerstin", table.where("split", "train"), test, [one.path for one in other])


def prompts() -> Person:
    """The English voice of telephone exchanges, as `_own_voice_data.py` has prepared it."""
    import csv

    from benchmarks._own_voice_data import FOLDER as folder

    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    order = np.random.default_rng(SEED).permutation(len(read))
    rows = [
        Example(
            {"audio": folder / read[i]["file_name"]},
            {"text": read[i]["text"], "language": "en", "speaker": "prompts"},
        )
        for i in order
    ]
    long = [one for one in rows if len(one.columns["text"].split()) >= WORDS]
    test, other = long[:PROMPTS], long[PROMPTS : PROMPTS + OTHERS]
    # A few texts were read twice.
    apart = {one.columns["text"].lower() for one in (*test, *other)}
    train = tuple(one for one in rows if one.columns["text"].lower() not in apart)
    return Person(
        "prompts", Table(folder, train), Table(folder, tuple(test)), [one.path for one in other]
    )


PEOPLE: dict[str, Callable[[], Person]] = {"kerstin": kerstin, "prompts": prompts}


def first_minutes(table: Table, minutes: float) -> Table:
    """The first recordings, so many that they last so long."""
    import soundfile

    lengths = np.cumsum([soundfile.info(one.path).duration for one in table])
    count = int(np.searchsorted(lengths, 60 * minutes)) + 1
    rows = [
        replace(one, columns={**one.columns, "split": "train"}) for one in table.examples[:count]
    ]
    return replace(table, examples=tuple(rows))


def trained(person: Person, minutes: int, out: Path, quick: bool) -> float:
    """Train, unless it is there; processor minutes that it took."""
    import tympan

    kept = out / "cost.json"
    if not kept.exists():
        # The test rows are given so that none is taken from the minutes.
        test = [
            replace(one, columns={**one.columns, "split": "test"}) for one in person.test.examples
        ]
        table = first_minutes(person.train, minutes)
        table = replace(table, examples=(*table.examples, *test[: QUICK if quick else TEST]))
        begun = resource.getrusage(resource.RUSAGE_SELF)
        result = tympan.train(
            table, task="speak", out=out, seed=SEED, threads=1, say=print,
            epochs=1 if quick else None, progress=False,
        )  # fmt: skip
        ended = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
        scores = [one.to_json() for one in result.evaluation.scores] if result.evaluation else []
        kept.write_text(json.dumps({"cpu_s": cpu_s, "scores": scores}))
    return float(json.loads(kept.read_text())["cpu_s"]) / 60


def row_of(
    what: str, person: Person, files: Sequence[Path], texts: Sequence[str], like: np.ndarray
) -> tuple[Row, dict[str, float]]:
    """Words that judges get wrong, and how alike it sounds."""
    german = person.name == "kerstin"
    answers = judged([(path, None) for path in files], german=german, kept=RUNS / "judged")
    row: dict[str, object] = {"voice": person.name, "trained on": what}
    figures: dict[str, float] = {}
    for judge in JUDGES[person.name]:
        heard = [str(answer[judge]) for answer in answers]
        reading = {"split": words_of} if german else {}
        rate, interval = error_rate(texts, heard, SEED, **reading)
        row[f"WER {judge}, %"] = with_interval(rate, interval)
        figures[f"wer {judge}"] = rate
    alike, between = mean_interval((vectors_of(files) @ like).tolist(), SEED)
    row["similarity"] = with_interval(alike, between, 2)
    figures["similarity"] = alike
    return row, {key_of(f"{person.name} {what} {k}"): v for k, v in figures.items()}


def measure(quick: bool) -> tuple[list[Row], dict[str, float]]:
    """All rows and figures."""
    rows: list[Row] = []
    figures: dict[str, float] = {}

    def add(found: tuple[Row, dict[str, float]], **more: str) -> None:
        rows.append({**found[0], **more})
        figures.update(found[1])
        print(rows[-1], flush=True)

    for name, lengths in MINUTES.items():
        person = PEOPLE[name]()
        test = person.test.examples[: QUICK if quick else TEST]
        texts = [one.columns["text"] for one in test]
        like = vectors_of(person.other[: QUICK if quick else TEST]).mean(0)
        like /= np.linalg.norm(like)
        add(row_of("recordings", person, [one.path for one in test], texts, like))
        lines = [Line(one.columns["text"], "", one.path) for one in test]
        for minutes in lengths[:1] if quick else lengths:
            out = RUNS / ("own-voice-quick" if quick else "own-voice") / f"{name}-{minutes}"
            cost = trained(person, minutes, out, quick)
            said = next(iter(by_tympan(lines, out / "said", str(out), (name,))))
            scores = json.loads((out / "cost.json").read_text())["scores"]
            apart = next(one for one in scores if one["name"].startswith("mel_cepstral"))
            more = {
                "distortion, dB": with_interval(apart["value"], tuple(apart["interval"])),
                "cost, minutes": f"{cost:.0f}",
            }
            add(row_of(f"{minutes} minutes", person, said.files, texts, like), **more)
            figures[key_of(f"{name} {minutes} cost")] = cost
    return rows, figures


if __name__ == "__main__":
    rows, figures = measure(arguments("own_voice").quick)
    main(
        "own_voice",
        rows,
        figures,
        title="A voice of one's own",
        about=(__doc__ or "").strip() + f"\nSeed {SEED}.",
    )
