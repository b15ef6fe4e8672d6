"""Every shipped model leaves as a file that answers as the model does."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import tympan
from tympan.audio import Clip
from tympan.errors import ArgumentError, TympanError
from tympan.exporting import checking, onnx_file
from tympan.exporting.api import _folder_beside, export
from tympan.exporting.plain import load_model
from tympan.models import Card, save_model
from tympan.tasks.graphs import Graph

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sounds_file(tmp_path_factory: pytest.TempPathFactory, street: list[Path]) -> Path:
    path = tmp_path_factory.mktemp("export") / "sounds.onnx"
    (written,) = export("sounds", path, check=street)
    assert written.path == path
    assert written.agreement.agree == 1
    assert written.agreement.largest < 1e-4
    assert written.agreement.windows >= 3
    return path


def test_the_probabilities_of_a_recording_are_those_of_the_verb(
    sounds_file: Path, street: list[Path]
) -> None:
    run = checking.Runner(sounds_file)
    for path in street:
        clip = tympan.load(path)  # 5 s at 16 kHz: one window
        wave = torch.from_numpy(clip.samples.mean(0, keepdims=True).copy())
        (found,) = run(wave)
        answer = tympan.classify(path, top=50)
        expected = {one.label: one.score for one in answer.labels}
        labels = onnx_file.metadata(sounds_file)["labels"]
        for label, score in zip(labels, found[0], strict=True):
            assert abs(expected[label] - score) < 1e-3


def test_any_batch_and_any_length_go_through(sounds_file: Path) -> None:
    run, plain = checking.Runner(sounds_file), load_model("sounds")
    body = plain.graph.whole().body
    for shape in ((1, 1600), (3, 20_001), (2, 100_000)):
        wave = 0.1 * torch.randn(shape)
        with torch.no_grad():
            expected = body(wave).numpy()
        np.testing.assert_allclose(run(wave)[0], expected, atol=1e-4)


def test_the_file_says_what_it_is(sounds_file: Path) -> None:
    values = onnx_file.metadata(sounds_file)
    card = tympan.models.load_card("sounds")
    assert values["labels"] == card.labels
    assert (values["name"], values["task"], values["rate_hz"]) == ("sounds", "classify", 16000)
    assert values["inputs"] == {"samples": ["b", "t"]}
    assert values["config"]["n_mels"] == card.config["n_mels"]
    assert values["licence"] == card.licence
    assert values["weights_sha256"] == card.weights["sha256"]
    assert values["checked"]["largest_difference"] < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["music-tags", "voices", "sex", "english", "speech"])
def test_shipped_models_are_exported(
    name: str, tmp_path: Path, speech: list[Path], street: list[Path]
) -> None:
    given = street if name == "music-tags" else speech
    (written,) = export(name, tmp_path / "m.onnx", check=given)
    assert written.agreement.largest < 2e-2
    assert written.agreement.agree > 0.99


@pytest.mark.parametrize("name", ["sounds", "speech"])
def test_front_and_net_are_apart(name: str, tmp_path: Path, speech: list[Path]) -> None:
    front, net = export(name, tmp_path / "m.onnx", front="apart", check=speech[:1])
    assert front.path.name == "m.front.onnx"
    assert list(net.inputs) == ["spectrogram"] == list(front.outputs)
    plain = load_model(name)
    wave = torch.from_numpy(tympan.load(speech[0]).samples[:, : plain.graph.window].copy())
    (spectrogram,) = checking.Runner(front.path)(wave)
    (found,) = checking.Runner(net.path)(torch.from_numpy(spectrogram))
    with torch.no_grad():
        expected = plain.graph.whole().body(wave).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_stream_gives_what_the_model_gives_of_the_file(
    tmp_path: Path, speech: list[Path]
) -> None:
    """From block to block, from the first frame on: the file's own probabilities."""
    path = tmp_path / "speech.onnx"
    (written,) = export("speech", path, stream=True, check=speech[:1])
    plain, values = load_model("speech"), onnx_file.metadata(path)
    wave = np.concatenate([np.zeros((1, 1000), np.float32), tympan.load(speech[0]).samples], 1)
    expected = plain.model.probabilities([wave])[0]
    run, size = checking.Runner(path), values["window_samples"]
    state = list(checking.begin_of(plain.model.stream_graph()).values())
    found = []
    for at in range(0, wave.shape[1] - size + 1, size):
        block = torch.from_numpy(wave[:, at : at + size].copy())
        probabilities, *state = map(torch.from_numpy, run(block, *state))
        found.append(probabilities[0, 0].numpy())
    joined = np.concatenate(found)[values["settings"]["delay_frames"] :]
    assert len(joined) > 100
    assert expected[: len(joined)].max() > 0.9
    np.testing.assert_allclose(joined, expected[: len(joined)], atol=1e-3)
    assert set(written.inputs) == {"samples", "held", "memory", "place"}


def test_eight_bits_are_smaller_and_say_what_they_cost(
    tmp_path: Path, street: list[Path], sounds_file: Path
) -> None:
    (small,) = export("sounds", tmp_path / "small.onnx", int8=True, check=street)
    assert small.size_bytes < 0.5 * sounds_file.stat().st_size
    assert 0 < small.agreement.largest < 0.5
    assert onnx_file.metadata(small.path)["precision"] == "int8"
    (found,) = checking.Runner(small.path)(0.1 * torch.randn(2, 30_000))
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-3)


def test_the_script_of_the_docs_runs_without_tympan(
    sounds_file: Path, street: list[Path], tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "verbs" / "export.md").read_text("utf-8")
    script = re.findall(r"```python\n(import json.*?)```", page, re.DOTALL)[0]
    assert len(script.strip().splitlines()) <= 20
    assert "tympan" not in re.findall(r"^(?:import|from) (\w+)", script, re.MULTILINE)
    (tmp_path / "tympan.py").write_text("raise SystemExit('tympan was imported')")
    (tmp_path / "script.py").write_text(script)
    tympan.load(street[0]).save(tmp_path / "sound.wav")
    (tmp_path / "model.onnx").write_bytes(sounds_file.read_bytes())
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    best = tympan.classify(street[0], top=1).labels[0]
    first = done.stdout.splitlines()[0]
    assert best.label in first
    assert f"{100 * best.score:.0f} %" in first


def test_a_graph_that_is_not_the_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, street: list[Path]
) -> None:
    real = onnx_file.write

    def other(graph: Graph, path: Path) -> None:
        head = torch.nn.Sequential(graph.body, torch.nn.Dropout(0.0), Doubled())
        real(replace(graph, body=head), path)

    monkeypatch.setattr(onnx_file, "write", other)
    with pytest.raises(TympanError, match="differs from the model"):
        export("sounds", tmp_path / "m.onnx", check=street[:1])
    assert list(tmp_path.iterdir()) == []


class Doubled(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"must end in \.onnx"):
        export("sounds", tmp_path / "m.pt")
    with pytest.raises(ArgumentError, match="front='beside' is unknown"):
        export("sounds", tmp_path / "m.onnx", front="beside")
    with pytest.raises(ArgumentError, match="keeps no memory"):
        export("sounds", tmp_path / "m.onnx", stream=True)
    with pytest.raises(ArgumentError, match="leave out one"):
        export("speech", tmp_path / "m.onnx", stream=True, front="apart")
    with pytest.raises(tympan.errors.ModelError, match="no model"):
        export("soundz", tmp_path / "m.onnx")


def test_a_plain_module_is_trained_on_and_exported_by_pytorch() -> None:
    plain = load_model("sounds")
    assert isinstance(plain.net, torch.nn.Module)
    assert plain.settings["rate_hz"] == plain.rate_hz
    assert plain.card is not None
    x = plain.net.front(0.1 * torch.randn(2, 16000))
    plain.net(x).sum().backward()
    assert plain.net.head.weight.grad is not None
    program = torch.export.export(plain.graph.body, (x,), strict=False)
    with torch.no_grad():
        expected = plain.graph.body(x)
        torch.testing.assert_close(program.module()(x), expected)


def test_the_graph_of_a_question_of_its_own_needs_nothing(tmp_path: Path) -> None:
    """`tests/plugins/brightness.py` says nothing about exports, and is exported."""
    sys.path.insert(0, str(ROOT / "tests" / "plugins"))
    import brightness as toy

    net = toy.Net(toy.BrightnessConfig()).eval()
    model = toy.BrightnessModel(net, toy.BrightnessConfig(), "mine", "cpu")
    from tympan.tasks.graphs import graph_of

    graph = graph_of(model)
    path = tmp_path / "m.onnx"
    onnx_file.write(graph, path)
    clip = Clip(0.2 * np.random.default_rng(0).standard_normal((1, 64_000)).astype("f4"), 8000)
    given = list(checking.inputs_of(graph, [clip]))
    assert checking.compare(graph, path, given).largest < 1e-4


def test_an_own_model_is_exported_from_its_folder(tmp_path: Path) -> None:
    from tympan.tasks.classify.config import ClassifyConfig
    from tympan.tasks.classify.net import Classifier

    for pool in ("last", "stages"):
        config = ClassifyConfig(encoder="small", pool=pool)
        torch.manual_seed(0)
        net = Classifier(config, 3)
        card = Card(name="mine", task="classify", labels=["a", "b", "c"], config=config.to_dict())
        save_model(tmp_path / pool, net.state_dict(), card)
        (written,) = export(tmp_path / pool, tmp_path / f"{pool}.onnx")
        assert written.agreement.largest < 1e-4
        assert json.loads(json.dumps(written.to_json()))["inputs"] == {"samples": ["b", "t"]}


def test_a_net_that_takes_no_waves_is_refused_in_a_line() -> None:
    from types import SimpleNamespace

    from tympan.tasks.graphs import graph_of

    model = SimpleNamespace(net=torch.nn.Conv2d(3, 4, 3), rate_hz=8000, name="mine")
    with pytest.raises(ArgumentError, match=r"the net of mine takes no waves \(b, t\)"):
        graph_of(model)
    with pytest.raises(ArgumentError, match="has no net of tympan's"):
        graph_of(SimpleNamespace(name="an engine"))


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.onnx"
    full = OSError(errno.ENOSPC, "No space left on device", "beside/a.onnx")
    told = re.escape(f"{target}: cannot be written: No space left on device (make room")
    with pytest.raises(TympanError, match=f"^{told}"), _folder_beside(target):
        raise full
    assert not list(tmp_path.iterdir())

    def refuse(**options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    told = re.escape(f"{target}: cannot be written: Read-only file system (give another folder)")
    with pytest.raises(TympanError, match=f"^{told}$"), _folder_beside(target):
        pass
