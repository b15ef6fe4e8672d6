"""The configuration of a tagger, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass

from tympan.errors import ArgumentError
from tympan.tasks.classify.config import ClassifyConfig


@dataclass(frozen=True)
class TagConfig(ClassifyConfig):
    """That of a classifier, and a threshold for each label.

    Attributes:
        thresholds: score from which each label applies, in the order of the labels; empty: 0.5 for
            all. They are chosen on recordings that were not trained on.

    >>> TagConfig.from_dict(TagConfig(thresholds=(0.3, 0.6)).to_dict()).thresholds
    (0.3, 0.6)
    """

    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0 <= one <= 1 for one in self.thresholds):
            raise ArgumentError(f"thresholds {self.thresholds} must be between 0 and 1")
