"""Notes to sound: all at once and in a stream, bends, and loudness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.notation import Note, Piece, PiecePart, Sound, Synthesizer, TickNote, synthesize
from tympan.notation.synthesizer import GAIN, bends_within, limited
from tympan.notation.timbres import pitch_hz, timbre_of, tone

RATE_HZ = 8000


def piece(*notes: TickNote, program: int = 19, **more: object) -> Piece:
    return Piece((PiecePart(tuple(notes), program=program, **more),))  # type: ignore[arg-type]


def test_one_note_is_its_tone() -> None:
    clip = synthesize(piece(TickNote(480, 480, 60)), RATE_HZ)
    wanted = GAIN * tone(timbre_of(19), 60, 0.5, 80, RATE_HZ)
    assert np.allclose(clip.samples[0, :4000], 0)
    assert np.allclose(clip.samples[0, 4000:], wanted, atol=1e-6)


def test_parts_add_up() -> None:
    one, two = TickNote(0, 480, 60), TickNote(0, 480, 64)
    both = synthesize(piece(one, two), RATE_HZ).samples
    apart = synthesize(piece(one), RATE_HZ).samples + synthesize(piece(two), RATE_HZ).samples
    assert np.allclose(both, apart, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 2), st.floats(0.05, 0.6), st.integers(40, 80)), min_size=1),
    st.lists(st.floats(0, 3), max_size=5),
)
def test_a_stream_is_the_whole(notes: list[tuple[float, float, int]], cuts: list[float]) -> None:
    sounds = sorted(
        (Sound(start, length, pitch, 80, 24) for start, length, pitch in notes[:6]),
        key=lambda one: one.start_s,
    )
    whole = Synthesizer(RATE_HZ)
    for one in sounds:
        whole.add(one)
    wanted = whole.finish()
    stream, found, left = Synthesizer(RATE_HZ), [], list(sounds)
    for cut in sorted(cuts):
        while left and left[0].start_s < cut + 1 / RATE_HZ:
            stream.add(left.pop(0))
        found.append(stream.until(cut))
    for one in left:
        stream.add(one)
    got = np.concatenate([*found, stream.finish()])
    assert np.allclose(got[: len(wanted)], wanted, atol=1e-9)
    assert not got[len(wanted) :].any()


def test_a_note_that_comes_too_late_is_refused() -> None:
    maker = Synthesizer(RATE_HZ)
    maker.until(1.0)
    with pytest.raises(ArgumentError, match="too late"):
        maker.add(Sound(0.5, 0.1, 60, 80))


def test_a_bend_moves_the_pitch_and_leaves_the_length() -> None:
    plain = synthesize(piece(TickNote(0, 1920, 60)), RATE_HZ)
    bent = synthesize(piece(TickNote(0, 1920, 60), bends=((0, 2.0),)), RATE_HZ)
    assert abs(bent.num_samples - plain.num_samples) < 0.05 * RATE_HZ

    def loudest_hz(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples[0, :12_000] * np.hanning(12_000), 2**17))
        return float(power.argmax() * RATE_HZ / 2**17)

    assert abs(loudest_hz(bent.samples) - pitch_hz(62)) < 1
    assert bends_within([(0.0, 1.0), (0.5, 0.0)], 0.6, 1.0) == []


def test_however_many_notes_it_is_never_above_full_scale() -> None:
    many = piece(*(TickNote(0, 480, 40 + i, 127) for i in range(40)))
    assert np.abs(synthesize(many, RATE_HZ).samples).max() <= 1
    assert np.array_equal(limited(np.array([0.1, -0.79])), [0.1, -0.79])


def test_drums_and_names_of_instruments() -> None:
    assert Sound.of(Note(0, 1, 36, 80, "drums")).drums
    clip = synthesize(piece(TickNote(0, 10, 38), drums=True), RATE_HZ)
    assert np.abs(clip.samples).max() > 0.05


def test_nothing_is_refused() -> None:
    with pytest.raises(ArgumentError, match="without notes"):
        synthesize(Piece(()))
