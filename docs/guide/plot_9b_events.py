"""
12. What happens when
=====================

A classifier says what is in a recording. Where a day is recorded and a bird sings for three
seconds, the question is *when*. This chapter trains a model that answers it, and shows how its
numbers become segments.
"""

# %%
# Scenes with marks
# -----------------
# Noise, in which a beep or a sweep stands now and then. A table says from when to when: what one
# gets who marks events in Audacity or Raven.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tympan
from tympan import synth

RATE_HZ = 8000
SOUNDS = ("beep", "sweep")


def scene(seed, seconds=8.0):
    """A recording, and its events as rows (start_s, end_s, label)."""
    rng = np.random.default_rng(seed)
    wave = (
        synth.white_noise(duration_s=seconds, rate_hz=RATE_HZ, amplitude=0.02, seed=seed)
        .samples[0]
        .copy()
    )
    rows, at_s = [], rng.uniform(0.3, 1.0)
    while at_s < seconds - 1.2:
        label, length_s = SOUNDS[rng.integers(2)], rng.uniform(0.4, 0.9)
        pitch_hz = rng.uniform(500, 900)
        if label == "beep":
            sound = synth.sine(pitch_hz, duration_s=length_s, rate_hz=RATE_HZ, amplitude=0.1)
        else:
            sound = synth.chirp(
                pitch_hz, 3 * pitch_hz, duration_s=length_s, rate_hz=RATE_HZ, amplitude=0.1
            )
        first = round(at_s * RATE_HZ)
        wave[first : first + sound.num_samples] += sound.samples[0]
        rows.append((at_s, at_s + length_s, label))
        at_s += length_s + rng.uniform(0.4, 1.2)
    return tympan.Clip(wave[None], RATE_HZ), rows


home = Path(tempfile.mkdtemp())
(home / "data").mkdir()
table = ["file_name,start_s,end_s,label"]
for seed in range(20):
    clip, rows = scene(seed)
    clip.save(home / "data" / f"{seed}.wav")
    table += [f"{seed}.wav,{start:.3f},{end:.3f},{label}" for start, end, label in rows]
(home / "data" / "metadata.csv").write_text("\n".join(table))
print("\n".join(table[:4]))

# sphinx_gallery_alt = "Spectrogram of a scene: noise, in it some level lines, which are beeps, and"
# sphinx_gallery_alt = "some rising ones, which are sweeps."
from tympan.spectra.figures import plot_spectrogram

figure, ax = plt.subplots()
plot_spectrogram(scene(0)[0], ax)

# %%
# Training
# --------
# Columns `start_s`, `end_s` and `label` ask for `segment`. A small net is enough here.

settings = {"widths": [8, 16], "features": 32, "n_mels": 24, "batch_size": 8, "lr": 5e-3}
result = tympan.train(
    home / "data", out=home / "model", epochs=25, settings=settings, progress=False
)
print(result)

# %%
# What the net says, and what becomes of it
# -----------------------------------------
# For each label and each frame of 40 ms there is a probability. A segment begins where it reaches
# the *onset* threshold, and ends where it falls below the *offset* threshold: with two of them, a
# probability that trembles does not make ten segments of one event.

# sphinx_gallery_alt = "Probabilities of two labels over eight seconds: high where a bar below says"
# sphinx_gallery_alt = "that the sound is there, near zero elsewhere."
clip, rows = scene(1000)
found = tympan.segment(clip, model=home / "model")
print(found)

from tympan.models import load_model
from tympan.tasks.segment import TASK

model = TASK.load(load_model(home / "model"), "cpu")
probabilities = model.probabilities([clip.samples])
times_s = (np.arange(probabilities.shape[1]) + 0.5) * model.config.frame_s
figure, ax = plt.subplots()
for row, label in enumerate(model.labels):
    ax.plot(times_s, probabilities[row], color=f"C{row}", label=label)
    ax.axhline(model.config.onset[row], color=f"C{row}", linestyle="--", linewidth=0.8)
for start_s, end_s, label in rows:
    row = model.labels.index(label)
    ax.barh(-0.1 - 0.06 * row, end_s - start_s, left=start_s, height=0.05, color=f"C{row}")
ax.legend(loc="upper right")
ax.set(xlabel="Time (s)", ylabel="Probability (below: the truth)")

# %%
# The thresholds, the shortest pause and the shortest segment were chosen on recordings that the net
# was not trained on. Each is an option, too: ``gap_s`` bridges pauses, ``shortest_s`` drops what is
# shorter, ``pad_s`` leaves room at both ends, ``longest_s`` cuts what is too long.

# sphinx_gallery_alt = "Bars of the segments that four sets of options give: as chosen, fewer with"
# sphinx_gallery_alt = "bridged pauses, a shortest length, or a high onset."
figure, ax = plt.subplots()
tried = ({}, {"gap_s": 0.8}, {"shortest_s": 0.6}, {"onset": 0.95})
for row, options in enumerate(tried):
    for one in tympan.segment(clip, model=home / "model", **options).segments:
        color = f"C{model.labels.index(one.label)}"
        ax.barh(row, one.end_s - one.start_s, left=one.start_s, height=0.6, color=color)
names = [", ".join(f"{k}={v}" for k, v in options.items()) or "as chosen" for options in tried]
ax.set(xlabel="Time (s)", yticks=range(4), yticklabels=names)
ax.invert_yaxis()

# %%
# How good is it?
# ---------------
# *Event F1* counts events whose beginning and end are right, to a fifth of a second. *Segment F1*
# counts seconds, and forgives a rough end. *PSDS* looks at all thresholds at once: it says what the
# net knows, whatever threshold one takes.

print(result.evaluation)

# sphinx_gallery_alt = "Event F1 over the onset threshold: high between the extremes, and falling"
# sphinx_gallery_alt = "towards 0 and 1."
from tympan.tasks.segment.metrics import event_counts, f1_of

limits = np.linspace(0.05, 0.95, 19)
fresh = [scene(2000 + seed) for seed in range(5)]
figure, ax = plt.subplots()
values = []
for limit in limits:
    counts = np.zeros((2, 3))
    for one, truth in fresh:
        answer = tympan.segment(one, model=home / "model", onset=limit)
        events = [(s.start_s, s.end_s, s.label) for s in answer.segments]
        counts += event_counts(truth, events, model.labels)
    values.append(100 * f1_of(counts.sum(0)))
ax.plot(limits, values, "o-")
ax.set(xlabel="Onset threshold", ylabel="Event F1 (%)", ylim=(0, 102))

# %%
# Into another program
# --------------------
# The answer is saved as what Audacity, Raven, Praat or a subtitle player opens, and what was
# corrected there can be trained on.

print(found.save(home / "marks.txt").read_text())

# %%
# When is somebody speaking?
# --------------------------
# One model ships: ``speech``. Silence, noise and beeps are nothing to it. But it knows speech from
# what it was trained on, not from everything: sweeps as short as a syllable may pass for speech.

print(tympan.segment(clip))

# %%
# Try
# ---
# - Lower the level of the sounds to 0.03. Which score falls first?
# - Train from single sounds and backgrounds, which the task mixes itself: see
#   :doc:`/verbs/segment`.
#
# Next: :doc:`plot_9c_voices`. Before: :doc:`plot_9_unknown`. Command: :doc:`/verbs/segment`.
