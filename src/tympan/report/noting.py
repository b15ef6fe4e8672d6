"""How the page of `hear` shows what `notes` answers."""

from __future__ import annotations

from tympan.notation import pitch_name
from tympan.report.classification import Headline, headline_part, nothing_parts
from tympan.report.page import words
from tympan.report.parts import AnswerParts, Shown, register
from tympan.report.tracks import Row, Span, track
from tympan.tasks.results import Notes

_MOST_ROWS = 6


@register(Notes)
def parts(shown: Shown[Notes]) -> AnswerParts:
    """Tempo and key in large type; chords and the notes of each octave as lanes."""
    answer = shown.answer
    if shown.nothing:
        return nothing_parts(shown)
    chords = [Span(c.start_s, c.end_s, "chords", c.score, text=c.label) for c in answer.chords]
    notes = [
        Span(
            n.start_s, n.end_s, octave_of(n.pitch), text=pitch_name(n.pitch), shade=n.velocity / 127
        )
        for n in answer.notes
    ]
    lanes = [track("Chords", chords, shown.duration_s)] if chords else []
    lanes += [track("Notes, by octave", notes, shown.duration_s)] if notes else []
    return AnswerParts([headline_part(shown, headline_of(answer))], lanes)


def octave_of(pitch: int) -> str:
    """The lane of a note.

    >>> octave_of(60)
    'C4 to B4'
    """
    first = pitch // 12 * 12
    return f"{pitch_name(first)} to {pitch_name(first + 11)}"


def headline_of(answer: Notes) -> Headline:
    """How many notes, how fast, in which key, and the pitches that sound longest.

    >>> from tympan.notation import Note
    >>> headline_of(Notes("a.wav", (Note(0.0, 0.5, 60, 80),), 120.0, "C major")).best
    '1 note, 120 BPM, C major'
    """
    count = len(answer.notes)
    if not count:
        return Headline("no notes", True, "No note was heard, as far as the model says.")
    facts = [f"{count} note{'s' * (count != 1)}"]
    facts += [f"{answer.tempo_bpm:.0f} BPM"] if answer.tempo_bpm else []
    facts += [answer.key] if answer.key else []
    lasting: dict[str, float] = {}
    for n in answer.notes:
        name = pitch_name(n.pitch)
        lasting[name] = lasting.get(name, 0.0) + n.end_s - n.start_s
    longest = max(lasting.values())
    rows = [
        Row(words(name), round(100 * length_s / longest, 1), f"{length_s:.1f} s")
        for name, length_s in sorted(lasting.items(), key=lambda one: -one[1])[:_MOST_ROWS]
    ]
    pitches = [n.pitch for n in answer.notes]
    lead = f"From {pitch_name(min(pitches))} to {pitch_name(max(pitches))}"
    tuning_hz = answer.tuning_hz
    if tuning_hz is not None and abs(tuning_hz - 440) >= 1:
        lead += f", tuned to A = {tuning_hz:.0f} Hz"
    lead += "; the bars give how long the longest pitches sound in all."
    return Headline(", ".join(facts), True, lead, rows)
