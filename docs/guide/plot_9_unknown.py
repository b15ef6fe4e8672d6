"""
11. Saying "I don't know"
=========================

A classifier answers with one of its labels whatever it gets, as a multiple-choice test has no line
for "none of these". Its score does not help: it says which of its labels fits best, not whether any
does. This chapter shows what does help, and how far it can be trusted.
"""

# %%
# A model of two sounds
# ---------------------
# It learns tones and chirps from twenty recordings each, made on the spot.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tympan
from tympan import synth

RATE_HZ = 16000


def sound(kind, seed):
    """Half a second of a kind; each seed has another pitch and level."""
    rng = np.random.default_rng(seed)
    pitch_hz, level_db = rng.uniform(300, 1500), rng.uniform(-20, 0)
    if kind == "tone":
        clip = synth.sine(frequency_hz=pitch_hz, duration_s=0.5, rate_hz=RATE_HZ)
    elif kind == "chirp":
        clip = synth.chirp(pitch_hz / 2, 3 * pitch_hz, duration_s=0.5, rate_hz=RATE_HZ)
    else:
        clip = synth.white_noise(duration_s=0.5, rate_hz=RATE_HZ, amplitude=0.3, seed=seed)
    return clip.gain(level_db)


home = Path(tempfile.mkdtemp())
for kind in ("tone", "chirp"):
    (home / "data" / kind).mkdir(parents=True)
    for seed in range(20):
        sound(kind, seed).save(home / "data" / kind / f"{seed}.wav")
result = tympan.train(home / "data", out=home / "model", progress=False)
print(result)

# %%
# Noise, of which it knows nothing
# --------------------------------
# There is an answer, and it may be a sure one. But the text says what it is worth:

answer = tympan.classify(sound("noise", 0), model=home / "model")
print(answer)

# %%
# Here are the scores of thirty new sounds of each kind. Those of noise are hardly lower:

# sphinx_gallery_alt = "Best scores of thirty tones, chirps and noises: high for all three, so that"
# sphinx_gallery_alt = "a score does not tell noise from what the model knows."
kinds = ("tone", "chirp", "noise")
clips = {kind: [sound(kind, 1000 + seed) for seed in range(30)] for kind in kinds}
answers = {kind: [tympan.classify(c, model=home / "model") for c in clips[kind]] for kind in kinds}
spread = np.linspace(-0.2, 0.2, 30)
figure, ax = plt.subplots()
for row, kind in enumerate(kinds):
    ax.plot([answer.best.score for answer in answers[kind]], row + spread, "o")
ax.set(xlabel="Score of the best label", yticks=range(3), yticklabels=kinds, xlim=(0, 1.02))

# %%
# How it knows
# ------------
# On its way to an answer the net makes some hundred numbers of a sound, its *features*. Sounds
# that are alike have features that point the same way. The model keeps those of its training
# recordings (or a few typical ones of each label) and measures how far a new sound lies from the
# nearest.
#
# Is that far? For that, some recordings were *held out*: they are known sounds, but the model was
# not trained on them. The **familiarity** of a sound is the share of them that lie as far away or
# farther, the sound itself counted in. Below 0.05 it counts as unlike the training set, and so do
# about 5 of 100 known sounds: that is the price. With fewer than 19 held-out recordings the share
# cannot get below 0.05, and nothing is ever rejected.

# sphinx_gallery_alt = "Familiarity of thirty tones, chirps and noises: known ones spread evenly"
# sphinx_gallery_alt = "from 0 to 1, noises lie at the lower end."
shares = {kind: [answer.familiarity for answer in answers[kind]] for kind in kinds}
figure, ax = plt.subplots()
for row, kind in enumerate(kinds):
    ax.plot(shares[kind], row + spread, "o")
ax.axvline(0.05, color="0.4", linestyle="--")
ax.set(xlabel="Familiarity", yticks=range(3), yticklabels=kinds, xlim=(0, 1.02))

# %%
# Where to draw the line
# ----------------------
# A higher threshold rejects more of the unknown sounds, and more of the known ones: of these the
# share that was promised, which is the dashed line, as far as thirty sounds can show it.

# sphinx_gallery_alt = "Share rejected over the threshold: of known sounds about as much as the"
# sphinx_gallery_alt = "threshold says, of noise nearly all of it from small thresholds on."
limits = np.linspace(0, 1, 101)
figure, ax = plt.subplots()
for kind in kinds:
    ax.plot(limits, [100 * np.mean(np.array(shares[kind]) < x) for x in limits], label=kind)
ax.plot(limits, 100 * limits, "--", color="0.6")
ax.legend()
ax.set(xlabel="Least familiarity", ylabel="Rejected (%)")

# %%
# A label for the rest
# --------------------
# With ``reject=True`` (``--reject`` on the command line) what is unfamiliar is called *unknown*: in
# the labels, in the timeline, in every format. `tag` gives no tags then. Another threshold trades
# one mistake for the other: ``min_familiarity=0.2`` rejects more unknown sounds, and one in five
# known ones.

print(tympan.classify(sound("noise", 1), model=home / "model", reject=True))
print(tympan.classify(sound("tone", 1001), model=home / "model", reject=True))

# %%
# In a long recording it says where: here stands noise between two tones.

# sphinx_gallery_alt = "Timeline of eighteen seconds: a label of the model, unknown in the middle,"
# sphinx_gallery_alt = "and again a label of the model."
waves = [np.resize(sound(kind, 0).samples, (1, 6 * RATE_HZ)) for kind in ("tone", "noise", "tone")]
row = tympan.Clip(np.concatenate(waves, axis=1), RATE_HZ)
found = tympan.classify(row, model=home / "model", reject=True)
print(found)
labels = sorted({one.label for one in found.timeline})
figure, ax = plt.subplots()
for one in found.timeline:
    ax.barh(labels.index(one.label), one.end_s - one.start_s, left=one.start_s)
ax.set(xlabel="Time (s)", yticks=range(len(labels)), yticklabels=labels)

# %%
# What it cannot do
# -----------------
# - A sound that is close to a known one passes: the shipped model, which knows laughing and
#   coughing, takes a part of all speech for known. :doc:`/benchmarks/unknown` gives the figures.
# - Unknown is what *this* training set lacks. Another microphone may be enough.
# - It replaces no label `other`. Where you know what else turns up, record it and train on it.
#
# After a training the scores say how many known recordings of the test set were rejected, and how
# well the recordings of a label are told from the rest when that label is left out of what is
# known.
#
# Try
# ---
# - Add a label ``noise`` and ask about a sound of another kind.
# - Train on ten recordings of each kind, then on fifty. What changes?
#
# Next: :doc:`plot_9b_events`. Before: :doc:`plot_9_tags`. Commands: :doc:`/verbs/classify`,
# :doc:`/verbs/tag`.
