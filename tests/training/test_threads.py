"""Trainings that run at once share the cores."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from tympan.errors import ArgumentError
from tympan.training.threads import compute_threads, threads_beside

HOLD = """
import sys
from tympan.training.threads import compute_threads
with compute_threads(None):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_slots(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield
    monkeypatch.setattr("tempfile.tempdir", None)


def test_a_training_beside_another_takes_its_share():
    torch.set_num_threads(2)
    try:
        with compute_threads(None) as alone:
            assert alone == torch.get_num_threads() == 2
        other = subprocess.Popen(
            [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with compute_threads(None) as shared:
            assert shared == torch.get_num_threads() == 1
        with compute_threads(2) as wanted:
            assert wanted == 2
        assert torch.get_num_threads() == 2  # as before
        other.kill()  # however it ends, its share is free
        other.wait()
        with compute_threads(None) as again:
            assert again == 2
    finally:
        torch.set_num_threads(1)


def test_shares():
    assert [threads_beside(n, 8) for n in (0, 1, 2, 3, 20)] == [8, 4, 2, 2, 1]
    with pytest.raises(ArgumentError, match="threads=0"), compute_threads(0):
        pass
