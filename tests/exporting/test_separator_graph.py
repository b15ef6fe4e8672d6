"""`voice` leaves as a net that goes on from frame to frame, and cleans as the verb does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import tympan
from tympan.audio import Clip
from tympan.errors import ArgumentError, TympanError
from tympan.exporting import checking, onnx_file
from tympan.exporting.api import export
from tympan.exporting.plain import load_model
from tympan.tasks.separate.config import SeparateConfig
from tympan.tasks.separate.graph import SeparatorStream, stream_graph
from tympan.tasks.separate.model import SeparateModel
from tympan.tasks.separate.separators import build_net

ROOT = Path(__file__).resolve().parents[2]
RATE_HZ, HOP = 16000, 256


@pytest.fixture(scope="module")
def noisy(speech: list[Path], street: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a sentence in the noise of a street, and some samples more."""
    length = 4 * RATE_HZ + 100
    voice, noise = (tympan.load(one).samples[0] for one in (speech[0], street[0]))
    mix = voice[:length] + 0.3 * np.resize(noise, length)
    path = tmp_path_factory.mktemp("noisy") / "noisy.wav"
    Clip(mix[None].astype(np.float32), RATE_HZ).save(path)
    return path


@pytest.fixture(scope="module")
def voice_file(tmp_path_factory: pytest.TempPathFactory, noisy: Path) -> Path:
    path = tmp_path_factory.mktemp("export") / "voice.onnx"
    (written,) = export("voice", path, stream=True, check=[noisy])
    assert written.agreement.largest < 1e-4
    assert written.agreement.windows == 4 * RATE_HZ // HOP
    return path


def cleaned(path: Path) -> np.ndarray:
    """The voice that the verb finds."""
    return tympan.separate(path, model="voice")["voice"].samples[0]


def through(path: Path, mix: np.ndarray, *, forgets: bool = False) -> np.ndarray:
    """A recording through an exported file, one frame after another."""
    run = checking.Runner(path)
    memory = first = torch.zeros(1, run.session.get_inputs()[1].shape[1])
    padded, found = np.pad(mix, (0, HOP + -len(mix) % HOP)), []
    for block in padded.reshape(-1, 1, HOP):
        sources, after = run(torch.from_numpy(block), memory)
        memory = first if forgets else torch.from_numpy(after)
        found.append(sources[0, 0])
    return np.concatenate(found)[HOP : HOP + len(mix)]


def test_frame_by_frame_is_what_the_verb_gives_of_the_file(voice_file: Path, noisy: Path) -> None:
    mix, expected = tympan.load(noisy).samples[0], cleaned(noisy)
    np.testing.assert_allclose(through(voice_file, mix), expected, atol=1e-4)
    assert np.abs(expected - mix).max() > 0.01  # noise was taken away


def test_without_its_memory_it_is_not(voice_file: Path, noisy: Path) -> None:
    mix, expected = tympan.load(noisy).samples[0], cleaned(noisy)
    assert np.abs(through(voice_file, mix, forgets=True) - expected).max() > 0.01


def test_the_file_says_how_it_is_run(voice_file: Path) -> None:
    values = onnx_file.metadata(voice_file)
    assert (values["name"], values["task"], values["labels"]) == ("voice", "separate", ["voice"])
    assert (values["rate_hz"], values["window_samples"]) == (RATE_HZ, HOP)
    assert values["settings"] == {"hop": HOP, "delay_samples": HOP, "delay_s": HOP / RATE_HZ}
    assert values["inputs"] == {"samples": ["b", "s"], "memory": ["b", "d"]}
    assert values["outputs"] == {"sources": ["b", "k", "s"], "next_memory": ["b", "d"]}
    assert values["state"] == {"next_memory": "memory"}
    assert 0 < values["checked"]["largest_difference"] < 1e-4


def test_the_script_of_the_docs_runs_without_tympan(
    voice_file: Path, noisy: Path, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "verbs" / "export.md").read_text("utf-8")
    found = re.findall(r"```python\n(import .*?)```", page, re.DOTALL)
    (script,) = [one for one in found if "voice.onnx" in one]
    (tmp_path / "tympan.py").write_text("raise SystemExit('tympan was imported')")
    (tmp_path / "script.py").write_text(script)
    (tmp_path / "noisy.wav").write_bytes(noisy.read_bytes())
    (tmp_path / "voice.onnx").write_bytes(voice_file.read_bytes())
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    voice = tympan.load(tmp_path / "voice.wav").samples[0]
    np.testing.assert_allclose(voice, cleaned(noisy), atol=2e-4)  # of 16 bits


def test_a_net_that_forgets_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noisy: Path
) -> None:
    """The export compares with the model's own stream, not with its own graph alone."""
    real = SeparatorStream.forward

    def forgetful(self: SeparatorStream, samples: torch.Tensor, memory: torch.Tensor) -> object:
        sources, after = real(self, samples, memory)
        return sources, 0 * after

    monkeypatch.setattr(SeparatorStream, "forward", forgetful)
    with pytest.raises(TympanError, match="differs from the model"):
        export("voice", tmp_path / "m.onnx", stream=True, check=[noisy])
    assert list(tmp_path.iterdir()) == []


def test_a_recording_of_less_than_a_frame_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    Clip(np.full((1, HOP - 56), 0.1, np.float32), RATE_HZ).save(path)
    (written,) = export("voice", tmp_path / "m.onnx", stream=True, check=[path])
    assert written.agreement.windows == 2
    assert written.agreement.largest < 1e-4


@pytest.mark.parametrize("net", ["mask", "conv-mask"])
def test_own_separators_go_through_in_any_number(net: str, tmp_path: Path) -> None:
    sizes = {"mask": {"features": 16, "memory": 8, "layers": 2},
             "conv-mask": {"channels": [4, 8], "memory": 8, "layers": 2}}  # fmt: skip
    config = SeparateConfig(net=net, net_options=sizes[net], rate_hz=8000)
    torch.manual_seed(0)
    model = SeparateModel(build_net(config, ("a", "b")), config, ("a", "b"), "mine")
    graph, path = stream_graph(model), tmp_path / "m.onnx"
    onnx_file.write(graph, path)
    mixes = np.random.default_rng(0).standard_normal((3, 20 * HOP)).astype(np.float32)
    given = [(str(i), (torch.from_numpy(mixes[:1, at : at + HOP].copy()),))
             for i in range(2) for at in range(0, mixes.shape[1], HOP)]  # fmt: skip
    assert checking.compare(graph, path, given).largest < 1e-4
    run, memory, found = checking.Runner(path), torch.zeros(3, graph.body.size), []
    for at in range(0, mixes.shape[1], HOP):
        sources, after = run(torch.from_numpy(mixes[:, at : at + HOP].copy()), memory)
        memory = torch.from_numpy(after)
        found.append(sources)
    assert graph.answer is not None
    expected = graph.answer(torch.from_numpy(mixes)).numpy()
    np.testing.assert_allclose(np.concatenate(found, 2)[..., HOP:], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("voice", {}, r"frame to frame.*--stream"),
        ("voice", {"stream": True, "int8": True}, "would lose its digits"),
        ("two-voices", {}, "cannot be exported: its sound"),
        ("two-voices", {"stream": True}, "hears a block to its end"),
        ("en", {"stream": True}, "cannot be exported: its sound"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    name: str, options: dict[str, bool], line: str, tmp_path: Path
) -> None:
    with pytest.raises(ArgumentError, match=line) as told:
        export(name, tmp_path / "m.onnx", **options)  # type: ignore[arg-type]
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["voice", "two-voices", "chorale"])
def test_a_net_that_is_not_exported_is_plain_all_the_same(name: str) -> None:
    plain = load_model(name)
    assert sum(one.numel() for one in plain.net.parameters()) > 100_000
    assert plain.card is not None
    assert (plain.name, plain.labels) == (name, tuple(plain.card.labels))
    with pytest.raises(ArgumentError):
        plain.graph  # noqa: B018 - it says why there is none
