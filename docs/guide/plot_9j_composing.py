"""
21. Music
=========

The last chapter wrote down what it heard. This one begins with nothing: a model that has seen 229
chorales of Bach writes one of its own, a synthesizer plays it, and what the earlier chapters taught
listens to it.
"""

# %%
# A piece as a table
# ------------------
# A chorale has four voices, and on the grid of this model a step every eighth note. What sounds is
# a table of four columns; what there is to learn is which numbers stand well beside one another.

import matplotlib.pyplot as plt
import numpy as np
import torch

import tympan
from tympan.notation import pitch_name
from tympan.notation.timbres import TIMBRES, tone
from tympan.spectra import Chroma
from tympan.tasks import load
from tympan.tasks.compose.grid import score_places, steps_of
from tympan.tasks.compose.rules import rule_counts

tune = tympan.compose(bars=4, key="C major", seed=4)
composer = load("chorale", "compose", "cpu")
steps = steps_of(tune.piece, composer.config)
pitches = steps[:, score_places(composer.config)] - 1 + composer.config.low
for name, line in zip(("soprano", "alto", "tenor", "bass"), pitches[:16].T, strict=True):
    print(f"{name:8}", " ".join(f"{pitch_name(int(one)):3}" for one in line))

# %%
# The same as a picture, a *piano roll*:

# sphinx_gallery_alt = "Four lines of bars, one for each voice: the bass makes the widest leaps,"
# sphinx_gallery_alt = "the soprano moves in steps."
figure, ax = plt.subplots(figsize=(9, 3))
for voice, part in enumerate(tune.piece.parts):
    for note in part.notes:
        beat = note.start / tune.piece.ticks_per_beat
        ax.barh(note.pitch, note.length / tune.piece.ticks_per_beat, left=beat, color=f"C{voice}")
ax.set(xlabel="Beat", ylabel="Pitch")

# %%
# What may stand here?
# --------------------
# The net reads a chorale from the left to the right and says at each place what may come: first the
# soprano of a step, then the bass to it, then alto and tenor. We stop before a bass note, and ask.

# sphinx_gallery_alt = "Probabilities of the pitches of the next bass note: a few pitches share"
# sphinx_gallery_alt = "nearly all of it."
at, bass = 8, 1
with torch.inference_mode():
    logits = composer.net(torch.from_numpy(steps)[None])[0, at, bass]
likely = logits.softmax(-1).numpy()[1:]
numbers = np.arange(composer.config.low, composer.config.high + 1)
figure, ax = plt.subplots(figsize=(9, 2.5))
ax.bar(numbers[:40], likely[:40])
ax.set(xlabel="Pitch of the bass", ylabel="Probability")
print("it was", pitch_name(int(pitches[at, 3])))

# %%
# From nothing
# ------------
# To compose, one of them is drawn by these probabilities, then the next place, and so on: as a
# language model writes words, but four at a time. The seed of the random numbers is the piece: the
# same seed gives the same music. With ``temperature`` below 1 likely notes become likelier still.
# The net is told how many steps remain, so the last chord comes when it should.
#
# Does it know the rules? Two voices that move in parallel fifths are what every pupil is marked
# for.

counts = rule_counts(pitches, key=0)
print(counts)

# %%
# Strings from noise
# ------------------
# Notes are no sound yet. A plucked string can be had almost for free: a burst of noise of one
# period's length goes round and round, and each time neighbouring samples are averaged. The highs
# die first, as they do on a guitar.

# sphinx_gallery_alt = "The beginning of a plucked string: ragged periods that become smoother and"
# sphinx_gallery_alt = "smaller."
rate_hz = 22_050
pluck = tone(TIMBRES["guitar"], 45, 1.0, 100, rate_hz)
figure, ax = plt.subplots(figsize=(9, 2.5))
ax.plot(np.arange(2500) / rate_hz, pluck[:2500])
ax.set(xlabel="Time (s)", ylabel="Amplitude")

# %%
# The chorale, on the organ:

clip = tune.clip()
clip

# %%
# The circle
# ----------
# Now an ear: the sound alone goes to the tools of :doc:`plot_9_tags` and
# :doc:`plot_6_spectrograms`. What does the tagger hear, who was never told of this synthesizer?

print(tympan.tag(clip, model="music-tags"))

# %%
# And which notes are in it? Chroma fold the spectrum to twelve pitch classes. Beside them stands
# how long each class was really written, and below their correlation.

# sphinx_gallery_alt = "Two bars for each of the twelve pitch classes, what was written and what"
# sphinx_gallery_alt = "was heard: they rise and fall together."
written = np.zeros(12)
for note in tune.notes:
    written[note.pitch % 12] += note.end_s - note.start_s
chroma = Chroma(clip.rate_hz)(torch.from_numpy(clip.samples.copy()))[0].mean(-1).numpy()
heard = chroma / chroma.sum()
written = written / written.sum()
figure, ax = plt.subplots(figsize=(9, 2.5))
places = np.arange(12)
ax.bar(places - 0.2, written, 0.4, label="written")
ax.bar(places + 0.2, heard, 0.4, label="heard")
ax.set(xlabel="Pitch class from C", ylabel="Share")
ax.legend()
print(f"correlation {np.corrcoef(written, heard)[0, 1]:.2f}")

# %%
# The tool of the last chapter says more: each note, with its beginning. What it heard fills the
# outlines of what was composed. A note is right if its pitch is and it begins within 50 ms; F1 is
# the score of the circle.

# sphinx_gallery_alt = "The piano roll as it was heard, in the outlines of the notes as composed:"
# sphinx_gallery_alt = "most outlines are filled, a few are empty, a few bars have none."
from tympan.tasks.notes.metrics import f1_of, note_counts
from tympan.tasks.results.figures import draw_notes

again = tympan.notes(clip)
figure, ax = plt.subplots(figsize=(9, 3.5))
draw_notes(ax, again.notes)
for note in tune.notes:
    ax.barh(note.pitch, note.end_s - note.start_s, left=note.start_s, fill=False, lw=1)
ax.set(xlabel="Time (s)")
counts = note_counts(tune.notes, again.notes)
right, composed, found = (int(one) for one in counts)
print(f"{composed} notes composed, {found} heard, {right} right: F1 {float(f1_of(counts)):.2f}")
print(f"composed in {tune.key}, heard in {again.key}")

# %%
# And apart again
# ---------------
# Soprano and alto on strings, tenor and bass on the piano, mixed: can the halves be had back? The
# score is the SDR, 10 log10 of the energy of a stem to that of what differs from it. The mix itself
# is the line to be above: who does nothing has that.

from dataclasses import replace

from tympan import Clip
from tympan.notation import synthesize, write_midi


def half(voices: slice, program: int) -> np.ndarray:
    """Some of the voices, on an instrument of General MIDI."""
    parts = tuple(replace(part, program=program) for part in tune.piece.parts[voices])
    return synthesize(replace(tune.piece, parts=parts)).samples / 2


stems = {"strings": half(slice(0, 2), 48), "piano": half(slice(2, 4), 0)}
size = min(one.shape[1] for one in stems.values())
stems = {name: one[:, :size] for name, one in stems.items()}
mix = Clip(stems["strings"] + stems["piano"], clip.rate_hz, name="mix")
apart = tympan.separate(mix, model="instruments")
for name, stem in stems.items():
    before, after = (
        10 * np.log10((stem**2).sum() / ((stem - one) ** 2).sum())
        for one in (mix.samples, apart[name].samples)
    )
    print(f"{name:8} mix {before:5.1f} dB, taken apart {after:5.1f} dB")

# %%
# The louder half would have been better left as it was: strings of additive tones are not those
# that the separator learned from. What was made to sound like something is not yet that to a net.
# :doc:`/benchmarks/circle` has the scores of more pieces and instruments.

# %%
# A composer of one's own
# -----------------------
# ``tympan train`` takes a folder of MIDI or ABC files. Here the folder is made: the sopranos of
# twenty chorales, composed above, a file each, so that what is learned is known beforehand. The net
# is a small one, of a quarter of a minute; of your own scores leave out the settings.

import tempfile
from pathlib import Path

home = Path(tempfile.mkdtemp())
scores = home / "sopranos"
scores.mkdir()
for seed in range(20):
    melody = tympan.compose(bars=6, seed=seed).piece
    write_midi(replace(melody, parts=melody.parts[:1]), scores / f"{seed:02}.mid")

result = tympan.train(
    scores,
    out=home / "melodies",
    epochs=20,
    progress=False,
    say=print,
    settings={"size": 48, "layers": 1, "lr": 0.01},
)
print(result.evaluation)

# %%
# Nats per step of pieces that were held out: had it learned nothing, each step would cost the
# logarithm of the number of pitches that it knows. It composes, as any other model does; with so
# few and so similar pieces much of what it plays may stand in them, and ``copied_steps`` says how
# much.

known = load(str(result.folder), "compose", "cpu").config
print(f"by chance {np.log(known.high - known.low + 1):.2f} nats")
mine = tympan.compose(model=result.folder, bars=4, seed=1)
print(mine)
print(" ".join(pitch_name(note.pitch) for note in mine.notes))
print(f"in common with a piece of the folder: {mine.copied_steps} steps")

# %%
# Try
# ---
# - ``tympan compose --harmonize`` a tune that you know.
# - Draw with ``temperature=0.5`` and ``temperature=1.5``. What becomes better, what worse?
# - ``tympan train`` a folder of MIDI files of yours, and continue one of them.
#
# Next: :doc:`plot_9k_server`. Before: :doc:`plot_9i_notes`. Command: :doc:`/verbs/compose`. To
# hear: :doc:`/music`.
