"""How a segmenter is trained: what suits the recordings, their labels and their rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError, DataError
from tympan.tasks.contract import VAL_FRACTION, Log, Phase, Recipe
from tympan.tasks.recipes import TEST_FRACTION, common_rate_hz, configured, share_above
from tympan.tasks.segment.config import SegmentConfig
from tympan.tasks.segment.examples import labels_of

if TYPE_CHECKING:
    from tympan.data import Examples, Table
    from tympan.models import LoadedModel
    from tympan.training import Learner, TrainingConfig

# What pretrained weights need as it was.
PRETRAINED_FIELDS = (
    "rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "f_max_hz", "widths", "reduction", "features",
    "layers", "causal", "lookahead",
)  # fmt: skip
# So many steps are taken, more or less, whatever the number of recordings.
STEPS, MOST_EPOCHS, LEAST_EPOCHS = 900, 150, 10
BATCH = 16
SCENE_ROWS = 320  # scenes that an epoch has at least
# With more of the power above what the net gets, the net would not get the sound.
MOST_LOST = 0.3
LOWEST_RATE_HZ = 1000
# A frame of the answer is this share of a short event, but no shorter or longer than so.
FRAMES_OF_SHORT, SHORTEST_FRAME_S, LONGEST_FRAME_S = 5, 0.002, 0.04


def usual_training() -> TrainingConfig:
    """How long and how fast, before it is known how many recordings there are."""
    from tympan.training import TrainingConfig

    return TrainingConfig(
        epochs=60, batch_size=BATCH, lr=2e-3, weight_decay=0.02, warmup_epochs=2.0, ema_decay=0.995
    )


def vocabulary_of(table: Table, background: str = "") -> tuple[str, ...]:
    """The labels of parts, else those of whole recordings; without that of backgrounds.

    >>> from pathlib import Path
    >>> from tympan.data import Table, recording
    >>> rows = [recording(Path(f"{n}.wav"), {"label": n}) for n in ("cat", "dog", "background")]
    >>> vocabulary_of(Table(Path("."), tuple(rows)), "background")
    ('cat', 'dog')
    """
    found = {label for one in table for part in one.supervisions for label in labels_of(part)}
    return tuple(sorted((found or set(table.tags)) - {background}))


def recipe(
    table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
) -> Recipe[SegmentConfig]:
    """The recipe for a folder, see `tympan.tasks.contract.Task.recipe`.

    Raises:
        ArgumentError: an unknown or unusable setting.
        DataError: there is no label.
    """
    config = SegmentConfig()
    reasons: tuple[str, ...] = ()
    if start is not None:
        other = SegmentConfig.from_dict(start.card.config, str(start.path))
        config = replace(config, **{name: getattr(other, name) for name in PRETRAINED_FIELDS})
    else:
        config, reasons = front(config, table, settings)
    learn_from, why = learned_from(table, config.background)
    config = replace(config, learn_from=learn_from)
    if not vocabulary_of(table, config.background):
        fix = "give start_s, end_s and label of parts, or a label of each recording"
        raise DataError("has no labels", file=table.root, fix=fix)
    settings = dict(settings)
    if settings.pop("augment", None) is not None:
        what = "segment has its own augmentation: noise and rooms would move what times are of"
        raise ArgumentError(what, fix="--set gain_db=… mask=… mixup_p=… change it")
    usual = replace(usual_training(), epochs=epochs_for(table, config))
    config, training, user_set = configured(config, usual, settings)
    return Recipe(
        phases=(Phase(training, config),),
        reasons=(*reasons, why),
        user_set=user_set | ({"epochs"} & set(settings)),
        val_fraction=VAL_FRACTION,
        initialize=None if start is None else Initialize(start),
    )


def epochs_for(table: Table, config: SegmentConfig) -> int:
    """So many epochs that a small folder is gone through as often as it needs, a large one less."""
    if config.learn_from == "scenes":
        rows = float(max(SCENE_ROWS, 3 * len(table)))
    else:
        # Recordings are not decoded yet; they last as long as what is marked in them, or more.
        ends = (max((p.end_s for p in one.supervisions), default=0.0) for one in table)
        rows = sum(max(1.0, end_s / config.crop_s) for end_s in ends)
    steps = max(1.0, rows * (1 - VAL_FRACTION - TEST_FRACTION) / BATCH)
    return int(np.clip(round(STEPS / steps), LEAST_EPOCHS, MOST_EPOCHS))


def learned_from(table: Table, background: str) -> tuple[str, str]:
    """What the times are learned from, and why."""
    if any(one.supervisions for one in table):
        return "times", "labels of parts are there, so each frame is learned"
    several = any(len(one.tags) > 1 for one in table)
    if background in table.tags and not several:
        why = (
            f"no times, but recordings called {background!r}: the others are mixed with them "
            "into scenes whose times are known"
        )
        return "scenes", why
    why = (
        "no times, so they are learned from the labels of whole recordings; recordings of "
        f"{background!r} beside those of single events would let scenes be mixed"
    )
    return "clips", why


def front(
    config: SegmentConfig, table: Table, settings: Mapping[str, Any]
) -> tuple[SegmentConfig, tuple[str, ...]]:
    """Rate, band and frame that suit the recordings: of bats, of whales, of speech."""
    common_hz = settings.get("rate_hz") or common_rate_hz(table)
    if not common_hz:
        return config, ()
    reasons: list[str] = []
    rate_hz, low_hz, high_hz = min(config.rate_hz, common_hz), config.f_min_hz, 0.0
    band = marked_band(table)
    if "rate_hz" in settings:
        rate_hz = common_hz
    elif band is not None:
        low_hz, high_hz = 0.8 * band[0], min(1.2 * band[1], common_hz / 2)
        rate_hz = int(min(common_hz, max(LOWEST_RATE_HZ, 1000 * np.ceil(2.5 * high_hz / 1000))))
        high_hz = min(high_hz, rate_hz / 2)
        low_hz = min(low_hz, 0.8 * high_hz)
        reasons.append(
            f"marked parts lie in {band[0]:.0f} – {band[1]:.0f} Hz, so the net gets that"
        )
    elif common_hz > config.rate_hz:
        lost = share_above(table, config.rate_hz / 2)
        if lost > MOST_LOST:
            rate_hz = common_hz
            reasons.append(f"{100 * lost:.0f} % of the power lies high, so the net gets all of it")
    frame_s, why = frame_of(table, config.frame_s)
    reasons += why
    # A frame of the spectrogram holds as many samples as a power of two near three hops.
    hop = max(1, round(frame_s / config.reduction * rate_hz))
    n_fft = int(2 ** np.clip(np.round(np.log2(3.2 * hop)), 5, 15))
    n_fft = max(n_fft, 2 ** int(np.ceil(np.log2(max(hop, 32)))))
    n_mels = config.n_mels if n_fft >= 256 else max(16, min(config.n_mels, n_fft // 4))
    found = replace(
        config, rate_hz=int(rate_hz), hop=hop, n_fft=n_fft, n_mels=n_mels,
        f_min_hz=low_hz if band is not None else min(low_hz, rate_hz / 8), f_max_hz=high_hz,
    )  # fmt: skip
    if found.rate_hz != config.rate_hz:
        reasons.append(
            f"the net gets {found.rate_hz} Hz and answers each {1000 * found.frame_s:.3g} ms"
        )
    return found, tuple(reasons)


def marked_band(table: Table) -> tuple[float, float] | None:
    """The lowest and highest frequency of the marked parts; None unless nearly all have both."""
    parts = [part for one in table for part in one.supervisions]
    boxes = [(p.low_hz, p.high_hz) for p in parts if p.low_hz is not None and p.high_hz]
    if not boxes or len(boxes) < 0.9 * len(parts):
        return None
    low, high = np.array(boxes, float).T
    return float(np.percentile(low, 2)), float(np.percentile(high, 98))


def frame_of(table: Table, usual_s: float) -> tuple[float, tuple[str, ...]]:
    """Length of a frame of the answer that suits the shortest of the marked parts."""
    lengths = [part.duration_s for one in table for part in one.supervisions if part.duration_s > 0]
    if not lengths:
        return usual_s, ()
    short_s = float(np.percentile(lengths, 10))
    frame_s = float(np.clip(short_s / FRAMES_OF_SHORT, SHORTEST_FRAME_S, LONGEST_FRAME_S))
    if frame_s >= 0.9 * usual_s:
        return usual_s, ()
    return frame_s, (f"a tenth of the marked parts last {1000 * short_s:.3g} ms or less",)


class Initialize:
    """Copy the weights of a model; its head too where the labels are the same.

    Args:
        model: what to start from.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.model = model

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Initialise the net of `learner`."""
        from tympan.tasks.segment.learner import SegmentLearner

        assert isinstance(learner, SegmentLearner)
        same = tuple(self.model.card.labels) == learner.labels
        state = {k: v for k, v in self.model.state.items() if same or not k.startswith("head.")}
        learner.net.load_state_dict(state, strict=False)
        log(f"took over the weights of {self.model.card.name}" + ("" if same else " but its head"))
