"""The most memory that `tympan transcribe` ever takes, of ten minutes and of three hours of speech.

Recordings of LibriSpeech *test-other*, one after another and again from the beginning, in one file
(16 kHz, FLAC). Each figure is a new process of the command, which writes a text; *memory* is the
highest resident memory that it had (Python, PyTorch and all). Flat means that three hours take no
more than 15 % more than ten minutes: what grows is the answer itself. Engines go through the same
windows; what they take beside is on the page of recognisers. One thread. One run of each, of which
nothing is drawn, whatever the seed.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._memory import peak_kib
from benchmarks.common import DATA, Row, arguments, key_of, main
from benchmarks.transcribe import engine_path

LENGTHS_S = {"10 min": 600, "3 h": 10_800}
QUICK_S = {"10 s": 10, "20 s": 20}
# Name → arguments of the command.
RECOGNISERS = {"english": ["--model", "english"]}
FLAT = 1.15
# `python -m tympan`, with the packages of the engines from where they are.
COMMAND = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module('tympan', run_name='__main__', alter_sys=True)"
)


def write_speech(out: Path, seconds: float) -> None:
    """Recordings one after another until they last so long."""
    import soundfile

    paths = sorted((DATA / "librispeech" / "audio" / "test-other").glob("*.flac"))
    left = round(seconds * 16_000)
    with soundfile.SoundFile(out, "w", 16_000, 1, format="FLAC") as file:
        while left > 0:
            for path in paths:
                samples, _ = soundfile.read(path, dtype="int16")
                file.write(samples[:left])
                left -= len(samples)
                if left <= 0:
                    break


def transcribed(path: Path, flags: list[str]) -> tuple[float, float, int]:
    """Mebibytes, processor seconds and words of one process of the command."""
    out = path.with_suffix(".txt")
    command = [sys.executable, "-c", COMMAND, engine_path()]
    command += ["transcribe", str(path), *flags, "-o", str(out)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    highest_kib = 0
    while process.poll() is None:
        with contextlib.suppress(OSError, IndexError):  # it has just ended
            highest_kib = max(highest_kib, peak_kib(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"long_speech: {' '.join(command)} ended with {process.returncode}")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
    return highest_kib / 1024, cpu_s, len(out.read_text(encoding="utf-8").split())


def measure(lengths_s: dict[str, int]) -> tuple[list[Row], dict[str, float]]:
    """A row for each recogniser, and figures."""
    rows: list[Row] = []
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seconds in lengths_s.values():
            write_speech(Path(folder, f"{seconds}.flac"), seconds)
        for name, flags in RECOGNISERS.items():
            row: dict[str, object] = {"recogniser": name}
            found = {}
            for length, seconds in lengths_s.items():
                found[length] = transcribed(Path(folder, f"{seconds}.flac"), flags)
                row[f"{length}, MiB"] = f"{found[length][0]:.0f}"
                figures[key_of(f"{name} {length} mib")] = found[length][0]
                print(name, length, found[length], flush=True)
            short, long = found.values()
            row["flat"] = "yes" if long[0] <= FLAT * short[0] else "no"
            row["words of the longer"] = long[2]
            row["cpu, s a second"] = f"{long[1] / max(lengths_s.values()):.3f}"
            rows.append(row)
    return rows, figures


if __name__ == "__main__":
    if not (DATA / "librispeech").is_dir():
        sys.exit("the development recordings (../shared/data) are not here")
    rows, figures = measure(QUICK_S if arguments("long_speech").quick else LENGTHS_S)
    main(
        "long_speech", rows, figures, title="Long speech", about=(__doc__ or "").strip(),
    )  # fmt: skip
