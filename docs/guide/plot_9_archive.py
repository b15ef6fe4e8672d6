"""
9. From an unlabelled archive to a model
========================================

Most sound that exists has no labels: months of a microphone in a wood, a shelf of tapes. Labelling
all of it takes longer than it lasts. This chapter labels an archive from *one example* of each
sound, with a model that is fitted again while one answers, and ends with a model and its score.
"""

# %%
# The archive
# -----------
# So that this page can run anywhere, it makes its archive itself: forty recordings of a pond at
# night, ten seconds each. A frog croaks in some, a cricket chirps in others, and in most there is
# wind and nothing else. In truth one would have a folder of files, and no list like the one that is
# kept here to check the result.

import tempfile
from pathlib import Path

import numpy as np

from tympan import Clip, synth

RATE_HZ = 16000
home = Path(tempfile.mkdtemp())
archive = home / "archive"
archive.mkdir()


def croaks(rng):
    """Half a second of a frog: a low tone in pulses."""
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    tone = np.sin(2 * np.pi * rng.uniform(500, 700) * t)
    return tone * np.maximum(0, np.sin(2 * np.pi * rng.uniform(18, 26) * t)) ** 2


def chirps(rng):
    """Half a second of a cricket: a high tone, on and off."""
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    tone = np.sin(2 * np.pi * rng.uniform(4000, 5000) * t)
    return 0.6 * tone * (np.sin(2 * np.pi * rng.uniform(7, 10) * t) > 0)


def night(number):
    """Ten seconds with wind; who is in it."""
    rng = np.random.default_rng(number)
    who = ("nothing", "frog", "nothing", "cricket")[number % 4]
    wave = 0.05 * synth.pink_noise(duration_s=10, rate_hz=RATE_HZ, seed=number).samples[0]
    for at_s in rng.uniform(0, 9.4, 8 if who != "nothing" else 0):
        at = int(at_s * RATE_HZ)
        sound = croaks(rng) if who == "frog" else chirps(rng)
        wave[at : at + len(sound)] += rng.uniform(0.1, 0.3) * sound
    return Clip(wave[None], RATE_HZ, f"night {number}"), who


truth = {}
for number in range(40):
    clip, who = night(number)
    truth[clip.save(archive / f"{number:02d}.wav").name] = who
night(1)[0]

# %%

# sphinx_gallery_alt = "Mel spectrograms of two nights: in one, pulses of a frog near 600 Hz; in"
# sphinx_gallery_alt = "the other, rows of short strokes of a cricket above 4,000 Hz."
import matplotlib.pyplot as plt

from tympan.spectra import figures

figures.set_theme()
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6, 5.2))
figures.plot_spectrogram(night(1)[0], top, kind="mel")
figures.plot_spectrogram(night(3)[0], bottom, kind="mel")
top.set(title="A frog", xlabel="")
bottom.set_title("A cricket")

# %%
# Embed
# -----
# First, every part of the archive becomes a vector, once. In a shell that is `tympan embed archive
# -o index.npz`; for a large archive it takes a while, and after a stop it goes on where it was. The
# vectors come from the model `sounds`, which was not trained on this pond: it only has to put
# similar sounds near each other. From Python the same:

import tympan
from tympan.tasks.embed import Index
from tympan.tasks.embed.index import Collect

with Collect(home / "index.npz", {}) as collected:
    for path in sorted(archive.iterdir()):
        collected.add(f"archive/{path.name}", tympan.embed(path))
index = Index.load(home / "index.npz")
print(index.embeddings.shape, index.files[0], index.start_s[:4])

# %%
# Are similar sounds near each other? Two directions of the 896 show it, the two in which the
# vectors differ most:

# sphinx_gallery_alt = "The windows as points in a plane: those with frogs and those with crickets"
# sphinx_gallery_alt = "lie apart from each other, and most of the wind lies between them."
who = np.array([truth[Path(name).name] for name in index.files])
vectors = np.asarray(index.embeddings, np.float32)
centered = vectors - vectors.mean(0)
plane = centered @ np.linalg.svd(centered, full_matrices=False)[2][:2].T
figure, axis = plt.subplots(figsize=(6, 4))
for name in ("nothing", "frog", "cricket"):
    axis.plot(*plane[who == name].T, "o", ms=4, label=name)
axis.set(xlabel="First direction", ylabel="Second direction")
axis.legend()

# %%
# Find
# ----
# With one example, `tympan find archive/01.wav index.npz -o found.html` gives the moments most like
# it, on a page with players. Often that is all one needs:

for match in tympan.find(archive / "01.wav", home / "index.npz", top=6):
    print(match, truth[Path(match.file).name])

# %%
# But a list has no end: where does "like it" stop? That takes a decision, and the decision takes
# answers of someone who listens.
#
# Label
# -----
# `tympan label index.npz --example frog=archive/01.wav --example cricket=archive/03.wav` opens a
# page that plays one moment after another: is it a frog? `y`, `n`, `s` to skip, `u` to undo. Every
# answer is in `labels.csv` at once. One third of the moments are those in which a label is most
# likely, which finds more of it; one third those about which the model is least sure, which teaches
# it most; and one third are random, which shows what else there is. Here the truth answers, in
# place of a listener:

labelling = tympan.label(
    home / "index.npz",
    {"frog": [archive / "01.wav"], "cricket": [archive / "03.wav"]},
    out=home / "labels.csv",
    folder=home,
)
for _ in range(60):
    (one,) = labelling.next()
    labelling.answer(one, yes=truth[Path(one.name).name] == one.label)
print(labelling.counts)
print(*(home / "labels.csv").read_text().splitlines()[:5], sep="\n")

# %%
# Without a browser, `--batch 20` writes the next moments as a table to fill in, with a page of
# players, and `--answers` takes it back.
#
# What would sixty answers to random moments have found? That one can count:

# sphinx_gallery_alt = "Bars: how many of sixty answers found one of the sounds; suggested moments"
# sphinx_gallery_alt = "found them more often than random ones would have."
found = sum(answer.yes for answer in labelling.answers)
share = np.mean([truth[Path(name).name] != "nothing" for name in index.files]) / 2
figure, axis = plt.subplots(figsize=(6, 2.2))
axis.barh(["random", "suggested"], [60 * share, found])
axis.set(xlabel="Yes, of 60 answers", xlim=(0, 60))

# %%
# Train and evaluate
# ------------------
# The table is what `tympan train` takes: `tympan train archive --task classify --metadata
# labels.csv`. Each moment becomes a recording of its own, and moments of one night stay on one side
# of the split, so the score is one of nights that were not learned from. `other` is what is none of
# the labels: wind, and whatever was refused.

result = tympan.train(
    archive, task="classify", metadata=home / "labels.csv", out=home / "pond", epochs=0,
    progress=False, say=print,
)  # fmt: skip
print(result)

# %%
# The test set of so few nights is small, and the interval says so: `--folds 5` scores all of them.
# There is one more catch. The moments were *chosen*, the likely and the doubtful ones, so a score
# on them is not that of the archive. For that one labels some random nights, and keeps them out of
# everything. Here there are new ones:

from tympan.data import Table, recording

fresh = home / "fresh"
fresh.mkdir()
rows = []
for number in range(40, 72):
    clip, who = night(number)
    label = {"nothing": "other"}.get(who, who)
    rows.append(recording(clip.save(fresh / f"{number}.wav"), {"label": label}))
evaluation = tympan.evaluate(home / "pond", Table(fresh, tuple(rows)))
print(evaluation)

# %%

# sphinx_gallery_alt = "Confusion matrix of the fresh nights with three rows and columns: nearly"
# sphinx_gallery_alt = "all of them are on the diagonal."
confusion = evaluation.confusion
figure, axis = plt.subplots(figsize=(6, 3.2))
axis.imshow(confusion, cmap="Blues", vmin=0, vmax=1.5 * confusion.max(), aspect="equal")
for (row, column), count in np.ndenumerate(confusion):
    axis.text(column, row, count, ha="center", va="center", fontsize="large")
axis.set_xticks(range(3), evaluation.labels)
axis.set_yticks(range(3), evaluation.labels)
axis.set(xlabel="Model says", ylabel="Truth", title="Fresh nights")

# %%
# Try
# ---
# - Answer thirty times instead of sixty. How much worse is the score on fresh nights?
# - Take 12 recordings of each of two classes that `sounds` knows, and two that it does not. For
#   which does one example suffice?
# - Answer `also` where frog and cricket are in one night, and train with `task="tag"`.
#
# Next: :doc:`plot_9_tags`. Before: :doc:`plot_8_own_sounds`. All commands: :doc:`/verbs/embed`,
# :doc:`/verbs/find`, :doc:`/verbs/label`, :doc:`/verbs/train`, :doc:`/verbs/evaluate`.
