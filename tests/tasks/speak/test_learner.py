"""Losses of a voice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests_speak import steady_config, steady_net
from tympan.tasks.speak.learner import (
    Sealed,
    SpeakLearner,
    alignment_loss,
    durations_of,
    in_steps,
    interpolated,
    prosody_of,
    voice_losses,
)
from tympan.tasks.speak.net import PITCH_HZ, SpeechNet
from tympan.training.learner import NET

Batch = dict[str, torch.Tensor]


@pytest.fixture
def net() -> SpeechNet:
    return steady_net(steady_config(), 2)


def batch_of(net: SpeechNet, known: bool = True) -> Batch:
    torch.manual_seed(1)
    durations = torch.tensor([[2, 3, 4, 1, 2], [3, 1, 2, 0, 0]])
    lengths, steps = torch.tensor([5, 3]), durations.sum(1)
    frames = int(steps.max()) * net.config.step
    f0 = torch.full((2, frames), 200.0)
    f0[:, ::3] = 0
    return {
        "symbols": torch.randint(10, 40, (2, 5)),
        "symbols_lengths": lengths,
        "stress": torch.zeros(2, 5, dtype=torch.long),
        "durations": durations if known else torch.zeros_like(durations),
        "mels": torch.randn(2, net.config.n_mels, frames) - 5,
        "mels_lengths": steps * net.config.step,
        "f0": f0,
        "f0_lengths": steps * net.config.step,
        "speaker": torch.tensor([0, 1]),
    }


def losses(net: SpeechNet, batch: Batch) -> Batch:
    with torch.no_grad():
        return voice_losses(net, batch)


def test_every_part_of_the_net_is_trained(net: SpeechNet) -> None:
    learner = SpeakLearner(net, net.config)
    ((name, loss),) = learner.losses(learner.nets, batch_of(net), torch.Generator())
    assert name == NET
    loss.backward()
    untouched = [k for k, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    # The two biases that no distance depends on.
    assert [k for k in untouched if not k.startswith("aligner")] == []


def test_the_alignment_alone_is_trained_in_its_stage() -> None:
    config = steady_config(stage="align")
    net = steady_net(config, 2)
    learner = SpeakLearner(net, config)
    ((_, loss),) = learner.losses(learner.nets, batch_of(net, known=False), torch.Generator())
    loss.backward()
    touched = {k.split(".")[0] for k, p in net.named_parameters() if p.grad is not None}
    assert touched == {"align_symbols", "aligner"}


def test_padding_changes_no_loss(net: SpeechNet) -> None:
    batch = batch_of(net)
    found = losses(net, batch)
    more = dict(batch)
    more["mels"] = torch.nn.functional.pad(batch["mels"], (0, 8), value=3.0)
    more["f0"] = torch.nn.functional.pad(batch["f0"], (0, 8), value=99.0)
    for name in ("symbols", "stress", "durations"):
        more[name] = torch.nn.functional.pad(batch[name], (0, 2))
    for name, value in losses(net, more).items():
        assert float(value) == pytest.approx(float(found[name]), rel=1e-3), name


def test_what_stands_behind_the_end_of_a_shorter_row_changes_no_loss(net: SpeechNet) -> None:
    batch = batch_of(net)
    found = losses(net, batch)
    end = int(batch["mels_lengths"][1])
    batch["mels"][1, :, end:] = 7.0
    batch["f0"][1, end:] = 0.0
    for name, value in losses(net, batch).items():
        assert float(value) == pytest.approx(float(found[name]), rel=0.02, abs=0.01), name


def test_mels_that_are_right_cost_nothing(net: SpeechNet) -> None:
    batch = batch_of(net)
    with torch.no_grad():
        net.mel_out.weight.zero_()
        net.mel_out.bias.fill_(1.0)
    batch["mels"] = torch.full_like(batch["mels"], -5.0)
    found = losses(net, batch)
    assert float(found["mel"]) == pytest.approx(0, abs=1e-5)
    assert float(found["delta"]) == pytest.approx(0, abs=1e-5)
    batch["mels"][:, :, 1::2] += 1.0
    found = losses(net, batch)
    assert float(found["mel"]) == pytest.approx(0.5, abs=0.01)
    assert float(found["delta"]) == pytest.approx(1.0, abs=0.06)  # no change at the first frame


def test_pitch_counts_in_octaves_where_there_is_a_voice(net: SpeechNet) -> None:
    batch = batch_of(net)
    with torch.no_grad():
        net.prosody_out.weight.zero_()
        net.prosody_out.bias.zero_()
    batch["f0"] = torch.full_like(batch["f0"], 2 * PITCH_HZ)
    assert float(losses(net, batch)["pitch"]) == pytest.approx(1.0, abs=1e-4)
    batch["f0"][:, : batch["f0"].shape[1] // 2] = 0
    assert float(losses(net, batch)["pitch"]) == pytest.approx(1.0, abs=1e-4)
    batch["f0"][:] = 0
    assert float(losses(net, batch)["pitch"]) == 0


def test_durations_that_are_known_are_taken_and_others_found(net: SpeechNet) -> None:
    batch = batch_of(net)
    assert durations_of(net, batch) is batch["durations"]
    batch["durations"] = batch["durations"].clone()
    batch["durations"][1] = 0
    found = durations_of(net, batch)
    assert found[0].tolist() == batch["durations"][0].tolist()
    assert int(found[1].sum()) == int(batch["mels_lengths"][1]) // net.config.step
    assert (found[1, :3] >= 1).all()
    assert (found[1, 3:] == 0).all()
    assert int(batch["durations"][1].sum()) == 0


def test_known_durations_are_what_the_alignment_learns(net: SpeechNet) -> None:
    batch = batch_of(net)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        loss = alignment_loss(net, batch)["alignment"]
        loss.backward()
        optimizer.step()
    unknown = {**batch, "durations": torch.zeros_like(batch["durations"])}
    assert durations_of(net, unknown).tolist() == batch["durations"].tolist()


def test_evaluation_is_the_mean_of_sentences_not_of_batches(net: SpeechNet) -> None:
    learner = SpeakLearner(net, net.config)
    batch = batch_of(net)
    one = {name: value[:1] for name, value in batch.items()}
    values = [float(learner.trained(Sealed(b))["mel"]) for b in (batch, one)]
    found = learner.evaluate(learner.nets, [batch, one])
    assert found["mel"] == pytest.approx((2 * values[0] + values[1]) / 3, rel=1e-5)
    assert set(found) >= {"loss", "mel", "delta", "duration", "pitch", "voicing", "energy"}


@given(st.lists(st.floats(1, 9), min_size=1, max_size=20), st.data())
def test_interpolation_keeps_what_is_there(values: list[float], data: st.DataObject) -> None:
    there = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    x, mask = torch.tensor([values]), torch.tensor([[float(one) for one in there]])
    found = interpolated(x * mask, mask)[0]
    if not any(there):
        assert (found == 0).all()
        return
    kept = np.array(values)[there]
    assert np.allclose(found.numpy()[there], kept)
    assert found.min() >= kept.min() - 1e-5
    assert found.max() <= kept.max() + 1e-5


def test_frames_go_into_steps_in_order(net: SpeechNet) -> None:
    mels = torch.arange(8.0).repeat(1, net.config.n_mels, 1)
    said = prosody_of(net, mels, torch.full((1, 8), PITCH_HZ))
    assert said.energy[0].tolist() == in_steps(torch.arange(8.0)[None], 2)[0].tolist()
    assert (said.pitch == 0).all()
    assert (said.voicing == 1).all()
