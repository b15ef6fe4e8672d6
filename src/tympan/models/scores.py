"""A measured figure: its value, its interval, its unit, and which way is better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

# Shares are shown in percent.
SHARE = "share"


@dataclass(frozen=True)
class Score:
    """One measured figure of a model.

    Args:
        name: as the field calls it, `"accuracy"`, `"macro_f1"`, `"si_sdr"`.
        value: the figure.
        interval: the ends of its 95 % interval, where it was computed.
        unit: `"share"` (0 … 1, shown in percent), `"dB"`, `"s"`, `"nats"` …, or empty.
        higher_is_better: whether more is better.
        folds: the value of each fold of a cross-validation.

    >>> print(Score("macro_f1", 0.875, (0.8, 0.93)))
    macro F1 87.5 % (95 % interval 80.0 – 93.0 %)
    >>> print(Score("si_sdr", 7.25, unit="dB"))
    SI-SDR 7.25 dB
    """

    name: str
    value: float
    interval: tuple[float, float] | None = None
    unit: str = SHARE
    higher_is_better: bool = True
    folds: tuple[float, ...] = ()

    @property
    def title(self) -> str:
        """The name as people write it."""
        return TITLES.get(self.name, self.name.replace("_", " "))

    @property
    def text(self) -> str:
        """The value with its unit."""
        return f"{self._number(self.value)}{self._unit}"

    @property
    def interval_text(self) -> str:
        """`80.0 – 93.0 %`, empty where there is no interval."""
        if self.interval is None:
            return ""
        low, high = (self._number(one) for one in self.interval)
        return f"{low} – {high}{self._unit}"

    @property
    def fold_std(self) -> float | None:
        """Standard deviation over the folds; None with fewer than two."""
        if len(self.folds) < 2:
            return None
        mean = sum(self.folds) / len(self.folds)
        return math.sqrt(sum((one - mean) ** 2 for one in self.folds) / (len(self.folds) - 1))

    @property
    def _unit(self) -> str:
        return " %" if self.unit == SHARE else f" {self.unit}" if self.unit else ""

    def _number(self, value: float) -> str:
        return f"{100 * value:.1f}" if self.unit == SHARE else f"{value:.3g}"

    def __str__(self) -> str:
        interval = f" (95 % interval {self.interval_text})" if self.interval else ""
        return f"{self.title} {self.text}{interval}"

    def to_json(self) -> dict[str, Any]:
        """As plain values; NaN is None."""
        values = asdict(self)
        values["value"] = self.value if math.isfinite(self.value) else None
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Score:
        """From what `to_json` gave.

        >>> Score.from_json(Score("eer", 0.02, (0.01, 0.03)).to_json()).interval
        (0.01, 0.03)
        """
        value, interval = values.get("value"), values.get("interval")
        return cls(
            str(values["name"]),
            math.nan if value is None else float(value),
            None if interval is None else (float(interval[0]), float(interval[1])),
            str(values.get("unit", SHARE)),
            bool(values.get("higher_is_better", True)),
            tuple(float(one) for one in values.get("folds", ())),
        )


TITLES = {
    "onset_f1": "onset F1",
    "offset_f1": "offset F1",
    "frame_f1": "frame F1",
    "si_sdr_improvement": "SI-SDR improvement",
    "sdr_improvement": "SDR improvement",
    "mel_cepstral_distortion_db": "MCD",
    "pitch_error_semitones": "pitch error",
    "duration_error_ms": "duration error",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "ece": "calibration error",
    "map": "mAP",
    "left_out_auroc": "AUROC of left-out labels",
    "auroc": "AUROC",
    "auc": "AUC",
    "pauc": "pAUC",
    "simulated_auc": "AUC on simulated changes",
    "si_sdr": "SI-SDR",
    "sdr": "SDR",
    "eer": "EER",
    "der": "DER",
    "wer": "WER",
    "cer": "CER",
    "min_dcf": "minDCF",
    "event_f1": "event F1",
    "segment_f1": "segment F1",
    "psds": "PSDS",
    "frame_map": "frame mAP",
    "frame_auc": "frame AUC",
    "frame_auc_10_db": "frame AUC at 10 dB",
    "frame_auc_0_db": "frame AUC at 0 dB",
}
