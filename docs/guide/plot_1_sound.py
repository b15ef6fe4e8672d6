"""
1. Sound signals
================

A sound is air pressure that goes up and down. A microphone turns it into a voltage, a converter
turns that into numbers, and from there on a sound is a list of numbers: its **signal**. This
chapter shows what there is to know about the simplest one, the sine, and then looks at a sound
that is not simple at all.
"""

# %%
# A tone
# ------
# In tympan a sound is a :class:`~tympan.audio.clip.Clip`: samples together with their rate, so that
# nobody has to guess how many of them make a second. Here are two seconds of a sine, 16,000 samples
# for each second. On this page, as in a notebook, a clip shows itself as a player.

from tympan import synth

tone = synth.sine(frequency_hz=440, duration_s=2, rate_hz=16000, amplitude=0.5)
print(tone.num_samples, "samples, the first of them", tone.samples[0, :4].round(3))
tone

# %%
# Two seconds are far too long to see anything. Of the first seven milliseconds one sees three
# periods. Two lengths describe all of it:
#
# - the **amplitude** is the height of the wave: how far the pressure goes from rest. Here 0.5,
#   where 1 is *full scale*, the largest number that a file of integers can hold;
# - the **period** is the time until everything repeats.

import matplotlib.pyplot as plt

from tympan.spectra import figures

figures.set_theme()  # the look of these pages: colours, letters, labels

# sphinx_gallery_alt = "Three periods of a sine. An arrow from 0 to 0.5 marks the amplitude, an"
# sphinx_gallery_alt = "arrow from one crest to the next marks the period of 2.27 ms."
start = tone.slice(0, 0.007)
figure, ax = plt.subplots()
ax.plot(1000 * start.times_s, start.samples[0])
ax.axhline(0, color="0.8", linewidth=1, zorder=0)
arrow = {"arrowstyle": "<->", "color": "C1", "shrinkA": 0, "shrinkB": 0, "linewidth": 1.5}
ax.annotate("", (0.568, 0), (0.568, 0.5), arrowprops=arrow)
ax.text(0.66, 0.16, "amplitude 0.5", color="C1", backgroundcolor="white")
ax.annotate("", (2.841, 0.58), (5.114, 0.58), arrowprops=arrow)
ax.text(3.98, 0.64, "period 2.27 ms", color="C1", ha="center")
ax.set(xlabel="Time (ms)", ylabel="Amplitude", ylim=(-0.6, 0.8), xlim=(0, 7))

# %%
# Frequency
# ---------
# The **frequency** is the number of periods in a second, in hertz (Hz), and so the inverse of the
# period: 1 / 440 Hz = 2.27 ms. It can be counted: once in each period the wave goes up through
# zero.

import numpy as np


def count_periods(clip):
    wave = clip.samples[0]
    return int(np.sum((wave[:-1] <= 0) & (wave[1:] > 0)))


print(f"{count_periods(tone)} periods in {tone.duration_s:g} s")

# %%
# What the frequency is to the signal, the **pitch** is to the ear. Twice the frequency is the same
# note one octave higher; young ears hear from about 20 Hz to 20,000 Hz.

# sphinx_gallery_alt = "Two sines of the same height: in 10 ms, one of 220 Hz has a little more"
# sphinx_gallery_alt = "than two periods, one of 440 Hz has twice as many."
low = synth.sine(220, duration_s=2, rate_hz=16000, amplitude=0.5)
figure, axes = plt.subplots(2, 1, sharex=True, figsize=(6, 3.6))
for ax, clip in zip(axes, (low, tone), strict=True):
    part = clip.slice(0, 0.01)
    ax.plot(1000 * part.times_s, part.samples[0])
    ax.set(title=f"{count_periods(clip) / clip.duration_s:.0f} Hz", ylabel="Amplitude")
ax.set_xlabel("Time (ms)")

# %%
# The lower one:

low

# %%
# Amplitude and decibels
# ----------------------
# Ears hear *ratios*. Here a tone gets softer eight times, each time to half of its amplitude. In
# the picture the last steps are all but gone, yet every step sounds as large as the one before.

# sphinx_gallery_alt = "The waveform of a tone in eight steps, each half as high as the one"
# sphinx_gallery_alt = "before. The last steps can hardly be seen."
from tympan.audio import concat

step = tone.slice(0, 0.4)
stairs = concat([step.gain(-6.02 * number) for number in range(8)]).named("steps of 6 dB")
figure, ax = plt.subplots()
figures.plot_waveform(stairs, ax)
ax.set_title("Each step has half the amplitude of the one before")

# %%

stairs

# %%
# So levels are counted in **decibels**, which count ratios: 20 · log₁₀ of the ratio of two
# amplitudes. Half is −6 dB, a tenth is −20 dB, and to go down by another 20 dB is to divide by ten
# again. With full scale as the reference the unit is called dBFS: 0 dBFS is the top, everything
# else is negative. On a decibel axis the stairs are straight.

# sphinx_gallery_alt = "The level in dBFS over time: eight steps down, all of the same height,"
# sphinx_gallery_alt = "from -9 to -51."
figure, ax = plt.subplots()
times, levels = [], []
for number in range(8):
    part = stairs.slice(0.4 * number, 0.4 * (number + 1))
    times += [0.4 * number, 0.4 * (number + 1)]
    levels += [20 * np.log10(part.rms)] * 2
ax.plot(times, levels, linewidth=2)
ax.grid(axis="y")
ax.set(xlabel="Time (s)", ylabel="Level (dBFS)", title="Level: every step is 6 dB")

# %%
# The level drawn is that of the *root mean square* (RMS), the usual mean of a wave: its plain mean
# would be zero. The RMS of a sine is its amplitude divided by √2, which is 3 dB below its peak.

print(f"peak {tone.peak:.3f}, RMS {tone.rms:.3f}, {20 * np.log10(tone.rms / tone.peak):.2f} dB")

# %%
# Loudness is in the ear
# ----------------------
# Tones of the same amplitude do not sound equally loud: of low ones we hear less. Broadcasters
# measure loudness in **LUFS** (ITU-R BS.1770): decibels again, but after a filter that stands for
# head and ear. Measured with tones of one and the same amplitude:

# sphinx_gallery_alt = "Loudness of tones of equal amplitude over their frequency: it rises from"
# sphinx_gallery_alt = "-15 LUFS at 40 Hz over -10 at 200 Hz to -6 above 3,000 Hz."
frequencies = np.geomspace(40, 7000, 25)
loudness = [
    synth.sine(hz, duration_s=1, rate_hz=16000, amplitude=0.5).loudness_lufs() for hz in frequencies
]
figure, ax = plt.subplots()
ax.semilogx(frequencies, loudness, "o-", markersize=4)
ax.set_xticks([50, 100, 200, 500, 1000, 2000, 5000], ["50", "100", "200", "500", "1k", "2k", "5k"])
ax.minorticks_off()
ax.grid()
ax.set(xlabel="Frequency (Hz)", ylabel="Loudness (LUFS)", title="Same amplitude, other loudness")

# %%
# Phase
# -----
# The **phase** says where in its period a wave begins, as an angle: 360° is a whole period. You
# cannot hear it in a single tone. But two waves that meet add up sample by sample, and then it
# decides everything.

# sphinx_gallery_alt = "A blue sine with one that begins at 0, 90 or 180 degrees, and the sum of"
# sphinx_gallery_alt = "both: twice as high, 1.4 times as high, and zero."
figure, axes = plt.subplots(3, 1, sharex=True, sharey=True, figsize=(6, 4.8))
for ax, degrees in zip(axes, (0, 90, 180), strict=True):
    moved = synth.sine(
        440, duration_s=2, rate_hz=16000, amplitude=0.5, phase_rad=np.radians(degrees)
    )
    both = tone + moved
    for clip, style in ((tone, "C0-"), (moved, "C2--")):
        ax.plot(1000 * start.times_s, clip.slice(0, 0.007).samples[0], style, linewidth=1)
    ax.plot(1000 * start.times_s, both.slice(0, 0.007).samples[0], "C1", linewidth=2.5)
    ax.set(title=f"{degrees}° apart: the sum (thick) reaches {both.peak:.2f}", ylabel="Amplitude")
ax.set(xlabel="Time (ms)", xlim=(0, 7))

# %%
# At 180° the sum is silence. A simple tone is then the same as its inverse, every value with the
# other sign. Headphones that cancel noise play just that, the noise with its sign *inverted*, which
# works for any sound: half a period late would fit one frequency only.
#
# A sound that is not simple
# --------------------------
# Real sounds begin, change and end. These are church bells out of tympan's demo scene, which is
# made of nothing but the sines, noises and decays of these chapters:

from tympan.audio import demo_scene

scene, events = demo_scene()
print(*(f"{a:4.1f} to {b:4.1f} s: {label}" for a, b, label in events), sep="\n")
bells = scene.slice(18.2, 23.6).named("church bells")
bells

# %%
# From afar one sees the *envelope*: strike and decay, five times over.

# sphinx_gallery_alt = "The waveform of church bells over five seconds: five times it jumps up and"
# sphinx_gallery_alt = "dies away."
figure, ax = plt.subplots()
figures.plot_waveform(bells, ax)

# %%
# Close up one sees waves, but no single amplitude, period or frequency any more. Which there are,
# and how to find them, is what the next chapters are about.

# sphinx_gallery_alt = "Twenty milliseconds of the bells: an uneven wave that never quite repeats."
figure, ax = plt.subplots()
figures.plot_waveform(bells.slice(0.5, 0.52), ax)
ax.set(title="20 ms of the bells", xlabel="Time after the first half second (s)")

# %%
# Try
# ---
# - Change `frequency_hz` of the tone to 60, 4,000 and 9,000. What does tympan say to the last one?
#   Chapter 3 tells why.
# - Double the amplitude with `tone.gain(6.02)`, and then again. From when on is `peak` above 1, and
#   what does the player say?
# - Load a recording of yours: `tympan.load("recording.mp3")`, and find out its peak in dBFS.
#
# Next: :doc:`plot_2_composite`.
