"""Files whose names number them as parts of one recording stay in one set."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.data import Table, folds, recording, same_source, split_table
from tympan.data.parts import find_parts


def table_of(names: Sequence[str], labels: Sequence[str] | None = None, **columns: str) -> Table:
    """A table of files that need not exist, labelled by their folders."""
    rows = []
    for i, name in enumerate(names):
        label = labels[i] if labels is not None else name.split("/")[0] if "/" in name else ""
        rows.append(recording(Path("d") / name, {**({"label": label} if label else {}), **columns}))
    return Table(Path("d"), tuple(rows))


def parts_of(table: Table) -> list[list[str]]:
    """The groups of several files, by their names."""
    strata = [example.tags or ("",) for example in table]

    def numbers(keys: Sequence[str | None]) -> list[int]:
        first: dict[str, int] = {}
        return [i if key is None else first.setdefault(key, i) for i, key in enumerate(keys)]

    groups: dict[str, list[str]] = {}
    for key, example in zip(find_parts(table, strata, numbers).keys, table, strict=True):
        if key:
            groups.setdefault(key, []).append(example.path.stem)
    return sorted(groups.values())


def numbered(pattern: str, ids: Sequence[int], parts: Sequence[int]) -> list[str]:
    return [pattern.format(i, p) for i in ids for p in parts]


@pytest.mark.parametrize(
    "pattern",
    [
        "{}/rec{:03d}_seg{:02d}.wav",
        "{}/talk{}-part-{}.wav",
        "{}/Talk {} Part{}.flac",
        "{}/x{}chunk{}.mp3",
        "{}/yt_{}.clip.{}.wav",
        "{}/m{}_segment{}of9.wav",
    ],
)
def test_names_with_a_word_for_parts(pattern: str) -> None:
    names = [pattern.format("ab"[i % 2], i, p) for i in range(6) for p in range(3)]
    assert [len(group) for group in parts_of(table_of(names))] == [3] * 6


def test_names_with_a_bare_number_behind_a_numbered_stem() -> None:
    names = numbered("a/rec{:03d}_{:02d}.wav", range(4), range(5))
    names += numbered("b/rec{:03d}_{:02d}.wav", range(10, 14), range(1, 4))
    assert [len(group) for group in parts_of(table_of(names))] == [5] * 4 + [3] * 4
    # As a file browser numbers copies and takes.
    names = numbered("a/tape {} ({}).wav", range(4), range(1, 5))
    assert [len(group) for group in parts_of(table_of(names))] == [4] * 4


@pytest.mark.parametrize(
    "names",
    [
        [f"dog/dog_{i:02d}.wav" for i in range(40)] + [f"cat/cat_{i:02d}.wav" for i in range(40)],
        [f"{x}/IMG_{i:04d}.wav" for x in "ab" for i in range(20)],
        [f"{x}/{i}.wav" for x in "ab" for i in range(20)],
        [f"{x}/seg{i}.wav" for x in "ab" for i in range(20)],  # parts of what?
        [f"{x}/class{n}_{i:03d}.wav" for n, x in enumerate("abc") for i in range(9)],
        [f"{x}/mic1_{i:03d}.wav" for x in "ab" for i in range(9)],
        [f"a/{day}_{t}.wav" for day in (20230105, 20230106, 20230107) for t in (1201, 1315, 1420)],
        [f"{x}/2023-0{m}-{d:02d}.wav" for x in "ab" for m in (1, 2, 3) for d in (1, 2, 3)],
        [f"a/S0{s}_{i:04d}.wav" for s in range(4) for i in range(100 * s, 100 * s + 9)],
        [f"a/S0{s}_{i:04d}.wav" for s in range(4) for i in (0, 50, 90)],  # gaps
    ],
)
def test_counters_of_recordings_are_no_parts(names: list[str]) -> None:
    assert parts_of(table_of(names)) == []


def test_a_stem_that_is_the_label_is_no_recording() -> None:
    names = [f"{i}.wav" for i in range(12)]
    marked = [f"{'Big Dog' if i < 6 else 'cat'}_seg{i}.wav" for i in range(12)]
    labels = ["big_dog"] * 6 + ["cat"] * 6
    assert parts_of(table_of(marked, labels)) == []
    others = [f"wolf{i}_seg{p}.wav" for i in range(3) for p in range(2)]
    found = parts_of(table_of([*marked, *others], [*labels, *["big_dog"] * 6]))
    assert found == [[f"wolf{i}_seg{p}" for p in range(2)] for i in range(3)]
    assert parts_of(table_of(names, labels)) == []


def test_one_recording_per_label_is_split_with_a_warning(tmp_path: Path) -> None:
    for i in range(20):
        (tmp_path / f"{'ab'[i % 2]}9_seg{i:02d}.wav").write_bytes(bytes(i + 1))
    rows = [recording(p, {"label": p.stem[0]}) for p in sorted(tmp_path.iterdir())]
    split = split_table(Table(tmp_path, tuple(rows)))
    assert len(split.val) == 4
    assert "warning: a9_seg00.wav and others look like parts of one recording" in split.reason


def make(root: Path, names: Sequence[str], **columns: str) -> Table:
    for i, name in enumerate(names):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(bytes(i + 1))
    rows = [recording(root / name, {"label": name.split("/")[0], **columns}) for name in names]
    return Table(root, tuple(rows))


def recordings(table: Table) -> set[str]:
    return {path.stem.split("_seg")[0] for path in table.paths}


def test_parts_are_in_one_set(tmp_path: Path) -> None:
    names = [f"{'ab'[i % 2]}/rec{i:03d}_seg{p:02d}.wav" for i in range(16) for p in range(4)]
    table = make(tmp_path, names)
    split = split_table(table, val_fraction=0.15, test_fraction=0.15)
    sets = [recordings(one) for one in (split.train, split.val, split.test)]
    assert all(sets)
    assert sum(map(len, sets)) == len(set.union(*sets)) == 16
    assert "(16 sources)" in split.reason
    assert "names number them as parts of one recording (rec000_seg00.wav …)" in split.reason
    for _, fold in folds(table, k=4):
        assert not recordings(fold.train) & recordings(fold.test)
        assert "rec000_seg00.wav" in fold.reason
    assert same_source(table, names, [0]) == {0, 1, 2, 3}


def test_parts_that_lie_under_several_labels_are_one_recording(tmp_path: Path) -> None:
    names = [f"{'ab'[p % 2]}/rec{i}_seg{p}.wav" for i in range(10) for p in range(4)]
    split = split_table(make(tmp_path, names))
    assert not recordings(split.train) & recordings(split.val)
    # Where each folder numbers its own, equal names are different recordings.
    again = [f"{x}/rec{i}_seg{p}.wav" for x in "cd" for i in range(4) for p in range(3)]
    assert [len(group) for group in parts_of(table_of(again))] == [3] * 8


def test_what_the_owner_wrote_comes_first(tmp_path: Path) -> None:
    names = [f"{'ab'[i % 2]}/rec{i}_seg{p}.wav" for i in range(8) for p in range(3)]
    table = make(tmp_path, names)
    sourced = Table(
        tmp_path,
        tuple(recording(e.path, {**e.columns, "source": str(i)}) for i, e in enumerate(table)),
    )
    assert "parts of one" not in split_table(sourced).reason
    assert "parts of one" not in split_table(table, group_by=()).reason
    given = Table(
        tmp_path,
        tuple(recording(e.path, {**e.columns, "fold": str(i % 3)}) for i, e in enumerate(table)),
    )
    assert "warning: its sets share 8 recordings cut into parts" in split_table(given).reason
    machines = make(tmp_path, names, machine="fan")
    assert "parts of one" not in split_table(machines).reason


def test_a_bare_number_does_not_make_folds_impossible(tmp_path: Path) -> None:
    names = [f"a/rec{i}_{p}.wav" for i in range(4) for p in range(5)]
    table = make(tmp_path, names)
    assert "parts of one" in next(folds(table, k=4))[1].reason
    assert len(list(folds(table, k=6))) == 6


@settings(deadline=None, max_examples=40)
@given(
    stem=st.from_regex(r"[a-zA-Z][a-z]{0,6}", fullmatch=True),
    word=st.sampled_from(["seg", "segment", "part", "chunk", "Clip", "slice", "pt"]),
    before=st.sampled_from(["_", "-", " ", "."]),
    between=st.sampled_from(["", "_", "-"]),
    digits=st.integers(1, 4),
    recordings=st.integers(4, 9),
    parts=st.integers(2, 6),
    first=st.integers(0, 1),
    seed=st.integers(0, 20),
)
def test_no_recording_is_on_two_sides(
    stem: str,
    word: str,
    before: str,
    between: str,
    digits: int,
    recordings: int,
    parts: int,
    first: int,
    seed: int,
) -> None:
    """Whatever the names look like: parts of one recording share a set, and it is said."""
    names = [
        f"{label}/{stem}{10 * at + i:03d}{before}{word}{between}{p:0{digits}d}.wav"
        for at, label in enumerate("xy")
        for i in range(recordings)
        for p in range(first, first + parts)
    ]
    with tempfile.TemporaryDirectory() as folder:
        table = make(Path(folder), names)
        split = split_table(table, val_fraction=0.0, test_fraction=0.3, seed=seed)
    owner = [name.split(before + word)[0] for name in names]
    sides = [{owner[i] for i in split.indices[part]} for part in ("train", "test")]
    assert sides[1]
    assert not sides[0] & sides[1]
    assert "parts of one recording" in split.reason
