"""What the OpenAPI description says of a question: made from its verb or command."""

from __future__ import annotations

from typing import Any

from tympan.serve.encoding import FORMATS
from tympan.serve.refusals import sentence
from tympan.tasks.commands import EACH, Command
from tympan.tasks.verbs import Option, Verb

_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}


def operation_of(verb: Verb | Command) -> dict[str, Any]:
    """The body and the responses of a route: of a question, or of a command.

    >>> from tympan.tasks.registry import verb
    >>> body = operation_of(verb("classify"))["requestBody"]["content"]
    >>> sorted(body)
    ['application/json', 'application/octet-stream', 'audio/*', 'multipart/form-data']
    >>> body["multipart/form-data"]["schema"]["properties"]["top"]["default"]
    5
    """
    if isinstance(verb, Command) and verb.refused:
        return {"responses": {"501": {"description": sentence(verb.refused)}}}
    fields = {one.name: _of_option(one) for one in verb.options}
    fields["model"] = {"type": "string", "description": "Name of a model, see /v1/models."}
    if verb.takes == "text":
        fields["text"] = {"type": "string", "description": "What is spoken."}
        fields["format"] = {"type": "string", "enum": list(FORMATS), "default": "wav"}
        content = _bodies(fields, ["text"], {"multipart/form-data", "application/json"})
        answers: dict[str, Any] = {one.media: {} for one in FORMATS.values()}
    elif verb.takes == "nothing":
        formats = [one.lstrip(".") for one in verb.save_as]
        fields["format"] = {"type": "string", "enum": formats, "default": "json"}
        content = _bodies(fields, [], {"multipart/form-data", "application/json"})
        answers = {"application/json": {}}
    else:
        content, answers = _of_recording(verb, fields), {"application/json": {}}
    return {
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "The answer.", "content": answers},
            "400": {"description": "It cannot be answered; error.message says why."},
            "429": {"description": "The queue is full; Retry-After says when to try again."},
        },
    }


def _of_recording(verb: Verb | Command, fields: dict[str, Any]) -> dict[str, Any]:
    """The bodies in which a recording is sent, with the fields of its route."""
    formats = [one.lstrip(".") for one in verb.save_as]
    fields["format"] = {"type": "string", "enum": formats, "default": "json"}
    fields["stream"] = _switch("Server-sent events: decided, at_s, answer, error.")
    fields["recording"] = {"type": "string", "description": "Of /v1/recordings, not file."}
    needs: list[str] = []
    if isinstance(verb, Command):
        needs = list(verb.needs)
        if not verb.models:
            del fields["model"]
        if verb.models == EACH:
            about = "Name of a model, several as model[]; none: no answers; else one per question."
            fields["model"]["description"] = about
    if isinstance(verb, Verb) or verb.cleans:
        about = "Take the noise away from voices before; else as the model was made to."
        fields["clean"] = {"type": "boolean", "description": about}
    binary = {"type": "string", "format": "binary"}
    content = _bodies({**fields, "file": binary}, needs, {"multipart/form-data"})
    encoded = {"type": "string", "contentEncoding": "base64"}
    content |= _bodies({**fields, "file": encoded}, [], {"application/json"})
    if not needs:  # a body that is the recording itself has room for no other file
        content |= {kind: {"schema": binary} for kind in ("audio/*", "application/octet-stream")}
    return content


def _switch(about: str) -> dict[str, Any]:
    return {"type": "boolean", "default": False, "description": about}


def _bodies(fields: dict[str, Any], required: list[str], kinds: set[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": fields}
    if required:
        schema["required"] = required
    return {kind: {"schema": schema} for kind in sorted(kinds)}


def _of_option(option: Option) -> dict[str, Any]:
    """An option as JSON Schema has it."""
    if option.reads:
        return {"type": "string", "format": "binary", "description": option.help}
    found: dict[str, Any] = {"type": _TYPES[option.kind], "description": option.help}
    if option.default is not None:
        found["default"] = option.default
    if option.choices:
        found["enum"] = list(option.choices)
    for name, limit in (("minimum", option.low), ("maximum", option.high)):
        if limit is not None:
            found[name] = limit
    return found
