"""Put the model `commands` into the package: choose its threshold, score it, write its card."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recipes.commands import CONFIG, DIGITS, NAME, TEST_SPEAKER
from recipes.commands_measures import (
    RATE_HZ,
    TELEPHONE_HZ,
    Other,
    accuracy,
    alarms,
    narrowed,
    orders,
    other_speech,
    waves_of,
)
from tympan.data.table import Example
from tympan.tasks.transcribe.command_net import NONE, CommandConfig

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
LISTED = (0.5, 0.7, 0.85, 0.95)
# One of so many spoken orders is listened to.
ORDERS = 6
Spoken = tuple[list[Any], list[str]]
# So many false alarms in all validation recordings without words are few enough.
MOST_ALARMS = 2
DATA: dict[str, Any] = {
    "name": "2,500 spoken digits of five speakers, 900 key words of more than fifty; 800 digits by "
    "flite's slt, rms, awb and kal16; as none of them 230 clips of speech, 600 of noise, and 1,200 "
    "times other words by flite",
    "licences": {
        "flite and its voices (what they speak)": "BSD-like (Carnegie Mellon University)",
        "Free Spoken Digit Dataset (Jackson and others)": "CC-BY-SA-4.0",
        "wake-word benchmark (Picovoice)": "Apache-2.0",
        "LibriSpeech (train-clean)": "CC-BY-4.0",
        "ESC-50, the CC0 clips of folds 1 to 3": "CC0-1.0",
    },
    "held out": f"the digits of the speaker {TEST_SPEAKER}; a fifth of the key words, whose "
    "speakers are not told apart, so that some of them may have been trained on",
    "recipe": "python -m recipes.commands",
}
ATTRIBUTION = """# What `commands` was trained on

No recording of it is distributed.

- **Free Spoken Digit Dataset** (Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas, A. Thite),
  CC BY-SA 4.0: the digits of all speakers but *theo*. Its licence asks that what is adapted from it
  is shared alike, and so these weights are under CC BY-SA 4.0.
- **Wake-word benchmark** (Picovoice), Apache-2.0: recordings of six key words.
- **Made speech**: digits and other words spoken by the voices slt, rms, awb and kal16 of flite,
  Copyright Carnegie Mellon University, whose licence allows any use.
- **LibriSpeech** (V. Panayotov, G. Chen, D. Povey, S. Khudanpur, 2015), CC BY 4.0: clips of
  *train-clean*, read by volunteers of LibriVox.
- **ESC-50** (K. J. Piczak, 2015): noises that their authors gave to the public domain (CC0).
"""


def failures(figures: dict[str, Any]) -> list[str]:
    """What it is bad at, by what was measured."""
    loud = figures["orders"]["an_hour"]
    return [
        f"Words that it does not know are heard as one of its own {loud:.0f} times in an hour of "
        "short orders said to a machine, and seldom in noise; a higher threshold makes that rarer "
        "and misses more.",
        "The digits were spoken by six people; a new speaker's are heard less surely "
        "(`leave_one_speaker_out`).",
        "A word counts once in 0.65 s: digits that are said faster, as in a telephone number, are "
        "lost.",
        "Its times are those of a window about the word, not of its edges.",
    ]


class Scored:
    """The scores of all recordings of one rate, for any threshold.

    Args:
        model: hears the words.
        own: kind → recordings of the words, and which.
        others: kind → recordings of none of them.
        rate_hz: what is left by this rate is heard.
    """

    def __init__(
        self, model: Any, own: dict[str, Spoken], others: dict[str, list[Other]], rate_hz: int
    ) -> None:
        self.model, self.own, self.others = model, own, others

        def heard(waves: Iterable[Any]) -> list[np.ndarray]:
            return [model.scores(narrowed(one, rate_hz)) for one in waves]

        self.words = {name: heard(waves) for name, (waves, _) in own.items()}
        self.scores = {
            name: heard(one.wave for one in found) for name, found in others.items()
        }  # fmt: skip

    def figures(self, threshold: float) -> dict[str, Any]:
        """Words that are heard, and false alarms, at a threshold."""
        model = with_threshold(self.model, threshold)
        found: dict[str, Any] = {}
        for name, (_, labels) in self.own.items():
            right, spread, wrong, missed = accuracy(model, self.words[name], labels)
            found[name] = {
                "right": right, "interval": spread, "wrong": wrong, "missed": missed,
                "count": len(labels),
            }  # fmt: skip
        return found | {n: alarms(self.scores[n], one, model) for n, one in self.others.items()}


def with_threshold(model: Any, threshold: float) -> Any:
    """The same model with another threshold."""
    from tympan.tasks.transcribe.commands import CommandModel

    config = replace(model.config, threshold=threshold)
    return CommandModel(model.net, config, model.labels, model.name)


def others_of(rows: Sequence[Example], part: str) -> dict[str, list[Other]]:
    """The recordings of none of the words, speech and noise."""
    own = [one for one in rows if one.columns["split"] == part and one.label == NONE]
    found = {
        "speech": [one for one in own if one.columns["speaker"]],
        "noise": [one for one in own if not one.columns["speaker"]],
    }
    return {name: [Other(wave) for wave in waves_of(part)] for name, part in found.items()}


def validation_alarms(model: Any, rows: Sequence[Example]) -> dict[str, int]:
    """Threshold → false alarms on all validation recordings without words."""
    scored, counts = Scored(model, {}, others_of(rows, "val"), RATE_HZ), {}
    for threshold in THRESHOLDS:
        found = scored.figures(threshold).values()
        counts[str(threshold)] = round(sum(one["an_hour"] * one["hours"] for one in found))
        print(f"threshold {threshold}: {counts[str(threshold)]} false alarms", flush=True)
    return counts


def threshold_of(counts: dict[str, int]) -> float:
    """The lowest threshold with hardly a false alarm.

    >>> threshold_of({"0.5": 9, "0.7": 2, "0.9": 0})
    0.7
    """
    few = [float(one) for one, count in counts.items() if count <= MOST_ALARMS]
    return min(few, default=THRESHOLDS[-1])


def test_words(rows: Sequence[Example]) -> dict[str, Spoken]:
    """Digits and key words of the test."""
    test = [one for one in rows if one.columns["split"] == "test" and one.label != NONE]
    parts = {
        "digits": [one for one in test if one.label in DIGITS],
        "key words": [one for one in test if one.label not in DIGITS],
    }
    return {n: (waves_of(part), [one.label for one in part]) for n, part in parts.items()}


def measured(model: Any, rows: Sequence[Example], shared: Path) -> dict[str, Any]:
    """All figures, at 16 kHz and of what a telephone leaves."""
    own = test_words(rows)
    others = {
        "speech": other_speech(shared),
        "orders": orders(shared, ORDERS),
        "noise": others_of(rows, "test")["noise"],
    }
    scored = Scored(model, own, others, RATE_HZ)
    found = {f"{RATE_HZ} Hz": scored.figures(model.config.threshold)}
    print(json.dumps(found), flush=True)
    found["thresholds"] = {str(one): scored.figures(one) for one in LISTED}
    print(json.dumps(found), flush=True)
    del others["noise"]  # it is hardly narrower than a telephone
    narrow = Scored(model, own, others, TELEPHONE_HZ)
    found[f"{TELEPHONE_HZ} Hz"] = narrow.figures(model.config.threshold)
    print(json.dumps(found), flush=True)
    return found


def scores_of(figures: dict[str, Any]) -> list[Any]:
    """The scores of the card."""
    from tympan.models.scores import Score

    found = figures[f"{RATE_HZ} Hz"]
    return [
        Score("accuracy", found["digits"]["right"], tuple(found["digits"]["interval"])),
        Score("accuracy_key_words", found["key words"]["right"],
              tuple(found["key words"]["interval"])),
        Score("false_alarms_per_hour", found["speech"]["an_hour"],
              (0.0, found["speech"]["at_most"]), "", False),
    ]  # fmt: skip


def ship(
    net: Any, labels: tuple[str, ...], rows: Sequence[Example], options: argparse.Namespace
) -> None:
    """Write the model and score what is read back."""
    from tympan.models import Card, load_model, save_model
    from tympan.models.catalogue import shipped_folder
    from tympan.tasks.transcribe import commands_task as task

    out = options.out or shipped_folder() / NAME
    state = {task.NET + k: v.half() for k, v in net.state_dict().items()}
    counts = kept(
        options.runs, "alarms", lambda: validation_alarms(task_model(net, CONFIG, labels), rows)
    )
    config = replace(CONFIG, threshold=threshold_of(counts))
    card = Card(
        name=NAME, task="transcribe", labels=list(labels), config=config.to_dict(), version="0.1",
        licence="CC-BY-SA-4.0", attribution="ATTRIBUTION.md", data=DATA,
        description="The ten digits and six key words in English, or none of them; always on.",
        parameters=sum(one.numel() for one in state.values()),
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(out, state, card, half=True)
    shipped = task.recogniser(load_model(out))
    figures = kept(options.runs, "figures", lambda: measured(shipped, rows, options.shared))
    metrics: dict[str, Any] = {
        "scores": [one.to_json() for one in scores_of(figures)],
        "count": figures[f"{RATE_HZ} Hz"]["digits"]["count"],
        "counted": f"digits of the speaker {TEST_SPEAKER}, key words and other speech (LibriSpeech "
        "test-other) that were not trained on; a word that is said by chance is no false alarm",
        **figures,
    }
    metrics |= other_trainings(options.runs)
    known = failures(figures[f"{RATE_HZ} Hz"])
    save_model(out, state, replace(card, metrics=metrics, known_failures=known), half=True)


def other_trainings(runs: Path) -> dict[str, Any]:
    """What `recipes.commands speakers` and `own` found with nets that do not ship."""
    names = {"leave_one_speaker_out": "speakers", "from_text_alone": "own"}
    paths = {key: runs / f"{name}.json" for key, name in names.items()}
    return {
        key: json.loads(path.read_text(encoding="utf-8"))
        for key, path in paths.items() if path.exists()
    }  # fmt: skip


def add_to_card(options: argparse.Namespace) -> None:
    """Put the figures of `other_trainings` into the card of the model, which stays as it is."""
    from tympan.models import load_model
    from tympan.models.catalogue import shipped_folder
    from tympan.models.folder import CARD_FILE

    out = options.out or shipped_folder() / NAME
    card = load_model(out).card
    metrics = {**card.metrics, **other_trainings(options.runs)}
    replace(card, metrics=metrics).save(out / CARD_FILE)


def kept(runs: Path, name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Figures; those of this training that are there are not measured again."""
    path = runs / f"{name}.json"
    if not path.exists() or path.stat().st_mtime < (runs / "all" / "history.json").stat().st_mtime:
        path.write_text(json.dumps(rounded(measure())), encoding="utf-8")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def task_model(net: Any, config: CommandConfig, labels: tuple[str, ...]) -> Any:
    """A net as a model."""
    from tympan.tasks.transcribe.commands import CommandModel

    return CommandModel(net, config, labels, NAME)


def rounded(values: Any) -> Any:
    """Figures with four digits behind the point, as a card holds them."""
    if isinstance(values, dict):
        return {key: rounded(one) for key, one in values.items()}
    if isinstance(values, (list, tuple)):
        return [rounded(one) for one in values]
    return round(values, 4) if isinstance(values, float | np.floating) else values
