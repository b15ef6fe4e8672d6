"""The engines that are installed here, and recordings whose words are known."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tympan.tasks.engines import find_engine, list_engines


def needs(name: str) -> pytest.MarkDecorator:
    """Skip where an engine is not installed."""
    engine = find_engine(name)
    assert engine is not None
    return pytest.mark.skipif(not engine.installed, reason=f"{name} is not installed")


INSTALLED = [one.name for one in list_engines(task="transcribe") if one.installed]


def read_aloud(shared: Path, number: int = 0) -> tuple[Path, list[str]]:
    """A recording of LibriSpeech and its words."""
    with open(shared / "librispeech" / "metadata.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["text"]]
    row = rows[number]
    return shared / "librispeech" / row["file_name"], row["text"].split()


def plain(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def errors(wanted: list[str], found: list[str]) -> int:
    """Words wrong, missing or too many."""
    row = list(range(len(found) + 1))
    for i, word in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]
