"""
2. Composite signals
====================

Nearly every sound is a sum. Two people who talk at once, a string with its overtones, a voice in
the rain: the air adds the pressures, sample by sample, and nothing else happens. This chapter puts
sounds together; the rest of the guide is about taking them apart again.
"""

# %%
# A sum of two tones
# ------------------
# `+` adds two clips sample by sample.

import numpy as np

from tympan import synth

RATE_HZ = 16000
low = synth.sine(200, duration_s=2, rate_hz=RATE_HZ, amplitude=0.3)
high = synth.sine(1500, duration_s=2, rate_hz=RATE_HZ, amplitude=0.1)
both = (low + high).named("200 Hz + 1500 Hz")
print(np.array_equal(both.samples, low.samples + high.samples))
both

# %%
# The small fast wave rides on the large slow one. Ear and eye can both tell them apart, as long as
# there are only two.

# sphinx_gallery_alt = "A slow wave, a small fast wave, and their sum: the fast one rides on the"
# sphinx_gallery_alt = "slow one."
import matplotlib.pyplot as plt

from tympan.spectra import figures

figures.set_theme()
figure, axes = plt.subplots(3, 1, sharex=True, sharey=True, figsize=(6, 4.6))
for ax, clip, title in zip(axes, (low, high, both), ("200 Hz", "1500 Hz", "Sum"), strict=True):
    part = clip.slice(0, 0.012)
    ax.plot(1000 * part.times_s, part.samples[0])
    ax.set(title=title, ylabel="Amplitude")
ax.set(xlabel="Time (ms)", xlim=(0, 12))

# %%
# Beats
# -----
# Two tones that are nearly the same go in and out of step. When they are in step the amplitudes
# add, half a beat later they cancel. One hears a single tone that swells, as often as the
# difference says: 440 Hz and 444 Hz beat four times a second. Musicians tune by this.

beats = (
    synth.sine(440, duration_s=2, rate_hz=RATE_HZ, amplitude=0.4)
    + synth.sine(444, duration_s=2, rate_hz=RATE_HZ, amplitude=0.4)
).named("440 Hz + 444 Hz")
beats

# %%

# sphinx_gallery_alt = "The sum of 440 and 444 Hz over two seconds swells and vanishes eight"
# sphinx_gallery_alt = "times, inside the curve that the difference of 4 Hz gives."
figure, ax = plt.subplots()
figures.plot_waveform(beats, ax)
ax.plot(beats.times_s, 0.8 * np.abs(np.cos(np.pi * 4 * beats.times_s)), color="C1", linewidth=2)
ax.set_title("Four beats a second, and 0.8 · |cos(π · 4 Hz · t)|")

# %%
# A square wave out of sines
# --------------------------
# Every wave that repeats is a sum of sines whose frequencies are multiples of one, its
# **fundamental** (Fourier, 1822). The multiples are called **harmonics**. For a square wave one
# takes the odd ones, each with an amplitude of 4 / (π · its number), and the more one takes, the
# more it becomes a square.


def square_of(count, frequency_hz=110):
    """Sum the first `count` odd harmonics of a square wave of amplitude 1."""
    sizes = [4 / np.pi / k if k % 2 else 0.0 for k in range(1, 2 * count)]
    return synth.harmonics(frequency_hz, sizes, duration_s=2, rate_hz=RATE_HZ)


# sphinx_gallery_alt = "Two periods of the sum of 1, 3, 10 and 36 odd harmonics: from a sine to a"
# sphinx_gallery_alt = "square with small horns at its edges."
figure, axes = plt.subplots(4, 1, sharex=True, sharey=True, figsize=(6, 5.6))
for ax, count in zip(axes, (1, 3, 10, 36), strict=True):
    part = square_of(count).slice(0, 0.018)
    ax.plot(1000 * part.times_s, part.samples[0])
    ax.set(title=f"{count} harmonic{'s' * (count > 1)}", ylabel="Amplitude")
ax.set(xlabel="Time (ms)", xlim=(0, 18))

# %%
# The horns beside each jump do not go away with more harmonics; they only get narrower. Their
# height is always about 9 % of the jump, here of 2 (Gibbs, 1899):

for count in (3, 10, 36):
    wave = synth.harmonics(
        10, [4 / np.pi / k if k % 2 else 0 for k in range(1, 2 * count)], rate_hz=48000
    )
    print(f"{count:2} harmonics: {(wave.peak - 1) / 2:.1%} of the jump")

# %%
# One harmonic, then all 36. The pitch stays, because the period stays. What changes is the
# **timbre**, by which we tell a flute from a clarinet.

(0.2 * square_of(1)).named("1 harmonic")

# %%

(0.2 * square_of(36)).named("36 harmonics")

# %%
# A sound with a beginning and an end
# -----------------------------------
# Multiplied by a curve that jumps up and falls, the same sum becomes a plucked string. Such a curve
# is called an **envelope**.

string = 0.35 * synth.harmonics(196, [1, 0.6, 0.4, 0.25, 0.15, 0.1], duration_s=2, rate_hz=RATE_HZ)
envelope = np.minimum(1, string.times_s / 0.005) * np.exp(-2.5 * string.times_s)
pluck = string.map(lambda samples: samples * envelope).named("plucked string")
pluck

# %%

# sphinx_gallery_alt = "The waveform of the plucked string fills the space below its envelope,"
# sphinx_gallery_alt = "which jumps up at the start and falls to nearly nothing within two"
# sphinx_gallery_alt = "seconds."
figure, ax = plt.subplots()
figures.plot_waveform(pluck, ax)
ax.plot(pluck.times_s, envelope * string.peak, color="C1", linewidth=2)
ax.set_title("A wave and its envelope")

# %%
# Noise
# -----
# Noise is a sum as well: of *all* frequencies at once, with random phases. White noise has the same
# power at every hertz. Pink noise has the same in every octave, as rain, traffic and many machines
# roughly have: its level falls by 3 dB per octave. Brown noise falls by 6 dB. Measured over ten
# seconds each:

# sphinx_gallery_alt = "Spectra of three noises over octaves: white is level, pink falls by 3 dB"
# sphinx_gallery_alt = "and brown by 6 dB per octave."
from tympan.spectra import spectrum

figure, ax = plt.subplots(figsize=(6, 3.4))
for make, line in ((synth.white_noise, "-"), (synth.pink_noise, "--"), (synth.brown_noise, ":")):
    found = spectrum(make(duration_s=10, rate_hz=RATE_HZ), frame_s=0.1)
    inside = (found.frequencies_hz > 100) & (found.frequencies_hz < 6400)
    octaves, level = np.log2(found.frequencies_hz[inside]), found.levels_db[inside]
    slope, _ = np.polyfit(octaves, level, 1)
    name = make.__name__.replace("_", " ")
    ax.plot(octaves, level - level[:40].mean(), line, label=f"{name}: {slope:+.1f} dB per octave")
ticks = [100, 200, 400, 800, 1600, 3200, 6400]
ax.set_xticks(np.log2(ticks), ticks)
ax.legend()
ax.grid(axis="y")
ax.set(xlabel="Frequency (Hz)", ylabel="Level (dB)", title="Three colours of noise")

# %%
# White:

synth.white_noise(duration_s=1.5, rate_hz=RATE_HZ, amplitude=0.3)

# %%
# Pink:

synth.pink_noise(duration_s=1.5, rate_hz=RATE_HZ, amplitude=0.5)

# %%
# Signal and noise
# ----------------
# How much noise lies over a sound is said by the **signal-to-noise ratio** (SNR): the power of the
# signal over that of the noise, in dB. `mix` adds a clip at the ratio that you name. At 0 dB both
# are equally strong, and below that the eye has lost the string.

# sphinx_gallery_alt = "The string with noise at 20 dB, 0 dB and -10 dB: clear, half hidden, and"
# sphinx_gallery_alt = "nothing but noise to the eye."
noise = synth.white_noise(duration_s=2, rate_hz=RATE_HZ, seed=1)
figure, axes = plt.subplots(3, 1, sharex=True, figsize=(6, 4.8))
for ax, snr_db in zip(axes, (20, 0, -10), strict=True):
    mixed = pluck.mix(noise, snr_db=snr_db)
    figures.plot_waveform(mixed, ax)
    measured = 20 * np.log10(pluck.rms / (mixed - pluck).rms)
    ax.set(title=f"SNR {round(measured)} dB", xlabel="")
ax.set_xlabel("Time (s)")

# %%
# The ear has not. In this clip the noise has ten times the power of the string, and one still hears
# its note:

pluck.mix(noise, snr_db=-10).normalize_peak(-3).named("SNR -10 dB")

# %%
# The string puts its power into six frequencies, the noise spreads it over thousands. At the
# string's own frequencies the string is the stronger one, and the ear looks frequency by frequency.
# Chapter 4 teaches the computer to do the same.
#
# Try
# ---
# - Let 440 Hz beat with 440.5, 450 and 500 Hz. From when on do you hear two tones?
# - Give each odd harmonic the amplitude 8 / (π k)², with changing sign. Which shape is that?
# - Down to which SNR do you hear the string? Is it the same with pink noise?
#
# Next: :doc:`plot_3_sampling`. Before: :doc:`plot_1_sound`.
