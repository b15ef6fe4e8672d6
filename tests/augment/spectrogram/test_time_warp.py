from __future__ import annotations

import numpy as np
import torch

from tympan.augment import TimeWarp


def test_frames_come_from_where_the_two_lines_say() -> None:
    x = torch.randn(30, 2, 5, 60)
    warp = TimeWarp(8)
    params = warp.draw(x, 0)
    y = warp.apply(x, params)
    for item, warped, frame, shift in zip(
        x, y, params["frame"].tolist(), params["shift"].tolist(), strict=True
    ):
        source = np.interp(np.arange(60), [0, frame + shift, 59], [0, frame, 59])
        rows = item.reshape(-1, 60).numpy()
        expected = np.stack([np.interp(source, np.arange(60), row) for row in rows])
        np.testing.assert_allclose(warped.reshape(-1, 60).numpy(), expected, atol=1e-4)
    assert torch.equal(y[..., 0], x[..., 0])
    torch.testing.assert_close(y[..., -1], x[..., -1])


def test_the_drawn_point_and_where_it_goes_lie_inside() -> None:
    for n in (5, 10, 501):
        params = TimeWarp(0.4).draw(torch.empty(()).expand(2000, 1, 1, n), 0)
        moved = params["frame"] + params["shift"]
        for place in (params["frame"], moved):
            assert place.min() >= 0.99
            assert place.max() <= n - 1.99
        assert params["shift"].abs().max() > 0.1 * n or n == 5


def test_no_shift_changes_nothing() -> None:
    x = torch.randn(2, 1, 3, 20)
    params = {"active": torch.ones(2).bool(), "frame": torch.full((2,), 7.3)}
    torch.testing.assert_close(TimeWarp().apply(x, params | {"shift": torch.zeros(2)}), x)
