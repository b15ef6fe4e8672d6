"""Workers and decoders that die, queues that are full, clients that go, the end of the server."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests_serve import Running, figure, running
from tympan.audio import Clip

# Each has a server of its own.
pytestmark = pytest.mark.slow


def eventually(true: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.1)
    return False


def noise(seconds: float, rate_hz: int = 16_000) -> bytes:
    rng = np.random.default_rng(0)
    wave = rng.normal(0, 0.1, int(seconds * rate_hz)).astype(np.float32)
    return Clip(wave, rate_hz).to_wav_bytes()


def test_a_worker_that_is_killed_loses_nothing(place: Path, short: bytes) -> None:
    statuses: list[int] = []
    with running("--models", "sounds") as server, server.client() as client:
        stop = threading.Event()

        def ask() -> None:
            with server.client() as own:
                while not stop.is_set():
                    found = own.post("/v1/classify", files={"file": ("x.wav", short)})
                    statuses.append(found.status_code)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask) for _ in range(4)]
            for _ in range(2):
                enough = len(statuses) + 4
                assert eventually(lambda enough=enough: len(statuses) >= enough)
                assert eventually(lambda: bool(server.workers()))
                os.kill(server.workers()[0], signal.SIGKILL)
            enough = len(statuses) + 4
            assert eventually(lambda: len(statuses) >= enough)
            stop.set()
            for one in asking:
                one.result()
        deaths = figure(client.get("/metrics").text, "tympan_worker_deaths_total")
    assert set(statuses) == {200}
    assert deaths == 2


def test_a_decoder_that_is_stuck_is_killed(tmp_path: Path, short: bytes) -> None:
    # In the place of the decoder: one that never answers about what begins so.
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import sys, time\n"
        "if any('serve.decoder' in one for one in sys.orig_argv):\n"
        "    import tympan.audio\n"
        "    own = tympan.audio.blocks\n"
        "    def blocks(source, **options):\n"
        "        if b'STUCK' in open(source, 'rb').read(100): time.sleep(1000)\n"
        "        if b'CRASH' in open(source, 'rb').read(100): import os; os.kill(os.getpid(), 9)\n"
        "        return own(source, **options)\n"
        "    tympan.audio.blocks = blocks\n"
    )
    with (
        running("--models", "sounds", "--patience", "5", "--decode", "3", site=site) as server,
        server.client() as client,
    ):
        stuck = client.post("/v1/classify", files={"file": ("a.wav", b"STUCK" * 100)})
        crash = client.post("/v1/classify", files={"file": ("b.wav", b"CRASH" * 100)})
        fine = client.post("/v1/classify", files={"file": ("x.wav", short)})
        killed = figure(client.get("/metrics").text, "tympan_decoders_killed_total")
    assert stuck.status_code == 400
    assert "takes too long" in stuck.json()["error"]["message"]
    assert crash.status_code == 400
    assert "broke the decoder" in crash.json()["error"]["message"]
    assert fine.status_code == 200
    assert killed == 2


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A package with a question whose model takes a second for each step."""
    site = tmp_path / "site"
    info = site / "slowly-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slowly\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[tympan.tasks]\nslowly = slowly:VERB\n\n"
        "[tympan.tasks.engines]\nslowly-engine = slowly:ENGINE\n"
    )
    (site / "slowly.py").write_text(SLOWLY)
    return site


SLOWLY = """
import time
from tympan.tasks.engines import Engine
from tympan.tasks.model import BaseModel
from tympan.tasks.results import Classification
from tympan.tasks.verbs import Option, Verb

class Session:
    def __init__(self, name, wait_s): self.name, self.wait_s = name, wait_s
    def push(self, wave):
        if self.wait_s < 0: raise RuntimeError("a fault of the model")
        time.sleep(self.wait_s)
        return ()
    def result(self): return Classification(self.name, (), (), model="slowly-engine")

class Model(BaseModel):
    name, task, rate_hz, labels, device = "slowly-engine", "slowly", 8000, (), "cpu"
    def session(self, *, name="", wait_s=1.0, **options): return Session(name, wait_s)

class Task:
    name, accepts = "slowly", ("slowly",)
    def load(self, model, device): return Model()

def load(device): return Model()
TASK = Task()
VERB = Verb("slowly", "Slowly.", "slowly:TASK", (Option("wait_s", float, 1.0, "Seconds."),))
ENGINE = Engine("slowly-engine", "slowly", "slowly", "", "MIT", 0.1, "Slow.", "slowly:load")
"""


def test_a_full_queue_says_when_to_come_again(slow: Path) -> None:
    data = noise(0.5)
    with running("--models", "slowly-engine", "--queue", "3", site=slow) as server:

        def ask(wait_s: float) -> httpx.Response:
            with server.client() as client:
                return client.post("/v1/slowly", files={"file": data}, data={"wait_s": wait_s})

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            found = list(pool.map(ask, [1.0] * 12))
        refused = [one for one in found if one.status_code == 429]
        assert {one.status_code for one in found} == {200, 429}
        assert len(refused) >= 6
        assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
        assert refused[0].json()["error"]["type"] == "rate_limit_error"
        assert ask(0.0).status_code == 200


def test_a_deadline_a_fault_and_a_client_that_goes(slow: Path) -> None:
    data = noise(0.5)
    with (
        running("--models", "slowly-engine", "--deadline", "2", site=slow) as server,
        server.client() as client,
    ):
        fault = client.post("/v1/slowly", files={"file": data}, data={"wait_s": -1})
        late = client.post("/v1/slowly", files={"file": data}, data={"wait_s": 4})
        after = client.post("/v1/slowly", files={"file": data}, data={"wait_s": 0})
        with pytest.raises(httpx.TimeoutException), server.client(timeout=1.0) as hasty:
            hasty.post("/v1/slowly", files={"file": data}, data={"wait_s": 1.5})
        assert eventually(
            lambda: figure(client.get("/metrics").text, "tympan_requests_open") == 0, 20
        )
        assert eventually(
            lambda: figure(client.get("/metrics").text, "tympan_spool_bytes") == 0, 20
        )
    assert fault.status_code == 500
    assert fault.json()["error"]["code"] == "internal_error"
    assert "RuntimeError" in fault.json()["error"]["message"]
    assert late.status_code == 504
    assert late.json()["error"]["code"] == "deadline_exceeded"
    assert after.status_code in (200, 504)  # the model may still be busy with the one before


def test_the_end_finishes_what_was_taken(slow: Path) -> None:
    server = Running("--models", "slowly-engine", site=slow).started()
    with concurrent.futures.ThreadPoolExecutor(1) as pool, server.client() as client:
        asking = pool.submit(
            client.post, "/v1/slowly", files={"file": noise(0.5)}, data={"wait_s": 3}
        )
        with server.client() as other:
            eventually(lambda: figure(other.get("/metrics").text, "tympan_requests_open") == 1)
        workers = server.workers()
        code = server.end()
        assert asking.result().status_code == 200
    assert code in (0, -signal.SIGTERM)
    assert workers
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 10)


def test_workers_do_not_outlive_a_server_that_is_killed(slow: Path, tmp_path: Path) -> None:
    spool = tmp_path / "tmp"
    spool.mkdir()
    options = {"site": slow, "environment": {"TMPDIR": str(spool)}}
    server = Running("--models", "slowly-engine", **options).started()
    workers = server.workers()
    server.process.kill()
    server.process.wait()
    assert workers
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 20)
    assert list(spool.glob("tympan-serve-*"))
    with running("--models", "slowly-engine", **options):  # the next one clears up behind it
        assert len(list(spool.glob("tympan-serve-*"))) == 1


def test_an_idle_model_leaves_the_memory_and_comes_back(short: bytes) -> None:
    with running("--unload-after", "2") as server, server.client() as client:

        def loaded() -> float:
            return figure(client.get("/metrics").text, "tympan_model_loaded")

        assert loaded() == 0
        first = client.post("/v1/classify", files={"file": ("x.wav", short)})
        assert loaded() == 1
        assert eventually(lambda: loaded() == 0, 30)
        again = client.post("/v1/classify", files={"file": ("x.wav", short)})
        assert loaded() == 1
    assert first.json()["labels"] == again.json()["labels"]
