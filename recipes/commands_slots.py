"""Intent and slots of spoken orders, by the words of a recogniser: how many are understood.

    python -m recipes.commands_slots --model moonshine --count 40 --shared ../shared/data

The grammar is learned from the labels of the other orders: which phrases there are for each slot.
It never hears anything, so that it goes with any recogniser. An order is understood where all of
its slots are, and no other is filled.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

# All labels are of this intent; what says nothing of two slots is none.
INTENT, LEAST = "orderDrink", 2


def main() -> None:
    """Print the share of orders, and of slots, that are understood."""
    import tympan
    from tympan.tasks.transcribe.slots import SlotGrammar

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="moonshine")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    folder = options.shared / "speech_to_intent"
    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    slots = [{k: v.strip() for k, v in json.loads(r["label"])["slots"].items()} for r in rows]
    step = len(rows) // options.count
    tested = range(0, options.count * step, step)
    others = [one for i, one in enumerate(slots) if i not in tested]
    grammar = SlotGrammar.of(INTENT, others, LEAST)
    understood, right, wanted, found = [], 0, 0, 0
    for i in tested:
        said = tympan.transcribe(folder / rows[i]["file_name"], model=options.model)
        heard = grammar.read(said.text.split())
        understood.append(heard.slots == slots[i])
        right += len(heard.slots.items() & slots[i].items())
        wanted, found = wanted + len(slots[i]), found + len(heard.slots)
        print(said.text, "|", dict(heard.slots), "|", slots[i], flush=True)
    draws = np.random.default_rng(0).integers(len(understood), size=(2000, len(understood)))
    low, high = np.percentile(np.array(understood, float)[draws].mean(1), (2.5, 97.5))
    print(f"orders: {np.mean(understood):.1%} ({low:.1%} to {high:.1%}) of {len(understood)}")
    print(f"slots: F1 {2 * right / (wanted + found):.1%}; {wanted} wanted, {found} found")


if __name__ == "__main__":
    main()
