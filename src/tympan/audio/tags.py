"""What a file says about its sound in words: title, artist, comment …"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tympan.errors import ArgumentError

NAMES = (
    *("title", "artist", "album", "date", "genre", "tracknumber"),
    *("comment", "software", "copyright", "license"),
)
"""The tags that are kept; most formats have a place for them."""

# What FFmpeg calls them, where it has another word.
_OTHER_WORDS = {
    "track": "tracknumber",
    "encoder": "software",
    "encoded_by": "software",
    "author": "artist",
    "year": "date",
    "tyer": "date",
    "description": "comment",
    "comments": "comment",
}
# libsndfile reads no longer ones of a WAV file.
_MOST_BYTES = 2000
# libsndfile signs what it is given as the software.
_SIGNED = re.compile(r"\s*\(libsndfile-[\w.-]+\)$")


class AudioTags(Mapping[str, str]):
    """Tags that nobody can change, in the order of `NAMES`; made by `check_tags`.

    >>> AudioTags({"title": "Rain"})
    AudioTags({'title': 'Rain'})
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"AudioTags({self._values!r})"


_NONE = AudioTags()


def check_tags(tags: Mapping[str, str] | None) -> AudioTags:
    """The tags, unchangeable and without empty ones.

    Args:
        tags: by the names in `NAMES`.

    Raises:
        ArgumentError: another name, or a value that is no text.

    >>> dict(check_tags({"title": "Rain", "comment": ""}))
    {'title': 'Rain'}
    """
    if isinstance(tags, AudioTags):
        return tags
    if not tags:
        return _NONE
    if not isinstance(tags, Mapping):
        raise ArgumentError(f"tags are {type(tags).__name__}, expected name → text")
    for name, value in tags.items():
        if name not in NAMES:
            raise ArgumentError(f"there is no tag {name!r}", fix=f"use one of {', '.join(NAMES)}")
        if not isinstance(value, str):
            raise ArgumentError(f"the tag {name} is {type(value).__name__}, expected text")
        size = len(value.encode("utf-8", "replace"))
        if size > _MOST_BYTES:
            raise ArgumentError(f"the tag {name} has {size} bytes", fix=f"at most {_MOST_BYTES}")
    cleaned = {name: _clean(tags[name]) for name in NAMES if name in tags}
    return AudioTags({name: value for name, value in cleaned.items() if value})


def _clean(text: str) -> str:
    """What every format can hold: Unicode without NUL."""
    return text.replace("\0", "").encode("utf-8", "replace").decode().strip()


def tags_found(found: Mapping[str, str]) -> AudioTags:
    """The tags among what a library found in a file, whatever it calls them.

    >>> dict(tags_found({"TITLE": "Rain", "track": "3", "handler_name": "x"}))
    {'title': 'Rain', 'tracknumber': '3'}
    """
    tags: dict[str, str] = {}
    for key, value in found.items():
        name = key.casefold()
        own = name in NAMES
        name = name if own else _OTHER_WORDS.get(name, "")
        value = _cut(value, _MOST_BYTES)
        # A tag by its own name counts more than one by another word.
        if name and (own or name not in tags):
            tags[name] = _SIGNED.sub("", value) if name == "software" else value
    return check_tags(tags)


def merge_tags(first: Mapping[str, str], second: Mapping[str, str]) -> AudioTags:
    """The tags of two sounds that became one.

    The first one's count; comments, which may say that a sound is synthetic, are joined, and the
    longer one is cut if there is no room for both.

    >>> dict(merge_tags({"title": "A", "comment": "x"}, {"title": "B", "comment": "y"}))
    {'title': 'A', 'comment': 'x; y'}
    """
    if not second or first == second:
        return check_tags(first)
    tags = {**second, **first}
    comments = [one["comment"] for one in (first, second) if "comment" in one]
    if len(comments) == 2 and comments[1] not in comments[0]:
        longer = max((0, 1), key=lambda one: len(comments[one].encode()))
        room = _MOST_BYTES - 2 - len(comments[1 - longer].encode())
        comments[longer] = _cut(comments[longer], room)
        tags["comment"] = "; ".join(one for one in comments if one)
    return check_tags(tags)


def _cut(text: str, most_bytes: int) -> str:
    """The beginning of a text, so many bytes of UTF-8 at most."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= most_bytes else raw[: max(0, most_bytes)].decode("utf-8", "ignore")
