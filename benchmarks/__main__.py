"""Run all benchmarks, one after the other, and rewrite their pages: `make benchmark`.

A benchmark that fails is named at the end and hides no other. Those that train for long come last
and have no limit of time; most keep each result and go on where they were. `--short` leaves them
out. With TYMPAN_BENCHMARK_S=600 those that keep them begin none after 600 seconds, and fail if any
is missing then.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.common import markdown_table

ROOT = Path(__file__).resolve().parents[1]
# These train for half an hour or more; the others measure times, and want a quiet machine.
LONG = (
    "esc50", "ingredients", "machines", "monitor", "own_voice", "small_data", "sound_events",
    "watch",
)  # fmt: skip
# For each of the others; three hours of sound take their time.
LIMIT_S, LIMITS_S = 1800, {"long_speech": 7200, "memory": 7200}


def benchmarks() -> list[str]:
    """The names of all benchmarks, the long ones last.

    >>> "startup" in benchmarks(), "common" in benchmarks()
    (True, False)
    """
    modules = sorted((ROOT / "benchmarks").glob("[a-z]*.py"))
    # What cannot be run is a helper of others.
    names = [path.stem for path in modules if "__main__" in path.read_text(encoding="utf-8")]
    return sorted(names, key=lambda name: name in LONG)


def run(name: str, options: list[str], limit_s: float | None) -> str:
    """Run one and return how it ended."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *options]
    try:
        code = subprocess.run(command, cwd=ROOT, timeout=limit_s, check=False).returncode
    except subprocess.TimeoutExpired:
        return f"FAILED: not done after {limit_s:.0f} s"
    return "done" if code == 0 else f"FAILED: exit code {code}"


def main() -> int:
    """Run what is asked for; the exit code is 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--short", action="store_true", help=f"without {', '.join(LONG)}")
    parser.add_argument("--quick", action="store_true", help="do they run? writes nothing")
    options = parser.parse_args()
    known = benchmarks()
    if unknown := sorted(set(options.names) - set(known)):
        parser.error(f"no benchmark is called {unknown[0]}; there are {', '.join(known)}")
    wanted = options.names or [n for n in known if not (options.short and n in LONG)]
    rows, started = [], time.perf_counter()
    for number, name in enumerate(wanted, 1):
        so_far = time.perf_counter() - started
        print(f"\n== {name} ({number} of {len(wanted)}, after {so_far:.0f} s)", flush=True)
        before = time.perf_counter()
        mode = ["--quick"] if options.quick else ["--write"]
        end = run(name, mode, None if name in LONG else LIMITS_S.get(name, LIMIT_S))
        rows.append({"benchmark": name, "seconds": time.perf_counter() - before, "": end})
    print(f"\n{markdown_table(rows)}\n\nIn all {time.perf_counter() - started:.0f} s.")
    return 1 if any(row[""] != "done" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
