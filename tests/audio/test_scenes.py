"""The demo recording: its events where it says, and close to the real thing."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tympan.audio import demo_scene, load, synth
from tympan.errors import ArgumentError

LABELS = ["siren", "clock_tick", "rain", "church_bells", "engine"]


def test_events_lie_where_it_says():
    clip, events = demo_scene()
    assert (clip.rate_hz, clip.channels, clip.duration_s) == (16000, 1, 30.0)
    assert [label for *_, label in events] == LABELS
    assert clip.peak < 1
    gaps = [0.0, *(end for _, end, _ in events)]
    for (start, end, _), gap in zip(events, gaps, strict=False):
        assert end - start >= 5
        assert start > gap
        quiet = clip.slice(gap + 0.02, start - 0.02).rms
        assert quiet < 0.02 * clip.slice(start, end).rms


def test_seeds_and_rates():
    first, again, other = (demo_scene(seed=seed)[0] for seed in (0, 0, 1))
    assert np.array_equal(first.samples, again.samples)
    assert not np.array_equal(first.samples, other.samples)
    high, events = demo_scene(rate_hz=44100)
    assert high.num_samples == 30 * 44100
    assert [round(end, 3) for _, end, _ in events] == [5.9, 11.8, 17.7, 23.6, 29.5]
    with pytest.raises(ArgumentError, match="16000"):
        demo_scene(rate_hz=8000)


def features(wave: np.ndarray) -> np.ndarray:
    """Mean and spread over time of 24 bands, and of their changes."""
    import librosa

    wave = wave / np.sqrt(np.square(wave).mean() + 1e-9)
    mel = librosa.feature.melspectrogram(y=wave, sr=16000, n_fft=1024, hop_length=320, n_mels=24)
    db = 10 * np.log10(mel + 1e-4)
    change = np.abs(np.diff(db, axis=1))
    return np.concatenate([db.mean(axis=1), db.std(axis=1), change.mean(axis=1)])


@pytest.mark.slow
def test_each_event_is_nearest_to_recordings_of_its_class(shared_data):
    folder = shared_data / "esc50"
    with (folder / "metadata.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in LABELS]
    known = np.stack(
        [features(load(folder / row["file_name"], mono=True).samples[0]) for row in rows]
    )
    spread = known.std(axis=0)
    clip, events = demo_scene()
    for start, _, label in events:
        point = features(clip.slice(start, start + 5).samples[0])
        distance = np.linalg.norm((known - point) / spread, axis=1)
        nearest = [rows[i]["label"] for i in np.argsort(distance)[:7]]
        assert nearest.count(label) >= 4, (label, nearest)


def test_what_is_said_comes_after_the_other_sounds() -> None:
    tone = synth.sine(300, duration_s=2.0, rate_hz=24_000, amplitude=0.1)
    said = tone.tagged(comment="Synthetic speech")
    plain, events = demo_scene()
    clip, more = demo_scene(speech=said)
    assert more[:-1] == events
    assert more[-1] == (30.0, 32.0, "speech")
    assert clip.duration_s == 32.5
    assert np.array_equal(clip.samples[:, : plain.num_samples], plain.samples)
    assert np.abs(clip.samples[0, plain.num_samples :]).max() == pytest.approx(0.5, rel=0.01)
    assert clip.tags["comment"] == "Synthetic speech"
