"""Every transform written down and read again."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tympan import augment
from tympan.audio.clip import Clip
from tympan.augment import BackgroundMix, Compose, Gain, OneOf, PerChannel, Reverb, Transform
from tympan.augment.plain import (
    Context,
    PlaceError,
    from_plain,
    nearest,
    to_plain,
    transform_names,
)
from tympan.errors import ArgumentError

RATE_HZ = 8000
# Values other than the usual ones, so that one that is lost is noticed.
OTHERS: dict[str, dict[str, Any]] = {
    "BackgroundMix": {"min_snr_db": 1.0, "min_level_dbfs": -50, "max_level_dbfs": -40.0},
    "BandPass": {"zero_phase": True, "order": 3, "max_centre_hz": 999},
    "CodecLoss": {"codecs": ["mulaw", "vorbis"], "max_quality": 0.25},
    "ColoredNoise": {"exponents": [0, 1.5]},
    "CropPad": {"length": 700, "fill": "repeat"},
    "CutMix": {"axes": "time", "labels": "union"},
    "Fade": {"shapes": ["linear"], "max_in_s": 0.1},
    "FilterAugment": {"scale": 20.0, "kind": "step"},
    "FrequencyMask": {"fill": 0, "max_width": 3},
    "FrequencyShift": {"fill": "min"},
    "Mixup": {"alpha": 1, "p": 0.5},
    "PacketDropout": {"packet_s": 0.01, "conceal": "repeat"},
    "PerChannel": {"inner": {"transform": "Gain", "max_gain_db": 1.0}},
    "Reverb": {"min_room_m": [2.0, 2, 2.0], "keep_tail": True},
    "Shift": {"mode": "zeros"},
}
OTHERS["Compose"] = OTHERS["OneOf"] = {
    "transforms": [{"transform": "Gain"}, {"transform": "PerChannel", **OTHERS["PerChannel"]}]
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    (folder / "sounds").mkdir()
    wave = np.random.default_rng(0).standard_normal((1, 3000)) * np.exp(-np.arange(3000) / 500)
    Clip(0.1 * wave, RATE_HZ).save(folder / "sounds" / "a.wav")
    return folder


def same(first: Transform, second: Transform) -> bool:
    x = torch.rand(3, 2, 900) if first.domain != "spectrogram" else torch.rand(3, 1, 40, 30)
    one, two = first.draw(x, 3), second.draw(x, 3)
    if one.keys() != two.keys() or not all(torch.equal(one[k], two[k]) for k in one):
        return False
    return torch.equal(first.apply(x, one), second.apply(x, two))


@pytest.mark.parametrize("name", transform_names())
def test_all_arguments_come_back(name: str, folder: Path) -> None:
    context = Context(RATE_HZ, folder=folder)
    given = {"transform": name, **OTHERS.get(name, {})}
    kind = getattr(augment, name)
    for argument in ("backgrounds", "impulse_responses"):
        if argument in inspect.signature(kind).parameters:
            given[argument] = "sounds"
    made = from_plain(given, context)
    written = json.loads(json.dumps(to_plain(made), allow_nan=False))
    assert list(written)[1:] == list(inspect.signature(kind).parameters)
    again = from_plain(written, context)
    assert to_plain(again) == to_plain(made)
    assert same(made, again)
    for key, value in given.items():
        if key in ("transform", "backgrounds", "impulse_responses", "transforms", "inner"):
            continue
        kept = getattr(made, key)
        assert (list(kept) if isinstance(kept, tuple) else kept) == value, key


def test_a_value_that_is_whole_may_be_written_without_a_point() -> None:
    assert from_plain({"transform": "Gain", "max_gain_db": 7}, Context(8000)).max_gain_db == 7.0
    with pytest.raises(PlaceError, match=r"order is 2\.5.*whole number"):
        from_plain({"transform": "LowPass", "order": 2.5}, Context(8000))


def test_per_channel_wraps() -> None:
    made = from_plain({"transform": "Gain", "per_channel": True, "p": 0.25}, Context(8000))
    assert isinstance(made, PerChannel)
    assert (made.inner.p, made.p) == (0.25, 1.0)
    assert isinstance(from_plain({"transform": "Gain", "per_channel": False}, Context(8000)), Gain)


def test_the_unit_of_spectrograms_is_handed_on() -> None:
    context = Context(8000, unit_db=20.0)
    assert from_plain({"transform": "FilterAugment"}, context).scale == 20.0
    assert from_plain({"transform": "FilterAugment", "scale": "db"}, context).scale == "db"
    nested = from_plain(
        {"transform": "OneOf", "transforms": [{"transform": "FilterAugment"}]}, context
    )
    assert nested.transforms[0].scale == 20.0


def test_recordings_in_memory_have_no_name() -> None:
    for transform in (
        BackgroundMix([torch.ones(9)]),
        OneOf([Gain(), Compose([Reverb([np.ones(9)], rate_hz=8000)])]),
    ):
        with pytest.raises(ArgumentError, match="not on disk cannot be written down"):
            to_plain(transform)


GAIN = {"transform": "Gain"}


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ("Gain", (), "'Gain' is no transform"),
        ({"p": 0.5}, (), "has no name"),
        ({"transform": "Reverbb"}, ("transform",), "unknown transform 'Reverbb'.*mean Reverb"),
        ({"transform": "timemask"}, ("transform",), "did you mean TimeMask"),
        ({"transform": 3}, ("transform",), "unknown transform 3"),
        ({"transform": "xyz"}, ("transform",), ", such as BackgroundMix, "),
        (GAIN | {"max_gain": 3}, ("max_gain",), r"takes no 'max_gain'.*mean max_gain_db"),
        (GAIN | {"p": "0.5"}, ("p",), r"Gain: p is '0\.5' \(give a number\)"),
        (GAIN | {"p": True}, ("p",), "p is True"),
        (GAIN | {"p": 1.5}, ("p",), r"Gain: p is 1\.5 \(give a probability"),
        (GAIN | {"p": float("nan")}, ("p",), "p is nan"),
        (GAIN | {"min_gain_db": 9.0}, ("min_gain_db",), "gain_db from 9.0 to 6.0"),
        (GAIN | {"per_channel": 1}, ("per_channel",), "per_channel is 1"),
        ({"transform": "CropPad"}, ("transform",), "CropPad needs length"),
        ({"transform": "BackgroundMix"}, ("transform",), "needs backgrounds"),
        (
            {"transform": "BackgroundMix", "backgrounds": "gone"},
            ("backgrounds",),
            "gone: is neither a folder nor a file",
        ),
        (
            {"transform": "Reverb", "impulse_responses": 3},
            ("impulse_responses",),
            "name a folder of recordings",
        ),
        ({"transform": "LowPass", "rate_hz": 16000}, ("rate_hz",), "for 16000 Hz, the audio is at"),
        (
            {"transform": "Reverb", "min_room_m": [1.0, 2.0]},
            ("min_room_m",),
            r"min_room_m is \[1\.0, 2\.0\] \(give a list of 3 numbers\)",
        ),
        (
            {"transform": "ColoredNoise", "exponents": [0.0, "pink"]},
            ("exponents", 1),
            "an entry of exponents is 'pink'",
        ),
        (
            {"transform": "OneOf", "transforms": [GAIN, {"transform": "Gian"}]},
            ("transforms", 1, "transform"),
            "did you mean Gain",
        ),
        ({"transform": "OneOf", "transforms": []}, ("transform",), "no transforms"),
        ({"transform": "Mixup", "per_channel": True}, ("transform",), "it mixes labels"),
        (
            {"transform": "FilterAugment", "scale": [1.0]},
            ("scale",),
            r"scale is \[1\.0\] \(give a text or a number\)",
        ),
    ],
)
def test_what_cannot_be_made_is_named_with_its_place(
    data: Any, place: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(PlaceError, match=message) as error:
        from_plain(data, Context(8000))
    assert error.value.place == place


def test_the_nearest_name_is_found_in_any_case() -> None:
    assert nearest("reverb", ["Gain", "Reverb"]) == "did you mean Reverb?"
    assert nearest(None, ["Gain", "Reverb"]) == "choose of Gain, Reverb"
