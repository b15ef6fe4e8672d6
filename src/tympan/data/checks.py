"""What to say about a table once its recordings have been read."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tympan._words import few, plural
from tympan.data.grouping import Grouping, strata_of
from tympan.data.labels import label_conflicts
from tympan.data.shortcuts import shortcut_warnings
from tympan.data.split import set_of
from tympan.data.table import Example, Table
from tympan.errors import AudioFileError

# A time may lie this much behind the end: files are cut and annotations rounded.
_TOLERANCE_S = 0.5
_SMALL_TEST, _SMALL_LABEL = 50, 5


def data_warnings(
    table: Table,
    kept: Table,
    keys: Sequence[str],
    skipped: Iterable[str | os.PathLike[str] | AudioFileError] = (),
) -> tuple[str, ...]:
    """All that is probably wrong with recordings that have been decoded.

    Args:
        table: all recordings.
        kept: those of them that could be read.
        keys: the content of each of these.
        skipped: the files that could not be read, or the errors about them.

    Returns:
        Sentences about labels that are lost, labels that differ in sample rate, format or channels,
        and sounds with several labels; each begins with "warning: ".
    """
    return (
        *lost_labels(table, skipped),
        *shortcut_warnings(kept),
        *label_conflicts(kept, keys),
    )


def lost_labels(
    table: Table, skipped: Iterable[str | os.PathLike[str] | AudioFileError]
) -> tuple[str, ...]:
    """Warnings about labels of which nothing, or less than half, is left to train on.

    Args:
        table: all recordings.
        skipped: the files that could not be read, or the errors about them.

    Returns:
        A sentence for each label.

    >>> from pathlib import Path
    >>> from tympan.data import recording
    >>> rows = [recording(Path(f"{label}.wav"), {"label": label}) for label in "abc"]
    >>> lost_labels(Table(Path("."), tuple(rows)), ["c.wav"])
    ("warning: nothing is left of label 'c': none of its 1 recording can be read",)
    """
    gone = {
        os.path.normpath(one.file or "" if isinstance(one, AudioFileError) else os.fspath(one))
        for one in skipped
    }
    if not gone:
        return ()
    all_of: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for example in table:
        unread = any(os.path.normpath(path) in gone for path in example.files.values())
        for label in _labels(example):
            all_of[label] += 1
            lost[label] += unread
    found = []
    for label, n in sorted(all_of.items()):
        if lost[label] == n:
            found.append(
                f"warning: nothing is left of label {label!r}: none of its "
                f"{plural(n, 'recording')} can be read"
            )
        elif 2 * lost[label] > n:
            found.append(
                f"warning: label {label!r} has lost {lost[label]} of its "
                f"{plural(n, 'recording')}, which cannot be read"
            )
    return tuple(found)


def _labels(example: Example) -> Iterator[str]:
    """What the example is known for: its labels and those of its events, else its speakers."""
    found = {*example.tags, *(one.label for one in example.supervisions)} - {""}
    if not found:
        found = {example.columns.get("speaker", ""), *(s.speaker for s in example.supervisions)}
    return iter(sorted(found - {""}))


def events_outside(table: Table, durations_s: Sequence[float]) -> tuple[str, ...]:
    """A warning about events that lie behind the end of their recording.

    Args:
        table: the recordings.
        durations_s: the length of each.

    Returns:
        One sentence, or none.

    >>> from pathlib import Path
    >>> from tympan.data import Supervision, recording
    >>> rows = [recording(Path("a.wav"), {}, [Supervision(1500, 2500, "dog")])]
    >>> events_outside(Table(Path("."), tuple(rows)), [10.0])[0][:55]
    'warning: 1 of 1 events end after their recording: a.wav'
    """
    outside = []
    total = 0
    for i, (example, duration_s) in enumerate(zip(table, durations_s, strict=True)):
        total += len(example.supervisions)
        late = [one for one in example.supervisions if one.end_s > duration_s + _TOLERANCE_S]
        outside += [f"{table.name(i)} ({one.end_s:g} s of {duration_s:.1f} s)" for one in late]
    if not outside:
        return ()
    return (
        f"warning: {len(outside)} of {total} events end after their recording: "
        f"{'; '.join(outside[:3])}{' …' if len(outside) > 3 else ''} (times are in seconds)",
    )


def suggest_folds(table: Table, *, test_fraction: float = 0.15) -> str:
    """A sentence that suggests cross-validation, where the test set is small; else empty.

    Args:
        table: all recordings.
        test_fraction: the share of them that would be the test set.

    >>> from pathlib import Path
    >>> from tympan.data import recording
    >>> rows = [recording(Path(f"{i}.wav"), {"label": "ab"[i % 2]}) for i in range(80)]
    >>> suggest_folds(Table(Path("."), tuple(rows)))
    'small test set: --folds 5 scores all 80 recordings, not about 12 of them'
    """
    if table.has("split") and any(map(set_of, table.column("split"))):
        return ""
    groups_of: dict[str, set[int]] = defaultdict(set)
    rows_of: Counter[str] = Counter()
    strata = strata_of(table)[0]
    grouping = Grouping.of(table, [str(path) for path in table.paths], None)
    for number, group in enumerate(grouping.groups(range(len(table)))):
        for i in group:
            for label in strata[i]:
                groups_of[label].add(number)
                rows_of[label] += 1
    if not rows_of:
        return ""
    rarest, least = min(rows_of.items(), key=lambda item: (item[1], item[0]))
    tested = round(test_fraction * len(table))
    if tested >= _SMALL_TEST and test_fraction * least >= _SMALL_LABEL:
        return ""
    k = min(5, *(len(groups) for groups in groups_of.values()), len(table))
    if table.has("fold"):
        k = len(set(table.column("fold")) - {""})
    if k < 2:
        return ""
    few_of = round(test_fraction * least)
    some = f", {few_of} of {few([rarest])!r}" if rarest and tested >= _SMALL_TEST else ""
    return (
        f"small test set: --folds {k} scores all {plural(len(table), 'recording')}, not about "
        f"{tested} of them{some}"
    )
