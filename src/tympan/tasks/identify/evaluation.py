"""How well a voice model tells people apart whom it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import DataError
from tympan.models import Score
from tympan.tasks.contract import Evaluation
from tympan.tasks.identify.expected import STRANGER_S
from tympan.tasks.identify.learner import pair_scores
from tympan.tasks.identify.metrics import P_TARGET, cllr, eer, min_dcf
from tympan.tasks.identify.voice import LEAST_SPEECH_S, Voice

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.identify.model import IdentifyModel

LENGTHS_S = (1.0, 2.0, 4.0, 8.0)
# A recording that is its speaker's only one is cut into two of at least this length.
HALF_S = 1.5
ROUNDS = 200


@dataclass(frozen=True)
class IdentifyEvaluation(Evaluation):
    """The scores of a voice model, and what they are computed from.

    Attributes:
        targets: log odds of pairs of one voice.
        others: log odds of pairs of two.
        speakers: how many people.
        by_length: length in seconds → scores of stretches of that length.
    """

    targets: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)
    others: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)
    speakers: int = 0
    by_length: dict[float, dict[str, float]] = field(default_factory=dict)

    def details(self) -> dict[str, Any]:
        """Number of trials, and scores by length."""
        return {
            "speakers": self.speakers,
            "target_trials": len(self.targets),
            "other_trials": len(self.others),
            "by_length": {f"{length:g}": row for length, row in self.by_length.items()},
        }

    def table(self) -> list[dict[str, str]]:
        """Scores by length, as people read them."""
        return [
            {
                "length": f"{length:g} s",
                "EER": f"{row['eer']:.1%}",
                "minDCF": f"{row['min_dcf']:.3f}",
                "Cllr": f"{row['cllr']:.3f}",
            }
            for length, row in self.by_length.items()
        ]


@dataclass(frozen=True, eq=False)
class Trials:
    """Voices with their speakers and recordings, all pairs of which are scored."""

    voices: tuple[Voice, ...]
    speakers: np.ndarray
    recordings: np.ndarray

    def log_odds(self, model: IdentifyModel) -> np.ndarray:
        """Log odds `(m, m)` of all pairs."""
        vectors = np.stack([one.vector for one in self.voices])
        speech = np.array([one.speech_s for one in self.voices])
        similarity = model.scorer.similarities(vectors, vectors)
        return model.scorer.log_odds(similarity, speech[:, None], speech[None])


def evaluate(parts: Sequence[tuple[IdentifyModel, Table]], store: AudioStore) -> IdentifyEvaluation:
    """Score models on all pairs of recordings, each on its rows.

    Raises:
        DataError: there is no speaker with two stretches of speech, or only one speaker.
    """
    targets, others, count, people = [], [], 0, 0
    by_length: dict[float, dict[str, float]] = {}
    overlap: set[str] = set()
    alone = False
    odds, trials = np.zeros((0, 0)), Trials((), np.zeros(0), np.zeros(0))
    for model, table in parts:
        trials = trials_of(model, table, store)
        odds = trials.log_odds(model)
        same, other = pair_scores(odds, trials.speakers, trials.recordings)
        if not len(other) and len(same):
            other, alone = against_cohort(model, trials), True
        targets.append(same)
        others.append(other)
        count += len(table)
        people += len(np.unique(trials.speakers))
        overlap |= set(table.column("speaker")) & set(model.trained_speakers)
    t, o = np.concatenate(targets), np.concatenate(others)
    if not len(t) or not len(o):
        what = f"has {len(t)} pairs of one voice and {len(o)} of two, and both are needed"
        raise DataError(what, file=parts[0][1].root, fix="add speakers, each with two recordings")
    if len(parts) == 1:
        model, table = parts[0]
        by_length = scores_by_length(model, table, store)
    limits = [
        "Recordings of a speaker that were made on one day with one microphone are easier than "
        "those of another day."
    ]
    if alone:
        limits.insert(0, "Only one speaker was tested; the others are those of the training.")
    if overlap:
        limits.insert(0, f"{len(overlap)} speakers of the test set were trained on.")
    return IdentifyEvaluation(
        scores=scores(t, o, trials if len(parts) == 1 else None, odds),
        count=count,
        limits=tuple(limits),
        targets=t,
        others=o,
        speakers=people,
        by_length=by_length,
    )


def against_cohort(model: IdentifyModel, trials: Trials) -> np.ndarray:
    """Log odds of voices with the speakers of the training, where there is nobody else."""
    cohort = model.scorer.cohort
    if not len(cohort):
        return np.zeros(0)
    vectors = np.stack([one.vector for one in trials.voices])
    speech = np.array([one.speech_s for one in trials.voices])
    similarity = model.scorer.similarities(vectors, cohort)
    return model.scorer.log_odds(similarity, speech[:, None], STRANGER_S).ravel()


def trials_of(
    model: IdentifyModel, table: Table, store: AudioStore, length_s: float | None = None
) -> Trials:
    """The voices of the recordings of a table, of stretches of a length, or whole.

    A speaker with one recording has its two halves.
    """
    names = table.column("speaker")
    number = {name: i for i, name in enumerate(dict.fromkeys(names))}
    voices, speakers, recordings = [], [], []
    for row, (example, name) in enumerate(zip(table, names, strict=True)):
        wave = store.mono(example.path)
        pieces = [wave]
        if length_s is not None:
            size = round(length_s * model.rate_hz)
            pieces = [wave[(len(wave) - size) // 2 :][:size]] if len(wave) >= size else []
        elif names.count(name) == 1 and len(wave) >= 2 * HALF_S * model.rate_hz:
            pieces = [wave[: len(wave) // 2], wave[len(wave) // 2 :]]
        for piece in pieces:
            voice = model.voice_of(piece, example.path.name)
            if voice.speech_s >= LEAST_SPEECH_S:
                voices.append(voice)
                speakers.append(number[name])
                recordings.append(row)
    return Trials(tuple(voices), np.array(speakers), np.array(recordings))


def scores(
    targets: np.ndarray, others: np.ndarray, trials: Trials | None, odds: np.ndarray
) -> tuple[Score, ...]:
    """EER, minDCF and Cllr; the EER with its interval over speakers."""
    interval = None if trials is None else eer_interval(odds, trials)
    return (
        Score("eer", eer(targets, others), interval, higher_is_better=False),
        Score("min_dcf", min_dcf(targets, others, P_TARGET), unit="", higher_is_better=False),
        Score("cllr", cllr(targets, others), unit="bits", higher_is_better=False),
    )


def eer_interval(odds: np.ndarray, trials: Trials, seed: int = 0) -> tuple[float, float] | None:
    """The 95 % interval of the EER over speakers that are drawn again and again.

    Pairs of one speaker drawn twice are no pairs of two.
    """
    people = np.unique(trials.speakers)
    if len(people) < 4:
        return None
    rng, found = np.random.default_rng(seed), []
    for _ in range(ROUNDS):
        drawn = np.unique(rng.choice(people, len(people)), return_counts=True)
        weight = dict(zip(*(x.tolist() for x in drawn), strict=True))
        keep = np.isin(trials.speakers, drawn[0])
        same, other = pair_scores(
            odds[np.ix_(keep, keep)], trials.speakers[keep], trials.recordings[keep]
        )
        if len(weight) < 2 or not len(same) or not len(other):
            continue
        found.append(eer(same, other))
    if len(found) < ROUNDS // 2:
        return None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def scores_by_length(
    model: IdentifyModel, table: Table, store: AudioStore
) -> dict[float, dict[str, float]]:
    """EER, minDCF and Cllr of stretches from the middle of each recording."""
    found = {}
    for length_s in LENGTHS_S:
        trials = trials_of(model, table, store, length_s)
        if len(trials.voices) < 2:
            continue
        odds = trials.log_odds(model)
        i, j = np.triu_indices(len(odds), 1)
        same = trials.speakers[i] == trials.speakers[j]
        targets, others = odds[i, j][same], odds[i, j][~same]
        if len(targets) and len(others):
            row = {
                "eer": eer(targets, others),
                "min_dcf": min_dcf(targets, others),
                "cllr": cllr(targets, others),
            }
            found[length_s] = {name: round(value, 4) for name, value in row.items()}
    return found
