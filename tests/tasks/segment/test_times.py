"""Times are those of the file: hours with a mark each minute, formats that seek inexactly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tympan.tasks.inputs import blocks_of
from tympan.tasks.segment.answer import SegmentModel
from tympan.tasks.segment.config import SegmentConfig
from tympan.tasks.segment.net import Segmenter

RATE_HZ = 16_000
# Three hours of the format whose seeking is the least exact, one of each other.
MINUTES = {"mp3": 180, "ogg": 60, "m4a": 60, "opus": 60}
MARK_S = 0.5
TONE_HZ = 1000.0


def marked(seconds: int) -> Iterator[np.ndarray]:
    """A minute at a time: silence, and at its beginning half a second of a tone."""
    minute = np.zeros(60 * RATE_HZ, np.float32)
    t = np.arange(round(MARK_S * RATE_HZ)) / RATE_HZ
    minute[: len(t)] = 0.5 * np.sin(2 * np.pi * TONE_HZ * t)
    for _ in range(seconds // 60):
        yield minute


class Loudness(Segmenter):
    """A net that needs no training: the label is there where it is loud."""

    def features(self, levels):  # type: ignore[no-untyped-def]
        return self._loud(levels)

    def answer(self, levels):  # type: ignore[no-untyped-def]
        return self._loud(levels).transpose(1, 2)

    def step(self, features, state):  # type: ignore[no-untyped-def]
        ahead = self.config.lookahead
        # Each frame answers for itself; those ahead belong to the next window.
        return features[:, : features.shape[1] - ahead].transpose(1, 2), features[:, :1]

    def _loud(self, levels):  # type: ignore[no-untyped-def]
        reach, every = self.encoder.context, self.config.reduction
        middle = levels[:, :, reach : levels.shape[2] - reach : every]
        return (middle.amax(1, keepdim=True) + 40).transpose(1, 2)


def model_of(causal: bool) -> SegmentModel:
    config = SegmentConfig(
        rate_hz=RATE_HZ, n_fft=512, hop=160, n_mels=16, widths=(4, 4), features=4, crop_s=10.0,
        causal=causal, lookahead=5 if causal else 0, chunk_s=5.0,
    )  # fmt: skip
    return SegmentModel(Loudness(config, 1).eval(), config, ("mark",), "loudness")


def written(path: Path) -> Path:
    """The marks as a file; ffmpeg writes what soundfile does not."""
    minutes = MINUTES[path.suffix[1:]]
    if path.suffix in (".mp3", ".ogg"):
        with soundfile.SoundFile(path, "w", RATE_HZ, 1) as file:
            for block in marked(60 * minutes):
                file.write(block)
        return path
    import av

    codec = {".m4a": "aac", ".opus": "libopus"}[path.suffix]
    rate_hz = RATE_HZ
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono")
        stream.bit_rate = 32_000
        for block in marked(60 * minutes):
            for part in np.split(block, 60):
                frame = av.AudioFrame.from_ndarray(part[None], format="flt", layout="mono")
                frame.sample_rate = rate_hz
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["mp3", "ogg", "m4a", "opus"])
def test_marks_of_each_minute_are_where_they_are(tmp_path: Path, ending: str) -> None:
    model, minutes = model_of(causal=ending != "mp3"), MINUTES[ending]
    found = model(written(tmp_path / f"marks.{ending}"), gap_s=0.2, shortest_s=0.2)
    assert len(found.segments) == minutes
    starts = np.array([s.start_s for s in found.segments])
    ends = np.array([s.end_s for s in found.segments])
    expected = 60.0 * np.arange(minutes)
    assert np.abs(starts - expected).max() < 0.06, "drift"
    assert np.abs(ends - expected - MARK_S).max() < 0.1
    assert found.duration_s == pytest.approx(60 * minutes, abs=0.1)


@pytest.mark.parametrize("causal", [False, True])
def test_marks_of_ten_minutes_in_blocks_of_any_size(causal: bool) -> None:
    model = model_of(causal)
    wave = np.concatenate(list(marked(600)))
    rng = np.random.default_rng(0)
    session = model.session(gap_s=0.2)
    at = 0
    while at < len(wave):
        size = int(rng.integers(1, 700_000))
        session.push(wave[None, at : at + size])
        at += size
    found = session.result().segments
    assert [round(s.start_s) for s in found] == [60 * i for i in range(10)]
    assert max(abs(s.start_s - 60 * i) for i, s in enumerate(found)) < 0.05


def test_files_are_read_from_their_beginning(tmp_path: Path) -> None:
    """Seeking is what makes times inexact: a recording is read through, never sought in."""
    path = tmp_path / "a.mp3"
    with soundfile.SoundFile(path, "w", RATE_HZ, 1) as file:
        for block in marked(120):
            file.write(block)
    total = sum(block.shape[1] for _, block in blocks_of(path))
    assert total == 120 * RATE_HZ
