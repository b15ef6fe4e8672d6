"""
19. Key words of your own
=========================

To hear a few words is easier than to hear all of them: a net of a tenth of the size suffices, it
can listen always, and it can learn words that nobody ever recorded, for a voice can say them.
"""

# %%
# Digits, key words, or none of them
# ----------------------------------
# The shipped model ``commands`` looks at 1.3 s of sound, five times a second, and gives each of its
# words a score, and *none of these* one too. Here the voice of ``speak`` counts.

import tempfile
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tympan
from tympan.spectra.figures import plot_spectrogram
from tympan.tasks import load
from tympan.tasks.transcribe.commands import peaks
from tympan.tasks.transcribe.own_words import made_recordings

text = "Seven. ... Two. ... Nine. ... Something else. ... Zero."
clip = tympan.speak(text, voice="en", speed=0.9)
model = load("commands", "transcribe", "cpu")
said = model(clip, words=True)
print(said)

# %%
# What it is asked about each time is only what lies in one window. The next window begins 0.2 s
# later, so every word is seen whole in some of them, at another place in each.

# sphinx_gallery_alt = "Mel spectrogram of six words with pauses between; above it the windows"
# sphinx_gallery_alt = "as bars in steps, each a little longer than a word."
config = model.recogniser.config
figure, (above, below) = plt.subplots(
    2, 1, figsize=(9, 4.5), sharex=True, height_ratios=(1, 2), layout="constrained"
)
starts_s = np.arange(0, clip.duration_s - config.window_s, config.step_s)
above.barh(np.arange(len(starts_s)) % 7, config.window_s, left=starts_s, height=0.7)
above.set(yticks=[], ylabel="Windows")
plot_spectrogram(clip, below, kind="mel")

# %%
# A word is told where its score is above a threshold and higher than those around it. The *two* of
# this voice looks to the net a little like *zero*, yet not enough to be told.

# sphinx_gallery_alt = "Scores of the digits over time: hills above a dashed threshold for seven,"
# sphinx_gallery_alt = "nine and zero, a lower hill of zero where two was said, and nothing where"
# sphinx_gallery_alt = "something else was said."
rate_hz = model.rate_hz
wave = clip.resample(rate_hz).mono().samples[0]
scores = model.recogniser.scores(wave)
times_s = (np.arange(len(scores)) + 0.5) * config.step_s
figure, ax = plt.subplots(figsize=(9, 3))
for label, row in zip(model.recogniser.labels[1:], scores[:, 1:].T, strict=True):
    if row.max() > 0.4:
        ax.plot(times_s, row, label=label)
ax.axhline(config.threshold, ls="--", color="grey")
ax.set(xlabel="Time (s)", ylabel="Score")
ax.legend(ncols=6, fontsize=8)

# %%
# Where the threshold lies is a choice: a lower one misses less, and hears words where there are
# none more often. Ten digits and eight texts without any show both. The threshold that ships is
# high, since a device that acts on words nobody said is soon switched off; this voice, which the
# net has never heard, pays for it. The card of the model says what it costs with people, for each
# hour of other speech and of noise.

# sphinx_gallery_alt = "Over the threshold: digits that are heard and words that nobody said. Both"
# sphinx_gallery_alt = "fall; the wrong ones are gone first, and at the end no digit is heard."
digits = model.recogniser.labels[1:11]
others = ("something else", "a long table", "wonderful", "the weather is fine",
          "seventeen", "before", "tomorrow", "heaven")  # fmt: skip
answers = []
for text in (*digits, *others):
    spoken = tympan.speak(f"{text.capitalize()}.", voice="en", speed=0.9)
    answers.append((text, model.recogniser.scores(spoken.resample(rate_hz).mono().samples[0])))
thresholds = np.arange(0.2, 1.0, 0.05)
right, wrong = np.zeros((2, len(thresholds)), int)
for place, threshold in enumerate(thresholds):
    for text, one in answers:
        told = [label for _, label, _ in peaks(one, replace(config, threshold=float(threshold)))]
        heard = [model.recogniser.labels[label] for label in told]
        right[place] += text in heard
        wrong[place] += sum(word != text for word in heard)
figure, ax = plt.subplots()
ax.step(thresholds, right, where="mid", label="digits heard, of ten")
ax.step(thresholds, wrong, where="mid", label="words that nobody said")
ax.axvline(config.threshold, ls="--", color="grey")
ax.set(xlabel="Threshold", ylabel="Count")
ax.legend()

# %%
# From text alone
# ---------------
# ``tympan train --task transcribe --words "tea, lights on" --out mine`` has drawn speakers say each
# word 80 times at drawn speeds and pitches, and other words beside them. Here it is a handful, to
# see what they are. No two are alike, and what they have in common is what the net has to find.

# sphinx_gallery_alt = "Four spectrograms of the word tea: a burst high up, then the bands of a"
# sphinx_gallery_alt = "vowel, each time at another speed and another pitch."
with tempfile.TemporaryDirectory() as name:
    folder = made_recordings(("tea", "lights on"), Path(name), each=4, others=6)
    for path in sorted(folder.rglob("*.flac")):
        made = tympan.load(path)
        print(f"{path.parent.name:15} {made.duration_s:.2f} s")
    teas = [tympan.load(path) for path in sorted((folder / "tea").glob("*.flac"))]
figure, axes = plt.subplots(1, 4, figsize=(9, 3), sharex=True, sharey=True, layout="constrained")
for ax, tea in zip(axes, teas, strict=True):
    noise = 1e-4 * np.random.default_rng(0).standard_normal(tea.samples.shape[1])
    ax.specgram(tea.samples[0] + noise, NFFT=512, Fs=tea.rate_hz, noverlap=384, vmin=-130)
    ax.set(xlabel="Time (s)", xlim=(0, 0.6), ylim=(0, 8000))
axes[0].set(ylabel="Frequency (Hz)")

# %%
# The training turns each into hundreds of variants: other rooms, noises, tempos and lengths of the
# vocal tract; it plays some backwards and glues halves of two words together, so that the net does
# not take a part for the whole. How well such words are heard when real people say them is measured
# by ``python -m recipes.commands own``: try it with recordings before you rely on it.
#
# Always on
# ---------
# Rules of ``watch`` wait for words as for any other sound: ``tympan watch mic -m ./mine --rules
# kitchen.toml``.
#
# Try
# ---
# - Say your own words into a microphone: ``tympan watch mic -m commands``.
# - Which words does a net of three similar ones (*tea*, *three*, *tree*) mix up?
#
# Next: :doc:`plot_9i_notes`. Before: :doc:`plot_9g_words`. Commands: :doc:`/verbs/transcribe`,
# :doc:`/verbs/watch`.
