"""
4. Spectrum, fundamental and harmonics
======================================

Which sines is a sound made of? The answer is its **spectrum**: amplitude over frequency. This
chapter computes one by hand, then shows what a window is for, and how to find the pitch of a note,
also of one whose fundamental is not there.
"""

# %%
# How much of 440 Hz is in it?
# ----------------------------
# Multiply the sound by a sine of 440 Hz and take the mean. Where both swing together, the product
# is positive and the mean is large; any other frequency is now with it, now against it, and cancels
# out. A cosine as well catches every phase. That is the whole Fourier transform:

import numpy as np

from tympan import Clip, synth

RATE_HZ = 16000
chord = (
    synth.sine(440, duration_s=1, rate_hz=RATE_HZ, amplitude=0.4)
    + synth.sine(554.4, duration_s=1, rate_hz=RATE_HZ, amplitude=0.2)
    + synth.sine(659.3, duration_s=1, rate_hz=RATE_HZ, amplitude=0.1, phase_rad=1.0)
).named("a chord")


def how_much(clip, hz):
    angle = 2 * np.pi * hz * clip.times_s
    wave = clip.samples[0]
    return 2 * np.hypot(np.mean(wave * np.cos(angle)), np.mean(wave * np.sin(angle)))


for hz in (440, 500, 554.4, 659.3, 1000):
    print(f"{hz:6} Hz: {how_much(chord, hz):.3f}")
chord

# %%
# Asking for every frequency in turn gives a curve. `spectrum` does it with the fast Fourier
# transform, and `peaks` reads off frequencies and amplitudes between its points:

# sphinx_gallery_alt = "Spectrum of the chord: three peaks at 440, 554 and 659 Hz with the"
# sphinx_gallery_alt = "amplitudes 0.4, 0.2 and 0.1."
import matplotlib.pyplot as plt

from tympan.spectra import figures, spectrum

figures.set_theme()
found = spectrum(chord)
for peak in found.peaks():
    print(f"{peak.frequency_hz:7.2f} Hz  amplitude {peak.amplitude:.4f}  {peak.level_db:6.2f} dB")
figure, ax = plt.subplots()
ax.plot(found.frequencies_hz, found.amplitudes)
ax.set(xlabel="Frequency (Hz)", ylabel="Amplitude", xlim=(300, 800), ylim=(0, 0.45))
ax.grid(axis="y")
ax.set_title("Three sines are three peaks")

# %%
# Windows and leakage
# -------------------
# A transform looks at a piece of the sound, and a piece has edges. The bare piece (a *rectangular*
# window) makes a strong tone leak over all frequencies, unless it happens to have a whole number of
# periods there. A **window** that fades the piece in and out keeps the leak small, and pays with a
# wider peak.
#
# Here is a strong tone, and one of a thousandth of its amplitude (−60 dB) 100 Hz above it. Which
# window shows it?

# sphinx_gallery_alt = "Level over frequency with three windows. The rectangular one leaks and"
# sphinx_gallery_alt = "hides the weak tone at 1,100 Hz; hann and Blackman-Harris show it."
pair = synth.sine(1000.5, duration_s=0.2, rate_hz=RATE_HZ, amplitude=0.5) + synth.sine(
    1100, duration_s=0.2, rate_hz=RATE_HZ, amplitude=0.0005
)
figure, axes = plt.subplots(3, 1, sharex=True, sharey=True, figsize=(6, 5.4))
for ax, name in zip(axes, ("rectangular", "hann", "blackmanharris"), strict=True):
    shown = spectrum(pair, window=name)
    ax.plot(shown.frequencies_hz, shown.levels_db)
    ax.axvline(1100, color="C1", linestyle=":", zorder=0)
    ax.set(title=name, ylabel="Level (dB)", ylim=(-120, 5), yticks=(-120, -80, -40, 0))
    ax.grid(axis="y")
ax.set(xlabel="Frequency (Hz)", xlim=(850, 1250))

# %%
# How far the two are resolved at all is a matter of time: a piece of *T* seconds tells apart what
# is about 1 / *T* hertz from each other, times two for a hann window.

resolved_hz = 2 * spectrum(pair).resolution_hz
print(f"{pair.duration_s:g} s resolve about {resolved_hz:g} Hz under a hann window")

# %%
# Fundamental and harmonics
# -------------------------
# A sound that repeats has a peak at its **fundamental**, the inverse of its period, and at
# multiples of it, the **harmonics**. `fundamental_hz` finds the frequency of which the peaks are
# multiples, and `harmonics` lists them.

note = 0.3 * synth.harmonics(220, [1.0, 0.7, 0.2, 0.45, 0.1, 0.3], duration_s=1.5, rate_hz=RATE_HZ)
found = spectrum(note)
print(f"fundamental {found.fundamental_hz():.2f} Hz")
note

# %%

# sphinx_gallery_alt = "Spectrum of the note: six peaks, 220 Hz apart, numbered 1 to 6, each with"
# sphinx_gallery_alt = "the amplitude that it was made with."
figure, ax = plt.subplots()
ax.plot(found.frequencies_hz, found.amplitudes)
for h in found.harmonics(6):
    ax.plot(h.frequency_hz, h.amplitude, "o", color="C1")
    ax.annotate(
        str(h.number),
        (h.frequency_hz, h.amplitude),
        (0, 6),
        textcoords="offset points",
        ha="center",
    )
ax.set(xlabel="Frequency (Hz)", ylabel="Amplitude", xlim=(0, 1600), ylim=(0, 0.36))
ax.set_title("The harmonics of 220 Hz")

# %%
# Not every sound with peaks is harmonic. A bell has partials at uneven ratios, which is why a bell
# sounds like a bell and is hard to sing along with. Here they are written as multiples of the one
# that founders call the prime:

# sphinx_gallery_alt = "Spectrum of one stroke of a bell, in dB, its peaks labelled as multiples"
# sphinx_gallery_alt = "of the prime: 0.5, 1, 1.19, 1.5, 2 and so on, not 1, 2, 3."
from tympan.audio import demo_scene

bell = demo_scene()[0].slice(18.3, 19.2).named("one stroke of a bell")
found = spectrum(bell)
partials = sorted(found.peaks(7, f_max_hz=1500, separation=0.05), key=lambda p: p.frequency_hz)
prime_hz = partials[1].frequency_hz
figure, ax = plt.subplots()
ax.plot(found.frequencies_hz, found.levels_db, linewidth=0.8)
for p in partials:
    ax.plot(p.frequency_hz, p.level_db, "o", color="C1", markersize=4)
    ratio = f"{p.frequency_hz / prime_hz:.2f}"
    place = (p.frequency_hz, p.level_db)
    ax.annotate(ratio, place, (0, 6), textcoords="offset points", ha="center", fontsize="small")
ax.set(xlabel="Frequency (Hz)", ylabel="Level (dB)", xlim=(0, 1500), ylim=(-90, -10))
ax.grid(axis="y")
bell

# %%
# The missing fundamental
# -----------------------
# Now the harmonics 3 to 8 of 200 Hz, and nothing at 200 Hz. Ears hear 200 Hz all the same, because
# the wave still repeats every 5 ms. (A small loudspeaker cannot play the fundamental of a man's
# voice, and nobody mistakes him for a child.)

gap = 0.12 * synth.harmonics(200, [0, 0, 1, 1, 1, 1, 1, 1], duration_s=1.5, rate_hz=RATE_HZ)
gap = gap.named("harmonics 3 to 8 of 200 Hz")
found = spectrum(gap)
print([round(peak.frequency_hz) for peak in found.peaks(f_max_hz=2000)])
print(
    f"fundamental {found.fundamental_hz():.1f} Hz, where the amplitude is {how_much(gap, 200):.6f}"
)
gap

# %%

# sphinx_gallery_alt = "Above, the wave: the same shape every 5 ms. Below, its spectrum: peaks"
# sphinx_gallery_alt = "from 600 to 1,600 Hz, and none at 200 Hz."
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6, 4.6))
part = gap.slice(0, 0.02)
top.plot(1000 * part.times_s, part.samples[0])
top.set(xlabel="Time (ms)", ylabel="Amplitude", xlim=(0, 20), title="It repeats every 5 ms …")
top.set_xticks(range(0, 21, 5))
top.grid(axis="x")
bottom.plot(found.frequencies_hz, found.amplitudes)
bottom.axvline(200, color="C1", linestyle="--")
bottom.text(215, 0.1, "heard here", color="C1")
bottom.set(xlabel="Frequency (Hz)", ylabel="Amplitude", xlim=(0, 2000))
bottom.set_title("… although nothing is at 200 Hz")

# %%
# For comparison, the sine of 200 Hz. The same pitch, and quite another timbre:

synth.sine(200, duration_s=1.5, rate_hz=RATE_HZ, amplitude=0.3)

# %%
# Following a pitch
# -----------------
# A voice never stands still. `pitch_track` measures the period every hundredth of a second. To know
# how well, we make a voice whose pitch we know: it glides from 150 to 300 Hz, with a vibrato,
# pauses, and goes on.

count = np.arange(round(2.4 * RATE_HZ)) / RATE_HZ
true_hz = 150 * 2 ** (count / 2.4) * (1 + 0.02 * np.sin(2 * np.pi * 5 * count))
phase = 2 * np.pi * np.cumsum(true_hz) / RATE_HZ
singing = (count < 1.1) | (count > 1.4)
wave = sum(np.sin(k * phase) / k for k in range(1, 12)) * singing * 0.2
voice = Clip(wave, RATE_HZ, "a gliding voice").mix(
    synth.pink_noise(duration_s=2.4, rate_hz=RATE_HZ), snr_db=20
)
voice

# %%

# sphinx_gallery_alt = "The pitch found lies on the pitch that was made: a wavy line that rises"
# sphinx_gallery_alt = "from 150 to 300 Hz, with a gap where there is no voice."
from tympan.spectra import pitch_track

track = pitch_track(voice)
wanted = np.interp(track.times_s, count, true_hz)
cents = 1200 * np.abs(np.log2(track.frequencies_hz / wanted))[track.voiced]
print(f"{track}: off by {np.median(cents):.1f} cents in the median (100 cents are a semitone)")
figure, ax = plt.subplots()
ax.plot(count, np.where(singing, true_hz, np.nan), color="0.75", linewidth=5, label="made")
ax.plot(track.times_s, track.frequencies_hz, ".", color="C1", markersize=4, label="found")
ax.legend(loc="upper left")
ax.set(xlabel="Time (s)", ylabel="Pitch (Hz)", xlim=(0, 2.4), title="Pitch over time")

# %%
# Noise has no pitch, and tympan says so rather than to invent one:

print(spectrum(synth.white_noise(duration_s=1, rate_hz=RATE_HZ)).fundamental_hz())

# %%
# Try
# ---
# - Move the weak tone of the second figure to 1,040 and to 1,010 Hz. Which window wins now, and how
#   long must `pair` be?
# - Take away more and more of the low harmonics of `gap`. When does `fundamental_hz` give up, and
#   when do you?
# - Sing into a microphone, load it with `tympan.load`, and draw its `pitch_track`.
#
# Next: :doc:`plot_5_domains`. Before: :doc:`plot_3_sampling`.
