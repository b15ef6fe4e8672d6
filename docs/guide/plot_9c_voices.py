"""
13. Whose voice?
================

Two recordings of one person are never alike, and two people may sound much the same. A voice model
turns each recording into a vector so that the first are near and the second are not. This chapter
makes a voice book, and shows why nobody else's threshold fits it.
"""

# %%
# Voices made by rule
# -------------------
# Real voices are yours to try; these are made on the spot, so that the chapter needs no recordings.
# A voice box is a buzz (the vocal folds, with a pitch) behind two or three resonances (throat and
# mouth, the *formants*), in syllables. Everybody here has a length of throat and a pitch, and says
# something else each time.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tympan
from tympan.audio import Clip
from tympan.tasks.identify import read_book

RATE_HZ = 16000
VOWELS_HZ = {"a": (800, 1250, 2600), "e": (450, 2000, 2700), "i": (300, 2300, 3100),
             "o": (480, 850, 2500), "u": (320, 700, 2300)}  # fmt: skip


def spoken(pitch_hz, throat, seed, duration_s=4.0):
    """So many seconds of vowels; a shorter throat has higher formants."""
    rng = np.random.default_rng(seed)
    size = round(duration_s * RATE_HZ)
    wave, place = np.zeros(size), 0
    while place < size:
        length = int(rng.uniform(0.12, 0.28) * RATE_HZ)
        t = np.arange(length) / RATE_HZ
        glide = pitch_hz * rng.uniform(0.9, 1.15) * (1 - 0.3 * t)
        phase = 2 * np.pi * np.cumsum(glide) / RATE_HZ
        vowel = np.zeros(length)
        formants = VOWELS_HZ[rng.choice(list(VOWELS_HZ))]
        for k in range(1, int(6000 / pitch_hz)):
            gain = sum(
                1 / (1 + ((k * pitch_hz - f * throat) / (60 + 0.06 * f)) ** 2) for f in formants
            )
            vowel += gain / k**0.5 * np.sin(k * phase)
        part = vowel * np.hanning(length)
        wave[place : place + length] += part[: size - place]
        place += length + int(rng.uniform(0.0, 0.06) * RATE_HZ)
    wave = 0.1 * wave / wave.std() + 0.001 * rng.standard_normal(size)
    return Clip(wave.astype(np.float32)[None], RATE_HZ, name=f"{pitch_hz:.0f} Hz")


people = {"Ann": (205, 1.16), "Bob": (108, 0.96), "Cy": (142, 1.05)}

# sphinx_gallery_alt = "Spectrograms of Ann and Bob, one second each: her harmonics lie farther"
# sphinx_gallery_alt = "apart, and her formants higher, than his."
figure, axes = plt.subplots(1, 2, sharey=True)
for ax, name in zip(axes, ("Ann", "Bob"), strict=True):
    wave = spoken(*people[name], seed=0).samples[0][:RATE_HZ]
    ax.specgram(wave, NFFT=512, Fs=RATE_HZ, noverlap=384, vmin=-120)
    ax.set(title=name, xlabel="Time (s)", ylim=(0, 4000))
axes[0].set(ylabel="Frequency (Hz)")

# %%
# Near and far
# ------------
# ``embed`` gives the vectors of the model ``voices``. Four recordings of each of the three, and the
# cosine of each pair: bright blocks along the diagonal are recordings of one voice.

# sphinx_gallery_alt = "Twelve by twelve cosines: three blocks of four along the diagonal, one for"
# sphinx_gallery_alt = "each voice, are higher than what lies between them."
takes = [spoken(*people[name], seed) for name in people for seed in range(4)]
vectors = np.array([tympan.embed(clip, model="voices").vector for clip in takes])
figure, ax = plt.subplots()
picture = ax.imshow(vectors @ vectors.T, vmin=0, vmax=1)
ax.set(xticks=[1.5, 5.5, 9.5], xticklabels=people, yticks=[1.5, 5.5, 9.5], yticklabels=people)
figure.colorbar(picture, label="Cosine")

# %%
# A voice book
# ------------
# ``enroll`` puts voices into a book: numbers only, no audio. It also compares the recordings of the
# book with one another and with the strangers that the model brings, chooses the threshold of this
# book, and says what to expect of it.

book = Path(tempfile.mkdtemp()) / "voices.tympan"
for name, voice in people.items():
    expected = tympan.enroll(name, spoken(*voice, 10), spoken(*voice, 11), book=book)
print(read_book(book))
print(expected)

# %%
# Known and unknown
# -----------------
# New recordings of the three get their names, and the share of "none of them" is small:

for name, voice in people.items():
    print(name, "→", tympan.identify(spoken(*voice, 20), book=book))

# %%
# Half a second is not enough to tell, and silence is nobody. Both are said, not scored:

print(tympan.identify(spoken(*people["Ann"], 20, duration_s=0.4), book=book))
print(tympan.identify(tympan.synth.silence(duration_s=2, rate_hz=RATE_HZ), book=book))

# %%
# Why a threshold is one's own
# ----------------------------
# Made voices of one rule are nearer to one another than people are. A threshold from a test with
# people (0.25 is often copied) would take each for the others; that of the book was chosen on its
# own voices. The same holds for a family, for one room, for one telephone line.

# sphinx_gallery_alt = "Cosines of pairs: those of one voice are higher than those of two, and the"
# sphinx_gallery_alt = "copied threshold of 0.25 lies below most of both."
who = np.repeat(np.arange(3), 4)
i, j = np.triu_indices(12, 1)
cosines, same = (vectors @ vectors.T)[i, j], who[i] == who[j]
figure, ax = plt.subplots()
ax.hist([cosines[same], cosines[~same]], bins=20, label=["one voice", "two voices"])
ax.axvline(0.25, color="0.4", linestyle="--", label="a copied threshold")
ax.set(xlabel="Cosine", ylabel="Pairs")
ax.legend()

# %%
# Short recordings give less
# --------------------------
# The same voice, cut to other lengths, and compared with Ann's. The similarity hardly moves, but
# the probability knows that less speech is weaker evidence, for and against.

# sphinx_gallery_alt = "Probability of being Ann over seconds of speech: for Ann it rises with the"
# sphinx_gallery_alt = "length, for Bob it falls."
lengths_s = (0.7, 1, 1.5, 2, 3, 4)
reference = spoken(*people["Ann"], 30)
figure, ax = plt.subplots()
for name in ("Ann", "Bob"):
    clips = [spoken(*people[name], 31, duration_s=length) for length in lengths_s]
    shares = [tympan.verify(reference, clip).probability for clip in clips]
    ax.plot(lengths_s, shares, "o-", label=name)
ax.set(xlabel="Length (s)", ylabel="Probability of being Ann", ylim=(0, 1))
ax.legend()

# %%
# Try
# ---
# Give ``spoken`` a pitch and a throat between those of Ann and Cy: from where on does she get
# another name? Then record yourself twice, ``tympan enroll me one.wav``, and
# ``tympan identify two.wav``.
#
# How well it does with people, by length and in noise: :doc:`/benchmarks/voices`. A voice is no
# lock: synthesisers copy it.
#
# Next: :doc:`plot_9d_machines`. Before: :doc:`plot_9b_events`. Commands: :doc:`/verbs/identify`,
# :doc:`/verbs/enroll`, :doc:`/verbs/verify`, :doc:`/verbs/book`.
