"""What the tests of the server share: a server as a process, with questions of other packages."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import tympan
from tympan.models import Card, save_model

# How long a page may take for what it is waited for.
SLOW_MS = 120_000
PLUGINS = Path(__file__).parent / "plugins"


def install_plugins(root: Path) -> Path:
    """A folder with two questions of other packages, installed; beside it a model of one."""
    site = root / "site"
    for name, points in (
        ("brightness", "[tympan.tasks]\nbrightness = brightness:VERB\n"),
        (
            "toy_question",
            "[tympan.tasks]\ntoy = toy_question:VERB\n\n"
            "[tympan.tasks.engines]\ntoy-engine = toy_question:ENGINE\n",
        ),
    ):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        shutil.copy(PLUGINS / f"{name}.py", site)
        project = name.replace("_", "-")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(points)
    place = importlib.util.spec_from_file_location("brightness", PLUGINS / "brightness.py")
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    sys.modules["brightness"] = module
    place.loader.exec_module(module)
    config = module.BrightnessConfig(mean_log2=9.0)
    state = module.Net(config).state_dict()
    card = Card(name="bright", task="brightness", config=config.to_dict())
    save_model(root / "bright", state, card)
    return site


class Running:
    """A server as a process.

    Args:
        arguments: of `tympan serve`.
        site: a folder with installed packages.
        environment: beside that of the tests.
        verb: `serve`, or `studio`.
    """

    def __init__(
        self, *arguments: str, site: Path | None = None, environment: dict[str, str] | None = None,
        verb: str = "serve",
    ) -> None:  # fmt: skip
        home = str(Path(tympan.__file__).parents[1])
        paths = [*([] if site is None else [str(site)]), home]
        command = [sys.executable, "-m", "tympan", verb, "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **(environment or {})},
        )  # fmt: skip
        self.lines: list[str] = []
        self._told: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())
            self._told.put(line)

    def started(self, seconds: float = 300) -> Running:
        """Wait until it listens."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(queue.Empty):
                line = self._told.get(timeout=0.2)
                found = re.search(r"(?:listens|studio is) at (http://[^\s/]+)(\S*)", line)
                if found:
                    self.url = found[1]
                    self.page = f"{found[1]}{found[2].rstrip(';')}"
                    self.token = self.page.partition("#token=")[2]
                    return self
        raise AssertionError("\n".join(self.lines) or "the server says nothing")

    def client(self, **options: Any) -> httpx.Client:
        """A client of it."""
        return httpx.Client(**{"base_url": self.url, "timeout": 120.0, **options})

    def workers(self) -> list[int]:
        """The processes that hold its models."""
        return [pid for pid, line in children(self.process.pid) if "tympan.serve.worker" in line]

    def decoders(self) -> list[int]:
        """The processes that decode."""
        return [pid for pid, line in children(self.process.pid) if "tympan.serve.decoder" in line]

    def end(self, seconds: float = 30) -> int:
        """Tell it to end, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


@contextlib.contextmanager
def running(*arguments: str, **options: Any) -> Iterator[Running]:
    """A server that listens, and ends with the block."""
    server = Running(*arguments, **options)
    try:
        yield server.started()
    finally:
        server.end()


def children(pid: int) -> list[tuple[int, str]]:
    """The processes that a process has begun, and their command lines."""
    if not Path("/proc/self").exists():
        pytest.skip("looks into /proc")
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (folder / "stat").read_text()
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(folder.name), line))
    return found


def figure(metrics: str, name: str) -> float:
    """A figure of `/metrics`: the sum of its lines."""
    lines = [one for one in metrics.splitlines() if one.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(one.rpartition(" ")[2]) for one in lines)


def until(page: Any, condition: str) -> None:
    """Wait until a JavaScript expression is true (the page's own policy forbids eval)."""
    end = time.monotonic() + SLOW_MS / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(100)
