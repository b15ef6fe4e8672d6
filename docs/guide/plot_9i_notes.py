"""
20. Which notes were played
===========================

A score becomes sound, and sound becomes a score again: how far does it come back?
"""

# %%
# A tune
# ------
#
# Four bars in C major, as they are written: in ticks, 480 to a beat. Nothing is rounded when it is
# saved as MIDI and read again.

import matplotlib.pyplot as plt
import numpy as np

from tympan.notation import Piece, PiecePart, TickNote, midi_bytes, read_midi
from tympan.tasks.results.figures import draw_notes

melody = (60, 64, 67, 64, 65, 69, 72, 69, 67, 71, 74, 71, 72, 67, 64, 60)
chords = ((48, 52, 55), (53, 57, 60), (55, 59, 62), (48, 52, 55))
notes = [TickNote(480 * i, 440, pitch, 96) for i, pitch in enumerate(melody)]
notes += [
    TickNote(4 * 480 * i, 4 * 460, pitch, 64) for i, chord in enumerate(chords) for pitch in chord
]
piece = Piece((PiecePart(tuple(sorted(notes))),), tempi=((0, 550_000),), keys=((0, "C major"),))
print("the same:", read_midi(midi_bytes(piece)) == piece)

# %%
# Drawn as a *piano roll*, pitch goes upwards and time to the right: the melody above, one chord
# for four of its notes below.

# sphinx_gallery_alt = "A piano roll: sixteen short bars go up and down above four chords of three"
# sphinx_gallery_alt = "long, paler bars each."
figure, ax = plt.subplots(figsize=(9, 3.5))
draw_notes(ax, piece.notes())
ax.set(xlabel="Time (s)")

# %%
# As sound
# --------
#
# Plucked tones: each harmonic dies away, the higher ones sooner.

from tympan import Clip
from tympan.spectra.figures import plot_spectrogram


def sound_of(piece: Piece, rate_hz: int = 22_050, tuning_hz: float = 440.0) -> Clip:
    """Each note as six harmonics that die away."""
    wave = np.zeros(round((piece.duration_s + 1) * rate_hz))
    for note in piece.notes():
        t = np.arange(round((note.end_s - note.start_s + 0.1) * rate_hz)) / rate_hz
        hz = tuning_hz * 2 ** ((note.pitch - 69) / 12)
        tone = sum(np.exp(-(1 + h) * t) * np.sin(2 * np.pi * hz * h * t) / h for h in range(1, 7))
        fade = np.minimum(1, np.minimum(t / 0.004, (t[-1] - t) / 0.05))
        first = round(note.start_s * rate_hz)
        wave[first : first + len(t)] += note.velocity / 127 * 0.15 * tone * fade
    return Clip(wave[None].astype(np.float32), rate_hz, name="tune")


clip = sound_of(piece)
clip

# %%
# What makes it hard can be seen on an axis of octaves: one note is many lines, and the second
# harmonic of a C is where the C above it would be. Low notes lie closer than a spectrogram tells
# apart.

# sphinx_gallery_alt = "Spectrogram of the tune over octaves: each note of the melody is a stack of"
# sphinx_gallery_alt = "lines, closer together higher up; the low chords run into broad blurs."
figure, ax = plt.subplots(figsize=(9, 4))
plot_spectrogram(clip, ax, kind="log")

# %%
# And back
# --------
#
# The net hears each pitch at its harmonics and gives four scores for each, 50 times a second: does
# a note begin, does it sound, does it end, how hard was it struck? Peaks of the first are where
# notes begin.

# sphinx_gallery_alt = "Two maps over time and pitch. Onset: small spots where notes begin. Frame:"
# sphinx_gallery_alt = "the bars of the piano roll, where the chords fade, and faint bars an octave"
# sphinx_gallery_alt = "above some notes."
import tympan
from tympan.tasks import load

model = load("notes", "notes", "cpu")
wave = clip.resample(model.rate_hz).mono().samples
onset, frame, _, _ = model.scores([wave])
figure, axes = plt.subplots(2, 1, figsize=(9, 5), sharex=True, layout="constrained")
low = model.config.lowest
for ax, (name, values) in zip(axes, {"onset": onset, "frame": frame}.items(), strict=True):
    ax.imshow(values, origin="lower", aspect="auto", vmin=0, vmax=1,
              extent=(0, clip.duration_s, low - 0.5, low + len(values) - 0.5))  # fmt: skip
    ax.set(title=name, ylabel="Pitch", ylim=(40, 90))
axes[-1].set(xlabel="Time (s)")

# %%
# A note is read off for each peak, and lasts as long as its pitch sounds:

answer = tympan.notes(clip)
print(answer)

# %%
# Tempo, beats, key and chords come with the notes. Saved as MIDI or MusicXML, bars are where they
# are heard.

answer.tempo_bpm, answer.key, [chord.label for chord in answer.chords]

# %%
# What was heard fills the outlines of what was written. Every note begins where it should, but the
# chords end too soon: their tones die away, and nobody can hear where the finger was lifted. Thin
# lines are beats, thick ones the first of a bar. ``tympan notes --picture`` draws the same below
# the spectrogram.

# sphinx_gallery_alt = "The piano roll as it was heard, in the outlines of the notes as written:"
# sphinx_gallery_alt = "the melody fills them, the chords from a quarter to nearly all of theirs; a"
# sphinx_gallery_alt = "thick line stands where each chord begins."
figure, ax = plt.subplots(figsize=(9, 3.5))
draw_notes(ax, answer.notes)
for note in piece.notes():
    ax.barh(note.pitch, note.end_s - note.start_s, left=note.start_s, fill=False, lw=1)
for i, beat_s in enumerate(answer.beats_s):
    bar = (i - answer.downbeat) % answer.beats_per_bar == 0
    ax.axvline(beat_s, color="0.4", lw=1.5 if bar else 0.4, zorder=0)
ax.set(xlabel="Time (s)")

# %%
# Scored
# ------
#
# A note is right if its pitch is and it begins within 50 ms of the true one, as
# `mir_eval.transcription` counts. Where it ends does not count here.

from tympan.tasks.notes.metrics import f1_of, note_counts

right, true, found = note_counts(piece.notes(), answer.notes)
print(
    f"{right} right of {true} notes, {found} found: F1 {f1_of(np.array([right, true, found])):.2f}"
)

# %%
# Sure of what?
# -------------
#
# A tune without noise is easy. In white noise of four times its level some notes are lost, and
# others appear that nobody played. Which of the two is worse depends on what the notes are for, so
# the score from which a note counts can be chosen.

# sphinx_gallery_alt = "Over the onset score that is asked for: the share of played notes that are"
# sphinx_gallery_alt = "found falls, the share of found notes that were played rises."
noise = np.random.default_rng(0).standard_normal(clip.samples.shape)
noise *= 4 * clip.samples.std()
noisy = Clip((clip.samples + noise).astype(np.float32), clip.rate_hz, name="noisy")
onsets = np.arange(0.1, 0.56, 0.05)
counts = np.array(
    [note_counts(piece.notes(), tympan.notes(noisy, onset=float(one)).notes) for one in onsets]
)
figure, ax = plt.subplots()
ax.plot(onsets, counts[:, 0] / counts[:, 1], "o-", label="recall: of the played, found")
ax.plot(onsets, counts[:, 0] / counts[:, 2], "s-", label="precision: of the found, played")
ax.set(xlabel="Onset score asked for", ylabel="Share", ylim=(0, 1.05))
ax.legend()

# %%
# ``clean_notes`` is such a choice: fewer wrong ones, only notes that are sure.

clean = tympan.notes(clip, clean_notes=True)
right, true, found = note_counts(piece.notes(), clean.notes)
print(f"{right} right of {true} notes, {found} found")

# %%
# Another tuning
# --------------
#
# Baroque instruments are tuned lower. The tuning is found in the first ten seconds and allowed for.

lower = tympan.notes(sound_of(piece, tuning_hz=432.0))
print(f"A = {lower.tuning_hz:.0f} Hz, F1 {f1_of(note_counts(piece.notes(), lower.notes)):.2f}")

# %%
# Try
# ---
# - Strike each note of the chords an octave higher. Which notes of the melody are lost?
# - Whistle a tune into a microphone, and save it: ``tympan notes tune.wav -o tune.mid``.
# - Play it all twice as fast, with ``tempi=((0, 275_000),)``. Is the tempo still found?
#
# Next: :doc:`plot_9j_composing`. Before: :doc:`plot_9h_key_words`. Command: :doc:`/verbs/notes`.
