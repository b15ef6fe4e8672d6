"""One person's voice: of a voice book, first in every block, and all else in the rest."""

import numpy as np
import pytest
import torch

from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.tasks.identify.book import Book, digest_of
from tympan.tasks.identify.voice import Voice
from tympan.tasks.separate import PersonStitcher, SeparateConfig, SeparateModel
from tympan.tasks.separate.person import Person, person_of
from tympan.tasks.separate.separators import build_net

RATE_HZ = 16000
HIGH = np.array([0, 1], np.float32)


def tone(hz, seconds):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


def by_pitch(waves):
    crossings = (np.diff(np.sign(waves), axis=1) != 0).mean(1)
    angle = np.clip(crossings * 10, 0, 1) * np.pi / 2
    return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


class HalvesOfSpectrum(torch.nn.Module):
    """Stands in for a net: above and below 500 Hz, in another order in every block."""

    def __init__(self):
        super().__init__()
        self.blocks = 0

    def forward(self, mix):
        spectrum = torch.fft.rfft(mix)
        hz = torch.fft.rfftfreq(mix.shape[-1], 1 / RATE_HZ)
        parts = [torch.fft.irfft(spectrum * one, n=mix.shape[-1]) for one in (hz < 500, hz >= 500)]
        self.blocks += 1
        return torch.stack(parts if self.blocks % 2 else parts[::-1], 1)


def model():
    config = SeparateConfig(net="unet", permute=True, window_s=2.0, overlap_s=0.5)
    return SeparateModel(HalvesOfSpectrum(), config, ("voice 1", "voice 2"), "two-voices")


@pytest.fixture
def book(tmp_path):
    from tympan.models import load_model

    digest = digest_of(load_model("voices").card.weights)
    rows = np.eye(2, 256, dtype=np.float32)
    found = Book()
    for name, row in zip(("Ann", "Bo"), rows, strict=True):
        found = found.enrolled(name, [Voice("a.wav", row, 5.0, 6.0)], "voices", digest)
    return found.save(tmp_path / "voices.tympan")


def test_the_person_is_first_in_the_first_block_and_after():
    stitcher = PersonStitcher(RATE_HZ, by_pitch, person=HIGH)
    block = np.stack([tone(100, 2), tone(1000, 2)])[:, None]
    assert stitcher.first(block) == (1, 0)
    assert stitcher.order(block[::-1], block, 8000) == (1, 0)
    assert stitcher.order(block[::-1], block[::-1], 8000) == (0, 1)


def test_where_the_person_is_silent_the_overlap_decides():
    stitcher = PersonStitcher(RATE_HZ, lambda x: np.ones((len(x), 2), np.float32), person=HIGH)
    block = np.stack([tone(100, 2), tone(1000, 2)])[:, None]
    assert stitcher.order(block, block[::-1], block.shape[-1]) == (1, 0)


def test_a_name_of_the_book_is_a_person(book):
    found = person_of("Bo", book)
    assert found.name == "Bo"
    assert found.vector[1] == pytest.approx(1)
    with pytest.raises(ArgumentError, match="Cem"):
        person_of("Cem", book)


def test_without_a_book_it_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match="no voice book"):
        model().wanted("Ann")


def test_only_one_and_only_of_voices(book):
    with pytest.raises(ArgumentError, match="2 names"):
        model().wanted("Ann,Bo", book=book)
    named = SeparateConfig(net="unet", permute=False)
    other = SeparateModel(HalvesOfSpectrum(), named, ("low", "high"), "bands")
    with pytest.raises(ArgumentError, match="does not tell voices apart"):
        other.wanted("Ann", book=book)
    with pytest.raises(ArgumentError, match="knows no source"):
        other.wanted("Ann")


def test_the_voice_comes_out_whole_and_the_rest_sums_to_the_mix(monkeypatch):
    from tympan.tasks.separate import stitch

    monkeypatch.setattr(stitch, "voice_vectors", lambda rate_hz: by_pitch)
    mix = Clip((0.3 * (tone(100, 7) + tone(1000, 7)))[None], RATE_HZ)
    separator = model()
    wanted = separator.wanted("voice 1")
    wanted = type(wanted)(("Ann", "others"), ("Ann",), person=Person("Ann", HIGH))
    apart = separator.begin(RATE_HZ, 1, wanted)
    found = np.concatenate([apart.push(mix.samples), apart.finish()], axis=2)
    assert wanted.names == ("Ann", "rest")
    assert found.shape == (2, 1, mix.samples.shape[1])
    assert np.allclose(found.sum(0), mix.samples, atol=1e-6)
    inside = slice(RATE_HZ // 2, -RATE_HZ // 2)
    wrong = found[0, 0, inside] - 0.3 * tone(1000, 7)[inside]
    assert np.square(wrong).mean() < 0.02 * np.square(0.3 * tone(1000, 7)).mean()


class Told(HalvesOfSpectrum):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.conditions = []

    def forward(self, mix, condition=None):
        self.conditions.append(condition)
        return super().forward(mix)


@pytest.mark.parametrize("told", [True, False])
def test_a_net_that_takes_a_voice_is_told_it_for_each_channel(monkeypatch, told):
    from tympan.tasks.separate import stitch
    from tympan.tasks.separate.mixing import Wanted

    monkeypatch.setattr(stitch, "voice_vectors", lambda rate_hz: by_pitch)
    config = SeparateConfig(net="unet", permute=True, told=told, window_s=2.0, overlap_s=0.5)
    net = Told()
    separator = SeparateModel(net, config, ("voice 1", "voice 2"), "two-voices")
    wanted = Wanted(("Ann", "others"), ("Ann",), person=Person("Ann", HIGH))
    apart = separator.begin(RATE_HZ, 2, wanted)
    apart.push(np.repeat((tone(100, 5) + tone(1000, 5))[None], 2, 0))
    assert net.conditions
    for one in net.conditions:
        assert one.tolist() == [HIGH.tolist()] * 2 if told else one is None


def test_the_nets_are_built_from_a_card():
    small = {"stages": [[4, 2, 1]], "blocks": 1, "hidden": 4, "squeeze": 2}
    two = build_net(SeparateConfig(net="unet", net_options=small), ("voice 1", "voice 2")).eval()
    stereo = SeparateConfig(net="unet", net_options={**small, "shares": True}, channels=2)
    shares = build_net(stereo, ("a", "b", "c")).eval()
    with torch.inference_mode():
        assert two(torch.zeros(1, 1, 900)).shape == (1, 2, 1, 900)
        x = torch.randn(1, 2, 900)
        assert shares(x).shape == (1, 3, 2, 900)
        assert shares.config.shares


def test_a_mix_is_shared_out_among_what_is_present():
    torch.manual_seed(0)
    small = {"stages": [[4, 2, 1]], "blocks": 1, "hidden": 4, "squeeze": 2, "shares": True}
    config = SeparateConfig(net="unet", net_options=small, channels=2, window_s=2.0, overlap_s=0.5)
    labels = ("a", "b", "c")
    separator = SeparateModel(build_net(config, labels), config, labels, "three")
    mix = np.repeat((tone(100, 5) + tone(1000, 5))[None], 2, 0).astype(np.float32)
    found = {}
    for present in (None, "a, c"):
        apart = separator.begin(RATE_HZ, 2, separator.wanted(present=present))
        parts = np.concatenate([apart.push(mix), apart.finish()], axis=2)
        found[present] = dict(zip(apart.wanted.names, parts, strict=True))
        assert np.allclose(parts.sum(0), mix, atol=1e-6)
    assert list(found[None]) == ["a", "b", "c", "rest"]
    assert list(found["a, c"]) == ["a", "c", "rest"]
    for one in ("a", "c", "rest"):  # what b had is theirs now
        assert found["a, c"][one].std() > 1.1 * found[None][one].std()
    assert not model().shares


@pytest.mark.parametrize("block", [700, 44100, 10**6])
def test_another_rate_and_two_channels_come_out_as_they_came_in(monkeypatch, block):
    from tympan.tasks.separate import stitch

    monkeypatch.setattr(stitch, "voice_vectors", lambda rate_hz: by_pitch)
    low = (0.3 * (tone(100, 5) + tone(1000, 5)))[None]
    mix = Clip(np.concatenate([low, 0.5 * low]), RATE_HZ).resample(44100).samples
    apart = model().begin(44100, 2)
    parts = [apart.push(mix[:, i : i + block]) for i in range(0, mix.shape[1], block)]
    found = np.concatenate([*parts, apart.finish()], axis=2)
    assert found.shape == (3, *mix.shape)
    assert np.allclose(found.sum(0), mix, atol=1e-6)
    assert np.allclose(found[:2, 1], 0.5 * found[:2, 0], atol=1e-3)
