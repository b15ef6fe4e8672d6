"""Put a separator that `recipes/mask_training.py` trained into the package."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tympan.nets.mask_unet import MaskUNetConfig
from tympan.tasks.separate.config import SeparateConfig

SIZES = ("n_fft", "hop", "bands", "stages", "blocks", "hidden", "squeeze")


@dataclass(frozen=True)
class Shipped:
    """What is said of a separator in its card.

    Attributes:
        name: of the model.
        labels: of its sources.
        description: in one sentence.
        licence: of the weights.
        data: what it was trained on, with licences and recipe.
        attribution: the text of `ATTRIBUTION.md`.
        known_failures: as in a card.
        config: how it is built.
        prefix: of the names of the trained weights → that of the net that is built.
        score: its benchmark: how many were counted, of what; all figures, the score among them, and
            the interval of that.
        version: of the weights.
        share: of a processor, and what was trained before, for the card.
    """

    name: str
    labels: Sequence[str]
    description: str
    licence: str
    data: Mapping[str, Any]
    attribution: str
    known_failures: Sequence[str]
    config: SeparateConfig
    prefix: tuple[str, str]
    score: Callable[[], Mapping[str, Any]]
    version: str = "0.2"
    share: str = "most of a core"


def options_of(config: MaskUNetConfig, *more: str) -> dict[str, Any]:
    """The sizes of a net as a card holds them."""
    found: dict[str, Any] = json.loads(
        json.dumps({name: getattr(config, name) for name in (*SIZES, *more)})
    )
    return found


def ship(what: Shipped, training: Path, out: Path) -> None:
    """Write weights of float16, card and attribution."""
    import torch

    from recipes.mask_training import final_state
    from tympan.models import Card, load_model, save_model

    old, new = what.prefix
    found = final_state(training)
    state = {new + k.removeprefix(old): v for k, v in found.items() if k.startswith(old)}
    seconds = torch.load(training / "state.pt", weights_only=True)["spent_s"]
    card = Card(
        name=what.name, task="separate", labels=list(what.labels), config=what.config.to_dict(),
        version=what.version, licence=what.licence, attribution="ATTRIBUTION.md",
        description=what.description,
        data={**what.data, "training": f"{seconds / 60:.0f} minutes, {what.share}"},
        parameters=sum(one.numel() for one in state.values()),
        known_failures=list(what.known_failures),
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "ATTRIBUTION.md").write_text(what.attribution, encoding="utf-8")
    save_model(out, state, card, half=True)
    loaded = load_model(out)
    print(loaded.card.parameters, "parameters,", loaded.card.weights["bytes"], "bytes")


def main(what: Shipped, training: Path) -> None:
    """Ship a finished training, and write what it scores into the card."""
    from tympan.models import load_model, save_model

    parser = argparse.ArgumentParser(description=f"Ship {what.name}.")
    parser.add_argument("--training", type=Path, default=training)
    parser.add_argument("--out", type=Path, default=Path("src/tympan/models/weights") / what.name)
    parser.add_argument("--only-score", action="store_true", help="the weights stay as they are")
    parser.add_argument("--no-score", action="store_true", help="leave out the benchmark")
    options = parser.parse_args()
    if not options.only_score:
        ship(what, options.training, options.out)
    if not options.no_score:
        loaded = load_model(options.out)
        card = replace(loaded.card, metrics=dict(what.score()))
        save_model(options.out, loaded.state, card, half=True)
