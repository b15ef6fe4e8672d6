"""How to train a separator, chosen from the folder and the start model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.errors import DataError
from tympan.tasks.contract import Log, Phase, Recipe
from tympan.tasks.recipes import check_pretrained, configured
from tympan.tasks.separate.config import SeparateConfig
from tympan.training import TrainingConfig

if TYPE_CHECKING:
    from tympan.data import Examples, Table
    from tympan.models import LoadedModel
    from tympan.training.learner import Learner

PRETRAINED_FIELDS = ("net", "net_options", "rate_hz", "channels", "permute", "told")
# What people call the voice.
VOICE_NAMES = ("voice", "speech", "clean", "clean_fullband", "vocals")
NOISE_NAMES = {"noise_fullband": "noise"}
USUAL = TrainingConfig(
    epochs=40, batch_size=8, lr=1e-3, weight_decay=0.01, warmup_epochs=1, ema_decay=0.995
)
TUNED = replace(USUAL, epochs=15, lr=3e-4)


def has_stems(table: Table) -> bool:
    """Whether the rows are mixtures with their sources."""
    return any(len(one.files) > 1 and "mixture" in one.files for one in table)


def sources_of(table: Table) -> tuple[str, ...]:
    """The sources of a folder: roles beside the mixture, or labels."""
    if has_stems(table):
        found = {role for one in table for role in one.files}
        return tuple(sorted(found - {"mixture", "audio", "midi", "score"}))
    return tuple(table.labels)


def with_voice(table: Table) -> Table:
    """The table with what people call the voice named so: `speech`, `clean` …; noise alike."""
    if has_stems(table) or "voice" in table.labels:
        return table
    name = next((one for one in VOICE_NAMES if one in table.labels), None)
    renamed = dict(NOISE_NAMES)
    if name is not None:
        renamed[name] = "voice"
    rows = [
        replace(one, columns={**one.columns, "label": renamed.get(one.label, one.label)})
        if one.label
        else one
        for one in table
    ]
    return replace(table, examples=tuple(rows))


def recipe(
    table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
) -> Recipe[SeparateConfig]:
    """How to train on a folder.

    Raises:
        DataError: there is nothing to mix.
        ArgumentError: an unknown setting.
    """
    names = sources_of(table)
    config = SeparateConfig()
    reasons: tuple[str, ...] = ()
    if start is not None:
        config = SeparateConfig.from_dict(start.card.config, str(start.path))
        reasons = (f"the sources are those of {start.card.name}: {', '.join(start.card.labels)}",)
    stems = has_stems(table)
    config = replace(config, learn_from="stems" if stems else "isolated")
    if not stems and not config.permute and len(names) < 2:
        what = f"has {len(names) or 'no'} kind of source, and a mix needs two"
        fix = "give a sub-folder of each, such as voice and noise, or mixtures with their sources"
        raise DataError(what, file=table.root, fix=fix)
    usual = USUAL if start is None else TUNED
    config, training, user_set = configured(config, usual, settings)
    if start is not None:
        check_pretrained(PRETRAINED_FIELDS, config, start)
    how = "crops of the mixtures" if stems else "mixes of isolated sources, drawn anew each epoch"
    return Recipe(
        phases=(Phase(training, config),),
        reasons=(*reasons, f"it learns from {how}"),
        user_set=user_set,
        initialize=None if start is None else Initialize(start),
    )


class Initialize:
    """Takes over the weights of a separator of the same sources.

    Args:
        start: the model.
    """

    def __init__(self, start: LoadedModel) -> None:
        self.start = start

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Copy them all."""
        from tympan.tasks.separate.learner import SeparateLearner

        assert isinstance(learner, SeparateLearner)
        learner.net.load_state_dict({k: v.float() for k, v in self.start.state.items()})
        log(f"took over the weights of {self.start.card.name}")
