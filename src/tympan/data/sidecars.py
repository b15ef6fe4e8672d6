"""What lies beside the recordings: annotations and scores of the same name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tympan._words import plural
from tympan.data._walk import is_score
from tympan.data.annotations.detect import Format, detect_format, read_annotation
from tympan.data.annotations.rttm import read_rttm_recordings
from tympan.data.table import Example, Supervision
from tympan.errors import DataError

# Where a recording has several, the first of these counts.
_ORDER = ("textgrid", "raven", "rttm", "csv", "audacity", "vtt", "srt")
_ANNOTATION_SUFFIXES = frozenset((".csv", ".tsv", ".txt", ".rttm", ".textgrid", ".srt", ".vtt"))
# Raven and BirdNET add to the recording's name: rec.Table.1.selections.txt
_RAVEN_END = re.compile(r"\.(Table\.\d+|BirdNET)\.selections?(\.table)?$", re.IGNORECASE)

# Recording → its annotation, and the events in it.
Found = dict[Path, tuple[Path, tuple[Supervision, ...]]]


@dataclass(frozen=True)
class Beside:
    """Examples with what was found beside them.

    Attributes:
        examples: the examples.
        used: the files that were taken.
        notes, warnings: sentences for the user.
    """

    examples: tuple[Example, ...]
    used: frozenset[Path]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def add_sidecars(root: Path, examples: Sequence[Example], files: Iterable[Path]) -> Beside:
    """Give recordings the scores and annotations of the same name.

    A score must lie in the folder of its recording. So should an annotation; if its name is that of
    one recording only, it may lie in another folder (`audio/a.wav`, `labels/a.txt`). One RTTM file
    may hold many recordings, by their names without suffix.

    Args:
        root: the folder.
        examples: the recordings; those with supervisions keep theirs.
        files: all files of the folder.

    Raises:
        DataError: annotations that say what they are, and are damaged; all of them at once.
    """
    files = list(files)
    scored, scores, notes = _add_scores(examples, files)
    bare = [one for one in scored if not one.supervisions and "midi" not in one.files]
    bare = [one for one in bare if next(iter(one.files)) in ("audio", "mixture")]
    named = _annotations(bare, files)
    found, warnings = _read_all(root, named)
    own = {sidecar for sidecar, _ in named.values()}
    without = [one for one in bare if one.path not in named]
    found |= _shared_rttm(without, [path for path in files if path not in own])
    for i, one in enumerate(scored):
        if one.path in found:
            scored[i] = replace(one, supervisions=found[one.path][1])
    if found:
        suffixes = ", ".join(sorted({sidecar.suffix for sidecar, _ in found.values()}))
        count = sum(bool(one.supervisions) for one in scored)
        empty = sum(not events for _, events in found.values())
        notes.append(
            f"annotations ({suffixes}) give events in {count} of "
            f"{plural(len(scored), 'recording')}"
            + (f"; {empty} annotations are empty: nothing happens there" if empty else "")
        )
    used = frozenset({*scores, *(sidecar for sidecar, _ in found.values())})
    return Beside(tuple(scored), used, tuple(notes), tuple(warnings))


def _read_all(root: Path, named: Mapping[Path, tuple[Path, Format]]) -> tuple[Found, list[str]]:
    """The events of each recording, and warnings about what only began like an annotation.

    Raises:
        DataError: what states its format is damaged; all of it at once.
    """
    found: Found = {}
    problems, warnings = [], []
    for path, (sidecar, kind) in named.items():
        name = sidecar.relative_to(root).as_posix() if sidecar.is_relative_to(root) else sidecar
        try:
            found[path] = sidecar, _read(sidecar, path.stem)
        except DataError as error:
            if kind.sure:
                problems.append(f"{name}: {error.what}")
            else:
                warnings.append(f"warning: {name} is not taken for labels: {error.what}")
    if problems:
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise DataError(
            f"holds annotations that cannot be read: {'; '.join(problems[:5])}{more}",
            file=root,
            fix="mend or remove them",
        )
    return found, warnings


def annotate(example: Example, paths: Iterable[Path]) -> Example:
    """The example with the events that some annotation files hold.

    Raises:
        DataError: one of them is no annotation, or damaged.
    """
    events = [one for path in paths for one in _read(path, example.path.stem)]
    if not events:
        return example
    both = sorted([*example.supervisions, *events], key=lambda one: (one.start_s, one.end_s))
    return replace(example, supervisions=tuple(both))


def _read(path: Path, stem: str) -> tuple[Supervision, ...]:
    """An annotation; of an RTTM file for many recordings the part about this one."""
    if path.suffix.lower() != ".rttm":
        return read_annotation(path)
    found = read_rttm_recordings(path)
    return found[stem] if stem in found or len(found) > 1 else next(iter(found.values()), ())


def _add_scores(
    examples: Sequence[Example], files: Sequence[Path]
) -> tuple[list[Example], set[Path], list[str]]:
    beside = {(p.parent, p.stem): p for p in reversed(files) if is_score(p)}
    found, used = [], set()
    for one in examples:
        score = beside.get((one.path.parent, one.path.stem))
        if "audio" in one.files and "midi" not in one.files and score is not None:
            one = replace(one, files={**one.files, "midi": score})
            used.add(score)
        found.append(one)
    note = f"a score (.mid, .abc) lies beside {len(used)} of {plural(len(found), 'recording')}"
    return found, used, [note] if used else []


def _annotations(
    examples: Sequence[Example], files: Sequence[Path]
) -> dict[Path, tuple[Path, Format]]:
    """The annotation of each recording, and its format."""
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        if path.suffix.lower() in _ANNOTATION_SUFFIXES:
            by_name[_RAVEN_END.sub("", path.stem)].append(path)
    count: dict[str, int] = defaultdict(int)
    for one in examples:
        count[one.path.stem] += 1
    found = {}
    for one in examples:
        named = by_name.get(one.path.stem, [])
        near = [path for path in named if path.parent == one.path.parent]
        if not near and count[one.path.stem] == 1:
            near = named
        kinds = [(path, kind) for path in near if (kind := detect_format(path))]
        if kinds:
            found[one.path] = min(kinds, key=lambda k: (not k[1].sure, _ORDER.index(k[1].name)))
    return found


def _shared_rttm(examples: Sequence[Example], files: Sequence[Path]) -> Found:
    """The part of each recording in RTTM files that hold several."""
    stems = {one.path.stem: one.path for one in examples}
    found: Found = {}
    for path in files if stems else ():
        if path.suffix.lower() == ".rttm":
            for name, events in read_rttm_recordings(path).items():
                if name in stems:
                    found[stems[name]] = path, events
    return found
