"""Engines: models of other well-kept packages, behind the same verbs, options and answers.

An engine is one file in this folder with an `ENGINE`, and a function that loads it::

    ENGINE = Engine(
        name="parrot", task="transcribe", package="parrot-asr", extra="parrot", licence="MIT",
        size_mb=120, description="…", load="tympan.tasks.engines.parrot:load", rank=1,
    )

    def load(device: str) -> Model[Transcript]:
        import parrot_asr
        ...

The file imports nothing heavy at its top, for it is read to list what there is. Its package is an
extra of tympan's in `pyproject.toml`. A package of its own can bring an engine too, by an entry
point of the group `tympan.tasks.engines` that names an `Engine`.
"""

from __future__ import annotations

import fnmatch
import importlib
import importlib.metadata
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tympan.errors import MissingDependencyError, ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from tympan.tasks.contract import Answer, Model
    from tympan.tasks.verbs import Verb

GROUP = "tympan.tasks.engines"


@dataclass(frozen=True)
class Engine:
    """A model that another package brings.

    Args:
        name: as `model="…"` takes it.
        task: name of the verb that it answers.
        package: the package that must be installed, as pip calls it.
        extra: the extra of tympan that installs it; empty for an engine from another package.
        licence: of its weights, an SPDX identifier where there is one.
        size_mb: what is downloaded for it, in 1e6 bytes.
        description: one or two sentences for people.
        load: `module:function`; called with a device, it gives the `Model`.
        needs: further packages that must be installed.
        opens: `module:function`; called with a folder and a device, it gives the `Model` that a
            folder of the user's holds in the package's own format, or None if it holds none.
        rank: how good it is beside the other models of its verb. The highest that is installed
            answers unless another is named; tympan's own weights have the rank 0.
    """

    name: str
    task: str
    package: str
    extra: str
    licence: str
    size_mb: float
    description: str
    load: str
    rank: int = 0
    needs: tuple[str, ...] = ()
    opens: str = ""

    @property
    def version(self) -> str:
        """Version of its package; empty if it is not installed."""
        return _version(self.package)

    @property
    def installed(self) -> bool:
        """Whether its packages are here."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """Its packages that are not here."""
        return tuple(one for one in (self.package, *self.needs) if not _version(one))

    @property
    def install_command(self) -> str:
        """What installs it."""
        return f"pip install '{f'tympan[{self.extra}]' if self.extra else self.package}'"

    def load_model(self, device: str = "cpu") -> Model[Answer]:
        """The model, ready to answer.

        Raises:
            MissingDependencyError: its package is not installed.
            ModelError: its package is broken.
        """
        if not self.installed:
            packages = f"the package{'s' * (len(self.missing) > 1)} {', '.join(self.missing)}"
            what = f"the engine {self.name!r} needs {packages}"
            raise MissingDependencyError(what, fix=self.install_command)
        try:
            model: Model[Answer] = _function(self.load)(device)
        except ImportError as error:
            what = f"the engine {self.name!r} cannot be loaded: {error}"
            raise ModelError(what, fix=f"{self.install_command} --force-reinstall") from error
        return model

    def open_folder(self, folder: Path, device: str = "cpu") -> Model[Answer] | None:
        """The model that a folder holds in the format of the package; None: it holds none."""
        found: Model[Answer] | None = _function(self.opens)(folder, device) if self.opens else None
        return found

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "name": self.name,
            "task": self.task,
            "kind": "engine",
            "description": self.description,
            "licence": self.licence,
            "size_mb": self.size_mb,
            "package": self.package,
            "version": self.version,
            "installed": self.installed,
            "install": self.install_command,
        }


def _version(package: str) -> str:
    """Version of a package; empty if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _function(place: str) -> Any:
    """What `module:name` names."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


@cache
def _found() -> tuple[tuple[Engine, ...], dict[str, str]]:
    """All engines by name, and why other packages' engines cannot be used."""
    own = (
        importlib.import_module(f"{__name__}.{one.name}").ENGINE
        for one in pkgutil.iter_modules(__path__)
    )
    found: dict[str, Engine] = {one.name: one for one in own}
    broken: dict[str, str] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            engine = point.load()
            if not isinstance(engine, Engine):
                raise TypeError(f"is a {type(engine).__name__}, not an Engine")
            if engine.name in found:
                raise ValueError(f"the name {engine.name!r} is taken")
        except Exception as error:  # whatever it is: it must not cost the other engines
            broken[point.value] = " ".join(f"{type(error).__name__}: {error}".split())
            continue
        found[engine.name] = engine
    return tuple(sorted(found.values(), key=lambda one: one.name)), broken


def list_engines(pattern: str = "*", *, task: str | None = None) -> list[Engine]:
    """The engines whose names match, installed or not, sorted by name.

    Args:
        pattern: shell pattern such as `"whisper*"`.
        task: only those that answer this verb.

    >>> list_engines("no-such-*")
    []
    """
    return [
        one
        for one in _found()[0]
        if fnmatch.fnmatchcase(one.name, pattern) and task in (None, one.task)
    ]


def broken_engines() -> dict[str, str]:
    """Entry points of other packages that bring no usable engine, each with the reason.

    >>> broken_engines()
    {}
    """
    return dict(_found()[1])


def find_engine(name: str) -> Engine | None:
    """The engine of that name; None if there is none."""
    return next((one for one in list_engines() if one.name == name), None)


def default_model(verb: Verb) -> str:
    """The model that answers unless another is named: the best that is installed.

    That is the engine with the highest rank, and tympan's own weights, whose rank is 0, before
    any engine of the same rank.

    Raises:
        MissingDependencyError: none is installed, but an engine could be.
        ModelError: there is none at all.

    >>> from tympan.tasks.registry import verb
    >>> default_model(verb("classify"))
    'sounds'
    """
    from tympan.models.catalogue import list_models, shipped_names

    own = verb.default_model
    candidates = [] if own is None or own not in shipped_names() else [(0, own)]
    engines = sorted(list_engines(task=verb.name), key=lambda one: (-one.rank, one.name))
    candidates += [(one.rank, one.name) for one in engines if one.installed]
    if candidates:
        return max(candidates, key=lambda one: one[0])[1]  # of equal ones the first
    if engines:
        small = min(engines, key=lambda one: one.size_mb)
        what = f"nothing that answers {verb.name!r} is installed"
        named = [one.name for one in list_models() if one.task == verb.name]
        if named:
            what += f" but {' and '.join(named)}, which answer where they are named"
        raise MissingDependencyError(what, fix=small.install_command)
    what = f"there is no model for {verb.name!r} yet"
    local = f"tympan train FOLDER --task {verb.name}, then --model"
    raise ModelError(what, fix="train one", local=local)
