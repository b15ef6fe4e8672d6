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
# The best mask there is
# ----------------------
# Each place of the spectrogram is multiplied by a number between 0 and 1. If the powers of speech
# and noise were known, the share of the speech would be a good one (the *ideal ratio mask*): no
# net that only scales places can do much better.

# sphinx_gallery_alt = "Three spectrograms: the speech with its harmonics, the mix where an engine"
# sphinx_gallery_alt = "fills the lower half, and the mask, bright where the speech is."
import torch

stft = STFT(512, 256)
spectra = [stft(torch.from_numpy(np.float32(one))) for one in (speech, noise, mix.samples[0])]
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
    ax.imshow(values.numpy(), origin="lower", aspect="auto", cmap="magma")
    ax.set(title=name, ylabel="Bin")

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
# Before: :doc:`plot_9f_voice`. Command: :doc:`/verbs/separate`.
