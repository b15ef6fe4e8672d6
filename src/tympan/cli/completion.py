"""What the Tab key offers beside the names of commands and options."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def among(words: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """A completion for Typer among words that are gathered when they are needed.

    >>> among(lambda: ("mel", "mfcc", "all"))("m")
    ['mel', 'mfcc']
    """

    def complete(incomplete: str) -> list[str]:
        return [word for word in words() if word.startswith(incomplete)]

    return complete


def model_names(task: str | None = None) -> list[str]:
    """Names of the models that are here, for all tasks or for one."""
    from tympan.models import list_models
    from tympan.tasks.engines import list_engines

    names = [card.name for card in list_models() if task in (None, card.task)]
    return names + [one.name for one in list_engines(task=task) if one.installed]
