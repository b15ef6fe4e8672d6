"""Windows cut at pauses: nothing of speech is left out, and none is too long."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.tasks.transcribe.windows import CutRules, SpeechCutter, SpeechModelFrames, SpeechPiece

FRAME, RATE_HZ = 320, 16000


def cut(
    speech: np.ndarray, rules: CutRules, block: int = 7, late: int = 0
) -> tuple[list[SpeechPiece], SpeechCutter]:
    """The windows of a recording whose samples tell their own place, pushed in blocks."""
    cutter = SpeechCutter(rules, RATE_HZ, FRAME)
    wave = np.arange(len(speech) * FRAME, dtype=np.float32)
    found: list[SpeechPiece] = []
    for at in range(0, len(speech), block):
        known = speech[max(0, at - late) : max(0, at + block - late)]
        found += cutter.push(wave[at * FRAME : (at + block) * FRAME], known)
    rest = speech[max(0, -(-len(speech) // block) * block - late) :]
    found += cutter.finish(rest)
    for piece in found:
        assert len(piece.wave) <= rules.longest_s * RATE_HZ
        assert piece.wave[0] == piece.start
        assert np.array_equal(np.diff(piece.wave), np.ones(len(piece.wave) - 1))
    return found, cutter


def frames(*parts: tuple[float, float]) -> np.ndarray:
    """Probabilities, each for so many seconds."""
    return np.concatenate([np.full(round(s * 50), p, np.float32) for s, p in parts])


def seconds(piece: SpeechPiece) -> tuple[float, float]:
    return piece.start / RATE_HZ, (piece.start + len(piece.wave)) / RATE_HZ


RULES = CutRules(10.0)


def test_what_is_no_speech_is_in_no_window() -> None:
    assert cut(frames((60, 0.1)), RULES)[0] == []
    found, _ = cut(frames((5, 0.0), (2, 0.9), (5, 0.0)), RULES)
    assert [seconds(one) for one in found] == [(pytest.approx(4.7), pytest.approx(7.3))]


def test_short_pauses_lie_within_and_long_ones_between() -> None:
    found, _ = cut(frames((1, 0.9), (1, 0.0), (1, 0.9), (2, 0.0), (1, 0.9)), RULES)
    assert [seconds(one) for one in found] == [(0, pytest.approx(3.3)), (pytest.approx(4.7), 6.0)]
    assert [one.overlap for one in found] == [0, 0]


def test_what_is_too_long_is_cut_in_its_longest_pause() -> None:
    speech = frames((5, 0.9), (0.4, 0.0), (2, 0.9), (0.2, 0.0), (5, 0.9))
    found, _ = cut(speech, RULES)
    assert seconds(found[0]) == (0.0, pytest.approx(5.2))
    assert seconds(found[1])[1] == pytest.approx(12.6)
    assert [one.overlap for one in found] == [0, 0]


def test_without_a_pause_windows_overlap() -> None:
    found, _ = cut(frames((25, 0.9)), RULES)
    assert [one.overlap for one in found] == [0, 3 * RATE_HZ, 3 * RATE_HZ, 3 * RATE_HZ]
    assert seconds(found[0]) == (0.0, 10.0)
    assert seconds(found[1]) == (7.0, 17.0)
    assert seconds(found[-1])[1] == 25.0


def test_a_click_is_no_speech_and_a_short_word_is() -> None:
    assert cut(frames((2, 0.0), (0.06, 0.9), (2, 0.0)), RULES)[0] == []
    assert len(cut(frames((2, 0.0), (0.2, 0.9), (2, 0.0)), RULES)[0]) == 1


@pytest.mark.parametrize("seed", range(20))
def test_no_speech_is_lost_whatever_comes_when(seed: int) -> None:
    """And neither the size of blocks nor the delay of the probabilities changes anything."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(40):
        parts += [(rng.uniform(0.2, 14), 0.9), (rng.exponential(0.6), 0.05)]
    speech = frames(*parts)
    found, _ = cut(speech, RULES, block=int(rng.integers(1, 400)), late=int(rng.integers(0, 60)))
    covered = np.zeros(len(speech), int)
    for piece in found:
        covered[piece.start // FRAME : piece.start // FRAME + len(piece.wave) // FRAME] += 1
        assert np.array_equal(piece.speech, speech[piece.start // FRAME :][: len(piece.speech)])
    assert (covered[speech > 0.5] > 0).all()
    shared = sum(one.overlap for one in found) // FRAME
    assert covered.sum() == (covered > 0).sum() + shared
    again, _ = cut(speech, RULES)
    assert [seconds(one) for one in again] == [seconds(one) for one in found]


def test_hours_are_held_in_bounded_memory() -> None:
    cutter = SpeechCutter(RULES, RATE_HZ, FRAME)
    rng = np.random.default_rng(0)
    most = 0
    for _ in range(300):
        probability = 0.9 if rng.uniform() < 0.7 else 0.0
        cutter.push(np.zeros(RATE_HZ, np.float32), np.full(50, probability, np.float32))
        most = max(most, len(cutter._wave))
    assert most < 13 * RATE_HZ


def test_the_open_window_is_what_was_said_so_far() -> None:
    cutter = SpeechCutter(RULES, RATE_HZ, FRAME)
    cutter.push(np.zeros(RATE_HZ, np.float32), np.zeros(50, np.float32))
    assert cutter.open() is None
    cutter.push(np.zeros(RATE_HZ, np.float32), np.full(50, 0.9, np.float32))
    piece = cutter.open()
    assert piece is not None
    assert seconds(piece) == (pytest.approx(0.7), pytest.approx(2.0))


def test_the_shipped_model_gives_the_same_in_small_chunks() -> None:
    from tympan.tasks.answering import load

    model = load("speech", "segment", "cpu")
    wave = np.random.default_rng(0).standard_normal(3 * RATE_HZ).astype(np.float32) * 0.1
    whole, small = SpeechModelFrames(model), SpeechModelFrames(model, 0.2)
    first = np.concatenate([whole.push(wave), whole.finish()])
    parts = [small.push(wave[i : i + 1000]) for i in range(0, len(wave), 1000)]
    second = np.concatenate([*parts, small.finish()])
    assert len(first) == len(second) == 150
    assert np.allclose(first, second, atol=1e-5)
