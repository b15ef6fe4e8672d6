"""Sources: pipes, files that grow, folders, a stream that drops, a microphone that is unplugged."""

from __future__ import annotations

import errno
import io
import os
import struct
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_live import RATE_HZ, bursts
from tympan.audio import Clip, synth
from tympan.errors import ArgumentError, AudioFileError, MissingDependencyError
from tympan.live.intake import Intake
from tympan.live.sources import open_source
from tympan.live.sources.base import Chunk, Source
from tympan.live.sources.raw import parse_layout, raw_samples, wav_header


def reader(data: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    """Reads of other sizes than were wanted, as a pipe gives them."""
    stream, i = io.BytesIO(data), iter(range(10**9))

    def read(size: int) -> bytes:
        return stream.read(min(size, sizes[next(i) % len(sizes)]))

    return read


@given(
    st.sampled_from(["u8", "s16le", "s16be", "s24le", "s32le", "f32le", "f64le"]),
    st.integers(1, 3),
    st.lists(st.integers(1, 50), min_size=1, max_size=5),
    st.integers(0, 40),
)
def test_bare_samples_are_the_same_however_they_come(
    kind: str, channels: int, sizes: list[int], frames: int
) -> None:
    layout = parse_layout(f"{kind}:8000:{channels}")
    rng = np.random.default_rng(frames)
    wave = rng.uniform(-0.99, 0.99, (frames, channels))
    data = encoded(kind, wave)
    found = list(raw_samples(reader(data + b"\x01" * (layout.frame_bytes - 1), sizes), layout))
    got = np.concatenate(found, axis=1) if found else np.zeros((channels, 0))
    step = {"u8": 1 / 128, "s16le": 2**-15, "s16be": 2**-15}.get(kind, 2e-7)
    assert got.shape == (channels, frames)
    assert np.abs(got - wave.T).max(initial=0) <= step


def encoded(kind: str, wave: np.ndarray) -> bytes:
    if kind == "u8":
        return np.round(wave * 128 + 128).clip(0, 255).astype("u1").tobytes()
    if kind == "s24le":
        wide = np.round(wave * 8388608).astype("<i4").reshape(-1, 1).view("u1")
        return wide[:, :3].tobytes()
    if kind[0] == "f":
        return wave.astype({"f32le": "<f4", "f64le": "<f8"}[kind]).tobytes()
    full, name = {"s16le": (32768, "<i2"), "s16be": (32768, ">i2"), "s32le": (2**31, "<i4")}[kind]
    return np.round(wave * full).astype(name).tobytes()


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "PCM_U8"])
@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 44])
def test_of_a_wav_that_is_still_written_the_stated_length_is_not_believed(
    tmp_path: Path, subtype: str, size: int
) -> None:
    clip = Clip(bursts([(0.1, 0.2)], 0.5), RATE_HZ)
    data = bytearray(clip.save(tmp_path / "a.wav", subtype=subtype).read_bytes())
    at = data.index(b"data")
    data[at + 4 : at + 8] = struct.pack("<I", size)
    read = reader(bytes(data), [7, 100])
    layout, start = wav_header(read, b"", "a.wav")
    got = np.concatenate(list(raw_samples(read, layout, start)), axis=1)
    assert got.shape == (1, RATE_HZ // 2)
    assert np.abs(got - clip.samples).max() < 0.01


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0xx",
        b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\x7f",
    ],
)
def test_damaged_headers_are_one_error(data: bytes) -> None:
    with pytest.raises(AudioFileError):
        wav_header(reader(data, [5]), b"", "a.wav")


def gathered(
    source: Any, until: Callable[[list[Chunk]], bool], seconds: float = 20.0
) -> tuple[list[Chunk], list[str]]:
    """What a source gives until there is enough."""
    stop, chunks, said = threading.Event(), [], []  # type: ignore[var-annotated]
    timer = threading.Timer(seconds, stop.set)
    timer.start()
    for chunk in source.chunks(stop, said.append):
        chunks.append(chunk)
        if until(chunks):
            stop.set()
            break
    timer.cancel()
    return chunks, said


def length(chunks: list[Chunk]) -> int:
    return sum(chunk.samples.shape[1] for chunk in chunks)


def joined(chunks: list[Chunk]) -> np.ndarray:
    return np.concatenate([chunk.samples for chunk in chunks], axis=1)


def test_a_growing_file_is_followed_and_so_is_the_one_in_its_place(tmp_path: Path) -> None:
    wave = synth.sine(440, duration_s=1.0, rate_hz=RATE_HZ)
    data = wave.save(tmp_path / "a.wav").read_bytes()
    path = tmp_path / "live.wav"
    path.write_bytes(data[:1000])

    def write() -> None:
        time.sleep(0.3)
        with path.open("ab") as file:
            file.write(data[1000:9000])
            file.flush()
            time.sleep(0.3)
            file.write(data[9000:])
        time.sleep(0.5)
        (tmp_path / "next.wav").write_bytes(data)
        os.replace(tmp_path / "next.wav", path)

    thread = threading.Thread(target=write)
    thread.start()
    chunks, said = gathered(open_source(str(path)), lambda found: length(found) >= 2 * RATE_HZ)
    thread.join()
    assert next(i for i, one in enumerate(chunks) if one.begins) == 0
    assert sum(one.begins for one in chunks) == 2
    assert (
        np.array_equal(joined(chunks), np.tile(wave.samples, 2).astype(np.float32))
        or np.abs(joined(chunks) - np.tile(wave.samples, 2)).max() < 1e-4
    )
    assert any("in its place" in line for line in said)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
def test_a_fifo_outlives_its_writers(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    data = Clip(bursts([], 0.5), RATE_HZ).save(tmp_path / "a.wav").read_bytes()

    def write() -> None:
        for _ in range(2):
            fifo.write_bytes(data)
            time.sleep(0.4)

    threading.Thread(target=write, daemon=True).start()
    chunks, _ = gathered(open_source(str(fifo)), lambda found: length(found) >= RATE_HZ)
    assert length(chunks) == RATE_HZ
    assert sum(one.begins for one in chunks) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
def test_a_fifo_that_is_deleted_is_waited_for(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    data = Clip(bursts([], 0.5), RATE_HZ).save(tmp_path / "a.wav").read_bytes()

    def write() -> None:
        fifo.write_bytes(data)
        fifo.unlink()
        time.sleep(0.4)
        os.mkfifo(fifo)
        fifo.write_bytes(data)

    threading.Thread(target=write, daemon=True).start()
    chunks, said = gathered(open_source(str(fifo)), lambda found: length(found) >= RATE_HZ)
    assert length(chunks) == RATE_HZ
    assert any("no such pipe; waiting for it" in line for line in said)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENODEV])
def test_a_device_that_is_gone_is_one_clear_error(number: int) -> None:
    class Gone(Source):
        name = "/dev/snd"

        def chunks(self, stop: threading.Event, say: object) -> Iterator[Chunk]:
            yield Chunk(np.zeros((1, 400), np.float32), RATE_HZ, begins=True)
            raise OSError(number, os.strerror(number))

    intake = Intake(Gone(), threading.Event(), lambda line: None)
    assert len(list(intake)) == 1
    with pytest.raises(AudioFileError, match="/dev/snd: can no longer be read: ") as caught:
        intake.check()
    assert os.strerror(number) in str(caught.value)


def test_compressed_sound_through_a_fifo(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    clip = synth.sine(440, duration_s=3.0, rate_hz=16_000)
    data = clip.save(tmp_path / "a.mp3").read_bytes()
    threading.Thread(target=lambda: fifo.write_bytes(data), daemon=True).start()
    chunks, _ = gathered(open_source(str(fifo)), lambda found: length(found) >= 2.5 * 16_000)
    assert chunks[0].rate_hz == 16_000
    spectrum = np.abs(np.fft.rfft(joined(chunks)[0, 16_000:32_000]))
    assert spectrum.argmax() == 440


def test_a_folder_gives_each_recording_once_when_it_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    for i in range(2):
        path = Clip(bursts([], 1), RATE_HZ).save(folder / f"{i}.wav")
        os.utime(path, (1000 + i, 1000 + i))
    (folder / "broken.wav").write_bytes(b"RIFF nothing")
    os.utime(folder / "broken.wav", (1005, 1005))
    (folder / ".hidden.wav").write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    done: list[str] = []
    source = open_source(str(folder))
    source._done = lambda path, size, time_s: done.append(Path(path).name)

    def drop() -> None:
        time.sleep(1.0)
        path = Clip(bursts([], 1), RATE_HZ).save(folder / "late.wav")
        os.utime(path, (2000, 2000))

    threading.Thread(target=drop, daemon=True).start()
    chunks, said = gathered(source, lambda found: length(found) >= 3 * RATE_HZ)
    names = [Path(one.recording).name for one in chunks if one.begins]
    assert names == ["0.wav", "1.wav", "late.wav"]
    assert [one.time_s for one in chunks if one.begins] == [999.0, 1000.0, 1999.0]
    assert done[:3] == ["0.wav", "1.wav", "broken.wav"]
    assert any("broken.wav" in line for line in said)


def test_a_full_disk_costs_a_folder_its_memory_and_not_the_listening(tmp_path: Path) -> None:
    def full(path: str, size: int, time_s: float) -> None:
        raise OSError(28, "No space left on device")

    for i in range(2):
        path = Clip(bursts([], 1), RATE_HZ).save(tmp_path / f"{i}.wav")
        os.utime(path, (1000 + i, 1000 + i))
    source, said = open_source(str(tmp_path), once=True), []
    source._done = full
    chunks = list(source.chunks(threading.Event(), said.append))
    assert [Path(one.recording).name for one in chunks if one.begins] == ["0.wav", "1.wav"]
    assert "No space left" in said[0]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_folder_is_walked_as_elsewhere(tmp_path: Path) -> None:
    """Sub-folders and linked folders count, each once; hidden ones do not."""
    folder, elsewhere = tmp_path / "drop", tmp_path / "elsewhere"
    for place in (folder / "deeper", folder / ".hidden", elsewhere):
        place.mkdir(parents=True)
        path = Clip(bursts([], 1), RATE_HZ).save(place / f"{place.name.strip('.')}.wav")
        os.utime(path, (1000 + len(place.name), 1000))
    (folder / "linked").symlink_to(elsewhere)
    (folder / "again").symlink_to(elsewhere)
    (folder / "deeper" / "back").symlink_to(folder)
    chunks = list(open_source(str(folder), once=True).chunks(threading.Event(), print))
    names = [Path(one.recording).relative_to(folder).as_posix() for one in chunks if one.begins]
    assert sorted(names) == ["again/elsewhere.wav", "deeper/deeper.wav"]


def test_a_file_that_is_still_written_waits(tmp_path: Path) -> None:
    Clip(bursts([], 1), RATE_HZ).save(tmp_path / "now.wav")
    chunks, _ = gathered(open_source(str(tmp_path)), lambda found: True, seconds=1.0)
    assert not chunks
    chunks, _ = gathered(open_source(str(tmp_path), once=True), lambda found: False, seconds=5.0)
    assert length(chunks) == RATE_HZ


def test_a_network_stream_that_drops_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tympan.live.sources import network

    monkeypatch.setattr(network, "FIRST_WAIT_S", 0.1)
    data = synth.sine(440, duration_s=2.0, rate_hz=16_000).save(tmp_path / "a.mp3").read_bytes()
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if len(asked) == 2:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.end_headers()
            self.wfile.write(data if len(asked) > 2 else data[: len(data) // 2])

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = open_source(f"http://me:secret@127.0.0.1:{server.server_port}/live.mp3")
    chunks, said = gathered(
        source, lambda found: sum(one.begins for one in found) == 2 and length(found) > 40_000
    )
    server.shutdown()
    assert length(chunks) > 40_000
    assert len(asked) >= 3
    assert sum("tried again" in line for line in said) >= 2
    assert not any("secret" in line for line in said)


def fake_portaudio(script: list[str]) -> Any:
    """A stand-in for `sounddevice`, whose device plays a script: some sound, gone, back."""
    library = types.SimpleNamespace()

    class PortAudioError(Exception):
        pass

    class InputStream:
        def __init__(
            self, samplerate: int, channels: int, blocksize: int, callback: Any, **_: Any
        ) -> None:
            if script and script[0] == "absent":
                script.pop(0)
                raise PortAudioError("Device unavailable")
            self.size, self.channels, self.callback = blocksize, channels, callback

        def __enter__(self) -> InputStream:
            def play() -> None:
                while script and script[0] == "sound":
                    script.pop(0)
                    lost = types.SimpleNamespace(input_overflow=False)
                    self.callback(
                        np.full((self.size, self.channels), 0.1, np.float32), self.size, None, lost
                    )
                if script:
                    script.pop(0)  # unplugged: no more calls

            threading.Thread(target=play, daemon=True).start()
            return self

        def __exit__(self, *raised: Any) -> None:
            pass

    library.PortAudioError, library.InputStream = PortAudioError, InputStream
    library._terminate = library._initialize = lambda: None

    def query(device: Any = None, kind: str = "") -> Any:
        one = {"name": "USB Audio", "default_samplerate": 8000.0, "max_input_channels": 1}
        if kind == "":
            return [one]
        if device is not None and str(device) not in one["name"]:
            raise ValueError(f"No input device matching {device!r}")
        return one

    library.query_devices = query
    return library


def test_a_microphone_that_is_unplugged_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from tympan.live.sources import microphone

    monkeypatch.setattr(microphone, "SILENT_S", 0.2)
    monkeypatch.setattr(microphone, "RETRY_S", 0.1)
    script = ["sound", "sound", "gone", "absent", "sound", "sound", "end"]
    monkeypatch.setitem(sys.modules, "sounddevice", fake_portaudio(script))
    chunks, said = gathered(open_source("mic:USB"), lambda found: len(found) == 4)
    assert [one.begins for one in chunks] == [True, False, True, False]
    assert {one.rate_hz for one in chunks} == {8000}
    assert any("is back" in line for line in said)
    assert any("Device unavailable" in line for line in said)


def test_an_unknown_microphone_names_those_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", fake_portaudio([]))
    with pytest.raises(ArgumentError, match=r"no microphone Nothing.*mic:USB Audio"):
        gathered(open_source("mic:Nothing"), lambda found: True)


def test_without_portaudio_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tympan\[watch\]'"):
        gathered(open_source("mic"), lambda found: True)


def test_what_is_no_source_is_one_error(tmp_path: Path) -> None:
    for place in ("no/such/place", "", str(tmp_path / "hallo")):
        with pytest.raises(ArgumentError):
            open_source(place)
    with pytest.raises(ArgumentError, match="is no file"):
        open_source("mic", replay=True)


def test_answers_come_while_the_writer_is_still_writing(tmp_path: Path) -> None:
    """The first label of a live pipe comes long before its end."""
    go = tmp_path / "go"
    code = (
        "import pathlib,sys,time,numpy as np\n"
        "w=(np.sin(np.arange(16000*12)/5)*20000).astype('<i2').tobytes()\n"
        "sys.stdout.buffer.write(w[:len(w)*2//3]); sys.stdout.buffer.flush()\n"
        "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)\n"
        "sys.stdout.buffer.write(w[len(w)*2//3:])\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(go)], stdout=subprocess.PIPE)
    command = [sys.executable, "-m", "tympan", "watch", "-", "--pcm", "s16le:16000", "-m", "sounds"]
    listener = subprocess.Popen(
        command, stdin=writer.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert listener.stdout is not None
    writer.stdout.close()
    first = listener.stdout.readline()  # the writer ends only when this has come
    go.touch()
    listener.communicate(timeout=60)
    writer.wait(20)
    assert first.startswith("sounds")
    assert listener.returncode == 0
