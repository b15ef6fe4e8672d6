"""The player in notebooks and documentation: self-contained, and safe with any name."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tympan.audio import Clip, load, synth


class Tags(HTMLParser):
    """Collects start tags, and checks that they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found[tag] = dict(attrs)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def sound_in(html: str) -> Clip:
    """Decode what the player would play."""
    [data] = re.findall(r'src="data:audio/\w+;base64,([^"]+)"', html)
    return load(base64.b64decode(data))


def test_holds_the_sound_and_its_picture():
    clip = synth.sine(440, duration_s=1, rate_hz=16000, amplitude=0.5)
    html = clip._repr_html_()
    tags = Tags(html).found
    assert "controls" in tags["audio"]
    assert tags["svg"]["role"] == "img"
    assert "script" not in tags
    assert "http" not in html
    assert np.abs(sound_in(html).samples - clip.samples).max() < 1e-4
    assert "1.00 s" in html
    assert "16000 Hz" in html


def test_a_name_cannot_inject_markup():
    html = Clip([0.0, 0.1], 8000, name='"><script>alert(1)</script>')._repr_html_()
    assert "script" not in Tags(html).found


def test_long_sounds_are_compressed_and_limited():
    html = synth.sine(440, duration_s=700, rate_hz=8000)._repr_html_()
    assert "data:audio/mpeg" in html
    assert len(html) < 8_000_000
    assert sound_in(html).duration_s == pytest.approx(600, abs=0.2)
    assert "first 600 s" in html


@pytest.mark.parametrize(
    ("rate_hz", "played_hz"), [(4000, 8000), (16000, 16000), (96000, 48000), (1_000_000, 48000)]
)
def test_rates_that_browsers_do_not_play_are_converted(rate_hz, played_hz):
    html = synth.sine(400, duration_s=0.2, rate_hz=rate_hz)._repr_html_()
    assert sound_in(html).rate_hz == played_hz


def test_loud_many_channelled_and_inaudible_clips():
    loud = Clip(np.full((5, 100), 3.0), 8000)._repr_html_()
    assert "beyond full scale" in loud
    assert sound_in(loud).channels == 1
    slow = Clip(np.zeros(10), 1)._repr_html_()
    assert "audio" not in Tags(slow).found
    assert "too slow" in slow


def test_the_waveform_reaches_its_peaks():
    samples = np.zeros(10_000)
    samples[5000] = 1.0
    html = Clip(samples, 8000)._repr_html_()
    tops = [float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)V", html)]
    assert min(tops) == pytest.approx(1.0, abs=0.1)  # the one click is not lost between columns
    assert sorted(tops)[1] > 35
