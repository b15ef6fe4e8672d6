"""
6. Spectrograms
===============

A spectrum says which frequencies are in a sound, but not when. A **spectrogram** says both: it
cuts the sound into short frames, takes the spectrum of each, and puts them side by side. It is the
picture that nearly all nets for sound look at.
"""

# %%
# From frames to a picture
# ------------------------
# The **short-time Fourier transform** (STFT) takes 1,024 samples, fades them in and out under a
# window, transforms them, moves on by a *hop* of 256 samples, and so on.

# sphinx_gallery_alt = "Above, a frame of a siren under its window; in the middle, its spectrum in"
# sphinx_gallery_alt = "dB; below, the spectrogram, in which this spectrum is one column."
import matplotlib.pyplot as plt
import numpy as np
import torch

from tympan.audio import demo_scene
from tympan.spectra import figures, window

figures.set_theme()
RATE_HZ = 16000
scene, events = demo_scene()
siren = scene.slice(0.6, 5.6).named("siren")
at_s = 2.5
frame = siren.slice(at_s - 0.032, at_s + 0.032)
hann = window("hann", 1024)
level = 20 * np.log10(2 / hann.sum() * np.abs(np.fft.rfft(frame.samples[0] * hann)) + 1e-9)
figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(6, 6.4), height_ratios=(1, 1, 1.5))
top.plot(1000 * frame.times_s, frame.samples[0], color="0.75")
top.plot(1000 * frame.times_s, frame.samples[0] * hann)
top.plot(1000 * frame.times_s, hann * frame.peak, "C1--")
top.set(xlabel="Time in the frame (ms)", ylabel="Amplitude", title="A frame × window …")
middle.plot(np.linspace(0, 8000, 513), level)
middle.set(xlabel="Frequency (Hz)", ylabel="Level (dB)", xlim=(0, 8000), title="… its spectrum …")
figures.plot_spectrogram(siren, bottom)
bottom.axvline(at_s, color="white", linestyle="--", linewidth=1)
bottom.set_title("… and all of them side by side")

# %%
# Time runs to the right, frequency up, and brighter means more energy, in decibels. The siren's
# harmonics go up and down together:

siren

# %%
# In code, every transform of tympan is a PyTorch module: samples `(..., t)` in, `(..., f, n)` out,
# with `f` frequency bins and `n` frames.

from tympan.spectra import STFT

wave = torch.from_numpy(siren.samples.copy())
stft = STFT(n_fft=1024, hop=256)
print(tuple(wave.shape), "→", tuple(stft(wave).shape), stft(wave).dtype)

# %%
# How long a frame?
# -----------------
# Here is the bargain of chapter 5 again. A long frame tells tones apart that lie close together,
# and smears clicks. A short one does the opposite. This sound has two tones, 40 Hz apart, and
# clicks, 25 ms apart:

from tympan import Clip, synth
from tympan.spectra import Spectrogram

test = synth.sine(1000, duration_s=0.5, rate_hz=RATE_HZ, amplitude=0.1) + synth.sine(
    1040, duration_s=0.5, rate_hz=RATE_HZ, amplitude=0.1
)
clicks = np.zeros(8000)
clicks[2000:6000:400] = 0.9
test = (test + Clip(clicks, RATE_HZ)).named("two tones and clicks")


def decibels(clip, n_fft, hop):
    """The level (f, n) of a spectrogram, 0 dB at its highest point."""
    power = Spectrogram(n_fft, hop)(torch.from_numpy(clip.samples[0].copy()))
    return 10 * np.log10(power.numpy() / float(power.max()) + 1e-8)


# sphinx_gallery_alt = "The sound with frames of 8, 32 and 128 ms. The shortest shows every click"
# sphinx_gallery_alt = "and one blurred tone, the longest both tones and no single click."
figure, axes = plt.subplots(3, 1, sharex=True, sharey=True, figsize=(6, 6.4))
for ax, n_fft in zip(axes, (128, 512, 2048), strict=True):
    level = decibels(test, n_fft, 32)
    image = ax.imshow(level, extent=(0, 0.5, 0, 8000), vmin=-50, vmax=0)
    ax.set(ylim=(600, 1500), ylabel="Frequency (Hz)")
    ax.set_title(f"n_fft={n_fft}: {1000 * n_fft / RATE_HZ:g} ms, a bin is {RATE_HZ / n_fft:g} Hz")
ax.set(xlabel="Time (s)", xlim=(0.05, 0.45))
figure.colorbar(image, ax=axes, label="Level (dB)")

# %%
# Which one is right depends on the sound, and it can be measured: the best frame is the one that
# gathers the energy in the *fewest* points. This counts them, as the exponential of the Rényi
# entropy (Baraniuk et al., 2001), per second of sound:

# sphinx_gallery_alt = "Number of points that hold the energy, over the frame length, for three"
# sphinx_gallery_alt = "sounds: the clock is lowest with short frames, the bells with long ones,"
# sphinx_gallery_alt = "the siren between."


def spread(clip, n_fft):
    """How many points of the spectrogram hold the energy, in units of independent ones."""
    power = Spectrogram(n_fft, n_fft // 8)(torch.from_numpy(clip.samples[0].copy())).double()
    share = power / power.sum()
    return float(share.pow(3).sum().pow(-1 / 2)) / 8 / clip.duration_s


frames = 2 ** np.arange(4, 16)
figure, ax = plt.subplots(figsize=(6, 3.6))
for (start_s, end_s, label), line in zip(events, ("o-", "s-", None, "^-", None), strict=True):
    if line:
        points = np.array([spread(scene.slice(start_s, end_s), int(n)) for n in frames])
        best = frames[points.argmin()]
        name = f"{label.replace('_', ' ')}: best {best} ({1000 * best / RATE_HZ:g} ms)"
        ax.loglog(1000 * frames / RATE_HZ, points / points.min(), line, label=name)
ax.set_xticks(1000 * frames[::2] / RATE_HZ, [f"{1000 * n / RATE_HZ:g}" for n in frames[::2]])
ax.set_yticks([1, 2, 5, 10, 20, 50], [1, 2, 5, 10, 20, 50])
ax.set_ylim(0.8, 300)
ax.minorticks_off()
ax.legend()
ax.grid()
ax.set(xlabel="Length of a frame (ms)", ylabel="Points, best = 1")

# %%
# A click has no length, so the shortest frame tried is its best; a bell rings for seconds, so the
# longest is. So: long frames for music and hums, short ones for clicks and knocks; 25 to 64 ms is
# the compromise that most models live with. The figure before shows one more thing: what repeats
# *within* a frame becomes a tone. The clicks come every 25 ms, and the longest frames draw them as
# lines 40 Hz apart.
#
# The hop
# -------
# The hop says how often one looks. It should be a quarter to a half of the frame. Here are ten
# clicks, all equally strong, and the energy of each frame. With a hop of one and a half frames all
# but the first fall into the gaps between two windows:

# sphinx_gallery_alt = "Energy over time of ten equal clicks: with a hop of a quarter frame all"
# sphinx_gallery_alt = "are equal, with a hop of one and a half frames some are nearly lost."
figure, axes = plt.subplots(2, 1, sharex=True, figsize=(6, 3.8))
only_clicks = torch.from_numpy(clicks).float()
for ax, hop in zip(axes, (64, 384), strict=True):
    energy = Spectrogram(256, hop)(only_clicks).sum(0).numpy()
    ax.plot(np.arange(len(energy)) * hop / RATE_HZ, energy / energy.max(), "o-", markersize=3)
    ax.plot(np.arange(2000, 6000, 400) / RATE_HZ, [1.12] * 10, "v", color="C1", markersize=5)
    ax.set(title=f"n_fft=256, hop={hop}", ylabel="Energy", ylim=(0, 1.25))
ax.set(xlabel="Time (s); the triangles are the clicks", xlim=(0.1, 0.4))

# %%
# The mel scale
# -------------
# Ears tell 100 Hz from 200 Hz easily, and 7,000 Hz from 7,100 Hz hardly at all. The **mel scale**
# spaces frequencies as they are heard, and a *mel filter bank* sums the bins of the spectrogram in
# bands of equal width on that scale: narrow below, wide above.

# sphinx_gallery_alt = "Twenty triangular filters from 0 to 8,000 Hz: narrow and close below 1,000"
# sphinx_gallery_alt = "Hz, ever wider above."
from tympan.spectra import Mel

bank = Mel(RATE_HZ, n_fft=1024, n_mels=20, norm=None).filters.numpy()
figure, ax = plt.subplots(figsize=(6, 2.6))
for number, band in enumerate(bank):
    ax.plot(np.linspace(0, 8000, 513), band, color=f"C{number % 2}", linewidth=1)
ax.set(xlabel="Frequency (Hz)", ylabel="Weight", xlim=(0, 8000), ylim=(0, 1.05))
ax.set_title("Twenty mel bands")

# %%
# A model does well with 64 of them. Together with decibels this is the **log-mel spectrogram**, the
# usual input of a net: 64 numbers, where the STFT had 513.

# sphinx_gallery_alt = "Linear and log-mel spectrogram of the siren: on the mel scale the low"
# sphinx_gallery_alt = "harmonics take more room."
from tympan.spectra import LogMel

log_mel = LogMel(rate_hz=RATE_HZ, n_fft=1024, hop=256, n_mels=64)
print(tuple(wave.shape), "→", tuple(log_mel(wave).shape))
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6, 5.4))
figures.plot_spectrogram(siren, top, kind="linear")
figures.plot_spectrogram(siren, bottom, kind="mel")

# %%
# The constant-Q transform
# ------------------------
# Notes of music double their frequency with each octave. The **constant-Q transform** has bins that
# do the same, here three per semitone, with long frames for low notes and short ones for high
# notes. A scale is then a staircase of equal steps, and a melody that is sung higher is the same
# picture, moved up.

# sphinx_gallery_alt = "A chromatic scale over two octaves: a curve that bends upwards on the"
# sphinx_gallery_alt = "linear axis, and an even staircase with parallel harmonics in the"
# sphinx_gallery_alt = "constant-Q transform."
from tympan.audio import concat
from tympan.spectra import ConstantQ

notes = [
    0.3 * synth.harmonics(220 * 2 ** (n / 12), (1, 0.5, 0.3), duration_s=0.1, rate_hz=RATE_HZ)
    for n in range(25)
]
scale = concat(notes).named("chromatic scale")
cqt = ConstantQ(RATE_HZ, hop=128, f_min_hz=110, n_bins=180, bins_per_octave=36)
magnitude = cqt(torch.from_numpy(scale.samples[0].copy())) / cqt.lengths.sqrt()[:, None]
level = 20 * np.log10(magnitude.numpy() / float(magnitude.max()) + 1e-4)
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6, 5.4))
figures.plot_spectrogram(scale, top)
top.set(ylim=(0, 2000), title="Linear")
image = bottom.imshow(level, extent=(0, scale.duration_s, 0, 180), vmin=-60, vmax=0)
bottom.set_yticks(range(0, 181, 36), [f"{110 * 2**n}" for n in range(6)])
bottom.set(xlabel="Time (s)", ylabel="Frequency (Hz)", title="Constant-Q")
figure.colorbar(image, ax=bottom, label="Level (dB)", pad=0.015, fraction=0.045, aspect=28)
scale

# %%
# MFCC
# ----
# **Mel-frequency cepstral coefficients** go one step further: a cosine transform of each log-mel
# column, of which only the first few numbers are kept. They hold the broad shape and leave out the
# harmonics. For thirty years of small computers that was the input of choice. Thirteen numbers for
# one column of the bells:

# sphinx_gallery_alt = "One log-mel column of the bells with its narrow peaks, and the smooth"
# sphinx_gallery_alt = "curve that 13 MFCC keep of it."
from tympan.spectra import MFCC

bells = scene.slice(18.2, 20.7).named("bells")
bells_wave = torch.from_numpy(bells.samples[0].copy())
mfcc = MFCC(RATE_HZ, n_fft=1024, hop=256, n_mfcc=13, n_mels=64)
column = log_mel(bells_wave)[:, 40].numpy()
coefficients = mfcc(bells_wave)[:, 40].numpy()
smooth = mfcc.matrix.numpy()[:13].T @ coefficients
figure, ax = plt.subplots()
ax.plot(column, color="0.6", label="64 mel bands")
ax.plot(smooth, color="C1", label="what 13 coefficients keep")
ax.legend()
ax.set(xlabel="Mel band", ylabel="Level (dB)", xlim=(0, 63))

# %%
# And back again
# --------------
# The STFT can be undone exactly. A picture without phases cannot, since many sounds have it;
# **Griffin-Lim** looks for one of them, by going back and forth until magnitude and phases agree.
# How near does it come to the magnitudes that it was given?

# sphinx_gallery_alt = "Error of Griffin-Lim in dB over the number of rounds: it falls quickly at"
# sphinx_gallery_alt = "first, then slowly; with momentum it ends lower."
from tympan.spectra import GriffinLim

exact = stft.inverse(stft(bells_wave), bells.num_samples)
print(f"STFT and back: {20 * torch.log10((exact - bells_wave).std() / bells_wave.std()):.0f} dB")
picture = stft(bells_wave).abs()
rounds = (1, 2, 4, 8, 16, 32, 64)


def distance_db(momentum, count):
    found = GriffinLim(1024, 256, num_iterations=count, momentum=momentum)(
        picture, bells.num_samples
    )
    return 20 * float(torch.log10((stft(found).abs() - picture).norm() / picture.norm()))


figure, ax = plt.subplots()
for momentum, name in ((0.0, "as published in 1984"), (0.99, "with momentum (2013)")):
    ax.semilogx(rounds, [distance_db(momentum, n) for n in rounds], "o-", label=name)
ax.set_xticks(rounds, rounds)
ax.minorticks_off()
ax.legend()
ax.grid()
ax.set(xlabel="Rounds", ylabel="Error of the picture (dB)")

# %%
# The bells, made from their spectrogram:

rebuilt = GriffinLim(1024, 256)(picture, bells.num_samples)
Clip(rebuilt.numpy(), RATE_HZ, "from 513 bins without phases")

# %%
# And made from their 64 mel bands, shared out again among the bins. What a net sees is about this
# much:

power = 10 ** (log_mel(bells_wave) / 10)
filters = Mel(RATE_HZ, n_fft=1024, n_mels=64).filters
shares = filters / filters.square().sum(0).clamp_min(1e-9)
from_mel = GriffinLim(1024, 256)((shares.T @ power).sqrt(), bells.num_samples)
Clip(from_mel.numpy(), RATE_HZ, "from 64 mel bands").normalize_peak(-3)

# %%
# Try
# ---
# - Draw all pictures of a sound of yours at once: `tympan.show("my.wav")`.
# - Take 16, 32 and 128 mel bands for the last player. How many does it need?
# - Find the best frame for the engine and the rain of the scene. Why does it say so little for
#   rain?
#
# Next: :doc:`plot_7_pipeline`. Before: :doc:`plot_5_domains`.
