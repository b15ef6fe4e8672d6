"""
17. Taking a mix apart
======================

Two sounds at once reach a microphone as one: their pressures are added, and no sum tells its
summands. But a voice is not any sound. In a spectrogram it fills a few places at a time, noise
others; so whoever knows voices can say for each place whose it is. That is a *mask*.
"""

# %%
# A mix
# -----
# The shipped voice says a sentence, beside which an engine runs. As both are known, so is the
# answer.

import matplotlib.pyplot as plt
import numpy as np

import tympan
from tympan.audio.scenes import demo_scene
from tympan.spectra import STFT
from tympan.tasks.separate import bss_eval, si_sdr

rate_hz = 16_000
speech = tympan.speak("The voice is somewhere in the noise.").resample(rate_hz).samples[0]
scene, events = demo_scene()
start = round(next(start for start, _, label in events if label == "engine") * rate_hz)
noise = scene.samples[0][start : start + len(speech)]
noise = np.resize(noise, len(speech)) * (speech.std() / noise.std())
mix = tympan.Clip((speech + noise)[None], rate_hz)
mix

# %%
# In the wave the two can hardly be told apart: each value of the mix is one sum, and the engine
# goes on where nobody speaks.

# sphinx_gallery_alt = "Three waves: the speech, silent between some words and after the last; the"
# sphinx_gallery_alt = "engine, which goes on all the time; and their sum, which is never silent."
times_s = np.arange(len(speech)) / rate_hz
waves = {"speech": speech, "engine": noise, "mix": mix.samples[0]}
figure, axes = plt.subplots(3, 1, figsize=(9, 4.5), sharex=True, sharey=True)
for ax, (name, wave) in zip(axes, waves.items(), strict=True):
    ax.plot(times_s, wave, lw=0.5)
    ax.set(ylabel=name)
axes[-1].set(xlabel="Time (s)", xlim=(0, times_s[-1]))

# %%
# The best mask there is
# ----------------------
# Each place of the spectrogram is multiplied by a number between 0 and 1. If the powers of speech
# and noise were known, the share of the speech would be a good one (the *ideal ratio mask*): no
# net that only scales places can do much better.

# sphinx_gallery_alt = "Three spectrograms: the speech with its harmonics, the mix where an"
# sphinx_gallery_alt = "engine lies over all of it, and the mask, bright where the speech is."
import torch

stft = STFT(512, 256)
spectra = [stft(torch.tensor(one, dtype=torch.float32)) for one in (speech, noise, mix.samples[0])]
powers = [one.abs().square() for one in spectra]
ideal = powers[0] / (powers[0] + powers[1] + 1e-9)
figure, axes = plt.subplots(3, 1, figsize=(9, 6), sharex=True)
for ax, (name, values) in zip(
    axes,
    {
        "speech": 10 * (powers[0] + 1e-6).log10(),
        "mix": 10 * (powers[2] + 1e-6).log10(),
        "ideal mask": ideal,
    }.items(),
    strict=True,
):
    ax.imshow(values.numpy(), origin="lower", aspect="auto", cmap="magma",
              extent=(0, times_s[-1], 0, rate_hz / 2000))  # fmt: skip
    ax.set(title=name, ylabel="Frequency (kHz)")
axes[-1].set(xlabel="Time (s)")
figure.tight_layout()

# %%
# How good is it? The *scale-invariant signal-to-distortion ratio* compares how much of an
# estimate is the speech with how much is anything else, in dB. The mix has nearly 0.

best = stft.inverse(ideal * spectra[2], len(speech)).numpy()
print(f"mix   {si_sdr(mix.samples[0], speech):5.1f} dB")
print(f"ideal {si_sdr(best, speech):5.1f} dB")

# %%
# A net that guesses it
# ---------------------
# ``voice`` sees the mix only. Its mask is of complex numbers, so it can also turn phases. It was
# given mixes of speech and noises whose speech was known, and learned to come near it.

found = tympan.separate(mix)
print(f"voice {si_sdr(found['voice'].samples[0], speech):5.1f} dB")
found["voice"]

# %%
# What it let through, place by place, can be held beside the ideal mask. It finds the vowels, and
# goes between the strokes of the engine in time. The hiss of each *s*, which is like noise itself,
# it lets through by half, and it is too coarse to go between the harmonics of the voice. That is
# where its decibels are missing.

# sphinx_gallery_alt = "The ideal mask above the mask of the net. Both are bright where vowels are;"
# sphinx_gallery_alt = "that of the net is a blur, dim where the ideal one is bright high up, and"
# sphinx_gallery_alt = "nearly dark after the last word."
voice = stft(torch.tensor(found["voice"].samples[0]))
guessed = (voice.abs() / (spectra[2].abs() + 1e-6)).clamp(0, 1)
figure, axes = plt.subplots(2, 1, figsize=(9, 4.5), sharex=True)
for ax, (name, values) in zip(
    axes, {"ideal mask": ideal, "mask of the net": guessed}.items(), strict=True
):
    ax.imshow(values.numpy(), origin="lower", aspect="auto", cmap="magma", vmin=0, vmax=1,
              extent=(0, times_s[-1], 0, rate_hz / 2000))  # fmt: skip
    ax.set(title=name, ylabel="Frequency (kHz)")
axes[-1].set(xlabel="Time (s)")
figure.tight_layout()

# %%
# What is not the voice is the rest. Together they are the mix, to the last digit that counts:

total = found["voice"].samples + found["rest"].samples
print(f"they differ by {np.abs(total - mix.samples).max():.0e} at most")
found["rest"]

# %%
# Two things can be wrong with an estimate: something of the other sound is in it
# (*interference*), or something that was in neither (*artifacts*). BSSEval tells them apart.

estimates = np.stack([found[name].samples[0] for name in ("voice", "rest")])
scores = bss_eval(estimates, np.stack([speech, noise]), taps=64)
print(f"SDR {scores.sdr[0]:.1f} dB, SIR {scores.sir[0]:.1f} dB, SAR {scores.sar[0]:.1f} dB")

# %%
# Louder and fainter noise
# ------------------------
# One mix says little, so the noise is made louder and fainter. What the net gains is how far its
# line lies above that of the mix: most where the noise is loud, and little where hardly any is
# left to take away.

# sphinx_gallery_alt = "Quality over the level of the speech, in dB: both lines rise; that of the"
# sphinx_gallery_alt = "net lies 11 dB above that of the mix on the left, and 5 dB on the right."
levels_db = np.arange(-10, 16, 5)
gained = []
for level_db in levels_db:
    louder = speech + noise * 10 ** (-level_db / 20)
    part = tympan.separate(tympan.Clip(louder[None], rate_hz))["voice"].samples[0]
    gained.append((si_sdr(louder, speech), si_sdr(part, speech)))
figure, ax = plt.subplots()
ax.plot(levels_db, [after for _, after in gained], "o-", label="voice, as separated")
ax.plot(levels_db, [before for before, _ in gained], "s--", label="mix")
ax.set(xlabel="Level of speech over noise (dB)", ylabel="SI-SDR (dB)")
ax.legend()

# %%
# A little noise back
# -------------------
# A net that takes all the noise away takes some of the voice, too. ``amount`` leaves some of
# both:

for amount in (1.0, 0.9, 0.7):
    part = tympan.separate(mix, amount=amount)["voice"].samples[0]
    print(f"amount {amount:.1f}: {si_sdr(part, speech):5.1f} dB")

# %%
# Your own noise
# --------------
# Put ten minutes of the noise of your machine into ``mine/noise``, some speech into
# ``mine/voice``, and
#
# .. code-block:: sh
#
#    tympan train mine --task separate --out mine-voice
#    tympan separate talk.wav --model mine-voice
#
# mixes them anew in each epoch, starting from ``voice``. With stems of your own songs
# (``mixture.wav`` beside ``vocals.wav`` …) it learns those.
#
# Try
# ---
# - Let the mix be a voice in a siren. Which is harder, and why?
# - Multiply the mix by the ideal mask of another sentence. What do you hear?
# - ``tympan separate --stream mic | aplay``, with headphones.
#
# Next: :doc:`plot_9g_words`. Before: :doc:`plot_9f_voice`. Command: :doc:`/verbs/separate`.
