"""
From samples to a picture
=========================

The ear takes a sound apart into frequencies, and so do most audio models. A spectrum says how much
of each frequency there is; a spectrogram says how much of it there is when.
"""

# %%
# The spectrum
# ------------
# Time on the left, frequency on the right: the same sound, seen twice. A square wave has the odd
# multiples of its frequency, each one weaker than the one before.

from tympan import synth
from tympan.spectra import figures, spectrum

wave = synth.square(frequency_hz=200, duration_s=1.0, rate_hz=16000, amplitude=0.5)
_ = figures.plot_time_and_frequency(wave.slice(0, 0.05))

# %%
# Amplitudes are true: a sine of amplitude 0.5 shows 0.5.

tone = synth.sine(frequency_hz=1000, duration_s=1.0, rate_hz=16000, amplitude=0.5)
for peak in spectrum(tone).peaks()[:3]:
    print(peak)

# %%
# The spectrogram
# ---------------
# Short stretches, each with its own spectrum, side by side. Brighter means more energy. This sweep
# rises from 100 Hz to 7 kHz while a bell-like chord sounds below it.

sweep = synth.chirp(100, 7000, duration_s=2.0, rate_hz=16000, amplitude=0.3)
chord = synth.harmonics(330, duration_s=2.0, rate_hz=16000).gain(-20)
scene = sweep + chord
scene

# %%

_ = figures.plot_spectrogram(scene, kind="linear")

# %%
# Ears hear differences at low frequencies far better than at high ones. The mel scale does as they
# do, and so do the models in tympan:

_ = figures.plot_spectrogram(scene, kind="mel")

# %%
# The same for a net
# ------------------
# A net takes the numbers behind the picture. All transforms are PyTorch modules on batches: samples
# `(b, t)` in, `(b, f, n)` out, with `f` frequency bins and `n` frames.

import torch

from tympan.spectra import LogMel

log_mel = LogMel(rate_hz=16000, n_fft=512, hop=160, n_mels=64)
batch = torch.from_numpy(scene.samples.copy())
print(tuple(batch.shape), "→", tuple(log_mel(batch).shape))
