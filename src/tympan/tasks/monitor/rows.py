"""Which recordings of a table are of the normal machine, and what they are for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tympan.errors import DataError

if TYPE_CHECKING:
    from tympan.data import Split, Table
    from tympan.data.table import Example

NORMAL = ("normal", "healthy", "ok", "good", "baseline", "no fault")
# With fewer normal recordings, long ones are cut, and their ends held out.
FEW = 10
PIECE_S = 10.0
VAL, TEST = 0.15, 0.15


def normal_label(table: Table, chosen: str) -> str:
    """The label of normal recordings; empty: all are.

    Args:
        table: the recordings.
        chosen: the label that the user named; empty: a usual one.

    Raises:
        DataError: no recording has the label that was named.
    """
    labels = table.labels
    if chosen:
        if chosen not in labels:
            what = f"has no recording with the label {chosen!r}"
            raise DataError(what, file=table.root, fix=f"its labels are {', '.join(labels)[:200]}")
        return chosen
    by_name = {label.lower(): label for label in labels}
    return next((by_name[one] for one in NORMAL if one in by_name), "")


def is_normal(example: Example, label: str) -> bool:
    """Whether a recording is of the normal machine."""
    return not label or example.label.lower() == label.lower()


def arranged(table: Table, split: Split, label: str, *, drop: bool) -> Split:
    """The split with anomalies in the test set only.

    Args:
        table: all recordings.
        split: of them.
        label: of normal ones.
        drop: whether anomalies that were for training are left out; else they are tested.

    Raises:
        DataError: no normal recording is left to train on.
    """
    wrong = [
        i
        for part in ("train", "val")
        for i in split.indices[part]
        if not is_normal(table[i], label)
    ]
    if not wrong:
        return split
    rows = {p: [i for i in split.indices[p] if i not in set(wrong)] for p in ("train", "val")}
    rows["test"] = sorted([*split.indices["test"], *(() if drop else wrong)])
    if not rows["train"]:
        raise DataError(f"has no {label!r} recording to train on", file=table.root)
    indices = {**split.indices, **{part: tuple(found) for part, found in rows.items()}}
    parts = {part: table.subset(indices[part]) for part in ("train", "val", "test")}
    # The sentence about the split counts its rows.
    counts = {"train": "training", "val": "validation", "test": "test"}
    words = ", ".join(f"{counts[p]} {len(indices[p])}" for p in counts)
    reason = split.reason
    if not drop:
        reason += f"; anomalies are for the test only: {words}"
    return replace(split, reason=reason, indices=indices, **parts)


def divided(table: Table, label: str) -> Table:
    """A few long recordings as pieces, the end of each held out; else the table itself.

    Ten minutes of one machine are often one file, or a few. Their last 15 % are tested, the 15 %
    before are for validation; pieces of ten seconds, so that their spread can be seen.
    """
    from tympan.audio import probe
    from tympan.data.table import Supervision

    normal = [one for one in table if is_normal(one, label)]
    if len(normal) >= FEW or table.has("split") or table.has("fold"):
        return table
    if any(one.supervisions for one in table):
        return table
    examples = []
    for one in table:
        if not is_normal(one, label):
            examples.append(replace(one, columns={**one.columns, "split": "test"}))
            continue
        length_s = probe(one.path).duration_s or 0.0
        count = max(3, int(length_s / PIECE_S))
        piece_s = length_s / count
        for i in range(count):
            share = (i + 0.5) / count
            part = "test" if share > 1 - TEST else "val" if share > 1 - TEST - VAL else "train"
            if i == count - 1:
                part = "test"
            elif i == count - 2 and part == "train":
                part = "val"
            piece = Supervision(i * piece_s, (i + 1) * piece_s, label or "normal")
            columns = {**one.columns, "split": part}
            examples.append(replace(one, columns=columns, supervisions=(piece,)))
    note = (
        f"{len(normal)} normal recordings are cut into pieces of about {PIECE_S:g} s: the last "
        f"{TEST:.0%} of each are for the test, the {VAL:.0%} before for validation"
    )
    return replace(table, examples=tuple(examples), notes=(*table.notes, note))
