from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from tympan.augment import (
    Augmentation,
    CropPad,
    CutMix,
    Gain,
    LowPass,
    Mixup,
    Shift,
    Speed,
    TimeMask,
    TimeWarp,
    item_generators,
    load_augmentation,
    preset_names,
)
from tympan.errors import ArgumentError

RATE_HZ = 8000


def test_waves_and_events_change_together() -> None:
    augmentation = Augmentation(
        (Speed(2.0, 2.0), CropPad(8000, "start"), Shift(0.25, 0.25)), rate_hz=RATE_HZ
    )
    t = torch.arange(16_000) / RATE_HZ
    x = (torch.sin(2 * torch.pi * 500 * t) * ((t > 0.4) & (t < 1.2))).expand(2, 1, -1)
    done = augmentation.apply_waveform(x, 0, [[(0.4, 1.2, "beep", 7)], []])
    assert done.x.shape == (2, 1, 8000) == augmentation.output_shape((2, 1, 16_000))
    assert done.targets is None
    assert done.events == [[pytest.approx((0.45, 0.85, "beep", 7))], []]
    loud = (done.x[0, 0].abs() > 0.3).nonzero()[:, 0] / RATE_HZ
    assert loud.min().item() == pytest.approx(0.45, abs=0.01)
    assert loud.max().item() == pytest.approx(0.85, abs=0.01)


def test_events_of_spectrograms_move_by_frames() -> None:
    augmentation = Augmentation(spectrogram=(TimeWarp(0.4),), rate_hz=RATE_HZ)
    x = torch.zeros(1, 1, 8, 100)
    x[..., 30:60] = 1.0
    done = augmentation.apply_spectrogram(x, 4, [[(3.0, 6.0)]], frames_per_s=10)
    assert done.events is not None
    ((start, end),) = done.events[0]
    shown = (done.x[0, 0, 0] > 0.5).nonzero()[:, 0]
    assert abs(start * 10 - shown.min()) < 1.5
    assert abs(end * 10 - (shown.max() + 1)) < 1.5
    assert abs(start - 3.0) > 0.2
    with pytest.raises(ArgumentError, match="give frames_per_s"):
        augmentation.apply_spectrogram(x, 4, [[]])


@pytest.mark.parametrize("mixing", [Mixup(1.0), CutMix(1.0)])
def test_targets_and_events_are_mixed_as_the_items_are(mixing: Mixup | CutMix) -> None:
    augmentation = Augmentation((Gain(p=0.5), mixing), (mixing,), rate_hz=RATE_HZ)
    assert augmentation.mixes
    x, targets = torch.rand(3, 1, 100), torch.eye(3)
    events = [[(0.0, 100 / RATE_HZ, name)] for name in "abc"]
    done = augmentation.apply_waveform(x, 1, events, targets)
    assert done.targets is not None
    assert done.events is not None
    for number, own in enumerate(done.events):
        names = {label for *_, label in own}
        assert {"abc"[k] for k in done.targets[number].nonzero()[:, 0].tolist()} == names
    with pytest.raises(ArgumentError, match="neither targets nor events"):
        augmentation.apply_waveform(x, 1)
    assert augmentation.apply_waveform(x, 1, targets=targets).events is None
    pictures = torch.rand(3, 1, 4, 9)
    assert augmentation.apply_spectrogram(pictures, 1, targets=targets).targets is not None


@pytest.mark.parametrize("name", preset_names())
def test_the_generator_alone_decides(name: str) -> None:
    augmentation = load_augmentation(name, rate_hz=RATE_HZ)
    x, pictures = torch.randn(6, 2, 4000), torch.randn(6, 2, 32, 60)
    events = [[(0.1, 0.2, i)] for i in range(6)]
    for apply, given in (
        (augmentation.apply_waveform, x),
        (
            lambda *a: augmentation.apply_spectrogram(*a, frames_per_s=100),
            pictures,
        ),
    ):
        state = torch.get_rng_state()
        first, again = (apply(given, torch.Generator().manual_seed(3), events) for _ in range(2))
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.equal(first.x, again.x)
        assert first.events == again.events
        assert not torch.equal(first.x, apply(given, 4, events).x)
        # An item with its own generator does not depend on its batch.
        whole = apply(given, item_generators(7, range(6)), events)
        part = apply(given[[4, 1]], item_generators(7, [4, 1]), [events[4], events[1]])
        torch.testing.assert_close(part.x, whole.x[[4, 1]], atol=2e-6, rtol=0)
        assert part.events == [whole.events[4], whole.events[1]]


def test_nothing_to_do_changes_nothing() -> None:
    x, targets = torch.rand(2, 1, 9), torch.eye(2)
    done = Augmentation().apply_waveform(x, 0, [[(0.0, 1.0)], []], targets)
    assert done.x is x
    assert done.targets is targets
    assert done.events == [[(0.0, 1.0)], []]


def test_it_is_frozen_and_written_down_in_plain_values() -> None:
    augmentation = Augmentation([Gain()], [TimeMask(4)], RATE_HZ, "mine")  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        augmentation.waveform = ()  # type: ignore[misc]
    data = json.loads(json.dumps(augmentation.to_dict()))
    assert data == {
        "source": "mine",
        "rate_hz": RATE_HZ,
        "waveform": [
            {"transform": "Gain", "min_gain_db": -12.0, "max_gain_db": 6.0, "p": 1.0},
        ],
        "spectrogram": [
            {"transform": "TimeMask", "max_width": 4, "count": 2, "fill": "mean", "p": 1.0},
        ],
    }
    again = Augmentation.from_dict(data)
    assert again.to_dict() == data
    assert again.fingerprint() == {k: v for k, v in data.items() if k != "source"}


def test_what_does_not_belong_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"TimeMask changes a spectrogram, not a waveform"):
        Augmentation((TimeMask(),))
    with pytest.raises(ArgumentError, match=r"put it under \[\[waveform\]\]"):
        Augmentation(spectrogram=(Gain(),))
    with pytest.raises(ArgumentError, match="made for 8000 Hz, the audio is at 16000 Hz"):
        Augmentation((LowPass(rate_hz=8000),), rate_hz=16000)
