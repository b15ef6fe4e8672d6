"""What a client asks for: its recording or text, options, model and format, from any kind of body.

A body is a form (multipart), a bare recording, or JSON. A name that a client gives is shown and
compared, and never becomes a path: what it uploads lies in the spool under a name of ours.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import HTTPConnection, Request

from tympan.serve.refusals import Refusal
from tympan.serve.spool import Spool, remove

# JSON stands in memory whole; longer recordings are sent as they are.
MOST_JSON = 32_000_000
MOST_FIELD = 1_000_000
MOST_FILES, MOST_FIELDS = 8, 100
_INNER = re.compile(r"(\w+)\[(\w+)\]")


@dataclass
class Fields:
    """The fields of a request as they came.

    Attributes:
        values: name → text, or a value of JSON; of a field that came twice all.
        files: name → file of the spool, and the name that the client gave it.
    """

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[Path, str]] = field(default_factory=dict)

    def take(self, name: str, default: Any = None) -> Any:
        """A value, which is then no longer among them."""
        return self.values.pop(name, default)

    def text(self, name: str, default: str | None = None) -> str | None:
        """A value that is a text, taken.

        Raises:
            Refusal: it is something else.
        """
        value = self.values.pop(name, None)
        if value is None or value == "":
            return default
        if not isinstance(value, str):
            raise Refusal(400, f"{name} is no text.", "invalid_type", param=name)
        return value

    def shown(self, name: str) -> str:
        """How the client calls a file: as it was uploaded, or in the server's folder."""
        if name in self.files:
            return self.files[name][1] or name
        return shown_name(str(self.values.get(name, ""))) or name


@asynccontextmanager
async def fields_of(request: Request, spool: Spool) -> AsyncIterator[Fields]:
    """The fields of a request; its files are removed at the end.

    Raises:
        Refusal: the body is damaged, too long, too slow, or of an unknown kind.
    """
    found = fields_in(request)
    try:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
            await _form(request, spool, found)
        elif kind == "application/json":
            await _json(request, spool, found)
        elif kind.startswith(("audio/", "video/")) or kind in ("application/octet-stream", ""):
            path = spool.new()
            found.files["file"] = (path, "")
            await _bare(request, path)
        else:
            text = f"A body of {kind[:80]!r} is not taken: send a form, JSON, or audio/*."
            raise Refusal(415, text, "unsupported_media_type")
        yield found
    finally:
        remove(*(path for path, _ in found.files.values()))


def fields_in(address: HTTPConnection) -> Fields:
    """The fields of an address.

    Raises:
        Refusal: one is given twice.
    """
    return Fields(_single(address.query_params.multi_items()))


def _single(items: Any) -> dict[str, Any]:
    """Fields by name; of `name[]` a list, of `name[key]` an object.

    >>> _single([("a", "1"), ("b[]", "2"), ("c[d]", "3")])
    {'a': '1', 'b': ['2'], 'c': {'d': '3'}}
    """
    found: dict[str, Any] = {}
    for name, value in items:
        inner = _INNER.fullmatch(name)
        key = name.removesuffix("[]") if inner is None else inner[1]
        if inner is not None and isinstance(found.setdefault(key, {}), dict):
            found[key][inner[2]] = value
        elif key != name and isinstance(found.setdefault(key, []), list):
            found[key].append(value)
        elif key in found:
            raise _twice(key)
        else:
            found[key] = value
    return found


async def _form(request: Request, spool: Spool, found: Fields) -> None:
    from starlette.exceptions import HTTPException

    try:
        form = await request.form(
            max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_FIELD
        )
    except HTTPException as error:
        raise Refusal(400, f"The form is damaged: {error.detail}.", "bad_form") from error
    except (ValueError, LookupError, AssertionError) as error:
        raise Refusal(400, "The form is damaged.", "bad_form") from error
    texts = []
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            texts.append((name, value))
            continue
        if name in found.files:
            raise _twice(name)
        path = spool.new()
        found.files[name] = (path, shown_name(value.filename or ""))
        await asyncio.to_thread(_copy, value.file, path)
    await form.close()
    _add(found, _single(texts))


def _copy(source: Any, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)


async def _bare(request: Request, path: Path) -> None:
    with path.open("wb") as file:
        async for chunk in request.stream():
            # A disk that is slow holds only this request up.
            await asyncio.to_thread(file.write, chunk)


async def _json(request: Request, spool: Spool, found: Fields) -> None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_JSON:
            text = f"JSON may have {MOST_JSON:,} bytes: send longer recordings as a form."
            raise Refusal(413, text, "too_large", headers={"Connection": "close"})
    try:
        given = await asyncio.to_thread(json.loads, bytes(body))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "The body is no JSON.", "bad_json") from error
    if not isinstance(given, dict):
        raise Refusal(400, "The body is no JSON object.", "bad_json")
    for name in ("file", *(key for key in given if key.endswith("_base64"))):
        if name in given:
            data = _decoded(given.pop(name), name)
            path = spool.new()
            own = name.removesuffix("_base64")
            found.files[own] = (path, shown_name(str(given.get("file_name", ""))))
            await asyncio.to_thread(path.write_bytes, data)
    given.pop("file_name", None)
    _add(found, given)


def _add(found: Fields, given: Mapping[str, Any]) -> None:
    """Fields of a body beside those of the address."""
    for name, value in given.items():
        if name in found.values:
            raise _twice(name)
        found.values[name] = value


def _twice(name: str) -> Refusal:
    return Refusal(400, f"{name[:80]} is given twice.", "given_twice", param=name[:80])


def _decoded(value: Any, name: str) -> bytes:
    try:
        if not isinstance(value, str):
            raise ValueError
        text = value.partition(",")[2] if value.startswith("data:") else value
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        text = f"{name[:80]} is no base64: in JSON a file is its bytes in base64."
        raise Refusal(400, text, "bad_base64", param=name[:80]) from error


def shown_name(name: str) -> str:
    """The last part of a file name from a client, fit to be shown.

    >>> shown_name("../../etc/passwd"), shown_name("C:\\\\x\\\\dog.wav"), shown_name("a\\nb")
    ('passwd', 'dog.wav', 'a b')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(one if one.isprintable() else " " for one in last)
    return kept.strip()[:200]


def switch(found: Fields, name: str) -> bool:
    """A value that is true or false, taken; false where it was not given.

    Raises:
        Refusal: it is neither.
    """
    value = found.take(name, False)
    told = str(value).lower()
    if told not in ("true", "1", "false", "0"):
        raise Refusal(400, f"{name} is neither true nor false.", "invalid_value", param=name)
    return told in ("true", "1")


def own_fields(found: Fields, wanted: Mapping[str, str]) -> dict[str, str]:
    """Some fields of texts, taken, with what they are where they were not given."""
    return {name: found.text(name) or default for name, default in wanted.items()}
