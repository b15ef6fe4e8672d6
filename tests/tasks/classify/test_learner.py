"""The front, the augmentation and the loss."""

from __future__ import annotations

import pytest
import torch

from tympan.data import Batch
from tympan.errors import ArgumentError, ModelError
from tympan.tasks.classify import Classifier, ClassifyConfig, ClassifyLearner
from tympan.tasks.classify.learner import crop_where_heard

CONFIG = ClassifyConfig(encoder="small", clip_s=1.0)


def batch(b: int = 6, k: int = 3) -> Batch:
    waves = torch.randn(b, 16000, generator=torch.Generator().manual_seed(0))
    return Batch(waves, torch.arange(b) % k, torch.arange(b), torch.full((b,), 16000))


def learner(**changes) -> ClassifyLearner:
    config = ClassifyConfig(**{**CONFIG.to_dict(), **changes})
    return ClassifyLearner(Classifier(config, 3), config, 3)


@pytest.mark.parametrize("gain", [1e-3, 0.1, 30.0])
def test_how_loud_a_recording_is_does_not_matter(gain):
    net = Classifier(CONFIG, 3).eval()
    waves = torch.randn(2, 16000) * 0.1
    assert torch.allclose(net.front(waves), net.front(waves * gain), atol=1e-3)


def test_one_seed_one_augmentation():
    inputs = learner().inputs
    first, targets = inputs(batch(), torch.Generator().manual_seed(5))
    again, _ = inputs(batch(), torch.Generator().manual_seed(5))
    other, _ = inputs(batch(), torch.Generator().manual_seed(6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.allclose(targets.sum(1), torch.ones(6))


def test_without_augmentation_the_net_hears_the_clip_itself():
    plain = learner(mixup_p=0.0, crop=1.0, shift=0.0, mask=0.0, frequency_shift=0, filter_db=0.0)
    spectrograms, targets = plain.inputs(batch(), torch.Generator())
    assert torch.allclose(spectrograms, plain.net.front(batch().waves), atol=1e-4)
    assert targets.argmax(1).tolist() == [0, 1, 2, 0, 1, 2]


def test_crops_avoid_silence():
    wave = torch.zeros(50, 1, 8000)
    wave[..., :2000] = torch.randn(2000)
    crops = crop_where_heard(wave, 0.25, torch.Generator().manual_seed(0))
    silent = (crops.square().mean((1, 2)) < 1e-4).sum()
    assert crops.shape == (50, 1, 2000)
    # A blind crop misses the sound in two thirds of the cases, one of four rarely.
    assert int(silent) <= 10


def test_the_loss_falls_when_the_answer_is_right():
    task = learner(mixup_p=0.0)
    generator = torch.Generator().manual_seed(0)

    def net(spectrograms: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(batch().targets, 3) * 10.0

    right = float(task.loss(net, batch(), generator))  # type: ignore[arg-type]
    wrong = float(task.loss(lambda s: -net(s), batch(), generator))  # type: ignore[arg-type]
    assert right < 0.01 < wrong


@pytest.mark.parametrize(
    ("field", "value"),
    [("rate_hz", 0), ("rate_hz", 10_000_000), ("clip_s", -1.0), ("crop", 0.0), ("hop", 0)],
)
def test_an_unusable_configuration_is_refused(field, value):
    with pytest.raises(ArgumentError, match=field):
        ClassifyConfig(**{field: value})
    with pytest.raises(ModelError, match="configuration"):
        ClassifyConfig.from_dict({field: value})


def test_a_foreign_field_in_a_card_is_named():
    with pytest.raises(ModelError, match="'colour'"):
        ClassifyConfig.from_dict({"colour": 1})
    with pytest.raises(ModelError, match="'n_mels'"):
        ClassifyConfig.from_dict({"n_mels": "many"})


def test_a_field_that_came_later_stops_no_older_training():
    assert not {"pool", "keep_norm"} & set(learner().fingerprint())
    assert learner(pool="stages", keep_norm=True).fingerprint()["pool"] == "stages"


def test_the_encoder_learns_as_fast_as_it_is_told():
    from tympan.training import TrainingConfig
    from tympan.training.setup import make_optimizer

    one = learner(encoder_lr=0.1)
    groups = make_optimizer(one, TrainingConfig()).param_groups
    scales = {id(p): group["lr_scale"] for group in groups for p in group["params"]}
    assert {scales[id(p)] for p in one.net.encoder.parameters()} == {0.1}
    assert {scales[id(p)] for p in one.net.head.parameters()} == {1.0}
    assert len(scales) == len(list(one.net.parameters()))
