"""Unusual machines: what is found by a monitor that was trained on the normal machine only.

**motor**: each of the five conditions is normal in turn, and the other four are the anomalies. Its
recordings lie in the order in which they were made; of seven blocks of six neighbours, every third
is tested and the others are for training, so that no neighbour of a test recording was trained on.
What the five conditions are is not said by the set.

**cwru**: the accelerometer of a bearing at 12 kHz. There is one healthy recording of 20 s: its
first half is for training, its second half is tested, with all 60 recordings of faults, in pieces
of 2 s. Faults come with another load and speed too, which makes them easier to tell; the mean over
the loads is not separated.

**ESC-50**: recordings of eight machine classes, a class being a "machine". Clips of one class are
of many machines: harder than a monitor's usual work. Folds 1 – 3 are for training, 4 and 5 are
tested, plain and with **simulated** faults: clicks, rattles, the impulse trains of a bearing,
harmonics taken away, a step of the level, at −6 to −24 dB below the recording (the step: 2 to 6
dB). They show what could be found, not what is found of real faults. The encoder of `sounds`, from
which a monitor starts, was trained on these clips (on none of the other sets), so here it starts
from scratch: without the detector that compares embeddings.

Beside it: the dense autoencoder that DCASE 2020 gave out as baseline of its task 2, written anew
after its description (`benchmarks/_dense.py`), at the rate of the recordings, on the same split.
It is trained for the challenge's 100 epochs; where these are fewer than 1200 steps, as of the ten
seconds of the bearing, for so many more as to make 1200: a floor that was chosen for this page. One
of our five detectors is of the same kind, trained in our own way.
AUC and pAUC (up to a tenth of false alarms) are those of the challenge; mean ± standard deviation
over seeds. Found and false alarms are those of the threshold that training set for 1 % of the
seconds of a normal machine. Of a machine of one seed there is no spread.

**Time**: ten minutes of a machine, in one file, from `tympan train` to a model on disk with its
scores, in seconds of processor time.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import _dense
from benchmarks._trials import LIMIT
from benchmarks.common import DATA, arguments, main

if TYPE_CHECKING:
    from tympan.data import Table

Array = np.ndarray[Any, Any]
Scores = dict[str, Any]
SEEDS = (0, 1, 2)
# What no score depends on: kept results stay when it changes.
NO_SCORES = (
    "WHY", "SEEDS", "RUNS", "NO_SCORES", "_BEGAN",
    "spread", "kept", "sources_digest", "_without_texts", "measured", "not_measured", "row_of",
    "of_groups", "ten_minutes",
)  # fmt: skip
SIMULATED = "ESC-50, simulated"
BLOCK = 6
PIECE_S = 2.0
MACHINES = (
    "engine", "vacuum_cleaner", "washing_machine", "chainsaw", "helicopter", "clock_tick",
    "train", "airplane",
)  # fmt: skip
LEVELS_DB = (-6, -12, -18, -24)
_BEGAN = time.perf_counter()
RUNS = Path(__file__).resolve().parents[1] / ".runs" / "monitor"
WHY = (
    "The aim, an AUC above that of the dense autoencoder on every machine, is missed: with the "
    "first seed it is above on 6 of 14, equal on the bearing (both find all), and below on 7, by "
    "0.4 to 6.3 points. In ESC-50, the only clean test, it is above on 3 of 8 and a point below "
    "in the mean; of most classes neither finds much. One seed cannot tell apart "
    "what differs by a point or two: a motor's test has 12 to 14 normal recordings, a class of "
    "ESC-50 has 16.\n\n"
    "What was chosen on what: the fusion (of spectra, lines and embeddings the detector that "
    "finds most of changed normal windows, and both autoencoders, all with equal weights) on six "
    "trials with other normal recordings than those tested here: conditions 0 (twice) and 1* of "
    "the motor, with a block of the training recordings held out (but against anomalies that are "
    "tested here), and rain, hand saw and crackling fire of ESC-50 with the same kinds of "
    "simulated faults. Mean AUC there: 0.758 with the former weights and no autoencoder, 0.775 "
    "with the best of each kind and the autoencoder of frames, 0.781 with each weighted by what it "
    "finds. The convolutional autoencoder stayed, as it was better than that of frames on the one "
    "trial where both were measured (0.907 and 0.798); both together were not tried before they "
    "were measured here. What is measured "
    "of a window was chosen by an earlier screening that saw all five conditions of the motor, and "
    "the former fusion was chosen on cwru and conditions 0 and 1: these six machines are no clean "
    "test."
)


@dataclass(frozen=True)
class Trial:
    """One machine: recordings, each normal or not, and for training or the test."""

    group: str
    machine: str
    table: Table


def motor() -> Iterator[Trial]:
    """Each condition as normal in turn."""
    from benchmarks._trials import motor as table_of
    from benchmarks._trials import motor_in_order

    table = table_of()
    for rows in motor_in_order(table):
        condition = rows[0].label
        test = {e.path for i, e in enumerate(rows) if i // BLOCK % 3 == 1}
        examples = []
        for e in table:
            normal = e.label == condition
            split = "train" if normal and e.path not in test else "test"
            label = "normal" if normal else f"condition {e.label}"
            examples.append(replace(e, columns={"label": label, "split": split}))
        yield Trial(
            "motor", f"motor, condition {condition}", replace(table, examples=tuple(examples))
        )


def cwru(work: Path) -> Iterator[Trial]:
    """The healthy bearing, cut in two, and all faults."""
    import tympan
    from tympan.data import Table, read_folder, recording

    examples = []
    for e in read_folder(DATA / "cwru"):
        clip = tympan.load(e.path).gain(20 * np.log10(float(e.columns["g_per_unit"]) / 13))
        count = int(clip.duration_s / PIECE_S)
        for i in range(count if e.label == "normal" else min(count, 3)):
            path = work / f"{e.path.stem}-{i}.wav"
            if not path.exists():
                clip.slice(i * PIECE_S, (i + 1) * PIECE_S).save(path, subtype="FLOAT")
            split = "train" if e.label == "normal" and i < count / 2 else "test"
            examples.append(recording(path, {"label": e.label, "split": split}))
    yield Trial("cwru", "bearing of cwru", Table(work, tuple(examples)))


def esc50(work: Path) -> Iterator[Trial]:
    """Machine classes, with faults that are simulated."""
    import tympan
    from tympan.data import Table, read_folder, recording

    table = read_folder(DATA / "esc50")
    for name in MACHINES:
        examples = []
        for number, e in enumerate(table.where("label", name)):
            if int(e.columns["fold"]) <= 3:
                examples.append(recording(e.path, {"label": "normal", "split": "train"}))
                continue
            examples.append(recording(e.path, {"label": "normal", "split": "test"}))
            clip = tympan.load(e.path).mono()
            for at, (kind, add) in enumerate(FAULTS.items()):
                level_db = LEVELS_DB[(number + at) % len(LEVELS_DB)]
                path = work / f"{e.path.stem}-{kind}{level_db}.wav"
                if not path.exists():
                    rng = np.random.default_rng(number * 10 + at)
                    wave = add(clip.samples[0].astype(float), clip.rate_hz, level_db, rng)
                    tympan.Clip(wave[None].astype(np.float32), clip.rate_hz).save(
                        path, subtype="FLOAT"
                    )
                examples.append(
                    recording(path, {"label": f"{kind} {level_db} dB", "split": "test"})
                )
        yield Trial(SIMULATED, name.replace("_", " "), Table(work, tuple(examples)))


def _rms(wave: Array) -> float:
    return float(np.sqrt(np.mean(wave**2))) + 1e-6


def _mixed(wave: Array, added: Array, level_db: float) -> Array:
    return wave + added * _rms(wave) / _rms(added) * 10 ** (level_db / 20)


def clicks(wave: Array, rate_hz: int, level_db: float, rng: Any) -> Array:
    """Three clicks of 2 ms a second, at random."""
    added = np.zeros_like(wave)
    size = rate_hz // 500
    for at in rng.integers(0, len(wave) - size, 3 * len(wave) // rate_hz):
        added[at : at + size] += rng.standard_normal(size)
    return _mixed(wave, added, level_db)


def rattle(wave: Array, rate_hz: int, level_db: float, rng: Any) -> Array:
    """Bursts of high noise, about 12 a second, irregular."""
    added = np.zeros_like(wave)
    at = 0.0
    while at < len(wave):
        size = int(rate_hz * rng.uniform(0.01, 0.03))
        piece = np.diff(rng.standard_normal(size + 1)) * np.hanning(size)
        end = min(len(wave), int(at) + size)
        added[int(at) : end] += piece[: end - int(at)]
        at += rate_hz * rng.uniform(0.05, 0.12)
    return _mixed(wave, added, level_db)


def bearing(wave: Array, rate_hz: int, level_db: float, rng: Any) -> Array:
    """Impulses at a fixed rate that ring at a resonance, as of a defect in a race."""
    period, ring_hz = rate_hz / rng.uniform(30, 120), rng.uniform(0.15, 0.35) * rate_hz
    t = np.arange(rate_hz // 50) / rate_hz
    ring = np.exp(-t * 300) * np.sin(2 * np.pi * ring_hz * t)
    impulses = np.zeros_like(wave)
    impulses[(np.arange(0, len(wave) - 1, period)).astype(int)] = 1
    return _mixed(wave, np.convolve(impulses, ring)[: len(wave)], level_db)


def missing(wave: Array, rate_hz: int, level_db: float, rng: Any) -> Array:
    """The strongest narrow bands lowered by so many dB."""
    spectrum = np.fft.rfft(wave)
    width = max(1, len(spectrum) // 200)
    for _ in range(3):
        top = int(np.convolve(np.abs(spectrum) ** 2, np.ones(width), "same").argmax())
        spectrum[max(0, top - width) : top + width] *= 10 ** (level_db / 20)
    return np.fft.irfft(spectrum, len(wave))


def step(wave: Array, rate_hz: int, level_db: float, rng: Any) -> Array:
    """From the middle on louder, by 2 to 6 dB."""
    found = wave.copy()
    found[len(wave) // 2 :] *= 10 ** ((8 + level_db / 4) / 20 if level_db < -6 else 6 / 20)
    return found


FAULTS: dict[str, Callable[..., Array]] = {
    "clicks": clicks, "rattle": rattle, "bearing": bearing, "missing": missing, "step": step,
}  # fmt: skip


def ours(trial: Trial, seed: int, work: Path) -> Scores:
    """Train a monitor and score its test set."""
    from tympan.tasks import train
    from tympan.tasks.training import SCRATCH

    began = time.perf_counter()
    result = train(
        trial.table, task="monitor", out=work / "model", seed=seed, resume=False, progress=False,
        from_=SCRATCH if trial.group == SIMULATED else None,
    )  # fmt: skip
    found: Any = result.evaluation
    return {
        "auc": found.metrics["auc"],
        "pauc": found.metrics["pauc"],
        "found": found.metrics["anomalies_found"],
        "alarms": float((found.values[~found.truth] > found.threshold).mean()),
        "seconds": time.perf_counter() - began,
        "chosen": "+".join(found.known["detectors"]),
    }


def baseline(trial: Trial, seed: int, epochs: int) -> Scores:
    """The same with the dense autoencoder."""
    import tympan
    from tympan.tasks.monitor.metrics import auc, partial_auc

    def rows(split: str) -> list[Array]:
        clips = (tympan.load(e.path).mono() for e in trial.table.where("split", split))
        return [_dense.vectors(clip.samples[0], clip.rate_hz) for clip in clips]

    net = _dense.train(np.concatenate(rows("train")), seed, epochs)
    values = _dense.scores(net, rows("test"))
    wrong = np.array([e.label != "normal" for e in trial.table.where("split", "test")])
    return {
        "auc": auc(values[~wrong], values[wrong]),
        "pauc": partial_auc(values[~wrong], values[wrong]),
    }


def spread(values: list[float]) -> str:
    """Mean and standard deviation of shares, in percent.

    >>> spread([0.5, 0.7]), spread([0.5])
    ('60.0 ± 10.0', '50.0')
    """
    deviation = f" ± {100 * np.std(values):.1f}" if len(values) > 1 else ""
    return f"{100 * np.mean(values):.1f}{deviation}"


def kept(
    who: str, trial: Trial, seed: int, quick: bool, run: Callable[[], Scores]
) -> Scores | None:
    """A result that was kept, or a new one; kept results go with one version of the sources.

    None if it is not there and the time of TYMPAN_BENCHMARK_S is over.
    """
    names = ("tasks/monitor", "spectra/mel.py") if who == "ours" else ("spectra/mel.py",)
    digest = sources_digest(names)
    name = "".join(c if c.isalnum() or c == "*" else "-" for c in trial.machine).replace("*", "s")
    place = RUNS / f"{who}-{name}-{seed}-{digest}.json"
    if quick:
        return run()
    if place.exists():
        found: Scores = json.loads(place.read_text("utf-8"))
        return found
    if time.perf_counter() - _BEGAN > float(os.environ.get(LIMIT) or "inf"):
        return None
    found = run()
    RUNS.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(found), "utf-8")
    print(who, trial.machine, seed, found, flush=True)
    return found


@cache  # a run is of the sources that it began with
def sources_digest(names: tuple[str, ...]) -> str:
    """A hash of the sources that a result depends on, and of this benchmark."""
    home = Path(__file__).resolve().parent
    files = [home / "_dense.py", home / "monitor.py"]
    for name in names:
        place = home.parent / "src" / "tympan" / name
        files += sorted(place.glob("*.py")) if place.is_dir() else [place]
    hasher = hashlib.blake2b(digest_size=4)
    for file in files:
        # Prose may change.
        hasher.update(ast.dump(_without_texts(ast.parse(file.read_text("utf-8")))).encode())
    return hasher.hexdigest()


def _without_texts(tree: ast.Module) -> ast.Module:
    """A module without its docstrings, and without what no score depends on."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            first.value.value = ""
    tree.body = [
        n
        for n in tree.body
        if not (
            isinstance(n, ast.If)
            or (isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) in NO_SCORES)
            or (isinstance(n, ast.FunctionDef) and n.name in NO_SCORES)
        )
    ]
    return tree


def measured(
    quick: bool,
) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]], dict[str, float]]:
    """The table of machines, further tables, and the figures."""
    import torch

    torch.set_num_threads(1)
    seeds = SEEDS[:1] if quick else SEEDS
    runs: dict[str, list[tuple[Scores, Scores]]] = {}
    groups: dict[str, list[str]] = {}
    missing: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as home:
        for folder in ("cwru", "esc50", "run"):
            Path(home, folder).mkdir()
        trials = [*cwru(Path(home, "cwru")), *motor(), *esc50(Path(home, "esc50"))]
        trials = trials[:1] if quick else trials
        work, epochs = Path(home, "run"), 1 if quick else _dense.EPOCHS
        for seed in seeds:  # a run that is stopped has all machines of the first seed
            for trial in trials:
                mine = kept("ours", trial, seed, quick, partial(ours, trial, seed, work))
                its = kept("dense", trial, seed, quick, partial(baseline, trial, seed, epochs))
                if mine is None or its is None:
                    missing.append({"machine": trial.machine, "seed": str(seed)})
                    continue
                runs.setdefault(trial.machine, []).append((mine, its))
                if trial.machine not in groups.setdefault(trial.group, []):
                    groups[trial.group].append(trial.machine)
        ten = Trial("", "ten minutes", trials[0].table)
        timed = kept(
            "ours", ten, 0, quick, lambda: {"seconds": ten_minutes(Path(home), quick)}
        ) or {"seconds": float("nan")}
    means, figures = of_groups(runs, groups)
    ordered = [t.machine for t in trials if t.machine in runs]
    more = {
        "Harmonic means over machines": means,
        "Ten minutes of one machine to a model": [
            {"processor seconds, one core": f"{timed['seconds']:.0f} (one seed)"}
        ],
    }
    if missing:
        more["Not measured yet"] = not_measured(missing)
    table = [row_of(name, runs[name]) for name in ordered]
    return table, more, {**figures, "ten_minutes_s": timed["seconds"]}


def not_measured(missing: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The seeds of each machine that are missing, a row a machine.

    >>> not_measured([{"machine": "fan", "seed": "1"}, {"machine": "fan", "seed": "2"}])
    [{'machine': 'fan', 'seeds': '1, 2'}]
    """
    seeds: dict[str, list[str]] = {}
    for one in missing:
        seeds.setdefault(one["machine"], []).append(one["seed"])
    return [{"machine": name, "seeds": ", ".join(found)} for name, found in seeds.items()]


def row_of(machine: str, rows: list[tuple[Scores, Scores]]) -> dict[str, Any]:
    """A row of the table of machines."""

    def of(who: int, name: str) -> str:
        return spread([float(row[who][name]) for row in rows])

    return {
        "machine": machine, "seeds": str(len(rows)),
        "AUC": of(0, "auc"), "AUC, dense": of(1, "auc"),
        "pAUC": of(0, "pauc"), "pAUC, dense": of(1, "pauc"),
        "found": of(0, "found"), "false alarms": of(0, "alarms"),
    }  # fmt: skip


def of_groups(
    runs: dict[str, list[tuple[Scores, Scores]]], groups: dict[str, list[str]]
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Harmonic means over the machines of each data set, and the figures."""
    from tympan.tasks.monitor.metrics import harmonic_mean

    means, figures = [], {}
    for group, machines in groups.items():
        h, auc = {}, {}
        for who in (0, 1):
            for name in ("auc", "pauc"):
                each = [float(np.mean([row[who][name] for row in runs[m]])) for m in machines]
                h[who, name] = f"{100 * harmonic_mean(each):.1f}"
                auc[who, name] = each
                figures[f"{name}_{('ours', 'dense')[who]}_{group.split(',')[0]}"] = harmonic_mean(
                    each
                )
        better = sum(a > b for a, b in zip(auc[0, "auc"], auc[1, "auc"], strict=True))
        means.append({
            "machines": group, "AUC": h[0, "auc"], "AUC, dense": h[1, "auc"],
            "pAUC": h[0, "pauc"], "pAUC, dense": h[1, "pauc"],
            "AUC above dense": f"{better} of {len(machines)}",
        })  # fmt: skip
    return means, figures


def ten_minutes(home: Path, quick: bool) -> float:
    """Seconds of processor time from ten minutes of a machine to a model."""
    import tympan
    from tympan.tasks import train

    rng = np.random.default_rng(0)
    size = (60 if quick else 600) * 16000
    t = np.arange(size) / 16000
    wave = 0.05 * rng.standard_normal(size) + 0.1 * np.sin(2 * np.pi * 50 * t + np.sin(t))
    folder = home / "machine" / "normal"
    folder.mkdir(parents=True)
    tympan.Clip(wave[None].astype(np.float32), 16000).save(folder / "morning.wav")
    began = time.process_time()
    train(home / "machine", out=home / "model-of-machine", progress=False)
    return time.process_time() - began


if __name__ == "__main__":
    options = arguments("monitor")
    rows, further, all_figures = measured(options.quick)
    main(
        "monitor",
        rows,
        all_figures,
        title="Unusual machines",
        about=__doc__ or "",
        more=further,
        why=WHY,
    )
