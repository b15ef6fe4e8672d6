"""The front, the augmentation and the loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from tympan.data import Batch
from tympan.errors import ArgumentError, ModelError
from tympan.tasks.classify import Classifier, ClassifyConfig, ClassifyLearner
from tympan.tasks.classify.learner import crop_non_silent
from tympan.training import TrainingConfig
from tympan.training.setup import make_optimizers

CONFIG = ClassifyConfig(encoder="small", clip_s=1.0)
LABELS = ("a", "b", "c")
PLAIN = {
    "mixup_p": 0.0, "crop": 1.0, "shift": 0.0, "mask": 0.0, "frequency_shift": 0, "filter_db": 0.0,
}  # fmt: skip


def batch(b: int = 6, k: int = 3) -> Batch:
    waves = torch.randn(b, 16000, generator=torch.Generator().manual_seed(0))
    return {"wave": waves, "label": torch.arange(b) % k}


def learner(**changes: object) -> ClassifyLearner:
    config = ClassifyConfig(**{**CONFIG.to_dict(), **changes})
    return ClassifyLearner(Classifier(config, 3), config, LABELS)


def rng(seed: int = 5) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rms(waves: Tensor) -> Tensor:
    return waves.square().mean(-1).sqrt()


@pytest.mark.parametrize("gain", [1e-3, 0.1, 30.0])
def test_how_loud_a_recording_is_does_not_matter(gain):
    net = Classifier(CONFIG, 3).eval()
    waves = torch.randn(2, 16000) * 0.1
    assert torch.allclose(net.front(waves), net.front(waves * gain), atol=1e-3)


def test_one_seed_one_augmentation():
    inputs = learner().inputs
    first, targets = inputs(batch(), rng(5))
    again, _ = inputs(batch(), rng(5))
    other, _ = inputs(batch(), rng(6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.allclose(targets.sum(1), torch.ones(6))


def test_without_augmentation_the_net_gets_the_clip_itself():
    plain = learner(**PLAIN)
    spectrograms, targets = plain.inputs(batch(), rng())
    assert torch.allclose(spectrograms, plain.net.front(batch()["wave"]), atol=1e-4)
    assert targets.argmax(1).tolist() == [0, 1, 2, 0, 1, 2]


# -- waves: shift, crop, level, mixture --------------------------------------------------------


def test_clips_of_any_level_are_mixed_as_equals_and_so_are_their_labels():
    """Twelve clips of orthogonal noise, each 10 dB louder than the one before."""
    b, waves = 12, torch.linalg.qr(torch.randn(16000, 12, generator=rng()))[0].T
    loud = {"wave": waves * 10 ** (torch.arange(b) / 2)[:, None], "label": torch.arange(b)}
    config = ClassifyConfig(**(CONFIG.to_dict() | PLAIN | {"mixup_p": 1.0}))
    many = ClassifyLearner(Classifier(config, b), config, tuple("abcdefghijkl"))
    mixed, targets = many.mixed(loud, rng())
    shares = (mixed @ waves.T) / 16000**0.5  # how much of each clip is in each mixture
    assert torch.allclose(shares, targets, atol=1e-3)
    assert torch.allclose(targets.sum(1), torch.ones(b))
    assert ((targets > 0).sum(1) == 2).all()
    assert targets.diagonal().std() > 0.1  # the share is drawn for each


def test_a_share_of_the_clips_is_mixed():
    many = batch(300)
    for p in (0.6, 0.1):
        _, targets = learner(**(PLAIN | {"mixup_p": p})).mixed(many, rng())
        changed = (targets.argmax(1) != many["label"]) | (targets.max(1).values < 1)
        # A third of the partners has the same label, which then does not change.
        assert float(changed.float().mean()) == pytest.approx(p * 2 / 3, abs=0.1)


def test_clips_have_one_level_after_the_crop():
    wave = torch.randn(4, 16000, generator=rng()) * torch.tensor([1e-3, 0.1, 1.0, 20.0])[:, None]
    wave[:, 8000:] *= 0.01
    waves, _ = learner(**(PLAIN | {"crop": 0.5})).mixed(
        {"wave": wave, "label": torch.zeros(4, dtype=torch.long)}, rng()
    )
    assert torch.allclose(rms(waves), torch.ones(4), atol=1e-4)


@pytest.mark.parametrize("crop", [1.0, 0.75, 0.3])
def test_a_crop_has_the_length_that_is_set(crop):
    waves, _ = learner(**(PLAIN | {"crop": crop})).mixed(batch(), rng())
    assert waves.shape == (6, round(crop * 16000))


def test_crops_come_from_anywhere():
    ramp = torch.linspace(1, 2, 1000).expand(200, 1, 1000)
    crops = crop_non_silent(ramp, 0.25, rng())
    starts = ((crops[:, 0, 0] - 1) * 999).round()
    assert torch.allclose(crops[:, 0, -1] - crops[:, 0, 0], torch.tensor(249 / 999))
    assert starts.min() < 50
    assert starts.max() > 700


def test_crops_avoid_silence():
    wave = torch.zeros(50, 1, 8000)
    wave[..., :2000] = torch.randn(2000)
    crops = crop_non_silent(wave, 0.25, torch.Generator().manual_seed(0))
    silent = (crops.square().mean((1, 2)) < 1e-4).sum()
    assert crops.shape == (50, 1, 2000)
    # A blind crop misses the sound in two thirds of the cases, one of four rarely.
    assert int(silent) <= 10


def test_clips_are_shifted_around_as_far_as_is_set():
    wave = torch.zeros(200, 16000)
    wave[:, 8000] = 1.0
    clicks = {"wave": wave, "label": torch.zeros(200, dtype=torch.long)}
    for shift in (0.5, 0.1):
        waves, _ = learner(**(PLAIN | {"shift": shift})).mixed(clicks, rng())
        places = waves.argmax(1) - 8000
        assert (waves > 0).sum() == 200
        assert 0.9 * shift * 16000 < places.abs().max() <= shift * 16000
        assert places.min() < 0 < places.max()


# -- spectrograms: shift, colour, masks --------------------------------------------------------


def augmented(**changes: object) -> tuple[Tensor, Tensor]:
    """Spectrograms `(b, f, n)` with one augmentation and without any."""
    waves = torch.randn(64, 8000, generator=rng())
    one = learner(**(PLAIN | changes))
    changed, _ = one.augmented(waves, torch.zeros(64, 3), rng())
    return changed[:, 0], one.net.front(waves)[:, 0]


def test_the_colour_changes_by_so_many_decibels():
    changed, plain = augmented(filter_db=6.0)
    curve_db = 20 * (changed - plain)  # the front divides by a spread of 20 dB
    assert torch.allclose(curve_db, curve_db[..., :1].expand_as(curve_db), atol=1e-3)
    assert 5.0 < float(curve_db.abs().max()) <= 6.001
    touched = (curve_db.abs() > 1e-3).flatten(1).any(1).float().mean()
    assert 0.6 < float(touched) < 0.95  # four of five


def test_bands_move_up_and_down():
    changed, plain = augmented(frequency_shift=2)
    found = []
    for one, same in zip(changed, plain, strict=True):
        fits = [
            s for s in range(-3, 4) if torch.equal(one.roll(-s, 0)[3:-3], same[3:-3])
        ]  # fmt: skip
        assert len(fits) == 1
        found += fits
    assert set(found) == {-2, -1, 0, 1, 2}


def test_bands_and_frames_are_masked():
    changed, plain = augmented(mask=0.12)
    covered = (changed == 0) & (plain != 0)
    f, n = plain.shape[1:]
    bands, frames = covered.all(2).sum(1), covered.all(1).sum(1)
    for share in (bands / f, frames / n):  # two masks of each kind, which may lie apart
        assert 0.15 < float(share.max()) <= 2 * 0.12
    assert torch.equal(changed[~covered], plain[~covered])
    assert (bands > 0).float().mean() > 0.5
    assert (frames > 0).float().mean() > 0.5


def test_by_default_every_augmentation_is_on():
    one = learner()
    assert one.mix is not None
    assert [type(t).__name__ for t in one.augmentation.waveform] == ["Shift"]
    assert [type(t).__name__ for t in one.augmentation.spectrogram] == [
        "FrequencyShift", "FilterAugment", "FrequencyMask", "TimeMask",
    ]  # fmt: skip
    waves = torch.randn(8, 8000, generator=rng())
    plain = one.net.front(waves)
    changed, _ = one.augmented(waves, torch.zeros(8, 3), rng())
    assert not torch.allclose(changed, plain, atol=0.05)


# -- the loss ----------------------------------------------------------------------------------


def test_the_loss_is_that_of_augmented_clips_with_mixed_labels():
    one, received = learner(), []
    scores = torch.randn(6, 3, generator=rng())

    def net(spectrograms: Tensor) -> Tensor:
        received.append(spectrograms)
        return scores

    ((name, loss),) = one.losses({"net": net}, batch(), rng())  # type: ignore[dict-item]
    spectrograms, targets = one.inputs(batch(), rng())
    assert name == "net"
    assert torch.equal(received[0], spectrograms)
    assert float(loss) == pytest.approx(float(cross_entropy(scores, targets)))
    assert (targets.max(1).values < 1).any()


def test_the_loss_falls_when_the_answer_is_right():
    task = learner(mixup_p=0.0)

    def net(spectrograms: Tensor) -> Tensor:
        return one_hot(batch()["label"], 3) * 10.0

    def loss_of(net: object) -> float:
        ((_, loss),) = task.losses({"net": net}, batch(), rng(0))  # type: ignore[dict-item]
        return float(loss)

    assert loss_of(net) < 0.01 < loss_of(lambda s: -net(s))


def test_validation_scores_each_recording_once_by_the_mean_of_its_windows():
    one = learner()

    def net(spectrograms: Tensor) -> Tensor:
        """The label by the sign of the first band; the third never."""
        up = spectrograms[:, 0, :20].mean((1, 2)) > spectrograms[:, 0, 30:].mean((1, 2))
        return torch.stack([up * 4.0, ~up * 4.0, up * 0.0], 1)

    t = torch.arange(8000) / 16000
    low, high = torch.sin(2000 * t), torch.sin(30000 * t)
    waves = [torch.cat([low, low, high]), torch.cat([high] * 2), low]
    longest = max(map(len, waves))
    several: Batch = {
        "wave": torch.stack([torch.nn.functional.pad(w, (0, longest - len(w))) for w in waves]),
        "wave_lengths": torch.tensor([len(w) for w in waves]),
        "windows": torch.tensor([3, 2, 1]),
        "label": torch.tensor([0, 1, 1]),
    }
    found = one.evaluate({"net": net}, [several, several])  # type: ignore[dict-item]
    sure = torch.tensor([4.0, 0.0, 0.0]).softmax(0)
    right = [(2 * sure[0] + sure[1]) / 3, sure[0], sure[1]]
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["loss"] == pytest.approx(-float(torch.stack(right).log().mean()), abs=1e-5)


# -- the configuration -------------------------------------------------------------------------


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


def test_only_what_is_fitted_afterwards_may_differ_on_a_resume():
    plain = learner().fingerprint()
    assert learner(temperature=2.0).fingerprint() == plain
    others = {"mixup_p": 0.1, "crop": 0.5, "dropout": 0.1, "encoder_lr": 0.5, "keep_norm": True}
    assert all(learner(**{name: v}).fingerprint() != plain for name, v in others.items())


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_the_encoder_learns_as_fast_as_is_set(share):
    one = learner(encoder_lr=share)
    groups = make_optimizers(one, TrainingConfig())["net"].param_groups
    scales = {id(p): group["lr_scale"] for group in groups for p in group["params"]}
    assert {scales[id(p)] for p in one.net.encoder.parameters()} == {share}
    assert {scales[id(p)] for p in one.net.head.parameters()} == {1.0}
    assert len(scales) == len(list(one.net.parameters()))


def test_probabilities_are_softened_by_the_temperature():
    torch.manual_seed(0)
    nets = [Classifier(ClassifyConfig(**CONFIG.to_dict() | {"temperature": t}), 3) for t in (1, 2)]
    nets[1].load_state_dict(nets[0].state_dict())
    plain, soft = (net.eval().probabilities(batch()["wave"]) for net in nets)
    assert torch.allclose(soft, plain.sqrt() / plain.sqrt().sum(1, keepdim=True), atol=1e-6)
    assert not torch.allclose(soft, plain, atol=1e-4)
