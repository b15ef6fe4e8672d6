"""Live: how late an answer comes, and how many hours of sound a core answers in an hour.

**Late**: two minutes of noise at 16 kHz go into a listener of `tympan watch` in chunks of a quarter
of a second, as a microphone gives them. A model answers a step (a second of `sounds`, a tenth of
`speech`) from a block around it: when the last sample of the block has come in, the answer could be
given. *After its block* is the time from that sample to the answer: the rest of the chunk that it
lies in, and computing, measured on one core. *After the moment* counts from the end of the step, so
it has in it what the model waits for to be sure.

**A night**: a minute of noise in blocks of a second, resampled where the model has another rate,
through `speech` and through two nets of `segment` for bats, as `train` makes them of labels with
such bands; their weights are random, on which the time does not depend. Reading files comes on top.
Hours of sound in an hour of one core, by processor time.

Median and range, over steps or over rounds. Seed: 0.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import arguments, main
from tympan.audio import Clip

SECONDS, CHUNK_S, RATE_HZ, SEED = 120, 0.25, 16_000, 0
NIGHT_S, ROUNDS = 60, 3
# Rate of the recordings → band of the labels.
BATS = {192_000: (35_000, 60_000), 384_000: (20_000, 150_000)}

WHY = (
    "Other work ran beside, up to eight processes on two cores: the longest times are of chunks "
    "whose computing had to wait, and may lie above the aim, a second after the block. Bats take "
    "more than ten times as long as speech: their calls of milliseconds want frames as short. So a "
    "thousand hours in a night are the work of one core at 16 kHz, and of a dozen or more at 192 "
    "and 384 kHz (`tympan batch` shares files among cores)."
)


def block_end_s(name: str, end_s: float) -> float:
    """When the block that a step is answered from is complete."""
    if name == "sounds":  # 2.5 s around the middle of a second; at the beginning the first 2.5 s
        return max(2.5, end_s + 0.75)
    return float(np.ceil(end_s - 1e-6)) + 0.2  # of `speech`: a second at a time, and 0.2 s ahead


def lateness(names: Sequence[str], seconds: int) -> dict[str, list[tuple[float, float]]]:
    """For each step of each model: seconds after its block and after its end."""
    from tympan.live.listener import Listener, load_models
    from tympan.live.rules import ModelSpec
    from tympan.live.sources.base import Chunk

    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    state = {"pushed": 0.0, "begun": 0.0}

    def take(step: Any) -> None:
        now = state["pushed"] + time.perf_counter() - state["begun"]
        late = now - block_end_s(step.model, step.end_s), now - step.end_s
        found[step.model].append(late)

    listener = Listener(load_models([ModelSpec(n) for n in names]), RATE_HZ, 1, take, stream=True)
    rng, size = np.random.default_rng(SEED), round(CHUNK_S * RATE_HZ)
    for i in range(round(seconds / CHUNK_S)):
        wave = 0.1 * rng.standard_normal((1, size)).astype(np.float32)
        state["pushed"], state["begun"] = (i + 1) * CHUNK_S, time.perf_counter()
        listener.push(Chunk(wave, RATE_HZ, begins=i == 0))
    return found


def bat_model(rate_hz: int, band: tuple[int, int]) -> Any:
    """A segmenter of the configuration that `train` gives recordings with labels in this band."""
    import torch

    from tympan.data import read_folder
    from tympan.tasks.segment.answer import SegmentModel
    from tympan.tasks.segment.net import Segmenter
    from tympan.tasks.segment.recipe import front, recipe

    with tempfile.TemporaryDirectory() as folder:
        lines = ["file_name,start_s,end_s,label,low_hz,high_hz"]
        wave = 0.01 * np.random.default_rng(SEED).standard_normal((1, rate_hz))
        Clip(wave.astype(np.float32), rate_hz).save(Path(folder) / "a.wav")
        lines += [f"a.wav,{j / 5},{j / 5 + 0.006},bat,{band[0]},{band[1]}" for j in range(5)]
        (Path(folder) / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
        table = read_folder(folder)
        config, _ = front(recipe(table, None, {}).config, table, {})
    torch.manual_seed(SEED)
    return SegmentModel(Segmenter(config, 1).eval(), config, ("bat",), "bats")


def core_seconds(model: Any, rate_hz: int, seconds: int) -> float:
    """Processor seconds for so many seconds of sound at a rate."""
    from tympan.tasks.inputs import Feed

    block = 0.1 * np.random.default_rng(SEED).standard_normal((1, rate_hz)).astype(np.float32)
    feed = Feed(rate_hz, 1)
    feed.join(model, model.session())
    begun = time.process_time()
    for _ in range(seconds):
        feed.push(block)
    feed.finish()
    feed.answers()
    return time.process_time() - begun


def nights(seconds: int, rounds: int) -> tuple[list[dict[str, object]], dict[str, float]]:
    """The rows and figures of hours by the core-hour."""
    from tympan.models import load_model
    from tympan.tasks.segment.task import TASK

    models = {RATE_HZ: TASK.load(load_model("speech"), "cpu")}
    models |= {rate_hz: bat_model(rate_hz, band) for rate_hz, band in BATS.items()}
    rows: list[dict[str, object]] = []
    figures = {}
    for rate_hz, model in models.items():
        core_seconds(model, rate_hz, 10)
        hours = [seconds / core_seconds(model, rate_hz, seconds) for _ in range(rounds)]
        middle = statistics.median(hours)
        figures[f"hours_by_the_hour_{rate_hz}"] = middle
        rows.append(
            {
                "recordings at": f"{rate_hz // 1000} kHz",
                "model": "`speech`"
                if rate_hz == RATE_HZ
                else "bats, {} – {} kHz".format(*(hz // 1000 for hz in BATS[rate_hz])),
                "its rate": f"{model.rate_hz / 1000:g} kHz",
                "hours in an hour of one core": f"{middle:.0f} ({min(hours):.0f}–{max(hours):.0f})",
                "cores for 1000 hours in a night of 10": f"{100 / middle:.1f} "
                f"({100 / max(hours):.1f}–{100 / min(hours):.1f})",
            }
        )
    return rows, figures


if __name__ == "__main__":
    import torch

    options = arguments("live")
    torch.set_num_threads(1)
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for names in (("sounds",), ("speech",), ("sounds", "speech")):
        for name, late in lateness(names, 10 if options.quick else SECONDS).items():
            after, behind = (sorted(part) for part in zip(*late, strict=True))
            alone = len(names) == 1
            row: dict[str, object] = {"model": f"`{name}`" + ("" if alone else ", both together")}
            for title, part in (("after its block, s", after), ("after the moment, s", behind)):
                row[title] = f"{statistics.median(part):.2f} ({part[0]:.2f}–{part[-1]:.2f})"
            rows.append(row)
            if alone:
                figures[f"latest_after_block_{name}"] = after[-1]
    more_rows, more_figures = nights(*((2, 1) if options.quick else (NIGHT_S, ROUNDS)))
    main(
        "live",
        rows,
        figures | more_figures,
        title="Live",
        about=__doc__ or "",
        more={"A night of recordings": more_rows},
        why=WHY,
    )
