"""
Sound as numbers
================

A sound is air pressure over time. A file holds samples of it: so many numbers a second. In
tympan, a :class:`~tympan.audio.clip.Clip` holds the samples together with their rate, so that no
function has to guess it.
"""

# %%
# Make a sound
# ------------
# A sine has an amplitude, a frequency, and hence a period. Ten seconds at 44,100 samples a second
# are 441,000 samples.

import tympan
from tympan import synth

tone = synth.sine(frequency_hz=440, duration_s=10, rate_hz=44100, amplitude=0.5)
print(tone.num_samples, "samples,", tone.duration_s, "s, peak", round(tone.peak, 3))

# %%
# Five thousandths of a second of it. A period takes 1 / 440 s, a little more than 2 ms:

from tympan.spectra import figures

_ = figures.plot_waveform(tone.slice(0, 0.005))

# %%
# In a notebook, and on this page, a clip shows itself as a player. Here is a note with overtones,
# and then white noise: every sample by chance.

note = synth.harmonics(frequency_hz=220, duration_s=2, rate_hz=16000)
note

# %%

noise = synth.white_noise(duration_s=2, rate_hz=16000, amplitude=0.1, seed=0)
noise

# %%
# Too few samples
# ---------------
# Samples hold frequencies up to half their rate. A sweep from 0 to 8 kHz, read off only 8,000 times
# a second without a filter, turns round at 4 kHz and comes down again: that is aliasing. `resample`
# takes away first what the new rate cannot hold.

sweep = synth.chirp(0, 8000, duration_s=2, rate_hz=32000, amplitude=0.5)
folded = synth.sample_at(sweep, 8000)
_ = figures.plot_spectrogram(folded)
folded

# %%

_ = figures.plot_spectrogram(sweep.resample(8000))

# %%
# Clips are values
# ----------------
# A clip never changes. Each operation gives a new one, and they can be chained: cut by seconds,
# change the loudness, mix, join.

mixed = note.mix(noise, snr_db=10).normalize_loudness(-23.0)
print(mixed.slice(0.5, 1.0))
mixed

# %%
# Files
# -----
# `load` reads every common format, whatever the file's name says; `probe` tells about it without
# decoding it.

import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
mixed.save(folder / "mixed.flac")
print(tympan.probe(folder / "mixed.flac"))
print(tympan.load(folder / "mixed.flac", rate_hz=8000))

# %%
# A recording of any length streams through in blocks, and the memory stays small:

for block in tympan.blocks(folder / "mixed.flac", block_s=0.5):
    print(f"{block.start_s:.1f} to {block.end_s:.1f} s: rms {block.clip.rms:.3f}")
