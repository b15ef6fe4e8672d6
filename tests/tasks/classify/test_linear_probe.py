"""How a head is fitted before all parts learn together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from tests_sounds import few_recordings
from tympan.audio import concat, synth
from tympan.data import AudioStore, read_folder
from tympan.tasks.classify import Classifier, ClassifyConfig
from tympan.tasks.classify.examples import ClassifyExamples
from tympan.tasks.classify.linear_probe import fit_head, fit_norms, logistic_regression

CONFIG = ClassifyConfig(
    encoder="small", n_mels=32, n_fft=512, hop=160, clip_s=0.9, pool="stages", keep_norm=True
)


@pytest.fixture
def few(tmp_path) -> ClassifyExamples:
    """Five clips of each of three labels."""
    table = read_folder(few_recordings(tmp_path / "few"))
    store = AudioStore.open(table, CONFIG.rate_hz, tmp_path / "store")
    return ClassifyExamples(table, store, CONFIG, tuple(table.labels))


def problem(counts: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    return rng.normal(size=(len(y), 5)) + np.eye(len(counts), 5)[y], y


def test_logistic_regression_is_that_of_scikit_learn():
    x, y = problem((20, 20, 20))
    peer = LogisticRegression(C=10.0, tol=1e-10, max_iter=5000).fit(x, y)
    weight, bias = logistic_regression(torch.from_numpy(x), torch.from_numpy(y), 3, 10.0)
    assert np.allclose(weight.numpy(), peer.coef_, atol=2e-3)
    assert np.allclose(bias - bias.mean(), peer.intercept_, atol=2e-3)


def test_a_rare_label_weighs_as_the_root_of_its_share():
    """Each recording by 1 / √(recordings of its label), scaled to a mean of 1."""
    x, y = problem((60, 12, 3))
    each = np.bincount(y)[y] ** -0.5
    peer = LogisticRegression(C=10.0, tol=1e-10, max_iter=5000)
    peer.fit(x, y, sample_weight=each / each.mean())
    weight, bias = logistic_regression(torch.from_numpy(x), torch.from_numpy(y), 3, 10.0)
    assert np.allclose(weight.numpy(), peer.coef_, atol=5e-3)
    assert np.allclose(bias - bias.mean(), peer.intercept_, atol=5e-3)
    plain = LogisticRegression(C=10.0, tol=1e-10, max_iter=5000).fit(x, y)
    assert np.abs(weight.numpy() - plain.coef_).max() > 0.1


def test_a_label_that_is_missing_or_rare_is_no_trouble():
    x = torch.tensor([[1.0], [1.1], [1.2], [1.3], [-1.0]])
    weight, bias = logistic_regression(x, torch.tensor([0, 0, 0, 0, 2]), 3, 100.0)
    assert torch.isfinite(weight).all()
    assert (x @ weight.T + bias).argmax(1).tolist() == [0, 0, 0, 0, 2]


def test_from_a_head_that_knows_the_labels_it_moves_as_little_as_it_must():
    x, y = (torch.from_numpy(a) for a in problem((20, 20, 20)))
    first = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 3
    bias = torch.zeros(3, dtype=torch.float64)
    held, _ = logistic_regression(x, y, 3, 1e-4, (first, bias))
    assert torch.allclose(held, first.float(), atol=0.01)
    free, _ = logistic_regression(x, y, 3, 1e4, (first, bias))
    alone, _ = logistic_regression(x, y, 3, 1e4)
    assert (free - first).norm() > 1
    # What no recording contradicts (the same added to all rows) stays as it was.
    assert torch.allclose(free.mean(0), first.mean(0).float(), atol=1e-3)
    assert torch.allclose(alone.mean(0), torch.zeros(5), atol=1e-3)


def test_a_fitted_head_is_right_and_the_encoder_unchanged(few):
    torch.manual_seed(0)
    net = Classifier(CONFIG, 3)
    before = {k: v.clone() for k, v in net.encoder.state_dict().items()}
    fit_head(net, few)
    assert all(torch.equal(v, before[k]) for k, v in net.encoder.state_dict().items())
    for i, path in enumerate(few.table.paths):
        wave = torch.from_numpy(few.store.mono(path))[None]
        assert int(net.probabilities(wave).argmax()) == int(few.targets[i])


def test_a_known_head_is_where_the_fit_begins(few):
    """On recordings that it explains already it stays; a new fit would be another head."""
    torch.manual_seed(0)
    net = Classifier(CONFIG, 3)
    fit_head(net, few)
    known = {name: v.clone() for name, v in net.state_dict().items()}
    fit_head(net, few, known=True)
    for name, tensor in net.state_dict().items():
        if not name.startswith("head."):
            assert torch.equal(tensor, known[name]), name
    head = known["head.weight"]
    moved = (net.head.weight.detach() - head).norm() / head.norm()
    assert 0 < float(moved) < 0.5
    with torch.no_grad():
        net.head.weight.copy_(-known["head.weight"])
    fit_head(net, few)
    assert torch.allclose(net.head.weight, known["head.weight"], atol=1e-3)


def test_the_norms_of_a_random_encoder_are_set_by_recordings(few):
    torch.manual_seed(0)
    net = Classifier(CONFIG, 3)
    norms = [part for part in net.encoder.modules() if isinstance(part, nn.BatchNorm2d)]
    momentum = [norm.momentum for norm in norms]
    fit_norms(net, few, batch=5)
    assert all(int(norm.num_batches_tracked) == 3 for norm in norms)
    fit_norms(net, few, batch=15)
    assert all(int(norm.num_batches_tracked) == 1 for norm in norms)
    assert [norm.momentum for norm in norms] == momentum
    assert not any(norm.training for norm in norms)
    found: list[torch.Tensor] = []

    def keep(_: nn.Module, __: object, out: torch.Tensor) -> None:
        found.append(out.detach().clone())  # what follows may write into it

    handles = [norm.register_forward_hook(keep) for norm in (norms[0], norms[-1])]
    waves = [np.resize(few.store.mono(few.path(i), 0, few.crop), few.crop) for i in range(15)]
    net.encoder(net.front(torch.from_numpy(np.stack(waves))))
    for handle in handles:
        handle.remove()
    for maps in found:
        assert torch.allclose(maps.mean((0, 2, 3)), torch.zeros(maps.shape[1]), atol=0.01)
        assert torch.allclose(maps.std((0, 2, 3)), torch.ones(maps.shape[1]), atol=0.02)


def test_all_of_a_long_recording_counts(tmp_path):
    """What tells the labels apart comes after half a minute that is the same in both."""
    noise = synth.white_noise(duration_s=31.0, rate_hz=8000, seed=1)
    for label, tone_hz in (("high", 1600), ("low", 400)):
        for i in range(3):
            tone = synth.sine(tone_hz + i, duration_s=40.0, rate_hz=8000)
            path = tmp_path / label / f"{i}.wav"
            path.parent.mkdir(exist_ok=True)
            concat([noise, tone]).save(path)
    table = read_folder(tmp_path)
    store = AudioStore.open(table, 8000, tmp_path / "store")
    config = ClassifyConfig(
        encoder="small", rate_hz=8000, n_fft=512, hop=160, n_mels=32, pool="stages", keep_norm=True
    )
    torch.manual_seed(0)
    net = Classifier(config, 2)
    fit_head(net, ClassifyExamples(table, store, config, ("high", "low")))
    late = [store.mono(path, 50 * 8000, 5 * 8000) for path in table.paths]
    found = net.probabilities(torch.from_numpy(np.stack(late)))
    assert found.argmax(1).tolist() == [0, 0, 0, 1, 1, 1]
