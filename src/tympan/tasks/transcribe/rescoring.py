"""Which of a search's candidates it is: spelled by the characters' head, and by agreement.

The search knows phonemes and words. The net's second head spells, and errs elsewhere; a language
writes apart what sounds alike. And the likeliest sentence is not the one with the fewest wrong
words: of candidates, that one is taken which differs least from all others, each as often as it is
likely (Stolcke, König, Weintraub, *Explicit word error minimization in N-best list rescoring*,
Eurospeech 1997).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.tasks.transcribe.sounds import numbers

Values = npt.NDArray[np.float32]
# Scores are too sure: sums over frames as if each were a witness of its own.
SHARPNESS = 0.5
# What cannot be spelled in so little time is this unlikely, in nepers.
IMPOSSIBLE = -1e4
# So many texts are spelled together: all alignments of each lie in memory.
AT_ONCE = 20


def spelled(scores: Values, texts: Sequence[str], characters: Sequence[str]) -> Values:
    """Log probabilities of texts as a head of CTC spells them.

    Args:
        scores: log probabilities `(m, k)`, the blank first.
        texts: words with spaces between them.
        characters: those of the head; others are left out of the texts.

    Returns:
        `(n,)`.

    >>> scores = np.log(np.array([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], np.float32))
    >>> found = np.exp(spelled(scores, ["ab", "a", "b", "abab"], ("a", "b")))
    >>> [round(float(one), 3) for one in found]
    [0.64, 0.17, 0.17, 0.0]
    """
    targets = [torch.from_numpy(numbers(text.lower(), characters)) for text in texts]
    parts = [_spelled(scores, targets[at : at + AT_ONCE]) for at in range(0, len(texts), AT_ONCE)]
    values: Values = torch.cat(parts).clamp(min=IMPOSSIBLE).numpy()
    return values


def _spelled(scores: Values, targets: Sequence[Tensor]) -> Tensor:
    inputs = torch.from_numpy(scores)[:, None].expand(-1, len(targets), -1)
    return -torch.nn.functional.ctc_loss(
        inputs, torch.cat(list(targets)), torch.full((len(targets),), len(scores)),
        torch.tensor([len(one) for one in targets]), reduction="none",
    )  # fmt: skip


def agreed(scores: Values, answers: Sequence[Sequence[int]]) -> int:
    """The place of the answer with the fewest wrong words to be expected.

    Args:
        scores: log probabilities `(n,)`, not necessarily of sum one.
        answers: each its words by their numbers.

    >>> likely = np.log(np.array([0.4, 0.3, 0.3]))
    >>> agreed(likely / SHARPNESS, [[1, 2], [3, 4], [3, 5]])
    1
    """
    chances = np.exp(SHARPNESS * (scores - scores.max()))
    return int((distances(answers) @ (chances / chances.sum())).argmin())


def distances(answers: Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
    """How many words differ between any two answers (Levenshtein): `(n, n)`.

    >>> distances([[1, 2, 3], [1, 3], []]).tolist()
    [[0, 1, 3], [1, 0, 2], [3, 2, 0]]
    """
    lengths = np.array([len(one) for one in answers])
    longest = int(lengths.max(initial=0))
    table = np.full((len(answers), longest), -1, np.int32)
    for row, one in zip(table, answers, strict=True):
        row[: len(one)] = one
    # All pairs at once, cell by cell; of each pair the cell at its two lengths is kept.
    above = [np.full((len(answers), len(answers)), j, np.int32) for j in range(longest + 1)]
    found = np.where(lengths[:, None] == 0, lengths[None, :], 0).astype(np.int32)
    for i in range(1, longest + 1):
        left = np.full_like(found, i)
        line = [left]
        for j in range(1, longest + 1):
            differ = table[:, None, i - 1] != table[None, :, j - 1]
            left = np.minimum(np.minimum(above[j], left) + 1, above[j - 1] + differ)
            line.append(left)
        ends = lengths[:, None] == i
        for j in np.unique(lengths).tolist():
            np.copyto(found, line[j], where=ends & (lengths[None, :] == j))
        above = line
    return found
