"""The parts that build the documentation."""

from __future__ import annotations

import doctest
import importlib
import sys
from pathlib import Path

import pytest

from tympan.cli.main import COMMANDS

DOCS = Path(__file__).resolve().parents[1] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))


@pytest.mark.parametrize("name", ["check_offline", "plain_docstrings"])
def test_examples_of_the_extensions_are_right(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed


def test_a_page_that_fetches_is_found(tmp_path: Path) -> None:
    import check_offline

    (tmp_path / "good.html").write_text('<a href="https://a.org">a</a><img src="data:image/png;">')
    assert check_offline.main(str(tmp_path)) == 0
    (tmp_path / "bad.css").write_text("@import url(https://a.org/x.css)")
    assert check_offline.main(str(tmp_path)) == 1


def test_an_empty_build_is_no_success(tmp_path: Path) -> None:
    import check_offline

    assert check_offline.main(str(tmp_path)) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_page(name: str) -> None:
    page = (DOCS / "verbs" / f"{name}.md").read_text(encoding="utf-8")
    assert f"```{{command-help}} {name}\n" in page
    assert f"verbs/{name}\n" in (DOCS / "index.md").read_text(encoding="utf-8")
