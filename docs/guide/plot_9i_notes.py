"""
20. Which notes were played
===========================

A score becomes sound, and sound becomes a score again: how far does it come back?
"""

# %%
# A tune
# ------
#
# Eight bars in C major, as they are written: in ticks, 480 to a beat. Nothing is rounded when it is
# saved as MIDI and read again.

from tympan.notation import Piece, PiecePart, TickNote, midi_bytes, read_midi

melody = (60, 64, 67, 64, 65, 69, 72, 69, 67, 71, 74, 71, 72, 67, 64, 60)
chords = ((48, 52, 55), (53, 57, 60), (55, 59, 62), (48, 52, 55))
notes = [TickNote(480 * i, 440, pitch, 96) for i, pitch in enumerate(melody)]
notes += [
    TickNote(4 * 480 * i, 4 * 460, pitch, 64) for i, chord in enumerate(chords) for pitch in chord
]
piece = Piece((PiecePart(tuple(sorted(notes))),), tempi=((0, 550_000),), keys=((0, "C major"),))
print("the same:", read_midi(midi_bytes(piece)) == piece)

# %%
# As sound
# --------
#
# Plucked tones: each harmonic dies away, the higher ones sooner.

import numpy as np

from tympan import Clip


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
# And back
# --------
#
# The net hears each pitch at its harmonics and gives four scores for each, 50 times a second: does
# a note begin, does it sound, does it end, how hard was it struck? Peaks of the first are where
# notes begin.

import tympan

answer = tympan.notes(clip)
print(answer)

# %%
# Tempo, beats, key and chords come with the notes. Saved as MIDI or MusicXML, bars are where they
# are heard.

answer.tempo_bpm, answer.key, [chord.label for chord in answer.chords]

# %%
# Over the spectrogram: white boxes are what was heard, below them the same as a piano roll with its
# beats and bars.

from tympan.tasks.notes.picture import notes_figure

notes_figure(clip, answer)

# %%
# Scored
# ------
#
# A note is right if its pitch is and it begins within 50 ms of the true one, as
# `mir_eval.transcription` counts.

from tympan.tasks.notes.metrics import f1_of, note_counts

right, true, found = note_counts(piece.notes(), answer.notes)
print(
    f"{right} right of {true} notes, {found} found: F1 {f1_of(np.array([right, true, found])):.2f}"
)

# %%
# Fewer wrong ones: only notes that are sure.

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
# Next: :doc:`plot_9j_composing`. Before: :doc:`plot_9h_key_words`. Command: :doc:`/verbs/notes`.
