"""What the head gets: every stage, each with the same share."""

from __future__ import annotations

import pytest
import torch

from tympan.errors import ArgumentError
from tympan.tasks.classify import Classifier, ClassifyConfig
from tympan.tasks.classify.pool import StagePooling

CONFIG = ClassifyConfig(
    encoder="small", n_mels=32, n_fft=512, hop=160, clip_s=0.9, pool="stages", keep_norm=True
)


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
