"""A composer that is loaded, ready to write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.compose.config import FILL, KEYS, ComposeConfig
from tympan.tasks.compose.copying import Known
from tympan.tasks.compose.examples import moved_key
from tympan.tasks.compose.grid import (
    Steps,
    home_shift,
    key_name_of,
    key_number,
    piece_of,
    steps_of,
    transposed,
)
from tympan.tasks.compose.sampling import UNKNOWN, Wish, draw, draw_batch
from tympan.tasks.results.composition import Composition

if TYPE_CHECKING:
    from tympan.notation import Piece
    from tympan.tasks.compose.net import ComposeNet

# A piece that has more bars than this in common with a training piece is not given out.
MOST_COPIED_BARS = 4
ATTEMPTS = 8
# Keys that people write in: up to four accidentals.
USUAL_KEYS = (0, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 16, 17, 18, 19, 21, 23)


@dataclass(frozen=True)
class Order:
    """What is to be composed.

    Attributes:
        seed: same seed, same piece.
        bars: behind what is given; of a melody to harmonize it is not used.
        key: number of the key; 24: the composer chooses, or hears it in what is given.
        tempo_bpm: beats per minute; None: the model's usual, or that of what is given.
        temperature: below 1 tamer, above wilder.
        given: what the piece begins with, or voices to which the others are found.
        harmonize: whether it is the latter.
        title: of the piece.
        parallels: voices may move in parallel fifths and octaves.
        any_range: voices may leave their usual ranges.
    """

    seed: int = 0
    bars: int = 16
    key: int = KEYS
    tempo_bpm: float | None = None
    temperature: float = 0.8
    given: Piece | None = None
    harmonize: bool = False
    title: str = ""
    parallels: bool = False
    any_range: bool = False


class Composer:
    """A model that composes.

    Args:
        net: the net, in evaluation mode.
        name: of the model.
        known: the pieces that it was trained on, to be compared with.
        guide: a net that composes onwards, which helps one that fills in.
    """

    task = "compose"
    not_exported = (
        "it draws one note after another by chance and by rules, which is a program and no graph"
    )

    def __init__(
        self, net: ComposeNet, name: str, known: Known, guide: ComposeNet | None = None
    ) -> None:
        self.net, self.name, self.known, self.guide = net, name, known, guide
        self.config: ComposeConfig = net.config

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the voices."""
        return self.config.parts

    @property
    def bar_steps(self) -> int:
        """Steps of a bar."""
        return self.config.steps_per_beat * self.config.beats_per_bar

    def compose(self, order: Order) -> Composition:
        """Compose; a piece that has too much of a training piece is thrown away.

        Raises:
            ArgumentError: nothing can be made of what is given, or every attempt was too near a
                training piece.
        """
        for attempt in range(ATTEMPTS):
            wish, rng = self.wish(order, attempt)
            steps = np.concatenate([*self.drawn(wish, rng)])
            new = (wish.given == UNKNOWN).any(1)
            copied = self.known.longest(steps[new]) if not order.harmonize else (0, 0)
            if copied[0] <= MOST_COPIED_BARS * self.bar_steps:
                return self.answer(steps, wish, order, copied, attempt)
        what = f"{ATTEMPTS} pieces in a row had over {MOST_COPIED_BARS} bars of a training piece"
        raise ArgumentError(what, fix="another seed, or a higher temperature")

    def stream(self, order: Order) -> Iterator[Steps]:
        """Compose, and give the steps `(m, v)` as soon as they are there.

        The same piece as `compose` gives, unless that threw its first away.
        """
        yield from self.drawn(*self.wish(order, 0))

    def many(self, orders: Sequence[Order]) -> list[Steps]:
        """The steps `(n, v)` of pieces of one length from nothing, composed together."""
        wishes, rngs = zip(*(self.wish(one, 0) for one in orders), strict=True)
        shifts = [home_shift(one.key) if self.config.home else 0 for one in wishes]
        there = [self.moved(one, by) for one, by in zip(wishes, shifts, strict=True)]
        found = draw_batch(self.net, there, rngs)
        return [transposed(one, -by, self.config) for one, by in zip(found, shifts, strict=True)]

    def drawn(self, wish: Wish, rng: np.random.Generator) -> Iterator[Steps]:
        """What the net draws; one that knows C major and A minor only is asked there."""
        by = home_shift(wish.key) if self.config.home else 0
        for part in draw(self.net, self.moved(wish, by), rng, self.guide):
            yield transposed(part, -by, self.config)

    def moved(self, wish: Wish, by: int) -> Wish:
        """A wish for a piece that is moved by semitones afterwards, the other way."""
        return replace(
            wish,
            given=transposed(wish.given, by, self.config),
            key=moved_key(wish.key, by),
            lowest=tuple(one + by for one in wish.lowest),
            highest=tuple(one + by for one in wish.highest),
        )

    def chosen_key(self, key: int, rng: np.random.Generator) -> int:
        """The key, or one by chance where none is wanted."""
        chance = int(rng.integers(len(USUAL_KEYS)))
        return USUAL_KEYS[chance] if key == KEYS and self.config.keyed else key

    def wish(self, order: Order, attempt: int) -> tuple[Wish, np.random.Generator]:
        """What the net is asked for, and what its choices depend on."""
        given, key = self.given(order)
        rng = np.random.default_rng([order.seed, attempt])
        key = self.chosen_key(key, rng)
        wish = Wish(given, key, order.temperature, parallels=order.parallels)
        if not order.any_range:
            wish = replace(wish, lowest=self.config.lowest, highest=self.config.highest)
        return wish, rng

    def given(self, order: Order) -> tuple[Steps, int]:
        """What is known of the piece, `UNKNOWN` elsewhere, and the key that it is to be in."""
        config = self.config
        if order.given is None:
            if order.harmonize:
                local = "--harmonize melody.mid"
                raise ArgumentError("no melody is given", local=local, option="harmonize")
            given = np.full((order.bars * self.bar_steps, config.voices), UNKNOWN, np.int64)
            return given, order.key
        steps = steps_of(order.given, config)
        if not len(steps):
            raise ArgumentError("holds no notes", file=order.given.name or None)
        key = key_number(steps, config) if order.key == KEYS else order.key
        if order.harmonize:
            if config.kind != FILL:
                what = f"{self.name} composes onwards, and cannot fill in voices"
                fix = "give a model that fills in voices, or none"
                raise ArgumentError(
                    what, fix=fix, local="or train one: --set kind=fill", option="model"
                )
            silent = (steps == 0).all(0)
            if not silent.any():
                raise ArgumentError("has a note for each voice already", fix="give fewer voices")
            return np.where(silent, UNKNOWN, steps), key
        more = np.full((order.bars * self.bar_steps, config.voices), UNKNOWN, np.int64)
        return np.concatenate([steps, more]), key

    def answer(
        self, steps: Steps, wish: Wish, order: Order, copied: tuple[int, int], attempt: int = 0
    ) -> Composition:
        """The steps as a piece with its title."""
        title = order.title or f"{self.name} {order.seed}"
        piece = piece_of(
            steps, self.config, tempo_bpm=self.tempo_bpm(order), key=wish.key, name=title
        )
        warnings: tuple[str, ...] = ()
        if attempt:
            near = f"{attempt} before it" if attempt > 1 else "one before it"
            warnings = (f"{near} had too much of a training piece and was thrown away",)
        return Composition(
            title, piece, key_name_of(wish.key) if wish.key < KEYS else None,
            -(-len(steps) // self.bar_steps), order.seed, *copied, piece.duration_s, self.name,
            warnings=warnings,
        )  # fmt: skip

    def tempo_bpm(self, order: Order) -> float:
        """Beats per minute: as wanted, as given, or the model's."""
        if order.tempo_bpm is not None:
            return order.tempo_bpm
        return self.config.tempo_bpm if order.given is None else order.given.tempo_bpm
