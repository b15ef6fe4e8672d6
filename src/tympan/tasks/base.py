"""What a question is: five verbs on one configuration, the same for all.

*prepare* (table → targets and a configuration that fits the data), *build* (configuration → net),
*train* (what the loop optimises), *predict* (recording → result), *evaluate* (table → metrics).
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tympan._files import open_in_browser
from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from tympan.data import Table, WaveCache
    from tympan.training import Learner

Config = TypeVar("Config")
Report = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """What a table becomes for a task: its answers as numbers.

    Attributes:
        labels: names of the outputs, in order.
        targets: one row for each example of the table.
        config: the configuration, fitted to the data (length of a clip …).
        notes: sentences for the user about what was chosen and why.
    """

    labels: tuple[str, ...]
    targets: Tensor
    config: Any
    notes: tuple[str, ...] = ()


class Task(Protocol):
    """One question. A module of `tympan.tasks` gives one as `TASK`."""

    name: str
    config_type: type

    def prepare(self, table: Table, cache: WaveCache, config: Any) -> Prepared:
        """Turn a table into targets, and fit the configuration to it."""

    def build(self, config: Any, labels: tuple[str, ...]) -> nn.Module:
        """Build the net, with random weights."""

    def learner(self, net: nn.Module, config: Any, labels: tuple[str, ...]) -> Learner:
        """What the training loop optimises and scores."""

    def predict(self, model: Any, source: Any, **options: Any) -> Any:
        """Answer for one recording."""

    def evaluate(self, model: Any, table: Table) -> Any:
        """Score a model on a table it was not trained on."""


@dataclass(frozen=True)
class TrainingResult:
    """What `train` leaves behind.

    Attributes:
        folder: the model: weights, card, history, report.
        metrics: of the held-out test side, or of all folds.
        split: how the examples were shared out.
        evaluation: the scores behind the metrics.
        job: the decoded and split recordings.
        history: of the training.
    """

    folder: Path
    metrics: dict[str, Any]
    split: str
    evaluation: Any = None
    job: Any = None
    history: Any = None

    def open(self) -> None:
        """Open the training report, which `tympan.train` wrote, in the browser."""
        open_in_browser(self.folder / "report.html")

    def __str__(self) -> str:
        low, high = self.metrics["intervals"]["accuracy"]
        folds = ", ".join(f"{one:.1%}" for one in self.metrics.get("folds", ()))
        told = f"\naccuracy of each fold: {folds}" if folds else ""
        how = "recordings in cross-validation" if folds else "held-out recordings"
        return (
            f"accuracy {self.metrics['accuracy']:.1%} (95 % interval {low:.1%} – {high:.1%}), "
            f"macro F1 {self.metrics['macro_f1']:.1%}, calibration error {self.metrics['ece']:.1%} "
            f"on {self.metrics['examples']} {how}{told}\nmodel in {self.folder}"
        )


def apply_settings(config: Config, settings: Mapping[str, Any]) -> tuple[Config, set[str]]:
    """Return `config` with the fields named in `settings` replaced, and which names were used.

    Text, as it comes from `--set key=value`, is converted to the type of the field.

    Raises:
        ArgumentError: a value does not fit its field.

    >>> from tympan.training import TrainingConfig
    >>> config, used = apply_settings(TrainingConfig(), {"epochs": "5", "other": "1"})
    >>> config.epochs, used
    (5, {'epochs'})
    """
    kinds = typing.get_type_hints(type(config))
    known = {f.name for f in dataclasses.fields(config)} & set(settings)  # type: ignore[arg-type]
    values = {name: _converted(name, settings[name], kinds[name]) for name in known}
    return dataclasses.replace(config, **values), known  # type: ignore[type-var]


def _converted(name: str, value: Any, kind: Any) -> Any:
    """`"0.5"` → 0.5 where the field is a float; `"none"` → None where it may be."""
    choices = typing.get_args(kind) or (kind,)
    if isinstance(value, str) and value.lower() == "none" and type(None) in choices:
        return None
    if not isinstance(value, str):
        return value
    readers: dict[Any, Callable[[str], Any]] = {bool: _as_bool, int: int, float: float, str: str}
    for reader in (readers[c] for c in readers if c in choices):
        try:
            return reader(value)
        except ValueError:
            continue
    wanted = " or ".join(getattr(c, "__name__", str(c)) for c in choices)
    raise ArgumentError(f"{name}={value!r} is no {wanted}", fix=f"--set {name}=<{wanted}>")


def _as_bool(text: str) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]
