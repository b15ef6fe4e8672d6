"""Marks that could not be written are refused before a book is spoken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tympan.cli.speak import _check_marks
from tympan.errors import ArgumentError


def test_a_folder_that_may_not_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = tmp_path / "marks.srt"
    _check_marks(marks, None, None)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(ArgumentError, match=r"marks\.srt: cannot be written: its folder may not"):
        _check_marks(marks, None, None)
