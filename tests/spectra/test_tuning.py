from __future__ import annotations

import librosa
import numpy as np
import pytest

from tympan.audio import Clip, synth
from tympan.errors import ArgumentError
from tympan.spectra import ConstantQ, estimate_tuning


@pytest.mark.parametrize("bins_per_octave", [12, 24, 36])
@pytest.mark.parametrize("resolution", [0.01, 0.05])
def test_tuning_equals_librosas(clip: Clip, bins_per_octave: int, resolution: float) -> None:
    theirs = librosa.estimate_tuning(
        y=clip.samples[0], sr=clip.rate_hz, resolution=resolution, bins_per_octave=bins_per_octave
    )
    ours = estimate_tuning(clip, resolution=resolution, bins_per_octave=bins_per_octave)
    assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("tuning", [-0.4, -0.1, 0.0, 0.25])
def test_the_tuning_of_a_chord_is_found(tuning: float) -> None:
    notes = [69 + tuning + step for step in (0, 4, 7, 12)]
    tones = [synth.saw(440 * 2 ** ((n - 69) / 12), duration_s=2, rate_hz=22050) for n in notes]
    chord = sum(tone.samples for tone in tones) / 4
    found = estimate_tuning(Clip(chord, 22050))
    assert abs((found - tuning + 0.5) % 1 - 0.5) < 0.06


def test_silence_has_none() -> None:
    assert estimate_tuning(synth.silence(duration_s=1)) == 0.0


def test_a_tuned_transform_is_moved() -> None:
    module = ConstantQ(22050, n_bins=36, tuning=0.3)
    np.testing.assert_allclose(module.frequencies_hz[0], 440 * 2 ** ((-45 + 0.3) / 12))


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="resolution"):
        estimate_tuning(synth.silence(), resolution=0)
    with pytest.raises(ArgumentError, match="bins_per_octave"):
        estimate_tuning(synth.silence(), bins_per_octave=0)
