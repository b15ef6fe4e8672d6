from __future__ import annotations

import pytest
import torch

from tympan.augment import PacketDropout

RATE_HZ = 8000


@pytest.mark.parametrize(("loss", "burst"), [(0.05, 1.0), (0.2, 4.0), (0.5, 2.0)])
def test_share_and_length_of_bursts(loss: float, burst: float) -> None:
    drop = PacketDropout(loss, loss, burst, burst, rate_hz=RATE_HZ)
    lost = drop.draw(torch.empty(()).expand(60, 1, 160 * 1000), 0)["lost"].float()
    assert lost.shape == (60, 1000)
    assert abs(lost.mean() / loss - 1) < 0.1
    starts = (lost[:, 1:] - lost[:, :-1]).clamp_min(0).sum() + lost[:, 0].sum()
    # With single losses a new one may follow at once, which makes bursts a little longer.
    longer = 1 / (1 - loss / (1 - loss)) if burst == 1.0 else 1.0
    assert abs(lost.sum() / starts / (burst * longer) - 1) < 0.1


def test_whole_packets_become_silent_and_others_are_untouched() -> None:
    x = torch.randn(4, 2, 3333)
    drop = PacketDropout(0.3, 0.3, rate_hz=RATE_HZ)
    params = drop.draw(x, 0)
    y = drop.apply(x, params)
    mask = params["lost"].repeat_interleave(160, 1)[:, None, :3333].expand_as(x)
    assert (y[mask] == 0).all()
    assert torch.equal(y[~mask], x[~mask])
    assert 0 < mask.float().mean() < 1


def test_concealment_repeats_the_last_packet_and_fades() -> None:
    x = torch.arange(1.0, 6.0).repeat_interleave(160).reshape(1, 1, -1)
    lost = torch.tensor([[True, False, True, True, False]])
    drop = PacketDropout(conceal="repeat", rate_hz=RATE_HZ)
    y = drop.apply(x, {"active": torch.tensor([True]), "lost": lost})
    assert y[0, 0, ::160].tolist() == [0.0, 2.0, 1.0, 0.5, 5.0]
