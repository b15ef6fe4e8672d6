"""MFCC + random forest: what a recording's average timbre alone gives, the same for all benchmarks.

As in K. J. Piczak, *ESC: Dataset for Environmental Sound Classification*, ACM MM 2015, who
published 44.3 % for ESC-50: mean and standard deviation over the recording of twelve MFCCs (without
the zeroth, so that the level plays no part) and of the zero-crossing rate, and 500 trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tympan.data import Table

TREES, N_MFCC, FRAME_S, HOP_S = 500, 13, 0.032, 0.016
# What a kept result of the forest depends on.
SETTINGS = {"trees": TREES, "n_mfcc": N_MFCC, "frame_s": FRAME_S, "hop_s": HOP_S}


def mfcc_statistics(waves: Sequence[np.ndarray], rate_hz: int) -> np.ndarray:
    """Mean and standard deviation of twelve MFCCs and of the zero-crossing rate.

    Args:
        waves: recordings `(t,)`, of any lengths.
        rate_hz: their sample rate.

    Returns:
        `(m, 26)`.

    >>> mfcc_statistics([np.zeros(16000, np.float32)], 16000).shape
    (1, 26)
    """
    import torch

    from tympan.spectra import MFCC

    win, hop = round(FRAME_S * rate_hz), round(HOP_S * rate_hz)
    mfcc = MFCC(rate_hz, n_fft=win, hop=hop, n_mfcc=N_MFCC, n_mels=40, top_db=80.0)
    rows = []
    for wave in waves:
        wave = wave if len(wave) >= win else np.pad(wave, (0, win - len(wave)))
        cepstra = mfcc(torch.from_numpy(np.ascontiguousarray(wave)))[1:].numpy()
        crossings = np.abs(np.diff(np.signbit(wave).astype(np.float32)))
        crossings = np.append(crossings, 0.0)[: len(wave) // hop * hop]
        rate = crossings.reshape(-1, hop).mean(1)
        rows.append([*cepstra.mean(1), *cepstra.std(1), rate.mean(), rate.std()])
    return np.array(rows, dtype=np.float32)


def statistics_of(table: Table, rate_hz: int) -> np.ndarray:
    """`mfcc_statistics` of the recordings of a table, decoded at `rate_hz`."""
    from tympan.data import AudioStore

    store = AudioStore.open(table, rate_hz)
    return mfcc_statistics([store.mono(path) for path in table.paths], rate_hz)


def forest_scores(
    train_x: np.ndarray, train_y: Sequence[Any], test_x: np.ndarray, seed: int
) -> tuple[np.ndarray, list[Any]]:
    """Probabilities `(m, k)` of a random forest, and the labels of its columns.

    >>> x = np.array([[0.0], [0.1], [1.0], [1.1]])
    >>> scores, labels = forest_scores(x, ["a", "a", "b", "b"], np.array([[0.05]]), 0)
    >>> print(labels[int(scores[0].argmax())])
    a
    """
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(TREES, random_state=seed, n_jobs=1)
    forest.fit(train_x, train_y)
    return forest.predict_proba(test_x), list(forest.classes_)


def forest_accuracy(
    train_x: np.ndarray,
    train_y: Sequence[Any],
    test_x: np.ndarray,
    test_y: Sequence[Any],
    seed: int,
) -> float:
    """Share of the test rows that a random forest names rightly."""
    scores, labels = forest_scores(train_x, train_y, test_x, seed)
    guess = np.array(labels)[scores.argmax(1)]
    return float((guess == np.array(test_y)).mean())
