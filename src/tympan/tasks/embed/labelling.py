"""From a few examples to labels of an archive: which moments to put before the user next.

A head for each label is fitted to the answers so far (`tympan.tasks.embed.heads`). Of each label in
turn come the window in which it most likely applies, which finds more of it; the one about which
its head is least sure, which it learns most from (Lewis, Gale, *A Sequential Algorithm for Training
Text Classifiers*, SIGIR 1994); and a random one, which shows what else there is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tympan.errors import ArgumentError, DataError
from tympan.tasks.embed.answers import (
    NONE,
    NOT_IT,
    SKIPPED,
    YES,
    Answers,
    Judgement,
    Moment,
    listed,
    read_moments,
)
from tympan.tasks.embed.find import embedded, similarities
from tympan.tasks.embed.heads import Head, Scale, fit_head
from tympan.tasks.embed.index import Index
from tympan.tasks.embed.npz import rows_of

# Of a larger index so many windows are scored: those most like the examples, and random ones.
MOST_SCORED, MOST_SIMILAR = 200_000, 20_000
MOST_OTHERS = 5000
# Heads are fitted again after so many answers.
REFIT_EVERY = 5
BLOCK = 8192
LIKELY, UNCERTAIN, RANDOM = "most likely", "most uncertain", "random"

Span = tuple[float, float]


@dataclass(frozen=True)
class Suggestion:
    """A moment to ask the user about.

    Attributes:
        row: of the index.
        moment: the part of a recording.
        name: of the recording, as the index has it.
        label: the label that may apply.
        score: how likely it is, 0 … 1.
        why: `"most likely"`, `"most uncertain"` or `"random"`.
    """

    row: int
    moment: Moment
    name: str
    label: str
    score: float
    why: str


class Labelling:
    """Labels an archive: suggests moments, takes answers, and keeps them in a table.

    Args:
        index: what `tympan embed` made of the archive.
        answers: those so far; the examples among them.
        folder: where the names in the index lead from.
        model: the model of the index; by default it says so itself.
        seed: chooses the random windows.

    Raises:
        DataError: the index is empty.
    """

    def __init__(
        self,
        index: Index,
        answers: Answers,
        folder: str | os.PathLike[str] = "",
        model: str | os.PathLike[str] | None = None,
        seed: int = 0,
    ) -> None:
        if not len(index):
            fix = "make one of a folder that holds recordings"
            raise DataError("the index holds no windows", fix=fix)
        self.index, self.answers = index, answers
        self._folder, self._model = Path(folder), model
        self._runs = _runs(index, self._absolute)
        self._rng = np.random.default_rng(seed)
        self._vectors: dict[Moment, np.ndarray] = {}
        self._skipped: list[tuple[str, Moment]] = []
        self._heads: dict[str, Head] = {}
        self._scores: dict[str, np.ndarray] = {}
        self._since, self._turn = 0, 0
        self._pool = np.arange(0)
        some = self._rng.choice(len(index), min(len(index), MOST_OTHERS), replace=False)
        self._others = np.asarray(index.embeddings[np.sort(some)], np.float32)
        self._rng.shuffle(self._others)
        self._scale = Scale.of(self._others)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that are looked for."""
        return self.answers.labels

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Of each label to how many moments it applies, and to how many not."""
        return {label: self.answers.count(label) for label in self.labels}

    @property
    def archive(self) -> Path:
        """The folder that holds all recordings of the index, as short as it can be written."""
        path = Path(os.path.commonpath([os.path.dirname(one) for one in self._runs]))
        here = Path.cwd()
        return path.relative_to(here) if path.is_relative_to(here) else path

    def example(self, label: str, source: Any, span: Span | None = None) -> None:
        """Take a recording, or a part of one, as an example of a label.

        Args:
            label: the label; the word for none of them makes it an example of what is none.
            source: path of the recording, in the archive or not.
            span: where the part begins and ends, in seconds.

        Raises:
            AudioFileError: the recording cannot be read.
            ArgumentError: the part is not in it.
        """
        moment = self._whole(Moment(os.path.abspath(source), *(span or (0.0, 0.0))))
        self._vector(moment)  # says what is wrong with the recording before it is in the table
        if label == self.answers.other:
            self._add([Judgement(moment, one, False) for one in self.labels])
        elif self.answers.by_moment().get(moment, {}).get(label) is not True:
            self._add([Judgement(moment, label, True)])

    def examples(self, table: str | os.PathLike[str]) -> int:
        """Take the labelled rows of a table as examples; how many.

        Args:
            table: `file_name,label`, and `start_s,end_s` for parts of recordings.

        Raises:
            DataError: it is no such table, or none of its rows has a label.
        """
        path = Path(table)
        if not path.is_file():
            raise DataError("does not exist", file=path, fix="check the name of the table")
        rows = [(moment, listed(cells["label"])) for moment, cells in read_moments(path)]
        # Labels first: a row of what is none of them refuses all.
        known = [(moment, one) for moment, labels in rows for one in labels]
        if not known:
            raise DataError("has no row with a label", file=path, fix="fill in the column label")
        known.sort(key=lambda pair: pair[1] == self.answers.other)
        for moment, label in known:
            span = (moment.start_s, moment.end_s) if moment.end_s else None
            self.example(label, moment.file, span)
        return len(known)

    def next(self, count: int = 1) -> list[Suggestion]:
        """The moments to ask about next, fewer where there are no more.

        Raises:
            ArgumentError: there is no example yet.
        """
        self._fit()
        found: list[Suggestion] = []
        while len(found) < count:
            one = self._suggest([s.moment for s in found])
            if one is None:
                break
            found.append(one)
        return found

    def answer(self, one: Suggestion, yes: bool, also: Sequence[str] = ()) -> None:
        """Take an answer about a moment, and write the table.

        Args:
            one: the suggestion.
            yes: whether its label applies.
            also: other labels that apply.
        """
        judged = [Judgement(one.moment, one.label, yes)]
        judged += [Judgement(one.moment, name, True) for name in also if name != one.label]
        self._vectors[one.moment] = np.asarray(self.index.embeddings[one.row], np.float32)
        self._add(judged)

    def refuse(self, one: Suggestion) -> None:
        """Say that none of the labels applies to a moment, and write the table."""
        self._vectors[one.moment] = np.asarray(self.index.embeddings[one.row], np.float32)
        self._add([Judgement(one.moment, label, False) for label in self.labels])

    def skip(self, one: Suggestion) -> None:
        """Do not ask about a moment and its label again."""
        self._skipped.append((one.label, one.moment))

    def unskip(self, one: Suggestion) -> None:
        """Take a skip back."""
        self._skipped.remove((one.label, one.moment))

    def undo(self) -> list[Judgement]:
        """Take the last answers back, and write the table; those that were taken back."""
        self._since = REFIT_EVERY
        return self.answers.undo()

    def fill(self, table: str | os.PathLike[str]) -> tuple[int, int]:
        """Take a table of suggestions whose column `label` was filled in.

        Labels that are not in a row do not apply there; an empty cell, `?` and `skip` say nothing;
        `no`, `none`, `-` and the word for none of them refuse all. `yes` and `y` stand for the
        label that was suggested; `n` refuses that one alone.

        Returns:
            How many rows were filled in, and how many were left empty.

        Raises:
            DataError: it is no such table.
        """
        path = Path(table)
        if not path.is_file():
            raise DataError("does not exist", file=path, fix="check the name of the table")
        rows: list[tuple[Moment, list[str]]] = []
        found: list[Judgement] = []
        for one, cells in read_moments(path):
            moment, suggested = self._whole(one), cells.get("suggested", "")
            judged = [w for w in listed(cells["label"]) if w.lower() not in SKIPPED]
            if suggested and [w.lower() for w in judged] == [NOT_IT]:
                found.append(Judgement(moment, suggested, False))
            yes = [suggested if suggested and w.lower() in YES else w for w in judged]
            rows.append((moment, yes))
        words = {*NONE, NOT_IT, self.answers.other}
        refused = {one.moment for one in found}
        filled = [
            (one, [w for w in judged if w.lower() not in words])
            for one, judged in rows
            if judged and one not in refused
        ]
        for _, judged in filled:
            for label in judged:
                self.answers.add_label(label)
        found += [
            Judgement(one, label, label in judged)
            for one, judged in filled
            for label in self.labels
        ]
        self._add(found)
        answered = len(filled) + len(refused)
        return answered, len(rows) - answered

    def location(self, row: int) -> Path:
        """The file of a window of the index."""
        return Path(self._absolute(str(self.index.files[row])))

    def _add(self, judged: list[Judgement]) -> None:
        if judged:
            self.answers.add(judged)
            self._since += 1

    def _absolute(self, name: str) -> str:
        return os.path.abspath(self._folder / name)

    def _moment(self, row: int) -> Moment:
        index = self.index
        return Moment(str(self.location(row)), float(index.start_s[row]), float(index.end_s[row]))

    def _whole(self, moment: Moment) -> Moment:
        """The moment to the millisecond, as the table keeps it; without times, all of its file."""
        start_s, end_s = moment.start_s, moment.end_s
        if end_s <= start_s:
            start_s, end_s = 0.0, self._length_s(moment.file)
        return Moment(moment.file, round(start_s, 3), round(end_s, 3))

    def _length_s(self, file: str) -> float:
        """How long a recording is: as its windows say, else as its file does."""
        rows = self._rows(file)
        if len(rows):
            return float(np.max(self.index.end_s[rows]))
        from tympan.audio import load

        return load(file).duration_s

    def _rows(self, file: str) -> np.ndarray:
        """The windows of a recording."""
        runs = self._runs.get(file, ())
        return np.concatenate([np.arange(*run) for run in runs]) if runs else np.arange(0)

    def _vector(self, moment: Moment) -> np.ndarray:
        """The vector of a moment: that of its windows in the index, else of its sound."""
        if moment not in self._vectors:
            rows = self._windows(moment)
            if len(rows):
                vector = np.asarray(self.index.embeddings[rows], np.float32).mean(0)
            else:
                vector = self._embedded(moment)
            self._vectors[moment] = vector / max(float(np.linalg.norm(vector)), 1e-9)
        return self._vectors[moment]

    def _windows(self, moment: Moment) -> np.ndarray:
        """The windows that a moment fills by half or more, or that hold half of it or more."""
        rows = self._rows(moment.file)
        start_s = np.asarray(self.index.start_s[rows], np.float64)
        end_s = np.asarray(self.index.end_s[rows], np.float64)
        common = np.minimum(end_s, moment.end_s) - np.maximum(start_s, moment.start_s)
        least = np.minimum(end_s - start_s, moment.end_s - moment.start_s) / 2
        # A moment of the index itself is its own window, though others overlap it.
        same = np.abs(start_s - moment.start_s) + np.abs(end_s - moment.end_s) < 0.005
        return rows[same] if same.any() else rows[common >= np.maximum(least, 1e-3)]

    def _embedded(self, moment: Moment) -> np.ndarray:
        from tympan.audio import load

        clip = load(moment.file, start_s=moment.start_s, end_s=moment.end_s)
        return np.asarray(embedded(clip, self.index, self._model).vector, np.float32)

    def _candidates(self, examples: Mapping[str, np.ndarray]) -> np.ndarray:
        """The windows that are scored: all, or the most similar ones and random ones.

        Args:
            examples: label → vectors `(p, d)` of the moments to which it applies.
        """
        count = len(self.index)
        if count <= MOST_SCORED:
            return np.arange(count)
        rows = self._rng.choice(count, MOST_SCORED - MOST_SIMILAR, replace=False)
        each = MOST_SIMILAR // len(examples)
        for vectors in examples.values():
            alike = similarities(self.index, vectors.mean(0))
            rows = np.union1d(rows, np.argpartition(-alike, each)[:each])
        return rows

    def _fit(self) -> None:
        """Fit the heads and score the windows, where there are enough new answers."""
        by_label: dict[str, dict[bool, list[np.ndarray]]] = {}
        with_example = {one.label for one in self.answers if one.yes}
        if not with_example:
            fix = "--example LABEL=FILE, or --examples metadata.csv"
            raise ArgumentError("there is no example of a label yet", fix=fix)
        if self._since < REFIT_EVERY and with_example <= self._scores.keys():
            return
        for moment, known in self.answers.by_moment().items():
            for label, applies in known.items():
                sides = by_label.setdefault(label, {True: [], False: []})
                sides[applies].append(self._vector(moment))
        examples = {label: np.stack(s[True]) for label, s in by_label.items() if s[True]}
        if not examples.keys() <= self._scores.keys() or not len(self._pool):
            self._pool = self._candidates(examples)
        none = np.zeros((0, self.index.features), np.float32)
        self._heads = {}
        for label, yes in examples.items():
            refused = by_label[label][False]
            no = np.stack(refused) if refused else none
            self._heads[label] = fit_head(yes, no, self._others, self._scale)
        self._since = 0
        self._score()

    def _score(self) -> None:
        found = {label: np.empty(len(self._pool), np.float32) for label in self._heads}
        for i in range(0, len(self._pool), BLOCK):
            rows = self._pool[i : i + BLOCK]
            vectors = np.asarray(self.index.embeddings[rows], np.float32)
            for label, head in self._heads.items():
                found[label][i : i + BLOCK] = head(vectors)
        self._scores = {label: np.nan_to_num(scores) for label, scores in found.items()}

    def _suggest(self, taken: Sequence[Moment]) -> Suggestion | None:
        """The next moment, which has nothing in common with those taken."""
        whys = (LIKELY, UNCERTAIN, RANDOM)
        turns = [(label, why) for why in whys for label in self._scores]
        for _ in turns:
            label, why = turns[self._turn % len(turns)]
            self._turn += 1
            done = self._done(label, taken)
            for place in self._order(label, why):
                row = int(self._pool[place])
                moment = self._moment(row)
                if not any(one.overlaps(moment) for one in done.get(moment.file, ())):
                    score = float(self._scores[label][place])
                    return Suggestion(row, moment, str(self.index.files[row]), label, score, why)
        return None

    def _done(self, label: str, taken: Sequence[Moment]) -> Mapping[str, list[Moment]]:
        """What need not be asked about a label again, by file."""
        found: dict[str, list[Moment]] = {}
        answered = [one.moment for one in self.answers if one.label == label]
        skipped = [moment for name, moment in self._skipped if name == label]
        for one in (*answered, *skipped, *taken):
            found.setdefault(one.file, []).append(one)
        return found

    def _order(self, label: str, why: str) -> Iterator[int]:
        """Places in the pool: the best first, and all of them in the end."""
        scores = self._scores[label]
        if why == RANDOM:
            yield from self._half_refused(label)
            yield from self._rng.permutation(len(scores)).tolist()
            return
        worth = scores if why == LIKELY else -np.abs(scores - 0.5)
        few = min(len(worth), 1000)
        first = np.argpartition(-worth, few - 1)[:few]
        yield from first[np.argsort(-worth[first], kind="stable")].tolist()
        if few < len(worth):
            yield from np.argsort(-worth, kind="stable").tolist()

    def _half_refused(self, label: str) -> list[int]:
        """Places of moments to which other labels do not apply, and that may be none of them."""
        found = []
        for moment, known in self.answers.by_moment().items():
            if label not in known and not any(known.values()):
                rows = self._windows(moment)
                places = np.searchsorted(self._pool, rows)
                places = places[places < len(self._pool)]
                found += [int(p) for p in places if self._pool[p] in rows]
        return found


def _runs(index: Index, absolute: Any) -> dict[str, list[tuple[int, int]]]:
    """Where in an index the windows of each file are; names are compared in blocks."""
    begins = [0]
    for i in range(1, len(index), BLOCK * 8):
        last = min(len(index), i + BLOCK * 8)
        names = rows_of(index.files, i - 1, last)
        begins += (np.flatnonzero(names[1:] != names[:-1]) + i).tolist()
    found: dict[str, list[tuple[int, int]]] = {}
    for first, end in zip(begins, [*begins[1:], len(index)], strict=True):
        found.setdefault(absolute(str(index.files[first])), []).append((first, end))
    return found
