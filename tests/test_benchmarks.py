"""What the benchmarks share: turns, tables, the last line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import common


def test_candidates_take_turns() -> None:
    calls: list[str] = []
    names = ("a", "b", "c")
    timings = common.compare(
        {name: lambda name=name: calls.append(name) for name in names},
        rounds=3,
        warmup=1,
        round_s=0.0,
    )
    # Each is warmed and probed once; then every round begins with another.
    assert "".join(calls) == "aabbcc" + "abc" + "bca" + "cab"
    assert [len(one.seconds) for one in timings.values()] == [3, 3, 3]


def test_a_speedup_is_the_median_of_rounds() -> None:
    timings = {"us": common.Timing((1.0, 1.0, 2.0)), "peer": common.Timing((2.0, 5.0, 2.0))}
    assert common.speedup(timings, "us", "peer") == 2.0
    assert common.spread(timings, "us", "peer") == (1.0, 5.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        ((2e-6, 1e-6, 3e-6), "2.00 µs (1.00–3.00)"),
        ((0.5, 0.25, 0.75), "500 ms (250–750)"),
        ((90.0,), "90.00 s (90.00–90.00)"),
    ],
)
def test_times_have_fitting_units(seconds: tuple[float, ...], text: str) -> None:
    assert str(common.Timing(seconds)) == text


def test_tables_hold_all_columns_and_escape_bars() -> None:
    table = common.markdown_table([{"a": "x|y"}, {"a": "z", "n": 1234.5}])
    assert table.splitlines() == ["| a | n |", "|---|---:|", "| x\\|y |  |", "| z | 1,234 |"]


def test_json_comes_last_and_write_makes_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(common, "PAGES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["x", "--json", "--write"])
    common.main(
        "demo", [{"a": 1}], {"demo_vs_peer": 2.3456789}, title="A demo", about="Of nothing."
    )
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"demo_vs_peer": 2.34568}
    page = (tmp_path / "demo.md").read_text()
    assert page.startswith("# A demo\n\nOf nothing.\n\n| a |\n|---:|\n| 1 |\n\nMeasured on: cpu ")
    assert "python -m benchmarks.demo --write" in page
