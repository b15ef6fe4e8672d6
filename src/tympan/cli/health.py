"""What `tympan doctor` looks at: libraries, device, models, cache, formats."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from tympan import __version__
from tympan.errors import TympanError
from tympan.tasks.engines import broken_engines, list_engines
from tympan.tasks.registry import broken_verbs, verbs

# Extras that a user may want, and what is lost without them.
EXTRAS = {
    "train": "`tympan train` and `tympan evaluate`",
    "export": "`tympan export`",
}
_IMPORT_NAMES = {"scikit-learn": "sklearn"}


def examine() -> dict[str, Any]:
    """Return everything that `tympan doctor` shows, as plain values.

    `ok` is false where the base does not work; `problems` says why, `optional` what could be
    added, and `fix` is the one command that installs all that is missing.
    """
    libraries = check_libraries()
    problems, optional, lacking = _judge(libraries)
    models = check_models()
    problems += [f"model {one['name']}: {one['error']}" for one in models if one["error"]]
    problems += [f"{place}: {why}" for place, why in check_plugins().items()]
    formats, trouble = check_formats()
    problems += trouble
    base_lacks = any(not one["ok"] and not one["extra"] for one in libraries)
    return {
        "ok": not problems,
        "tympan": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libraries": libraries,
        "device": check_device(),
        "models": models,
        "engines": check_engines(),
        "questions": list(verbs()),
        "cache": check_cache(),
        "formats": formats,
        "problems": problems,
        "optional": optional,
        "fix": fix_command(lacking) if lacking or base_lacks else None,
    }


def _judge(libraries: list[dict[str, Any]]) -> tuple[list[str], list[str], list[str]]:
    """Return the problems of the base, remarks on the extras, and the extras lacking."""
    problems, optional, lacking = [], [], []
    for one in libraries:
        if not one["ok"] and not one["extra"]:
            problems.append(f"{one['name']}: {one['error']}")
    for extra, purpose in EXTRAS.items():
        absent = [one["name"] for one in libraries if one["extra"] == extra and not one["ok"]]
        if absent:
            lacking.append(extra)
            optional.append(f"optional, only for {purpose}: {', '.join(absent)}")
    return problems, optional, lacking


def fix_command(extras: list[str]) -> str:
    """Return the command that installs everything missing, for the Python that runs now.

    >>> fix_command(["train", "export"])
    '...python... -m pip install "tympan[train,export]"'
    """
    # Works for a checkout too: pip finds tympan in place and adds only what it lacks.
    wanted = f"[{','.join(extras)}]" if extras else ""
    # Another `python` may come first on PATH than the one that runs this.
    found = shutil.which("python")
    here = found is not None and os.path.abspath(found) == os.path.abspath(sys.executable)
    python = "python" if here else shlex.quote(sys.executable)
    return f'{python} -m pip install "tympan{wanted}"'


def check_libraries() -> list[dict[str, Any]]:
    """Return each library that tympan names, its version, and whether it is good enough.

    >>> "numpy" in [one["name"] for one in check_libraries()]
    True
    """
    try:
        requirements = importlib.metadata.requires("tympan") or []
    except importlib.metadata.PackageNotFoundError:
        requirements = []  # run from a folder of sources without being installed
    found = []
    for requirement in requirements:
        name, least, extra = _parse(requirement)
        if name != "tympan" and (not extra or extra in EXTRAS):
            found.append(_library(name, least, extra))
    return found


def _parse(requirement: str) -> tuple[str, str, str]:
    """Split a requirement into name, least version and extra.

    >>> _parse('lightning>=2.5; extra == "train"'), _parse("numpy>=1.26")
    (('lightning', '2.5', 'train'), ('numpy', '1.26', ''))
    """
    name = re.match(r"[\w.-]+", requirement)
    least = re.search(r">=\s*([\w.]+)", requirement)
    extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", requirement)
    first = [found.group(1) if found else "" for found in (least, extra)]
    return (name.group() if name else requirement), first[0], first[1]


def _library(name: str, least: str, extra: str) -> dict[str, Any]:
    """Return the state of one library; those of the base are imported to see whether they work."""
    version, error = None, ""
    try:
        version = importlib.metadata.version(name)
        if _numbers(version) < _numbers(least):
            error = f"version {version} is too old, {least} is needed"
        elif not extra:
            importlib.import_module(_IMPORT_NAMES.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        error = "not installed"
    except Exception as caught:  # a broken binary can fail in any way
        error = f"does not load: {' '.join(str(caught).split()):.200}"
    return {"name": name, "version": version, "extra": extra, "ok": not error, "error": error}


def _numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, for comparison.

    >>> _numbers("2.13.0+cpu") >= _numbers("2.6")
    True
    """
    parts = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in parts.group().split(".")) if parts else ()


def check_device() -> dict[str, Any]:
    """Return the device that will be used and what it can do.

    >>> check_device()["device"] in ("cpu", "cuda", "mps", "none")
    True
    """
    try:
        import torch
    except Exception as error:
        return {"device": "none", "description": f"PyTorch does not load: {error!s:.200}"}
    from tympan.training.device import describe

    # What training itself goes by, so that the doctor cannot say otherwise.
    facts = describe()
    facts |= {
        "cores": os.cpu_count(),
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    precision = {"bf16": "bfloat16", "32": "float32"}.get(facts["precision"], facts["precision"])
    if facts["device"] == "cpu":
        text = f"CPU, {facts['threads']} threads on {facts['cores']} cores"
        why = f" ({facts['cpu_bf16']})" if facts["cpu_bf16"] else ""
        text += f", training in {precision}{why}; no CUDA or Apple GPU found"
    else:
        memory = f", {facts['memory_gib']:.0f} GiB" if facts["memory_gib"] else ""
        text = f"{facts['device'].upper()}: {facts['name']}{memory}, training in {precision}"
    return {"description": text, **facts}


def check_models() -> list[dict[str, Any]]:
    """Load each shipped model and say whether that worked.

    >>> all(one["error"] == "" for one in check_models())
    True
    """
    from tympan.models import load_model
    from tympan.models.catalogue import shipped_names

    found = []
    for name in shipped_names():
        task, error = "", ""
        try:
            task = load_model(name).card.task
        except TympanError as caught:
            error = str(caught)
        except ImportError as caught:
            error = f"cannot be loaded: {caught!s:.200}"
        found.append({"name": name, "task": task, "error": error})
    return found


def check_engines() -> list[dict[str, Any]]:
    """Return the models of other packages, and whether they are installed."""
    return [one.to_json() for one in list_engines()]


def check_plugins() -> dict[str, str]:
    """Return the questions and engines of other packages that cannot be used, and why."""
    return broken_verbs() | broken_engines()


def check_cache() -> dict[str, Any]:
    """Return the folder of decoded recordings and the bytes it holds."""
    from tympan.data.store import cache_home

    folder = cache_home()
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except OSError:  # another process tidied up meanwhile
                continue
    # What is in it, and not the folder: it may be one of the user's own that TYMPAN_CACHE names.
    clear = f"rm -r {shlex.quote(str(folder))}/*"
    return {"folder": str(folder), "bytes": total, "clear": clear}


def check_formats() -> tuple[list[str], list[str]]:
    """Return the audio formats that can be read here, and what is wrong with the readers."""
    formats, trouble = [], []
    try:
        import soundfile

        known = soundfile.available_formats()
        wanted = ("WAV", "RF64", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "W64")
        formats += [name for name in wanted if name in known]
        formats += ["Opus"] if "OPUS" in soundfile.available_subtypes("OGG") else []
    except Exception as error:
        trouble.append(f"soundfile does not work: {error!s:.200}")
    try:
        import av

        codecs = {"M4A/AAC": "aac", "ALAC": "alac", "WMA": "wmav2", "AC-3": "ac3", "AMR": "amrnb"}
        formats += [name for name, codec in codecs.items() if codec in av.codecs_available]
        formats += ["WebM", "MP4 and other video"]
    except Exception as error:
        trouble.append(f"PyAV does not work: {error!s:.200}")
    return formats, trouble
