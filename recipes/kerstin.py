"""Make the voice `de-kerstin` from real recordings: German, one speaker.

python -m recipes.kerstin train --shared ../shared/data --runs .runs/speak
python -m recipes.kerstin ship --shared ../shared/data --runs .runs/speak

It starts from `en`: how phonemes become mels is alike in all languages, so two hours are enough.
The last 60 sentences of the set are tested on, the 60 before them validate; the correction net of
the vocoder has not learned from the former either.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tympan.data import Table

SEED = 0
NAME = "de-kerstin"
HELD_OUT = 60
DATA: dict[str, Any] = {
    "name": "Kerstin: 1374 sentences, 1.8 h, read by one speaker of German",
    "licences": {"Kerstin": "CC0-1.0", "en (what its training started from)": "Apache-2.0"},
    "synthetic": "A synthetic voice that learned from recordings that a speaker has given to the "
    "public domain.",
    "recipe": "python -m recipes.kerstin",
}
ATTRIBUTION = """# What `de-kerstin` was made from

No recording of these is distributed.

- **Kerstin**: recordings of a German speaker, given to the public domain (CC0 1.0).
- **Start weights**: the voice `en`, see its attribution (`tympan/models/weights/en`).
"""
KNOWN_FAILURES = (
    "It reads letters, not phonemes: foreign words and names are read as if they were German.",
    "The recordings are read sentences; questions and exclamations hardly differ from statements.",
    "Anybody can take the mark that it is synthetic out of a file.",
)


def table_of(shared: Path) -> Table:
    """The sentences, the last of them to test on."""
    from tympan.data import read_folder

    table = read_folder(shared / "kerstin")
    count = len(table)
    # A sentence that was read twice is in the set of the last time, so it is never tested on what
    # was trained on.
    part = {one.columns["text"]: part_of(i, count) for i, one in enumerate(table)}
    rows = [
        replace(one, columns={**one.columns, "split": part[one.columns["text"]]}) for one in table
    ]
    return replace(table, examples=tuple(rows))


def part_of(row: int, count: int) -> str:
    """The set of a row.

    >>> [part_of(row, 130) for row in (0, 10, 129)]
    ['train', 'val', 'test']
    """
    if row >= count - HELD_OUT:
        return "test"
    return "val" if row >= count - 2 * HELD_OUT else "train"


def train(shared: Path, out: Path, settings: dict[str, Any]) -> None:
    """Find the letters in the recordings, then learn to speak."""
    import tympan

    result = tympan.train(
        table_of(shared), task="speak", from_="en", out=out, settings=settings, say=print, threads=1
    )
    print(result)


def ship(shared: Path, out: Path) -> None:
    """Put the voice into the package, and score what is there."""
    from tympan.data import AudioStore
    from tympan.models import load_model, save_model
    from tympan.models.catalogue import shipped_folder
    from tympan.tasks.speak.task import TASK

    trained = load_model(out)
    data = {k: v for k, v in dict(trained.card.data).items() if k in ("digest", "recordings")}
    card = replace(
        trained.card, name=NAME, version="0.1", licence="Apache-2.0", attribution="ATTRIBUTION.md",
        description="German, one speaker, learned from two hours of her recordings.",
        labels=["kerstin"], data={**DATA, **data}, known_failures=list(KNOWN_FAILURES),
        parameters=sum(one.numel() for one in trained.state.values()),
        created="", git_revision="", metrics={},
    )  # fmt: skip
    folder = shipped_folder() / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(folder, trained.state, card, half=True)
    table = TASK.rows_of(table_of(shared))
    model = TASK.load(load_model(folder))
    store = AudioStore.open(table, model.config.rate_hz)
    evaluation = TASK.evaluate([(model, table.where("split", "test"))], store)
    print(evaluation)
    metrics = {
        "scores": [one.to_json() for one in evaluation.scores],
        "count": evaluation.count,
        "counted": "sentences of the speaker that it was not trained on",
    }
    save_model(folder, trained.state, replace(card, metrics=metrics), half=True)


def main() -> None:
    """Train or ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("train", "ship"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/speak"))
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    if options.step == "train":
        settings = dict(one.split("=", 1) for one in options.set)
        train(options.shared, options.runs / NAME, settings)
    else:
        ship(options.shared, options.runs / NAME)


if __name__ == "__main__":
    main()
