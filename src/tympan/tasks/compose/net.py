"""The net that composes: attention over the steps of a piece, and one voice after another in each.

What a place of a step holds is one distribution, given all steps before and the places before it in
the same step; so the probabilities of all possible steps sum to 1.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes
from tympan.tasks.compose.config import FILL, KEYS, ComposeConfig

NEVER = -1e4


class TurnedAttention(nn.Module):
    """Self-attention with rotary positions, and a feed-forward net, each normalised first.

    Su et al., *RoFormer*, 2021: queries and keys are turned by an angle that grows with their
    place, so that what counts is how far apart two steps are.

    Args:
        size: features, `d`.
        heads: attention heads.
        dropout: probability of dropping a feature in training.

    >>> TurnedAttention(32, 4, 0.0)(torch.zeros(2, 9, 32), None, causal=True).shape
    torch.Size([2, 9, 32])
    """

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.project, self.join = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.feed_forward = nn.Sequential(
            nn.Linear(size, 3 * size), nn.ReLU(), nn.Linear(3 * size, size)
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, hidden: Tensor | None, *, causal: bool) -> Tensor:
        """`(b, n, d)`, and `hidden` `(b, n)`, true where there is nothing → `(b, n, d)`."""
        batch, count, size = x.shape
        parts = self.project(self.norm1(x)).view(batch, count, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        # Written out: for so short sequences faster than the fused kernel, forth and back.
        scores = turned(query) @ turned(key).transpose(-1, -2) * key.shape[-1] ** -0.5
        if causal:
            later = torch.ones(count, count, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, NEVER)
        elif hidden is not None:
            scores = scores.masked_fill(hidden[:, None, None, :], NEVER)
        found = scores.float().softmax(-1).to(value.dtype) @ value
        x = x + self.drop(self.join(found.transpose(1, 2).reshape(batch, count, size)))
        return cast(Tensor, x + self.drop(self.feed_forward(self.norm2(x))))


def turned(x: Tensor) -> Tensor:
    """Pairs of features `(…, n, d)`, turned by their place times a falling frequency."""
    half = x.shape[-1] // 2
    speed = 1000.0 ** (-torch.arange(half, device=x.device) / half)
    angle = torch.arange(x.shape[-2], device=x.device)[:, None] * speed
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    left, right = x[..., :half], x[..., half:]
    return torch.cat([left * cos - right * sin, left * sin + right * cos], -1)


class ComposeNet(nn.Module):
    """Distributions over what each place of each step holds.

    Beside features of pitches, a place sees intervals: how far each pitch is from its note of the
    step before (to fill in, of the one after as well) and from the other notes of its step that are
    known. What it learns of them holds in every key.

    Args:
        config: see there.

    >>> net = ComposeNet(ComposeConfig(size=32, layers=1, voices=2))
    >>> net(torch.zeros(1, 5, 2, dtype=torch.long)).shape
    torch.Size([1, 5, 2, 89])
    """

    def __init__(self, config: ComposeConfig) -> None:
        super().__init__()
        self.config = config
        size, states = config.size, 2 if config.articulated else 1
        self.notes = nn.Embedding(config.voices * (config.classes + 1), size)
        self.chosen = nn.Embedding(config.voices * (config.classes + 1), size)
        self.keys = nn.Embedding(KEYS + 1, size)
        self.left = nn.Embedding(config.remaining + 2, size)
        self.phases = nn.Embedding(max(1, config.phases), size)
        for one in (self.notes, self.chosen, self.keys, self.left, self.phases):
            nn.init.normal_(one.weight, std=0.3)
        self.blocks = nn.ModuleList(
            TurnedAttention(size, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.drop = nn.Dropout(config.dropout)
        self.norm = nn.LayerNorm(size)
        self.places = nn.Linear(size, config.voices * size)
        self.hidden = nn.Sequential(
            nn.LayerNorm(size), nn.Linear(size, 2 * size), nn.ReLU(), nn.Linear(2 * size, size),
            nn.ReLU(),
        )  # fmt: skip
        self.pitch = nn.Linear(size, config.classes)
        self.seen = config.voices + (1 if config.kind == FILL else 0)
        self.interval = nn.Linear(size, self.seen * states * (2 * config.reach + 1))
        nn.init.zeros_(self.interval.weight)
        nn.init.zeros_(self.interval.bias)
        self.ways: Tensor
        self.register_buffer("ways", interval_places(config), persistent=False)

    def forward(
        self,
        steps: Tensor,
        *,
        key: Tensor | None = None,
        remaining: Tensor | None = None,
        phase: Tensor | None = None,
        hidden: Tensor | None = None,
    ) -> Tensor:
        """Logits of what each place holds.

        Args:
            steps: `(b, n, v)`, numbers of `ComposeConfig.classes`; to fill in, `mask` where a place
                is not known.
            key: `(b,)`, 0 … 23, or 24 where it is not known.
            remaining: `(b, n)`, steps behind this one; −1 where it is not known.
            phase: `(b, n)`, place of a step in `phases` steps.
            hidden: `(b, n)`, true behind the end of a piece.

        Returns:
            `(b, n, v, k)`; what cannot stand in an ordered step is close to −10000.
        """
        context = {"key": key, "remaining": remaining, "phase": phase, "hidden": hidden}
        return self.heads(self.around(steps, **context), steps)

    def around(
        self,
        steps: Tensor,
        *,
        key: Tensor | None = None,
        remaining: Tensor | None = None,
        phase: Tensor | None = None,
        hidden: Tensor | None = None,
    ) -> Tensor:
        """Features of what is around each step, `(b, n, d)`; arguments as in `forward`."""
        check_axes(steps, "b n v", type(self).__name__, v=self.config.voices)
        filling = self.config.kind == FILL
        known = steps if filling else shifted(steps, 1, self.config.mask)
        x = self.embedded(self.notes, known).sum(2)
        if key is not None and self.config.keyed:
            x = x + self.keys(key)[:, None]
        if remaining is not None and self.config.remaining:
            x = x + self.left((remaining + 1).clamp(0, self.config.remaining + 1))
        if phase is not None and self.config.phases:
            x = x + self.phases(phase % self.config.phases)
        x = self.drop(x)
        for block in self.blocks:
            x = block(x, hidden, causal=not filling)
        return cast(Tensor, self.norm(x))

    def embedded(self, table: nn.Embedding, steps: Tensor) -> Tensor:
        """Features of each place, `(b, n, v, d)`."""
        offset = torch.arange(self.config.voices, device=steps.device) * (self.config.classes + 1)
        return cast(Tensor, table(steps + offset))

    def heads(self, x: Tensor, steps: Tensor) -> Tensor:
        """What each place holds, given the features `(b, n, d)` of what is around the step."""
        batch, count, voices = steps.shape
        config = self.config
        g = self.places(self.drop(x)).view(batch, count, voices, config.size)
        if config.kind != FILL:
            inner = self.embedded(self.chosen, steps)
            g = g + inner.cumsum(2) - inner  # of the places before
        g = self.hidden(g)
        logits: Tensor = self.pitch(g) + self.intervals(g, self.notes_seen(steps))
        if config.ordered and config.kind != FILL:
            logits = logits.float().masked_fill(self.forbidden(steps), NEVER)
        return logits

    def notes_seen(self, steps: Tensor) -> Tensor:
        """The notes whose intervals each place sees, `(b, n, v, m)`; 0 where there is none.

        Its own note of the step before (to fill in, of the one after as well), and those of the
        other places of this step, as far as they are known.
        """
        config, voices = self.config, self.config.voices
        sides = (1, -1) if config.kind == FILL else (1,)
        own = [shifted(steps, by, 0)[..., None] for by in sides]
        place = torch.arange(voices, device=steps.device)
        other = (place[:, None] + 1 + torch.arange(voices - 1, device=steps.device)) % voices
        found = torch.cat([*own, steps[..., other]], -1)
        hidden = found >= config.classes
        if config.kind != FILL:  # of this step only the places before
            later = nn.functional.pad(other > place[:, None], (1, 0))
            hidden = hidden | later
        return found.masked_fill(hidden, 0)

    def intervals(self, g: Tensor, seen: Tensor) -> Tensor:
        """What intervals say, `(b, n, v, k)`.

        Args:
            g: features of each place, `(b, n, v, d)`.
            seen: the notes that it sees, `(b, n, v, m)`.
        """
        config = self.config
        states, wide = 2 if config.articulated else 1, 2 * config.reach + 1
        kernel = self.interval(g).view(*seen.shape, states, wide)
        kernel = nn.functional.pad(kernel, (1, 1))  # what is out of reach says nothing
        index = self.ways[seen][..., None, :].expand(*seen.shape, states, -1)
        found = kernel.gather(-1, index).sum(3).flatten(-2)
        return nn.functional.pad(found, (1, 0))

    def forbidden(self, steps: Tensor) -> Tensor:
        """What cannot stand in a place of an ordered step, `(b, n, v, k)`.

        A pitch that is not above the one before it, and any behind the last.
        """
        config = self.config
        before = nn.functional.pad(steps, (1, 0))[:, :, :-1]
        pitch = torch.where(before > 0, (before - 1) % config.pitches, -1)
        ended = before == 0
        ended[:, :, 0] = False
        pitch = torch.where(ended, config.pitches, pitch)
        place = torch.arange(config.classes - 1, device=steps.device) % config.pitches
        return nn.functional.pad(place <= pitch[..., None], (1, 0))


def interval_places(config: ComposeConfig) -> Tensor:
    """Where in a kernel the interval from each class to each pitch stands, `(k, p)`.

    0 if there is no note, or if the interval is out of reach.
    """
    classes, pitches = torch.arange(config.classes), torch.arange(config.pitches)
    away = pitches[None] - (classes[:, None] - 1) % config.pitches
    found = (away + config.reach + 1).clamp(0, 2 * config.reach + 2)
    return torch.where(classes[:, None] > 0, found, 0)


def shifted(steps: Tensor, by: int, fill: int) -> Tensor:
    """Steps `(b, n, v)` moved to later ones, or to earlier ones if negative.

    >>> shifted(torch.tensor([[[1], [2], [3]]]), 1, 9).flatten().tolist()
    [9, 1, 2]
    """
    if by >= 0:
        return nn.functional.pad(steps, (0, 0, by, 0), value=fill)[:, : steps.shape[1]]
    return nn.functional.pad(steps, (0, 0, 0, -by), value=fill)[:, -by:]
