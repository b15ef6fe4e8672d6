"""Notes: the model `notes` on renderings and recordings it was not trained on, and basic-pitch.

**Renderings**: ten seconds each of pieces (test chorales, Nottingham tunes, every tenth song of
POP909) and with a soundfont (TimGM6mb) that the training did not have; each family of instruments
alone, and ensembles, some with drums (`recipes/notes_data.py`, seed 0). **Recordings**: the singer
of vocadito (33 s, both annotators); five single notes of each instrument of philharmonia (is the
pitch the only one found, or the longest? which are an octave off?); the piano of a jazz trio (JTD,
5 s, whose notes are themselves a transcription by a machine); close microphones of an orchestra
(PHENICX, 1 s each: the pitches of the first chord, without times, as those of the excerpt are not
stated). The stems of BabySlakh are silent in the excerpt that is here, so nothing can be scored.

A note counts as right if its pitch is and it begins within 50 ms; with its end, if that is within
50 ms or a fifth of its length (`mir_eval.transcription`; `tests/tasks/notes/test_metrics.py` holds
our counts to it). Ranges are 95 % intervals over resampled recordings. The model was trained once,
with seed 0, so there is no spread over trainings.

basic-pitch 0.4 (17,000 parameters, trained on real and rendered music) gets the same files with its
own settings. Its environment: `python -m venv V`, `V/bin/pip install --no-deps basic-pitch`,
`V/bin/pip install onnxruntime librosa mir_eval pretty_midi resampy scikit-learn "setuptools<81"`,
then `BASIC_PITCH_PYTHON=V/bin/python` (or V is `.runs/peers/basic-pitch`). Its notes are kept, as
they do not change. Renderings that are not there are made first, with the program `fluidsynth`;
`TIMGM` names the soundfont.

**Tempo, beats, chords** (of `NOTES_SONGS` songs; 0 leaves them out) are
scored on 30 s of unseen songs of POP909, all parts, rendered with the
unseen soundfont, beside `librosa.beat.beat_track`; librosa tells no chords, so its chroma with
major and minor templates stands for it. A tempo is right within 4 % (octaves: half, double and
triple count too); beats are scored by `mir_eval.beat.f_measure`, chords by `mir_eval.chord` (major
and minor). **Keys** are scored against the key of the written notes (Krumhansl), as the set states
none: that measures hearing, not harmony.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import DATA, arguments, main

RUNS = Path(__file__).resolve().parents[1] / ".runs"
KEPT = RUNS / "notes"
FONT = Path(os.environ.get("TIMGM", "/usr/share/sounds/sf2/TimGM6mb.sf2"))
PEER = Path(__file__).with_name("_notes_peer.py")
SINGLE_NOTES = 5
SONGS, SONG_S = int(os.environ.get("NOTES_SONGS", "6")), 30.0
Found = dict[str, list[Any]]


def heard(files: Sequence[Path]) -> tuple[Found, float]:
    """Our notes of each file, and seconds of processor time."""
    import tympan

    found: Found = {}
    tympan.notes(files[0])
    start = time.process_time()
    for file in files:
        found[str(file)] = list(tympan.notes(file).notes)
    return found, time.process_time() - start


def heard_by_peer(files: Sequence[Path]) -> tuple[Found, float] | None:
    """Those of basic-pitch; kept, as they do not change. None: it is not there."""
    from tympan.audio import load
    from tympan.notation import Note

    kept = KEPT / "basic-pitch.json"
    names = [str(one) for one in files]
    answer = json.loads(kept.read_text()) if kept.exists() else {"notes": {}}
    if set(names) - set(answer["notes"]):
        usual = RUNS / "peers" / "basic-pitch" / "bin" / "python"
        python = os.environ.get("BASIC_PITCH_PYTHON", str(usual))
        if not Path(python).exists():
            return None
        with tempfile.TemporaryDirectory() as folder:
            waves = [str(Path(folder) / f"{i}.wav") for i in range(len(files))]
            for file, wave in zip(files, waves, strict=True):
                load(file, mono=True).save(wave)
            (Path(folder) / "files.json").write_text(json.dumps(waves))
            command = [python, str(PEER), f"{folder}/files.json", f"{folder}/out.json"]
            subprocess.run(command, check=True, capture_output=True)
            out = json.loads((Path(folder) / "out.json").read_text())
        notes = {n: out["notes"][w] for n, w in zip(names, waves, strict=True)}
        answer = {"notes": notes, "cpu_s": out["cpu_s"]}
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(answer))
    return {n: [Note(s, e, p, 80) for s, e, p in answer["notes"][n]] for n in names}, answer[
        "cpu_s"
    ]


# -- what is scored --------------------------------------------------------------------------------


def renderings(quick: bool) -> list[tuple[str, Path, list[Any]]]:
    """Kind, file and true notes of each test rendering."""
    from recipes.notes import tested
    from recipes.notes_data import render_all
    from recipes.render import renderer

    from tympan.data import read_folder
    from tympan.tasks.notes.config import NotesConfig
    from tympan.tasks.notes.fitting import true_notes

    if not (KEPT / "data").exists():
        if quick or renderer() is None or not FONT.exists():
            return []
        render_all(KEPT / "data", DATA / "symbolic", (FONT, FONT), FONT, 0.0, 1)  # the test alone
    table = tested(read_folder(KEPT / "data"))
    rows = [(one.columns["kind"], one.path, true_notes(one, NotesConfig())) for one in table]
    return rows[:3] if quick else rows


def vocadito() -> tuple[Path, list[list[Any]]]:
    """The singer, and the notes of both annotators."""
    from tympan.notation import Note

    folder, versions = DATA / "real_music" / "vocadito", []
    for who in ("A1", "A2"):
        with open(folder / f"vocadito_1_notes{who}.csv", encoding="utf-8") as file:
            rows = [[float(cell) for cell in row] for row in csv.reader(file)]
        versions.append(
            [Note(s, s + d, round(69 + 12 * np.log2(hz / 440)), 80) for s, hz, d in rows]
        )
    return folder / "vocadito_1.opus", versions


def single_notes() -> list[tuple[Path, int, str]]:
    """File, pitch and instrument of notes of philharmonia, evenly over its list."""
    from tympan.notation import pitch_of

    folder = DATA / "philharmonia"
    by_label: dict[str, list[dict[str, str]]] = {}
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_label.setdefault(row["label"], []).append(row)
    found = []
    for label, rows in sorted(by_label.items()):
        for i in np.linspace(0, len(rows) - 1, min(SINGLE_NOTES, len(rows))).astype(int):
            name = rows[i]["note"].replace("s", "#")
            if re.fullmatch(r"[A-G]#?\d", name):
                found.append((folder / rows[i]["file_name"], pitch_of(name), label))
    return found


def first_chords() -> list[tuple[Path, set[int]]]:
    """The microphones of PHENICX that are not silent, and the pitches of their first chord."""
    from tympan.audio import load
    from tympan.notation import pitch_of

    found = []
    for path in sorted((DATA / "real_music" / "phenicx").glob("*.opus")):
        text = path.with_name(path.stem.rstrip("0123456789") + ".txt").read_text()
        rows = [line.split(",") for line in text.split()]
        first = min(float(row[0]) for row in rows)
        pitches = {pitch_of(row[2]) for row in rows if float(row[0]) < first + 0.1}
        if load(path, mono=True).rms > 1e-3:
            found.append((path, pitches))
    return found


# -- tables ----------------------------------------------------------------------------------------


def percent(value: float) -> str:
    """A share in percent.

    >>> percent(0.875)
    '87.5'
    """
    return "–" if not np.isfinite(value) else f"{100 * value:.1f}"


def family_table(
    rows: Sequence[tuple[str, Path, list[Any]]], peer: Found | None
) -> tuple[list[dict[str, object]], dict[str, float]]:
    """F1 of each kind of rendering: ours as the card says, and basic-pitch's."""
    from tympan.models import load_card
    from tympan.tasks.notes.evaluation import counts_of, evaluation_of

    metrics = load_card("notes").metrics
    whole = {one["name"]: one["value"] for one in metrics["scores"]}
    ours = {**metrics["per_kind"], "all": {**whole, "recordings": metrics["count"]}}
    theirs: dict[str, dict[str, float]] = {}
    if peer is not None:
        counts = np.stack([counts_of(truth, peer[str(path)]) for _, path, truth in rows])
        found = evaluation_of([""] * len(rows), [row[0] for row in rows], counts)
        theirs = {**found.per_kind(), "all": found.metrics}
    table: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for kind, own in ours.items():
        cells: dict[str, object] = {"instruments": kind, "renderings": own["recordings"]}
        for name in ("onset_f1", "offset_f1", "frame_f1"):
            title = TITLES[name]
            cells[f"{title}, notes"] = percent(own[name])
            figures[f"{kind}_{name}"] = own[name]
            if theirs:
                cells[f"{title}, basic-pitch"] = percent(theirs[kind][name])
                figures[f"{kind}_{name}_basic_pitch"] = theirs[kind][name]
        table.append(cells)
    return table, figures


TITLES = {
    "onset_f1": "onset F1 %", "offset_f1": "onset + offset F1 %", "frame_f1": "frame F1 %",
}  # fmt: skip


def real_table(found: dict[str, Found]) -> list[dict[str, object]]:
    """Recordings: a row for each set."""
    from tympan.notation import read_midi
    from tympan.tasks.notes.metrics import f1_of, note_counts

    table: list[dict[str, object]] = []
    singer, versions = vocadito()
    piano = next((DATA / "real_music" / "jtd").glob("*_piano.opus"))
    played = list(read_midi(piano.with_name("piano_midi.mid")).notes())
    sets = [("vocadito, annotator 1", singer, versions[0]), ("annotator 2", singer, versions[1])]
    for name, path, truth in [*sets, ("piano of JTD (machine's notes)", piano, played)]:
        cells: dict[str, object] = {"recordings": name, "what": "onset F1 %"}
        for who, notes in found.items():
            cells[who] = percent(float(f1_of(note_counts(truth, notes[str(path)]))))
        table.append(cells)
    cells = {"recordings": "vocadito: annotators with one another", "what": "onset F1 %"}
    both = percent(float(f1_of(note_counts(versions[0], versions[1]))))
    table.append(cells | dict.fromkeys(found, both))
    notes = single_notes()
    for what in ("right pitch %", "an octave off %", "nothing found %"):
        cells = {"recordings": f"philharmonia, {len(notes)} single notes", "what": what}
        for who, own in found.items():
            cells[who] = percent(
                float(np.mean([told(own[str(p)], n) == what for p, n, _ in notes]))
            )
        table.append(cells)
    chords = first_chords()
    cells = {"recordings": f"PHENICX, {len(chords)} microphones", "what": "F1 of pitches %"}
    for who, own in found.items():
        sums = np.zeros(3)
        for path, pitches in chords:
            heard_ = {n.pitch for n in own[str(path)]}
            sums += (len(heard_ & pitches), len(pitches), len(heard_))
        cells[who] = percent(float(f1_of(sums)))
    return [*table, cells]


def told(notes: Sequence[Any], pitch: int) -> str:
    """What is said of a recording of one note: by the pitch that sounds longest."""
    lasting: dict[int, float] = {}
    for n in notes:
        lasting[n.pitch] = lasting.get(n.pitch, 0.0) + n.end_s - n.start_s
    if not lasting:
        return "nothing found %"
    longest = max(lasting, key=lambda one: lasting[one])
    if longest == pitch:
        return "right pitch %"
    return "an octave off %" if (longest - pitch) % 12 == 0 else "wrong pitch %"


# -- tempo, beats, key, chords ---------------------------------------------------------------------


def songs(count: int) -> list[dict[str, Any]]:
    """Unseen songs of POP909: sound, beats, chords and key of their first half minute."""
    import tarfile

    from recipes import render
    from tympan.notation import read_midi
    from tympan.tasks.notes.harmony import key_of_notes

    symbolic = DATA / "symbolic"
    texts: dict[str, str] = {}
    found: list[dict[str, Any]] = []
    with tarfile.open(symbolic / "pop909-annotations.tar.xz") as tar:
        for one in tar:
            handle = tar.extractfile(one) if one.isfile() else None
            if handle is not None and re.search(r"\d+0/", one.name):
                texts["/".join(one.name.split("/")[-2:])] = handle.read().decode()
    with tarfile.open(symbolic / "pop909-midi.tar.xz") as tar:
        midis = {Path(one.name).stem: one for one in tar if one.name.endswith("0.mid")}
        for name in sorted(midis)[:: max(1, len(midis) // count)][:count]:
            handle = tar.extractfile(midis[name])
            assert handle is not None
            piece = read_midi(handle.read())
            beats = [
                float(line.split()[0])
                for line in texts[f"{name}/beat_midi.txt"].split("\n")
                if line
            ]
            chords = [line.split() for line in texts[f"{name}/chord_midi.txt"].split("\n") if line]
            first = max(0.0, beats[0] - 0.5)
            parts = tuple(
                render.Part(
                    {"MELODY": 73, "BRIDGE": 48}.get(part.name.upper(), 0),
                    tuple(
                        (s - first, d, n.pitch, n.velocity)
                        for n in part.notes
                        if first <= (s := piece.seconds(n.start)) < first + SONG_S
                        for d in [min(piece.seconds(n.end), first + SONG_S) - s]
                    ),
                )
                for part in piece.parts
            )
            notes = [n for n in piece.notes() if first <= n.start_s < first + SONG_S]
            found.append({
                "name": name, "parts": parts, "key": key_of_notes(notes),
                "beats": [b - first for b in beats if first <= b < first + SONG_S],
                "chords": [(float(s) - first, float(e) - first, c) for s, e, c in chords],
            })  # fmt: skip
    return found


def sound_of(song: dict[str, Any], folder: Path) -> Path:
    """The song as sound, with the soundfont of the test; rendered once."""
    from recipes import render
    from tympan.audio import Clip

    path = folder / f"song-{song['name']}.flac"
    if not path.exists():
        slot, render.SLOT_S = render.SLOT_S, SONG_S + 2
        try:
            (clip,) = render.render([song["parts"]], FONT, SONG_S)
        finally:
            render.SLOT_S = slot
        folder.mkdir(parents=True, exist_ok=True)
        Clip(clip.samples, clip.rate_hz).resample(22_050).save(path)
    return path


def music_table(count: int) -> list[dict[str, object]]:
    """Tempo, beats, key and chords: ours, and what librosa has of it."""
    import mir_eval

    import tympan

    sums: dict[str, dict[str, list[float]]] = {"notes": {}, "librosa": {}}
    for song in songs(count):
        path = sound_of(song, KEPT / "songs")
        answer = tympan.notes(path)
        other = by_librosa(path)
        beats = np.array(song["beats"])
        true_bpm = 60 / float(np.median(np.diff(beats)))
        chords = [(c.start_s, c.end_s, c.label) for c in answer.chords]
        for who, bpm, times, named, key in (
            ("notes", answer.tempo_bpm or 0.0, answer.beats_s, chords, answer.key),
            ("librosa", *other),
        ):
            own = sums[who]
            near = [abs(bpm / true_bpm / f - 1) < 0.04 for f in (1, 0.5, 2, 1 / 3, 3)]
            own.setdefault("tempo within 4 %", []).append(near[0])
            own.setdefault("tempo within 4 %, octaves allowed", []).append(any(near))
            own.setdefault("beats, F-measure", []).append(
                mir_eval.beat.f_measure(beats, np.array(times))
            )
            own.setdefault("chords, major and minor", []).append(chord_score(song["chords"], named))
            own.setdefault("key of the written notes", []).append(key == song["key"])
    return [
        {
            "what": what,
            **{f"{who} %": percent(float(np.mean(own[what]))) for who, own in sums.items()},
        }
        for what in sums["notes"]
    ]


def by_librosa(path: Path) -> tuple[float, np.ndarray, list[tuple[float, float, str]], str | None]:
    """Tempo, beats, chords by templates and key by profiles, of librosa's chroma."""
    import librosa

    from tympan.notation import key_of
    from tympan.tasks.notes.harmony import ROOTS

    wave, rate = librosa.load(path, sr=22_050)
    tempo, beats = librosa.beat.beat_track(y=wave, sr=rate, units="time")
    chroma = librosa.feature.chroma_cqt(y=wave, sr=rate)
    edges = [0.0, *beats, len(wave) / rate]
    templates = {
        f"{ROOTS[r]}:{kind}": np.roll(np.isin(np.arange(12), steps), r) / np.sqrt(3)
        for kind, steps in (("maj", (0, 4, 7)), ("min", (0, 3, 7)))
        for r in range(12)
    }
    found = []
    for a, b in itertools.pairwise(edges):
        frames = librosa.time_to_frames([a, b], sr=rate)
        mean = chroma[:, frames[0] : max(frames[0] + 1, frames[1])].mean(1)
        found.append((a, b, max(templates, key=lambda one: float(templates[one] @ mean))))
    return float(np.atleast_1d(tempo)[0]), beats, found, key_of(chroma.mean(1))


def chord_score(truth: Sequence[tuple[float, float, str]], found: Sequence[Any]) -> float:
    """Share of time in which the triad is right, of that which has a major or minor one."""
    import mir_eval

    inside = [(max(0.0, s), min(e, SONG_S), c) for s, e, c in truth if s < SONG_S and e > 0]
    ref = np.array([row[:2] for row in inside]), [row[2] for row in inside]
    if not found:
        return 0.0
    est = np.array([row[:2] for row in found]), [row[2] for row in found]
    low, high = float(ref[0].min()), float(ref[0].max())
    times, names = mir_eval.util.adjust_intervals(
        est[0], list(est[1]), low, high, mir_eval.chord.NO_CHORD, mir_eval.chord.NO_CHORD
    )
    intervals, left, right = mir_eval.util.merge_labeled_intervals(ref[0], ref[1], times, names)
    durations = mir_eval.util.intervals_to_durations(intervals)
    scores = mir_eval.chord.majmin(left, right)
    return float(mir_eval.chord.weighted_accuracy(scores, durations))


def measure() -> None:
    """Print the tables."""
    options = arguments("notes")
    from tympan.audio import probe
    from tympan.models import load_card

    rows = renderings(options.quick)
    real = [vocadito()[0], next((DATA / "real_music" / "jtd").glob("*_piano.opus"))]
    real += [row[0] for row in single_notes()] + [row[0] for row in first_chords()]
    ours, cpu_s = heard(real)
    found, factor = {"notes": ours}, cpu_s / sum(probe(file).duration_s for file in real)
    figures = {"real_time_factor": factor}
    speed: list[dict[str, object]] = [{"who": "notes", SPEED: f"{factor:.3f}"}]
    every = [row[1] for row in rows] + real
    peer = None if options.quick else heard_by_peer(every)
    if peer is not None:
        found["basic-pitch"], peer_s = peer
        factor = peer_s / sum(probe(file).duration_s for file in every)
        figures["real_time_factor_basic_pitch"] = factor
        speed.append({"who": "basic-pitch", SPEED: f"{factor:.3f}"})
    table, more = family_table(rows, found.get("basic-pitch") if rows else None)
    (score,) = (one for one in load_card("notes").metrics["scores"] if one["name"] == "onset_f1")
    within = f"{percent(score['interval'][0])} – {percent(score['interval'][1])} %"
    about = f"{__doc__}\n\nOver all renderings our onset F1 is within {within}."
    count = min(SONGS, 2) if options.quick else SONGS
    music = {}
    if count:
        music[f"Tempo, beats, key, chords: {count} unseen songs"] = music_table(count)
    main(
        "notes", table, figures | more, title="Notes", about=about, why=WHY,
        more={
            "Recordings": real_table(found),
            **music,
            "Speed, one core": speed,
        },
    )  # fmt: skip


SPEED = "processor seconds for a second of sound"
WHY = """
The aim was to be above basic-pitch for every family of instruments, and not below it on recordings.
The net was trained for a few hundred steps on renderings only, as the machine was shared by many,
and its loss was still falling (docs/experiments.md); basic-pitch was trained on thousands of real
recordings beside. Where a column of basic-pitch is missing it was not measured. What the tables say
of recordings is of few seconds of each: one singer, one pianist, one chord of an orchestra.
"""


if __name__ == "__main__":
    measure()
