from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tympan import load
from tympan.augment import CodecLoss
from tympan.augment.waveform.codec_loss import mu_law
from tympan.errors import ArgumentError


def speech(shared_data: Path) -> torch.Tensor:
    path = sorted((shared_data / "librispeech").rglob("*.flac"))[0]
    clip = load(path, mono=True, end_s=2.0).normalize_peak(-3.0)
    return torch.from_numpy(clip.samples.copy())[None]


def snr_db(x: torch.Tensor, y: torch.Tensor) -> float:
    return 10 * torch.log10(x.square().sum() / (x - y).square().sum()).item()


@pytest.mark.parametrize("codec", ["mp3", "opus", "vorbis"])
def test_real_codecs_keep_place_and_length_and_lose_more_at_low_quality(
    codec: str, shared_data: Path
) -> None:
    x = speech(shared_data)
    good, bad = (CodecLoss((codec,), q, q, rate_hz=16000)(x, 0) for q in (1.0, 0.0))
    assert good.shape == bad.shape == x.shape
    assert snr_db(x, good) > 15
    assert snr_db(x, bad) < snr_db(x, good) - 6
    assert not torch.equal(bad, x)


def test_each_item_gets_its_codec(shared_data: Path) -> None:
    x = speech(shared_data).repeat(6, 1, 1)
    transform = CodecLoss(("mp3", "mulaw", "vorbis"), 0.3, 0.3, rate_hz=16000)
    params = transform.draw(x, 4)
    y = transform.apply(x, params)
    assert params["codec"].unique().tolist() == [0, 1, 2]
    for row, codec in enumerate(params["codec"].tolist()):
        alone = CodecLoss((transform.codecs[codec],), 0.3, 0.3, rate_hz=16000)(x[:1], 0)
        torch.testing.assert_close(y[row], alone[0])


def test_mu_law_has_its_levels_and_its_ratio_at_any_loudness() -> None:
    x = torch.linspace(-1, 1, 100_001, dtype=torch.float64)
    y = mu_law(x)
    assert len(y.unique()) == 255
    torch.testing.assert_close(y, -mu_law(-x))
    sine = torch.sin(torch.arange(20_000) * 0.123)
    ratios = [snr_db(level * sine, mu_law(level * sine)) for level in (0.05, 0.2, 0.9)]
    assert min(ratios) > 34
    assert np.ptp(ratios) < 5
    torch.testing.assert_close(mu_law(torch.tensor([1.0, -1.0, 3.0])), torch.tensor([1.0, -1, 1]))


def test_what_a_codec_does_not_take_is_refused() -> None:
    with pytest.raises(ArgumentError, match="opus at 44100 Hz"):
        CodecLoss(("opus",), rate_hz=44100)
    with pytest.raises(ArgumentError, match="mp3 at 96000 Hz"):
        CodecLoss(("mp3",), rate_hz=96000)
    with pytest.raises(ArgumentError, match="choose of mp3, opus, vorbis, mulaw"):
        CodecLoss(("aac",), rate_hz=16000)
