"""Serve: requests a second, and what a full server does.

A server as a process, asked over the loopback by clients of one process (asyncio, HTTP/1.1, one
connection each): `POST /v1/classify` with a recording of five seconds at 16 kHz (16-bit WAV,
160 kB), which is sent, spooled, decoded in a process of its own, answered by the model `sounds` and
told as JSON.

- **Throughput** at 1, 8 and 64 clients that each ask again as soon as they have an answer; beside a
  server that answers one recording at a time (a worker that is given one request at once, so no
  windows share a batch), and beside the model called in a loop in one process, without a server.
- **Load**: requests that come at random times (Poisson), at the rate that 8 clients reached and at
  three times that; how long answers take, how many are refused with 429 (the queue holds 64), and
  whether any is lost.
- **Memory** of all processes of the server after so many requests.
- **Harm**: hostile uploads (damaged WAV, FLAC, Ogg and MP3, playlists, headers alone, noise), each
  of which must be told 400 unless it can be decoded all the same, while good requests in between
  are answered; a worker killed with SIGKILL under load.

The clients run on the same cores as the server, and take their share.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.common import arguments, main

SEED, CLIP_S, RATE_HZ = 2026, 5.0, 16_000
CLIENTS, CLOSED_S = (1, 8, 64), 20.0
LOADS, LOAD_S = (1.0, 3.0), 300.0
HOSTILE, KILLS = 1000, 1
numbers = {
    "load": (LOAD_S, "seconds of each load"),
    "hostile": (HOSTILE, "hostile uploads"),
    "requests": (10_000, "requests after which memory is looked at last"),
}
QUICK_S, QUICK_HOSTILE = 2.0, 24
# A connection that was idle longer is not used again: the server closes such ones (after 15 s), and
# whether it has seen a request that was on its way meanwhile, nobody could tell.
_IDLE_S = 5.0

WHY = (
    "Batches bring a third more answers at 8 clients and half as many again at 64; with one client "
    "there is nothing to join. The server, its decoding and the clients share two cores, of which "
    "a loop without a server uses one. At three times the capacity what the queue does not hold "
    "is refused at once, and what it holds is answered. Of 47,270 requests under load none was "
    "lost. Memory did not grow over 50,000 requests. The hostile uploads that were answered are "
    "MP3 and Ogg that can be decoded in spite of their damage. A killed worker cost no request. Of "
    "a single run there is no spread."
)


@dataclass
class Seen:
    """What a run of requests has seen."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    lost: int = 0
    whole_s: float = 0.0

    def lose(self, error: Exception) -> None:
        """Count a request that had no answer, and say why."""
        self.lost += 1
        print(f"lost: {error!r}", file=sys.stderr)

    def note(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 200:
            self.seconds.append(seconds)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / max(self.whole_s, 1e-9)

    def quantile_ms(self, share: float) -> float:
        """How long answers take."""
        own = sorted(self.seconds) or [float("nan")]
        return 1000 * own[min(len(own) - 1, int(share * len(own)))]


@contextlib.contextmanager
def server(*given: str) -> Iterator[Server]:
    """A server as a process, until the block ends."""
    found = Server(given)
    try:
        yield found
    finally:
        found.process.send_signal(signal.SIGTERM)
        found.process.wait(60)


class Server:
    """A server as a process."""

    def __init__(self, given: tuple[str, ...]) -> None:
        command = [sys.executable, "-m", "tympan", "serve", "--port", "0", "-m", "sounds", *given]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if "listens at" in line:
                self.host, _, port = line.strip().rpartition("/")[2].partition(":")
                self.port = int(port)
                return
        raise RuntimeError("the server did not begin")

    def processes(self) -> list[int]:
        """Its number and those of its children."""
        found = [self.process.pid]
        for one in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError):
                if int(one.read_text().rpartition(")")[2].split()[1]) == self.process.pid:
                    found.append(int(one.parent.name))
        return found

    def resident_mb(self) -> float:
        """Memory of all its processes."""
        from tympan.serve.held import resident_bytes

        return sum(map(resident_bytes, self.processes())) / 1e6

    def worker(self) -> int:
        """A process that holds models."""
        for pid in self.processes()[1:]:
            with contextlib.suppress(OSError):
                if b"serve.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return 0


class Client:
    """One connection to a server."""

    def __init__(self, to: Server) -> None:
        self._to = to
        self._pipes: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_s = 0.0

    async def post(self, body: bytes, kind: str = "audio/wav") -> int:
        """Ask; the status of the answer."""
        if self._pipes is not None:
            reader = self._pipes[0]
            idle_s = time.perf_counter() - self._used_s
            if reader.at_eof() or reader.exception() or idle_s > _IDLE_S:
                self.close()
        if self._pipes is None:
            self._pipes = await asyncio.open_connection(self._to.host, self._to.port)
        reader, writer = self._pipes
        head = f"POST /v1/classify?top=1 HTTP/1.1\r\nHost: {self._to.host}\r\n"
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = int(told.partition("content-length:")[2].split()[0])
        await reader.readexactly(size)
        self._used_s = time.perf_counter()
        if "connection: close" in told:
            self.close()
        return int(told.split()[1])

    def close(self) -> None:
        """Close the connection."""
        if self._pipes is not None:
            self._pipes[1].close()
            self._pipes = None


def recording() -> bytes:
    """Five seconds of the demo scene, as WAV."""
    from tympan.audio.scenes import demo_scene

    return demo_scene()[0].slice(0, CLIP_S).resample(RATE_HZ).mono().to_wav_bytes()


async def closed(to: Server, body: bytes, clients: int, seconds: float) -> Seen:
    """So many clients that each ask as soon as they have an answer, for so long."""
    end = time.perf_counter() + seconds
    return await asked(to, body, clients, lambda: time.perf_counter() < end)


async def asked(to: Server, body: bytes, clients: int, more: Callable[[], bool]) -> Seen:
    """So many clients that each ask as soon as they have an answer, while there is more to ask."""
    seen = Seen()

    async def ask() -> None:
        client = Client(to)
        while more():
            began = time.perf_counter()
            try:
                seen.note(await client.post(body), time.perf_counter() - began)
            except (OSError, asyncio.IncompleteReadError) as error:
                seen.lose(error)
                client.close()
        client.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(clients)))
    seen.whole_s = time.perf_counter() - began
    return seen


async def opened(to: Server, body: bytes, per_second: float, seconds: float) -> Seen:
    """Requests at random times, whether the server keeps up or not."""
    rng, seen = np.random.default_rng(SEED), Seen()
    free: list[Client] = []

    async def ask() -> None:
        client = free.pop() if free else Client(to)
        began = time.perf_counter()
        try:
            seen.note(await client.post(body), time.perf_counter() - began)
            free.append(client)
        except (OSError, asyncio.IncompleteReadError) as error:
            seen.lose(error)
            client.close()

    began, at, tasks = time.perf_counter(), 0.0, []
    while at < seconds:
        at += float(rng.exponential(1 / per_second))
        await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
        tasks.append(asyncio.create_task(ask()))
    await asyncio.gather(*tasks)
    seen.whole_s = time.perf_counter() - began
    return seen


def hostile(count: int) -> Iterator[tuple[bytes, str]]:
    """Bodies that are no recordings, and what they claim to be."""
    from tympan.audio import Clip

    rng = np.random.default_rng(SEED)
    clip = Clip(rng.normal(0, 0.1, 8000).astype(np.float32), 8000)
    whole = {}
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("wav", "flac", "ogg", "mp3"):
            whole[ending] = clip.save(Path(folder) / f"a.{ending}").read_bytes()
    texts = (
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 1 RTP/AVP 0\n",
        b"<svg onload=alert(1)>" * 50,
        b"PK\x03\x04" + bytes(500),
        b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff",
    )
    for number in range(count):
        kind = number % 4
        if kind == 0:
            yield rng.bytes(int(rng.integers(1, 50_000))), "audio/wav"
        elif kind == 1:
            yield texts[number % len(texts)], "audio/mpeg"
        elif kind == 2:
            yield whole["wav"][:44][: int(rng.integers(1, 44))] + bytes(3), "audio/wav"
        else:
            name = ("wav", "flac", "ogg", "mp3")[number // 4 % 4]
            data = bytearray(whole[name])
            data[: int(rng.integers(16, 64))] = rng.bytes(16)
            yield bytes(data), "application/octet-stream"


async def harmed(to: Server, body: bytes, count: int) -> tuple[Seen, Seen]:
    """Hostile uploads with good ones in between."""
    bad, good, client = Seen(), Seen(), Client(to)
    for number, (data, kind) in enumerate(hostile(count)):
        began = time.perf_counter()
        try:
            bad.note(await client.post(data, kind), time.perf_counter() - began)
            if number % 20 == 0:
                good.note(await client.post(body), time.perf_counter() - began)
        except (OSError, asyncio.IncompleteReadError) as error:
            bad.lose(error)
            client.close()
    client.close()
    return bad, good


async def killed(to: Server, body: bytes, kills: int) -> Seen:
    """Eight clients, while the worker is killed again and again."""

    async def kill() -> None:
        for _ in range(kills):
            await asyncio.sleep(1.0)
            while not to.worker():
                await asyncio.sleep(0.1)
            with contextlib.suppress(ProcessLookupError):
                os.kill(to.worker(), signal.SIGKILL)

    killing = asyncio.create_task(kill())
    seen = Seen()
    while not killing.done():
        own = await closed(to, body, 8, 1.0)
        seen.seconds += own.seconds
        seen.lost += own.lost
        for status, number in own.statuses.items():
            seen.statuses[status] = seen.statuses.get(status, 0) + number
    await killing
    return seen


def without_server(body: bytes, seconds: float) -> float:
    """Answers a second of the model in a loop."""
    import tympan

    tympan.classify(io.BytesIO(body))
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        tympan.classify(io.BytesIO(body))
        count += 1
    return count / (time.perf_counter() - began)


def row(name: str, clients: object, seen: Seen) -> dict[str, object]:
    """A row of the table."""
    return {
        "what": name,
        "clients": clients,
        "answers a second": round(seen.per_second, 1) if seen.whole_s else "–",
        "p50, ms": round(seen.quantile_ms(0.5)),
        "p99, ms": round(seen.quantile_ms(0.99)),
        "200": seen.statuses.get(200, 0),
        "400": seen.statuses.get(400, 0),
        "429": seen.statuses.get(429, 0),
        "others": sum(n for status, n in seen.statuses.items() if status not in (200, 400, 429)),
        "lost": seen.lost,
    }


async def counted(to: Server, body: bytes, clients: int, count: int) -> Seen:
    """So many requests, of so many clients at once."""
    left = iter(range(count))
    return await asked(to, body, clients, lambda: next(left, None) is not None)


def measure(
    quick: bool, load_s: float = LOAD_S, count: int = HOSTILE, requests: int = 10_000
) -> tuple[list[dict[str, object]], list[dict[str, object]], dict[str, float]]:
    """All rows, those of memory, and figures.

    Args:
        quick: whether it runs is all that is wanted.
        load_s: how long each load lasts, in seconds.
        count: hostile uploads.
        requests: so many in all, at least, before memory is looked at for the last time.
    """
    closed_s, load_s = (QUICK_S, QUICK_S) if quick else (CLOSED_S, load_s)
    count, requests = (QUICK_HOSTILE, 1) if quick else (count, requests)
    body, figures = recording(), {}
    rows: list[dict[str, object]] = []
    alone = without_server(body, closed_s)
    rows.append({"what": "no server, a loop", "clients": "–", "answers a second": round(alone, 1)})
    figures["loop_per_s"] = alone
    # The two servers take turns, so that a busy machine harms both alike.
    with server("--queue", "64") as batched, server("--batch", "1", "--queue", "64") as single:
        for clients in CLIENTS:
            for name, to in (("one at a time", single), ("batched", batched)):
                asyncio.run(closed(to, body, clients, 1.0))
                seen = asyncio.run(closed(to, body, clients, closed_s))
                rows.append(row(name, clients, seen))
                figures[f"{name.replace(' ', '_')}_{clients}_per_s"] = seen.per_second
            batch, one = (f"{name}_{clients}_per_s" for name in ("batched", "one_at_a_time"))
            figures[f"batched_vs_one_at_a_time_{clients}"] = figures[batch] / figures[one]
        memory: list[dict[str, object]] = []

        def note_memory(requests: int) -> None:
            before = int(str(memory[-1]["requests so far"])) if memory else 0
            mb = batched.resident_mb()
            memory.append({"requests so far": before + requests, "memory, MB": round(mb)})

        note_memory(sum(int(str(one["200"])) for one in rows if one["what"] == "batched"))
        for load in LOADS:
            per_second = load * figures["batched_8_per_s"]
            seen = asyncio.run(opened(batched, body, per_second, load_s))
            rows.append(row(f"{load:g} × capacity, {load_s:g} s", "random", seen))
            figures[f"load_{load:g}_p99_ms"] = seen.quantile_ms(0.99)
            figures[f"load_{load:g}_lost"] = seen.lost
            note_memory(sum(seen.statuses.values()))
        bad, good = asyncio.run(harmed(batched, body, count))
        rows.append(row(f"{count} hostile uploads", 1, bad))
        rows.append(row("good ones in between", 1, good))
        figures["hostile_lost"] = bad.lost
        note_memory(sum(bad.statuses.values()) + sum(good.statuses.values()))
        if (left := requests - int(str(memory[-1]["requests so far"]))) > 0:
            seen = asyncio.run(counted(batched, body, 8, left))
            rows.append(row(f"{left:,} requests more", 8, seen))
            figures["counted_lost"] = seen.lost
            note_memory(sum(seen.statuses.values()))
        figures["growth_mb"] = float(str(memory[-1]["memory, MB"])) - float(
            str(memory[0]["memory, MB"])
        )
        seen = asyncio.run(killed(batched, body, KILLS))
        rows.append(row(f"worker killed, {KILLS} ×", 8, seen))
        figures["killed_not_200"] = sum(n for s, n in seen.statuses.items() if s != 200) + seen.lost
    return rows, memory, figures


if __name__ == "__main__":
    given_ = arguments("serve", numbers)
    rows_, memory_, figures_ = measure(given_.quick, given_.load, given_.hostile, given_.requests)
    main(
        "serve", rows_, figures_, title="Serve", about=__doc__ or "", why=WHY,
        more={"Memory": memory_},
    )  # fmt: skip
