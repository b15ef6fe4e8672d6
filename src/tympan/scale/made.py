"""Files that answers name, such as the sources of a mix, kept in the folder of the results."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from tympan.tasks.results.base import files_of

MADE = "made"


def with_files_kept(answer: Any, results: str, column: str, file: str) -> Any:
    """An answer whose files lie in the folder of the results, and are named from there.

    Where a block is answered again, they take the place of those of the first time.

    Args:
        answer: of a question.
        results: folder of the run.
        column: of the question.
        file: name of the recording.
    """
    found = files_of(answer)
    if not found:
        return answer
    inner = Path(MADE, column, *folder_of(file))
    home = Path(results, inner)
    home.mkdir(parents=True, exist_ok=True)
    moved: dict[Path, Path] = {}
    for path in found:
        _move(path, home / path.name)
        moved[path] = inner / path.name
    before = {one.name: getattr(answer, one.name) for one in fields(answer)}
    after = {name: _renamed(value, moved) for name, value in before.items()}
    return replace(answer, **{name: after[name] for name in after if after[name] != before[name]})


def folder_of(file: str) -> tuple[str, str]:
    """Two folders of a recording: of a million none holds more than some thousands.

    >>> folder_of("a/dog.wav")
    ('61', 'dog-61d4aaed98')
    """
    digest = hashlib.sha256(os.fsencode(file)).hexdigest()
    stem = re.sub(r"[^\w.+-]+", "-", Path(file.replace("\\", "/")).stem)[:60].strip("-.")
    return digest[:2], f"{stem}-{digest[:10]}"


def _move(source: Path, target: Path) -> None:
    try:
        os.replace(source, target)
    except OSError:  # another disk
        beside = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, beside)
        os.replace(beside, target)
        source.unlink()


def _renamed(value: Any, moved: Mapping[Path, Path]) -> Any:
    if isinstance(value, Mapping):
        return {key: _renamed(one, moved) for key, one in value.items()}
    return moved.get(value, value) if isinstance(value, Path) else value
