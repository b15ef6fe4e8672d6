"""Many channels: none is lost, none changes its place, and the interpreter lives."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests_audio import muxed
from tympan.audio import Clip, load, probe
from tympan.audio._decoders.ffmpeg_frames import ALAC_ORDER

RATE_HZ = 48_000
READ = "import sys; from tympan.audio import load, probe; probe(sys.argv[1]); load(sys.argv[1])"


def sound(channels: int) -> Clip:
    """Another tone on each channel."""
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    tones = [0.3 * np.sin(2 * np.pi * (300 + 200 * number) * t) for number in range(channels)]
    return Clip(np.stack(tones), RATE_HZ)


@pytest.mark.parametrize(
    ("container", "codec", "layout"),
    [
        ("ipod", "aac", "7.1"),
        ("matroska", "aac", "7.1"),
        ("webm", "libopus", "7.1"),
        ("wv", "wavpack", "7.1"),
        ("wv", "wavpack", "16 channels"),
        ("wv", "wavpack", "24 channels"),
        ("mov", "pcm_s16le", "16 channels"),
        ("matroska", "flac", "7.1"),
    ],
)
def test_eight_and_more_planes(container, codec, layout, tmp_path):
    channels = 8 if layout == "7.1" else int(layout.split()[0])
    path = tmp_path / "film"
    path.write_bytes(muxed(sound(channels), container, codec, layout=layout))
    # In a process of its own: what failed here once killed it.
    subprocess.run([sys.executable, "-c", READ, str(path)], check=True, timeout=120)
    clip = load(path)
    assert clip.channels == probe(path).channels == channels
    assert clip.duration_s == pytest.approx(0.5, abs=0.05)
    if codec in ("wavpack", "pcm_s16le", "flac"):
        assert np.abs(clip.samples - sound(channels).samples).max() < 1e-4


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("subtype", ["ALAC_16", "ALAC_20", "ALAC_24", "ALAC_32"])
@pytest.mark.filterwarnings("ignore:.*24 bits")
def test_alac_in_caf_keeps_samples_and_order(channels, subtype, tmp_path):
    # Noise, which cannot be compressed: libsndfile's encoder fails at it.
    noise = np.random.default_rng(0).uniform(-0.4, 0.4, (channels, 9000))
    clip = Clip(noise, RATE_HZ)
    clip.save(tmp_path / "a.caf", subtype=subtype)
    back = load(tmp_path / "a.caf")
    assert back.samples.shape == clip.samples.shape
    step = 2**-15 if subtype == "ALAC_16" else 2**-23
    assert np.abs(back.samples - clip.samples).max() <= step


def test_the_order_of_alac_names_each_channel_once():
    for channels, order in ALAC_ORDER.items():
        assert sorted(order) == list(range(channels))


def test_alac_of_other_programs(tmp_path):
    import soundfile

    for channels in (1, 2, 3, 6, 8):
        clip = sound(channels)
        path = tmp_path / f"{channels}.caf"
        soundfile.write(path, clip.samples.T, RATE_HZ, format="CAF", subtype="ALAC_24")
        assert np.abs(load(path).samples - clip.samples).max() < 1e-5
