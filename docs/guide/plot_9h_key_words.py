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
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tympan
from tympan.tasks import load
from tympan.tasks.transcribe.own_words import made_recordings

text = "Seven. ... Two. ... Nine. ... Something else. ... Zero."
clip = tympan.speak(text, voice="en", speed=0.9)
model = load("commands", "transcribe", "cpu")
said = model(clip, words=True)
print(said)

# %%
# A word is told where its score is above a threshold and higher than those around it. Where the
# threshold lies is a choice: a lower one misses less, and hears words where there are none more
# often. The card of the model says how often, for each hour of other speech and of noise.

# sphinx_gallery_alt = "Scores of the digits over time: a hill for each that is said, and hardly"
# sphinx_gallery_alt = "any for the words that are none of them. A dashed line is the threshold."
rate_hz = model.rate_hz
wave = clip.resample(rate_hz).mono().samples[0]
scores = model.recogniser.scores(wave)
times_s = (np.arange(len(scores)) + 0.5) * model.recogniser.config.step_s
figure, ax = plt.subplots(figsize=(9, 3))
for label, row in zip(model.recogniser.labels[1:], scores[:, 1:].T, strict=True):
    if row.max() > 0.4:
        ax.plot(times_s, row, label=label)
ax.axhline(model.recogniser.config.threshold, ls="--", color="grey")
ax.set(xlabel="Time (s)", ylabel="Score")
ax.legend(ncols=6, fontsize=8)

# %%
# From text alone
# ---------------
# ``tympan train --task transcribe --words "tea, lights on" --out mine`` has drawn speakers say each
# word 80 times at drawn speeds and pitches, and other words beside them. Here it is a handful, to
# see what they are.

with tempfile.TemporaryDirectory() as name:
    folder = made_recordings(("tea", "lights on"), Path(name), each=4, others=6)
    for path in sorted(folder.rglob("*.flac")):
        made = tympan.load(path)
        print(f"{path.parent.name:15} {made.duration_s:.2f} s")

# %%
# The training turns each into hundreds of variants: other rooms, noises, tempos and lengths of the
# vocal tract; it plays some backwards and glues halves of two words together, so that the net does
# not take a part for the whole. How well such words are heard when real people say them is
# measured: see the page of ``transcribe``.
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
