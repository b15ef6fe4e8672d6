"""The most memory ever taken by `probe`, `load`, `blocks`, `show`, `classify`, `explain`, `hear`,
`evaluate` and `train`, on ten seconds, ten minutes and three hours.

The other verbs were not measured here; those that answer windows go through the same engine.

Every figure is a new process that does one thing with one file and then prints the highest resident
memory it had (VmHWM: Python, PyTorch and all). Flat means that three hours take no more than ten
minutes do. `load` cannot be flat: it gives all samples at once; it stands here for comparison.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from benchmarks._memory import peak_kib
from benchmarks.common import arguments, main

LENGTHS_S = {"10 s": 10, "10 min": 600, "3 h": 10800}
QUICK_S = {"1 s": 1, "2 s": 2, "4 s": 4}
QUICK_VERBS = ("probe", "load", "blocks")
# Kind of file → extension, format in `_files`, rate in Hz, channels.
KINDS = {
    "mono, 16 kHz, FLAC": ("flac", "FLAC", 16000, 1),
    "stereo, 44.1 kHz, FLAC": ("flac", "FLAC", 44100, 2),
}
# What may differ between ten minutes and three hours: answers and timelines, caches of libraries.
FLAT = 1.15
LOAD_ONLY_S = 600
# These decode everything before they start, so one kind of long file is enough.
FOLDER_VERBS = ("evaluate", "train")
NOT_FLAT = ("load",)
# These mix to mono before they begin: three hours of stereo would show what `blocks` shows.
MONO_FIRST = ("classify", "explain")


@dataclass(frozen=True)
class Peak:
    """What one process took."""

    mebibytes: float
    seconds: float


def blocks(path: Path, out: Path) -> None:
    import tympan

    assert sum(block.clip.num_samples for block in tympan.blocks(path)) > 0


def evaluate(path: Path, out: Path) -> None:
    import tympan

    tympan.evaluate("sounds", path)


def train(path: Path, out: Path) -> None:
    import tympan

    tympan.train(path, from_="sounds", out=out / "model", epochs=1, progress=False)


def call(name: str, *extra: object, **options: object) -> Callable[[Path, Path], None]:
    """A verb of `tympan` on a path."""

    def run(path: Path, out: Path) -> None:
        import tympan

        paths = [out / str(one) for one in extra]
        getattr(tympan, name)(path, *paths, **options)

    return run


def show(path: Path, out: Path) -> None:
    import tympan

    tympan.show(path, "all", path=out / "pictures")


VERBS: dict[str, Callable[[Path, Path], None]] = {
    "probe": call("probe"),
    "load": call("load"),
    "blocks": blocks,
    "show": show,
    "classify": call("classify"),
    "explain": call("explain", "explained"),
    "hear": call("hear", "report.html"),
    "evaluate": evaluate,
    "train": train,
}


def child(verb: str, path: Path) -> None:
    """In the new process: do it, and print how much memory it took."""
    # Under `python -m` this module is known by two names, and VERBS holds what is needed.
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TYMPAN_CACHE"] = f"{folder}/cache"
        started = time.perf_counter()
        VERBS[verb](path, Path(folder))
        seconds = time.perf_counter() - started
    print(f"PEAK {peak_kib()} {seconds}")


def measure_one(verb: str, path: Path) -> Peak:
    """Run a verb in a new process on one thread."""
    command = [sys.executable, "-m", "benchmarks.memory", "--child", verb, str(path)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"memory: {verb} on {path.name} failed:\n{done.stderr}")
    _, kib, seconds = done.stdout.strip().splitlines()[-1].split()
    return Peak(int(kib) / 1024, float(seconds))


def make_files(folder: Path, lengths_s: dict[str, int]) -> dict[tuple[str, str], Path]:
    """Write each kind of file in each length; half a minute of sound again and again."""
    from benchmarks._files import sound, write

    found = {}
    for kind, (suffix, form, rate_hz, channels) in KINDS.items():
        samples = sound(min(30, min(lengths_s.values())), rate_hz, channels)
        for length, seconds in lengths_s.items():
            path = folder / f"{channels}-{seconds}.{suffix}"
            write(path, form, samples, rate_hz, seconds)
            found[kind, length] = path
    return found


def make_folder(folder: Path, seconds: int) -> Path:
    """Two labels of the shipped model, each with short clips and one recording of this length."""
    from benchmarks._files import sound, write

    for number, label in enumerate(("rain", "siren")):
        (folder / label).mkdir(parents=True)
        for i in range(10):
            samples = sound(2.0, 16000, 1, seed=100 * number + i)
            write(folder / label / f"{i}.flac", "FLAC", samples, 16000)
        samples = sound(10.0, 16000, 1, seed=100 * number + 50)
        write(folder / label / "long.flac", "FLAC", samples, 16000, seconds)
    return folder


def jobs(folder: Path, lengths_s: dict[str, int]) -> dict[tuple[str, str, str], Path]:
    """What to measure: (verb, kind of file, length) → file or folder."""
    files = make_files(folder, lengths_s)
    verbs = QUICK_VERBS if lengths_s is QUICK_S else tuple(VERBS)
    found = {
        (verb, kind, length): path
        for verb in verbs
        if verb not in FOLDER_VERBS
        for (kind, length), path in files.items()
        if lengths_s[length] <= LOAD_ONLY_S
        or not (verb in NOT_FLAT or (verb in MONO_FIRST and KINDS[kind][3] > 1))
    }
    for length, seconds in lengths_s.items():
        path = make_folder(folder / f"folder-{seconds}", seconds)
        for verb in set(FOLDER_VERBS) & set(verbs):
            found[verb, "folder with two mono files", length] = path
    return found


def cores() -> int:
    """Cores that this process may use (`taskset` gives it fewer)."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def measure(lengths_s: dict[str, int]) -> dict[tuple[str, str, str], Peak]:
    """Measure everything, the longest first, one process on each core."""
    peaks = {}
    with tempfile.TemporaryDirectory() as name:
        todo = jobs(Path(name), lengths_s)
        order = sorted(todo, key=lambda key: -lengths_s[key[2]] * (2 + (key[0] == "hear")))
        with ThreadPoolExecutor(min(2, cores())) as pool:
            running = {pool.submit(measure_one, key[0], todo[key]): key for key in order}
            for done in as_completed(running):
                key = running[done]
                peaks[key] = peak = done.result()
                figures = f"{peak.mebibytes:.0f} MiB, {peak.seconds:.1f} s"
                print(" | ".join(key), figures, sep=" | ", file=sys.stderr, flush=True)
    return peaks


def table(
    peaks: dict[tuple[str, str, str], Peak], lengths_s: dict[str, int]
) -> tuple[list[dict[str, object]], dict[str, float]]:
    """The rows, one for each verb and kind of file, and the figures."""
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    _, middle, longest = lengths_s
    kinds = dict.fromkeys((verb, kind) for verb, kind, _ in peaks)
    for verb, kind in sorted(kinds, key=lambda pair: (list(VERBS).index(pair[0]), pair[1])):
        row: dict[str, object] = {"verb": verb, "file": kind}
        key = "_".join((verb + " " + kind.split(",")[0].split()[0]).replace(",", "").split())
        for length in lengths_s:
            peak = peaks.get((verb, kind, length))
            row[f"{length}, MiB"] = "–" if peak is None else f"{peak.mebibytes:.0f}"
            if peak is not None:
                figures[f"{key}_{length.replace(' ', '')}_mib"] = peak.mebibytes
        if (verb, kind, longest) in peaks:
            last = peaks[verb, kind, longest]
            growth = last.mebibytes / peaks[verb, kind, middle].mebibytes
            figures[f"{key}_growth"] = growth
            row[f"{longest} over {middle}"] = f"{growth:.2f}"
            row["flat"] = "yes" if growth <= FLAT else "no"
            seconds = f"{last.seconds:.3g}" if last.seconds < 1000 else f"{last.seconds:,.0f}"
            row[f"time for {longest}"] = f"{seconds} s"
        else:
            row |= {f"{longest} over {middle}": "–"}
            row["flat"] = "no, and cannot be" if verb in NOT_FLAT else "as with mono"
        rows.append(row)
    return rows, figures


WHY = f"""
Flat is called what grows by less than {FLAT - 1:.0%} between ten minutes and three hours. What
remains of growth is the answer itself (a timeline of thousands of steps), the page that holds a
small copy of the sound, and what the C library keeps of freed blocks.

- **Pictures** (`show`, the report): samples and spectra go into a bounded number of columns while
  they pass; when these are full, neighbours are merged (`tympan.spectra.figures_stream`).
- **Answers**: of the past only what the next window needs is kept
  (`tympan.tasks.classify.answer`).
- **`train` and `evaluate`** decode once, block by block, into a cache on disk, and read from it
  what they need. It was mapped into memory at first: then every page that was touched stayed with
  the process, up to all of the recordings. Reading instead takes the same time.
- **The player** of the report is encoded to disk block by block.
"""


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        parser = argparse.ArgumentParser()
        parser.add_argument("--child", nargs=2)
        verb, path = parser.parse_args().child
        child(verb, Path(path))
        sys.exit()
    options = arguments("memory")
    lengths_s = QUICK_S if options.quick else LENGTHS_S
    rows, figures = table(measure(lengths_s), lengths_s)
    main(
        "memory",
        rows,
        figures,
        title="Memory",
        about=(__doc__ or "").strip()
        + "\n\nThe files are made on the spot: a wandering tone in pink noise (seed 0), repeated. "
        "One thread in each process, beside other work, so the times are no benchmark. "
        "One run of each: from run to run the figures differ by a few mebibytes.",
        why=WHY,
    )
