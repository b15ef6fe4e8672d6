"""Several nets that answer together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import tympan
from tests_sounds import sound
from tympan.errors import ModelError
from tympan.models import Card, load_model, save_model
from tympan.report.explain import explain
from tympan.tasks.classify import TASK, Classifier, ClassifyConfig
from tympan.tasks.classify.activation import contributions, heat_of
from tympan.tasks.classify.ensemble import Ensemble, card_config, configs_of, joined

FIRST = ClassifyConfig(encoder="small", n_mels=32, clip_s=1.0)
SECOND = replace(FIRST, n_fft=2048, hop=400, n_mels=48, frequency_shift=3)
LABELS = ["chirp", "noise", "tone"]


def nets() -> list[Classifier]:
    torch.manual_seed(3)
    return [Classifier(config, 3).eval() for config in (FIRST, SECOND)]


def saved(folder: Path, temperature: float = 1.0, half: bool = False) -> Path:
    card = Card(
        name="two",
        task="classify",
        labels=LABELS,
        config=card_config([FIRST, SECOND], temperature),
    )
    save_model(folder, joined([net.state_dict() for net in nets()]), card, half=half)
    return folder


def test_the_answer_is_the_mean_of_what_its_nets_say(tmp_path: Path) -> None:
    wave = sound("tone", 1).resample(16000)
    waves = torch.from_numpy(wave.samples.copy())
    each = [net.probabilities(waves) for net in nets()]
    assert not torch.allclose(*each, atol=1e-4)
    model = TASK.load(load_model(saved(tmp_path / "one")))
    assert isinstance(model.net, Ensemble)
    assert torch.allclose(model.net.probabilities(waves), sum(each) / 2, atol=1e-6)

    found = tympan.classify(wave, model=tmp_path / "one", top=3)
    scores = {one.label: one.score for one in found.labels}
    assert list(scores) == [LABELS[i] for i in (-sum(each)[0]).argsort()]


def test_half_the_bytes_give_nearly_the_same_answer(tmp_path: Path) -> None:
    waves = torch.randn(2, 16000, generator=torch.Generator().manual_seed(0))
    whole, half = (
        TASK.load(load_model(saved(tmp_path / str(h), half=h))).net.probabilities(waves)
        for h in (False, True)
    )
    assert torch.allclose(whole, half, atol=1e-3)
    sizes = [(tmp_path / str(h) / "model.safetensors").stat().st_size for h in (False, True)]
    assert sizes[1] < 0.6 * sizes[0]


def test_it_is_scored_and_listed_like_any_other(folder: Path, tmp_path: Path) -> None:
    result = tympan.evaluate(saved(tmp_path / "two"), folder)
    assert result.count == 60
    page = tympan.hear(sound("tone", 4), tmp_path / "page.html", models=tmp_path / "two")
    assert "tone" in page.path.read_text(encoding="utf-8")


def test_the_temperature_is_that_of_the_common_answer(tmp_path: Path) -> None:
    waves = torch.randn(2, 16000, generator=torch.Generator().manual_seed(0))
    cold, warm = (
        TASK.load(load_model(saved(tmp_path / str(t), t))).net.probabilities(waves)
        for t in (1.0, 2.0)
    )
    assert torch.allclose(warm, cold.sqrt() / cold.sqrt().sum(1, keepdim=True), atol=1e-6)


def test_reasons_are_the_mean_of_those_of_its_nets(tmp_path: Path) -> None:
    net = TASK.load(load_model(saved(tmp_path / "two"))).net
    waves = torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
    heat = heat_of(net, waves, 1)
    parts = [contributions(one, one.front(waves), 1) for one in nets()]
    assert heat.shape == parts[0].shape != parts[1].shape
    assert torch.allclose(heat.sum(), sum(p.sum() for p in parts) / 2, atol=1e-4)
    assert torch.equal(heat_of(nets()[0], waves, 1), parts[0])


def test_explain_says_that_one_of_several_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    sound("tone", 2).save(path)
    page = explain(path, tmp_path / "stages", model=saved(tmp_path / "three")).path
    assert "This model is 2 nets that hear at different resolutions" in page.read_text(
        encoding="utf-8"
    )


def test_a_training_starts_from_the_first_encoder(folder: Path, tmp_path: Path) -> None:
    result = tympan.train(folder, from_=saved(tmp_path / "four"), out=tmp_path / "new", epochs=0)
    state, first = load_model(result.folder).state, nets()[0].state_dict()
    encoder = [name for name in first if name.startswith("encoder.") and "weight" in name]
    assert encoder
    assert all(torch.allclose(state[name], first[name]) for name in encoder)
    assert not any(name.startswith("nets.") for name in state)


@pytest.mark.parametrize(
    ("others", "what"),
    [
        ("deep", "unusable field 'others'"),
        ([1], "unusable field 'others'"),
        ([FIRST.to_dict()] * 5, "unusable field 'others'"),
        ([{"encoder": 3}], "unusable field 'encoder'"),
        ([{"others": [FIRST.to_dict()]}], "unusable field 'others'"),
        ([replace(SECOND, clip_s=2.0).to_dict()], "do not hear alike: clip_s differs"),
        ([replace(SECOND, f_min_hz=100.0).to_dict()], "do not hear alike: f_min_hz differs"),
        ([replace(SECOND, rate_hz=8000).to_dict()], "do not hear alike: rate_hz differs"),
    ],
)
def test_a_hostile_card_is_refused(others: object, what: str) -> None:
    with pytest.raises(ModelError, match=what):
        configs_of(FIRST.to_dict() | {"others": others}, "card.json")


def test_weights_of_one_net_too_few(tmp_path: Path) -> None:
    card = Card(
        name="two", task="classify", labels=LABELS, config=card_config([FIRST, SECOND], 1.0)
    )
    save_model(tmp_path / "short", nets()[0].state_dict(), card)
    with pytest.raises(ModelError, match="weights do not fit its card"):
        TASK.load(load_model(tmp_path / "short"))
