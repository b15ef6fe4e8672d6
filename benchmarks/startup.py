"""How long a person waits before anything happens: help, import, first answer.

Each figure is a new process, timed from outside, with a warm disk cache.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import Timing, arguments, compare, main

SOUNDS = "0.3"  # version of the shipped model that these figures are of
PYTHON = sys.executable
LIMIT_HELP_S = 0.3
ROUNDS = 7
QUICK = ("python -c pass", "tympan --help")


def commands(clip: Path) -> dict[str, list[str]]:
    """Return what is measured: name → command."""
    classify = f"import tympan; tympan.classify({str(clip)!r})"
    return {
        "python -c pass": [PYTHON, "-c", "pass"],
        "tympan --help": [PYTHON, "-m", "tympan", "--help"],
        "tympan models": [PYTHON, "-m", "tympan", "models"],
        "import tympan": [PYTHON, "-c", "import tympan"],
        "import torch": [PYTHON, "-c", "import torch"],
        "import librosa, and its load": [PYTHON, "-c", "import librosa; librosa.load"],
        "first tympan.load": [PYTHON, "-c", f"import tympan; tympan.load({str(clip)!r})"],
        "first tympan.classify": [PYTHON, "-c", classify],
    }


def runs(command: list[str]) -> bool:
    """Say whether a command works here (a peer may be missing)."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def measure(quick: bool = False) -> dict[str, Timing]:
    """Return name → timing of all commands that work."""
    import tympan

    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        tympan.synth.sine(frequency_hz=440, duration_s=5, rate_hz=44100).save(clip)
        wanted = {k: v for k, v in commands(clip).items() if not quick or k in QUICK}
        working = {name: one for name, one in wanted.items() if runs(one)}
        candidates = {
            name: lambda one=one: subprocess.run(one, capture_output=True, check=True)
            for name, one in working.items()
        }
        return compare(candidates, rounds=1 if quick else ROUNDS, round_s=0.0)


if __name__ == "__main__":
    options = arguments("startup")
    timings = measure(options.quick)
    rows = [{"what": name, "time": timing} for name, timing in timings.items()]
    figures = {re.sub(r"\W+", "_", name) + "_s": one.median_s for name, one in timings.items()}
    figures["help_vs_limit"] = LIMIT_HELP_S / timings["tympan --help"].median_s
    main(
        "startup",
        rows,
        figures,
        title="Start-up",
        about="How long a new process takes to do what the row says, measured from outside, files "
        f"in the disk cache. `tympan --help` is to answer in less than {LIMIT_HELP_S} s. The first "
        "`classify` is of five seconds at 44.1 kHz, with PyTorch loaded and the model checked. "
        f"{ROUNDS} rounds in which the commands take turns, their range in brackets; no seed, as "
        "nothing is random.",
    )
