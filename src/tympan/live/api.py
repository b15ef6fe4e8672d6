"""`tympan.watch`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._toml import PlaceError
from tympan.errors import ArgumentError
from tympan.live.rules import ModelSpec, Rule, Rules, load_rules

if TYPE_CHECKING:
    from tympan.live.engine import Summary, Watch
    from tympan.live.event import Event
    from tympan.live.listener import Loaded
    from tympan.live.sources.base import Source


def watch(
    source: str | Source,
    rules: Rules | Rule | str | os.PathLike[str] | Sequence[Rule],
    *,
    models: Sequence[str | ModelSpec] = (),
    on_event: Callable[[Event], None] | None = None,
    replay: bool = False,
    pcm: str = "",
    wait: bool = False,
    stop: threading.Event | None = None,
    say: Callable[[str], None] = lambda line: None,
    device: str = "auto",
    clean: bool | None = None,
) -> Summary:
    """Wait for events in a stream of sound, and do what the rules say.

    Args:
        source: `mic`, `mic:NAME`, `-` (standard input), a growing file, a FIFO, an address, a
            folder into which files drop, or a `Source` of your own.
        rules: a file of rules, the name of a profile, or rules made in Python.
        models: models that answer, beside those of the rules; `sounds` if there are none. Only
            those that give scores while they listen: not `speakers`, nor what answers `embed`.
        on_event: called with each event when it begins and when it ends.
        replay: `source` is a recording, to be read as fast as it can be answered.
        pcm: layout of a source of bare samples, such as `"s16le:16000:1"`.
        wait: `source` is a file that is still to come; its folder is there.
        stop: set it in another thread to end.
        say: called with a line about what goes on: waiting for a device, sound that was lost …
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as each model was made to.

    Returns:
        How much was listened to, and how many events each rule found.

    Raises:
        ArgumentError: a mistake in the rules, with its line; a model cannot be used; or there is no
            such source.

    >>> import tempfile
    >>> from tympan.audio.scenes import demo_scene
    >>> path = Path(tempfile.mkdtemp(), "scene.wav")
    >>> _ = demo_scene()[0].save(path)
    >>> bells = Rule("bells", ("church bells",), threshold=0.5, min_s=1.0, cooldown_s=10)
    >>> watch(str(path), bells, replay=True).events
    {'bells': 1}
    """
    from tympan.live.sources import open_source

    _, engine, actions = prepared(
        rules, models, device=device, clean=clean, say=say, on_event=on_event
    )
    try:
        place = source
        if isinstance(place, str):
            place = open_source(place, pcm=pcm, replay=replay, log=actions.log, wait=wait)
        return engine.run(place, stop)
    finally:
        actions.close()


def checked(
    rules: Rules | Rule | str | os.PathLike[str] | Sequence[Rule],
    models: Sequence[str | ModelSpec] = (),
    *,
    device: str = "auto",
    clean: bool | None = None,
) -> tuple[Rules, list[Loaded]]:
    """Rules that were read and found to be right, and the models that answer, loaded.

    Args:
        rules: as for `watch`.
        models: further models.
        device: where they compute.
        clean: take the noise away from voices before; None: as each model was made to.

    Raises:
        ArgumentError: a mistake in the rules, with its line; or a model cannot be used.
    """
    from tympan.live import engine
    from tympan.live.listener import load_models

    found = _rules(rules)
    specs = [*found.models]
    known = {one.name for one in specs}
    given = [ModelSpec(one) if isinstance(one, str) else one for one in models]
    specs += [one for one in given if one.name not in known]
    if not specs:
        named = list(dict.fromkeys(rule.model for rule in found.rules if rule.model))
        if not named and not any(rule.labels for rule in found.rules) and found.path is not None:
            what = "no model is named, and the rules name no label"
            if found.profile:
                fix = f"tympan watch SOURCE --rules {found.profile} --model YOUR_MODEL"
                raise ArgumentError(what, file=f"the profile {found.profile}", fix=fix)
            raise ArgumentError(what, file=found.path, fix="give --model, or add [[model]]")
        specs = [ModelSpec(name) for name in named or ["sounds"]]
    try:
        loaded = load_models(specs, device, clean)
    except PlaceError as error:
        if error.place[1] >= len(found.models):
            raise  # of the others there is no line in the file
        raise found.error(error) from error
    engine.check(found, loaded)
    return found, loaded


def prepared(
    rules: Rules | Rule | str | os.PathLike[str] | Sequence[Rule],
    models: Sequence[str | ModelSpec] = (),
    *,
    device: str = "auto",
    clean: bool | None = None,
    say: Callable[[str], None] = print,
    **callbacks: Callable[..., None] | None,
) -> tuple[Rules, Watch, Any]:
    """Rules that were checked, the engine, and its actions, ready to run.

    Args:
        rules: as for `watch`.
        models: further models.
        device: where they compute.
        clean: take the noise away from voices before; None: as each model was made to.
        say: called with what goes wrong later.
        callbacks: of the engine: `on_event`, `on_decided`, `on_chunk`.

    Raises:
        ArgumentError: a mistake in the rules, with its line; or a model cannot be used.
    """
    from tympan.live import engine
    from tympan.live.actions import make_actions

    found, loaded = checked(rules, models, device=device, clean=clean)
    folder = Path() if found.path is None else _folder(found.path)
    try:
        actions = make_actions(found.actions, folder, say)
    except PlaceError as error:
        raise found.error(error) from error
    return found, engine.Watch(loaded, found, actions, say=say, **callbacks), actions


def _folder(path: Path) -> Path:
    """What the paths of a file of rules are relative to: its folder, but not that of a profile."""
    from tympan.live.rules import PROFILES

    return Path() if path.parent == PROFILES else path.parent


def _rules(given: Any) -> Rules:
    if isinstance(given, Rules):
        return given
    if isinstance(given, Rule):
        return Rules((given,))
    if isinstance(given, str | os.PathLike):
        return load_rules(given)
    return Rules(tuple(given))
