"""
10. Several labels at once
==========================

A classifier chooses *one* label. But a band has drums and a bass at once, and a street has birds
and cars. A **tagger** gives each label a score of its own and says for each whether it applies.
This chapter trains one, chooses its thresholds, reads its scores, and lays tags over a long
recording.
"""

# %%
# Recordings with several labels
# ------------------------------
# The labels of a recording stand in one cell of `metadata.csv`, with `;` between them. Here they
# are made on the spot: a hum, a whistle and clicks, each in the recording or not, with noise over
# all.

import csv
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tympan
from tympan import Clip

RATE_HZ = 16000
LABELS = ("clicks", "hum", "whistle")


def part(label, rng):
    """One second of one of the sounds; each time another."""
    t = np.arange(RATE_HZ) / RATE_HZ
    if label == "hum":
        pitch_hz = rng.uniform(80, 160)
        return sum(np.sin(2 * np.pi * n * pitch_hz * t) / n for n in range(1, 6)) / 2
    if label == "whistle":
        return np.sin(2 * np.pi * rng.uniform(1800, 3000) * t) * np.hanning(RATE_HZ)
    wave = np.zeros(RATE_HZ)
    wave[(rng.uniform(0, 0.95, 6) * RATE_HZ).astype(int)] = 1.0
    return 2 * np.convolve(wave, np.exp(-np.arange(400) / 60), "same")


def recording(labels, seed):
    """One second with these sounds in noise."""
    rng = np.random.default_rng(seed)
    wave = 0.1 * rng.standard_normal(RATE_HZ)
    for label in labels:
        wave = wave + rng.uniform(0.02, 0.3) * part(label, rng)
    return Clip(np.clip(wave, -1, 1)[None], RATE_HZ)


def drawn(rng):
    """Which sounds are there, one at least; whistles are rare."""
    there = rng.random(3) < (0.5, 0.5, 0.2)
    if not there.any():
        return drawn(rng)
    return [label for label, is_there in zip(LABELS, there, strict=True) if is_there]


home = Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)
rows = []
for number in range(120):
    labels = drawn(rng)
    recording(labels, number).save(home / f"{number:03d}.wav")
    rows.append((f"{number:03d}.wav", ";".join(labels)))
with (home / "metadata.csv").open("w", newline="") as file:
    csv.writer(file).writerows([("file_name", "label"), *rows])
print(*rows[:5], sep="\n")

# %%

# sphinx_gallery_alt = "Mel spectrogram of a recording with a hum, which is a stack of lines"
# sphinx_gallery_alt = "below, and a whistle, which is one line above, both in noise."
from tympan.spectra import figures

figures.set_theme()
figure, axis = plt.subplots(figsize=(6, 2.8))
figures.plot_spectrogram(recording(["hum", "whistle"], 5000), axis, kind="mel")
axis.set_title("hum;whistle")

# %%
# Train
# -----
# `tympan train FOLDER` sees the `;` and trains a tagger; ``task="tag"`` says so outright. Each
# label is a question of its own, yes or no (*binary cross entropy*), with an encoder in common.

result = tympan.train(home, task="tag", out=home / "tagger", progress=False)
print(result)

# %%
# Ask
# ---
# The answer has all labels with their scores; `chosen` are those that apply. The scores do not add
# up to 1: several labels may apply, or none.

answer = tympan.tag(recording(["hum", "whistle"], 5000), model=home / "tagger")
print(answer)
print([(tag.label, round(tag.score, 2), tag.chosen) for tag in answer.tags])

# %%
# From which score on does a label apply?
# ---------------------------------------
# One half would be a poor threshold for a rare label: a net that has met few whistles gives them
# low scores. So each label gets a threshold of its own, at which its F1 is best on *validation*
# recordings, and which is drawn towards one half where those are few. F1 is one number for two
# mistakes: tags that are wrong (*precision*) and tags that are missing (*recall*).

# Here are the two over the threshold, on eighty new recordings:

# sphinx_gallery_alt = "Precision and recall of clicks over the threshold: with a higher one"
# sphinx_gallery_alt = "precision rises and recall falls. A dashed line marks the chosen one."
from tympan.models import load_card

rng = np.random.default_rng(1)
truth = [drawn(rng) for _ in range(80)]
answers = [tympan.tag(recording(t, 9000 + i), model=home / "tagger") for i, t in enumerate(truth)]
scores = {
    label: np.array([next(tag.score for tag in one.tags if tag.label == label) for one in answers])
    for label in LABELS
}
card = load_card(home / "tagger")
own = dict(zip(card.labels, card.config["thresholds"], strict=True))
limits = np.linspace(0.02, 0.98, 97)
there = np.array(["clicks" in labels for labels in truth])[:, None]
chosen = scores["clicks"][:, None] >= limits
hits = (chosen & there).sum(0)
figure, axis = plt.subplots()
axis.plot(limits, np.where(chosen.any(0), 100 * hits / np.maximum(chosen.sum(0), 1), np.nan))
axis.plot(limits, 100 * hits / there.sum())
axis.axvline(own["clicks"], color="0.4", linestyle="--")
axis.legend(["precision", "recall", "its threshold"])
axis.set(xlabel="Threshold for clicks", ylabel="%", ylim=(0, 105))

# %%
# How good is it?
# ---------------
# Two scores do not depend on thresholds. **Average precision** of a label: put all recordings in
# the order of its score; the mean precision down to each recording that has it. Its mean over
# labels is *mAP*. By chance it is the share of recordings with the label, so a rare label has a
# lower one. **AUROC**: how often a recording with the label has a higher score than one without; by
# chance one half, for every label. *Macro* F1 is the mean over labels, *micro* F1 counts all tags
# alike, so that rare labels weigh little. `tympan evaluate` gives all with their intervals:

rows = []
(home / "new").mkdir()
for number, labels in enumerate(truth):
    recording(labels, 9000 + number).save(home / "new" / f"{number}.wav")
    rows.append((f"{number}.wav", ";".join(labels)))
with (home / "new" / "metadata.csv").open("w", newline="") as file:
    csv.writer(file).writerows([("file_name", "label"), *rows])
evaluation = tympan.evaluate(home / "tagger", home / "new")
print(evaluation)

# %%

# sphinx_gallery_alt = "Average precision of the three labels as bars, each beside the share of"
# sphinx_gallery_alt = "recordings that have it, which chance would give."
per_label = evaluation.per_label()
places = np.arange(len(per_label))
figure, axis = plt.subplots()
axis.bar(places - 0.2, [100 * one["average_precision"] for one in per_label.values()], 0.4)
axis.bar(places + 0.2, [100 * one["support"] / len(truth) for one in per_label.values()], 0.4)
axis.set_xticks(places, per_label)
axis.set(ylabel="%", yticks=range(0, 101, 20), ylim=(0, 130))
axis.legend(["average precision", "chance"], ncols=2, loc="upper center")

# %%
# Tags over time
# --------------
# Of a long recording the scores are the mean over its windows, and the timeline says when a label
# applies. ``every_s`` sets the step.

# sphinx_gallery_alt = "Timeline of fifteen seconds with a row for each label: a hum in the first"
# sphinx_gallery_alt = "two thirds, clicks in the last two thirds."
parts = [["hum"], ["hum", "clicks"], ["clicks"]]
waves = [recording(labels, 700 + i).samples for labels in parts for i in range(5)]
long = Clip(np.concatenate(waves, axis=1), RATE_HZ)
found = tympan.tag(long, model=home / "tagger", every_s=1.0)
figure, axis = plt.subplots(figsize=(6, 2.2))
for one in found.timeline:
    axis.barh(LABELS.index(one.label), one.end_s - one.start_s, left=one.start_s)
axis.set(xlabel="Time (s)", yticks=range(3), yticklabels=LABELS, xlim=(0, long.duration_s))

# %%
# A tagger says "I don't know" as a classifier does (:doc:`plot_9_unknown`): ``familiarity`` in the
# answer, and ``reject=True`` gives no tags to what is unlike its training recordings.
#
# The model `music-tags` that comes with tympan knows instruments, ensemble, style, tempo, major and
# minor: ``tympan tag song.mp3``. It was trained on renderings of notes, and
# :doc:`/benchmarks/music_tags` says what it is worth on real recordings.
#
# Try
# ---
# - Make whistles as frequent as hums. Where does their threshold go?
# - Add a label that always comes together with another one. What does the tagger learn?
# - Leave the noise out of the training. How familiar are noisy recordings then?
#
# Next: :doc:`plot_9_unknown`. Before: :doc:`plot_9_archive`. Commands: :doc:`/verbs/tag`,
# :doc:`/verbs/train`, :doc:`/verbs/evaluate`.
