"""Music tags: `music-tags` on renderings it was not trained on, on real recordings, and musicnn.

tympan's figures on renderings are read from its card, which `recipes/music_tags.py` writes: pieces
and a soundfont (TimGM6mb) that the training did not have; the folk tunes of the test are real ones
(Nottingham), those of the training were made by rule. Real recordings: those of `real_music` whose
instruments are known (stems and mix of a jazz trio, 5 s; close microphones of an orchestra, 1 s
each; a singer; the drums of BabySlakh), and 10 single notes of each instrument of `philharmonia`.
They have no tags but instruments. The model was trained once, with seed 0, so there is no spread
over trainings; ranges are 95 % intervals over resampled recordings. AUROC of a tag: how often a
recording with it has a higher score than one without; 50 % is chance.

musicnn (`MTT_musicnn`, trained on MagnaTagATune, real music) gets the same recordings, for the tags
that both have; of several of its tags that mean one of ours, the highest counts. What is shorter
than three seconds is repeated for it. Its environment: `python -m venv V`, `V/bin/pip install
tensorflow-cpu==2.15.1 "numpy<2" "librosa<0.11"`, `V/bin/pip install --no-deps musicnn==0.1.0`, then
`MUSICNN_PYTHON=V/bin/python`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import DATA, arguments, main

# Ours → those of musicnn that mean it.
SHARED_TAGS = {
    "guitar": ("guitar",), "piano": ("piano",), "strings": ("strings", "violin", "cello"),
    "flutes": ("flute",), "drums": ("drums",), "choir": ("choir", "choral"), "solo": ("solo",),
}  # fmt: skip
MUSICNN = Path(__file__).with_name("_musicnn.py")
KEPT = Path(__file__).resolve().parents[1] / ".runs" / "music-tags"


def card() -> Any:
    """The card of the shipped model."""
    from tympan.models import list_models

    return next(card for card in list_models() if card.name == "music-tags")


def on_renderings(metrics: Mapping[str, Any]) -> list[dict[str, object]]:
    """Each tag on renderings and on real recordings, as its card says."""
    real = metrics["real_recordings"]
    rows = []
    for label, row in metrics["per_label"].items():
        cells: dict[str, object] = {
            "tag": label,
            **{
                f"{title} %": with_interval(
                    {"value": row[key], "interval": row.get(f"{key}_interval")}
                )
                for title, key in (
                    ("average precision", "average_precision"),
                    ("AUROC", "auroc"),
                    ("F1", "f1"),
                )
            },
            "renderings": row["support"],
        }
        for name in ("real_music", "philharmonia"):
            found = real[name]["per_label"].get(label, {})
            cells[f"AUROC %, {name}"] = percent(found.get("auroc"))
        rows.append(cells)
    return rows


def percent(value: float | None) -> str:
    """A share in percent.

    >>> percent(0.875), percent(None)
    ('87.5', '–')
    """
    return "–" if value is None or not np.isfinite(value) else f"{100 * value:.1f}"


def summary(metrics: Mapping[str, Any]) -> list[dict[str, object]]:
    """The means, renderings beside real recordings."""
    scores = {one["name"]: one for one in metrics["scores"]}
    rows: list[dict[str, object]] = [
        {
            "recordings": "renderings, unseen pieces and soundfont",
            "count": metrics["count"],
            "mAP %": with_interval(scores["map"]),
            "macro AUROC %": with_interval(scores["auroc"]),
            "highest instrument plays %": "–",
        }
    ]
    for name, row in metrics["real_recordings"].items():
        rows.append(
            {
                "recordings": f"{name}, instruments only",
                "count": row["count"],
                **{
                    title: with_interval({"value": row[key], "interval": row[f"{key}_interval"]})
                    for title, key in (
                        ("mAP %", "map"),
                        ("macro AUROC %", "auroc"),
                        ("highest instrument plays %", "highest_instrument_plays"),
                    )
                },
            }
        )
    return rows


def with_interval(score: Mapping[str, Any]) -> str:
    """A score in percent with its 95 % interval."""
    interval = score.get("interval")
    ends = f" ({percent(interval[0])} – {percent(interval[1])})" if interval else ""
    return percent(score["value"]) + ends


def beside_musicnn(quick: bool) -> list[dict[str, object]]:
    """AUROC of both for the tags that both have, on real recordings."""
    from recipes.real_music import philharmonia, real_music, truth_of

    from tympan.models import load_model
    from tympan.tasks.registry import get
    from tympan.tasks.tag.metrics import auroc

    tagger = get("tag").load(load_model("music-tags"), "cpu")

    python = os.environ.get("MUSICNN_PYTHON")
    labels = tuple(SHARED_TAGS)
    rows: list[dict[str, object]] = []
    for name, recordings in (
        ("real_music", real_music(DATA)),
        ("philharmonia", philharmonia(DATA)),
    ):
        recordings = recordings[:: 8 if quick else 1]
        truth = truth_of(recordings, labels)
        answers = [tagger(one.path) for one in recordings]
        ours = [[next(t.score for t in a.tags if t.label == n) for n in labels] for a in answers]
        areas = {"tympan": auroc(truth, np.array(ours))}
        if python and not quick:
            peers = musicnn(python, [str(one.path) for one in recordings])
            theirs = [[max(one[tag] for tag in SHARED_TAGS[n]) for n in labels] for one in peers]
            areas["musicnn"] = auroc(truth, np.array(theirs))
        for i, label in enumerate(labels):
            if 0 < truth[:, i].sum() < len(truth):
                cells = {f"{who} AUROC %": percent(area[i]) for who, area in areas.items()}
                found = {"recordings": name, "tag": label, "with it": int(truth[:, i].sum())}
                rows.append({**found, "without": len(truth) - int(truth[:, i].sum()), **cells})
    return rows


def musicnn(python: str, files: Sequence[str]) -> list[dict[str, float]]:
    """The tags of musicnn for files, computed by the interpreter that has it, and kept."""
    names = json.dumps([str(Path(one).relative_to(DATA)) for one in files])
    digest = hashlib.blake2b(names.encode(), digest_size=6).hexdigest()
    kept = KEPT / f"musicnn-{digest}.json"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            listed, answers = Path(folder) / "files.json", Path(folder) / "answers.json"
            listed.write_text(json.dumps(list(files)), encoding="utf-8")
            subprocess.run([python, str(MUSICNN), str(listed), str(answers)], check=True)
            kept.write_text(answers.read_text(encoding="utf-8"), encoding="utf-8")
    found: list[dict[str, float]] = json.loads(kept.read_text(encoding="utf-8"))
    return found


WHY = """
`music-tags` was trained on renderings with one family of samples, musicnn on thousands of real
recordings: on real ones musicnn is better at strings and drums. The real recordings are few and
short (most of real_music lasts one second), so single rows say little; `solo` has one recording
without it. tympan has tags that musicnn lacks (brass, reeds, bass, mallets, tempo, mode, styles).
Folk dances are hardly told apart: of tunes made by rule, in validation, the right dance has the
highest score in 44 %, of real ones in about a third. `docs/experiments.md` says what was tried.
"""


if __name__ == "__main__":
    options = arguments("music_tags")
    if not (DATA / "real_music").is_dir():
        raise SystemExit(f"music_tags: the recordings are not at {DATA}")
    metrics = card().metrics
    more = {"Each tag": on_renderings(metrics)}
    if options.quick or "MUSICNN_PYTHON" in os.environ:
        more["Beside musicnn, on the tags both have"] = beside_musicnn(options.quick)
    scores = {one["name"]: one["value"] for one in metrics["scores"]}
    dances = metrics["nottingham"]
    ends = " – ".join(map(percent, dances["interval"]))
    about = (
        f"{(__doc__ or '').strip()}\n\nOf the four folk dances the right one has the highest score "
        f"in {percent(dances['highest_dance_is_right'])} % ({ends} %) of {dances['count']} "
        "renderings of real tunes; 25 % is chance."
    )
    figures = {f"music_tags_{name}": 100 * scores[name] for name in ("map", "auroc")}
    for name, row in metrics["real_recordings"].items():
        figures[f"music_tags_{name}_auroc"] = 100 * row["auroc"]
    if "MUSICNN_PYTHON" not in os.environ and not options.quick:
        print("musicnn is not measured: MUSICNN_PYTHON is not set", file=sys.stderr)
    main(
        "music_tags", summary(metrics), figures, title="Music tags",
        about=about, more=more, why=WHY,
    )  # fmt: skip
