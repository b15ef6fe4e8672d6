"""Properties of files that give the label away.

Where all recordings of one label have another sample rate, format or number of channels than the
rest, a model can tell the file apart in place of the sound. It scores well on the test set, which
has the same property, and fails on every other recording (Geirhos et al., *Shortcut learning in
deep neural networks*, 2020).
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tympan.data.table import Table
from tympan.errors import AudioFileError

if TYPE_CHECKING:
    from tympan.audio import AudioInfo

_PROPERTIES: tuple[tuple[str, Callable[[AudioInfo], str], str], ...] = (
    ("sample rate", lambda info: f"{info.rate_hz} Hz", "sample rate"),
    ("channels", lambda info: f"{info.channels} ch", "number of channels"),
    ("format", lambda info: f"{info.container.split(',')[0]}/{info.codec}", "file format"),
)
# How far the shares of a value, in a label and in the others, must differ …
_LEAST_DIFFERENCE = 0.6
# … and how unlikely that must be by chance (Fisher's exact test, over the number of labels).
_MOST_CHANCE = 0.02
# Of a label with more recordings, so many show it.
_MOST_PER_LABEL = 100


def shortcut_warnings(table: Table) -> tuple[str, ...]:
    """Warnings about sample rates, formats and channels that give the label away.

    Only what stands at the beginning of a file is read, of up to 100 files of each label. Labels
    are those of the rows, or, where there are none, their speakers.

    Args:
        table: the recordings.

    Returns:
        A sentence for each property, or nothing.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from tympan.audio import synth
    >>> from tympan.data import read_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> for label, rate_hz in (("a", 44100), ("b", 8000)):
    ...     (root / label).mkdir()
    ...     for i in range(6):
    ...         clip = synth.sine(440, duration_s=0.1, rate_hz=rate_hz)
    ...         _ = clip.save(root / label / f"{i}.wav")
    >>> shortcut_warnings(read_folder(root))[0][:60]
    'warning: labels differ in sample rate (a 44100 Hz; b 8000 Hz'
    """
    tags = [example.tags for example in table]
    if not any(tags):
        tags = [(name,) if (name := e.columns.get("speaker", "")) else () for e in table]
    if len({tag for row in tags for tag in row}) < 2:
        return ()
    chosen = _some(tags)
    infos = _probe_all(table, chosen)
    found = []
    for name, value_of, what in _PROPERTIES:
        rows = [
            (tags[i], value_of(info))
            for i, info in zip(chosen, infos, strict=True)
            if info is not None
        ]
        given_away = _given_away([row for row, _ in rows], [value for _, value in rows])
        if given_away:
            shown = "; ".join(f"{label} {value}" for label, value in given_away[:5])
            more = f" and {len(given_away) - 5} more" if len(given_away) > 5 else ""
            found.append(
                f"warning: labels differ in {name} ({shown}{more}): a model can learn the {what} "
                "in place of the sound, and fail on other recordings; record or convert all alike"
            )
    return tuple(found)


def _some(tags: Sequence[Sequence[str]]) -> list[int]:
    """Rows with labels: all of a small table, some of each label of a large one."""
    rows = list(range(len(tags)))
    random.Random(0).shuffle(rows)
    count: Counter[str] = Counter()
    chosen = []
    for i in rows:
        if any(count[tag] < _MOST_PER_LABEL for tag in tags[i]):
            chosen.append(i)
            count.update(tags[i])
    return sorted(chosen)


def _probe_all(table: Table, rows: Sequence[int]) -> list[AudioInfo | None]:
    from tympan import audio

    def probe(row: int) -> AudioInfo | None:
        if not {"audio", "mixture"} & table[row].files.keys():
            return None
        try:
            return audio.probe(table[row].path)
        except AudioFileError:
            return None

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(probe, rows))


def _given_away(tags: Sequence[Sequence[str]], values: Sequence[str]) -> list[tuple[str, str]]:
    """The labels that a value tells from the others, with that value; the plainest first."""
    count = Counter(values)
    if len(count) < 2:
        return []
    per_label: dict[str, Counter[str]] = defaultdict(Counter)
    for row, value in zip(tags, values, strict=True):
        for tag in row:
            per_label[tag][value] += 1
    total = len(values)
    found = []
    for label, own in sorted(per_label.items()):
        size = own.total()
        if size == total:
            continue
        value, n = max(own.items(), key=lambda item: item[1] / size - count[item[0]] / total)
        difference = n / size - (count[value] - n) / (total - size)
        chance = _fisher(n, size, count[value], total) * len(per_label)
        if difference >= _LEAST_DIFFERENCE and chance < _MOST_CHANCE:
            found.append((-difference, label, value))
    return [(label, value) for _, label, value in sorted(found)]


def _fisher(n: int, size: int, having: int, total: int) -> float:
    """How likely at least `n` of `size` rows have a value that `having` of `total` rows have."""

    def log_choose(a: int, b: int) -> float:
        return math.lgamma(a + 1) - math.lgamma(b + 1) - math.lgamma(a - b + 1)

    most = min(size, having)
    return sum(
        math.exp(
            log_choose(having, k) + log_choose(total - having, size - k) - log_choose(total, size)
        )
        for k in range(n, most + 1)
        if size - k <= total - having
    )
