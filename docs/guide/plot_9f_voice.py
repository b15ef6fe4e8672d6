"""
16. A voice
===========

Every chapter so far went from sound to an answer. This one goes the other way: from a text to
sound. The shipped voice ``en`` does it in steps that can each be printed or drawn: words, phonemes,
durations, pitch, mels, and at last a wave.
"""

# %%
# Text is not what is spoken
# --------------------------
# *Dr.* is "doctor", *$3* is "three dollars" and *1984* is "nineteen eighty four", where it is a
# year. So a text is first written out as words, and each word gets its *phonemes*, the sounds of
# the language: from a lexicon, from rules for endings, and from a small net for words nobody has
# listed.

import matplotlib.pyplot as plt
import numpy as np
import torch

import tympan
from tympan.nets import VocoderMel
from tympan.tasks import load
from tympan.tasks.speak.sound import vocoder_config
from tympan.tasks.speak.symbols import symbols_of
from tympan.text import read

text = "Dr. Lee paid $3 for a blorbish cat in 1984."
sentence = next(read(text))
for word in sentence.words:
    print(f"{text[word.start : word.end]:10} {word.text:10} {word.phonemes}{word.mark}")

# %%
# A stress mark (ˈ or ˌ) stands before the vowel that carries it. The net takes one symbol for each
# phoneme, pause and mark, each with its stress as a property; ``^`` is the silence at both ends.

symbols = symbols_of(sentence.phonemes)
print(len(symbols), "symbols:", " ".join(symbols.texts))

# %%
# How long?
# ---------
# The hardest question of speech is when. The net predicts for each symbol how many steps of 25 ms
# it lasts; a vowel with stress lasts long, a *t* is over at once. Older systems that chose word
# after word where to go on could skip or repeat words. Here every symbol has its place before a
# sound is made, so none can be lost.

# sphinx_gallery_alt = "A bar for each symbol along the time: stressed vowels and the last sounds"
# sphinx_gallery_alt = "before the pause are the widest."
voice = load("en", "speak", "cpu")
mels, f0, steps = voice.mels(symbols)
starts_s = np.concatenate([[0], np.cumsum(steps)[:-1]]) * voice.config.step_s
lengths_s = steps * voice.config.step_s
figure, ax = plt.subplots(figsize=(9, 2.5))
ax.bar(starts_s, lengths_s, lengths_s, align="edge", edgecolor="white")
for symbol, start, length in zip(symbols.texts, starts_s, lengths_s, strict=True):
    ax.text(start + length / 2, length + 0.005, symbol, ha="center", fontsize=8)
ax.set(xlabel="Time (s)", ylabel="Duration (s)")

# %%
# How high?
# ---------
# With its durations known, each symbol is repeated for its steps, and a second part of the net
# predicts the melody: the pitch of the voice, and where there is none, as in *s* and *t*.

# sphinx_gallery_alt = "The pitch over time: curves that fall towards the end of the sentence, with"
# sphinx_gallery_alt = "gaps where consonants have no voice."
times_s = np.arange(len(f0)) * voice.config.hop / voice.rate_hz
figure, ax = plt.subplots(figsize=(9, 2.5))
ax.plot(times_s, np.where(f0.numpy() > 0, f0.numpy(), np.nan))
ax.set(xlabel="Time (s)", ylabel="Pitch (Hz)")

# %%
# Which sound?
# ------------
# A third part draws what :doc:`plot_6_spectrograms` took from sound: a mel spectrogram, two frames
# for each step. Vowels are bands (the formants of the throat, as in :doc:`plot_9c_voices`), *s* is
# a cloud at the top, a pause is dark.

# sphinx_gallery_alt = "The mel spectrogram that the net draws: bands that glide from vowel to"
# sphinx_gallery_alt = "vowel, bright clouds high up for hissing sounds, dark pauses."
figure, ax = plt.subplots(figsize=(9, 3))
ax.imshow(mels.numpy(), origin="lower", aspect="auto", cmap="magma",
          extent=(0, times_s[-1], 0, len(mels)))  # fmt: skip
ax.set(xlabel="Time (s)", ylabel="Mel band")

# %%
# From mels to a wave
# -------------------
# Mels say how loud each band is, and nothing of the phase. The *vocoder* starts from what a throat
# starts from: pulses at the pitch where there is a voice, and noise. It filters both until their
# mels are those that were drawn. Left alone, the pulses are a buzz:

source = voice.vocoder.source(f0[None], voice.vocoder.source.start(1, 0, f0.device))[0]
tympan.Clip(0.05 * source.numpy() / source.std().item(), voice.rate_hz)

# %%
# And filtered, they speak:

with torch.inference_mode():
    wave = voice.vocoder(mels[None], f0[None])
tympan.Clip(wave.numpy().clip(-1, 1), voice.rate_hz)

# %%
# Did the wave become what was drawn? Its own mels, measured again, say so:

# sphinx_gallery_alt = "Mean level of each mel band in the drawing and in the wave: the two lines"
# sphinx_gallery_alt = "lie nearly on one another."
measured = VocoderMel(vocoder_config(voice.config))(wave)[0, :, : mels.shape[1]]
figure, ax = plt.subplots()
ax.plot(mels.mean(1).numpy(), label="drawn by the net")
ax.plot(measured.mean(1).numpy(), "--", label="measured in the wave")
ax.set(xlabel="Mel band", ylabel="Mean log magnitude")
ax.legend()

# %%
# All at once
# -----------
# ``tympan.speak`` does all of it. Speed changes the durations, pitch moves the melody, and neither
# touches the other:

clips = {
    "plain": tympan.speak(text),
    "faster": tympan.speak(text, speed=1.5),
    "higher": tympan.speak(text, pitch=4),
}
for name, clip in clips.items():
    track = tympan.spectra.pitch_track(clip, 60, 500)
    tone_hz = np.median(track.frequencies_hz[track.voiced])
    print(f"{name:7} {clip.duration_s:.1f} s, {tone_hz:.0f} Hz")
clips["faster"]

# %%
# A machine that sounds like a person should say what it is. The clip does, in its tags:

print(clips["plain"].tags["comment"].split(" {")[0])

# %%
# How a voice is learned
# ----------------------
# In training the net sees recordings and their texts: durations, pitch and mels are measured, and
# it learns to predict them. Where in a recording each phoneme is nobody has to say: of all ways in
# which the symbols can follow one another through the frames, the likeliest is found. Errors of
# mels alone make a voice that mumbles, since the mean of two possible sounds is none of them; that
# is why the changes from frame to frame count as well.
#
# ``en`` learned from speech that another machine made, and which may be used for that. A person's
# voice belongs to the person: train on it when they have agreed.
#
# Try
# ---
# - Write a name that you know, and give it better phonemes with ``lexicon=``.
# - Set all durations to their mean before the vocoder. What is lost?
# - Record twenty sentences of your own, and ``tympan train FOLDER --task speak``. What ten minutes
#   give, half an hour and an hour: :doc:`/benchmarks/own_voice`.
#
# Next: :doc:`plot_9g_separate`. Before: :doc:`plot_9e_listening_post`. Command:
# :doc:`/verbs/speak`. How texts are read: :doc:`/text`.
