"""Labelled parts of recordings as recordings of their own.

A table of moments (`file_name,start_s,end_s,label`) is what people have who labelled an archive. A
classifier or tagger learns from whole recordings: so each moment is cut out, once, into the cache.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tympan._files import atomic_write
from tympan._words import agrees, plural
from tympan.data.store import cache_home
from tympan.data.table import TAG_SEPARATOR, Example, Supervision, Table, recording, stat_of
from tympan.errors import AudioFileError, DataError

# What is shorter holds no sound that could be told from another.
SHORTEST_S = 0.02


def cut_parts(table: Table, cache_dir: str | os.PathLike[str] | None = None) -> Table:
    """Each labelled part of a table's recordings as an example of its own.

    Parts of one recording have the recording as their `source`, unless the table says another one,
    so that no split has parts of it on both sides. Parts with equal times are one example with
    several labels (`dog;rain`); parts without a label are left out. Recordings without parts stay
    as they are. The same parts give the same files, so a training can go on.

    Args:
        table: recordings, some with supervisions.
        cache_dir: where the parts are written; by default beside the decoded recordings, see
            `tympan.data.store`.

    Returns:
        A table below the folder of the parts; the table itself if no recording has any.

    Raises:
        DataError: no part has a label, or one cannot be read or written.

    >>> import tempfile
    >>> from tympan.audio import synth
    >>> root = Path(tempfile.mkdtemp())
    >>> path = synth.sine(440, duration_s=3, rate_hz=8000).save(root / "a.wav")
    >>> parts = (Supervision(0, 1, "tone"), Supervision(0, 1, "high"), Supervision(2, 2.5, "tone"))
    >>> cut = cut_parts(Table(root, (recording(path, supervisions=parts),)), root / ".cache")
    >>> [(one.path.name, one.label, one.columns["source"]) for one in cut]
    [('0.00s-1.00s.wav', 'high;tone', 'a.wav'), ('2.00s-2.50s.wav', 'tone', 'a.wav')]
    """
    if not any(one.supervisions for one in table):
        return table
    mark = hashlib.blake2b(os.fsencode(table.root.resolve()), digest_size=8).hexdigest()
    root = cache_home(cache_dir) / f"parts-{mark}"
    examples: list[Example] = []
    unlabelled = outside = 0
    for one in table:
        if not one.supervisions:
            examples.append(one)
            continue
        for times, labels in _moments(one.supervisions):
            if not labels:
                unlabelled += 1
                continue
            path = _cut(root, one.path, *times)
            if path is None:
                outside += 1
                continue
            kept = {k: v for k, v in one.columns.items() if k != "label"}
            own = {"source": table.relative(one.path), **kept}
            examples.append(recording(path, {**own, "label": TAG_SEPARATOR.join(labels)}))
    if not any(one.label for one in examples):
        fix = "fill in the label of some"
        raise DataError("has no labelled part inside a recording", file=table.place, fix=fix)
    return replace(
        table,
        root=root,
        named=table.place,
        examples=tuple(examples),
        unlabelled=table.unlabelled + unlabelled,
        notes=(*table.notes, *_notes(examples, unlabelled)),
        warnings=(*table.warnings, *_warnings(examples, outside)),
    )


def _moments(parts: tuple[Supervision, ...]) -> Iterator[tuple[tuple[float, float], list[str]]]:
    """The times of parts, each once, with their labels."""
    found: dict[tuple[float, float], set[str]] = {}
    for part in parts:
        labels = found.setdefault((part.start_s, part.end_s), set())
        labels |= {one.strip() for one in part.label.split(TAG_SEPARATOR)} - {""}
    for times, labels in found.items():
        yield times, sorted(labels)


def _cut(root: Path, source: Path, start_s: float, end_s: float) -> Path | None:
    """The file that holds a part of a recording; None: it is too short, or not in it."""
    from tympan.audio import load, probe

    if end_s - start_s < SHORTEST_S:
        return None
    stat = stat_of(source)
    said = f"{source.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}"
    mark = hashlib.blake2b(said.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    stem = "".join(c if c.isalnum() else "-" for c in source.stem)[:60]
    path = root / f"{stem}-{mark}" / f"{start_s:.2f}s-{end_s:.2f}s.wav"
    if path.is_file():
        return path
    try:
        whole_s = probe(source).duration_s
        if whole_s is not None and start_s > whole_s - SHORTEST_S:
            return None
        clip = load(source, start_s=start_s, end_s=end_s)
    except AudioFileError as error:
        raise DataError(error.what, file=source, fix=error.fix) from error
    if clip.duration_s < SHORTEST_S:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as beside:
            clip.save(beside, subtype="FLOAT")
        # A part that is cut again is the same file to a training that goes on.
        os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    except OSError as error:
        fix = "name a folder with room in the environment variable TYMPAN_CACHE"
        raise DataError(f"cannot be written: {error.strerror}", file=path, fix=fix) from error
    return path


def _notes(examples: list[Example], unlabelled: int) -> list[str]:
    sources = {one.columns.get("source", "") for one in examples}
    parts, whole = plural(len(examples), "labelled part"), plural(len(sources), "recording")
    left = f"{plural(unlabelled, 'part')} without a label {agrees(unlabelled)} left out"
    return [f"{parts} of {whole}, each as a recording" + (f"; {left}" if unlabelled else "")]


def _warnings(examples: list[Example], outside: int) -> list[str]:
    found = []
    if outside:
        found.append(
            f"warning: left out: {plural(outside, 'part')} shorter than {SHORTEST_S} s, or after "
            "the end of their recording"
        )
    if len({one.columns.get("source", "") for one in examples}) == 1:
        found.append(
            "warning: all parts are of one recording, so the score says how well other parts of "
            "the same recording are recognised"
        )
    return found
