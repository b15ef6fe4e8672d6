"""The graphs of segmenters: one window at a time, or from block to block with a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.tasks.graphs import Answering, Graph

if TYPE_CHECKING:
    from tympan.tasks.segment.answer import SegmentModel
    from tympan.tasks.segment.net import Segmenter

# A gate that is added so much is shut, to the last bit.
SHUT = 100.0


class Levels(nn.Module):
    """The front of a segmenter: windows to log-mel spectrograms."""

    def __init__(self, net: Segmenter) -> None:
        super().__init__()
        self.net = net

    def forward(self, samples: Tensor) -> Tensor:
        """`(b, t)` → `(b, f, n)`."""
        return self.net.levels(samples)


def segment_graph(model: SegmentModel) -> Graph:
    """A window in, the probability of each label in each of its frames `(b, k, n)` out.

    The window begins `before_s` before the first frame and ends `after_s` behind the last.
    """
    net, config = model.net, model.config
    around, core = net.geometry, model.windows.core

    def answer(spectrogram: Tensor) -> Tensor:
        return net.answer(spectrogram).sigmoid()

    return Graph(
        Answering(net, answer), {"spectrogram": ("b", "f", "n")},
        {"probabilities": ("b", "k", "n")}, front=Levels(net),
        window=net.window(core // config.frame), shortest=net.window(1),
        step=config.frame, rate_hz=config.rate_hz,
        labels=model.labels,
        settings={
            **_settings(model), "before_s": around.left / config.rate_hz,
            "after_s": around.right / config.rate_hz,
        },
    )  # fmt: skip


def stream_graph(model: SegmentModel) -> Graph:
    """A block in, the probabilities of so many frames out; what is between blocks goes along.

    The frames lie `delay_s` before the block: of the first `delay_frames` the recording knows
    nothing. All together are those that the model itself gives.

    Raises:
        ArgumentError: its memory reads backwards too.
    """
    config = model.config
    if not config.causal:
        what = f"{model.name} reads a window forwards and backwards, so it cannot go on from it"
        raise ArgumentError(what, fix="train one with --set causal=true, or export its windows")
    body = SegmentStream(model.net)
    core = model.windows.core

    def example(seed: int) -> tuple[Tensor, ...]:
        many = torch.Generator().manual_seed(seed)
        block = 0.1 * torch.randn(2, core, generator=many)
        zeros = torch.zeros(2, body.held)
        memory = torch.zeros(config.layers, 2, config.features)
        return block, zeros, memory, torch.zeros(1, dtype=torch.int64)

    delay = body.silent + config.lookahead
    return Graph(
        body,
        {"samples": ("b", "s"), "held": ("b", "h"), "memory": ("l", "b", "d"), "place": ("p",)},
        {
            "probabilities": ("b", "k", "m"), "next_held": ("b", "h"),
            "next_memory": ("l", "b", "d"), "next_place": ("p",),
        },
        example=example,
        state={"next_held": "held", "next_memory": "memory", "next_place": "place"},
        window=core, shortest=core, rate_hz=config.rate_hz, labels=model.labels,
        settings={
            **_settings(model), "delay_frames": delay, "delay_s": delay * config.frame_s,
        },
    )  # fmt: skip


def _settings(model: SegmentModel) -> dict[str, object]:
    rules = model.rules()
    return {
        "frame_s": model.config.frame_s,
        "onset": {one: rule.onset for one, rule in zip(model.labels, rules, strict=True)},
        "offset": {one: rule.offset for one, rule in zip(model.labels, rules, strict=True)},
        "shortest_s": model.config.shortest_s,
        "gap_s": model.config.gap_s,
    }


class SegmentStream(nn.Module):
    """A causal segmenter, block by block.

    Args:
        net: the segmenter.

    Attributes:
        held: samples that are held from block to block.
        silent: frames before the recording that the first block gives and the memory skips.
    """

    def __init__(self, net: Segmenter) -> None:
        super().__init__()
        config, around = net.config, net.geometry
        self.net = net
        after = around.right - config.lookahead * config.frame
        self.held, self.silent = around.left + after, after // config.frame
        self.skip = around.skip
        self.used = around.needed - config.lookahead * config.frame
        self.layers = nn.ModuleList(
            _gated(net.memory, layer) for layer in range(net.memory.num_layers)
        )

    def forward(
        self, samples: Tensor, held: Tensor, memory: Tensor, place: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """A block `(b, s)`, whole frames, and the state → probabilities `(b, k, m)`, the state."""
        wave = torch.cat([held, samples], 1)
        core = samples.shape[1]
        features = self.net.features(
            self.net.front(wave[:, self.skip : self.skip + core + self.used])
        )
        count = features.shape[1]
        numbers = torch.arange(count, device=samples.device) + place
        # Frames before the recording leave the memory as it is.
        shut = (
            (numbers < self.silent)
            .to(features.dtype)[None, :, None]
            .expand(features.shape[0], count, 1)
        )
        states = []
        for i, layer in enumerate(self.layers):
            features, state = layer(torch.cat([features, shut], 2), memory[i : i + 1].contiguous())
            states.append(state)
        probabilities = self.net.scores(features).sigmoid()
        return probabilities, wave[:, core:], torch.cat(states), place + count


def _gated(whole: nn.GRU, layer: int) -> nn.GRU:
    """One layer of a GRU with an input more: where it is 1, the state stays as it is."""
    size, given = whole.hidden_size, whole.input_size if layer == 0 else whole.hidden_size
    one = nn.GRU(given + 1, size, batch_first=True)
    with torch.no_grad():
        for name in ("weight_hh", "bias_ih", "bias_hh"):
            getattr(one, f"{name}_l0").copy_(getattr(whole, f"{name}_l{layer}"))
        weight = torch.zeros(3 * size, given + 1)
        weight[:, :given] = getattr(whole, f"weight_ih_l{layer}")
        weight[size : 2 * size, given] = SHUT  # the update gate, the second of three
        one.state_dict()["weight_ih_l0"].copy_(weight)
    return one.eval()
