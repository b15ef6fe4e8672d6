"""Sources that come through a pipe: named, of the shell, or as an object that cannot seek."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests_audio import encoded
from tympan.audio import _pipe, blocks, concat, load, probe
from tympan.audio._source import rereadable
from tympan.errors import AudioFileError

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


def sending(path: Path, data: bytes) -> threading.Thread:
    """Write into a pipe as another program would, then close it."""

    def send() -> None:
        with path.open("wb") as pipe:
            for start in range(0, len(data), 1000):
                pipe.write(data[start : start + 1000])

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "pipe.wav"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("name", ["wav-16", "m4a", "vorbis", "mp3", "webm"])
def test_named_pipes(name, fifo):
    wanted = load(encoded(name))
    ways = (
        load,
        lambda path: concat(block.clip for block in blocks(path, block_s=0.3)),
        lambda path: load(rereadable(path)),
    )
    for way in ways:
        thread = sending(fifo, encoded(name))
        assert np.array_equal(way(fifo).samples, wanted.samples)
        thread.join()
    thread = sending(fifo, encoded(name))
    info = probe(fifo)
    thread.join()
    assert (info.path, info.rate_hz) == (str(fifo), wanted.rate_hz)


def test_a_pipe_is_read_again_after_it_was_kept(fifo):
    thread = sending(fifo, encoded("wav-16"))
    kept = rereadable(fifo)
    thread.join()
    for _ in range(2):
        assert load(kept).name == "pipe.wav"
        assert probe(kept).path == str(fifo)


@pytest.mark.parametrize("source", ["'/dev/stdin'", "sys.stdin.buffer"])
def test_standard_input(source):
    code = f"import sys; from tympan.audio import load; print(load({source}).num_samples)"
    run = subprocess.run(
        [sys.executable, "-c", code], input=encoded("flac-16"), capture_output=True, check=True
    )
    assert int(run.stdout) == load(encoded("flac-16")).num_samples


def test_nothing_comes(fifo, monkeypatch):
    thread = sending(fifo, b"")
    with pytest.raises(AudioFileError, match="is empty"):
        load(fifo)
    thread.join()
    monkeypatch.setattr(_pipe, "WAIT_FOR_WRITER_S", 0.3)
    with pytest.raises(AudioFileError, match=r"nothing was written for 0\.3 s"):
        load(fifo)


def test_a_writer_that_sends_no_sound(fifo):
    thread = sending(fifo, b"Dear diary, " * 1000)
    with pytest.raises(AudioFileError, match="not audio"):
        load(fifo)
    thread.join()


def test_objects_that_cannot_seek():
    class Response:
        """As a web response: it reads, and nothing else."""

        def __init__(self, data: bytes) -> None:
            self._inner = io.BytesIO(data)

        def read(self, count: int = -1) -> bytes:
            return self._inner.read(min(count, 777) if count > 0 else count)

    for name in ("wav-16", "m4a", "opus"):
        wanted = load(encoded(name))
        assert np.array_equal(load(Response(encoded(name))).samples, wanted.samples)
        assert probe(Response(encoded(name))).rate_hz == wanted.rate_hz
        assert sum(1 for _ in blocks(Response(encoded(name)), block_s=0.5)) == 3
