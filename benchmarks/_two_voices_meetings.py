"""Who speaks when in meetings, before and after two voices were taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.common import DATA
from benchmarks.speakers import COLLAR_S, Turn, ami
from tympan.tasks.speakers.session import THRESHOLD


def found_turns(session: Any) -> list[Turn]:
    """The turns of a session that was fed."""
    return [(one.start_s, one.end_s, one.label) for one in session.result().segments]


def diarized(model: Any, clip: Any) -> tuple[list[Turn], dict[str, np.ndarray]]:
    """Turns of a clip, and speaker → mean voice vector of the windows within that one's turns."""
    session = model.session(name="meeting")
    session.push(clip.resample(model.rate_hz).samples[:1])
    turns = found_turns(session)
    starts = np.array(session._starts) / model.rate_hz
    voices: dict[str, list[np.ndarray]] = {}
    for vector, start_s in zip(session._vectors, starts, strict=True):
        middle_s = start_s + session._size / model.rate_hz / 2
        for a, b, who in turns:
            if a <= middle_s < b:
                voices.setdefault(who, []).append(vector)
    means = {who: np.mean(rows, 0) for who, rows in voices.items()}
    return turns, {who: mean / max(np.linalg.norm(mean), 1e-9) for who, mean in means.items()}


def joined(outputs: Sequence[tuple[list[Turn], dict[str, np.ndarray]]]) -> list[Turn]:
    """Turns of two outputs, whose speakers are one where their voices are alike.

    >>> one = ([(0.0, 1.0, "speaker 1")], {"speaker 1": np.array([1.0, 0.0])})
    >>> two = ([(1.0, 2.0, "speaker 1")], {"speaker 1": np.array([1.0, 0.0])})
    >>> other = ([(1.0, 2.0, "speaker 1")], {"speaker 1": np.array([0.0, 1.0])})
    >>> len({who for *_, who in joined([one, two])}), len({who for *_, who in joined([one, other])})
    (1, 2)
    """
    known: list[tuple[str, np.ndarray]] = []
    turns: list[Turn] = []
    for number, (own, voices) in enumerate(outputs):
        names: dict[str, str] = {}
        for who in sorted({name for *_, name in own}):
            vector, name = voices.get(who), f"{number} {who}"
            if vector is not None:
                like = [(float(vector @ other), other_name) for other_name, other in known]
                best = max(like, default=(-1.0, ""))
                name = best[1] if best[0] >= THRESHOLD else name
                known.append((name, vector))
            names[who] = name
        turns += [(a, b, names[who]) for a, b, who in own]
    return turns


def measure(quick: bool) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Rows and figures of the clips of AMI."""
    import tympan
    from tympan.tasks.speakers import DiarizationErrors, diarization_errors
    from tympan.tasks.speakers.diarize import load

    model = load()
    ways = ("as recorded", "taken apart first")
    errors = {way: [DiarizationErrors(0, 0, 0, 0)] * 2 for way in ways}
    for path, truth in ami(DATA)[: 1 if quick else None]:
        clip = tympan.load(path, rate_hz=16_000, mono=True)
        outputs = tympan.separate(clip, model="two-voices", device="cpu")
        voices = [one for name, one in outputs.items() if name != "rest"]
        found = {
            ways[0]: diarized(model, clip)[0],
            ways[1]: joined([diarized(model, one) for one in voices]),
        }
        for way in ways:
            for k, collar_s in enumerate((0.0, COLLAR_S)):
                errors[way][k] += diarization_errors(truth, found[way], collar_s)
    rows: list[dict[str, object]] = []
    for way in ways:
        whole, collar = errors[way]
        parts = (whole.missed_s, whole.false_alarm_s, whole.confused_s)
        rows.append({
            "recording": way, "DER": f"{whole.der:.1%}", "with collar": f"{collar.der:.1%}",
            "missed + false + confused":
            " + ".join(f"{100 * one / max(whole.total_s, 1e-9):.1f}" for one in parts),
        })  # fmt: skip
    figures = {f"ami_der_{way.replace(' ', '_')}": errors[way][0].der for way in ways}
    return rows, figures
