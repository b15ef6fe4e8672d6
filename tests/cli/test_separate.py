"""`tympan separate` as a process, with a separator of random weights."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests_command import tympan_command
from tests_separate import save_separator
from tympan.audio import Clip, load


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("separate")
    save_separator(root / "small")
    rng = np.random.default_rng(0)
    for name, channels in (("a.wav", 2), ("b.wav", 1)):
        wave = 0.1 * rng.standard_normal((channels, 4410)).astype(np.float32)
        Clip(wave, 44_100).save(root / name, subtype="FLOAT")
    return root


def tympan(home: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = tympan_command(*arguments, "-m", "small")
    return subprocess.run(command, capture_output=True, cwd=home, timeout=300, **options)  # type: ignore[call-overload]


def test_a_folder_of_sources_that_sum_to_each_recording(home: Path) -> None:
    found = tympan(home, "separate", "a.wav", "b.wav", "-o", "out", "--json")
    assert found.returncode == 0, found.stderr.decode()
    lines = [json.loads(line) for line in found.stdout.decode().splitlines()]
    assert [one["file"] for one in lines] == ["a.wav", "b.wav"]
    for name in ("a", "b"):
        mix = load(home / f"{name}.wav")
        parts = [load(home / "out" / name / f"{one}.wav") for one in ("voice", "rest")]
        np.testing.assert_allclose(sum(p.samples for p in parts), mix.samples, atol=1e-6)


def test_a_stream_goes_through_a_pipe(home: Path) -> None:
    wave = (home / "b.wav").read_bytes()
    found = tympan(home, "separate", "--stream", "-", input=wave)
    assert found.returncode == 0, found.stderr.decode()
    assert b"ms later" in found.stderr
    clip = load(io.BytesIO(found.stdout), partial=True)
    assert (clip.rate_hz, clip.num_samples) == (44_100, 4410)


def test_mistakes_are_one_line(home: Path) -> None:
    for arguments, word in (
        (("a.wav", "--keep", "drums"), b"drums"),
        (("none.wav",), b"none.wav"),
        (("a.wav", "--stems"), b"stems"),
        (("a.wav", "--present", "voice"), b"cannot be told what a mix consists of"),
    ):
        found = tympan(home, "separate", *arguments)
        assert found.returncode == 2
        assert word in found.stderr
        assert found.stderr.count(b"\n") == 1
