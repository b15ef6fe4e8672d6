"""Log-mel and its kin beside librosa, each measured in many fresh processes.

A ratio from one process tells how that process fared: where its memory lies, what the machine does
beside it. Here a process measures one library on one signal and ends, tympan's and librosa's take
turns, and the ratio is given over all pairs: the median, and the range from the least to the most.
Within a process the first call is left out; of the following the median counts. One thread each.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.common import Timing, arguments, main, speedup, times_faster

ROOT = Path(__file__).resolve().parents[1]
PROCESSES, CALLS, SEED = 7, 3, 0
# Case of benchmarks.spectra, number of its setting (16 and 44.1 kHz), seconds.
CASES = (
    ("log_mel", 0, 5),
    ("log_mel", 0, 600),
    ("log_mel", 1, 600),
    ("stft", 0, 600),
    ("mfcc", 0, 60),
)
QUICK_CASES = (("log_mel", 0, 1),)
RATES = ("16 kHz", "44.1 kHz")


def alone(case: str, setting: int, duration_s: int, library: str) -> None:
    """Print the seconds of a call; what each process runs."""
    import torch

    from benchmarks import spectra

    torch.set_num_threads(1)
    s = spectra.SETTINGS[setting]
    build, _ = spectra.CASES[case]
    function = build(spectra.sound(s.rate_hz, duration_s), s)[library]
    function()
    figures = []
    # Calls of a millisecond are repeated, so that the clock's steps do not matter.
    repeats = 1 if duration_s >= 60 else 50
    for _ in range(CALLS):
        start = time.perf_counter()
        for _ in range(repeats):
            function()
        figures.append((time.perf_counter() - start) / repeats)
    print(statistics.median(figures))


def in_a_process(case: str, setting: int, duration_s: int, library: str) -> float:
    """The seconds of a call in a new process."""
    call = (
        f"from benchmarks.fresh import alone; alone({case!r}, {setting}, {duration_s}, {library!r})"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", call],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def measure(quick: bool) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Return the rows of the table and the figures."""
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for case, setting, duration_s in QUICK_CASES if quick else CASES:
        seconds: dict[str, list[float]] = {"tympan": [], "librosa": []}
        for turn in range(1 if quick else PROCESSES):
            for library in list(seconds)[:: 1 if turn % 2 == 0 else -1]:
                seconds[library].append(in_a_process(case, setting, duration_s, library))
        timings = {name: Timing(tuple(values)) for name, values in seconds.items()}
        rows.append({
            "what": case,
            "signal": f"{RATES[setting]}, {duration_s} s",
            "tympan": timings["tympan"],
            "librosa": timings["librosa"],
            "faster than librosa": times_faster(timings, "librosa"),
        })  # fmt: skip
        print(" | ".join(str(value) for value in rows[-1].values()), file=sys.stderr, flush=True)
        key = f"{case}_{RATES[setting].split()[0].replace('.', '_')}k_{duration_s}s_vs_librosa"
        figures[key] = speedup(timings, "tympan", "librosa")
    return rows, figures


if __name__ == "__main__":
    options = arguments("fresh")
    table, ratios = measure(options.quick)
    about = (__doc__ or "") + (
        f"\n{PROCESSES} processes for each library and signal, {CALLS} measured calls in each; "
        f"frames and bands as in `benchmarks/spectra.py`; seed {SEED}."
    )
    main("fresh", table, ratios, title="Speed over fresh processes", about=about)
