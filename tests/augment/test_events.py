"""Events move as the sound does: tried on every transform."""

from __future__ import annotations

import inspect
import itertools
from collections import defaultdict
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan import augment
from tympan.augment import (
    Compose,
    CropPad,
    CutMix,
    Mixup,
    OneOf,
    PerChannel,
    Shift,
    Speed,
    TimeStretch,
    TimeWarp,
    Transform,
)
from tympan.augment._names import WAVEFORM as WAVEFORM_FILES
from tympan.augment.events import moved
from tympan.errors import ArgumentError, ShapeError

RATE_HZ = 8000
DURATION_S = 2.0
NEEDS: dict[str, list[dict[str, Any]]] = {
    "BackgroundMix": [{"backgrounds": [torch.randn(9000)], "min_snr_db": 20.0}],
    "BandPass": [{"min_centre_hz": 900.0, "max_centre_hz": 1100.0}],
    "BandStop": [{"min_centre_hz": 3000.0, "max_centre_hz": 3500.0}],
    "ColoredNoise": [{"min_snr_db": 20.0}],
    "CropPad": [
        {"length": 9000},
        {"length": 30_000},
        {"length": 39_000, "fill": "repeat"},
        {"length": 9000, "fill": "repeat"},
    ],
    "HighPass": [{"max_cutoff_hz": 300.0}, {"max_cutoff_hz": 300.0, "zero_phase": True}],
    "LowPass": [{"min_cutoff_hz": 2000.0}],
    "Reverb": [{"max_rt60_s": 0.2}, {"max_rt60_s": 0.2, "keep_tail": True}],
    "Shift": [{}, {"mode": "zeros"}],
    "Speed": [{"min_factor": 0.5, "max_factor": 2.0}],
    "TimeStretch": [{"min_rate": 0.6, "max_rate": 1.6}],
}
# Seconds after the end of an event that may still be loud.
AFTER = defaultdict(lambda: 0.05, Reverb=0.15)
CASES = [(name, options) for name in sorted(WAVEFORM_FILES) for options in NEEDS.get(name, [{}])]
# Not by their values: tensors drawn at random give each test process other names.
IDS = [f"{name}-{i}" for i, (name, _) in enumerate(CASES)]


def burst(start_s: float, end_s: float) -> torch.Tensor:
    t = torch.arange(round(DURATION_S * RATE_HZ)) / RATE_HZ
    return torch.sin(2 * torch.pi * 1000 * t) * ((t >= start_s) & (t < end_s))


def loud(wave: torch.Tensor) -> torch.Tensor:
    """Return where the level within 5 ms is above a third of the highest."""
    level = torch.nn.functional.max_pool1d(wave.abs()[None, None], 81, 1, 40)[0, 0]
    return level > 0.35 * level.max()


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_what_is_loud_lies_in_the_moved_events(name: str, options: dict[str, Any]) -> None:
    kind = getattr(augment, name)
    takes = inspect.signature(kind).parameters
    transform = kind(**options, **({"rate_hz": RATE_HZ} if "rate_hz" in takes else {}))
    bounds = [(0.3, 0.7), (1.2, 1.8), (0.0, 0.4), (1.5, 2.0)]
    x = torch.stack([burst(*each) for each in bounds])[:, None]
    params = transform.draw(x, 5)
    y = transform.apply(x, params)[:, 0]
    events = transform.move_events([[(*b, "x")] for b in bounds], params, tuple(x.shape), RATE_HZ)
    for wave, own in zip(y, events, strict=True):
        t = torch.arange(len(wave)) / RATE_HZ
        inside, away = torch.zeros(len(wave)).bool(), torch.ones(len(wave)).bool()
        for start, end, label in own:
            assert 0 <= start < end <= len(wave) / RATE_HZ + 1e-9
            assert label == "x"
            inside |= (t >= start) & (t < end)
            # Edges are blurred, and an end is reverberant.
            away &= ((t - start).abs() > 0.05) & ((t < end - 0.05) | (t > end + AFTER[name]))
        if name in ("PacketDropout", "Fade"):  # loses parts of events
            inside &= loud(wave)
        assert torch.equal((loud(wave) & (wave.abs().max() > 0.05))[away], inside[away])


def test_the_test_sees_a_transform_that_does_not_say_how_it_moves_time() -> None:
    class Silent(Shift):
        move_times = Transform.move_times

    shift = Silent(0.3, 0.3)
    x = burst(0.3, 0.7)[None, None]
    params = shift.draw(x, 0)
    (own,) = shift.move_events([[(0.3, 0.7)]], params, tuple(x.shape), RATE_HZ)
    assert own == [(0.3, 0.7)]
    found = loud(shift.apply(x, params)[0, 0]).nonzero() / RATE_HZ
    assert abs(found[0].item() - 0.9) < 0.05


# -- each transform that moves time ----------------------------------------------------------------


def one(transform: Transform, events: list[tuple[Any, ...]], length: int = 80) -> list[Any]:
    x = torch.zeros(1, 1, length)
    return transform.move_events([events], transform.draw(x, 0), tuple(x.shape), 10)[0]


def test_a_circular_shift_splits_what_it_moves_over_the_end() -> None:
    events = [(1.0, 2.0, "a"), (6.0, 8.0, "b"), (5.5, 6.5, "c"), (0.0, 8.0, "d")]
    assert one(Shift(0.25, 0.25), events) == [
        (3.0, 4.0, "a"),
        (0.0, 2.0, "b"),
        (0.0, 0.5, "c"),
        (7.5, 8.0, "c"),
        (0.0, 8.0, "d"),
    ]
    assert one(Shift(-0.25, -0.25), [(1.0, 3.0)]) == [(0.0, 1.0), (7.0, 8.0)]


def test_a_shift_with_silence_cuts_off_and_leaves_out() -> None:
    events = [(1.0, 2.0), (5.0, 7.0), (6.0, 8.0)]
    assert one(Shift(0.25, 0.25, "zeros"), events) == [(3.0, 4.0), (7.0, 8.0)]


def test_speed_and_stretch_divide_times_by_the_factor() -> None:
    events = [(1.0, 2.0, "a"), (6.0, 7.0, "b")]
    assert one(Speed(2.0, 2.0), events) == [(0.5, 1.0, "a"), (3.0, 3.5, "b")]
    assert one(Speed(0.5, 0.5), events) == [(2.0, 4.0, "a")]
    assert one(TimeStretch(2.0, 2.0, rate_hz=10), events) == [(0.5, 1.0, "a"), (3.0, 3.5, "b")]
    assert one(TimeStretch(0.8, 0.8, rate_hz=10), events)[0] == pytest.approx((1.25, 2.5, "a"))


def test_crops_and_pads_move_times_to_their_place() -> None:
    events = [(1.0, 3.0, "a"), (5.0, 7.0, "b")]
    assert one(CropPad(40, "centre"), events) == [(0.0, 1.0, "a"), (3.0, 4.0, "b")]
    assert one(CropPad(120, "centre"), events) == [(3.0, 5.0, "a"), (7.0, 9.0, "b")]
    assert one(CropPad(100, "start", "repeat"), [(1.0, 3.0)]) == [(1.0, 3.0), (9.0, 10.0)]


def test_a_warp_stretches_on_both_sides_of_its_frame() -> None:
    x = torch.arange(81.0).expand(1, 1, 2, 81)
    warp = TimeWarp(0.3)
    params = {k: torch.tensor([v]) for k, v in {"frame": 40.0, "shift": 20.0}.items()}
    params["active"] = torch.tensor([True])
    events = [[(2.0, 4.0), (4.0, 6.0)]]
    assert warp.move_events(events, params, tuple(x.shape), 10) == [[(3.0, 6.0), (6.0, 7.0)]]
    # Each frame shows the frame whose time is moved to it.
    source = warp.apply(x, params)[0, 0, 0].double() / 10
    back = warp.move_times(source, {k: v[0] for k, v in params.items()}, 81, 10)
    torch.testing.assert_close(back, torch.arange(81.0).double() / 10, atol=1e-5, rtol=0)


# -- mixing, choosing, chains ----------------------------------------------------------------------


def test_mixed_items_have_the_events_of_both() -> None:
    x = torch.zeros(2, 1, 80)
    params = Mixup().draw(x, 0)
    assert Mixup().move_events([[(1.0, 2.0, "a")], [(3.0, 4.0, "b")]], params, x.shape, 10) == [
        [(1.0, 2.0, "a"), (3.0, 4.0, "b")],
        [(3.0, 4.0, "b"), (1.0, 2.0, "a")],
    ]
    params["active"] = torch.tensor([False, True])
    assert Mixup().move_events([[(1.0, 2.0)], []], params, x.shape, 10) == [
        [(1.0, 2.0)],
        [(1.0, 2.0)],
    ]
    alone = torch.zeros(1, 1, 80)
    params = Mixup().draw(alone, 0)
    assert Mixup().move_events([[(1.0, 2.0)]], params, alone.shape, 10) == [[(1.0, 2.0)]]


@pytest.mark.parametrize("axes", ["time", "both"])
def test_a_cut_has_the_events_of_each_where_it_sounds(axes: str) -> None:
    x = torch.zeros(2, 1, 20, 80)
    params = CutMix(axes=axes).draw(x, 0)
    low, high = (0, 2**40) if axes == "time" else (5, 9)
    params["box"] = torch.tensor([[20, 40, low, high]] * 2)
    events = [[(1.0, 6.0, "a")], [(1.0, 3.0, "b"), (5.0, 6.0, "c")]]
    moved_events = CutMix(axes=axes).move_events(events, params, tuple(x.shape), 10)
    own = [(1.0, 2.0, "a"), (4.0, 6.0, "a")] if axes == "time" else [(1.0, 6.0, "a")]
    assert moved_events[0] == [*own, (2.0, 3.0, "b")]
    other = [(1.0, 2.0, "b"), (5.0, 6.0, "c")] if axes == "time" else events[1]
    assert moved_events[1] == [*other, (2.0, 4.0, "a")]


def test_chains_and_choices_move_by_what_was_applied() -> None:
    x = torch.zeros(40, 1, 80)
    chain = Compose(
        [
            OneOf([Shift(0.25, 0.25, "zeros"), Speed(2.0, 2.0)], p=0.7),
            CropPad(40, "start"),
            Shift(0.1, 0.1, "zeros", p=0.5),
        ]
    )
    params = chain.draw(x, 3)
    events = chain.move_events([[(1.0, 2.0)]] * 40, params, tuple(x.shape), 10)
    kinds = set()
    for number, own in enumerate(events):
        shifted = (params["0.0.active"] & params["0.active"])[number].item()
        fast = (params["0.1.active"] & params["0.active"])[number].item()
        later = 0.4 if params["2.active"][number] else 0.0
        start, end = (3.0, 4.0) if shifted else (0.5, 1.0) if fast else (1.0, 2.0)
        assert own == [pytest.approx((start + later, min(4.0, end + later)))]
        kinds.add((shifted, fast, later))
    assert len(kinds) == 6
    off = Compose([Shift(0.25, 0.25)], p=0.0)
    assert off.move_events([[(1.0, 2.0)]], off.draw(x[:1], 0), (1, 1, 80), 10) == [[(1.0, 2.0)]]


def test_channels_that_move_apart_have_no_events() -> None:
    x = torch.zeros(1, 2, 80)
    for inner in (Shift(), Compose([Speed()])):
        apart = PerChannel(inner)
        with pytest.raises(ArgumentError, match="moves channels apart in time"):
            apart.move_events([[(1.0, 2.0)]], apart.draw(x, 0), tuple(x.shape), 10)
    gain = PerChannel(augment.Gain())
    assert gain.move_events([[(1.0, 2.0)]], gain.draw(x, 0), (1, 2, 80), 10) == [[(1.0, 2.0)]]


def test_events_of_another_number_of_items_are_refused() -> None:
    x = torch.zeros(3, 1, 80)
    for transform in (Shift(), Mixup()):
        with pytest.raises(ShapeError, match="events of 2 items, parameters for 3"):
            transform.move_events([[], []], transform.draw(x, 0), tuple(x.shape), 10)


# -- the arithmetic --------------------------------------------------------------------------------

grid = st.integers(0, 80)


@given(
    bounds=st.tuples(grid, grid).map(sorted).filter(lambda b: b[0] < b[1]),
    shift=st.integers(-80, 80),
    repeats=st.booleans(),
)
def test_an_event_is_where_its_samples_are(bounds: list[int], shift: int, repeats: bool) -> None:
    x = torch.zeros(1, 1, 80)
    x[..., bounds[0] : bounds[1]] = 1.0
    transform = Shift(shift / 80, shift / 80, "roll" if repeats else "zeros")
    params = transform.draw(x, 0)
    events = transform.move_events([[(bounds[0] / 10, bounds[1] / 10)]], params, (1, 1, 80), 10)[0]
    marked = torch.zeros(80)
    for start, end in events:
        marked[round(start * 10) : round(end * 10)] += 1
    assert torch.equal(marked, transform.apply(x, params)[0, 0])
    assert all(b < c for (_, b), (c, _) in itertools.pairwise(events))


@given(length=st.integers(1, 50), t=st.integers(1, 50), seed=st.integers(0, 99))
def test_repeated_events_are_where_their_samples_are(length: int, t: int, seed: int) -> None:
    x = torch.zeros(1, 1, t)
    x[..., : (t + 1) // 2] = 1.0
    crop = CropPad(length, fill="repeat")
    params = crop.draw(x, seed)
    events = crop.move_events([[(0.0, (t + 1) // 2)]], params, tuple(x.shape), 1)[0]
    marked = torch.zeros(length)
    for start, end in events:
        marked[round(start) : round(end)] += 1
    assert torch.equal(marked, crop.apply(x, params)[0, 0])


def test_moments_without_duration_are_kept_once() -> None:
    onsets = [(0.0, 0.0, "a"), (2.0, 2.0, "b")]
    assert moved(onsets, lambda t: t + 1.0, 2.0) == [(1.0, 1.0, "a")]
    assert moved(onsets[:1], lambda t: t, 2.0, 2.0) == [(0.0, 0.0, "a")]
    assert moved([], lambda t: t, 1.0) == []
