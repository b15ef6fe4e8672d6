"""Key words from text alone, measured on real recordings of them.

Nobody records anything: `tympan train --task transcribe --words "alexa, computer, …"` has the voice
of `speak` say the words and trains on that. The test is all real recordings of those words, by more
than fifty people, and hours of speech and noise without them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from recipes.commands import key_words, others
from recipes.commands_measures import RATE_HZ, TELEPHONE_HZ, waves_of

# Shares of what is heard are told at these thresholds.
THRESHOLDS = (0.3, 0.5, 0.7, 0.85)


def own(shared: Path, runs: Path) -> None:
    """Make recordings, train as a user does, and measure; what is there is not made again."""
    from recipes.commands_ship import Scored, others_of, rounded
    from tympan.models import load_model
    from tympan.tasks.training import train
    from tympan.tasks.transcribe.commands_task import recogniser
    from tympan.tasks.transcribe.own_words import made_recordings, words_in

    rows = key_words(shared)
    words = words_in(", ".join(sorted({one.label for one in rows})))
    folder = made_recordings(words, runs / "own-recordings")
    result = train(
        folder, task="transcribe", from_="scratch", out=runs / "own", progress=False, say=print
    )
    model = recogniser(load_model(result.folder))
    spoken = {"key words": (waves_of(rows), [one.label for one in rows])}
    wide = Scored(model, spoken, others_of(others(shared), "test"), RATE_HZ)
    narrow = Scored(model, spoken, {}, TELEPHONE_HZ)
    figures: dict[str, Any] = {"words": list(words), "count": len(rows)}
    for threshold in THRESHOLDS:
        found = wide.figures(threshold)
        found["telephone"] = narrow.figures(threshold)["key words"]
        figures[str(threshold)] = found
        print(threshold, json.dumps(found), flush=True)
    (runs / "own.json").write_text(json.dumps(rounded(figures)), encoding="utf-8")
