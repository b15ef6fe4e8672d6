"""
3. Sampling and digitisation
============================

A computer holds a sound as a list of numbers. To get there, two things are rounded: time, by
taking a sample only so many times a second, and amplitude, by allowing only so many levels. This
chapter shows what each of them costs. The surprise: with enough samples, rounding time costs
nothing.
"""

# %%
# Sampling
# --------
# `sample_at` reads a function of time at fixed instants, as a converter reads a voltage. This
# voltage is the sum of two tones, of 1,000 Hz and 2,300 Hz, and it is read 8,000 times a second.

import matplotlib.pyplot as plt
import numpy as np

from tympan import Clip, synth
from tympan.spectra import figures

figures.set_theme()


def voltage(t):
    return 0.5 * np.sin(2 * np.pi * 1000 * t) + 0.3 * np.sin(2 * np.pi * 2300 * t)


sampled = synth.sample_at(voltage, 8000, duration_s=1)
sampled

# %%

# sphinx_gallery_alt = "A smooth curve of 4 ms, and 32 dots on it: the samples."
t = np.linspace(0, 0.004, 1000)
dots = sampled.slice(0, 0.004)
figure, ax = plt.subplots()
ax.plot(1000 * t, voltage(t), color="0.6", label="the voltage")
ax.vlines(1000 * dots.times_s, 0, dots.samples[0], color="C0", linewidth=0.8)
ax.plot(1000 * dots.times_s, dots.samples[0], "o", color="C0", markersize=5, label="its samples")
ax.legend(loc="upper right", ncols=2)
ax.set(xlabel="Time (ms)", ylabel="Amplitude", ylim=(-0.85, 1.1), xlim=(0, 4))

# %%
# Nothing is lost
# ---------------
# What was the voltage between the samples? If it held no frequency at or above *half the rate*,
# there is one answer only, and it can be computed: that is the **sampling theorem** (Whittaker,
# Kotelnikov, Shannon). At exactly half the rate a sine may be read at its zeros only. `resample`
# computes it. From 8,000 samples a second it makes 48,000, and they can be compared with the
# function that we happen to know:

more = sampled.resample(48000)
truth = synth.sample_at(voltage, 48000, duration_s=1)
middle = slice(4800, -4800)  # a clip knows nothing of what was before and after it
error = more.samples[0, middle] - truth.samples[0, middle]
print(f"error {20 * np.log10(error.std() / truth.rms):.0f} dB")

# %%

# sphinx_gallery_alt = "The computed curve lies exactly on the true one; the samples are dots on"
# sphinx_gallery_alt = "both."
near = slice(24000, 24000 + 192)
figure, ax = plt.subplots()
ax.plot(np.arange(192) / 48, truth.samples[0, near], color="0.75", linewidth=6, label="the voltage")
ax.plot(np.arange(192) / 48, more.samples[0, near], color="C1", label="computed from the samples")
ax.plot(np.arange(32) / 8, sampled.samples[0, 4000:4032], "o", color="C0", markersize=5)
ax.legend(loc="upper right")
ax.set(xlabel="Time after half a second (ms)", ylabel="Amplitude", ylim=(-0.85, 1.25), xlim=(0, 4))

# %%
# The samples are not a staircase, and a higher rate does not make a sound "finer". It only leaves
# room for higher frequencies: those below half the rate, the **Nyquist frequency**. CDs take
# 44,100 samples a second because ears end at 20,000 Hz.
#
# Aliasing
# --------
# And if there *is* something at or above half the rate? A tone of 7,000 Hz, read 8,000 times a
# second, gives the same samples as one of 1,000 Hz. Nobody can tell them apart afterwards.

# sphinx_gallery_alt = "A wave of 7,000 Hz and one of 1,000 Hz go through the same eight samples"
# sphinx_gallery_alt = "of each millisecond."


def fast(t):
    return np.cos(2 * np.pi * 7000 * t)


t = np.linspace(0, 0.002, 2000)
dots = synth.sample_at(fast, 8000, duration_s=0.002)
figure, ax = plt.subplots()
ax.plot(1000 * t, fast(t), color="0.7", linewidth=1, label="7,000 Hz")
ax.plot(1000 * t, np.cos(2 * np.pi * 1000 * t), color="C1", label="1,000 Hz")
ax.plot(1000 * dots.times_s, dots.samples[0], "o", color="C0", markersize=6, label="samples")
ax.legend(loc="upper right", ncols=3)
ax.set(xlabel="Time (ms)", ylabel="Amplitude", ylim=(-1.1, 1.5), xlim=(0, 2))

# %%
# A tone above half the rate comes back *folded*: as 8,000 − 7,000 Hz. Let us try all of them, and
# read off the frequency of what comes out.

# sphinx_gallery_alt = "Frequency heard over frequency played, at a rate of 8,000 Hz: a zigzag"
# sphinx_gallery_alt = "that turns at every multiple of 4,000 Hz."
from tympan.spectra import spectrum

played = np.arange(250, 16000, 500)
heard = [
    spectrum(synth.sample_at(lambda t, hz=hz: np.sin(2 * np.pi * hz * t), 8000)).peaks(1)[0]
    for hz in played
]
figure, ax = plt.subplots()
ax.plot(played, [peak.frequency_hz for peak in heard], "o-", markersize=4)
ax.axvspan(0, 4000, color="C2", alpha=0.12)
ax.text(2000, 4250, "right", ha="center", color="C2")
ax.text(10000, 4250, "aliases", ha="center", color="C1")
ax.set(xlabel="Frequency played (Hz)", ylabel="Frequency heard (Hz)", ylim=(0, 4800))
ax.set_xlim(0, 16000)

# %%
# To hear it, here is a sweep from 0 to 8,000 Hz, read only 8,000 times a second. It should rise all
# the time. It turns round instead.

sweep = synth.chirp(0, 8000, duration_s=2, rate_hz=32000, amplitude=0.5)
folded = synth.sample_at(sweep, 8000).named("sweep, aliased")
folded

# %%

# sphinx_gallery_alt = "Spectrogram of the aliased sweep: a line that rises to 4,000 Hz in one"
# sphinx_gallery_alt = "second and falls back to 0 in the next."
figure, ax = plt.subplots()
figures.plot_spectrogram(folded, ax)
ax.set_title("Read without a filter: it turns at half the rate")

# %%
# The cure must come *before* sampling: a filter that takes away what the new rate cannot hold.
# Every converter has one, and so has `resample`. Taking every fourth sample of a list has none. Now
# the sweep ends in silence, which is the truth: above 4,000 Hz this clip cannot say anything.

filtered = sweep.resample(8000).named("sweep, filtered first")
filtered

# %%

# sphinx_gallery_alt = "Spectrogram of the filtered sweep: the line rises to 4,000 Hz, then all is"
# sphinx_gallery_alt = "dark."
figure, ax = plt.subplots()
figures.plot_spectrogram(filtered, ax)
ax.set_title("Filtered first: what does not fit is gone")

# %%
# Quantisation
# ------------
# Now the other rounding. With *b* bits there are 2ᵇ levels. Three bits are eight levels:

# sphinx_gallery_alt = "A sine and its rounding to eight levels, a staircase; below it the error,"
# sphinx_gallery_alt = "which is never more than half a step."
tone = synth.sine(110, duration_s=2, rate_hz=16000, amplitude=0.8)
coarse = synth.quantize(tone, 3)
figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(6, 4.4), height_ratios=(2, 1))
part, steps = tone.slice(0, 0.02), coarse.slice(0, 0.02)
top.plot(1000 * part.times_s, part.samples[0], color="0.6", label="before")
top.step(1000 * part.times_s, steps.samples[0], where="mid", color="C1", label="3 bits")
top.set(ylabel="Amplitude", yticks=np.arange(-1, 1, 0.25), ylim=(-1.1, 1.1))
top.legend(loc="upper right", ncols=2)
top.grid(axis="y")
bottom.plot(1000 * part.times_s, (steps - part).samples[0], color="C1")
bottom.set(xlabel="Time (ms)", ylabel="Error", ylim=(-0.2, 0.2), xlim=(0, 20))

# %%
# One hears the error as a rough buzz. First three bits, then eight:

coarse.named("3 bits")

# %%

synth.quantize(tone, 8).named("8 bits")

# %%
# Each further bit halves the steps, and so the error: 6 dB. A full sine over its rounding error is
# 6.02 · b + 1.76 dB. Does that hold?

# sphinx_gallery_alt = "Signal-to-noise ratio over bits from 2 to 16: the measured points lie on"
# sphinx_gallery_alt = "the line of the formula, 6 dB per bit, up to 98 dB at 16 bits."
bits = np.arange(2, 17)
snr_db = []
for b in bits:
    full = synth.sine(440.7, duration_s=2, rate_hz=16000, amplitude=1 - 2.0 ** (1 - b))
    error = synth.quantize(full, int(b)) - full
    snr_db.append(20 * np.log10(full.rms / error.rms))
slope, _ = np.polyfit(bits[4:], snr_db[4:], 1)
figure, ax = plt.subplots()
ax.plot(bits, 6.02 * bits + 1.76, color="0.7", linewidth=4, label="6.02 · b + 1.76 dB")
ax.plot(bits, snr_db, "o", label=f"measured: {slope:.2f} dB per bit (from 6 bits on)")
ax.legend()
ax.grid()
ax.set(xlabel="Bits per sample", ylabel="SNR (dB)", xticks=bits[::2])

# %%
# With few bits the measured values stay a little below: a sine that must not go beyond the highest
# level is then not quite a full one. The 16 bits of a CD leave 98 dB, more than most rooms are
# quiet.
#
# Dither
# ------
# What happens to a sound that is *softer than half a step*? It is rounded to silence. Unless one
# adds a little noise before rounding: then the sound decides how often the sample goes up or down,
# and it survives, in noise, but without distortion. This is **dither**, and it is used in every
# studio.

rng = np.random.default_rng(0)
step = 2 / 2**4  # four bits
soft = synth.sine(440, duration_s=2, rate_hz=16000, amplitude=0.4 * step)
dither = Clip(
    step * (rng.uniform(-0.5, 0.5, soft.num_samples) + rng.uniform(-0.5, 0.5, soft.num_samples)),
    16000,
)
plain = synth.quantize(soft, 4)
dithered = synth.quantize(soft + dither, 4).named("4 bits with dither")
print(f"without dither all samples are zero: {not plain.samples.any()}")
dithered

# %%
# The spectrum shows it: the tone stands where it was, with the amplitude that it had, and the noise
# is spread over all frequencies.

# sphinx_gallery_alt = "Spectrum of the dithered tone: level noise, and one peak at 440 Hz that"
# sphinx_gallery_alt = "stands 30 dB above it."
found = spectrum(dithered)
near = found.peaks(1, f_min_hz=430, f_max_hz=450)[0]
print(f"amplitude {near.amplitude:.4f}, and it was {soft.peak:.4f}")
figure, ax = plt.subplots()
figures.plot_spectrum(dithered, ax, db=True, log_hz=True, peaks=1)
ax.set_title("A tone below the first step, saved by noise")

# %%
# What it costs
# -------------
# Bytes a second = rate × bits / 8 × channels. What a sound is for decides what it needs. (The
# decibels are those of even steps. A telephone's 8 bits are *companded*, by G.711's µ-law or A-law:
# the steps grow with the value, so that loud and soft speech keep nearly the same 38 dB.)

for name, rate_hz, bit, channels in (
    ("telephone", 8000, 8, 1),
    ("speech and sound models", 16000, 16, 1),
    ("CD", 44100, 16, 2),
    ("studio", 96000, 24, 2),
):
    size = rate_hz * bit / 8 * channels
    print(
        f"{name:24} up to {rate_hz // 2:6,} Hz, {6.02 * bit + 1.76:4.0f} dB, {size:9,.0f} bytes/s"
    )

# %%
# tympan reads files of any rate and format with `tympan.load`, keeps samples as 32-bit floating
# point, and resamples to what a model was trained with. That holds every value of 8, 16 and 24 bits
# exactly; of whole numbers of 32 bits it keeps the upper 24 or so, the last steps of which no
# converter tells from noise.
#
# Try
# ---
# - Which rate does the voltage of the first figure need at least? Try `sample_at` with 5,000 and
#   4,000.
# - `synth.square(1000, rate_hz=8000)` has harmonics without end. Compare it with
#   `band_limited=True`, by ear and with `figures.plot_spectrum`.
# - Quantise the church bells of chapter 1 to 8, 6, 4 bits. Where do you hear it first, in the
#   strike or in the decay?
#
# Next: :doc:`plot_4_spectrum`. Before: :doc:`plot_2_composite`.
