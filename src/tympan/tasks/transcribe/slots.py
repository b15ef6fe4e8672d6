"""From what was said to what is meant: the slots of an intent, by their phrases.

An order such as "a large mocha with soy milk" fills slots: `size`, `drink`, `milk`. Each has its
phrases; they are looked for in the words, whichever recogniser wrote them, by how they sound, so
that "moker" is still a mocha.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tympan.errors import ArgumentError
from tympan.tasks.transcribe.hot_words import ALIKE, sound_distance, sounds_of_text


@dataclass(frozen=True)
class Intent:
    """What is meant.

    Attributes:
        name: of the intent; empty: none of its slots was filled.
        slots: slot → the phrase that was said for it.
    """

    name: str
    slots: Mapping[str, str]


class SlotGrammar:
    """An intent with its slots and their phrases.

    Args:
        name: of the intent.
        phrases: slot → what can be said for it.
        least: so many slots must be filled for the intent to be meant.

    Raises:
        ArgumentError: there are no phrases.

    >>> grammar = SlotGrammar("order", {"drink": ["mocha", "iced mocha"], "size": ["large"]})
    >>> grammar.read("A large iced moker, please.".split())
    Intent(name='order', slots={'drink': 'iced mocha', 'size': 'large'})
    >>> grammar.read(["Hello."]).name
    ''
    """

    def __init__(self, name: str, phrases: Mapping[str, Iterable[str]], least: int = 1) -> None:
        self.name, self.least = name, least
        self.phrases = {
            slot: tuple(dict.fromkeys(" ".join(one.lower().split()) for one in known))
            for slot, known in phrases.items()
        }
        if not any(self.phrases.values()):
            raise ArgumentError("an intent without phrases", fix="give each slot what can be said")
        self._found = [
            (slot, phrase, sounds_of_text(phrase), len(phrase.split()))
            for slot, known in self.phrases.items()
            for phrase in known
        ]
        self._longest = max(count for *_, count in self._found) + 1

    @classmethod
    def of(cls, name: str, orders: Iterable[Mapping[str, str]], least: int = 1) -> SlotGrammar:
        """The grammar of some examples: slot → phrase of each."""
        phrases: dict[str, list[str]] = {}
        for order in orders:
            for slot, phrase in order.items():
                phrases.setdefault(slot, []).append(phrase)
        return cls(name, phrases, least)

    def read(self, words: Sequence[str]) -> Intent:
        """What the words mean: of phrases that share words, the longer and the nearer ones."""
        hits = sorted(self._hits(words), key=lambda hit: (-hit[0], hit[1]))
        taken: set[int] = set()
        slots: dict[str, str] = {}
        for _, _, first, last, slot, phrase in hits:
            places = set(range(first, last))
            if slot in slots or taken & places:
                continue
            slots[slot] = phrase
            taken |= places
        ordered = {slot: slots[slot] for slot in self.phrases if slot in slots}
        return Intent(self.name if len(slots) >= self.least else "", ordered)

    def _hits(self, words: Sequence[str]) -> list[tuple[int, float, int, int, str, str]]:
        """Sounds matched, distance, first word, the one behind the last, slot and phrase."""
        said = [word.lower().strip('.,;:?!…"') for word in words]
        found = []
        for first in range(len(said)):
            for last in range(first + 1, min(len(said), first + self._longest) + 1):
                sounds = sounds_of_text(" ".join(said[first:last]))
                for slot, phrase, wanted, _ in self._found:
                    apart = sound_distance(sounds, wanted)
                    if apart <= (ALIKE if len(wanted) > 3 else 0.0):
                        found.append((len(wanted), apart, first, last, slot, phrase))
        return found
