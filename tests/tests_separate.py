"""A small separator with random weights, in a folder."""

from __future__ import annotations

from pathlib import Path

import torch

from tympan.models import Card, save_model
from tympan.tasks.separate.config import SeparateConfig
from tympan.tasks.separate.separators import build_net

OPTIONS = {"features": 16, "memory": 16, "layers": 1}


def save_separator(folder: Path, labels: tuple[str, ...] = ("voice",), **values: object) -> Path:
    """Save one; returns its folder."""
    config = SeparateConfig(net_options=OPTIONS, **values)  # type: ignore[arg-type]
    torch.manual_seed(0)
    net = build_net(config, labels)
    card = Card(
        name=folder.name, task="separate", description="Random weights.", config=config.to_dict(),
        labels=list(labels), licence="CC0-1.0", parameters=1,
    )  # fmt: skip
    save_model(folder, net.state_dict(), card)
    return folder
