"""A mistake that can be seen without PyTorch is answered before PyTorch is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tympan.audio import synth

# Each in turn, in one process: what it said, and whether PyTorch came with it.
SCRIPT = """
import io, json, sys
from contextlib import redirect_stderr
from tympan.cli import main
found = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["tympan", *arguments]
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            main.run()
    except SystemExit as ended:
        found.append([ended.code, said.getvalue(), "torch" in sys.modules])
print(json.dumps(found))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for label in ("a", "b"):
        folder = tmp_path / "recordings" / label
        folder.mkdir(parents=True)
        synth.sine(440, duration_s=0.2, rate_hz=8000).save(folder / "1.wav")
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "sounds.csv").write_text("file_name,label\n")
    (tmp_path / "other.csv").write_text("file_name,label\nno.wav,a\n")
    return tmp_path


MISTAKES = [
    (["classify", "no.wav"], "no.wav: does not exist"),
    (["tag", "text.wav"], "text.wav: is not audio"),
    (["embed", "no.wav", "-o", "x.npz"], "does not exist"),
    (["classify", "recordings/a/1.wav", "--model", "soundz"], "no model 'soundz'"),
    (["classify", "recordings/a/1.wav", "-o", "x.foo"], "cannot be written as .foo"),
    (["hear", "no.wav"], "does not exist"),
    (["hear", "recordings/a/1.wav", "--model", "soundz"], "no model 'soundz'"),
    (["show", "no.wav"], "does not exist"),
    (["show", "recordings/a/1.wav", "-o", "-"], "show does not write to standard output"),
    (["segment", "recordings/a/1.wav", "-o", "-"], "does not write to standard output"),
    (["show", "recordings/a/1.wav", "--kind", "foo"], "unknown kind of figure 'foo'"),
    (["explain", "no.wav"], "does not exist"),
    (["explain", "recordings/a/1.wav", "--model", "soundz"], "no model 'soundz'"),
    (["find", "no.wav", "x.npz"], "no.wav: does not exist"),
    (["find", "recordings/a/1.wav", "x.npz"], "no such index"),
    (["find", "x.npz", "recordings/a/1.wav"], "the example comes first"),
    (["find", "recordings/a/1.wav", "recordings/b/1.wav"], "is a recording, not an index"),
    (["label", "recordings"], "tympan embed recordings -o recordings.npz"),
    (["train", "no"], "no: does not exist"),
    (["train"], "no recordings are given"),
    (["train", "recordings", "--metadata", "no.csv"], "no.csv: does not exist"),
    (["train", "sounds.csv"], "has no rows"),
    (["train", "other.csv"], "names no.wav (line 2) that does not exist"),
    (["train", "recordings", "--label-column", "foo"], "no table with a column 'foo'"),
    (["train", "recordings", "--task", "foo"], "no task is called 'foo'"),
    (["train", "recordings", "--from", "soundz"], "no model 'soundz'"),
    (["train", "recordings", "--out", "recordings"], "holds the recordings"),
    (["evaluate", "soundz", "recordings"], "no model 'soundz'"),
    (["evaluate", "sounds", "no"], "no: does not exist"),
    (["evaluate", "sounds", "recordings", "--split", "test"], "has no column 'split'"),
]  # fmt: skip


def test_mistakes_are_answered_without_pytorch(place: Path):
    given = json.dumps([arguments for arguments, _ in MISTAKES])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, given], cwd=place, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    for (arguments, text), (code, said, heavy) in zip(MISTAKES, found, strict=True):
        assert (code, said.count("\n")) == (2, 1), (arguments, said)
        assert text in said, (arguments, said)
        assert not heavy, arguments
