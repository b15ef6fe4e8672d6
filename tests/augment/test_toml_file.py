from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from tympan.audio.clip import Clip
from tympan.augment import (
    Augmentation,
    BackgroundMix,
    FilterAugment,
    OneOf,
    PerChannel,
    TimeMask,
    load_augmentation,
    preset_names,
)
from tympan.augment.toml_file import PRESETS
from tympan.errors import ArgumentError

FILE = """\
# Mine.
[[waveform]]
transform = "Gain"
per_channel = true
p = 0.3

[[waveform]]
transform = "OneOf"
weights = [1, 2]

    [[waveform.transforms]]
    transform = "LowPass"

    [[waveform.transforms]]
    transform = "BackgroundMix"
    backgrounds = "noises"

[[spectrogram]]
transform = "TimeMask"
count = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "noises").mkdir()
    Clip(0.1 * np.random.default_rng(0).standard_normal((1, 9000)), 8000).save(
        tmp_path / "noises" / "a.wav"
    )
    path = tmp_path / "mine.toml"
    path.write_text(FILE)
    return path


def test_a_file_names_transforms_in_order(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = load_augmentation(file, rate_hz=16000)
    channels, either = made.waveform
    assert isinstance(channels, PerChannel)
    assert channels.inner.p == 0.3
    assert isinstance(either, OneOf)
    assert either.weights == [1, 2]
    low_pass, mix = either.transforms
    assert low_pass.rate_hz == 16000
    assert isinstance(mix, BackgroundMix)
    assert mix.backgrounds[0].rate_hz == 16000
    (mask,) = made.spectrogram
    assert isinstance(mask, TimeMask)
    assert mask.count == 3
    assert made.source == "mine.toml"
    # As text, from the folder, and from what was written down.
    monkeypatch.chdir(file.parent)
    assert load_augmentation("mine.toml", rate_hz=16000).to_dict() == made.to_dict()
    data = json.loads(json.dumps(made.to_dict()))
    again = Augmentation.from_dict(data, file.parent)
    x = torch.randn(4, 2, 3000)
    assert torch.equal(again.apply_waveform(x, 5).x, made.apply_waveform(x, 5).x)
    assert str(file.parent) not in json.dumps(data)


def test_a_file_named_like_a_preset_is_taken_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("light").write_text('[[waveform]]\ntransform = "Polarity"\n')
    assert len(load_augmentation("light", rate_hz=8000).waveform) == 4
    for path in (Path("light"), "./light"):
        assert len(load_augmentation(path, rate_hz=8000).waveform) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"Gain"', '"Gian"', "line 3: unknown transform 'Gian' (did you mean Gain?)"),
        ("p = 0.3", "q = 0.3", "line 5: Gain takes no 'q'"),
        ("p = 0.3", "p = 3", "line 5: Gain: p is 3.0 (give a probability between 0 and 1)"),
        ("p = 0.3", 'p = "often"', "line 5: Gain: p is 'often' (give a number)"),
        ('"LowPass"', '"Lowpass"', "line 12: unknown transform 'Lowpass' (did you mean LowPass?)"),
        ('"noises"', '"noise"', "line 16: "),
        ("weights = [1, 2]", "weights = [1]", "line 9: OneOf: weights [1.0]"),
        (
            '"TimeMask"\ncount = 3',
            '"Shift"',
            "line 19: Shift changes a waveform, not a spectrogram",
        ),
        ("count = 3", "count = 0", "line 20: TimeMask: count is 0"),
        ("count = 3", "count =", "is no TOML: Invalid value (at line 20"),
        ("[[spectrogram]]", "[[spectrograms]]", "line 18: unknown section 'spectrograms'"),
        ("[[spectrogram]]", "[spectrogram]", "line 18: spectrogram is no list of transforms"),
        (FILE, "# nothing", "holds no transforms (begin with [[waveform]])"),
        (FILE, "waveform = 3", "line 1: waveform is no list"),
        (FILE, 'waveform = [{transform = "Gian"}]', "line 1: unknown transform 'Gian'"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(
    file: Path, old: str, new: str, message: str
) -> None:
    assert FILE.count(old) == 1
    file.write_text(FILE.replace(old, new))
    with pytest.raises(ArgumentError) as error:
        load_augmentation(file, rate_hz=16000)
    assert str(error.value).startswith(f"{file}: {message}")
    assert "\n" not in str(error.value)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"called 'spech' \(did you mean speech\?"):
        load_augmentation("spech", rate_hz=8000)
    with pytest.raises(ArgumentError, match=r"gone\.toml: no such file .*light, machine, music"):
        load_augmentation("gone.toml", rate_hz=8000)
    with pytest.raises(ArgumentError, match="no such file"):
        load_augmentation(tmp_path, rate_hz=8000)
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArgumentError, match="no UTF-8 text"):
        load_augmentation(tmp_path / "x.toml", rate_hz=8000)


# -- presets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [4000, 8000, 16000, 22050, 44100, 96000, 192000])
@pytest.mark.parametrize("name", preset_names())
def test_presets_fit_any_rate_and_number_of_bands(name: str, rate_hz: int) -> None:
    made = load_augmentation(name, rate_hz=rate_hz, unit_db=20.0)
    assert made.source == name
    x = 0.1 * torch.randn(2, 1, rate_hz // 4)
    done = made.apply_waveform(x, 0)
    assert done.x.shape == x.shape
    assert done.x.isfinite().all()
    pictures = torch.randn(2, 1, 16, 20)
    assert made.apply_spectrogram(pictures, 0).x.shape == pictures.shape
    assert not made.mixes
    filters = [one for one in made.spectrogram if isinstance(one, FilterAugment)]
    assert all(one.scale == 20.0 for one in filters)


@pytest.mark.parametrize("name", preset_names())
def test_presets_say_for_what_and_with_which_hazard(name: str) -> None:
    text = (PRESETS / f"{name}.toml").read_text(encoding="utf-8")
    head = re.split(r"\n\s*\n", text)[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "\n# Hazards: " in head
    assert max(map(len, text.splitlines())) <= 100


def test_presets_leave_alone_what_their_users_ask_for() -> None:
    used = {
        name: re.findall(r'transform = "(\w+)"', (PRESETS / f"{name}.toml").read_text())
        for name in preset_names()
    }
    assert not {"Speed", "PitchShift", "FrequencyShift"} & set(used["speech"])
    moving = {"Speed", "TimeStretch", "PitchShift", "FrequencyShift", "TimeWarp", "Shift"}
    assert not moving & {*used["machine"], *used["music"], *used["light"]}
    assert not {"Clipping", "PacketDropout", "Quantization"} & set(used["machine"])
