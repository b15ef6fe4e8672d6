"""Watch: break-in. Events caught, and false alarms an hour, of the profile `break-in`.

The sound is made of recordings that the net was not trained on: the net of `recipes/sounds.py` for
fold 5 of ESC-50, trained on the other four (`python -m recipes.sounds DATA --folds 5`). What ships
is the same training on the clips of all folds under free licences.

- **Events**: the clips of fold 5 of each label that the profile waits for, without the silence at
  their ends, each six times at another place, 0 to 20 dB above its background, in a room
  (exponential decay, reverberation time 0.2 to 0.8 s) and with another level.
- **Background**: speech (*librispeech*, *kerstin*, *speech_to_intent*), music (*real_music*), a
  motor (*motor*), and the other clips of fold 5: each recording with a loudness of its own, -45 to
  -25 dB of full scale.

A rule catches an event if it has one of its own that overlaps the time from half a second before to
two seconds after it; what it finds elsewhere is a false alarm. The thresholds that ship are marked:
for glass the lowest of the curve with less than one false alarm in three hours, for the others the
lowest with no more than two an hour. They were chosen on this scene, so expect somewhat more
elsewhere.

Of one scene with one seed, beside the intervals of the first table, there is no spread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import DATA, arguments, main

RATE_HZ, SEED, HOURS, REPEATS, EVERY_S = 16_000, 2026, 3.2, 6, 0.5
FOLD, WEIGHTS = "5", "net.safetensors"
RUNS = Path(__file__).resolve().parents[1] / ".runs" / "sounds" / "base"
SPEECH = ("librispeech", "kerstin", "speech_to_intent")
EARLY_S, LATE_S = 0.5, 2.0
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
T0 = datetime(2026, 1, 1, tzinfo=UTC)

Wave = np.ndarray
WHY = (
    "The aim, nine of ten breaking glasses at less than one false alarm in three hours, is missed "
    "by far: at one false alarm in three hours (threshold 0.8) four of ten are caught. The net of "
    "fold 5 was trained for 60 epochs in place of 100. ESC-50 has 32 clips of breaking glass to "
    "learn from and nothing of rooms, levels or mixtures, and a window of 2.5 s dilutes a crash "
    "of half a second; which of these costs how much was not measured. Fewer false alarms cost "
    "events: at the lower thresholds of before, glass 0.5, door and alarm 0.6, 65 % of the "
    "glasses, 61 % of the doors and 82 % of the alarms were caught, at 4.4, 19 and 9 false alarms "
    "an hour. Where a false alarm costs little, set them so in rules of your own. Footsteps are "
    "hardly told from other sounds at any threshold."
)


@dataclass(frozen=True)
class Truth:
    """One event of the scene."""

    label: str
    start_s: float
    end_s: float


def scene(
    labels: set[str], hours: float, rng: np.random.Generator
) -> Iterator[tuple[Wave, list[Truth]]]:
    """Pieces of the scene, one after another, each with its events (times within the piece)."""
    events, others = fold_clips(labels)
    placed = [one for one in events for _ in range(REPEATS)]
    rng.shuffle(placed)  # type: ignore[arg-type]
    background = backgrounds(others, rng)
    total_s, wanted_s = 0.0, hours * 3600
    gap_s = wanted_s / (len(placed) + 1)
    next_s = gap_s * rng.uniform(0.5, 1.5)
    for wave in background:
        if total_s >= wanted_s:
            return
        truths = []
        length_s = len(wave) / RATE_HZ
        wave = wave * 10 ** (rng.uniform(-45, -25) / 20) / max(rms(wave), 1e-6)
        while placed and next_s < total_s + length_s:
            label, event = placed[-1]
            at = int((next_s - total_s) * RATE_HZ)
            if at < 0 or at + len(event) > len(wave):
                next_s = total_s + length_s + rng.uniform(0.5, 2.0)  # into the next recording
                break
            placed.pop()
            event = in_room(event, rng)[: len(wave) - at]
            level = max(rms(wave[at : at + len(event)]), 10 ** (-55 / 20))
            gain = level * 10 ** (rng.uniform(0, 20) / 20) / max(rms(event), 1e-6)
            wave[at : at + len(event)] += gain * event
            truths.append(Truth(label, at / RATE_HZ, (at + len(event)) / RATE_HZ))
            next_s += gap_s * rng.uniform(0.5, 1.5)
        total_s += length_s
        peak = np.abs(wave).max()
        yield (wave / max(1.0, peak)).astype(np.float32), truths


def rms(wave: Wave) -> float:
    """Root mean square of a sound."""
    return float(np.sqrt(np.mean(np.square(wave)))) if wave.size else 0.0


def in_room(wave: Wave, rng: np.random.Generator) -> Wave:
    """A sound in a room of its own: exponentially decaying noise as impulse response."""
    from scipy.signal import oaconvolve

    decay_s = rng.uniform(0.2, 0.8)
    t = np.arange(int(decay_s * RATE_HZ)) / RATE_HZ
    response = rng.standard_normal(len(t)) * 10 ** (-3 * t / decay_s) * 0.05
    response[0] = 1.0
    found: Wave = oaconvolve(wave, response)[: len(wave) + RATE_HZ // 4]
    return found


def trimmed(wave: Wave) -> Wave:
    """A clip without the silence that fills it up."""
    loud = np.flatnonzero(np.abs(wave) > 0.02 * np.abs(wave).max())
    return wave[loud[0] : loud[-1] + 1] if len(loud) else wave


def read(path: Path) -> Wave:
    """A recording as mono samples."""
    import tympan

    found: Wave = tympan.load(path).mono().resample(RATE_HZ).samples[0].copy()
    return found


def fold_clips(labels: set[str]) -> tuple[list[tuple[str, Wave]], list[Path]]:
    """The events of the fold by label, and its other clips."""
    from tympan.data import read_folder

    table = [one for one in read_folder(DATA / "esc50") if one.columns["fold"] == FOLD]
    events = [(one.label, trimmed(read(one.path))) for one in table if one.label in labels]
    return events, [one.path for one in table if one.label not in labels]


def backgrounds(clips: list[Path], rng: np.random.Generator) -> Iterator[Wave]:
    """Recordings without the events, in random order, again and again; each lasts 15 s or more."""
    from tympan.data import read_folder

    speech = [path for name in SPEECH for path in read_folder(DATA / name).paths]
    music = read_folder(DATA / "real_music").paths
    machine = read_folder(DATA / "motor").paths
    while True:
        kind = rng.choice(4, p=(0.4, 0.15, 0.15, 0.3))
        paths = (speech, music, machine, clips)[kind]
        parts: list[Wave] = []
        while sum(map(len, parts)) < 15 * RATE_HZ:
            parts.append(read(Path(paths[rng.integers(len(paths))])))
        yield np.concatenate(parts)[: 60 * RATE_HZ]


def fold_model() -> Any:
    """The net that was not trained on the fold."""
    from safetensors.torch import load_file

    from tympan.tasks.answering import load
    from tympan.tasks.classify.answer import ClassifyModel

    shipped: Any = load("sounds", "classify", "cpu")
    weights = RUNS / f"fold{FOLD}" / WEIGHTS
    if not weights.is_file():
        command = f"python -m recipes.sounds {DATA / 'esc50'} --folds {FOLD}"
        raise SystemExit(f"{weights} is missing: run {command}")
    net = shipped.first_net
    net.load_state_dict(load_file(weights))
    return ClassifyModel(net.eval(), shipped.labels, "sounds")


def heard(hours: float) -> tuple[list[Any], list[Truth], float]:
    """The scores of the whole scene, its events, and its length in hours."""
    import torch

    from tympan.live.listener import Listener, Loaded
    from tympan.live.rules import load_rules
    from tympan.live.sources.base import Chunk

    torch.set_num_threads(1)
    rules = load_rules("break-in").rules
    labels = {label.replace(" ", "_") for rule in rules for label in rule.labels}
    loaded = Loaded("sounds", fold_model(), {"every_s": EVERY_S})
    steps: list[Any] = []
    listener = Listener([loaded], RATE_HZ, 1, steps.append)
    truths: list[Truth] = []
    for wave, found in scene(labels, hours, np.random.default_rng(SEED)):
        at_s = listener.seconds
        truths += [replace(t, start_s=t.start_s + at_s, end_s=t.end_s + at_s) for t in found]
        listener.push(Chunk(wave[None], RATE_HZ, begins=at_s == 0))
    listener.finish()
    return steps, truths, listener.seconds / 3600


def scored(rule: Any, steps: list[Any], truths: list[Truth]) -> tuple[int, int, int]:
    """How many events a rule catches, of how many, and how many false alarms it gives."""
    from tympan.live.matcher import Matcher, plain_label

    def at(seconds: float) -> datetime:
        return T0 + timedelta(seconds=seconds)

    # Every event counts here, so that the cool-down hides neither a miss nor a false alarm.
    matcher = Matcher(replace(rule, cooldown_s=0.0), "sounds")
    found = [one for step in steps for one in matcher.push(step, at)] + matcher.finish(at)
    spans = [(one.start_s, one.end_s or one.start_s) for one in found if not one.open]
    wanted = {plain_label(label) for label in rule.labels}
    own = [one for one in truths if plain_label(one.label) in wanted]

    def overlap(span: tuple[float, float], one: Truth) -> bool:
        return span[1] >= one.start_s - EARLY_S and span[0] <= one.end_s + LATE_S

    caught = sum(any(overlap(span, one) for span in spans) for one in own)
    false = sum(not any(overlap(span, one) for one in own) for span in spans)
    return caught, len(own), false


def measured(hours: float) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, float]]:
    """The table at the profile's thresholds, the curves, and the figures."""
    from tympan.live.rules import load_rules
    from tympan.tasks.metrics import wilson_interval

    steps, truths, hours = heard(hours)
    rows, curves, figures = [], [], {}
    for rule in load_rules("break-in").rules:
        caught, count, false = scored(rule, steps, truths)
        low, high = wilson_interval(caught, max(1, count))
        rows.append({
            "rule": rule.name, "threshold": rule.threshold, "events": count,
            "caught": f"{100 * caught / max(1, count):.0f} % ({100 * low:.0f}–{100 * high:.0f})",
            "false alarms an hour": f"{false / hours:.2f}",
        })  # fmt: skip
        figures |= {f"caught_{rule.name}": caught / max(1, count)}
        figures |= {f"false_alarms_an_hour_{rule.name}": false / hours}
        for threshold in THRESHOLDS:
            other = replace(rule, threshold=threshold, release=None)
            caught, count, false = scored(other, steps, truths)
            curves.append({
                "rule": rule.name, "threshold": threshold,
                "caught": f"{100 * caught / max(1, count):.0f} %",
                "false alarms an hour": f"{false / hours:.2f}",
                "": "ships" if threshold == rule.threshold else "",
            })  # fmt: skip
    return rows, {"Curves": curves}, {**figures, "hours": hours}


if __name__ == "__main__":
    options = arguments("watch")
    table_rows, further, all_figures = measured(0.1 if options.quick else HOURS)
    main(
        "watch",
        table_rows,
        all_figures,
        title="Watch: break-in",
        about=__doc__ or "",
        why=WHY,
        more=further,
    )
