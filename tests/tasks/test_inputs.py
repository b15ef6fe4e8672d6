"""What models get of a recording, and what is said of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tympan
from tympan.audio import Clip, synth
from tympan.errors import TympanWarning
from tympan.tasks.downmix import Downmix, mono
from tympan.tasks.inputs import Feed, ModelInput, blocks_of, samples_of, with_warnings

RATE_HZ = 8000


def noise(duration_s: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.5, 0.5, round(duration_s * RATE_HZ)).astype(np.float32)


def blocks(samples: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    ends = np.cumsum([sizes[i % len(sizes)] for i in range(samples.shape[1])])
    return np.split(samples, [int(e) for e in ends if e < samples.shape[1]], axis=1)


# -- several channels to one -----------------------------------------------------------------------


@given(st.integers(1, 30_000), st.lists(st.integers(1, 9000), min_size=1, max_size=5))
def test_the_mix_does_not_depend_on_the_blocks(length, sizes):
    left = np.resize(noise(1.0), length)
    right = np.where(np.arange(length) < 9000, -left, np.resize(noise(1.0, 1), length))
    stereo = np.stack([left, right]).astype(np.float32)
    mix = Downmix(RATE_HZ)
    parts = [mix.push(block) for block in blocks(stereo, sizes)]
    assert np.array_equal(np.concatenate([*parts, mix.finish()]), mono(stereo, RATE_HZ))


def test_channels_that_do_not_cancel_are_averaged():
    stereo = np.stack([noise(3.2), noise(3.2, 1), noise(3.2, 2)])
    assert np.array_equal(mono(stereo, RATE_HZ), stereo.mean(0, dtype=np.float32))
    one = noise(1.0)[None]
    assert np.array_equal(mono(one, RATE_HZ), one[0])
    half = np.stack([one[0], 0 * one[0]])  # one channel is silent
    assert np.array_equal(mono(half, RATE_HZ), half.mean(0))


@pytest.mark.parametrize("channels", [5, 6, 8])
def test_of_many_channels_nobody_is_lost_who_has_one_for_himself(channels):
    turns = np.zeros((channels, 4 * RATE_HZ), np.float32)
    for who in range(channels):
        turns[who, who * RATE_HZ // 2 : (who + 1) * RATE_HZ // 2] = noise(0.5, who)
    mix = Downmix(RATE_HZ)
    found = np.concatenate([mix.push(turns), mix.finish()])
    assert np.array_equal(found, turns.mean(0, dtype=np.float32))
    assert mix.cancelled == 0
    turns[1:] = -turns[0] / (channels - 1)  # all of them together are silent
    assert mono(turns, RATE_HZ) == pytest.approx(turns[0])


@pytest.mark.parametrize("share", [-1.0, -0.8])
def test_of_channels_that_cancel_the_louder_one_is_taken(share):
    wave = noise(3.3)
    mix = Downmix(RATE_HZ)
    found = np.concatenate([mix.push(np.stack([share * wave, wave])), mix.finish()])
    assert np.abs(found) == pytest.approx(np.abs(wave))
    assert mix.cancelled == 1


def test_only_where_they_cancel():
    wave = noise(4.0)
    right = np.concatenate([wave[: 2 * RATE_HZ], -wave[2 * RATE_HZ :]])
    found = mono(np.stack([wave, right]), RATE_HZ)
    assert found == pytest.approx(wave)


def test_the_mean_comes_back_where_they_no_longer_cancel():
    wave = noise(4.0)
    half = 2 * RATE_HZ
    right = np.concatenate([-wave[:half], 0.5 * wave[half:]])
    found = mono(np.stack([wave, right]), RATE_HZ)
    assert found[:half] == pytest.approx(wave[:half])
    assert found[half:] == pytest.approx(0.75 * wave[half:])


# -- the way to a model ----------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8000, 16_000, 11_025])
def test_models_get_what_load_gives(channels, rate_hz, tmp_path):
    clip = Clip(np.stack([noise(1.7, i) for i in range(channels)]), RATE_HZ)
    path = clip.save(tmp_path / "a.wav", subtype="FLOAT")
    expected = clip.mono().resample(rate_hz).samples
    for source in (clip, path, path.read_bytes()):
        found = np.concatenate(list(samples_of(source, rate_hz)), axis=1)
        assert found == pytest.approx(expected, abs=1e-6)
    both = np.concatenate(list(samples_of(path, rate_hz, mono=False)), axis=1)
    assert both == pytest.approx(clip.resample(rate_hz).samples, abs=1e-6)


def test_one_sample_arrives():
    way = ModelInput(48_000, 1, 16_000)
    got = np.concatenate([way.push(np.full((1, 1), 0.5, np.float32)), way.finish()], axis=1)
    assert got.tolist() == [[0.5]]
    assert way.empty
    assert "lasts only 0 ms" in way.warnings[0]


def measured(samples: np.ndarray, from_hz: int, rate_hz: int = 16_000) -> ModelInput:
    way = ModelInput(from_hz, len(samples), rate_hz)
    for start in range(0, samples.shape[1], 10_000):
        way.push(samples[:, start : start + 10_000].astype(np.float32))
    way.finish()
    return way


def tone(frequency_hz: float, rate_hz: int, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(2 * rate_hz) / rate_hz)[None]


def test_the_share_of_power_above_the_band_is_measured():
    above, below = tone(20_000, 96_000, 0.3), tone(1000, 96_000, 0.1)
    way = measured(above + below + 0.2, 96_000)  # an offset is no sound
    assert way.lost == pytest.approx(0.9, abs=0.01)
    assert not way.empty
    assert way.warnings == ("90 % of its power lies above the 8,000 Hz up to which the model "
                            "listens",)  # fmt: skip
    assert measured(below, 96_000).warnings == ()
    assert measured(tone(3000, 8000), 8000).lost == 0


@pytest.mark.parametrize(("frequency_hz", "rate_hz"), [(40_000, 192_000), (20_000, 48_000)])
def test_with_all_of_it_above_the_band_there_is_nothing_to_tell(frequency_hz, rate_hz):
    way = measured(tone(frequency_hz, rate_hz), rate_hz)
    assert way.empty
    assert "all of its sound lies above the 8,000 Hz" in way.warnings[0]


def test_silence_and_cancelling_channels_are_told_apart():
    wave = noise(3.0)
    silent = measured(0 * wave[None], RATE_HZ)
    assert silent.empty
    assert "is silent" in silent.warnings[0]
    way = measured(np.stack([wave, -wave]), RATE_HZ)
    assert not way.empty
    assert way.warnings == (
        "its channels cancel each other: the louder one is used, not their mean",
    )


# -- one pass for all ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answered:
    file: str
    warnings: tuple[str, ...] = ()


class Collected:
    """A session that keeps everything; `push` is a generator, as it may be."""

    def __init__(self) -> None:
        self.waves: list[np.ndarray] = []

    def push(self, wave):
        self.waves.append(wave)
        yield from ()

    def result(self) -> Answered:
        return Answered("a", ("of its own",))


@dataclass
class FakeModel:
    rate_hz: int
    mono: bool = True
    sessions: list[Collected] = field(default_factory=list)

    def session(self) -> Collected:
        self.sessions.append(Collected())
        return self.sessions[-1]


def test_all_models_get_all_of_it_at_their_rates_and_each_rate_is_made_once(monkeypatch):
    made = []
    original = ModelInput.__init__

    def counted(self, *args, **options):
        made.append(args[2:])
        original(self, *args, **options)

    monkeypatch.setattr(ModelInput, "__init__", counted)
    clip = synth.white_noise(duration_s=2.3, rate_hz=RATE_HZ, seed=3)
    stereo = Clip(np.concatenate([clip.samples, -clip.samples]), RATE_HZ)
    models = [FakeModel(8000), FakeModel(16_000), FakeModel(8000), FakeModel(8000, mono=False)]
    feed = Feed(RATE_HZ, 2)
    for model in models:
        feed.join(model, model.session())
    for block in blocks(stereo.samples, [3000]):
        feed.push(block)
    feed.finish()
    assert sorted(made) == [(8000, False, None), (8000, True, None), (16_000, True, None)]
    found = [np.concatenate(m.sessions[0].waves, axis=1) for m in models]
    assert np.array_equal(found[0], clip.samples)
    assert np.array_equal(found[2], clip.samples)
    assert np.array_equal(found[3], stereo.samples)
    assert found[1].shape == (1, 2 * clip.num_samples)
    told = "its channels cancel each other: the louder one is used, not their mean"
    assert [a.warnings for a in feed.answers()] == [(told, "of its own")] * 3 + [("of its own",)]


def test_a_warning_is_not_said_twice():
    assert with_warnings(Answered("a", ("x",)), ("x", "y")).warnings == ("y", "x")


def test_a_long_recording_comes_in_blocks():
    clip = synth.silence(duration_s=70, rate_hz=1000)
    assert [block.shape for _, block in blocks_of(clip)] == [(1, 30_000)] * 2 + [(1, 10_000)]


@settings(deadline=None, max_examples=30)
@given(
    from_hz=st.sampled_from([16_000, 22_050, 44_100, 48_000, 96_000, 192_000]),
    rate_hz=st.sampled_from([8000, 16_000, 32_000]),
    place=st.floats(0.02, 0.9),
)
def test_a_tone_is_answered_about_or_said_to_lie_above(from_hz, rate_hz, place):
    """At any rate: what the model does not get is said, what it gets is not called lost."""
    frequency_hz, band_hz = place * from_hz / 2, rate_hz / 2
    if 0.85 * band_hz < frequency_hz < 1.15 * band_hz:
        return  # where the resampler's filter falls
    way = measured(tone(frequency_hz, from_hz), from_hz, rate_hz)
    above = frequency_hz > band_hz
    # Where a tone begins there is a click, of which a little lies below the band.
    assert (way.lost > 0.99) is above
    assert any(f"above the {band_hz:,.0f} Hz" in line for line in way.warnings) is above


@pytest.mark.parametrize("peak", [1e16, 1e30, 3e38])
def test_samples_that_nothing_can_be_computed_of_are_told_in_one_line(
    peak: float, tmp_path: Path
) -> None:
    wave = np.clip(np.random.default_rng(0).standard_normal(16_000), -1, 1)
    clip = Clip((peak * wave).astype(np.float32), 16_000)
    for verb in ("classify", "segment", "embed"):
        with pytest.warns(TympanWarning, match="full scale is 1"):
            found = tympan.answer(verb, clip)
        (line,) = found.warnings
        assert line.startswith(f"holds samples of up to {peak:.0e}, where full scale is 1")
    report = tympan.hear(clip, tmp_path / "page.html", models=["sounds"])
    assert sum("full scale is 1" in line for line in report.warnings) == 1


def test_samples_beyond_full_scale_are_answered_without_a_word() -> None:
    wave = 1e9 * np.clip(np.random.default_rng(0).standard_normal(16_000), -1, 1)
    assert tympan.classify(Clip(wave.astype(np.float32), 16_000)).warnings == ()
