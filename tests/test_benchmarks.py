"""What the benchmarks share: turns, tables, the last line; and that each keeps to it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import __main__ as everything
from benchmarks import common

ROOT = everything.ROOT
NAMES = everything.benchmarks()
# These run in seconds, and with what `make test` installs.
CHEAP = ("decode", "memory", "startup", "stretch_quality")


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
        "demo",
        [{"a": 1}],
        {"demo_vs_peer": 2.3456789},
        title="A demo",
        about="Of nothing.",
        more={"More": [{"b": 2}]},
        why="Because.",
    )
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"demo_vs_peer": 2.34568}
    page = (tmp_path / "demo.md").read_text()
    assert page.startswith("# A demo\n\nOf nothing.\n\n| a |\n|---:|\n| 1 |\n\n## More\n\n| b |\n")
    assert "\n\n## Why\n\nBecause.\n\nMeasured on: cpu " in page
    assert "python -m benchmarks.demo --write" in page


def test_a_quick_run_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "--quick", "--write"])
    with pytest.raises(SystemExit) as stopped:
        common.arguments("demo")
    assert stopped.value.code == 2


def test_all_that_the_issue_names_are_there() -> None:
    assert {"spectra", "augment", "decode", "throughput", "inference", "memory", "startup"} <= set(
        NAMES
    )
    assert not {"common", "__main__", "_files"} & set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_docstring_the_options_and_its_own_name(name: str) -> None:
    text = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a page begins with what is measured"
    called = {
        node.func.id: ast.literal_eval(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("main", "arguments")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert called["main"] == name
    own_options = '"--json"' in text and '"--write"' in text
    assert own_options or called["arguments"] == name


@pytest.mark.parametrize("name", CHEAP)
@pytest.mark.slow
def test_quick_runs_end_with_one_object_of_figures(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures
    assert all(isinstance(value, float) for value in figures.values())
    assert done.stdout.startswith("# ")


PAGES = sorted(path for path in common.PAGES.glob("*.md") if path.stem != "index")


def test_each_benchmark_has_its_page_and_each_page_its_benchmark() -> None:
    missing = set(NAMES) - {path.stem for path in PAGES} - set(everything.LONG)
    assert not missing, "make benchmark"
    assert not {path.stem for path in PAGES} - set(NAMES)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_say_on_what_machine_from_which_seed_and_how_to_repeat(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^Measured on: cpu .+ cores \d+, .*python 3\S+, .*tympan \d", text, re.M)
    assert f"`python -m benchmarks.{path.stem} --write`" in text
    assert "seed" in text.lower()
    # A range beside the medians, or the reason why there is none.
    assert re.search(r"\([^()]*\d\S*–\S*\d[^()]*\)|±|no spread|One run of each", text)
    # Versions say which state was measured; a date would change the page without a change.
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", text)
    assert "/work" not in text


def test_a_failing_benchmark_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = []

    def run(name: str, options: list[str], limit_s: float | None) -> str:
        ran.append((name, options))
        return "FAILED: exit code 1" if name == "decode" else "done"

    monkeypatch.setattr(everything, "run", run)
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    assert everything.main() == 1
    assert ran == [(name, ["--write"]) for name in NAMES if name not in everything.LONG]
    said = capsys.readouterr().out
    assert "| decode | " in said
    assert "FAILED: exit code 1" in said
    assert "In all " in said


def test_a_benchmark_that_hangs_or_breaks_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("x", 1.0)

    assert everything.run("nothing_of_that_name", [], 60.0) == "FAILED: exit code 1"
    monkeypatch.setattr(subprocess, "run", hang)
    assert everything.run("startup", [], 1.0).startswith("FAILED: not done")
