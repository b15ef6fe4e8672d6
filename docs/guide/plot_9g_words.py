"""
18. Words
=========

:doc:`plot_9f_voice` went from a text to sound; this chapter goes back. What was said in a recording
is written down in steps that can each be looked at: mels, phonemes, words, the time of each word.
The recogniser is ``english``, which ships to learn from. Engines such as Whisper or Moonshine make
far fewer mistakes, and stand behind the same verb.
"""

# %%
# A sentence whose words are known
# --------------------------------
# The same voice says it, so that it is known which word is spoken when.

import matplotlib.pyplot as plt
import numpy as np
import soxr

import tympan
from tympan.tasks import load
from tympan.tasks.speak.timing import marks_of
from tympan.tasks.transcribe.sounds import collapsed, spoken

text = "Seven geese crossed the muddy lane at dusk."
voice = load("en", "speak", "cpu")
part = next(voice.stream(text, speed=0.9))
marks = marks_of(part, voice.rate_hz).words
clip = tympan.Clip(part.samples[None], voice.rate_hz)
clip

# %%
# From sound to phonemes
# ----------------------
# The net looks at log mels of 25 ms each, and says every 20 ms how likely each phoneme is; nearly
# always it says *nothing new* (the blank, left out here). That is connectionist temporal
# classification (CTC; Graves et al., 2006): in training nobody has to tell when a phoneme is
# spoken, for the loss adds up all ways in which the phonemes can lie in time.

# sphinx_gallery_alt = "Phonemes over time: each is a small bright spot, and they go from the upper"
# sphinx_gallery_alt = "left to the lower right in the order in which they are said."
recogniser = load("english", "transcribe", "cpu").recogniser
wave = soxr.resample(part.samples, voice.rate_hz, recogniser.rate_hz).astype(np.float32)
scores, _ = recogniser.scores(wave)
names = recogniser.config.phonemes
said = [one.phonemes for one in spoken(text)]
order = list(dict.fromkeys("".join(said)))
rows = [names.index(one) + 1 for one in order]
figure, ax = plt.subplots(figsize=(9, 4.5))
seconds = len(scores) * 0.02
ax.imshow(np.exp(scores[:, rows]).T, aspect="auto", extent=(0, seconds, len(rows), 0))
ax.set_yticks(np.arange(len(rows)) + 0.5, order)
ax.set(xlabel="Time (s)", ylabel="Phoneme")

# %%
# How seldom it says anything can be seen when the blank is drawn, too. It fills most of the time,
# and a phoneme is a spike in it: that is enough, since only the order counts.

# sphinx_gallery_alt = "Probability over time of the blank, which is high nearly always, and of the"
# sphinx_gallery_alt = "likeliest phoneme: narrow spikes with its name, each where the blank falls."
sure = np.exp(scores)
best = sure[:, 1:].argmax(1)
height = sure[:, 1:].max(1)
times_s = (np.arange(len(scores)) + 0.5) * 0.02
figure, ax = plt.subplots(figsize=(9, 3))
ax.fill_between(times_s, sure[:, 0], color="0.85", label="nothing new")
ax.plot(times_s, height, label="likeliest phoneme")
before = np.append(0, height[:-1])
for i in np.flatnonzero((height > 0.4) & (height >= np.append(height[1:], 0)) & (height > before)):
    ax.text(times_s[i], height[i] + 0.03, names[best[i]], ha="center", fontsize=8)
ax.set(xlabel="Time (s)", ylabel="Probability", xlim=(0, seconds), ylim=(0, 1.15))
ax.legend(loc="upper right", fontsize=8)

# %%
# Whoever reads off the likeliest symbol of each step, and takes away repetitions and blanks, has
# what the net alone hears:

heard = "".join(names[i - 1] for i in collapsed(scores.argmax(1).tolist()))
print("wanted:", " ".join(said))
print("heard: ", heard)

# %%
# From phonemes to words
# ----------------------
# A search goes through a tree of all words that are known, phoneme by phoneme, and keeps the best
# few hundred beginnings. What counts is how well the phonemes fit, and how likely a word is behind
# the two before it (a language model). It can only write words that it knows.

words = recogniser.words(wave)
print(" ".join(word.text for word in words))

# %%
# How wrong is that? Word error rate counts what has to be changed, left out or put in to make one
# of the other (Levenshtein, 1965). A table has the count for all beginnings of both: each field is
# the cheapest of a step down, a step to the right and one aslant; the last one is the answer.

# sphinx_gallery_alt = "A table of the words said against the words heard, with the errors up to"
# sphinx_gallery_alt = "each pair; a line goes aslant from the upper left to the answer at the"
# sphinx_gallery_alt = "lower right, with a dot where both words are the same."
wanted = [one.text for one in spoken(text)]
found = [word.text for word in words]
table = np.zeros((len(wanted) + 1, len(found) + 1), int)
table[:, 0], table[0] = np.arange(len(wanted) + 1), np.arange(len(found) + 1)
for i, word in enumerate(wanted, 1):
    for j, other in enumerate(found, 1):
        changed = table[i - 1, j - 1] + (word != other)
        table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, changed)
path = [(len(wanted), len(found))]
while path[-1] != (0, 0):
    i, j = path[-1]
    steps = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
    costs = [int(min(i, j) > 0 and wanted[i - 1] != found[j - 1]), 1, 1]
    fits = [min(s) >= 0 and table[s] + c == table[i, j] for s, c in zip(steps, costs, strict=True)]
    path.append(steps[fits.index(True)])
figure, ax = plt.subplots(figsize=(7, 5))
ax.imshow(table, cmap="Blues", vmax=2 * table.max())
for (i, j), count in np.ndenumerate(table):
    ax.text(j + 0.3, i - 0.2, count, ha="center", va="center", fontsize=8)
ax.plot([j for _, j in path], [i for i, _ in path], color="C1")
same = [(i, j) for i, j in path if min(i, j) > 0 and wanted[i - 1] == found[j - 1]]
ax.plot([j for _, j in same], [i for i, _ in same], "o", color="C1")
ax.set_yticks(range(len(wanted) + 1), ["", *wanted])
ax.set_xticks(range(len(found) + 1), ["", *found], rotation=45)
ax.set(xlabel="Heard", ylabel="Said")
errors = table[-1, -1]
print(f"word error rate: {errors} of {len(wanted)} words, {errors / len(wanted):.0%}")

# %%
# Most phonemes are right, and yet many words are not: one wrong phoneme is enough for another word.
# Of what people read to each other in their own rooms it gets still more wrong (``tympan models
# english`` says how much), and an engine one word of eight.
#
# When is each word?
# ------------------
# Where the words are known, the question is easier: the likeliest way of *these* phonemes through
# the answers of the net (Viterbi's path). So even a weak recogniser times words well, and lends
# its times to Moonshine, which gives none.

# sphinx_gallery_alt = "Spectrogram of the sentence. Above it lie the words as they were spoken and"
# sphinx_gallery_alt = "as they were found; most edges agree within some hundredths of a second."
found = recogniser.align(wave, [mark.text for mark in marks])
figure, ax = plt.subplots(figsize=(9, 3.5))
noise = 1e-4 * np.random.default_rng(0).standard_normal(len(wave))
ax.specgram(wave + noise, NFFT=512, Fs=recogniser.rate_hz, noverlap=352, vmin=-130)
for height, colour, times in ((7300, "white", marks), (6300, "gold", found)):
    for one in times:
        ax.plot([one.start_s, one.end_s], [height, height], color=colour, lw=3)
        ax.text(one.start_s, height + 130, one.text, color=colour, fontsize=8)
ax.set(xlabel="Time (s)", ylabel="Frequency (Hz)")
off = [abs(a.start_s - b.start_s) for a, b in zip(marks, found, strict=True)]
print(f"beginnings of words are off by {1000 * np.median(off):.0f} ms (median)")

# %%
# The verb does the rest around any recogniser: it looks for speech, cuts long recordings at pauses,
# leaves out what cannot have been said, and writes subtitles: ``tympan transcribe talk.mp3 -o
# talk.srt``.
#
# Try
# ---
# - Add noise to the sentence until the first word is wrong. Which phonemes go first?
# - Give ``recogniser.words`` hot words: ``recogniser.words(wave, hot_words=["geese"])``.
# - Train on recordings of your own: a ``metadata.csv`` with the columns ``file_name`` and ``text``,
#   and ``tympan train FOLDER --task transcribe``.
#
# Next: :doc:`plot_9h_key_words`. Before: :doc:`plot_9g_separate`. Command:
# :doc:`/verbs/transcribe`.
