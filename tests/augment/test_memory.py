"""Keeping large blocks."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import resource, sys, torch
from tympan.augment import reuse_memory
if sys.argv[1] == "reuse" and not reuse_memory():
    print(-1)
    raise SystemExit
x = torch.zeros(12_000_000)
for _ in range(10):
    y = x + 1
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    y = x + 1
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", CODE, how], capture_output=True, text=True, check=True, timeout=120
    )
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a matter of glibc")
def test_pages_are_fetched_once_only() -> None:
    reused = faults("reuse")
    if reused < 0:
        pytest.skip("another C library")
    # Ten times 48 MB are 117,000 pages of 4 kB, or 240 where the system gives pages of 2 MB.
    assert reused < faults("plain") / 2
