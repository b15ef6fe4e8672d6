from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.spectra import PowerToDb, amplitude_to_db, db_to_amplitude


@pytest.mark.parametrize("top_db", [None, 80.0, 0.0])
@pytest.mark.parametrize("reference", [1.0, 0.01])
def test_decibels_equal_librosas(top_db: float | None, reference: float) -> None:
    power = (torch.rand(40, 60) ** 20).float()
    theirs = librosa.power_to_db(power.numpy(), ref=reference, amin=1e-10, top_db=top_db)
    ours = PowerToDb(-100, reference, top_db)(power)
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-4)


def test_range_is_that_of_each_item() -> None:
    power = torch.tensor([[[1.0, 1e-9]], [[1e-5, 1e-9]]])
    out = PowerToDb(top_db=30)(power)
    assert out.round().tolist() == [[[0, -30]], [[-50, -80]]]


@given(level=st.floats(-95, 60), reference=st.floats(1e-3, 1e3))
def test_there_and_back(level: float, reference: float) -> None:
    module = PowerToDb(-200, reference).double()
    value = torch.tensor(level, dtype=torch.float64)
    torch.testing.assert_close(module(module.inverse(value)), value)
    torch.testing.assert_close(amplitude_to_db(db_to_amplitude(value)), value)


def test_in_place_equals_the_call() -> None:
    power = torch.rand(5, 7)
    for module in (PowerToDb(), PowerToDb(-60, 0.5)):
        torch.testing.assert_close(module.in_place(power.clone()), module(power))


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="reference"):
        PowerToDb(reference=0)
    with pytest.raises(ArgumentError, match="top_db"):
        PowerToDb(top_db=-1)


@pytest.mark.parametrize("reference", [1.0, 0.25, 1e-7, "max"])
@pytest.mark.parametrize("top_db", [None, 60.0])
def test_amplitude_to_db_equals_librosas(reference: float | str, top_db: float | None) -> None:
    amplitude = torch.rand(20, 30, dtype=torch.float64) ** 8
    ours = amplitude_to_db(amplitude, reference=reference, top_db=top_db)
    ref = np.max if reference == "max" else reference
    theirs = librosa.amplitude_to_db(amplitude.numpy(), ref=ref, amin=1e-5, top_db=top_db)
    np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-9)


def test_the_largest_amplitude_is_that_of_each_item() -> None:
    batch = torch.rand(3, 4, 5) + 0.1
    levels = amplitude_to_db(batch * torch.tensor([1.0, 10.0, 0.2])[:, None, None], reference="max")
    assert levels.amax(dim=(1, 2)).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("reference", [0.0, -1.0, "mean"])
def test_a_wrong_reference_is_refused(reference: float | str) -> None:
    with pytest.raises(ArgumentError, match="reference"):
        amplitude_to_db(torch.ones(3), reference=reference)
