"""Soundfonts, where the package that plays them and one of them are installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tympan.errors import ArgumentError, DataError, MissingDependencyError
from tympan.notation import Piece, PiecePart, TickNote
from tympan.notation.soundfont import TAIL_S, play

FONTS = sorted(Path("/usr/share/sounds/sf2").glob("*.sf[23]"))
TUNE = Piece((PiecePart((TickNote(480, 480, 69), TickNote(960, 480, 72)), program=73),))


def installed() -> bool:
    try:
        import tinysoundfont  # noqa: F401
    except ImportError:
        return False
    return True


needs_package = pytest.mark.skipif(not installed(), reason="needs tinysoundfont")


@needs_package
@pytest.mark.skipif(not FONTS, reason="needs a soundfont")
def test_notes_sound_where_they_stand_and_as_high() -> None:
    clip = play(TUNE, FONTS[0])
    assert clip.channels == 2
    assert clip.duration_s == pytest.approx(1.5 + TAIL_S, abs=0.01)
    wave = clip.samples.mean(0)
    assert np.abs(wave[: int(0.45 * clip.rate_hz)]).max() < 1e-3
    first = wave[int(0.6 * clip.rate_hz) : int(0.95 * clip.rate_hz)]
    power = np.abs(np.fft.rfft(first * np.hanning(len(first)), 2**17))
    hz = np.fft.rfftfreq(2**17, 1 / clip.rate_hz)
    near = (hz > 410) & (hz < 470)
    assert hz[near][power[near].argmax()] == pytest.approx(440, abs=5)


@needs_package
def test_what_is_no_soundfont_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.sf2"
    with pytest.raises(DataError, match="does not exist"):
        play(TUNE, path)
    path.write_bytes(b"RIFF nothing")
    with pytest.raises(DataError, match="no soundfont"):
        play(TUNE, path)


@pytest.mark.skipif(installed(), reason="tinysoundfont is installed")
def test_without_the_package_it_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "a.sf2").write_bytes(b"RIFF nothing")
    with pytest.raises(MissingDependencyError, match="--no-deps tinysoundfont"):
        play(TUNE, tmp_path / "a.sf2")


def test_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="without notes"):
        play(Piece(()), tmp_path / "a.sf2")
