"""Turn a template and its values into one self-contained page.

The page carries its style, script, pictures and sound. A content security policy forbids it every
request, and allows no script but the one written here, whatever a file is called.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan import __version__
from tympan._files import atomic_write
from tympan.tasks.results import formats
from tympan.tasks.results.base import json_text

if TYPE_CHECKING:
    from jinja2 import Environment

NBSP = "\u00a0"  # keeps a number and its unit on one line


@functools.cache
def _asset(name: str) -> str:
    return (files("tympan.report") / "assets" / name).read_text("utf-8")


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(
    template: str,
    page_title: str,
    scripts: tuple[str, ...] = ("page.js",),
    *,
    live: bool = False,
    **values: Any,
) -> str:
    """Fill a template of `report/assets`; every value is escaped.

    Args:
        template: name of the file.
        page_title: title of the browser's window.
        scripts: files of `report/assets` that run on the page, one after another.
        live: whether the page talks to the server that it comes from, and to no other.
        values: what the template shows.

    Returns:
        The page.
    """
    from markupsafe import Markup

    from tympan.report.charts import gradient

    script = "\n".join(map(_asset, scripts))
    return (
        _environment()
        .get_template(template)
        .render(
            page_title=page_title,
            version=__version__,
            made=datetime.now().strftime("%-d %B %Y")
            if os.name != "nt"
            else f"{datetime.now():%d %B %Y}",
            policy=_policy(script, live),
            live=live,
            css=Markup(_asset("page.css")),
            script=Markup(script),
            gradient=Markup(gradient()),
            **values,
        )
    )


def _policy(script: str, live: bool) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # `file:` and 'self' let a page beside a very long recording play that file.
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'sha256-{digest}'",
            "style-src 'unsafe-inline'",
            "img-src data:",
            "media-src data: 'self' file:",
            "form-action 'none'",
            "base-uri 'none'",
            *(("connect-src 'self'",) if live else ()),
        )
    )


def write(path: str | os.PathLike[str], html: str) -> Path:
    """Write a page, whole or not at all."""
    target = Path(path)
    with atomic_write(target) as beside:
        # A file name may hold bytes that are no Unicode.
        beside.write_bytes(html.encode("utf-8", "backslashreplace"))
    return target


def save(answer: Any, path: str | os.PathLike[str]) -> Path:
    """Write an answer whose `path` is a page: `.json`, or a copy of the page as `.html`.

    Raises:
        ArgumentError: another ending.
    """
    target = Path(path)
    if formats.check_ending(target, (".json", ".html"), type(answer).__name__) == ".html":
        content = answer.path.read_bytes()
    else:
        content = formats.encoded(json_text(answer.to_json(), indent=2) + "\n")
    with atomic_write(target) as beside:
        beside.write_bytes(content)
    return target


def words(name: str) -> str:
    """Write a label as people do; the data keep it as it is.

    >>> words("clock_tick")
    'clock tick'
    """
    return " ".join(name.replace("_", " ").split()) or name


def capital(text: str) -> str:
    """A text as it begins a line; a first word with a capital of its own stays as it is.

    >>> capital("false alarms"), capital("pAUC"), capital("mAP of the labels")
    ('False alarms', 'pAUC', 'mAP of the labels')
    """
    first = text.split(" ", 1)[0]
    return text if first != first.lower() else text[:1].upper() + text[1:]


def percent(value: float, digits: int = 0) -> str:
    """Write a share of 1 as people read it; never 100 % or 0 % unless it is exactly that.

    >>> [percent(v).replace(NBSP, " ") for v in (0.934, 0.9999, 1.0, 0.0004)]
    ['93 %', '> 99 %', '100 %', '< 1 %']
    >>> percent(0.8437, 1).replace(NBSP, " ")
    '84.4 %'
    """
    text = f"{100 * value:.{digits}f}"
    if value < 1 and float(text) == 100:
        text = f">{NBSP}99" if digits == 0 else f">{NBSP}99.{'9' * digits}"
    elif value > 0 and float(text) == 0:
        text = f"<{NBSP}1" if digits == 0 else f"<{NBSP}0.{'0' * (digits - 1)}1"
    return f"{text}{NBSP}%"
