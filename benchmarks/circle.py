"""The circle: what was composed is played, and what was played is heard.

`chorale` composes pieces of eight bars, seeds from 0 on; tympan's own synthesizer plays the first
`SECONDS` seconds of each on several instruments, all four voices on the same. Then the sound alone
is given to three models, none of which was trained on this synthesizer or on these pieces.
Each was run once: there is no spread.

*Tags* (`music-tags`): in how many pieces the tag of the instrument applies, or has the highest
score of all instruments; how often `Bach chorale` applies, or has the highest score of the six
styles; and how often the mode (major or minor) that was asked for has the higher score of the two.

*Notes* (`notes`): F1 of what was heard against what was composed; a note is right if its pitch is
and it begins within 50 ms, with its end if that is within 50 ms or a fifth of its length; *frames*
ask which pitches sound, every 10 ms. *Key*: as composed.

*Apart* (`instruments`): soprano and alto on strings, tenor and bass on the piano, mixed as loud as
they are. SDR is 10 log10 of a stem's energy to that of the difference, in dB; beside it that of the
mix itself, which is what one has before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.common import arguments, main

BARS, COUNT, SECONDS = 8, 4, 12.0
# Tag → the program of General MIDI that plays.
PLAYERS = {"piano": 0, "organ": 19, "strings": 48, "guitar": 24, "flutes": 73}
STYLES = ("Bach chorale", "folk hornpipe", "folk jig", "folk reel", "folk waltz", "pop song")
FAMILIES = (
    "bass", "brass", "choir", "drums", "flutes", "guitar", "mallets", "organ", "piano", "reeds",
    "strings",
)  # fmt: skip
UPPER, LOWER = ("strings", 48), ("piano", 0)


def composed(count: int) -> list[Any]:
    """Pieces of `chorale`, every second one in a minor key."""
    import tympan

    keys = ("C major", "A minor", "G major", "D minor")
    return [tympan.compose(seed=i, bars=BARS, key=keys[i % 4]) for i in range(count)]


def begun(piece: Any) -> Any:
    """Its first seconds: notes that begin later are left out, long ones end there."""
    last = round(SECONDS * piece.tempo_bpm / 60 * piece.ticks_per_beat)
    parts = []
    for part in piece.parts:
        notes = [n for n in part.notes if n.start < last]
        notes = [replace(n, length=min(n.length, last - n.start)) for n in notes]
        parts.append(replace(part, notes=tuple(notes)))
    return replace(piece, parts=tuple(parts))


def played(piece: Any, programs: Sequence[int]) -> Any:
    """The piece with an instrument for each part."""
    parts = [replace(one, program=p) for one, p in zip(piece.parts, programs, strict=True)]
    return replace(piece, parts=tuple(parts))


def percent(values: Sequence[float]) -> str:
    """The mean of shares, in percent.

    >>> percent([1, 0, 0.5])
    '50'
    """
    return f"{100 * float(np.mean(values)):.0f}"


def highest(scores: dict[str, float], among: Sequence[str]) -> str:
    """The one of some labels that has the highest score.

    >>> highest({"organ": 0.2, "piano": 0.4, "slow": 0.9}, ("organ", "piano"))
    'piano'
    """
    return max(among, key=lambda one: scores[one])


def heard(tunes: Sequence[Any], player: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A row of tags and a row of notes of all pieces on one instrument."""
    import tympan
    from tympan.notation import synthesize
    from tympan.tasks.notes.metrics import f1_of, frame_counts, note_counts

    tags: dict[str, list[float]] = {}
    notes: dict[str, list[Any]] = {}

    def tell(kept: dict[str, list[Any]], **values: Any) -> None:
        for name, value in values.items():
            kept.setdefault(name, []).append(value)

    for tune in tunes:
        piece = played(begun(tune.piece), [PLAYERS[player]] * len(tune.piece.parts))
        clip, truth = synthesize(piece), piece.notes()
        answer = tympan.tag(clip, model="music-tags")
        scores = {one.label: one.score for one in answer.tags}
        mode = tune.key.split()[1]
        tell(
            tags, applies=player in answer.chosen, first=highest(scores, FAMILIES) == player,
            bach=STYLES[0] in answer.chosen, style=highest(scores, STYLES) == STYLES[0],
            mode=highest(scores, ("major", "minor")) == mode,
        )  # fmt: skip
        found = tympan.notes(clip)
        tell(
            notes, onset=note_counts(truth, found.notes),
            offset=note_counts(truth, found.notes, offsets=True),
            frame=frame_counts(truth, found.notes), key=found.key == tune.key,
        )  # fmt: skip
    row = {"played on": player, **{TAGS[k]: percent(v) for k, v in tags.items()}}
    f1 = {k: float(f1_of(np.sum(v, axis=0))) for k, v in notes.items() if k != "key"}
    cells = {NOTES[k]: percent([v]) for k, v in f1.items()} | {NOTES["key"]: percent(notes["key"])}
    return row, {"played on": player, **cells}


TAGS = {
    "applies": "its tag applies %", "first": "highest of the instruments %",
    "bach": "Bach chorale applies %", "style": "highest of the styles %", "mode": "mode right %",
}  # fmt: skip
NOTES = {
    "onset": "onset F1 %", "offset": "onset + offset F1 %", "frame": "frames F1 %",
    "key": "key as composed %",
}  # fmt: skip


def sdr_db(stem: np.ndarray, found: np.ndarray) -> float:
    """10 log10 of a stem's energy to that of the difference, in dB.

    >>> round(sdr_db(np.ones(4), np.full(4, 0.9)), 1)
    20.0
    """
    size = min(stem.shape[-1], found.shape[-1])
    stem, found = stem[..., :size], found[..., :size]
    return float(10 * np.log10((stem**2).sum() / max(1e-12, ((stem - found) ** 2).sum())))


def apart(tunes: Sequence[Any]) -> list[dict[str, object]]:
    """How near each half of the voices comes to its stem."""
    import tympan
    from tympan.audio import Clip
    from tympan.notation import synthesize

    before: dict[str, list[float]] = {}
    after: dict[str, list[float]] = {}
    for tune in tunes:
        piece = begun(tune.piece)
        halves = {}
        for (name, program), parts in ((UPPER, piece.parts[:2]), (LOWER, piece.parts[2:])):
            own = replace(piece, parts=tuple(replace(one, program=program) for one in parts))
            halves[name] = synthesize(own)
        size = min(one.samples.shape[1] for one in halves.values())
        stems = {name: one.samples[:, :size] / 2 for name, one in halves.items()}
        mix = Clip(sum(stems.values()), halves[UPPER[0]].rate_hz)
        found = tympan.separate(mix, model="instruments")
        for name, stem in stems.items():
            before.setdefault(name, []).append(sdr_db(stem, mix.samples))
            after.setdefault(name, []).append(sdr_db(stem, found[name].samples))
    return [
        {
            "stem": name,
            "SDR of the mix, dB": f"{np.mean(before[name]):.1f}",
            "SDR, dB": f"{np.mean(own):.1f}",
        }
        for name, own in after.items()
    ]


def measure() -> None:
    """Compose, play, hear, and write the page."""
    quick = arguments("circle").quick
    tunes = composed(1 if quick else COUNT)
    rows = [heard(tunes, player) for player in list(PLAYERS)[: 1 if quick else None]]
    separated = apart(tunes[:1] if quick else tunes)
    figures = {f"{notes['played on']}_onset_f1": float(notes[NOTES["onset"]]) for _, notes in rows}
    main(
        "circle", [tags for tags, _ in rows], figures, title="The circle", about=__doc__ or "",
        more={
            "Notes": [notes for _, notes in rows],
            f"Taken apart: {len(tunes)} mixes": separated,
        },
        why=WHY,
    )  # fmt: skip


WHY = """
Pieces are few and short, so single cells say little. The tagger was trained on samples of real
instruments; tympan's strings and flutes are harmonics with a contour and some noise, and an
instrument that it never names is one of these. A mode that is right in half of the pieces is what
one would have by always saying the same. A stem whose SDR is below that of the mix was made worse
by taking it apart: `instruments` takes these strings for something else, see its page.
"""

if __name__ == "__main__":
    measure()
