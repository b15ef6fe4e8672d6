"""What `sed_eval` 0.2.1 and `psds_eval` 0.5.3 say about drawn events, for `test_metrics.py`.

    python tests/tasks/segment/golden_metrics.py > tests/tasks/segment/golden_metrics.json

`psds_eval` wants pandas below 3. `sed_eval` needs `dcase_util` for its lists of events only; a list
that says which labels and which files it has does as well. Neither is needed to run the tests.
"""

from __future__ import annotations

import json
import sys
import types

import numpy as np

LABELS = ("dog", "rain", "siren")
FILES, DURATION_S = 6, 30.0
THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)


def drawn(seed: int) -> tuple[list, list]:
    """True events of each file, and found ones with a score."""
    rng = np.random.default_rng(seed)
    truth, found = [], []
    for _ in range(FILES):
        true, mine = [], []
        for label in LABELS:
            at = float(rng.uniform(0, 3))
            while at < DURATION_S - 4:
                length = float(rng.uniform(0.2, 3))
                true.append((round(at, 3), round(at + length, 3), label))
                if rng.random() < 0.8:
                    a, b = at + rng.normal(0, 0.15), at + length + rng.normal(0, 0.3)
                    if b > a + 0.05 and a > 0:
                        score = float(rng.uniform(0.2, 1))
                        mine.append((round(a, 3), round(b, 3), label, score))
                at += length + float(rng.uniform(0.5, 6))
            for _ in range(rng.poisson(2)):
                a = float(rng.uniform(0, DURATION_S - 2))
                b = a + float(rng.uniform(0.2, 1.5))
                mine.append((round(a, 3), round(b, 3), label, float(rng.uniform(0, 0.8))))
        truth.append(sorted(true))
        # psds_eval takes no two of a label that overlap.
        apart: list = []
        for one in sorted(mine):
            if all(one[0] >= other[1] or one[2] != other[2] for other in apart):
                apart.append(one)
        found.append(apart)
    return truth, found


def main() -> None:
    """Print the golden values."""

    class Events(list):
        @property
        def unique_event_labels(self):
            return sorted({one["event_label"] for one in self})

        def filter(self, event_label):
            return Events(one for one in self if one["event_label"] == event_label)

        @property
        def max_offset(self):
            return max(one["event_offset"] for one in self)

        unique_files = ()

    stub = types.ModuleType("dcase_util")
    stub.containers = types.SimpleNamespace(MetaDataContainer=Events)
    stub.ui = types.SimpleNamespace(FancyStringifier=object, ui=None)
    stub.utils = types.SimpleNamespace()
    sys.modules["dcase_util"] = stub
    import pandas as pd
    import sed_eval
    from psds_eval import PSDSEval

    def events(rows):
        return Events(
            {"event_onset": a, "event_offset": b, "event_label": c, "onset": a, "offset": b}
            for a, b, c, *_ in rows
        )

    cases = []
    for seed in range(4):
        truth, found = drawn(seed)
        event = sed_eval.sound_event.EventBasedMetrics(
            list(LABELS), t_collar=0.2, percentage_of_length=0.2, event_matching_type="optimal"
        )
        segment = sed_eval.sound_event.SegmentBasedMetrics(list(LABELS), time_resolution=1.0)
        for true, mine in zip(truth, found, strict=True):
            kept = [one for one in mine if one[3] >= 0.5]
            event.evaluate(events(true), events(kept))
            segment.evaluate(events(true), events(kept))
        psds = PSDSEval(
            ground_truth=pd.DataFrame(
                [(f"{i}.wav", a, b, c) for i, one in enumerate(truth) for a, b, c in one],
                columns=["filename", "onset", "offset", "event_label"],
            ),
            metadata=pd.DataFrame(
                [(f"{i}.wav", DURATION_S) for i in range(FILES)], columns=["filename", "duration"]
            ),
            dtc_threshold=0.7, gtc_threshold=0.7, cttc_threshold=0.3,
        )  # fmt: skip
        for threshold in THRESHOLDS:
            rows = [
                (f"{i}.wav", a, b, c)
                for i, one in enumerate(found)
                for a, b, c, score in one
                if score >= threshold
            ]
            psds.add_operating_point(
                pd.DataFrame(rows, columns=["filename", "onset", "offset", "event_label"])
            )
        values = {
            name: psds.psds(alpha_ct=0, alpha_st=alpha_st, max_efpr=efpr).value
            for name, alpha_st, efpr in (("psds", 1.0, 100.0), ("psds_mean", 0.0, 50.0))
        }
        classes = event.results_class_wise_metrics()
        cases.append(
            {
                "seed": seed,
                "event_f1": event.results_overall_metrics()["f_measure"]["f_measure"],
                "event_f1_of": {k: v["f_measure"]["f_measure"] for k, v in classes.items()},
                "segment_f1": segment.results_overall_metrics()["f_measure"]["f_measure"],
                **values,
            }
        )
    json.dump(cases, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
