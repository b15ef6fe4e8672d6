"""How a classifier is trained, by the recordings and the start model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests_sounds import KINDS, QUICK, few_recordings, sound
from tympan.data import AudioStore, Table, read_folder
from tympan.errors import ArgumentError
from tympan.models import Card, LoadedModel, load_model
from tympan.tasks import train
from tympan.tasks.classify import TASK, Classifier, ClassifyConfig, ClassifyLearner
from tympan.tasks.classify.ensemble import card_config, joined
from tympan.tasks.classify.examples import ClassifyExamples
from tympan.tasks.classify.linear_probe import fit_head
from tympan.tasks.classify.recipe import EPOCHS_SCRATCH, Initialize, at_rate
from tympan.tasks.contract import Recipe

PLAIN = {"pool": "last", "keep_norm": False, "encoder": "small"}
CONFIG = ClassifyConfig(
    encoder="small", n_mels=32, n_fft=512, hop=160, clip_s=0.9, pool="stages", keep_norm=True
)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Five clips of each of three labels."""
    return read_folder(few_recordings(tmp_path_factory.mktemp("few") / "few"))


@pytest.fixture(scope="module")
def enough(few: Table) -> Table:
    """So many rows that some are held out for validation."""
    return few.subset(list(range(15)) * 8)


def kinds(state: dict[str, Any] | None = None, **changes: object) -> LoadedModel:
    """A model of the three kinds with an encoder of its own."""
    config = replace(CONFIG, **changes)
    torch.manual_seed(5)
    found = Classifier(config, 3).state_dict() if state is None else state
    card = Card("kinds", "classify", config=config.to_dict(), labels=list(KINDS))
    return LoadedModel(card, found, Path("kinds"))


def recipe(
    table: Table, start: LoadedModel | None, given: dict[str, Any]
) -> Recipe[ClassifyConfig]:
    return TASK.recipe(table, start, given)


# -- which recipe ------------------------------------------------------------------------------


def test_few_recordings_and_many(few: Table, enough: Table) -> None:
    start = load_model("sounds")
    for model, table, small, pool, epochs in (
        (start, few, True, "stages", 0),
        (start, enough, False, "stages", 20),
        (None, few, True, "stages", 0),
        (None, enough, False, "last", 40),
    ):
        found = recipe(table, model, {})
        assert (found.val_fraction == 0) is small
        assert found.config.pool == pool
        assert [phase.training.epochs for phase in found.phases] == [epochs]
        assert found.config.encoder_lr == (1.0 if model is None else 0.1)
        assert (found.initialize is None) == (pool == "last")
        assert found.user_set == frozenset()
        assert any("the head is fitted" in line for line in found.reasons) == (epochs == 0)


def test_a_random_encoder_learns_with_muon_a_trained_one_does_not(few: Table) -> None:
    start = load_model("sounds")
    for given, model, optimizer in (
        (PLAIN, None, "muon"),
        (PLAIN | {"optimizer": "adamw"}, None, "adamw"),
        ({}, start, "adamw"),
        ({"epochs": 3}, start, "adamw"),
    ):
        assert recipe(few, model, given).phases[0].training.optimizer == optimizer


def test_who_asks_for_epochs_or_a_rate_gets_a_training(few: Table) -> None:
    start = load_model("sounds")
    assert recipe(few, start, {"epochs": 3}).phases[0].training.epochs == 3
    assert recipe(few, start, {"lr": 1e-4}).phases[0].training.epochs == 20
    none = recipe(few, start, {"epochs": 0})
    assert none.phases[0].training.epochs == 0
    assert none.reasons[0].startswith("as set: ")


def test_without_a_fitted_head_few_recordings_are_trained_on(few: Table, tmp_path: Path) -> None:
    found = recipe(few, None, PLAIN)
    assert (found.config.pool, found.phases[0].training.epochs) == ("last", EPOCHS_SCRATCH)
    with pytest.raises(ArgumentError, match="nothing would be learned"):
        train(few, from_="scratch", out=tmp_path / "m", epochs=0, progress=False, settings=PLAIN)


def test_what_the_user_set_is_known(few: Table) -> None:
    found = recipe(few, None, {"clip_s": "2", "seed": "3"})
    assert found.user_set == {"clip_s"}
    assert (found.config.clip_s, found.seed) == (2.0, 3)


def test_the_front_and_the_encoder_are_those_of_the_start_model(few: Table) -> None:
    found = recipe(few, kinds(f_min_hz=50.0), {})
    fields = ("rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "encoder")
    mine = found.config.to_dict()
    assert [mine[name] for name in fields] == [16000, 512, 160, 32, 50.0, "small"]
    with pytest.raises(ArgumentError, match="n_mels=64 does not fit the encoder of kinds"):
        recipe(few, kinds(), {"n_mels": 64})


def test_of_an_ensemble_the_first_net_is_the_start(few: Table) -> None:
    first, second = CONFIG, replace(CONFIG, n_mels=48)
    nets = [Classifier(config, 3) for config in (first, second)]
    card = Card("two", "classify", config=card_config([first, second], 1.0), labels=list(KINDS))
    start = LoadedModel(card, joined([net.state_dict() for net in nets]), Path("two"))
    assert recipe(few, start, {}).config.n_mels == 32
    fresh = Classifier(CONFIG, 3)
    store = AudioStore.open(few, CONFIG.rate_hz)
    examples = ClassifyExamples(few, store, CONFIG, KINDS)
    Initialize(start)(ClassifyLearner(fresh, CONFIG, KINDS), examples, lambda line: None)
    for name, tensor in nets[0].encoder.state_dict().items():
        assert torch.equal(fresh.encoder.state_dict()[name], tensor)


# -- low rates ---------------------------------------------------------------------------------


def test_recordings_of_a_low_rate_are_taken_at_it() -> None:
    config = at_rate(ClassifyConfig(), 12000)
    assert (config.rate_hz, config.n_fft, config.hop) == (12000, 768, 240)
    for rate_hz in (0, 800, 16000, 44100):
        assert at_rate(ClassifyConfig(), rate_hz) == ClassifyConfig()


def test_the_rate_of_the_recordings_is_looked_for_from_scratch_only(tmp_path: Path) -> None:
    for kind in ("noise", "tone"):
        (tmp_path / kind).mkdir()
        sound(kind, 1, rate_hz=8000).save(tmp_path / kind / "a.wav")
    table = read_folder(tmp_path)
    assert recipe(table, None, {}).config.rate_hz == 8000
    assert recipe(table, None, {"rate_hz": 16000}).config.rate_hz == 16000
    assert recipe(table, kinds(), {}).config.rate_hz == 16000


# -- what the weights are before the first epoch -----------------------------------------------


@pytest.fixture(scope="module")
def examples(few: Table) -> ClassifyExamples:
    return ClassifyExamples(few, AudioStore.open(few, CONFIG.rate_hz), CONFIG, KINDS)


def initialized(
    start: LoadedModel | None, examples: ClassifyExamples, labels: tuple[str, ...] = KINDS
) -> Classifier:
    torch.manual_seed(9)
    net = Classifier(examples.config, len(labels))
    Initialize(start)(ClassifyLearner(net, examples.config, labels), examples, lambda line: None)
    return net


def test_a_model_of_the_same_labels_brings_its_head(examples: ClassifyExamples) -> None:
    torch.manual_seed(5)
    trained = Classifier(CONFIG, 3)
    fit_head(trained, examples)
    shift = torch.full_like(trained.head.weight, 0.7)  # in all rows alike: no answer changes
    with torch.no_grad():
        trained.head.weight += shift
    net = initialized(kinds(trained.state_dict()), examples)
    for part in ("encoder", "pool"):
        state = getattr(net, part).state_dict()
        for name, tensor in getattr(trained, part).state_dict().items():
            assert torch.equal(state[name], tensor), (part, name)
    # It was right already, so it hardly moves, and keeps what no recording contradicts.
    moved = (net.head.weight - trained.head.weight).norm() / trained.head.weight.norm()
    assert 0 < moved.item() < 0.3
    assert torch.allclose(net.head.weight.mean(0), trained.head.weight.mean(0), atol=1e-3)


def test_a_model_of_other_labels_brings_its_encoder_only(
    few: Table, examples: ClassifyExamples
) -> None:
    start = kinds()
    other = replace(start, card=replace(start.card, labels=["x", "y", "z"]))
    plain = kinds(pool="last")
    for one in (other, plain):
        net = initialized(one, examples)
        for name, tensor in net.encoder.state_dict().items():
            assert torch.equal(tensor, start.state[f"encoder.{name}"])
        assert not torch.equal(net.pool.center, start.state["pool.center"])
        assert torch.allclose(net.head.weight.mean(0), torch.zeros(net.pool.features), atol=1e-3)


def test_labels_in_another_order_are_other_labels(examples: ClassifyExamples) -> None:
    start = kinds()
    other = replace(start, card=replace(start.card, labels=["tone", "noise", "chirp"]))
    net = initialized(other, examples)
    assert torch.allclose(net.head.weight.mean(0), torch.zeros(net.pool.features), atol=1e-3)


def test_from_scratch_a_head_on_every_stage_is_fitted_to_a_normed_encoder(
    examples: ClassifyExamples,
) -> None:
    torch.manual_seed(9)
    fresh = Classifier(CONFIG, 3)
    net = initialized(None, examples)
    assert torch.equal(net.encoder.stem[0].weight, fresh.encoder.stem[0].weight)
    assert not torch.equal(net.encoder.stem[1].running_mean, fresh.encoder.stem[1].running_mean)
    store, table = examples.store, examples.table
    for row, path in enumerate(table.paths):
        wave = torch.from_numpy(store.mono(path))[None]
        assert int(net.probabilities(wave).argmax()) == int(examples.targets[row])


def test_without_kept_norms_they_are_not_set(few: Table) -> None:
    config = replace(CONFIG, keep_norm=False)
    examples = ClassifyExamples(few, AudioStore.open(few, config.rate_hz), config, KINDS)
    net = initialized(None, examples)
    assert all(int(n) == 0 for k, n in net.state_dict().items() if k.endswith("batches_tracked"))


def test_a_fitted_head_is_fitted_once(few: Table, tmp_path: Path) -> None:
    lines: list[list[str]] = [[], []]
    for one in lines:
        train(few, out=tmp_path / "m", progress=False, say=one.append)
    assert [any("fitting the head" in line for line in one) for one in lines] == [True, False]


def test_what_a_model_knows_bends_to_new_recordings_of_the_same_labels(
    few: Table, tmp_path: Path
) -> None:
    """The labels changed places: a head that stayed as it was would be wrong everywhere."""
    first = train(few, out=tmp_path / "first", progress=False, settings={"encoder": "base"})
    for i, kind in enumerate(KINDS):
        for j in range(5):
            clip = sound(KINDS[(i + 1) % 3], 800 + j)
            (tmp_path / "new" / kind).mkdir(parents=True, exist_ok=True)
            clip.save(tmp_path / "new" / kind / f"{j}.wav")
    second = train(tmp_path / "new", from_=str(first.folder), out=tmp_path / "b", progress=False)
    assert second.history.epochs == []
    assert second.metrics["accuracy"] == 1.0


@pytest.mark.parametrize("start", ["kinds", "scratch"])
def test_few_recordings_all_train_a_fitted_head(
    few: Table, trained, tmp_path: Path, start: str
) -> None:
    """Of fifteen clips two or three are for the test; none is wasted on validation."""
    lines: list[str] = []
    result = train(
        few, from_=str(trained[0].folder) if start == "kinds" else start, out=tmp_path / "m",
        progress=False, say=lines.append, settings={"encoder": "small"},
    )  # fmt: skip
    assert result.job.prepared.config.pool == "stages"
    assert not result.job.split.indices["val"]
    assert "none is held out for validation" in result.split
    assert any("none is held out for validation" in line for line in lines)
    assert any("the head is fitted, the encoder stays" in line for line in lines)
    assert result.history.epochs == []
    assert result.metrics["accuracy"] > 0.6


def test_many_recordings_from_scratch_keep_the_plain_head_and_a_validation_set(validated) -> None:
    result, _ = validated
    assert result.job.prepared.config.pool == "last"
    assert result.job.split.indices["val"]
    assert result.job.recipe.val_fraction > 0


def test_the_settings_of_a_recipe_reach_the_training(few: Table, tmp_path: Path) -> None:
    result = train(
        few, from_="scratch", out=tmp_path / "m", progress=False, epochs=1,
        settings=QUICK | {"clip_s": "0.7", "lr": "0.01", "mixup_p": "0.25"},
    )  # fmt: skip
    phase = result.job.recipe.phases[0]
    assert (phase.training.lr, phase.training.batch_size, phase.training.epochs) == (0.01, 16, 1)
    assert (result.job.prepared.config.clip_s, result.job.prepared.config.mixup_p) == (0.7, 0.25)
    assert result.history.epochs[0]["lr"] <= 0.01
