"""Cleaning as the first step of a pipeline: recordings that a model is trained on, and answers to.

A model whose answers are better for it, or that was trained on cleaned recordings, says so in its
card (`data["cleaning"]`), and what it answers about is cleaned in the same way. Whatever cleans is
found by its name, so that no question needs to know another.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

from tympan.errors import ArgumentError, ModelError

if TYPE_CHECKING:
    from tympan.data.packs import Change
    from tympan.models import Card, LoadedModel
    from tympan.tasks.contract import Model
    from tympan.tasks.inputs import Stage
    from tympan.tasks.windows import Wave

AnyModel = TypeVar("AnyModel", bound="Model[Any]")
# What `--clean` of a training means.
USUAL = "voice"
# The end of the fingerprint of vectors of recordings whose noise was taken away.
_CLEANED = "+cleaned"
# Name → module with `cleaning()` for trainings, `Cleaner` for answers, `cleaned` for files.
CLEANERS = {"voice": "tympan.tasks.separate.cleaning"}
# These learn to clean themselves, or have no recordings.
WITHOUT = ("separate", "speak", "compose")


def change_of(name: str) -> Change | None:
    """What a training does to its recordings; None: nothing.

    >>> change_of("") is None, change_of("voice").name[:6]
    (True, 'voice-')
    """
    found: Change | None = _module(name).cleaning() if name else None
    return found


def cleaner_of(name: str) -> Callable[[int, int], Stage] | None:
    """What makes the first step of an answer, from rate and channels; None: there is none."""
    found: Callable[[int, int], Stage] | None = _module(name).Cleaner if name else None
    return found


def without_noise(blocks: Iterable[Wave], rate_hz: int) -> Iterator[Wave]:
    """A recording as `--clean` has it: blocks `(c, t)` without the noise, as long in all."""
    return _module(USUAL).cleaning().apply(blocks, rate_hz)  # type: ignore[no-any-return]


def cleaned(source: Any) -> AbstractContextManager[Any]:
    """A recording as `--clean` has it, as a file that is there within the context.

    It is for a model that takes a whole file; blocks are cleaned by `without_noise`.

    Args:
        source: path, bytes, binary file object or `Clip`.

    Raises:
        AudioFileError: the recording cannot be read.
    """
    return _module(USUAL).cleaned(source)  # type: ignore[no-any-return]


def with_cleaning(model: AnyModel, clean: bool | None) -> AnyModel:
    """A model that cleans what it is given, or does not; the weights are shared.

    Args:
        model: ready to answer.
        clean: take the noise away before; None: as the model was made to.

    Raises:
        ArgumentError: recordings are not cleaned for its question.
    """
    if clean is None:
        return model
    wanted = cleaner_of(check_task(model.task, clean))
    if getattr(model, "cleaner", None) is wanted:
        return model
    other = copy(model)
    object.__setattr__(other, "cleaner", wanted)  # some models are frozen
    return other


def cleaning_as_wanted(model: AnyModel, clean: bool | None) -> AnyModel:
    """`with_cleaning` of a model beside others; one that cannot clean is as it was."""
    return model if model.task in WITHOUT else with_cleaning(model, clean)


def fingerprint_of(digest: str, model: Any) -> str:
    """What decides the vectors of a model: its weights, and whether it cleans what it is given.

    >>> fingerprint_of("12ab", None)
    '12ab'
    """
    return digest + (_CLEANED if getattr(model, "cleaner", None) is not None else "")


def says_cleaned(fingerprint: str) -> bool:
    """Whether vectors are of recordings whose noise was taken away.

    >>> says_cleaned("12ab+cleaned"), says_cleaned("12ab")
    (True, False)
    """
    return fingerprint.endswith(_CLEANED)


def same_weights(one: str, other: str) -> bool:
    """Whether two fingerprints are of the same weights, cleaned or not.

    >>> same_weights("12ab+cleaned", "12ab")
    True
    """
    return one.removesuffix(_CLEANED) == other.removesuffix(_CLEANED)


def named_in(card: Card) -> str:
    """How what is given to a model is cleaned before; empty: it is not."""
    found = card.data.get("cleaning", "") if isinstance(card.data, dict) else ""
    return found if isinstance(found, str) else ""


def inherited(start: LoadedModel | None, task: str) -> str:
    """How recordings are cleaned because the model does that a training of a task starts from."""
    return named_in(start.card) if start is not None and start.card.task == task else ""


def check_task(name: str, clean: bool) -> str:
    """How the recordings of a training are cleaned.

    Args:
        name: of the question.
        clean: whether they are.

    Raises:
        ArgumentError: they cannot be for that question.

    >>> check_task("classify", True), check_task("speak", False)
    ('voice', '')
    """
    if clean and name in WITHOUT:
        what = f"recordings are not cleaned for {name!r}"
        raise ArgumentError(what, fix="leave it out", option="clean")
    return USUAL if clean else ""


def _module(name: str) -> Any:
    if name not in CLEANERS:
        what = f"was trained on recordings cleaned by {name!r}, which this version does not have"
        raise ModelError(what, fix=f"known: {', '.join(CLEANERS)}")
    return importlib.import_module(CLEANERS[name])
