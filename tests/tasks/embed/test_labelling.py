"""Which moments are suggested, and what becomes of answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tympan
from tympan.errors import ArgumentError, AudioFileError, DataError
from tympan.tasks.embed import Index, labelling
from tympan.tasks.embed.answers import Answers
from tympan.tasks.embed.labelling import Labelling, Suggestion


def kind_of(one: Suggestion) -> str:
    return "".join(c for c in Path(one.name).stem if c.isalpha())


@pytest.fixture
def started(archive: Path, index_path: Path, tmp_path: Path) -> Labelling:
    return tympan.label(
        index_path,
        {"tone": [archive / "tone0.wav"], "chirp": [archive / "chirp3.wav"]},
        out=tmp_path / "labels.csv",
        folder=archive.parent,
    )


def test_few_answers_find_the_rest(started: Labelling) -> None:
    suggested = []
    for _ in range(24):
        (one,) = started.next()
        suggested.append(one)
        started.answer(one, kind_of(one) == one.label)
    assert {one.label for one in suggested} == {"tone", "chirp"}
    assert {one.why for one in suggested} == {"most likely", "most uncertain", "random"}
    likely = [one for one in suggested if one.why == "most likely"]
    assert np.mean([kind_of(one) == one.label for one in likely]) > 0.8
    # The heads tell the kinds apart in the whole archive.
    kinds = np.array(["".join(c for c in Path(n).stem if c.isalpha()) for n in started.index.files])
    started._since = labelling.REFIT_EVERY
    started.next()
    for label, scores in started._scores.items():
        right = scores[kinds == label][:, None] > scores[kinds != label][None]
        assert right.mean() > 0.9


def test_nothing_is_suggested_twice_nor_what_overlaps_it(started: Labelling) -> None:
    seen: dict[str, list[object]] = {"tone": [], "chirp": []}
    while found := started.next():
        (one,) = found
        assert not any(one.moment.overlaps(other) for other in seen[one.label])
        seen[one.label].append(one.moment)
        if len(seen[one.label]) % 3:
            started.answer(one, False)
        else:
            started.skip(one)
    count = len(started.index)
    # All windows but those of the example, for each label.
    assert all(count - 4 <= len(moments) < count for moments in seen.values())


def test_moments_that_are_none_of_the_labels_are_found_and_can_be_refused(
    started: Labelling,
) -> None:
    for _ in range(40):
        (one,) = started.next()
        started.answer(one, kind_of(one) == one.label)
    table = started.answers.path.read_text()
    assert table.count(",other,") >= 1
    (one,) = started.next()
    started.refuse(one)
    assert set(started.answers.by_moment()[one.moment].values()) == {False}
    assert len(started.undo()) == 2


def test_a_batch_has_no_overlapping_moments(started: Labelling) -> None:
    found = started.next(20)
    assert len(found) == 20
    for a, b in itertools.combinations(found, 2):
        assert not a.moment.overlaps(b.moment)


def test_it_goes_on_and_gives_the_same(started: Labelling, archive: Path, index_path: Path) -> None:
    for _ in range(7):
        (one,) = started.next()
        started.answer(one, kind_of(one) == one.label, also=["tone"] * (kind_of(one) == "tone"))
    again = tympan.label(index_path, out=started.answers.path, folder=archive.parent)
    assert again.counts == started.counts
    assert len(again.answers.by_moment()) == len(started.answers.by_moment())
    (one,) = again.next()
    assert one.moment not in {a.moment for a in again.answers if a.label == one.label}


def test_undo_and_unskip(started: Labelling) -> None:
    (one,) = started.next()
    before = started.answers.path.read_text()
    started.answer(one, True, also=["chirp", "tone"])
    assert started.counts["tone"][0] + started.counts["chirp"][0] == 4
    assert len(started.undo()) == 2
    assert started.answers.path.read_text() == before
    started.skip(one)
    assert all(s.moment != one.moment for s in started.next(30) if s.label == one.label)
    started.unskip(one)
    assert any(s.moment == one.moment for s in started.next(30) if s.label == one.label)


def test_examples_from_a_table_and_from_outside(
    archive: Path, index_path: Path, tmp_path: Path
) -> None:
    outside = tympan.synth.sine(600, duration_s=2, rate_hz=16000).save(tmp_path / "mine.wav")
    (tmp_path / "ex.csv").write_text(
        "file_name,label,start_s,end_s\n"
        f"{archive / 'noise1.wav'},other,,\n"
        f"mine.wav,tone,,\n{archive / 'chirp1.wav'},chirp;sweep,0.5,2\n"
    )
    options = {"out": tmp_path / "l.csv", "folder": archive.parent}
    found = tympan.label(index_path, tmp_path / "ex.csv", **options)
    assert found.labels == ("tone", "chirp", "sweep")
    assert found.counts == {"tone": (1, 1), "chirp": (1, 1), "sweep": (1, 1)}
    likely = next(s for s in found.next(12) if s.label == "tone" and s.why == "most likely")
    assert kind_of(likely) == "tone"
    assert "mine.wav,0.000,2.000,tone," in (tmp_path / "l.csv").read_text()
    # Given again, examples are not added again.
    again = tympan.label(index_path, tmp_path / "ex.csv", **options)
    assert again.counts == found.counts
    assert outside.exists()


def test_an_example_given_again_is_one_row_whatever_its_length(
    archive: Path, index_path: Path, tmp_path: Path
) -> None:
    wave = tympan.synth.sine(600, duration_s=2, rate_hz=16000)
    wave.slice(0, 1.23456).save(tmp_path / "odd.wav")
    options = {"out": tmp_path / "l.csv", "folder": archive.parent}
    part = (archive / "tone0.wav", 0.12345, 1.98765)
    for _ in range(2):
        found = tympan.label(index_path, {"tone": [tmp_path / "odd.wav", part]}, **options)
        assert found.counts == {"tone": (2, 0)}
    assert (tmp_path / "l.csv").read_text().count("tone,") == 2


def test_a_filled_table_comes_back(started: Labelling, tmp_path: Path) -> None:
    first, second, third, fourth = started.next(4)
    lines = ["file_name,start_s,end_s,label,suggested"]
    for one, said in ((first, "tone"), (second, "no"), (third, ""), (fourth, "new one;chirp")):
        lines.append(f"{one.moment.file},{one.moment.start_s},{one.moment.end_s},{said},x")
    (tmp_path / "next.csv").write_text("\n".join(lines))
    assert started.fill(tmp_path / "next.csv") == (3, 1)
    known = started.answers.by_moment()
    assert known[first.moment] == {"tone": True, "chirp": False, "new one": False}
    assert known[second.moment] == {"tone": False, "chirp": False, "new one": False}
    assert third.moment not in known
    assert known[fourth.moment] == {"tone": False, "chirp": True, "new one": True}


def test_yes_and_n_answer_the_suggestion(started: Labelling, tmp_path: Path) -> None:
    moments = started.next(4)
    lines = ["file_name,start_s,end_s,label,suggested"]
    for one, word in zip(moments, ("Yes", "y", "n", "?"), strict=True):
        lines.append(f"{one.moment.file},{one.moment.start_s},{one.moment.end_s},{word},tone")
    (tmp_path / "next.csv").write_text("\n".join(lines))
    assert started.fill(tmp_path / "next.csv") == (3, 1)
    known = started.answers.by_moment()
    for one in moments[:2]:
        assert known[one.moment] == {"tone": True, "chirp": False}
    assert known[moments[2].moment] == {"tone": False}
    assert moments[3].moment not in known
    assert started.labels == ("tone", "chirp")


def test_of_a_large_index_the_most_similar_windows_are_scored(
    made: Callable[..., Index], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "MOST_SCORED", 200)
    monkeypatch.setattr(labelling, "MOST_SIMILAR", 20)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(3000, 16))
    vectors[::300] = 10 + rng.normal(size=(10, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = made(vectors)
    found = Labelling(index, Answers(tmp_path / "l.csv"), tmp_path)
    found.example("rare", tmp_path / "0.wav", (0.0, 1.0))
    suggested = found.next(40)
    rare = set(range(300, 3000, 300))
    assert rare <= {one.row for one in suggested}
    assert {one.row for one in suggested[:9] if one.why == "most likely"} <= rare
    assert len(found._pool) <= 200


def test_what_is_no_number_is_never_likely(made: Callable[..., Index], tmp_path: Path) -> None:
    vectors = np.eye(12, 6)
    vectors[7] = np.nan
    found = Labelling(made(vectors), Answers(tmp_path / "l.csv"), tmp_path)
    found.example("a", tmp_path / "0.wav", (0.0, 1.0))
    assert all(np.isfinite(one.score) for one in found.next(8))


def test_mistakes_are_one_line(
    archive: Path, index_path: Path, made: Callable[..., Index], tmp_path: Path
) -> None:
    options = {"out": tmp_path / "l.csv", "folder": archive.parent}
    with pytest.raises(ArgumentError, match="no example of a label yet"):
        tympan.label(index_path, **options).next()
    with pytest.raises(DataError, match="holds no windows"):
        tympan.label(made(np.zeros((0, 4))), **options)
    with pytest.raises(AudioFileError, match="does not exist"):
        tympan.label(index_path, {"a": [tmp_path / "none.wav"]}, **options)
    with pytest.raises(AudioFileError, match="has nothing at 100 s"):
        tympan.label(index_path, {"a": [(archive / "tone1.wav", 100, 101)]}, **options)
    with pytest.raises(DataError, match="does not exist"):
        tympan.label(index_path, tmp_path / "none.csv", **options)
    (tmp_path / "empty.csv").write_text("file_name,label\n")
    with pytest.raises(DataError, match="no row with a label"):
        tympan.label(index_path, tmp_path / "empty.csv", **options)
    with pytest.raises(DataError, match="no such index"):
        tympan.label(tmp_path / "none.npz", **options)
    with pytest.raises(ArgumentError, match="folder does not exist"):
        tympan.label(index_path, out=tmp_path / "no" / "l.csv")
    for seed in (-1, 1.5, "x", None):
        with pytest.raises(ArgumentError, match=r"seed=\S+ (is out of range|cannot be used) \("):
            tympan.label(index_path, **options, seed=seed)  # type: ignore[arg-type]
    assert not (tmp_path / "l.csv").exists()
