"""A picture is drawn once, in the form that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tympan import synth
from tympan.errors import ArgumentError
from tympan.report.picture import pictured
from tympan.serve.sending import sent
from tympan.spectra import figures


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The endings of the files that are drawn."""
    found: list[str] = []
    own = figures._write

    def write(data: Any, kind: str, path: Path) -> Path:
        found.append(path.suffix)
        return own(data, kind, path)

    monkeypatch.setattr(figures, "_write", write)
    return found


@pytest.mark.parametrize("ending", [".svg", ".pdf", ".png", ""])
def test_a_picture_is_drawn_once(tmp_path: Path, drawn: list[str], ending: str) -> None:
    clip = synth.sine(frequency_hz=440, duration_s=0.5, rate_hz=8000)
    picture = pictured(clip, "waveform", tmp_path / "aside.png")
    order = {"save": str(tmp_path / f"answer{ending}") if ending else "", "made": tmp_path / "made"}
    found = sent(picture, order)
    assert drawn == [ending or ".png"]
    assert not (tmp_path / "aside.png").exists()
    if ending:
        assert (tmp_path / f"answer{ending}").stat().st_size > 1000
    else:
        assert found["made"] == [found["answer"]["picture"]] == [str(tmp_path / "made.0.png")]
        assert Path(found["answer"]["picture"]).read_bytes().startswith(b"\x89PNG")


def test_an_unknown_kind_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="unknown kind of figure 'smell'"):
        pictured(tmp_path / "none.wav", "smell", tmp_path / "a.png")
