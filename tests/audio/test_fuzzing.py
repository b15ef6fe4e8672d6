"""Damaged files: a clip or a TympanError, quietly, in little memory, without a hang."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests_audio import FFMPEG, SNDFILE

SCRIPT = Path(__file__).parent / "fuzz.py"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CASES = 600


@pytest.mark.slow
def test_damaged_files_of_every_format():
    command = [sys.executable, "-X", "faulthandler", str(SCRIPT), "--cases", str(CASES)]
    run = subprocess.run(
        [*command, *([str(SHARED)] if SHARED.is_dir() else [])],
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stderr == ""  # no library talks about what it met
    [line] = run.stdout.splitlines()
    found = json.loads(line)
    assert found["read"] + found["refused"] == 5 * CASES  # `make fuzz` tries many more
    assert 10 * len([*SNDFILE, *FFMPEG]) < CASES
    # Neither everything refused nor everything swallowed.
    assert min(found["read"], found["refused"]) > CASES
    assert found["grown_mib"] < 400
