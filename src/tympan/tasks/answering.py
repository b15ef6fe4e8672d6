"""Put a question to a recording: find the model, load it once, and give the answer."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from tympan.errors import ArgumentError, ModelError, TympanWarning
from tympan.tasks import registry
from tympan.tasks.cleaned import cleaner_of, named_in, with_cleaning
from tympan.tasks.engines import Engine, default_model, find_engine, list_engines

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.tasks.contract import Answer, Model
    from tympan.tasks.verbs import Verb

    Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | Clip

# So many loaded models are kept.
KEPT = 4
T = TypeVar("T")


def answer(
    verb: str,
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    device: str = "auto",
    clean: bool | None = None,
    **options: Any,
) -> Answer:
    """Put a question to a recording, whichever question it is.

    Args:
        verb: its name, such as `"classify"`; another package may bring it.
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: catalogue name, engine or folder of a model; the best that is installed by default.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as the model was made to.
        options: those of the verb.

    Returns:
        The answer; what may be wrong with it stands in its `warnings`, and is warned of.

    Raises:
        ArgumentError: no such question, or no such option.
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.

    >>> import tympan
    >>> clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
    >>> tympan.answer("classify", clip, top=1).model
    'sounds'
    """
    found = answered(verb, source, model=model, device=device, clean=clean, **options)
    warn(found, stacklevel=2)
    return found


def answered(
    verb: str,
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    device: str = "auto",
    **options: Any,
) -> Answer:
    """`answer` without Python's warnings, for who shows them in another way."""
    question = of_recordings(verb)
    clean: bool | None = options.pop("clean", None)
    values = question.checked(options)
    return with_cleaning(load(model, verb, device), clean)(source, **values)


def of_recordings(name: str, model: str = "") -> Verb:
    """A question that can be put to a recording.

    Args:
        name: of the question.
        model: that would answer it, for the message.

    Raises:
        ArgumentError: there is no such question, or it takes something else.

    >>> of_recordings("speak", "en")
    Traceback (most recent call last):
    tympan.errors.ArgumentError: en is a model for 'speak', which takes a text, not a recording \
(tympan speak)
    """
    question = registry.verb(name)
    if question.takes != "recording":
        which = f"{model} is a model for {name!r}, which" if model else name
        given = "" if question.takes == "nothing" else question.takes
        fix = f"tympan {name}" if model else f"tympan.{name}({given})"
        takes = f"a {given}, not a recording" if given else "no recording"
        raise ArgumentError(f"{which} takes {takes}", fix=fix)
    return question


def warn(found: Answer, stacklevel: int) -> None:
    """Give the warnings of an answer as Python's; `stacklevel` as in `warnings.warn`."""
    for line in found.warnings:
        warnings.warn(f"{found.file}: {line}", TympanWarning, stacklevel=stacklevel + 1)


def load(model: str | os.PathLike[str] | None, task: str, device: str = "auto") -> Model[Answer]:
    """Load a model, ready to answer; the last few are kept.

    Args:
        model: catalogue name, engine or folder; None: the best that is installed.
        task: the verb that it must answer.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

    Raises:
        ModelError: it is missing, damaged, foreign or of another task.
        MissingDependencyError: it is an engine that is not installed.
        ArgumentError: there is no such device.

    >>> load("sounds", "classify").name
    'sounds'
    """
    if model is None:
        model = default_model(registry.verb(task))
    elif isinstance(model, str):
        model = registry.verb(task).aliases.get(model, model)
    if not isinstance(model, str | os.PathLike):
        what = f"a model is a name or a folder, not {type(model).__name__}"
        raise ArgumentError(what, fix="for instance model='sounds'")
    engine = find_engine(model) if isinstance(model, str) else None
    if engine is not None:
        return _engine(engine, task, _chosen(device))
    from tympan.models import find_model
    from tympan.models.catalogue import shipped_names

    if model not in shipped_names():
        foreign = _opened(Path(model), task, device)
        if foreign is not None:
            return foreign
    # A wrong name is found before PyTorch is loaded.
    folder = find_model(model).resolve()
    place = _chosen(device)
    try:
        found = (folder / "card.json").stat()
        stamp = (found.st_mtime_ns, found.st_size)
    except OSError:
        stamp = (0, 0)  # loading says what is wrong
    return _weights(folder, task, place, stamp)


def forget_models() -> None:
    """Let go of the models that are kept; one that is still in use stays where it is used.

    >>> forget_models()
    """
    for one in _kept:
        one.cache_clear()


def _chosen(device: str) -> str:
    """The device by its own name."""
    from tympan.training.device import choose_device

    if device == "cpu":
        return device  # without loading PyTorch for an engine that has no use for it
    try:
        return choose_device(device)
    except ArgumentError as error:
        what = f"device {device!r} is not here"
        raise ArgumentError(what, fix="give auto, cpu, cuda or mps") from error


_kept: list[Any] = []


def _once(make: Callable[..., T]) -> Callable[..., T]:
    """Keeps the last few that were made, and finds those again that somebody still holds.

    So there are never two of one model, however many others came between.
    """
    living: WeakValueDictionary[Any, T] = WeakValueDictionary()

    @lru_cache(maxsize=KEPT)
    @wraps(make)
    def found(*key: Any) -> T:
        model = living.get(key)
        if model is None:
            model = make(*key)
            if model is not None:
                living[key] = model
        return model

    _kept.append(found)
    return found


@_once
def _weights(folder: Path, task: str, device: str, stamp: tuple[int, int]) -> Model[Answer]:
    from tympan.models import load_model

    loaded = load_model(folder)
    question, own = registry.get(task), loaded.card.task
    if own not in question.accepts:
        raise _other_task(own, task, folder)
    shared: list[Any] = []
    if own != task:

        def of_its_own() -> Any:
            shared.append(_weights(folder, own, device, stamp))
            return shared[0]

        loaded = replace(loaded, own=of_its_own)
    model: Model[Answer] = question.load(loaded, device)
    if shared:
        object.__setattr__(model, "shares", shared[0])
    if cleaning := named_in(loaded.card):
        object.__setattr__(model, "cleaner", cleaner_of(cleaning))  # some models are frozen
    return model


@_once
def _engine(engine: Engine, task: str, device: str) -> Model[Answer]:
    if engine.task != task:
        raise _other_task(engine.task, task, engine.name)
    return engine.load_model(device)


def _opened(path: Path, task: str, device: str) -> Model[Answer] | None:
    """What a folder of a user's holds in the format of an engine; None: it holds nothing such."""
    try:
        folder = path.expanduser().resolve()
        if not folder.is_dir() or (folder / "card.json").exists():
            return None
        stamp = max((one.stat().st_mtime_ns for one in folder.iterdir()), default=0)
    except (OSError, ValueError, RuntimeError):
        return None  # what looks for a model says what is wrong
    engines = [one for one in list_engines(task=task) if one.opens]
    return _foreign(tuple(engines), folder, _chosen(device), stamp) if engines else None


@_once
def _foreign(
    engines: tuple[Engine, ...], folder: Path, device: str, stamp: int
) -> Model[Answer] | None:
    found = (one.open_folder(folder, device) for one in engines)
    return next((one for one in found if one is not None), None)


def _other_task(is_for: str, task: str, file: str | Path) -> ModelError:
    what = f"is a model for {is_for!r}, not for {task!r}"
    return ModelError(what, file=file, fix="`tympan models` lists what there is")
