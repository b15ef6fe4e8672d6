"""Joins the words of two windows that share some seconds: none is lost, and none stands twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tympan.tasks.results.transcript import Word

# What a window hears so near its edge may be half a word.
EDGE_S = 0.15
# Two words with different times are the same if no nearer pair is; so much a second is worth.
PER_SECOND = 0.2


def plain(text: str) -> str:
    """A word as it is compared: lower case, letters and digits alone.

    >>> plain("Don't,")
    'dont'
    """
    return "".join(c for c in text.lower() if c.isalnum())


def joined(
    before: Sequence[Word], after: Sequence[Word], start_s: float, end_s: float
) -> list[Word]:
    """The words of two windows.

    In the seconds that both heard, their words are set against each other. The change from one to
    the other lies between two words on which they agree, as far from both edges as there are some;
    where they agree on none, it lies in the middle.

    Args:
        before: words of the first window.
        after: words of the second one.
        start_s: where the second window begins.
        end_s: where the first one ends.

    >>> def words(text, at): return [Word(at + i, at + i + 1.0, w) for i, w in enumerate(text)]
    >>> " ".join(w.text for w in joined(words("abcd", 0), words("cdef", 2), 2.0, 4.0))
    'a b c d e f'
    """
    slack = end_s - start_s
    estimated = any(one.estimated for one in (*before, *after))
    # Times that are estimated may be wrong by a second or two.
    wide_s = min(slack, 2.0) if estimated else 0.3
    first = next((i for i, w in enumerate(before) if w.end_s > start_s - wide_s), len(before))
    last = next((i for i, w in enumerate(after) if w.start_s > end_s + wide_s), len(after))
    tail, head = before[first:], after[:last]
    if not tail or not head:  # only one of them heard anything there
        return [*before, *after]
    pairs = _agreed(tail, head)
    if not pairs:
        return _by_time(before, after, (start_s + end_s) / 2)
    middle = (start_s + end_s) / 2
    runs = _runs(pairs)

    def worth(pair: tuple[int, int]) -> float:
        """Long runs, in the middle."""
        i, j = pair
        at = (tail[i].start_s + tail[i].end_s + head[j].start_s + head[j].end_s) / 4
        return min(3, runs[pair]) - 2 * abs(at - middle) / max(slack, 1e-9)

    i, j = max(pairs, key=worth)
    return [*before[: first + i + 1], *after[j + 1 :]]


def _by_time(before: Sequence[Word], after: Sequence[Word], middle_s: float) -> list[Word]:
    """Words of the first before the middle, of the second behind it."""
    left = [w for w in before if (w.start_s + w.end_s) / 2 < middle_s]
    right = [w for w in after if (w.start_s + w.end_s) / 2 >= middle_s]
    # One word, heard a little earlier by the one than by the other.
    while left and right and plain(left[-1].text) == plain(right[0].text):
        if right[0].start_s - left[-1].end_s > EDGE_S:
            break
        right = right[1:]
    return [*left, *right]


def _agreed(tail: Sequence[Word], head: Sequence[Word]) -> list[tuple[int, int]]:
    """Pairs of equal words in the same order in both, as many and as near as there are."""
    n, m = len(tail), len(head)
    if not n or not m:
        return []
    left, right = [plain(w.text) for w in tail], [plain(w.text) for w in head]
    best = np.zeros((n + 1, m + 1))
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            best[i, j] = max(best[i + 1, j], best[i, j + 1])
            if left[i] and left[i] == right[j]:
                best[i, j] = max(best[i, j], best[i + 1, j + 1] + _near(tail[i], head[j]))
    pairs, i, j = [], 0, 0
    while i < n and j < m:
        gain = _near(tail[i], head[j]) if left[i] and left[i] == right[j] else 0.0
        if gain > 0 and best[i, j] == best[i + 1, j + 1] + gain:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i, j] == best[i + 1, j]:
            i += 1
        else:
            j += 1
    return pairs


def _near(a: Word, b: Word) -> float:
    """What it is worth to take two equal words as one: less, the farther they are apart."""
    apart_s = abs(a.start_s + a.end_s - b.start_s - b.end_s) / 2
    return max(0.0, 1.0 - PER_SECOND * apart_s)


def _runs(pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """To how many pairs that follow one another without a gap each belongs."""
    found: dict[tuple[int, int], int] = {}
    run: list[tuple[int, int]] = []
    for pair in pairs:
        if run and pair != (run[-1][0] + 1, run[-1][1] + 1):
            found |= dict.fromkeys(run, len(run))
            run = []
        run.append(pair)
    return found | dict.fromkeys(run, len(run))
