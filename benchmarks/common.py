"""What every benchmark shares: fair timing, the machine's description, the table, the figures.

A benchmark measures, then calls `main`:

    timings = compare({"tympan": ours, "librosa": theirs})
    rows = [{"library": name, "time": timing} for name, timing in timings.items()]
    main("logmel", rows, {"logmel_vs_librosa": speedup(timings, "tympan", "librosa")})

`python -m benchmarks.logmel` prints the table; `--json` prints, as its last line, one JSON object
of the figures; `--write` also regenerates `docs/benchmarks/logmel.md`; `--quick` takes the smallest
inputs, to see that everything runs: its figures mean nothing. `python -m benchmarks` runs all.

A page holds, in a comment, the constants of the script that made it, and a test compares them, so
that a page does not fall behind its script. One that did says so at its top (`STALE`) until it is
made anew. `--fresh N` measures in N processes more and adds the range of every figure.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).resolve().parents[1] / "docs" / "benchmarks"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_LIBRARIES = (
    "numpy", "torch", "soundfile", "soxr", "av", "librosa", "audioread", "nnAudio",
    "kaldi-native-fbank", "torchaudio", "audiomentations", "torch-audiomentations",
    "python-stretch", "mir_eval", "swift-f0",
)  # fmt: skip


Row = Mapping[str, object]
# At the top of a page whose script has changed since: its figures are those of the script before.
STALE = "**To be measured anew**"
_MADE_WITH = "<!-- made with "


@dataclass(frozen=True)
class Timing:
    """Seconds per call, one figure a round.

    >>> print(Timing((0.002, 0.001, 0.004)))
    2.00 ms (1.00–4.00)
    """

    seconds: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """The median round, in seconds per call."""
        return statistics.median(self.seconds)

    @property
    def min_s(self) -> float:
        """The fastest round, in seconds per call."""
        return min(self.seconds)

    @property
    def max_s(self) -> float:
        """The slowest round, in seconds per call."""
        return max(self.seconds)

    def __str__(self) -> str:
        """Return median and spread in a fitting unit."""
        scale, unit = next(
            (scale, unit)
            for limit, scale, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (1e99, 1.0, "s"))
            if self.median_s < limit
        )
        low, middle, high = (
            f"{value * scale:.3g}" if value * scale >= 100 else f"{value * scale:.2f}"
            for value in (self.min_s, self.median_s, self.max_s)
        )
        return f"{middle} {unit} ({low}–{high})"


def compare(
    candidates: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 7,
    warmup: int = 1,
    round_s: float = 0.2,
) -> dict[str, Timing]:
    """Time several functions side by side: A B C, B C A, C A B …, so that drift hits all alike.

    Args:
        candidates: name → function to call without arguments.
        rounds: figures per candidate.
        warmup: calls of each before any is timed.
        round_s: a fast function is called again and again for about this long in each round.

    Returns:
        Name → timing per call, in the order given.

    >>> timings = compare({"a": lambda: sum(range(10)), "b": lambda: None}, rounds=3, round_s=0.001)
    >>> [len(one.seconds) for one in timings.values()]
    [3, 3]
    """
    names = list(candidates)
    calls = {}
    for name in names:
        for _ in range(warmup):
            candidates[name]()
        once = _seconds(candidates[name], 1)
        calls[name] = max(1, round(round_s / max(once, 1e-9)))
    figures: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            figures[name].append(_seconds(candidates[name], calls[name]))
    return {name: Timing(tuple(figures[name])) for name in names}


def _seconds(function: Callable[[], object], calls: int) -> float:
    """Return the seconds per call over `calls` calls."""
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def speedup(timings: Mapping[str, Timing], ours: str, peer: str) -> float:
    """Return how many times faster `ours` is than `peer`: the median of the rounds' ratios.

    >>> round(speedup({"a": Timing((1.0, 1.0)), "b": Timing((2.0, 4.0))}, "a", "b"), 3)
    3.0
    """
    pairs = zip(timings[ours].seconds, timings[peer].seconds, strict=True)
    return statistics.median(theirs / own for own, theirs in pairs)


def spread(timings: Mapping[str, Timing], ours: str, peer: str) -> tuple[float, float]:
    """Return the smallest and largest speed-up of any round.

    >>> spread({"a": Timing((1.0, 1.0)), "b": Timing((2.0, 4.0))}, "a", "b")
    (2.0, 4.0)
    """
    pairs = zip(timings[ours].seconds, timings[peer].seconds, strict=True)
    ratios = [theirs / own for own, theirs in pairs]
    return min(ratios), max(ratios)


def times_faster(timings: Mapping[str, Timing], peer: str, ours: str = "tympan") -> str:
    """Return the speed-up over a peer and its spread as it stands in a table; – if not measured.

    >>> times_faster({"tympan": Timing((1.0, 1.0)), "b": Timing((2.0, 4.0))}, "b")
    '3.0 × (2.0–4.0)'
    >>> times_faster({"tympan": Timing((1.0, 1.0))}, "b")
    '–'
    """
    if peer not in timings:
        return "–"
    low, high = spread(timings, ours, peer)
    return f"{speedup(timings, ours, peer):.1f} × ({low:.1f}–{high:.1f})"


def hardware() -> dict[str, str]:
    """Return the machine and the versions that the figures belong to.

    >>> "cpu" in hardware()
    True
    """
    found = {
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else "?"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    if "torch" in sys.modules:
        import torch

        found["torch threads"] = str(torch.get_num_threads())
        if torch.cuda.is_available():
            found["gpu"] = torch.cuda.get_device_name()
    for name in ("tympan", *_LIBRARIES):
        # Only what took part: the import name is the distribution's with underscores.
        if name == "tympan" or name.replace("-", "_") in sys.modules:
            found[name] = importlib.metadata.version(name)
    return found


def _cpu_model() -> str:
    """Return the name of the processor, and its instructions that matter here."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    lines = {key.strip(): value.strip() for key, value in lines.items()}
    flags = lines.get("flags", "").split()
    shown = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    name = lines.get("model name", platform.machine())
    return f"{name} ({', '.join(shown)})" if shown else name


def markdown_table(rows: Sequence[Row]) -> str:
    """Return rows as a markdown table; the columns are the keys, in order of first appearance.

    >>> print(markdown_table([{"library": "tympan", "ratio": 2.5}]))
    | library | ratio |
    |---|---:|
    | tympan | 2.50 |
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    numeric = {
        key: all(isinstance(row.get(key, 0), int | float | Timing) for row in rows)
        for key in columns
    }
    lines = ["| " + " | ".join(columns) + " |"]
    lines.append("|" + "|".join("---:" if numeric[key] else "---" for key in columns) + "|")
    for row in rows:
        lines.append("| " + " | ".join(_cell(row.get(key, "")) for key in columns) + " |")
    return "\n".join(lines)


def _cell(value: object) -> str:
    """Return a value as it stands in a table."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return str(value).replace("|", "\\|")


def key_of(name: str) -> str:
    """A row's name in the name of a figure or a file.

    >>> key_of("WAV, µ-law"), key_of("wider: `base`")
    ('wav_mu_law', 'wider_base')
    """
    words = "".join(c if c.isalnum() else " " for c in name.lower().replace("µ", "mu")).split()
    return "_".join(words)


def constants(source: str) -> dict[str, object]:
    """Return the constants of a script, those in capitals; of what is no literal a short hash.

    Read, not imported: a benchmark may set threads, or want a library that is not there.

    >>> constants("CLIPS, SEED = 64, 0; WHY = 'because'; CASES: dict = {'gain': Gain}")
    {'CLIPS': 64, 'SEED': 0, 'CASES': 'a5b6ca45'}
    """
    found: dict[str, object] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        names = ast.unparse(target).strip("()").split(", ")
        try:
            value = ast.literal_eval(node.value)
        except ValueError:
            text = "".join((ast.get_source_segment(source, node.value) or "").split())
            value = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
            value = [value] * len(names) if len(names) > 1 else value
        found |= dict(zip(names, value if len(names) > 1 else (value,), strict=True))
    kept = {
        key: value
        for key, value in found.items()
        if key.isupper() and key != "WHY" and not key.startswith(("_", "QUICK"))
    }
    # As they come back from a page: a tuple is a list there.
    return dict(json.loads(json.dumps(kept)))


def fixed_texts(source: str) -> list[str]:
    """Return what a page of this script must hold: its docstring, if shown, and its reasons.

    >>> fixed_texts("'About.'; N = 2; WHY = f'Because {N:.0f} is few.'; main(about=__doc__)")
    ['About.', 'Because', 'is few.']
    """
    tree = ast.parse(source)
    found = [ast.get_docstring(tree) or ""] if "__doc__" in source else []
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WHY":
            parts = node.value.values if isinstance(node.value, ast.JoinedStr) else [node.value]
            found += [str(part.value).strip() for part in parts if isinstance(part, ast.Constant)]
    return [text for text in found if text]


def source_of(name: str) -> str:
    """Return the text of a benchmark's script."""
    return (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")


def made_with(text: str) -> dict[str, object] | None:
    """Return the constants that a page was made with; None where it does not say.

    >>> made_with('<!-- made with {"CLIPS": 64} -->')
    {'CLIPS': 64}
    """
    lines = [line for line in text.splitlines() if line.startswith(_MADE_WITH)]
    return json.loads(lines[0].removeprefix(_MADE_WITH).removesuffix(" -->")) if lines else None


def in_fresh_process(name: str, options: argparse.Namespace) -> dict[str, float]:
    """The figures of a benchmark that a new process measures."""
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.{name}", "--json"]
    own = [f"--{flag}={getattr(options, flag)}" for flag in _OWN.get(name, {})]
    done = subprocess.run(
        command + ["--quick"] * options.quick + own,
        cwd=PAGES.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def ranges(runs: Sequence[Mapping[str, float]]) -> list[Row]:
    """A row for each figure that all runs have: its median, least and most.

    A figure of one process tells how that process fared, so that what it says of the libraries is
    the range over several.

    >>> ranges([{"a_vs_b": 2.0}, {"a_vs_b": 4.0, "c": 1.0}, {"a_vs_b": 2.5}])
    [{'figure': 'a vs b', 'median and range': '2.50 (2.00–4.00)'}]
    """
    rows: list[Row] = []
    for key in runs[0]:
        values = [run[key] for run in runs if key in run]
        if len(values) == len(runs):
            middle, *ends = (
                f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"
                for value in (statistics.median(values), min(values), max(values))
            )
            text = f"{middle} ({'–'.join(ends)})"
            rows.append({"figure": key.replace("_", " "), "median and range": text})
    return rows


def page(
    name: str,
    rows: Sequence[Row],
    title: str = "",
    about: str = "",
    *,
    more: Mapping[str, Sequence[Row]] | None = None,
    why: str = "",
) -> str:
    """Return the markdown page of a benchmark: what, tables, why, machine, how to repeat it.

    >>> "python -m benchmarks.demo" in page("demo", [{"a": 1}])
    True
    """
    machine = ", ".join(f"{key} {value}" for key, value in hardware().items())
    parts = [f"# {title or name}", about.strip(), markdown_table(rows)]
    for heading, others in (more or {}).items():
        parts += [f"## {heading}", markdown_table(others)]
    if why.strip():
        parts += ["## Why", why.strip()]
    parts += [f"Measured on: {machine}.", f"Repeat it with `python -m benchmarks.{name} --write`."]
    with contextlib.suppress(FileNotFoundError):
        parts.append(f"{_MADE_WITH}{json.dumps(constants(source_of(name)))} -->")
    return "\n\n".join(part for part in parts if part) + "\n"


# Numbers that a benchmark takes beside what all take: name → flag → default, and what it is.
_OWN: dict[str, Mapping[str, tuple[float, str]]] = {}


def arguments(name: str, own: Mapping[str, tuple[float, str]] | None = None) -> argparse.Namespace:
    """Parse the arguments that every benchmark takes: `--json`, `--write` and `--quick`.

    Call it first where measuring takes long, so that `--help` and a mistake answer at once.

    Args:
        name: of the benchmark.
        own: numbers that it takes besides: name → default, and what it is.
    """
    if own is not None:
        _OWN[name] = own
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--json", action="store_true", help="last line: one JSON object")
    parser.add_argument("--write", action="store_true", help=f"write docs/benchmarks/{name}.md")
    parser.add_argument("--quick", action="store_true", help="does it run? figures mean nothing")
    parser.add_argument(
        "--fresh", type=int, default=0, metavar="N",
        help="measure in N fresh processes more, and give the range of every figure",
    )  # fmt: skip
    for flag, (default, about) in _OWN.get(name, {}).items():
        parser.add_argument(
            f"--{flag}", type=type(default), default=default, metavar="N",
            help=f"{about}; else {default:g}",
        )  # fmt: skip
    options = parser.parse_args()
    for flag in _OWN.get(name, {}):
        if not getattr(options, flag) > 0:
            parser.error(f"--{flag} is {getattr(options, flag):g}: give more than 0")
    if options.quick and options.write:
        parser.error("--quick measures nothing that is worth writing")
    return options


def main(
    name: str,
    rows: Sequence[Row],
    figures: Mapping[str, float],
    *,
    title: str = "",
    about: str = "",
    more: Mapping[str, Sequence[Row]] | None = None,
    why: str = "",
) -> None:
    """Print the table; with `--write` the page of the docs too, with `--json` the figures last.

    Args:
        name: the module's name; the page is `docs/benchmarks/NAME.md`.
        rows: the table, one mapping a row; values are text, numbers or `Timing`.
        figures: name → number; ratios are called `<what>_vs_<peer>`, above 1 when tympan is faster.
        title: heading of the page.
        about: a paragraph or two above the table: what is measured, on what input, which seed.
        more: heading → rows of further tables.
        why: below the tables: why a figure is below its target, and what was tried.
    """
    options = arguments(name)
    if options.fresh:
        runs = [dict(figures), *(in_fresh_process(name, options) for _ in range(options.fresh))]
        heading = f"Over {len(runs)} fresh processes"
        more = {**(more or {}), heading: ranges(runs)}
        figures = {
            key: statistics.median(run.get(key, value) for run in runs)
            for key, value in figures.items()
        }
    text = page(name, rows, title, about, more=more, why=why)
    print(text)
    if options.write:
        PAGES.mkdir(parents=True, exist_ok=True)
        (PAGES / f"{name}.md").write_text(text, encoding="utf-8")
    if options.json:
        print(json.dumps({key: float(f"{value:.6g}") for key, value in figures.items()}))
