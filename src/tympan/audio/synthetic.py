"""The mark of sound that a machine made: words for people, and an assertion for programs.

The assertion has the form of an action of C2PA (*Content Credentials: C2PA Technical
Specification*, 2.1, "Actions") with the IPTC's term for what a trained model made. It is plain
text in a tag of the file: it informs, and proves nothing, as anybody can take it out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# Any of these in a tag is the mark; other programs write the IPTC's terms alone.
_SIGNS = ("synthetic speech", "trainedalgorithmicmedia", "compositesynthetic")


def synthetic_tags(
    *, voice: str = "", model: str = "", digest: str = "", title: str = ""
) -> dict[str, str]:
    """The tags of speech that a machine made, for `Clip` and `open_writer`.

    Args:
        voice: name of the voice.
        model: name of the model.
        digest: SHA-256 of its weights.
        title: of the sound, such as the title of a book.

    Returns:
        `comment` (a sentence, then the assertion as JSON), `software`, and `title` if given.

    >>> tags = synthetic_tags(voice="ada", model="speak-en")
    >>> tags["comment"].split(" {")[0]
    'Synthetic speech, made by a machine: voice ada, model speak-en.'
    """
    from tympan import __version__

    about = {"voice": voice, "model": model, "sha256": digest}
    about = {name: _one_line(value) for name, value in about.items() if value}
    action: dict[str, Any] = {
        "action": "c2pa.created",
        "digitalSourceType": DIGITAL_SOURCE_TYPE,
        "softwareAgent": {"name": "tympan", "version": __version__},
    }
    if about:
        action["parameters"] = about
    assertion = {"label": "c2pa.actions.v2", "data": {"actions": [action]}}
    named = ", ".join(f"{name} {about[name]}" for name in ("voice", "model") if name in about)
    words = f"Synthetic speech, made by a machine{f': {named}' if named else ''}."
    tags = {"comment": f"{words} {json.dumps(assertion)}", "software": f"tympan {__version__}"}
    return tags | ({"title": _one_line(title)} if title else {})


def is_synthetic(source: Clip | Mapping[str, str]) -> bool:
    """Whether a clip, or the tags of one, say that a machine made the sound.

    What says nothing may be synthetic all the same.

    >>> is_synthetic(synthetic_tags()), is_synthetic({"comment": "rain at night"})
    (True, False)
    """
    tags = source if isinstance(source, Mapping) else source.tags
    text = "\n".join(tags.values()).casefold()
    return any(sign in text for sign in _SIGNS)


def synthetic_note(source: Clip | Mapping[str, str]) -> str:
    """What the mark says, in one line for people; empty where there is none.

    >>> synthetic_note(synthetic_tags(voice="ada"))
    'Synthetic speech, made by a machine: voice ada.'
    """
    if not is_synthetic(source):
        return ""
    tags = source if isinstance(source, Mapping) else source.tags
    texts = [one for one in tags.values() if any(sign in one.casefold() for sign in _SIGNS)]
    words = _one_line(texts[0].partition("{")[0])
    return words[:200] if words else "marked as made by a trained model"


def assertion_of(source: Clip | Mapping[str, str]) -> dict[str, Any] | None:
    """The assertion in the comment; None where there is none that can be read.

    >>> found = assertion_of(synthetic_tags(voice="ada"))
    >>> found["data"]["actions"][0]["parameters"]
    {'voice': 'ada'}
    """
    tags = source if isinstance(source, Mapping) else source.tags
    comment = tags.get("comment", "")
    start = comment.find("{")
    while start >= 0:
        try:
            found, _ = json.JSONDecoder().raw_decode(comment, start)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and str(found.get("label", "")).startswith("c2pa.actions"):
            return found
        start = comment.find("{", start + 1)
    return None


def _one_line(text: str) -> str:
    """Printable characters on one line, braces left to the assertion."""
    kept = "".join(" " if not one.isprintable() else one for one in text)
    return " ".join(kept.replace("{", "(").replace("}", ")").split())
