"""Which recordings of a table are of the normal machine, and what they are for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tympan.errors import DataError
from tympan.tasks.results.parts import percent

if TYPE_CHECKING:
    from tympan.data import Split, Table
    from tympan.data.table import Example

NORMAL = ("normal", "healthy", "ok", "good", "baseline", "no fault")
# With fewer normal recordings, long ones are cut, and their ends held out.
FEW = 10
PIECE_S = 10.0
# Recordings that are all shorter are not cut.
SHORT_S = 15.0
VAL, TEST = 0.15, 0.15
# In the note about pieces; where their ends are tested too; and what is said of a split column.
CUT, TESTED = "normal recordings are cut into pieces", "of each are for the test"
OBEYED = "the split column is obeyed"


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
    split = replace(split, reason=_of_pieces(table, split.reason))
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


def _of_pieces(table: Table, reason: str) -> str:
    """The sentence about a split, where the sets are pieces that `divided` made.

    Their split column is not the user's, and that both ends of a recording are in it is no leak.
    """
    notes = [note for note in table.notes if CUT in note]
    if not notes:
        return reason
    held = "the end of each normal recording is held out"
    if TESTED not in notes[0]:
        held = f"{OBEYED}, and the end of each normal recording is for validation"
    shared = r"; (warning: )?its sets share \d+ (sources?|speakers?|recordings? cut into parts)"
    return re.sub(shared, "", reason).replace(OBEYED, held, 1)


def divided(table: Table, label: str) -> Table:
    """A few long recordings as pieces, the end of each held out; else the table itself.

    Ten minutes of one machine are often one file, or a few. Their last 15 % are tested (unless the
    table has normal recordings for the test), the 15 % before are for validation; in pieces of ten
    seconds, so that their spread can be seen.
    """
    from tympan.audio import probe
    from tympan.data.split import set_of

    def part(one: Example) -> str:
        return set_of(one.columns.get("split", "")) or "train"

    normal = [one for one in table if is_normal(one, label)]
    trained = sum(part(one) == "train" for one in normal)
    if not 0 < trained < FEW or table.has("fold") or any(one.supervisions for one in table):
        return table
    lengths_s = [probe(one.path).duration_s or 0.0 for one in normal if part(one) == "train"]
    if max(lengths_s) < SHORT_S:
        return table
    tested = any(part(one) == "test" for one in normal)
    examples: list[Example] = []
    for one in table:
        if not is_normal(one, label):
            examples.append(replace(one, columns={**one.columns, "split": "test"}))
        elif part(one) != "train":
            examples.append(one)
        else:
            examples += _pieces(one, label or "normal", tested=tested)
    held = f"the last {percent(VAL)} are for validation"
    if not tested:
        test, val = percent(TEST), percent(VAL)
        held = f"the last {test} {TESTED}, the {val} before for validation"
    note = f"{trained} {CUT} of about {PIECE_S:g} s: {held}"
    return replace(table, examples=tuple(examples), notes=(*table.notes, note))


def _pieces(one: Example, label: str, *, tested: bool) -> list[Example]:
    """A normal recording as pieces, each with the set that it is for."""
    from tympan.audio import probe
    from tympan.data.table import Supervision

    length_s = probe(one.path).duration_s or 0.0
    count = max(3, int(length_s / PIECE_S))
    ends = ["val"] if tested else ["test", "val"]
    parts = [""] * count
    for end, share in zip(ends, (TEST, VAL), strict=False):
        free = sum(not name for name in parts)
        first = free - max(1, round(share * count))
        parts[first:free] = [end] * (free - first)
    return [
        replace(
            one,
            columns={**one.columns, "split": name or "train"},
            supervisions=(Supervision(i * length_s / count, (i + 1) * length_s / count, label),),
        )
        for i, name in enumerate(parts)
    ]
