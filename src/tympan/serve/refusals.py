"""What a client is told when it does not get what it asked for: one form for all routes.

It is the form of OpenAI's server, so that their clients raise it as their own error:
`{"error": {"message": …, "type": …, "param": …, "code": …}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tympan.errors import TympanError
from tympan.models.catalogue import shipped_names


class Refusal(Exception):
    """A request that is not answered.

    Args:
        status: of HTTP.
        message: what is wrong and what can be done, a sentence.
        code: a word for programs.
        param: the field of the request that is concerned.
        headers: further ones of the response.

    >>> Refusal(400, "No.", "no").body()["error"]["code"]
    'no'
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """What the response holds."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        if self.status in (401, 403):
            kind = "authentication_error"
        if self.status == 429:
            kind = "rate_limit_error"
        return {
            "error": {
                "message": self.message,
                "type": kind,
                "param": self.param,
                "code": self.code,
            }
        }


# The class of an error of tympan → status, code.
_KINDS = {
    "AudioFileError": (400, "unreadable_audio"),
    "ArgumentError": (400, "invalid_value"),
    "ShapeError": (400, "invalid_value"),
    "DataError": (400, "invalid_value"),
    "ModelError": (400, "unusable_model"),
    "MissingDependencyError": (501, "not_installed"),
    "TympanError": (400, "invalid_request"),
}


def refusal_of(error: TympanError, *, param: str | None = None) -> Refusal:
    """The refusal that an error means, without the names of the server's files.

    >>> from tympan.errors import ArgumentError
    >>> refusal_of(ArgumentError("top is 0", fix="give 1 or more")).message
    'Top is 0: give 1 or more.'
    >>> refusal_of(ArgumentError("en has no speaker 'eve'")).message
    "en has no speaker 'eve'."
    """
    return refusal_from(plain_error(error), param=param)


def plain_error(error: TympanError) -> dict[str, Any]:
    """An error as plain values: what a client may know of it, without the server's files."""
    kind = type(error).__name__
    return {"kind": kind, "what": error.what, "fix": error.fix, "option": error.option}


def refusal_from(told: Mapping[str, Any], *, param: str | None = None, name: str = "") -> Refusal:
    """The refusal that an error of another process means.

    Args:
        told: of `plain_error`.
        param: the field concerned.
        name: of the recording, in the place of the path that the server has it at.
    """
    kind = str(told.get("kind", ""))
    if kind not in _KINDS:
        what = told.get("what") or "something unforeseen happened"
        return Refusal(500, _sentence(f"the server failed: {what}", None), "internal_error")
    status, code = _KINDS[kind]
    param = param or told.get("option") or ("file" if kind == "AudioFileError" else None)
    text = _sentence(str(told.get("what")), told.get("fix"))
    if name and kind == "AudioFileError":
        text = f"{name}: {text[:1].lower()}{text[1:]}"
    return Refusal(status, text, code, param=param)


_PATH = re.compile(r"\S*tympan-serve-\S*")


def _sentence(what: str, fix: Any) -> str:
    """What and fix as one sentence that begins and ends as sentences do; no path of the spool."""
    text = " ".join(f"{what}: {fix}".split()) if fix else " ".join(what.split())
    text = _PATH.sub("the recording", text)
    first = text.partition(" ")[0]
    # The name of a field or of a model stays as it is.
    plain = first.isalpha() and first not in shipped_names()
    text = f"{text[:1].upper()}{text[1:]}" if plain else text
    return sentence(text[:1000])


def sentence(text: str) -> str:
    """A text that ends as a sentence does.

    >>> sentence("it has none"), sentence("did you mean top?")
    ('it has none.', 'did you mean top?')
    """
    return text if text.endswith("?") else f"{text.rstrip('.')}."


def deadline(seconds: float) -> Refusal:
    """Refuse what took too long."""
    text = f"It was not answered within {seconds:g} s: send a shorter recording, or try again."
    return Refusal(504, text, "deadline_exceeded", headers={"Retry-After": "5"})
