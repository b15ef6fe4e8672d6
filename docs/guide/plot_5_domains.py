"""
5. Time domain and frequency domain
===================================

A wave and its spectrum are the same thing, seen from two sides. Each can be computed from the
other, and what is hard on one side is often easy on the other. This chapter goes back and forth.
"""

# %%
# Twice the same
# --------------
# Two extremes. A tone goes on for ever in time, and has one frequency. A click is over at once, and
# has all frequencies.

import matplotlib.pyplot as plt
import numpy as np

from tympan import Clip, synth
from tympan.spectra import figures, spectrum

figures.set_theme()
RATE_HZ = 16000
tone = synth.sine(1000, duration_s=0.1, rate_hz=RATE_HZ, amplitude=0.5).named("tone")
click = np.zeros(1600)
click[800] = 0.5
click = Clip(click, RATE_HZ, "click")


def draw_both(left, right, clip):
    """Draw a clip in time (ms), and its spectrum (kHz) with its highest point at 1."""
    found = spectrum(clip, window="rectangular")
    left.plot(1000 * clip.times_s, clip.samples[0])
    # The last point is half the rate, where sine and cosine are one.
    right.plot(found.frequencies_hz[:-1] / 1000, found.amplitudes[:-1] / found.amplitudes.max())
    left.set(title=clip.name, ylabel="Amplitude")
    right.set(ylabel="Relative", ylim=(0, 1.1))


# sphinx_gallery_alt = "A tone fills the time axis and is one peak in frequency; a click is one"
# sphinx_gallery_alt = "peak in time and fills the frequency axis."
figure, axes = plt.subplots(2, 2, figsize=(6, 4), sharex="col")
for (left, right), clip in zip(axes, (tone, click), strict=True):
    draw_both(left, right, clip)
left.set(xlabel="Time (ms)", xlim=(40, 60))
right.set(xlabel="Frequency (kHz)", xlim=(0, 8))
axes[0, 1].set_title("… and its spectrum")

# %%
# Short or sharp
# --------------
# Between the two there are tone bursts. The shorter the burst, the wider its peak. For the burst of
# the best possible shape (a Gaussian) the product of both widths, as standard deviations, is 1 /
# 4π, and nothing can be below (Gabor, 1946).

# sphinx_gallery_alt = "Three bursts of 1,000 Hz, short, middle and long, and their spectra: the"
# sphinx_gallery_alt = "longer in time, the narrower in frequency."


def burst(width_s):
    t = np.arange(3200) / RATE_HZ - 0.1
    wave = np.exp(-0.5 * (t / width_s) ** 2 / 2) * np.cos(2 * np.pi * 1000 * t)
    return Clip(0.5 * wave, RATE_HZ, f"{1000 * width_s:g} ms")


def width(x, weight):
    """Standard deviation of x under a weight."""
    mean = np.sum(x * weight) / np.sum(weight)
    return np.sqrt(np.sum((x - mean) ** 2 * weight) / np.sum(weight))


figure, axes = plt.subplots(3, 2, figsize=(6, 5), sharex="col")
for (left, right), width_s in zip(axes, (0.001, 0.004, 0.016), strict=True):
    clip = burst(width_s)
    found = spectrum(clip, window="rectangular")
    draw_both(left, right, clip)
    wide_s = width(clip.times_s, clip.samples[0] ** 2)
    wide_hz = width(found.frequencies_hz, found.amplitudes**2)
    right.set_title(f"{wide_hz:.1f} Hz; product {wide_s * wide_hz:.4f}")
left.set(xlabel="Time (ms)", xlim=(40, 160))
right.set(xlabel="Frequency (kHz)", xlim=(0.5, 1.5))
print(f"1 / 4π = {1 / (4 * np.pi):.4f}")

# %%
# This is no fault of a method, and no better computer helps: a frequency needs time to be one. It
# comes back in chapter 6 as the choice of a frame.
#
# There and back
# --------------
# The transform loses nothing. Forward, backward, and the clock is what it was, up to the rounding
# of the numbers:

from tympan.audio import demo_scene

scene, events = demo_scene()
clock = scene.slice(6.4, 8.4).named("a clock")
spectrum_of_clock = np.fft.rfft(clock.samples[0].astype(float))
back = np.fft.irfft(spectrum_of_clock, clock.num_samples)
error = back - clock.samples[0]
print(f"error {20 * np.log10(error.std() / clock.rms):.0f} dB")

# %%
# But the spectrum that people draw is only half of it. Its values are complex numbers, each with a
# magnitude and a **phase**, and the phases say *when*. Keep the magnitudes, draw the phases by lot,
# and the picture of the spectrum stays exactly the same. The sound does not:

rng = np.random.default_rng(0)
lots = np.exp(2j * np.pi * rng.random(len(spectrum_of_clock)))
shuffled = np.fft.irfft(np.abs(spectrum_of_clock) * lots, clock.num_samples)
smeared = Clip(shuffled, RATE_HZ, "the clock with random phases")

# sphinx_gallery_alt = "Above, the wave of a clock: four sharp ticks. Below, with random phases:"
# sphinx_gallery_alt = "the same magnitudes, spread evenly over the time."
figure, axes = plt.subplots(2, 1, sharex=True, sharey=True, figsize=(6, 3.8))
for ax, clip in zip(axes, (clock, smeared), strict=True):
    ax.plot(clip.times_s, clip.samples[0], linewidth=0.4)
    ax.set(title=clip.name, ylabel="Amplitude")
ax.set(xlabel="Time (s)", xlim=(0, 2))

# %%
# The clock:

clock

# %%
# The same magnitudes:

smeared

# %%
# Filters
# -------
# A filter changes the amplitude of each frequency. On the side of frequencies that is a
# multiplication; on the side of time it is a **convolution**: every sample starts a little echo of
# itself, the filter's *impulse response*. To see a filter from both sides, send a click through it,
# because a click holds all frequencies equally.

# sphinx_gallery_alt = "A low pass at 1,000 Hz from both sides: in time a short swing after the"
# sphinx_gallery_alt = "click, in frequency a curve that is level and falls beyond 1,000 Hz."
from tympan.augment import LowPass

low_pass = LowPass(1000, 1000, order=4, rate_hz=RATE_HZ)
one = np.zeros(1600)
one[0] = 1.0
response = low_pass(Clip(one, RATE_HZ), 0)
gain = np.abs(np.fft.rfft(response.samples[0]))
figure, (left, right) = plt.subplots(1, 2, figsize=(6, 2.8))
left.plot(1000 * response.times_s, response.samples[0])
left.set(xlabel="Time (ms)", ylabel="Amplitude", xlim=(0, 5), title="Impulse response")
right.semilogx(np.linspace(0, 8000, len(gain)), 20 * np.log10(np.maximum(gain, 1e-6)))
right.axvline(1000, color="C1", linestyle=":")
right.set(xlabel="Frequency (Hz)", ylabel="Gain (dB)", ylim=(-60, 5), xlim=(100, 8000))
right.set_title("Frequency response")
right.set_xticks([100, 1000, 8000], ["100", "1k", "8k"])
right.minorticks_off()
right.grid()

# %%
# Three ways to the same rain behind a closed window: the filter itself, a convolution with its
# impulse response, and a multiplication of the two spectra.

rain = scene.slice(13, 15).named("rain")
wave, echo = rain.samples[0].astype(float), response.samples[0].astype(float)
filtered = low_pass(rain, 0)
convolved = np.convolve(wave, echo)[: len(wave)]
size = len(wave) + len(echo)  # room for the last echo
multiplied = np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(echo, size), size)[: len(wave)]
for name, other in (("convolution", convolved), ("multiplication", multiplied)):
    far = 20 * np.log10(np.std(other - filtered.samples[0]) / filtered.rms)
    print(f"{name:14} differs by {far:.0f} dB")
rain

# %%

filtered.named("rain through a low pass")

# %%
# A room is a filter too
# ----------------------
# Clap once in a church and record it: that is the impulse response of the church. Convolved with
# it, any dry sound stands in the church. Here the response is noise that dies away in a second and
# a half.

decay = np.exp(-6.9 * np.arange(round(1.5 * RATE_HZ)) / (1.5 * RATE_HZ))
room = rng.standard_normal(len(decay)) * decay * 0.02
room[0] = 1.0  # what comes straight
size = clock.num_samples + len(room)
wet = np.fft.irfft(np.fft.rfft(clock.samples[0], size) * np.fft.rfft(room, size), size)
church = Clip(wet, RATE_HZ, "a clock in a church").normalize_peak(-3)
church

# %%

# sphinx_gallery_alt = "Above, four dry ticks of a clock. Below, the same in a church: each tick"
# sphinx_gallery_alt = "has a tail that fades over the next ones."
figure, axes = plt.subplots(2, 1, sharex=True, sharey=True, figsize=(6, 3.8))
for ax, clip in zip(axes, (clock, church), strict=True):
    level = 20 * np.log10(np.abs(clip.normalize_peak().samples[0]) + 1e-6)
    blocks = level[: len(level) // 160 * 160].reshape(-1, 160).max(axis=1)
    ax.plot(np.arange(len(blocks)) * 0.01, blocks)
    ax.set(title=clip.name, ylabel="Level (dB)", ylim=(-60, 3))
    ax.grid(axis="y")
ax.set(xlabel="Time (s)", xlim=(0, 3.5))

# %%
# Why this matters for learning: the layers of a convolutional net are filters as well, only that
# their responses are not designed but learned.
#
# Try
# ---
# - Keep the phases of the clock and take the magnitudes of white noise. What do you hear now? Which
#   of the two matters more?
# - Set everything above 1,000 Hz of `spectrum_of_clock` to zero and transform back. Look at the
#   wave just before a tick: why does the "perfect" filter ring *before* it?
# - Make `room` longer, or give it one echo only: `room[4000] = 0.5`.
#
# Next: :doc:`plot_6_spectrograms`. Before: :doc:`plot_4_spectrum`.
