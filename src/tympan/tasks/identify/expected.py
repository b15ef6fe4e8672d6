"""What a voice book is expected to get wrong, and the threshold that follows from it.

A threshold copied from elsewhere is wrong for one's own voices and microphones. So each change of a
book measures it on the book: recordings of a voice with its other recordings (rejected by
mistake?), recordings of one voice with every other voice, and the strangers that the model brings
with every voice (accepted by mistake?).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.tasks.identify.scoring import Array, Scorer
from tympan.tasks.identify.voice import mean_voice

if TYPE_CHECKING:
    from tympan.tasks.identify.book import Book

# Of a stranger against the whole book, not against one voice.
FALSE_ACCEPT = 0.01
# Log odds never go below this: a book of two alike voices must not take everybody.
LEAST_LOG_ODDS = 0.0
# Strangers are as good as this many seconds of speech.
STRANGER_S = 8.0


@dataclass(frozen=True)
class Expected:
    """What a book is expected to get wrong.

    Attributes:
        threshold: log odds (natural logarithm) from which a voice counts as the one it is nearest
            to; 0 is a probability of a half.
        false_accept: share of strangers that get a name.
        false_reject: share of recordings of known voices that do not get theirs; None: no voice
            has two recordings, so it is not known.
        strangers: how many strangers this was measured on.
        own: on how many recordings of known voices.
    """

    threshold: float
    false_accept: float
    false_reject: float | None
    strangers: int
    own: int

    def to_json(self) -> dict[str, Any]:
        """Plain values, as the book holds them."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}

    def __str__(self) -> str:
        accept = f"expected false accepts: {_percent(self.false_accept)} of strangers"
        accept += f" (measured on {self.strangers})" if self.strangers else " (not measured)"
        if self.false_reject is None:
            reject = "not known before a voice has two recordings"
        else:
            reject = f"{_percent(self.false_reject)} of recordings (measured on {self.own})"
        threshold = (
            f"threshold: log odds {self.threshold:.1f}, where both answers were as likely before a "
            f"probability of {_percent(1 / (1 + np.exp(-self.threshold)))}; a voice below it is "
            "unknown"
        )
        return f"{accept}\nexpected false rejects: {reject}\n{threshold}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def expected(book: Book, scorer: Scorer, false_accept: float = FALSE_ACCEPT) -> Expected:
    """Choose the threshold of a book, and estimate both its errors.

    Args:
        book: the voices.
        scorer: of the model that made them.
        false_accept: so many of the strangers may get a name.
    """
    own, nearest = own_trials(book, scorer), stranger_trials(book, scorer)
    if not len(nearest):
        threshold, accepted = max(LEAST_LOG_ODDS, np.log(1 / false_accept - 1)), false_accept
    else:
        # The smallest threshold that leaves no more of them in than allowed.
        place = int(np.floor(false_accept * len(nearest)))
        threshold = float(np.sort(nearest)[::-1][place]) + 1e-6
        threshold = max(LEAST_LOG_ODDS, threshold)
        # Of so few, the next stranger is worse than the worst with this probability (Laplace).
        accepted = (float((nearest >= threshold).sum()) + 1) / (len(nearest) + 2)
    rejected = float((own < threshold).mean()) if len(own) else None
    return Expected(float(threshold), float(accepted), rejected, len(nearest), len(own))


def own_trials(book: Book, scorer: Scorer) -> Array:
    """Log odds of each recording with the other recordings of its voice."""
    found = []
    for name in book.names:
        entries = book.voices[name]
        for i, one in enumerate(entries):
            others = [e for j, e in enumerate(entries) if j != i]
            if not others:
                continue
            mean = mean_voice(np.stack([e.vector for e in others]), [e.speech_s for e in others])
            similarity = scorer.similarities(one.vector, mean)[0, 0]
            rest_s = sum(e.speech_s for e in others)
            found.append(float(scorer.log_odds(similarity, one.speech_s, rest_s)))
    return np.array(found)


def stranger_trials(book: Book, scorer: Scorer) -> Array:
    """Log odds of each stranger with the voice of the book that is nearest.

    Strangers are the cohort of the model, and each recording of the book for the other voices.
    """
    if not book.voices:
        return np.zeros(0)
    means, speech = book.means(), book.speech_s()
    found: list[float] = []
    if len(scorer.cohort):
        similarity = left_out(scorer, means)
        odds = scorer.log_odds(similarity, STRANGER_S, speech[None])
        found += odds.max(1).tolist()
    if len(means) > 1:
        for k, name in enumerate(book.names):
            others = np.delete(np.arange(len(means)), k)
            for entry in book.voices[name]:
                similarity = scorer.similarities(entry.vector, means[others])[0]
                odds = scorer.log_odds(similarity, entry.speech_s, speech[others])
                found.append(float(odds.max()))
    return np.array(found)


def left_out(scorer: Scorer, means: np.ndarray) -> Array:
    """Normalised similarities `(m, n)` of the cohort with voices, each left out of its own cohort.

    Else every stranger would be nearest to itself.
    """
    cohort = np.asarray(scorer.cohort, np.float64)
    cosines = cohort @ np.asarray(means, np.float64).T
    among = cohort @ cohort.T
    np.fill_diagonal(among, -np.inf)
    nearest = np.sort(among, axis=1)[:, -min(scorer.top, len(cohort) - 1) :]
    mean, spread = nearest.mean(1), np.maximum(nearest.std(1), 0.02)
    voice_mean, voice_spread = scorer.statistics(means)
    by_stranger = (cosines - mean[:, None]) / spread[:, None]
    by_voice = (cosines - voice_mean[None]) / voice_spread[None]
    return np.asarray((by_stranger + by_voice) / 2)
