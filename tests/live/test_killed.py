"""A process that is killed at any moment has lost nothing that it had logged."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tympan.live.actions.log import read_events

# Events come as fast as the disk takes them; each is printed when the log has it.
PROGRAM = """
import sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests_live import LEVEL, Given, bursts
from tympan.live.actions import make_actions
from tympan.live.engine import Watch
from tympan.live.rules import Rule, Rules

spec = {
    "log": {
        "type": "log", "path": "e.db", "clips": "clips", "pre_s": 0.1, "post_s": 0.1, "quota_mb": 1
    },
    "lines": {"type": "jsonl", "path": "e.jsonl", "when": "both"},
}
actions = make_actions(spec, Path(sys.argv[1]), print)
act = actions.by_name["lines"].act
def loudly(event):
    act(event)
    print("begin" if event.open else "end", event.key, flush=True)
actions.by_name["lines"].act = loudly
wave = bursts([(i + 0.25, i + 0.5) for i in range(60)], 60)
engine = Watch([LEVEL], Rules((Rule("loud", ("loud",), threshold=0.5),)), actions)
engine.run(Given(*[wave] * 1000))
"""


@pytest.mark.slow
def test_killed_fifty_times(tmp_path: Path) -> None:
    rng = random.Random(2026)
    known: dict[str, str] = {}
    helpers = str(Path(__file__).resolve().parents[1])
    for _ in range(50):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), helpers],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        for line in (first, *process.stdout):
            if line.endswith("\n"):
                what, key = line.split()
                known[key] = what
        process.wait()
    assert len(known) >= 50
    rows = {row["key"]: row for row in read_events(tmp_path / "e.db")}
    assert known.keys() <= rows.keys()
    assert all(rows[key]["end"] for key, what in known.items() if what == "end")
    with sqlite3.connect(tmp_path / "e.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    whole = []
    for line in (tmp_path / "e.jsonl").read_text().splitlines():
        try:
            whole.append(json.loads(line))
        except ValueError:
            continue  # cut by the kill; the next process began a new line
    assert known.keys() <= {one["key"] for one in whole}
    clips = list((tmp_path / "clips").glob("*.flac"))
    assert clips
    from tympan.audio import load

    assert all(load(path).num_samples for path in clips[:20])
