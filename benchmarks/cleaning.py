"""What taking noise away first (`--clean`) changes in the answers of other questions.

The same recordings twice: as they are, and through `voice`. Nothing of it was trained on: speech of
LibriSpeech *test-other*, noises of ESC-50's fifth fold, of all classes.

*transcribe*: word error rate (see *Recognisers of speech*), so many recordings of the ten speakers.
*identify*: equal error rate over all pairs of clips of 4 s, 10 of each of 10 speakers. *segment*:
area under the curve of frames of speech in two-minute scenes, noises without voices. *Better*: how
much less is wrong with `--clean`, in percentage points, with its 95 % interval, from drawing
recordings, speakers or scenes again and again. Where the interval holds 0, nothing is known.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks import _voices as trials
from benchmarks import speech_activity, voices
from benchmarks import transcribe as recognisers
from benchmarks._judges import with_interval
from benchmarks.common import DATA, Row, arguments, key_of, main
from tympan.tasks.identify.learner import pair_scores
from tympan.tasks.identify.metrics import eer

RATE_HZ, SEED, DRAWS = 16000, 0, 1000
NOISES_DB = (None, 10, 5, 0)
ENGINES = ("moonshine",)
COUNT, SCENES, VOICE_S = 40, 10, 4.0
QUICK = 4
WHY = (
    "It helps `identify` in noise, the more the louder the noise is (at 0 dB a quarter of the "
    "errors), and does no harm to clean clips. Of `transcribe` nothing is known at 10 dB, at 5 dB "
    "it does harm; and it harms `segment` a little: Moonshine and `speech` were trained in noise, "
    "and what a small net takes away with the noise they miss. So it is off by default for these "
    "two, and on for `voices`, in `identify`, `verify` and `enroll` alike."
)

Figures = dict[str, float]


def cleaned(wave: np.ndarray) -> np.ndarray:
    """The voice of a wave `(t,)` at 16 kHz."""
    import tympan

    found = tympan.clean(tympan.Clip(wave[None], RATE_HZ), device="cpu")
    return np.asarray(found.samples[0])


def named(noise_db: int | None) -> str:
    """A condition in words."""
    return "clean" if noise_db is None else f"noise at {noise_db} dB"


def row_of(
    question: str, noise_db: int | None, pair: Sequence[float], gains: np.ndarray, figures: Figures
) -> Row:
    """A row: what is wrong before and after, in percent, and how much less."""
    before, after = (100 * one for one in pair)
    low, high = 100 * np.percentile(gains, [2.5, 97.5])
    key = key_of(f"{question} {named(noise_db)}")
    figures[f"{key}_as_it_is"], figures[f"{key}_cleaned"] = before, after
    return {
        "question": question, "recordings": named(noise_db), "as it is": f"{before:.1f}",
        "with --clean": f"{after:.1f}", "better": with_interval(before - after, (low, high)),
    }  # fmt: skip


def drawn(values: Callable[[np.ndarray], float], count: int, times: int = DRAWS) -> np.ndarray:
    """A value of samples drawn with replacement, again and again."""
    rng = np.random.default_rng(SEED)
    return np.array([values(rng.integers(0, count, count)) for _ in range(times)])


def transcribed(engine: str, noise_db: int | None, count: int, figures: Figures) -> Row | None:
    """Word error rates of an engine; None: it is not installed."""
    said = recognisers.recordings(count)
    texts = [text for _, text in said]
    counts = []
    for way in ("verb", "clean"):
        found = recognisers.answers(f"{engine}, {way}", [path for path, _ in said], noise_db)
        if found is None:
            return None
        heard = [str(one) for one in found["texts"]]  # type: ignore[attr-defined]
        errors, lengths = recognisers.counted(texts, heard)
        counts.append(errors[0])
    total = lengths[0].sum()
    gains = drawn(lambda i: float((counts[0] - counts[1])[i].sum() / lengths[0][i].sum()), count)
    pair = [float(one.sum() / total) for one in counts]
    return row_of(f"transcribe, {engine}: WER, %", noise_db, pair, gains, figures)


def identified(noise_db: int | None, quick: bool, figures: Figures) -> Row:
    """Equal error rates of `voices`."""
    from tympan.tasks.identify.api import voice_model

    model = voice_model("voices", "cpu")
    clips = next(one for one in trials.librispeech(DATA) if f"{VOICE_S:g} s" in one.name)
    if quick:
        kept = np.arange(0, len(clips.waves), 10)
        clips = trials.Clips(
            clips.name, [clips.waves[i] for i in kept], clips.speakers[kept], clips.recordings[kept]
        )
    if noise_db is not None:
        clips = trials.noisy(clips, DATA, float(noise_db))
    after = replace(clips, waves=[cleaned(wave) for wave in clips.waves])
    tables = [voices.ours(model, one) for one in (clips, after)]
    people = np.unique(clips.speakers)

    def errors(keep: np.ndarray) -> list[float]:
        who = clips.speakers[keep], clips.recordings[keep]
        return [eer(*pair_scores(table[np.ix_(keep, keep)], *who)) for table in tables]

    def gain(i: np.ndarray) -> float:
        chosen = np.unique(people[i])
        if len(chosen) < 2:
            return 0.0
        before, after_ = errors(np.isin(clips.speakers, chosen))
        return before - after_

    gains = drawn(gain, len(people), 20 if quick else 300)
    pair = errors(np.ones(len(clips.speakers), bool))
    return row_of("identify: EER, %", noise_db, pair, gains, figures)


def segmented(noise_db: int | None, count: int, figures: Figures) -> Row:
    """1 − AUC of `speech`."""
    kinds = [speech_activity.noises()]
    waves, truth = speech_activity.mixtures(
        60.0 if noise_db is None else float(noise_db), kinds, count
    )
    rows = []
    for given in (waves, np.stack([cleaned(wave) for wave in waves])):
        found = speech_activity.ours(given)
        rows.append([(p, t) for (p, _), t in zip(found, truth, strict=True)])

    def missing(i: np.ndarray) -> list[float]:
        return [1 - speech_activity.auc_of([one[k] for k in i]) for one in rows]

    def gain(i: np.ndarray) -> float:
        before, after = missing(i)
        return before - after

    gains = drawn(gain, count, 200)
    return row_of("segment: 1 − AUC, %", noise_db, missing(np.arange(count)), gains, figures)


def measure(quick: bool) -> tuple[list[Row], Figures]:
    """The table and the figures."""
    rows: list[Row] = []
    figures: Figures = {}
    for noise_db in NOISES_DB[-1:] if quick else NOISES_DB:
        found = [transcribed(one, noise_db, QUICK if quick else COUNT, figures) for one in ENGINES]
        rows += [one for one in found if one is not None]
        rows.append(identified(noise_db, quick, figures))
        rows.append(segmented(noise_db, 2 if quick else SCENES, figures))
        print(*rows[-4:], sep="\n", flush=True)
    rows.sort(key=lambda row: str(row["question"]))
    return rows, figures


if __name__ == "__main__":
    path = recognisers.engine_path()
    if path:
        sys.path.append(path)
    rows, figures = measure(arguments("cleaning").quick)
    about = (__doc__ or "").strip()
    main(
        "cleaning", rows, figures, title="Noise taken away first", why=WHY,
        about=f"{about}\n\n{COUNT} recordings for *transcribe*, {SCENES} scenes; seed {SEED}.",
    )  # fmt: skip
