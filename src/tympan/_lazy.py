"""Load public names on first use, so that start-up stays fast."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def attach(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `(__getattr__, __dir__, __all__)` for a package whose names load lazily.

    Args:
        package: the package's `__name__`.
        names: public name → module that defines it. A trailing colon
            (`"tympan.audio.synth:"`) means that the name is the module itself.

    Returns:
        The three names to bind in the package (PEP 562).

    >>> getattr_, _, all_ = attach("demo", {"sqrt": "math"})
    >>> all_, getattr_("sqrt")(9.0)
    (['sqrt'], 3.0)
    """

    def __getattr__(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        target = names[name]
        module = importlib.import_module(target.removesuffix(":"))
        value = module if target.endswith(":") else getattr(module, name)
        # A submodule may share the name of the function (`tasks.classify`): bind the value, once.
        if package in sys.modules:
            setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted({*names, *vars(sys.modules[package])})

    return __getattr__, __dir__, sorted(names)
