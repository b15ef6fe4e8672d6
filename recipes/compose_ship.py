"""Score the trained composers, and put those that ship into the package.

python -m recipes.compose_ship score --set quarters --seed 0    # per piece, kept in answers/
python -m recipes.compose_ship look --temperature 0.8
python -m recipes.compose_ship ship
python -m recipes.compose_ship card    # cards anew, for the weights that are there
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recipes.compose import HOW, SETS, TRAINING, quarters, voices
from tympan.tasks.compose.config import ComposeConfig
from tympan.tasks.compose.copying import Known
from tympan.tasks.compose.examples import ComposeExamples
from tympan.tasks.compose.grid import Steps, key_number, score_places
from tympan.tasks.compose.limits import usual_ranges
from tympan.tasks.compose.model import Composer, Order
from tympan.tasks.compose.net import ComposeNet
from tympan.tasks.compose.rules import RuleCounts, rule_counts

ANSWERS = Path(__file__).parent / "answers"
PARTS = ("soprano", "bass", "alto", "tenor")
WEIGHTS = Path(__file__).parents[1] / "src/tympan/models/weights"
BARS = 8
DATA: dict[str, Any] = {
    "name": "229 chorales of J. S. Bach (the training part of the usual 229/76/77 split), in "
    "eighth notes",
    "licences": {"J. S. Bach's chorales": "public domain"},
    "recipe": "python -m recipes.compose",
    "not used": "Nottingham's transcriptions (stated GPL-3) and POP909 (MIT over commercial songs, "
    "whose authors did not license them): models of them can be trained (tympan train), and none "
    "is distributed",
}
KNOWN_FAILURES = (
    "It knows nothing but four-part chorales, in 4/4, in steps of an eighth note: no faster notes, "
    "no rests, no other metre, no text, no fermatas.",
    "A note that is struck again is not told from one that is held: equal pitches are one note.",
    "Trained for a few minutes of one core. The net itself makes far more parallel fifths and "
    "octaves than Bach, see the page of benchmarks; what makes one is not drawn unless --parallels "
    "is given.",
    "It composes in C major or A minor and moves the piece: in keys far from these, voices would "
    "leave their usual ranges. Notes beyond them are not drawn unless --any-range is given; that "
    "presses the voices together, and the net does not know why.",
    "Phrases are right for a few bars; there is no plan of a whole piece.",
)


def trained(runs: Path, name: str, seed: int) -> ComposeNet:
    """The net of a training, with its best weights."""
    from tympan.training.history import History
    from tympan.training.learner import NET
    from tympan.training.loop import final_weights

    folder = runs / f"{name}-{seed}"
    net = ComposeNet(SETS[name])
    net.load_state_dict(final_weights(folder, History.load(folder / "history.json"))[NET])
    return net.eval()


def shipped_config(shared: Path, name: str) -> ComposeConfig:
    """The configuration as it ships: with the voices' names and ranges, and who plays them."""
    partner = "chorale-fill" if name == "chorale" else ""
    lowest, highest = usual_ranges(voices(shared, "train"), SETS[name])
    return replace(
        SETS[name], parts=PARTS, instruments=("church organ",), tempo_bpm=84.0, partner=partner,
        lowest=lowest, highest=highest,
    )  # fmt: skip


def score(shared: Path, runs: Path, name: str, seed: int) -> None:
    """Nats and steps of each held-out piece, kept."""
    from tympan.tasks.compose.evaluation import piece_nats

    net, kept = trained(runs, name, seed), {}
    for part in ("valid", "test"):
        pieces = (quarters if name == "quarters" else voices)(shared, part, SETS[name])
        kept[part] = piece_nats(net, pieces, SETS[name])
        print(name, seed, part, kept[part].sum(0)[0] / kept[part].sum(0)[1])
    ANSWERS.mkdir(exist_ok=True)
    np.savez_compressed(ANSWERS / f"compose-{name}-{seed}.npz", **kept)


def composer(shared: Path, runs: Path) -> Composer:
    """The composer as it will ship."""
    net = trained(runs, "chorale", 0)
    net.config = shipped_config(shared, "chorale")
    return Composer(net, "chorale", Known(voices(shared, "train"), net.config))


def look(shared: Path, runs: Path, count: int, temperature: float) -> None:
    """Compose a few pieces, and count what a teacher would mark in them."""
    found = composer(shared, runs)
    pieces = found.many(
        [Order(seed=seed, bars=BARS, temperature=temperature) for seed in range(count)]
    )
    print(temperature, counted(pieces, found.config).per_100())
    copies = np.array([found.known.longest(one) for one in pieces])
    print("copied steps, median and most", np.median(copies[:, 0]), copies.max(0))


def pitches_of(steps: Steps, config: ComposeConfig) -> np.ndarray:
    """Pitches of soprano, alto, tenor and bass, `(n, 4)`; −1 where one is silent."""
    found = np.where(steps > 0, (steps - 1) % config.pitches + config.low, -1)
    return found[:, score_places(config)]


def counted(pieces: list[Steps], config: ComposeConfig) -> RuleCounts:
    """The rules broken in all pieces together."""
    total = RuleCounts(0, 0, 0, 0, 0, 0)
    for one in pieces:
        total = total + rule_counts(pitches_of(one, config), key_number(one, config))
    return total


SHIPPED = {
    "chorale": (
        "chorale",
        "Chorales in four parts, composed onwards: from nothing, or from the beginning of a piece.",
        "6 epochs of 22, and 8 more from there",
    ),
    "chorale-fill": (
        "fill",
        "Finds the missing voices of a chorale; guided by `chorale`.",
        "60 epochs with pieces in all keys, then 20 in C major and A minor",
    ),
}


def ship(shared: Path, runs: Path) -> None:
    """Write weights and cards."""
    from tympan.models import Card, save_model
    from tympan.nets import count_parameters
    from tympan.tasks.compose.evaluation import evaluated, piece_nats
    from tympan.tasks.compose.learner import ComposeLearner
    from tympan.tasks.compose.task import TASK, kept_pieces

    for model, (name, description, how) in SHIPPED.items():
        net, config = trained(runs, name, 0), shipped_config(shared, name)
        learner = ComposeLearner(net, config)
        if name == "chorale":
            plain = replace(config, home=False)
            learner.known = kept_pieces(ComposeExamples(voices(shared, "train"), plain), plain)
        test = evaluated(piece_nats(net, voices(shared, "test"), config), config)
        training = replace(TRAINING[name], **HOW)
        card = Card(
            name=model, task="compose", version="1.0", config=config.to_dict(),
            data=DATA | {"training": asdict(training), "trained": how}, description=description,
            licence="Apache-2.0", parameters=count_parameters(net),
            metrics={
                "scores": [one.to_json() for one in test.scores], "count": test.count,
                "counted": test.counted, "split": "77 chorales of the usual test part",
            },
            known_failures=[*KNOWN_FAILURES, *test.limits],
        )  # fmt: skip
        save_model(WEIGHTS / model, TASK.state(learner), card)
        print(model, card.metrics)


def renew_cards(shared: Path) -> None:
    """Write the configuration and the known failures of the cards anew; the weights stay."""
    from tympan._files import atomic_write

    for model, (name, _, _) in SHIPPED.items():
        path = WEIGHTS / model / "card.json"
        card = json.loads(path.read_text(encoding="utf-8"))
        card["config"] = shipped_config(shared, name).to_dict()
        limit = card["known_failures"][-1]  # of the score
        card["known_failures"] = [*KNOWN_FAILURES, limit]
        with atomic_write(path) as beside:
            beside.write_text(
                json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )


def main() -> None:
    """One step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("score", "look", "ship", "card"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/compose"))
    parser.add_argument("--set", choices=sorted(SETS), default="quarters")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--temperature", type=float, default=1.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.step == "score":
        score(options.shared, options.runs, options.set, options.seed)
    elif options.step == "look":
        look(options.shared, options.runs, options.count, options.temperature)
    elif options.step == "card":
        renew_cards(options.shared)
    else:
        ship(options.shared, options.runs)


if __name__ == "__main__":
    main()
