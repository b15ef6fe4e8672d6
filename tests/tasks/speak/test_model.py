"""A loaded voice: durations, pitch, loudness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_speak import STEADY_HZ, check_part, has_voice, save_voice, steady_voice
from tympan.audio import Clip
from tympan.errors import ModelError
from tympan.models import load_model
from tympan.spectra import pitch_track
from tympan.tasks import load
from tympan.tasks.speak.model import SpeakModel, unknown_symbols
from tympan.tasks.speak.symbols import EDGE, symbols_of
from tympan.tasks.speak.task import TASK

TEXT = "The cat sat on the mat, and nobody was there."


def pitch_hz(clip: Clip) -> float:
    track = pitch_track(clip, 50, 600)
    return float(np.median(track.frequencies_hz[track.voiced]))


@pytest.mark.parametrize("speed", [0.5, 1.5])
def test_speed_scales_the_duration(voice: SpeakModel, speed: float) -> None:
    plain, other = voice(TEXT), voice(TEXT, speed=speed)
    assert other.duration_s * speed == pytest.approx(plain.duration_s, rel=0.06)


def test_pitch_moves_by_semitones(voice: SpeakModel) -> None:
    plain = pitch_hz(voice(TEXT))
    assert plain == pytest.approx(STEADY_HZ, rel=0.1)
    assert pitch_hz(voice(TEXT, pitch=7)) == pytest.approx(plain * 2 ** (7 / 12), rel=0.02)
    assert voice(TEXT, pitch=7).duration_s == voice(TEXT).duration_s


@given(st.floats(0.25, 4.0), st.lists(st.floats(0, 3), min_size=3, max_size=40))
def test_whole_steps_follow_the_running_sum(speed: float, values: list[float]) -> None:
    voice = steady_voice()
    symbols = symbols_of("a" * (len(values) - 2))
    steps = voice.steps(np.array(values, np.float32), symbols, speed)
    exact = np.clip(np.expm1(np.array(values)), 0, 1.0 / voice.config.step_s)
    exact[1:-1] /= speed  # the edges are as long as in training
    assert (steps >= 1).all()
    # Never behind the exact sum by more than half a step; ahead only where a step is the least.
    ahead = np.cumsum(steps) - np.cumsum(exact)
    assert ahead.min() >= -0.51
    assert ahead[-1] <= 0.51 + (exact < 1).sum()


def test_no_symbol_lasts_longer_than_a_second(voice: SpeakModel) -> None:
    steps = voice.steps(np.full(4, 9.0, np.float32), symbols_of("aa"), 2.0)
    assert (steps * voice.config.step_s).tolist() == pytest.approx([1.0, 0.5, 0.5, 1.0])


def test_edges_are_trimmed_to_a_tenth_of_a_second(voice: SpeakModel) -> None:

    steps = np.array([7, 3, 2, 9])
    frames = torch.arange(21 * voice.config.step)
    mels, f0, kept = voice.trimmed(frames.repeat(5, 1), frames, steps)
    assert kept.tolist() == [4, 3, 2, 4]
    step = voice.config.step
    assert f0.tolist() == list(range(3 * step, 16 * step))
    assert torch.equal(mels, f0.repeat(5, 1))


def test_samples_are_those_of_the_steps_and_the_pause(voice: SpeakModel) -> None:
    (part,) = voice.stream("Good morning.")
    symbols = symbols_of(part.sentence.phonemes)
    _, _, steps = voice.trimmed(*voice.mels(symbols))
    spoken = steps.sum() * voice.config.step_samples
    last = [one for one in part.symbols if one.word >= 0][-1].end_s
    # From the last sound to the next sentence it is as long as the text says, or longer.
    wanted = max(spoken, (last + part.sentence.pause_s) * voice.rate_hz)
    assert len(part.samples) == pytest.approx(wanted, abs=1)
    assert (part.samples[spoken:] == 0).all()
    sounds = [one for one in zip(symbols.texts, steps, strict=True) if one[0] != EDGE]
    for one, (text, count) in zip(part.symbols, sounds, strict=True):
        assert one.text == text
        assert one.end_s - one.start_s == pytest.approx(count * voice.config.step_s)


def test_volume_is_exact(voice: SpeakModel) -> None:
    symbols = symbols_of("kˈæt")
    mels = voice.mels(symbols)[0]
    louder = voice.mels(symbols, volume_db=6.0)[0]
    assert np.allclose((louder - mels).numpy(), 6 * np.log(10) / 20, atol=1e-5)


def test_pitch_of_one_symbol_leaves_the_others(voice: SpeakModel) -> None:
    symbols = symbols_of("aba")
    tones = np.array([0.0, 0, 12, 0, 0])
    _, plain, steps = voice.mels(symbols)
    _, moved, _ = voice.mels(symbols, pitch=tones)
    octaves = np.log2((moved / plain).numpy())
    expected = np.repeat(tones / 12, steps * voice.config.step)
    assert np.allclose(octaves, expected, atol=1e-4)


def test_the_same_text_sounds_the_same_each_time(voice: SpeakModel) -> None:
    assert np.array_equal(voice(TEXT).samples, voice(TEXT).samples)


def test_speakers_differ(voice: SpeakModel) -> None:
    assert not np.array_equal(voice(TEXT).samples, voice(TEXT, speaker="bob").samples)


def test_what_a_voice_was_not_trained_on_is_named(voice: SpeakModel) -> None:
    from dataclasses import replace

    known = tuple(one for one in voice.config.symbols if one != "ʒ")
    config = replace(voice.config, symbols=known)
    narrow = SpeakModel(voice.net, config, voice.speakers, "narrow", "cpu")
    (part,) = narrow.stream("A vision.")
    assert part.warnings == ("narrow has no sound for: ʒ",)
    assert unknown_symbols(["ʒ", ".", EDGE, "a"], ["a"]) == ["ʒ"]
    check_part(part, narrow.rate_hz, "A vision.")


@settings(max_examples=15)
@given(st.text(max_size=60))
def test_any_text_is_spoken(text: str) -> None:
    voice = steady_voice()
    for part in voice.stream(text):
        check_part(part, voice.rate_hz, text)


@pytest.mark.parametrize("text", ["I", "Hm", "OK.", "1", "a a"])
def test_one_word_is_spoken(voice: SpeakModel, text: str) -> None:
    (part,) = voice.stream(text)
    check_part(part, voice.rate_hz, text)
    assert len(part.samples) > 0.1 * voice.rate_hz


def test_a_folder_gives_the_voice_that_was_saved(voice_folder: Path, voice: SpeakModel) -> None:
    loaded = load(voice_folder, "speak", "cpu")
    assert loaded.speakers == voice.speakers
    close = np.abs(loaded("Good morning.").samples - voice("Good morning.").samples).max()
    assert close < 0.05  # weights are kept in half precision


def test_weights_that_do_not_fit_their_card_are_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    model = load_model(save_voice(tmp_path / "hum"))
    model = replace(model, card=replace(model.card, config={**model.card.config, "size": 32}))
    with pytest.raises(ModelError, match="do not fit its card"):
        TASK.load(model, "cpu")


# -- the awkward sentences -------------------------------------------------------------------------

AWKWARD = (Path(__file__).parents[2] / "text" / "awkward.txt").read_text("utf-8").split("\n")


@pytest.mark.slow
def test_awkward_sentences() -> None:
    """Nothing is lost, cut or endless, whatever the text; with `en` where it ships."""
    shipped = has_voice()
    voice = load("en", "speak", "cpu") if shipped else steady_voice()
    # Sound costs time: the voice that only hums need not do it for the longest lines.
    lines = AWKWARD if shipped else [line[:150] for line in AWKWARD]
    for line in lines:
        for part in voice.stream(line):
            check_part(part, voice.rate_hz, line)
            assert np.abs(part.samples).max(initial=0) <= 1.2, line
            sounds = [one for one in part.symbols if one.word >= 0]
            for one in sounds:
                assert 0.02 <= one.end_s - one.start_s <= 0.8, (line, one)
            assert part.sentence.words or part.sentence.unspoken
