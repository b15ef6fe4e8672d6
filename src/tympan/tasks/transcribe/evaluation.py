"""How many words and letters of recordings are wrong."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tympan.errors import DataError
from tympan.models.scores import Score
from tympan.tasks.contract import Evaluation
from tympan.tasks.metrics import middle_95
from tympan.tasks.transcribe.sounds import spoken

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.transcribe.transcriber import Transcriber

DRAWS = 2000
LIMITS = (
    "Words are counted in lower case, without punctuation and with numbers written out as they are "
    "said.",
)


def distance(wanted: Sequence[Hashable], found: Sequence[Hashable]) -> int:
    """Fewest insertions, deletions and replacements (Levenshtein).

    >>> distance("kitten", "sitting")
    3
    """
    row = list(range(len(found) + 1))
    for i, one in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


def evaluate(parts: Sequence[tuple[Transcriber, Table]], store: AudioStore) -> Evaluation:
    """Word and character error rate, with 95 % intervals over recordings.

    A recording is heard as it is, without a search for speech in it.

    Args:
        parts: models, each with the rows that it was not trained on.
        store: the decoded recordings.

    Raises:
        DataError: no rows.
    """
    pairs = []
    for part, table in parts:
        model = part.recogniser
        for one in table:
            wave = np.ascontiguousarray(store.mono(one.path), np.float32)
            most = round(model.longest_s * model.rate_hz)
            heard = [
                word.text for at in range(0, len(wave), most)
                for word in model.words(wave[at : at + most])
            ]  # fmt: skip
            language = model.languages[0]
            wanted = [word.text for word in spoken(one.columns["text"], language)]
            pairs.append((wanted, [word.text for word in spoken(" ".join(heard), language)]))
    return evaluated(pairs)


def evaluated(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> Evaluation:
    """The scores of recordings: words wanted and words found of each.

    Raises:
        DataError: no rows.

    >>> found = evaluated([(["a", "cat"], ["a", "cat"]), (["no"], ["on"])])
    >>> round(found.scores[0].value, 1), round(found.scores[1].value, 1)
    (33.3, 28.6)
    """
    if not pairs:
        raise DataError("no recording is left to score")
    words = [(distance(wanted, found), len(wanted)) for wanted, found in pairs]
    texts = [(" ".join(wanted), " ".join(found)) for wanted, found in pairs]
    letters = [(distance(wanted, found), len(wanted)) for wanted, found in texts]
    scores = (score("word_error_rate", words), score("character_error_rate", letters))
    return Evaluation(scores, len(pairs), limits=LIMITS)


def score(name: str, counts: Sequence[tuple[int, int]]) -> Score:
    """Errors in percent of what was wanted, and a bootstrap interval over recordings."""
    found = np.array(counts, float)
    rows = np.random.default_rng(0).integers(len(found), size=(DRAWS, len(found)))
    drawn = found[rows].sum(1)
    interval = middle_95(100 * drawn[:, 0] / drawn[:, 1].clip(1), len(found))
    value = 100 * found[:, 0].sum() / max(1.0, found[:, 1].sum())
    return Score(name, float(value), interval, "%", higher_is_better=False)
