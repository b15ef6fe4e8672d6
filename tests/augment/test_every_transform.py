"""What every transform promises, tried on all of them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tympan import augment
from tympan.audio.clip import Clip
from tympan.augment import Compose, OneOf, PerChannel, Reverb, Transform, item_generators
from tympan.augment._names import SPECTROGRAM as SPECTROGRAM_FILES
from tympan.augment._names import WAVEFORM as WAVEFORM_FILES
from tympan.errors import ArgumentError, ShapeError

RATE_HZ = 8000
NEEDS = {
    "BackgroundMix": {
        "backgrounds": [
            torch.randn(9000, generator=torch.Generator().manual_seed(1)),
            np.sin(np.arange(700, dtype=np.float32)),
        ]
    },
    "CropPad": {"length": 1500},
}
WAVEFORM = sorted(WAVEFORM_FILES)
SPECTROGRAM = sorted(SPECTROGRAM_FILES)
# The rounding of a product of matrices may depend on how many there are; no more than that.
EXACT = {"rtol": 0, "atol": 2e-6}


def make(name: str, p: float = 1.0) -> Transform:
    kind = getattr(augment, name)
    takes = inspect.signature(kind).parameters
    known = {"rate_hz": RATE_HZ, "p": p}
    return kind(**NEEDS.get(name, {}), **{k: v for k, v in known.items() if k in takes})


def batch(name: str, b: int = 4, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    if name in SPECTROGRAM:
        return torch.randn(b, 2, 40, 50, generator=generator) * 10 - 30
    t = torch.arange(2000) / RATE_HZ
    tones = torch.sin(2 * torch.pi * torch.rand(b, 2, 1, generator=generator) * 1000 * t)
    return 0.3 * tones + 0.05 * torch.randn(b, 2, 2000, generator=generator)


def groups() -> Iterator[tuple[str, Transform]]:
    yield "chain", Compose([make("Gain"), make("LowPass", 0.5), make("CropPad"), make("Shift")])
    yield "per channel", PerChannel(make("ParametricEQ", 0.6), p=0.8)
    yield "long reverb", Reverb(keep_tail=True, rate_hz=RATE_HZ, p=0.6)
    yield "one of", OneOf([make("Gain"), make("Polarity"), make("PacketDropout")], [1, 2, 3], p=0.7)
    yield (
        "nested",
        Compose([OneOf([make("Gain"), Compose([make("Polarity"), make("Shift")])]), make("Gain")]),
    )


ALL = [(name, make(name)) for name in WAVEFORM + SPECTROGRAM] + list(groups())
each = pytest.mark.parametrize(("name", "transform"), ALL, ids=[name for name, _ in ALL])


@each
def test_same_parameters_same_result(name: str, transform: Transform) -> None:
    x = batch(name)
    before = x.clone()
    params = transform.draw(x, 3)
    first, second = transform.apply(x, params), transform.apply(x, params)
    assert torch.equal(first, second)
    assert torch.equal(x, before), "the input was changed"
    assert first.isfinite().all()
    assert tuple(first.shape) == transform.output_shape(tuple(x.shape))


@each
def test_parameters_are_tensors_of_items_that_can_be_written_down(
    name: str, transform: Transform
) -> None:
    x = batch(name)
    params = transform.draw(x, 5)
    assert params["active"].dtype == torch.bool
    assert all(isinstance(value, torch.Tensor) for value in params.values())
    assert {value.shape[0] for value in params.values()} == {len(x)}
    text = json.dumps({k: (str(v.dtype)[6:], v.tolist()) for k, v in params.items()})
    read = {k: torch.tensor(v, dtype=getattr(torch, d)) for k, (d, v) in json.loads(text).items()}
    assert torch.equal(transform.apply(x, read), transform.apply(x, params))


@each
def test_same_seed_same_draws_and_another_seed_others(name: str, transform: Transform) -> None:
    x = batch(name, 16)
    first, again = transform.draw(x, 11), transform.draw(x, torch.Generator().manual_seed(11))
    assert first.keys() == again.keys()
    assert all(torch.equal(first[key], again[key]) for key in first)
    if len(first) > 1:
        other = transform.draw(x, 12)
        assert any(not torch.equal(first[key], other[key]) for key in first)
        # Items of one batch draw each for itself.
        drawn = [key for key in first if not key.endswith("active")]
        assert any((first[key][0] != first[key][1:]).any() for key in drawn)


@each
def test_an_item_with_its_own_generator_ignores_its_batch(name: str, transform: Transform) -> None:
    if getattr(transform, "mixes", False):
        pytest.skip("what an item is mixed with depends on its batch by definition")
    x = batch(name, 6)
    whole = transform(x, item_generators(7, range(6)))
    for picked in ([2], [5, 0, 3]):
        alone = transform(x[picked], item_generators(7, picked))
        torch.testing.assert_close(alone, whole[picked], **EXACT)


@pytest.mark.parametrize("name", [n for n in WAVEFORM + SPECTROGRAM if n != "CropPad"])
def test_items_that_are_not_active_come_back_bit_for_bit(name: str) -> None:
    transform, x = make(name, p=0.5), batch(name, 12)
    params = transform.draw(x, 1)
    active = params["active"]
    assert 0 < active.sum() < 12
    y = transform.apply(x, params)
    assert torch.equal(y[~active], x[~active])
    never = make(name, p=0.0)
    assert torch.equal(never.apply(x, never.draw(x, 2)), x)


@pytest.mark.parametrize("name", [n for n in WAVEFORM + SPECTROGRAM if n != "CropPad"])
def test_active_items_get_what_they_get_when_all_are_active(name: str) -> None:
    transform, x = make(name), batch(name, 5)
    params = transform.draw(x, 1)
    some = params | {"active": torch.tensor([True, False, True, True, False])}
    whole, part = transform.apply(x, params), transform.apply(x, some)
    torch.testing.assert_close(part[[0, 2, 3]], whole[[0, 2, 3]], **EXACT)


@pytest.mark.parametrize("name", WAVEFORM + SPECTROGRAM)
def test_gradients_reach_the_input(name: str) -> None:
    x = batch(name).requires_grad_()
    transform = make(name)
    y = transform.apply(x, transform.draw(x.detach(), 2))
    torch.testing.assert_close(y.detach(), transform.apply(x.detach(), transform.draw(x, 2)))
    y.square().sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert x.grad.abs().sum() > 0


# What is rounded to a grid may fall either way, and a codec chooses by what it hears.
ROUNDED = ("Quantization", "CodecLoss")
DTYPES = {torch.float16: 3e-3, torch.bfloat16: 2e-2, torch.float32: 0.0, torch.float64: 1e-3}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@each
def test_each_precision_stays_and_gives_the_same(
    name: str, transform: Transform, dtype: torch.dtype
) -> None:
    x = batch(name).to(dtype)
    params = transform.draw(x, 4)
    assert all(torch.equal(params[k], v) for k, v in transform.draw(x.float(), 4).items())
    y = transform.apply(x, params)
    assert y.dtype == dtype
    assert y.isfinite().all()
    if name not in ROUNDED:
        single = transform.apply(x.float(), params)
        scale = single.abs().max().item()
        torch.testing.assert_close(
            y.float(), single, rtol=1e-3, atol=DTYPES[dtype] * max(1.0, scale)
        )


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@each
def test_autocast_changes_nothing(name: str, transform: Transform, dtype: torch.dtype) -> None:
    x = batch(name).to(dtype)
    params = transform.draw(x, 4)
    expected = transform.apply(x, params)
    with torch.autocast("cpu", torch.bfloat16):
        drawn = transform.draw(x, 4)
        assert all(torch.equal(drawn[key], value) for key, value in params.items())
        found = transform.apply(x, drawn)
        assert torch.is_autocast_enabled("cpu")  # it goes on for what follows
    assert found.dtype == dtype
    assert torch.equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("p", [1.0, 0.5])
@pytest.mark.parametrize("name", [n for n in WAVEFORM + SPECTROGRAM if n != "CropPad"])
def test_items_that_are_not_active_stay_bit_for_bit_in_each_precision(
    name: str, p: float, dtype: torch.dtype
) -> None:
    x = batch(name, 6).to(dtype)
    transform = make(name, p)
    params = transform.draw(x, 1)
    y = transform.apply(x, params)
    assert torch.equal(y[~params["active"]], x[~params["active"]])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@each
def test_gradients_are_finite_at_silence(
    name: str, transform: Transform, dtype: torch.dtype
) -> None:
    x = batch(name).to(dtype)
    x[0] = 0.0
    x[1] *= 1e-9
    x.requires_grad_()
    transform.apply(x, transform.draw(x.detach(), 3)).float().square().sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == dtype
    assert x.grad.isfinite().all()


def empty_shapes(name: str) -> list[tuple[int, ...]]:
    if name in SPECTROGRAM:
        return [(2, 1, 40, 0), (0, 1, 40, 9), (2, 0, 40, 9)]
    return [(2, 1, 0), (0, 2, 90), (2, 0, 90), (0, 1, 0)]


@each
def test_without_samples_there_is_nothing_to_do(name: str, transform: Transform) -> None:
    for shape in empty_shapes(name):
        for dtype in DTYPES:
            x = torch.zeros(shape, dtype=dtype)
            for generator in (0, item_generators(0, range(shape[0]))):
                y = transform.apply(x, transform.draw(x, generator))
                assert tuple(y.shape) == transform.output_shape(shape)
                assert y.dtype == dtype
                assert not y.any()


@each
def test_other_arrays_are_refused_with_the_way_to_convert_them(
    name: str, transform: Transform
) -> None:
    axes = "b, c, f, n" if name in SPECTROGRAM else "b, c, t"
    axes = "b, …" if transform.domain == "any" else axes
    given = batch(name).numpy()
    params = transform.draw(batch(name), 0)
    for call in (
        lambda: transform.draw(given, 0),  # type: ignore[arg-type]
        lambda: transform.apply(given, params),  # type: ignore[arg-type]
        lambda: transform(given, torch.zeros(4, 2), 0) if transform.mixes else transform(given, 0),
    ):
        with pytest.raises(ArgumentError, match=r"got numpy\.ndarray \(torch\.from_numpy") as error:
            call()
        assert f"({axes})" in str(error.value)
    if name != "one of":
        with pytest.raises(ArgumentError, match="got list"):
            transform.draw([[[0.0]]], 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("channels", [1, 2, 3, 9])
@pytest.mark.parametrize("name", WAVEFORM)
def test_any_number_of_channels_and_of_samples(name: str, channels: int) -> None:
    for t in (1, 2, 63, 700):
        y = make(name)(0.1 * torch.ones(2, channels, t), 1)
        assert y.shape[:2] == (2, channels)
        assert y.isfinite().all()


@each
def test_views_and_other_strides_are_fine(name: str, transform: Transform) -> None:
    x = batch(name)
    params = transform.draw(x, 2)
    expected = transform.apply(x, params)
    strided = torch.stack([x, x + 1], -1)[..., 0]
    assert not strided.is_contiguous()
    torch.testing.assert_close(transform.apply(strided, params), expected, **EXACT)
    swapped = x.transpose(1, 2).contiguous().transpose(1, 2)
    torch.testing.assert_close(transform.apply(swapped, params), expected, **EXACT)


@pytest.mark.parametrize("name", WAVEFORM + SPECTROGRAM)
def test_each_argument_is_kept_under_its_name(name: str) -> None:
    transform = make(name, 0.75) if name != "CropPad" else make(name)
    kept = {key: getattr(transform, key) for key in inspect.signature(type(transform)).parameters}
    again = type(transform)(**kept)
    params = again.draw(batch(name), 5)
    assert all(torch.equal(v, params[k]) for k, v in transform.draw(batch(name), 5).items())


@pytest.mark.parametrize("name", WAVEFORM)
def test_silence_stays_finite(name: str) -> None:
    y = make(name)(torch.zeros(2, 1, 900), 0)
    assert y.isfinite().all()
    assert y.abs().max() < 1e-3


@pytest.mark.parametrize("name", WAVEFORM)
def test_a_clip_gives_a_clip(name: str) -> None:
    samples = batch(name, 1)[0].numpy()
    clip = Clip(samples, RATE_HZ, "tone")
    changed = make(name)(clip, 3)
    assert (changed.rate_hz, changed.name, changed.channels) == (RATE_HZ, "tone", 2)
    expected = make(name)(torch.from_numpy(samples.copy())[None], 3)[0].numpy()
    np.testing.assert_array_equal(changed.samples, expected)
    if make(name).rate_hz is not None:
        with pytest.raises(ArgumentError, match="8000 Hz, got 16000 Hz"):
            make(name)(Clip(samples, 16000), 3)


@pytest.mark.parametrize("name", [n for n in WAVEFORM + SPECTROGRAM if not make(n).mixes])
def test_wrong_axes_are_named(name: str) -> None:
    with pytest.raises(ShapeError, match=r"takes \(b, c, .*got \(3, 4\)"):
        make(name).draw(torch.zeros(3, 4), 0)
    with pytest.raises(ShapeError, match="floating point"):
        make(name).draw(batch(name).long(), 0)
    with pytest.raises(ShapeError, match=r"4.* items, batch of 3"):
        make(name).apply(batch(name)[:3], make(name).draw(batch(name), 0))


@pytest.mark.parametrize("name", WAVEFORM + SPECTROGRAM)
def test_docstring_names_hazards_and_arguments(name: str) -> None:
    text = getattr(augment, name).__doc__ or ""
    assert "Hazards:" in text
    for argument in inspect.signature(getattr(augment, name)).parameters:
        assert f"        {argument}: " in text, argument
    with pytest.raises(ArgumentError, match=r"p is 1\.5"):
        make(name, p=1.5) if name != "CropPad" else make("Gain", p=1.5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from([n for n in WAVEFORM if n != "CodecLoss"]),
    b=st.integers(0, 3),
    c=st.integers(1, 3),
    t=st.integers(1, 700),
    seed=st.integers(0, 2**40),
)
def test_any_shape_of_waveform(name: str, b: int, c: int, t: int, seed: int) -> None:
    x = torch.rand(b, c, t, generator=torch.Generator().manual_seed(seed)) - 0.5
    transform = make(name)
    y = transform(x, seed)
    assert tuple(y.shape) == transform.output_shape((b, c, t))
    assert y.isfinite().all()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from([n for n in SPECTROGRAM if n != "FilterAugment"]),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 2**40),
)
def test_any_shape_of_spectrogram(name: str, shape: tuple[int, ...], seed: int) -> None:
    x = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) - 0.5
    transform = make(name)
    y = transform.apply(x, transform.draw(x, seed))
    assert y.shape == x.shape
    assert y.isfinite().all()


class Augmented(torch.utils.data.Dataset):
    """Items that are changed in the worker that loads them."""

    def __init__(self) -> None:
        self.chain = Compose(
            [make("Gain"), make("ColoredNoise"), make("PitchShift", 0.5), make("Reverb", 0.5)]
        )
        self.x = batch("Gain", 8)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.chain(self.x[index : index + 1], item_generators(7, [index]))[0]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker")
def test_number_of_workers_does_not_matter() -> None:
    def loaded(workers: int, size: int) -> torch.Tensor:
        loader: Any = torch.utils.data.DataLoader(Augmented(), size, num_workers=workers)
        return torch.cat(list(loader))

    here = loaded(0, 8)
    for workers, size in ((1, 4), (4, 2)):
        assert torch.equal(loaded(workers, size), here)
