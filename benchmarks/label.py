"""Labelling: moments that `tympan label` suggests beside moments drawn at random.

A simulated user looks for one label in an archive without labels, has one example, and answers with
the truth. Of the recordings of a set half are the archive, half are a test; windows that share a
recording are on one side. After 10, 20 and 40 answers a head is fitted to all answers
(`tympan.tasks.embed.heads`), as `tympan label` does, and scored: the average precision with which
it ranks the windows of the test half (share of windows with the label: what chance would give), and
how many windows with the label were found. *Suggested* are the moments of `Labelling.next`: in turn
the likeliest, the least sure and a random one. *Likeliest* takes the likeliest alone. All three get
the same example, the same halves and the same head; labels are drawn with the seed.

`esc50`: every class is 2 % of the archive; the encoder of `sounds` has been trained on these very
labels, so that a head has little left to learn. `philharmonia` (every fourth of the single notes of
12 instruments, 8 % each) is new to it.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks._vectors import Labelled, labelled
from benchmarks.common import Row, arguments, main

SETS, SEEDS, LABELS = {"esc50": 1, "philharmonia": 4}, (0, 1, 2), 3
ANSWERS, QUICK = (10, 20, 40), (5, 10)
WAYS = ("suggested", "likeliest", "random")
WHY = """
Random moments find a label as often as it is there: of 40 answers about a label of 2 % hardly one
is a find, and the head goes on knowing the one example. The likeliest alone find most, and after
ten answers rank best; after twenty the mixture is ahead on `esc50`, because it learns from its
doubts and its random moments where the label ends too, and it varies less from label to label. On
`philharmonia` the two do not differ by more than nine runs can show. The user is never wrong and
never unsure here, and each label is looked for by itself.
"""

Found = tuple[int, float]


def simulated(
    data: Labelled, label: str, way: str, seed: int, counts: tuple[int, ...]
) -> list[Found]:
    """Windows found and average precision after so many answers."""
    from tympan.tasks.embed import Index
    from tympan.tasks.embed.answers import Answers
    from tympan.tasks.embed.labelling import LIKELY, RANDOM, Labelling, Suggestion

    rng = np.random.default_rng(seed)
    names = np.unique(data.files)
    is_archive = np.isin(data.files, rng.permutation(names)[: len(names) // 2])
    rows = np.flatnonzero(is_archive)
    applies, test = data.labels[rows] == label, data.labels[~is_archive] == label
    index = Index(data.vectors[rows], data.files[rows], data.start_s[rows], data.end_s[rows])
    found = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        labelling = Labelling(index, Answers(home / "labels.csv"), home, seed=seed)
        first = int(rng.choice(np.flatnonzero(applies)))
        example = labelling._moment(first)
        labelling.example(label, example.file, (example.start_s, example.end_s))
        order = iter(rng.permutation(np.delete(np.arange(len(rows)), first)).tolist())
        for count in range(1, counts[-1] + 1):
            if way == "random":
                row = next(order)
                one = Suggestion(row, labelling._moment(row), "", label, 0.0, RANDOM)
            else:
                if way == "likeliest":
                    labelling._turn = 0  # the first of its turns
                (one,) = labelling.next()
                assert way != "likeliest" or one.why == LIKELY
            labelling.answer(one, yes=bool(applies[one.row]))
            if count in counts:
                head = fitted(labelling, label)
                score = average_precision(test, head(data.vectors[~is_archive]))
                found.append((labelling.counts[label][0] - 1, score))
    return found


def fitted(labelling: object, label: str) -> Callable[[np.ndarray], np.ndarray]:
    """The head of all answers so far."""
    labelling._since = 10**6  # type: ignore[attr-defined]
    labelling._fit()  # type: ignore[attr-defined]
    return labelling._heads[label]  # type: ignore[attr-defined, no-any-return]


def average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """Mean precision at each window with the label.

    >>> average_precision(np.array([1, 0, 1]), np.array([0.9, 0.8, 0.7])).__round__(3)
    0.833
    """
    from tympan.tasks.tag.metrics import average_precision as of_labels

    return float(of_labels(truth[:, None].astype(int), scores[:, None])[0])


def measure(quick: bool) -> tuple[list[Row], dict[str, float]]:
    """The table and the figures."""
    import torch

    torch.set_num_threads(1)
    counts = QUICK if quick else ANSWERS
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for name in ["philharmonia"] if quick else SETS:
        data = labelled(name, 8 if quick else SETS[name])
        runs: dict[str, list[list[Found]]] = {way: [] for way in WAYS}
        shares = []
        for seed in SEEDS[:1] if quick else SEEDS:
            every = np.unique(data.labels)
            for label in np.random.default_rng(seed).permutation(every)[: 1 if quick else LABELS]:
                shares.append(float((data.labels == label).mean()))
                for way in WAYS:
                    runs[way].append(simulated(data, str(label), way, seed, counts))
        for i, count in enumerate(counts):
            cells: dict[str, object] = {"archive": name, "answers": str(count)}
            for way in WAYS:
                finds, scores = zip(*[run[i] for run in runs[way]], strict=True)
                cells[f"found, {way}"] = f"{statistics.mean(finds):.1f}"
                cells[f"AP %, {way}"] = spread(scores)
                figures[f"ap_{name}_{way}_{count}"] = statistics.mean(scores)
            rows.append(cells | {"chance %": f"{100 * statistics.mean(shares):.0f}"})
    return rows, figures


def spread(values: tuple[float, ...]) -> str:
    """Mean and standard deviation in percent.

    >>> spread((0.5, 0.7))
    '60.0 ± 14.1'
    """
    std = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.1f} ± {100 * std:.1f}"


if __name__ == "__main__":
    options = arguments("label")
    table, all_figures = measure(options.quick)
    about = (__doc__ or "") + (
        f"\nMean over {len(SEEDS)} seeds and {LABELS} labels of each; ± the standard deviation of "
        "these runs."
    )
    main("label", table, all_figures, title="Labelling", about=about, why=WHY)
