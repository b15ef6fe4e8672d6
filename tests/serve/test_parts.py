"""Parts of the server by themselves: frames, settings, what is held, a round of a worker."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_separate import save_separator
from tympan.errors import ArgumentError, MissingDependencyError
from tympan.serve.asked import shown_name
from tympan.serve.encoding import FORMATS, Encoder
from tympan.serve.frames import BrokenFrameError, pack, read_frame
from tympan.serve.held import Held, HeldModels
from tympan.serve.jobs import SENTENCES, TextJob
from tympan.serve.refusals import refusal_from, refusal_of
from tympan.serve.settings import ServeSettings
from tympan.serve.spool import Spool
from tympan.serve.worker import Worker

json_values = st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=20), max_size=4)


@given(json_values, st.binary(max_size=200))
def test_frames_come_as_they_were_sent(message: dict[str, Any], payload: bytes) -> None:
    twice = io.BytesIO(pack(message, payload) * 2)
    assert read_frame(twice) == (message, payload)
    assert read_frame(twice) == (message, payload)
    assert read_frame(twice) is None


@given(st.binary(max_size=100))
def test_bytes_that_are_no_frame_are_none(data: bytes) -> None:
    try:
        found = read_frame(io.BytesIO(data))
    except BrokenFrameError:
        return
    assert found is None or isinstance(found[0], dict)


@given(st.text())
def test_a_name_that_is_shown_is_no_path(name: str) -> None:
    shown = shown_name(name)
    assert "/" not in shown
    assert "\\" not in shown
    assert shown.isprintable()
    assert len(shown) <= 200


@pytest.mark.parametrize("name", [one for one in FORMATS if one != "pcm"])
@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000])
def test_sound_that_is_encoded_bit_by_bit_is_the_sound(name: str, rate_hz: int) -> None:
    from tympan.audio import load

    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz).astype(np.float32)
    encoder = Encoder(name, rate_hz, {"comment": "made by a machine"})
    data = b"".join(encoder.push(part) for part in np.array_split(wave, 7)) + encoder.finish()
    clip = load(data)
    assert clip.duration_s == pytest.approx(1, abs=0.1)
    spectrum = np.abs(np.fft.rfft(clip.samples[0]))
    assert np.argmax(spectrum) * clip.rate_hz / clip.num_samples == pytest.approx(440, abs=2)


def test_pcm_is_of_24_khz() -> None:
    encoder = Encoder("pcm", 16_000, {})
    data = encoder.push(np.zeros(16_000, np.float32)) + encoder.finish()
    assert len(data) == 2 * 24_000


def test_limits_that_are_none() -> None:
    origins = [{"origins": (one,)} for one in ("example.org", "https://example.org/", "*", "")]
    for wrong in ({"queue": 0}, {"workers": 0}, {"deadline_s": 0.0}, {"batch": 0}, *origins):
        with pytest.raises(ArgumentError):
            ServeSettings(**wrong)
    assert ServeSettings(origins=("https://example.org:8443", "null")).workers == 1


def test_an_error_of_another_process_tells_no_path() -> None:
    told = {"kind": "DataError", "what": "/tmp/tympan-serve-1-x/0-abc is damaged", "fix": None}
    assert "tympan-serve" not in refusal_from(told).message
    assert refusal_from({"kind": "KeyError", "what": "x"}).status == 500
    missing = refusal_of(MissingDependencyError("needs a package", fix="pip install it"))
    assert missing.status == 501
    assert "pip install it" in missing.message


def test_a_spool_is_private_and_goes(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.folder.stat().st_mode & 0o777 == 0o700
    first, second = spool.new(".wav"), spool.new(".wav")
    assert first != second
    first.write_bytes(b"x" * 10)
    (spool.folder / "apart").mkdir()  # a worker's own
    (spool.folder / "apart" / "voice.wav").write_bytes(b"x" * 5)
    assert spool.size_bytes == 15
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_models_that_are_idle_are_let_go_of() -> None:
    now = [0.0]
    held = HeldModels(idle_s=10, load=lambda place, verb, device: object(), clock=lambda: now[0])
    one = held.get("a", "classify")
    assert held.get("a", "classify") is one
    now[0] = 5.0
    held.get("b", "classify").open = 1
    now[0] = 12.0
    assert held.sweep()
    assert held.names == [("b", "classify")]
    now[0] = 100.0
    assert not held.sweep()  # it is being used


def test_the_process_that_talks_loads_no_pytorch() -> None:
    code = (
        "import sys; from tympan.serve import ServeSettings, create_app\n"
        "app = create_app(ServeSettings()); app.state.service.spool.close()\n"
        "assert 'torch' not in sys.modules, 'PyTorch was loaded'\n"
        "import tympan.serve.decoder\n"
        "assert 'torch' not in sys.modules, 'the decoder loads PyTorch'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


# -- a worker in this process ----------------------------------------------------------------------


class Channel:
    """Takes what a worker says."""

    def __init__(self) -> None:
        self.said: list[tuple[dict[str, Any], bytes]] = []

    def write(self, message: dict[str, Any], payload: bytes = b"") -> None:
        self.said.append((message, payload))

    def of(self, number: int, what: str) -> list[Any]:
        return [m[what] for m, _ in self.said if m.get("id") == number and what in m]


def order(path: Path, seconds: float, **more: Any) -> dict[str, Any]:
    """A recording of the spool."""
    from tympan.audio import Clip
    from tympan.serve.decoder import decode_file

    rng = np.random.default_rng(int(seconds * 10))
    wave = rng.normal(0, 0.1, int(16_000 * seconds)).astype(np.float32)
    source = Clip(wave, 16_000).save(path.with_suffix(".flac"))
    limits = {"most_seconds": 1e4, "most_samples": 1e9, "most_channels": 8}
    facts = decode_file({"source": str(source), "target": str(path), **limits})
    return {
        "do": "answer", "verb": "classify", "model": "sounds", "name": path.name,
        "options": {"top": 2}, "path": str(path), **facts, **more,
    }  # fmt: skip


def test_a_round_puts_windows_of_all_recordings_through_together(tmp_path: Path) -> None:
    import tympan

    channel, sizes = Channel(), []
    worker = Worker(channel, HeldModels("cpu"))  # type: ignore[arg-type]
    orders = [order(tmp_path / f"{i}.wav", 2.5) for i in range(4)]
    held = worker._models.get("sounds", "classify")
    run = held.batcher._run
    held.batcher._run = lambda waves: (sizes.append(len(waves)), run(waves))[1]
    for number, one in enumerate(orders, 1):
        worker.order({**one, "id": number})
    for _ in range(5):
        worker.round()
    assert max(sizes) >= 4  # at least one window of each
    for number in range(1, 5):
        (found,) = channel.of(number, "answer")
        alone = tympan.classify(tmp_path / f"{number - 1}.wav", top=2).to_json()
        assert found["labels"][0]["label"] == alone["labels"][0]["label"]
        assert found["labels"][0]["score"] == pytest.approx(alone["labels"][0]["score"], abs=1e-3)
        assert found["file"] == f"{number - 1}.wav"


def test_a_long_recording_does_not_hold_a_short_one_up(tmp_path: Path) -> None:
    channel = Channel()
    worker = Worker(channel, HeldModels("cpu"))  # type: ignore[arg-type]
    worker.order({**order(tmp_path / "long.wav", 95), "id": 1})
    worker.order({**order(tmp_path / "short.wav", 1), "id": 2})
    for _ in range(8):
        worker.round()
    numbers = [m["id"] for m, _ in channel.said if "answer" in m]
    assert numbers == [2, 1]


def test_a_fault_in_a_batch_costs_only_the_guilty(tmp_path: Path) -> None:
    channel = Channel()
    worker = Worker(channel, HeldModels("cpu"))  # type: ignore[arg-type]
    held = worker._models.get("sounds", "classify")
    own = held.model.session

    def session(*, name: str, **options: Any) -> Any:
        found = own(name=name, **options)
        if name == "bad.wav":
            found.take = _fails
        return found

    object.__setattr__(held.model, "session", session)
    try:
        for number, name in enumerate(("a.wav", "bad.wav", "c.wav"), 1):
            worker.order({**order(tmp_path / name, 1.5), "id": number})
        for _ in range(8):
            worker.round()
    finally:
        object.__delattr__(held.model, "session")
    assert channel.of(2, "error")[0]["kind"] == "Exception"
    assert len(channel.of(1, "answer")) == len(channel.of(3, "answer")) == 1
    assert worker._jobs == {}
    assert held.open == 0


def _fails(*given: Any) -> None:
    raise RuntimeError("a fault")


def test_a_cancelled_job_is_gone(tmp_path: Path) -> None:
    channel = Channel()
    worker = Worker(channel, HeldModels("cpu"))  # type: ignore[arg-type]
    worker.order({**order(tmp_path / "a.wav", 40), "id": 1})
    worker.round()
    worker.order({"do": "cancel", "id": 1})
    worker.round()
    assert channel.of(1, "answer") == []
    assert worker._jobs == {}


def test_an_order_that_cannot_be_is_told(tmp_path: Path) -> None:
    channel = Channel()
    worker = Worker(channel, HeldModels("cpu"))  # type: ignore[arg-type]
    worker.order({"do": "answer", "id": 1, "verb": "classify", "model": "none", "options": {}})
    assert channel.of(1, "error")[0]["kind"] == "ModelError"


def test_files_that_an_answer_names_go_to_the_spool(tmp_path: Path) -> None:
    from tympan.serve.sending import sent
    from tympan.tasks.results import Separation

    voice = tmp_path / "voice.wav"
    voice.write_bytes(b"sound")
    spool = tmp_path / "spool"
    spool.mkdir()
    told = sent(Separation("mix.wav", {"voice": voice}), {"made": str(spool / "7-x")})
    (made,) = told["made"]
    assert told["answer"]["sources"] == {"voice": made}
    assert Path(made).read_bytes() == b"sound"
    assert Path(made).parent == spool
    assert not voice.exists()


def test_a_live_stream_is_not_written_to_disk_without_end(tmp_path: Path) -> None:
    model = str(save_separator(tmp_path / "mine"))
    channel = Channel()
    worker = Worker(channel, HeldModels("cpu"))  # type: ignore[arg-type]
    options = {"keep": None, "amount": 1.0, "book": None, "stems": False}
    head = {"verb": "separate", "model": model, "options": options, "name": "stream"}
    worker.order({**head, "do": "listen", "id": 1, "rate_hz": 16_000, "channels": 1})
    assert "/v1/separate" in channel.of(1, "error")[0]["fix"]


def test_a_question_that_takes_nothing(tmp_path: Path) -> None:
    from tympan.tasks.results import Classification

    made = Classification("", (), (), model="maker")
    models = HeldModels(load=lambda place, verb, device: lambda **options: made)
    channel = Channel()
    worker = Worker(channel, models)  # type: ignore[arg-type]
    order = {"do": "make", "verb": "compose", "model": "m", "options": {}}
    worker.order({**order, "id": 1, "made": str(tmp_path / "1")})
    worker.order({**order, "id": 2, "save": str(tmp_path / "a.json")})
    worker.round()
    assert channel.of(1, "answer")[0]["model"] == "maker"
    assert (tmp_path / "a.json").exists()


def test_a_long_text_is_read_a_few_sentences_at_a_time() -> None:
    sent: list[dict[str, Any]] = []
    read: list[int] = []

    class Model:
        rate_hz = 8000

        def stream(self, text: str, *, skip: int = 0) -> Any:
            for number in range(20):
                read.append(number)
                sentence = SimpleNamespace(unspoken=(str(number % 3),))
                samples = np.zeros(0 if skip else 80, np.float32)
                yield SimpleNamespace(sentence=sentence, samples=samples)

    def say(payload: bytes = b"", **message: Any) -> None:
        sent.append(message)

    order = {"text": "x", "options": {}, "format": "pcm"}
    job = TextJob(1, Held(Model()), say, order)
    job.step()
    assert (0 < len(read) < 20, sent) == (True, [])
    for _ in range(40):
        if not job.ended:
            before = len(read)
            job.step()
            assert len(read) - before <= SENTENCES
    assert job.ended
    assert sent[0]["unspoken"] == ["0", "1", "2"]  # before any sound
    assert sum(one.get("sound", 0) for one in sent) > 0
