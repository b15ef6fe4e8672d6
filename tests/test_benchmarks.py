"""What the benchmarks share: turns, tables, the last line; and that each keeps to it."""

from __future__ import annotations

import ast
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import __main__ as everything
from benchmarks import _trials as trials
from benchmarks import common, machines, small_data

from tympan.data import Example, Table, read_folder, recording

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


def test_figures_of_fresh_processes_come_with_their_range(monkeypatch, capsys) -> None:
    """Each process measures for itself; the page shows the range, the figure is the median."""
    measured = iter([{"a_vs_b": 4.0}, {"a_vs_b": 1.0}])
    asked: list[list[str]] = []

    def run(command: list[str], **options: object) -> object:
        asked.append(command)
        text = "a table\n" + json.dumps(next(measured))
        return subprocess.CompletedProcess(command, 0, stdout=text)

    monkeypatch.setattr(common.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["demo", "--fresh", "2", "--json"])
    common.main("demo", [{"a": 1}], {"a_vs_b": 2.0})
    printed = capsys.readouterr().out
    assert [command[-2:] for command in asked] == [["benchmarks.demo", "--json"]] * 2
    assert "## Over 3 fresh processes" in printed
    assert "| a vs b | 2.00 (1.00–4.00) |" in printed
    assert SPREAD.search("| a vs b | 2.00 (1.00–4.00) |")
    assert json.loads(printed.splitlines()[-1]) == {"a_vs_b": 2.0}


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


def test_those_that_train_for_long_are_not_cut_and_come_last() -> None:
    assert {"monitor", "sound_events", "watch"} <= set(everything.LONG) <= set(NAMES)
    assert set(NAMES[-len(everything.LONG) :]) == set(everything.LONG)


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
    assert not set(NAMES) - {path.stem for path in PAGES}, "make benchmark"
    assert not {path.stem for path in PAGES} - set(NAMES)


# A median and its range: "2.0 ms (1.9–2.1)", "85.8 (84.3 – 87.3)", "60.0 ± 10.0 %".
SPREAD = re.compile(r"\d[^|()]*\([^|()]*\d\S*\s?–\s?\S*\d[^|()]*\)|\d ± \d")
# Of these a row may say instead why it has none.
NO_SPREAD = re.compile(r"\(one (?:seed|run)\)|not measured|Piczak 2015|Tokozume et al\. 2018")


def rows_of(text: str) -> list[str]:
    """The rows of all tables of a page, without their heads."""
    tables = re.findall(r"^\|.*\n\|[-:|]+\n((?:\|.*\n)+)", text, re.M)
    return [row for table in tables for row in table.splitlines()]


def behind(name: str, text: str) -> list[str]:
    """In what a page differs from what its script says now; nothing where it was made with it."""
    source = common.source_of(name)
    now, then = common.constants(source), common.made_with(text) or {}
    found = [
        f"{key}: {then.get(key)} on the page, {now.get(key)} in the script"
        for key in sorted({*now, *then})
        if now.get(key) != then.get(key)
    ]
    return found + [f"not there: {one}" for one in common.fixed_texts(source) if one not in text]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_say_on_what_machine_from_which_seed_and_how_to_repeat(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^Measured on: cpu .+ cores \d+, .*python 3\S+, .*tympan \d", text, re.M)
    assert f"`python -m benchmarks.{path.stem} --write`" in text
    assert "seed" in text.lower()
    # Versions say which state was measured; a date would change the page without a change.
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", text)
    assert "/work" not in text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_are_made_by_their_scripts_as_they_are_or_say_that_they_are_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    differences = behind(path.stem, text)
    if common.STALE in text:
        # A page made anew has no such line: one that has it and needs it not is a mistake, too.
        assert text.splitlines()[2].startswith(common.STALE), "at the top, where a reader sees it"
        assert differences, "it is not behind its script: take the line away"
    else:
        assert not differences, f"python -m benchmarks.{path.stem} --write"


def test_figures_of_the_shipped_model_are_of_the_one_that_ships() -> None:
    """A script whose figures depend on it names its version, so that its page can fall behind."""
    from tympan.models import load_card

    named = {name: common.constants(common.source_of(name)).get("SOUNDS") for name in NAMES}
    given = {name: version for name, version in named.items() if version is not None}
    assert {"machines", "small_data", "own_folder", "inference"} <= set(given)
    assert set(given.values()) == {load_card("sounds").version}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_each_row_has_a_range_or_the_page_says_why_there_is_none(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    rows = rows_of(text)
    assert rows
    if re.search(r"there is no spread|One run of each", text):
        return
    assert not [row for row in rows if not SPREAD.search(row) and not NO_SPREAD.search(row)]


def test_a_page_behind_its_script_is_found() -> None:
    name = "inference"
    constants = json.dumps(common.constants(common.source_of(name)))
    texts = "\n\n".join(common.fixed_texts(common.source_of(name)))
    page = f"{texts}\n\n<!-- made with {constants} -->\n"
    assert behind(name, page) == []
    assert behind(name, page.replace('"BATCH": 8', '"BATCH": 9')) == [
        "BATCH: 9 on the page, 8 in the script"
    ]
    assert behind(name, page.replace("Each second of a long", "A"))[0].startswith("not there: Each")
    # A page that does not say what it was made with is behind in everything.
    assert len(behind(name, texts)) == len(json.loads(constants))


def test_pages_carry_the_constants_of_their_script() -> None:
    page = common.page("inference", [{"a": 1}])
    assert common.made_with(page) == common.constants(common.source_of("inference"))
    assert common.made_with("no comment here") is None


@pytest.mark.parametrize("row", ["| a | 2.0 ms | 3 |", "| a (1–2) | 2.0 ms |", "| ± | 3 |"])
def test_a_row_without_a_range_beside_a_figure_has_none(row: str) -> None:
    assert not SPREAD.search(row)


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
    assert ran == [(name, ["--write"]) for name in NAMES]
    printed = capsys.readouterr().out
    assert "| decode | " in printed
    assert "FAILED: exit code 1" in printed
    assert "In all " in printed
    ran.clear()
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--short", "--quick"])
    everything.main()
    assert ran == [(name, ["--quick"]) for name in NAMES if name not in everything.LONG]


def test_a_benchmark_that_hangs_or_breaks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("x", 1.0)

    assert everything.run("nothing_of_that_name", [], 60.0) == "FAILED: exit code 1"
    monkeypatch.setattr(subprocess, "run", hang)
    assert everything.run("startup", [], 1.0).startswith("FAILED: not done")


def test_kept_results_go_with_what_they_came_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trials, "RUNS", tmp_path)
    monkeypatch.delenv(trials.LIMIT, raising=False)
    made: list[Path] = []

    def make(work: Path) -> dict[str, object]:
        work.mkdir(parents=True)
        made.append(work)
        return {"accuracy": 0.5, "summary": "50 %"}

    first = trials.Trials("demo", total=2)
    assert first.get("one", "digest", make)["accuracy"] == 0.5
    assert "[1 of 2] one: 50 %, " in capsys.readouterr().err
    again = trials.Trials("demo", total=2)
    assert again.get("one", "digest", make)["accuracy"] == 0.5
    assert len(made) == 1, "kept"
    assert again.get("one", "another digest", make)["digest"] == "another digest"
    assert len(made) == 2, "stale, so made again"
    assert not made[0].exists(), "the training's folder is not kept"
    assert again.end() == 0
    # A file of before, without a digest, is stale as well.
    (tmp_path / "demo" / "one.json").write_text("[[1.0]]")
    again.get("one", "digest", make)
    assert len(made) == 3


def test_what_is_not_measured_ends_in_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trials, "RUNS", tmp_path)
    monkeypatch.delenv(trials.LIMIT, raising=False)
    assert trials.Trials("demo").limit_s is None, "no limit of its own"
    monkeypatch.setenv(trials.LIMIT, "0")
    some = trials.Trials("demo", total=1)
    assert some.get("one", "digest", lambda work: {}) is None
    assert some.end() == 1
    assert "run it again to go on" in capsys.readouterr().err


def test_a_digest_depends_on_rows_split_settings_and_start(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"x")

    def table(part: str) -> Table:
        return Table(tmp_path, (recording(tmp_path / "a.wav", {"label": "a", "split": part}),))

    base = trials.digest_of(table("train"), "sounds", {"seed": 0})
    assert base == trials.digest_of(table("train"), "sounds", {"seed": 0})
    others = {
        trials.digest_of(table("test"), "sounds", {"seed": 0}),
        trials.digest_of(table("train"), "sounds", {"seed": 1}),
        trials.digest_of(table("train"), "scratch", {"seed": 0}),
        trials.digest_of(table("train"), "forest", {"seed": 0}),
    }
    assert len(others | {base}) == 5


def test_other_weights_make_kept_results_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_bytes(b"x")
    table = Table(tmp_path, (recording(tmp_path / "a.wav", {"label": "a"}),))
    before = {one: trials.digest_of(table, one, {}) for one in trials.METHODS}
    monkeypatch.setattr(trials, "_weights", lambda method: f"other {method}" * (method == "sounds"))
    after = {one: trials.digest_of(table, one, {}) for one in trials.METHODS}
    assert {one for one in before if before[one] != after[one]} == {"sounds"}


def test_no_test_clip_of_the_motor_lies_beside_a_training_clip(shared_data: Path) -> None:
    parts = {e.path: e.columns["split"] for e in small_data.motor()}
    by_label: dict[str, list[Example]] = {}
    for e in sorted(trials.motor(), key=lambda e: e.columns["clip"]):
        by_label.setdefault(e.label, []).append(e)
    for rows in by_label.values():
        order = [parts[e.path] for e in rows]
        assert {"train", "test"} <= set(order)
        pairs = set(itertools.pairwise(order))
        assert not pairs & {("train", "test"), ("test", "train")}


def test_intervals_of_bearings_are_over_thirteen(shared_data: Path) -> None:
    rows = [e for e in read_folder(shared_data / "cwru") if e.label != "normal"]
    columns = {"fault_mils": "mils", "outer_race_position": "position"}
    windows = [
        recording(
            e.path, {"label": e.label, **{new: e.columns[old] for old, new in columns.items()}}
        )
        for e in rows
    ]
    sizes = [e for e in windows if e.columns["mils"] in machines.SIZES]
    assert len({machines.bearing(e) for e in sizes}) == 13
    # Four recordings that are right or wrong together say less than four that are not.
    right = np.repeat([True, False] * 6, 4)
    apart = machines._with_interval(right, [[str(i) for i in range(48)]])
    together = machines._with_interval(right, [[str(i // 4) for i in range(48)]])
    widths = [width_of(text) for text in (apart, together)]
    assert widths[1] > 1.5 * widths[0]


def width_of(text: str) -> float:
    low, high = re.search(r"\(([\d.]+)–([\d.]+)\)", text).groups()
    return float(high) - float(low)


def test_a_benchmark_takes_numbers_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks import common, serve

    monkeypatch.setattr(common, "_OWN", {})
    monkeypatch.setattr(sys, "argv", ["x", "--load", "90", "--hostile", "200"])
    given = common.arguments("serve", serve.numbers)
    assert (given.load, given.hostile, given.requests) == (90.0, 200, 10_000)
    assert common.arguments("serve").load == 90.0  # `main` parses them once more
    monkeypatch.setattr(sys, "argv", ["x", "--requests", "0"])
    with pytest.raises(SystemExit):
        common.arguments("serve", serve.numbers)
    assert "--requests is 0: give more than 0" in capsys.readouterr().err
