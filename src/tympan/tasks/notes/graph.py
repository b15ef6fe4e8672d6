"""The graph of a transcriber of notes: a window in, scores of each pitch and frame out.

Notes are made of the scores by rules that are no net, see `tympan.tasks.notes.decode`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from tympan.notation import pitch_name
from tympan.spectra._fourier import PowerInTwoSteps
from tympan.tasks.graphs import Answering, Graph
from tympan.tasks.notes.net import HEADS, PAIR, PitchSpectrogram, reach_of

if TYPE_CHECKING:
    from tympan.tasks.notes.answer import NotesModel
    from tympan.tasks.notes.net import NoteNet


class PlainLevels(nn.Module):
    """What `NoteNet.levels` gives, by operators that every runtime knows.

    Args:
        net: the transcriber.
    """

    def __init__(self, net: NoteNet) -> None:
        super().__init__()
        self.spectrogram: PitchSpectrogram = net.front
        self.hop, self.skip = net.config.hop, net.around - reach_of(net.config)
        self.sizes = {"long": net.config.n_fft_long, "short": net.config.n_fft_short}
        self.power = nn.ModuleDict({name: PowerInTwoSteps(n) for name, n in self.sizes.items()})

    def forward(self, samples: Tensor) -> Tensor:
        """`(b, t)` → `(b, 2, f, n)`."""
        front, longest = self.spectrogram, self.sizes["long"]
        count = (samples.shape[1] - 2 * self.skip - longest) // self.hop + 1
        starts = self.skip + torch.arange(count, device=samples.device) * self.hop
        found = []
        for name, n_fft in self.sizes.items():
            place = starts[:, None] + (longest - n_fft) // 2
            frames = samples[:, place + torch.arange(n_fft, device=samples.device)]
            window = getattr(front, f"window_{name}")
            power = self.power[name](frames * window) / (window.sum() / 2).square()
            found.append((power @ getattr(front, f"bands_{name}").T).transpose(1, 2))
        return front.in_levels(torch.stack(found, 1))


def notes_graph(model: NotesModel) -> Graph:
    """A window in, scores of onset, frame, offset and velocity `(b, k, n)` of each pitch out.

    The window begins `before_s` before the first frame and ends `after_s` behind the last; it is
    that of instruments tuned to A = 440 Hz.
    """
    net, config = model.net, model.config
    around_s = net.around / config.rate_hz

    def answer(spectrogram: Tensor) -> tuple[Tensor, ...]:
        return net.scores(spectrogram).sigmoid().unbind(1)

    return Graph(
        Answering(net, answer), {"spectrogram": ("b", "c", "f", "n")},
        dict.fromkeys(HEADS, ("b", "k", "m")), front=PlainLevels(net),
        window=net.window(config.frames), shortest=net.window(PAIR), step=config.step,
        rate_hz=config.rate_hz,
        labels=tuple(pitch_name(one) for one in range(config.lowest, config.highest + 1)),
        settings={
            "frame_s": config.frame_s, "before_s": around_s, "after_s": around_s,
            "lowest": config.lowest, "onset": config.onset, "clean_onset": config.clean_onset,
            "frame": config.frame, "offset": config.offset, "shortest_s": config.shortest_s,
        },
    )  # fmt: skip
