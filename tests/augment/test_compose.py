"""Chains and choices."""

from __future__ import annotations

import pytest
import torch

from tympan.augment import (
    Compose,
    CropPad,
    FrequencyMask,
    Gain,
    LowPass,
    Mixup,
    OneOf,
    Polarity,
    Shift,
)
from tympan.errors import ArgumentError


def test_a_chain_applies_in_order() -> None:
    x = torch.arange(1.0, 5.0).reshape(1, 1, 4)
    chain = Compose([Shift(0.25, 0.25, "zeros"), CropPad(2, "start"), Polarity(p=1.0)])
    assert chain(x, 0).tolist() == [[[0.0, -1.0]]]


def test_parameters_are_flat_and_each_transform_reads_its_own() -> None:
    x = torch.ones(3, 1, 4)
    chain = Compose([Gain(), Compose([Gain(), Polarity()])])
    params = chain.draw(x, 0)
    expected = {"active", "0.active", "0.gain_db", "1.active", "1.0.active", "1.0.gain_db"}
    assert set(params) == expected | {"1.1.active"}
    gain = (params["0.gain_db"] + params["1.0.gain_db"]) / 20
    sign = 1 - 2 * params["1.1.active"].float()
    torch.testing.assert_close(chain.apply(x, params)[:, 0, 0], sign * 10**gain)


def test_a_chain_with_labels_changes_both() -> None:
    x, targets = torch.eye(4).reshape(4, 1, 1, 4).repeat(1, 1, 4, 1), torch.eye(4)
    chain = Compose([Mixup(1.0), FrequencyMask(1, fill=0.0, count=1)])
    y, mixed = chain(x, targets, 0)
    # Each frame here shows how much of which item is in it, as its target does.
    torch.testing.assert_close(y.amax(2)[:, 0], mixed)
    assert (mixed != targets).any()
    with pytest.raises(ArgumentError, match="got no targets"):
        chain(x, 0)


def test_a_chain_without_mixing_hands_targets_through() -> None:
    targets = torch.eye(2)
    assert Compose([Gain()])(torch.ones(2, 1, 3), targets, 0)[1] is targets


def test_one_of_chooses_by_weight_and_exactly_one() -> None:
    x = torch.ones(6000, 1, 1)
    either = OneOf([Gain(6, 6), Gain(12, 12), Polarity(p=1.0)], weights=[1, 2, 0], p=0.5)
    params = either.draw(x, 0)
    y = either.apply(x, params).flatten()
    unchanged = (y == 1).float().mean()
    six, twelve = ((y - 10 ** (db / 20)).abs() < 1e-4 for db in (6, 12))
    assert abs(unchanged - 0.5) < 0.03
    assert abs(six.float().mean() - 1 / 6) < 0.03
    assert abs(twelve.float().mean() - 1 / 3) < 0.03
    assert (y > 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Compose([]), "no transforms"),
        (lambda: Compose([Gain(), FrequencyMask()]), "waveform and spectrogram"),
        (lambda: Compose([LowPass(rate_hz=8000), LowPass(rate_hz=16000)]), "different rates"),
        (lambda: Compose([CropPad(4)], p=0.5), "apply to all"),
        (lambda: Compose([Compose([Mixup()])], p=0.5), "apply to all"),
        (lambda: OneOf([Gain(), CropPad(4)]), "cannot be one of several"),
        (lambda: OneOf([Gain(), Mixup()]), "cannot be one of several"),
        (lambda: OneOf([Gain()], weights=[1, 2]), "weights"),
    ],
)
def test_what_does_not_go_together_is_refused(make, message) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_the_rate_of_a_chain_is_that_of_its_parts() -> None:
    assert Compose([Gain(), OneOf([LowPass(rate_hz=8000)])]).rate_hz == 8000
