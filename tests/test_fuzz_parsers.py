"""A few of the damaged files of `make fuzz`, and that the whole ones are read."""

from __future__ import annotations

from pathlib import Path

import pytest

import fuzz_parsers
from tympan.errors import TympanError

NAMES = list(fuzz_parsers.parsers())


@pytest.mark.parametrize("name", [one for one in NAMES if one != "metadata"])
def test_whole_files_are_read(name: str, tmp_path: Path) -> None:
    parser = fuzz_parsers.parsers()[name]
    for seed in parser.seeds:
        path = tmp_path / f"whole{parser.ending}"
        path.write_bytes(seed)
        parser.read(path)


def test_a_whole_table_lacks_only_its_recordings(tmp_path: Path) -> None:
    parser = fuzz_parsers.parsers()["metadata"]
    for seed in parser.seeds:
        (tmp_path / "whole.csv").write_bytes(seed)
        with pytest.raises(TympanError, match=r"do(es)? not exist"):
            parser.read(tmp_path / "whole.csv")


def test_damaged_files_end_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    failures = fuzz_parsers.run([], 60 * len(NAMES), seed=1)
    assert failures == 0, capsys.readouterr().out
