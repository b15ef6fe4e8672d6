"""The commands that tests fork are those that a new Python would run, and end as they do."""

from __future__ import annotations

import errno
import io
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import tests_command
from tests_command import LOST, flushed, given, tympan_command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks as Linux can")


def wait_until_handed_over(stub: subprocess.Popen[bytes]) -> None:
    """Until the command has all files, and the stub its input no more."""
    deadline = time.monotonic() + 60
    while "0" in os.listdir(f"/proc/{stub.pid}/fd"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_only_linux_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert tympan_command("models") == [sys.executable, "-m", "tympan", "models"]


def test_a_command_that_nobody_watches_has_failed() -> None:
    with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX) as listening:
        ready = {"given": given(), "path": sys.path}
        Path(place, "ready").write_text(json.dumps(ready), "utf-8")
        listening.bind(os.path.join(place, "socket"))
        listening.listen()
        listening.settimeout(60)
        command = [sys.executable, "-IS", tests_command.__file__, place, "models"]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as stub:
            client, _ = listening.accept()
            while not client.recv(65536).endswith(b"}"):
                pass
            client.sendall((2**22).to_bytes(8, "big"))
            wait_until_handed_over(stub)
            client.close()
            assert stub.stderr is not None
            assert b"is gone" in stub.stderr.read()
    assert stub.returncode == LOST


def test_a_command_ends_with_the_process_that_a_test_kills() -> None:
    command = tympan_command("classify", "-")  # it waits for its input
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stub:
        wait_until_handed_over(stub)
        stub.kill()
        assert select.select([stub.stdout], [], [], 30)[0], "the command goes on"


def test_an_output_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "full")

    assert flushed()
    monkeypatch.setattr(sys, "stdout", Full())
    assert not flushed()


def test_nothing_stays_in_the_folder_of_temporary_files(tmp_path: Path) -> None:
    code = "import tests_command; tests_command.tympan_command()"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    home = Path(tests_command.__file__).parent
    subprocess.run([sys.executable, "-c", code], cwd=home, env=environment, check=True, timeout=300)
    assert list(tmp_path.iterdir()) == []
