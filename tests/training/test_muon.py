"""Muon: orthogonal steps for hidden kernels, AdamW for everything else."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tympan.errors import ArgumentError
from tympan.nets import build_encoder
from tympan.training import TrainingConfig
from tympan.training.muon import Muon, is_hidden_kernel, orthogonalized


@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    spread=st.floats(0, 2),
    size=st.floats(-6, 6),
    seed=st.integers(0, 2**31),
)
def test_directions_stay_and_sizes_become_one(
    rows: int, columns: int, spread: float, size: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    rank = min(rows, columns)
    left = torch.linalg.qr(torch.randn(rows, rank, generator=generator)).Q
    right = torch.linalg.qr(torch.randn(columns, rank, generator=generator)).Q
    values = 10**size * torch.logspace(0, -spread, rank)
    found = left.T @ orthogonalized(left * values @ right.T) @ right
    diagonal = found.diagonal()
    assert (found - diagonal.diag()).abs().max() < 0.02
    assert diagonal.min() > 0.6
    assert diagonal.max() < 1.25


def test_a_matrix_of_zeros_stays_one() -> None:
    assert torch.equal(orthogonalized(torch.zeros(3, 5)), torch.zeros(3, 5))


@pytest.mark.parametrize("hidden", [True, False])
def test_matrices_take_orthogonal_steps_where_their_group_says_so(hidden: bool) -> None:
    matrix, bias = nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(2))
    optimizer = Muon([{"params": [matrix, bias], "weight_decay": 0.0, "hidden": hidden}], lr=0.1)
    matrix.grad, bias.grad = torch.tensor([[5.0, 0.0], [0.0, 0.001]]), torch.ones(2)
    optimizer.step()
    # AdamW's first step is as large for each number, however small its gradient is.
    assert (matrix[1, 1].abs() < 0.05) == hidden
    torch.testing.assert_close(bias.detach(), torch.full((2,), -0.1))


def test_steps_are_those_of_torch() -> None:
    reference = getattr(torch.optim, "Muon", None)
    if reference is None:
        pytest.skip("this torch has no Muon")
    start = torch.randn(24, 60, generator=torch.Generator().manual_seed(0))
    theirs = nn.Parameter(start.clone())
    ours = nn.Parameter(start.view(24, 60, 1, 1).clone(memory_format=torch.channels_last))
    groups = [{"params": [ours], "weight_decay": 0.1}]
    one = reference(
        [theirs], lr=0.05, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    other = Muon(groups, lr=0.05)
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        gradient = torch.randn(24, 60, generator=generator)
        theirs.grad, ours.grad = gradient, gradient.view(24, 60, 1, 1).clone()
        one.step()
        other.step()
    moved, same = ours.detach().flatten(1) - start, theirs.detach() - start
    # torch iterates in bfloat16, which knows two to three digits.
    assert (moved - same).norm() < 0.02 * same.norm()
    assert same.norm() > 1


def test_the_first_layer_the_norms_and_the_head_take_steps_of_adamw() -> None:
    torch.manual_seed(0)
    nets = [nn.Sequential(build_encoder("small"), nn.Flatten(), nn.LazyLinear(3)) for _ in "ab"]
    wave = torch.randn(2, 1, 64, 40)
    for net in nets:
        net(wave)
    nets[1].load_state_dict(nets[0].state_dict())
    before = {name: p.detach().clone() for name, p in nets[0].named_parameters()}
    groups = [[{"params": list(net.parameters()), "weight_decay": 0.0}] for net in nets]
    optimizers = [Muon(groups[0], lr=1e-3), torch.optim.AdamW(groups[1], lr=1e-3, fused=True)]
    for net, optimizer in zip(nets, optimizers, strict=True):
        net(wave)[:, 0].sum().backward()
        optimizer.step()
    others = dict(nets[1].named_parameters())
    hidden = 0
    for name, weight in nets[0].named_parameters():
        assert not torch.equal(weight, before[name])
        if is_hidden_kernel(weight):
            hidden += 1
            assert not torch.allclose(weight, others[name], atol=1e-5)
        else:
            assert torch.equal(weight, others[name])
    assert hidden == 9


def test_an_optimizer_that_is_not_known() -> None:
    with pytest.raises(ArgumentError, match="optimizer must be adamw or muon, not 'sgd'"):
        TrainingConfig(optimizer="sgd")
