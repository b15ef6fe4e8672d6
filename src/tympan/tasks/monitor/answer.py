"""From a recording of any length to how unusual it sounds, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.inputs import SHORTEST_S
from tympan.tasks.model import BaseModel, ScoringSession
from tympan.tasks.monitor.departures import Departures
from tympan.tasks.monitor.drift import Drift
from tympan.tasks.monitor.examples import filled, geometry_of
from tympan.tasks.monitor.normal import NormalSounds, threshold_of, uncertain
from tympan.tasks.monitor.surprise import combined
from tympan.tasks.results import Anomaly, ScoredInterval
from tympan.tasks.results.parts import AboutModel
from tympan.tasks.windows import Batcher, Window

if TYPE_CHECKING:
    import torch

    from tympan.tasks.graphs import Graph
    from tympan.tasks.monitor.config import MonitorConfig
    from tympan.tasks.monitor.net import MonitorNet

BATCH = 8
FALSE_ALARMS = 0.01
# With fewer false alarms expected among the independent windows, their rate is a guess (the rule
# of three: none among n windows is still compatible with a rate of 3 / n).
EXPECTED = 3.0
ANOMALOUS = "anomalous"
TO_KNOW = "give a normal recording as normal"
TO_TRAIN = "--normal FILE_OR_FOLDER names some; tympan train FOLDER learns from them"


@dataclass(frozen=True, eq=False)
class MonitorModel(BaseModel[Anomaly]):
    """A loaded monitor, ready to answer.

    Attributes:
        net: encoder and autoencoder, in evaluation mode.
        config: its configuration.
        name: of the catalogue or folder.
        normal: what it knows of the normal machine; None: a session must be given recordings of it.
        device: where it computes.
        labels: none.
    """

    net: MonitorNet
    config: MonitorConfig
    name: str
    normal: NormalSounds | None = None
    device: str = "cpu"
    labels: tuple[str, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self.net.to(self.device)

    @property
    def task(self) -> str:
        """`"monitor"`."""
        return "monitor"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.config.rate_hz

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        names: list[str] = []

        def run(waves: torch.Tensor) -> tuple[torch.Tensor, ...]:
            found = self.net.measure(waves)
            names[:] = list(found)
            return tuple(found.values())

        batcher = Batcher(run, device=self.device, batch=BATCH)
        batcher.names = names  # type: ignore[attr-defined]
        return batcher

    def graph(self) -> Graph:
        """Its net and its detectors for the export: samples in, the score of each window out.

        Raises:
            ArgumentError: nothing is known of the machine.
        """
        from tympan.tasks.monitor.graph import monitor_graph

        if self.normal is None:
            what = f"{self.name} is no model of a machine: it has nothing to compare with"
            raise ArgumentError(what, fix=TO_KNOW, local=TO_TRAIN, option="normal")
        return monitor_graph(self.net, self.config, self.normal, threshold_of(FALSE_ALARMS))

    def session(
        self,
        *,
        name: str = "",
        batcher: Batcher | None = None,
        normal: str | None = None,
        false_alarms: float = FALSE_ALARMS,
        adapt: bool = False,
        **options: Any,
    ) -> MonitorSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            normal: recording or folder of the normal machine, in place of the model's own.
            false_alarms: share of normal steps that may lie above the threshold.
            adapt: follow slow drift, see `tympan.tasks.monitor.drift`.
            options: there are no others.

        Raises:
            ArgumentError: an option out of range or unknown, or nothing is known of the machine.
            DataError: there is too little of the normal machine.
        """
        if options:
            unknown = next(iter(options))
            what = f"monitor has no option {unknown!r}"
            raise ArgumentError(what, local="see `tympan monitor --help`", option=unknown)
        if not 0 < false_alarms <= 0.5:
            what = f"false_alarms={false_alarms} must be above 0 and at most 0.5"
            raise ArgumentError(what, option="false_alarms")
        known = self if normal is None else with_normal(self, normal)
        if known.normal is None:
            what = (
                f"{known.name} is no model of this machine: it is not known how the machine sounds "
                "when it is normal"
            )
            raise ArgumentError(what, fix=TO_KNOW, local=TO_TRAIN, option="normal")
        return MonitorSession(known, name, false_alarms, adapt, batcher or self.batcher())


class MonitorSession(ScoringSession[Anomaly]):
    """A recording on its way to its scores; `push` gives `ScoredInterval`s.

    Attributes:
        departures: where in time and frequency it departs from normal.
        model: the monitor.
    """

    def __init__(
        self,
        model: MonitorModel,
        name: str,
        false_alarms: float,
        adapt: bool,
        batcher: Batcher,
    ) -> None:
        super().__init__(geometry_of(model.config).cutter(), batcher)
        assert model.normal is not None
        self.model, self._name, self._false_alarms = model, name, false_alarms
        self._normal, self._names = model.normal, batcher.names  # type: ignore[attr-defined]
        self._threshold = threshold_of(false_alarms)
        self._drift = Drift(model.normal, self._threshold) if adapt else None
        self._timeline: list[ScoredInterval] = []
        self.departures = Departures(model.net, model.config, model.normal)
        self._known_s = 0.0

    def take(self, window: Window, output: Any) -> None:
        """Take what was measured of the next window."""
        rows = dict(zip(self._names, output, strict=True))
        levels = rows.pop("levels")
        raw = self._normal.raw({name: values[None] for name, values in rows.items()})
        if self._drift is not None:
            score = self._drift.score(raw)
        else:
            score = float(self._normal.scores(raw)[0])
        rate_hz = self.model.rate_hz
        start_s, end_s = window.start / rate_hz, window.end / rate_hz
        self._known_s = end_s
        least_s = self.model.config.step_s / 2
        if self._timeline and end_s - start_s < least_s:  # what is left at the end
            last = self._timeline[-1]
            self._timeline[-1] = ScoredInterval(
                last.start_s, end_s, max(last.score, score), last.peak_hz, last.change_db
            )
            return
        if self.on_step is not None:
            self.on_step(start_s, end_s, {ANOMALOUS: score})
        at_hz, change_db = self.departures.add(window, levels, rows["spectrum"], score)
        step = ScoredInterval(start_s, end_s, score, at_hz, change_db)
        self._timeline.append(step)
        self.decide([step])

    @property
    def thresholds(self) -> float:
        """Score above which a step is anomalous."""
        return self._threshold

    def score_labels(self) -> tuple[str, ...]:
        """One: the score is that of an anomaly."""
        return (ANOMALOUS,)

    def forget(self) -> None:
        """Keep of the timeline only the last step."""
        del self._timeline[:-1]

    def answer(self) -> Anomaly:
        """How unusual the recording is, and when."""
        timeline = self._timeline
        if self.input is not None and self.input.empty:
            timeline = []
        scores = np.array([one.score for one in timeline])
        interval = uncertain(self._false_alarms, self.model.config.independent)
        return Anomaly(
            self._name,
            combined(scores),
            self._threshold,
            tuple(timeline),
            self._known_s,
            self.model.name,
            warnings=self._warnings(),
            false_alarms=self._false_alarms,
            false_alarm_interval=interval,
        )

    def _warnings(self) -> tuple[str, ...]:
        found: list[str] = []
        config, rate = self.model.config, self._false_alarms
        if rate * config.independent < EXPECTED:
            few = (
                f"too little of the normal machine is known for a false-alarm rate of {rate:g}: "
                f"{config.steps} windows of it are worth {config.independent:.0f} independent "
                f"ones, {EXPECTED / rate:.0f} are needed"
            )
            found.append(AboutModel(few))
        way = self.input
        if way is not None and way.from_hz < config.rate_hz:
            found.append(
                f"was recorded at {way.from_hz:,} Hz and the machine at {config.rate_hz:,} Hz: "
                "what it lacks above may look like an anomaly"
            )
        if 0 < self._known_s < max(SHORTEST_S, config.window_s / 2):
            found.append(f"lasts only {self._known_s:.2g} s, less than half of a window")
        return tuple(found)


def with_normal(model: MonitorModel, normal: str) -> MonitorModel:
    """The model with other normal recordings, to which its detectors are fitted in seconds.

    Args:
        model: a monitor; its autoencoder has no part in it.
        normal: a recording, or a folder of such.

    Raises:
        ArgumentError: there is no such file or folder.
        DataError: there is too little of it.
    """
    path = Path(normal)
    if not path.exists():
        raise ArgumentError("is not here", file=path, fix="name a normal recording, or a folder")
    files = (path,) if path.is_file() else tuple(sorted(recordings_in(path)))
    stamp = tuple((str(one), one.stat().st_mtime_ns) for one in files)
    return _fitted(model, files, stamp)


@lru_cache(maxsize=4)
def _fitted(model: MonitorModel, files: tuple[Path, ...], stamp: Any) -> MonitorModel:
    from dataclasses import replace

    from tympan.tasks.inputs import samples_of
    from tympan.tasks.monitor.fitting import fit_normal
    from tympan.tasks.windows import cut

    config = replace(model.config, detectors=())

    def windows(path: Path) -> Any:
        waves = (block[0] for block in samples_of(path, model.rate_hz, cleaner=model.cleaner))
        return cut(geometry_of(config).cutter(), waves)

    recordings = [(lambda p=path: windows(p), True) for path in files]
    normal, config = fit_normal(model.net, config, recordings, trained=False)
    return MonitorModel(model.net, config, model.name, normal, model.device)


def recordings_in(folder: Path) -> list[Path]:
    """The recordings of a folder that are not called anomalous by it.

    Raises:
        ArgumentError: there are none.
    """
    from tympan.data import read_folder
    from tympan.tasks.monitor.rows import is_normal, normal_label

    table = read_folder(folder)
    label = normal_label(table, "")
    found = [one.path for one in table if is_normal(one, label)]
    if not found:
        raise ArgumentError("holds no normal recording", file=folder, fix="name another folder")
    return found


__all__ = ["MonitorModel", "MonitorSession", "filled", "with_normal"]
