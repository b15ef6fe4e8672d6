"""The head that hears every stage, and how it is fitted before all learn together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from tests_sounds import sound
from tympan.data import WaveCache, read_folder
from tympan.errors import ArgumentError
from tympan.tasks import train
from tympan.tasks.classify import TASK, Classifier, ClassifyConfig
from tympan.tasks.classify.pool import StagePooling
from tympan.tasks.classify.probe import fit_head, logistic_regression
from tympan.tasks.run import _common_rate_hz

CONFIG = ClassifyConfig(
    encoder="small", n_mels=32, n_fft=512, hop=160, clip_s=0.9, pool="stages", keep_norm=True
)


@pytest.fixture
def few(tmp_path):
    """Five clips of each of three labels, as a table."""
    for kind in ("chirp", "noise", "tone"):
        (tmp_path / "few" / kind).mkdir(parents=True)
        for i in range(5):
            sound(kind, 900 + i).save(tmp_path / "few" / kind / f"{i}.wav")
    return read_folder(tmp_path / "few")


def test_logistic_regression_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 20)
    x = rng.normal(size=(60, 5)) + np.eye(3, 5)[y]
    peer = LogisticRegression(C=10.0, tol=1e-10, max_iter=5000).fit(x, y)
    weight, bias = logistic_regression(torch.from_numpy(x), torch.from_numpy(y), 3, 10.0)
    assert np.allclose(weight.numpy(), peer.coef_, atol=2e-3)
    assert np.allclose(bias - bias.mean(), peer.intercept_, atol=2e-3)


def test_a_label_that_is_missing_or_rare_is_no_trouble():
    x = torch.tensor([[1.0], [1.1], [1.2], [1.3], [-1.0]])
    weight, bias = logistic_regression(x, torch.tensor([0, 0, 0, 0, 2]), 3, 100.0)
    assert torch.isfinite(weight).all()
    assert (x @ weight.T + bias).argmax(1).tolist() == [0, 0, 0, 0, 2]


def test_each_map_has_the_same_share_and_all_together_a_norm_of_one():
    pool = StagePooling((32, 4, 256))
    maps = [torch.randn(50, 1, 32, 20) * 7 + 3, torch.randn(50, 4, 9, 9), torch.rand(50, 256, 3, 4)]
    pool.fit(pool(maps))
    features = pool(maps)
    assert torch.allclose(features.mean(0), torch.zeros(features.shape[1]), atol=1e-5)
    assert features.square().sum(1).mean() == pytest.approx(1.0, abs=0.02)
    shares = [part.square().sum(1).mean() for part in features.split([64, 8, 512], 1)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.01)


def test_what_never_varied_in_training_does_not_explode():
    pool = StagePooling((2, 2))
    maps = [torch.randn(20, 1, 2, 5), torch.randn(20, 2, 3, 3)]
    maps[0][:, :, 0] = 4.0
    pool.fit(pool(maps))
    other = [maps[0] + 0.5, maps[1]]
    assert pool(other).abs().max() < 20


def test_a_fitted_head_is_right_and_the_encoder_unchanged(few):
    cache = WaveCache.open(few, CONFIG.rate_hz)
    targets = torch.tensor([few.labels.index(e.label) for e in few])
    torch.manual_seed(0)
    net = Classifier(CONFIG, 3)
    before = {k: v.clone() for k, v in net.encoder.state_dict().items()}
    fit_head(net, cache, targets)
    assert all(torch.equal(v, before[k]) for k, v in net.encoder.state_dict().items())
    right = [
        int(net.probabilities(torch.from_numpy(cache.wave(i))[None]).argmax()) == int(targets[i])
        for i in range(len(cache))
    ]
    assert all(right)


def test_a_kept_norm_stays_while_the_rest_trains():
    net = Classifier(CONFIG, 3).train()
    norm = net.encoder.stem[1]
    assert net.encoder.training
    assert not norm.training
    net(net.front(torch.randn(4, 8000)))
    assert int(norm.num_batches_tracked) == 0
    free = Classifier(ClassifyConfig(encoder="small"), 3).train()
    assert free.encoder.stem[1].training


def test_only_known_pools():
    with pytest.raises(ArgumentError, match="pool='all' must be one of last, stages"):
        ClassifyConfig(pool="all")


def test_few_recordings_all_teach_from_a_fitted_head(few, trained, tmp_path):
    """Of fifteen clips two or three are for the test; none is wasted on validation."""
    for start in (str(trained[0].folder), "scratch"):
        said: list[str] = []
        result = train(
            few, from_=start, out=tmp_path / start[-4:], progress=False, say=said.append,
            settings={"encoder": "small"},
        )  # fmt: skip
        assert result.job.prepared.config.pool == "stages"
        assert not result.job.split.indices["val"]
        assert "none is held out for validation" in result.split
        assert any("none is held out for validation" in line for line in said)
        assert any("the head is fitted, the encoder stays" in line for line in said)
        assert len(result.history.epochs) == 1
        assert result.metrics["accuracy"] > 0.6


def test_many_recordings_from_scratch_keep_the_plain_head_and_a_validation_side(tmp_path):
    for kind in ("noise", "tone"):
        (tmp_path / "in" / kind).mkdir(parents=True)
        for i in range(40):
            sound(kind, i).save(tmp_path / "in" / kind / f"{i}.wav")
    result = train(
        tmp_path / "in", from_="scratch", out=tmp_path / "m", epochs=1, progress=False,
        settings={"encoder": "small"},
    )  # fmt: skip
    assert result.job.prepared.config.pool == "last"
    assert result.job.split.indices["val"]


def test_recordings_of_a_low_rate_are_heard_at_it():
    config = TASK.for_rate(ClassifyConfig(), 12000)
    assert (config.rate_hz, config.n_fft, config.hop) == (12000, 768, 240)
    for rate_hz in (0, 800, 16000, 44100):
        assert TASK.for_rate(ClassifyConfig(), rate_hz) == ClassifyConfig()


def test_the_rate_is_that_of_most_files(folder, few):
    # Of `folder` a quarter each has 16, 22.05, 44.1 and 8 kHz; of equals the highest loses nothing.
    assert _common_rate_hz(read_folder(folder), most=60) == 44100
    assert _common_rate_hz(few) == 16000
    (few[0].path).write_bytes(b"no sound")
    assert _common_rate_hz(few) == 16000
