"""SSML: text with marks for how it is to be spoken.

After the W3C's Recommendation *Speech Synthesis Markup Language (SSML) Version 1.1* (2010).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tympan.errors import ArgumentError
from tympan.text._ssml_values import (
    EMPHASES,
    LIMITS,
    PAUSES_S,
    PITCHES,
    RATES,
    SAY_AS,
    VOLUMES_DB,
    decibels,
    rate_factor,
    seconds,
    semitones,
)
from tympan.text._xml import XmlError, parse_xml
from tympan.text.ssml_pieces import Ssml, SsmlPiece

MOST_BYTES = 1_000_000
MOST_SILENCE_S = 3600.0
"""Of all breaks together: else a short text could ask for weeks of nothing."""
LONGEST_PAUSE_S = 60.0

# Their content is about the text and no part of it.
_NOT_SPOKEN = {"desc", "metadata", "meta", "lexicon"}


def read_ssml(text: str) -> Ssml:
    """Read a text in SSML.

    `speak`, `p`, `s`, `break`, `prosody`, `emphasis`, `say-as`, `sub`, `phoneme` (in IPA), `voice`
    and `mark` are followed. `lang` is noted and named; `audio` is never played: what stands in it
    is spoken. Other tags are named, and their text is spoken.

    Args:
        text: at most 1 MB.

    Returns:
        Pieces, and what could not be followed.

    Raises:
        ArgumentError: it is no XML (with line and column), defines entities, is nested more than
            64 deep or too long.

    >>> found = read_ssml('<speak>Now <prosody rate="slow">slowly</prosody>.</speak>')
    >>> [(one.text, one.rate) for one in found]
    [('Now ', 1.0), ('slowly', 0.75), ('.', 1.0)]
    """
    size = len(text) if len(text) > MOST_BYTES else len(text.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        what = f"the SSML has {size / 1e6:.1f} MB, at most {MOST_BYTES / 1e6:g} MB are read"
        raise ArgumentError(what, fix="cut it into several texts")
    reader = _Reader()
    try:
        parse_xml(text.lstrip("\ufeff \t\r\n"), reader.start, reader.end, reader.characters)
    except XmlError as error:
        before = text[: len(text) - len(text.lstrip("\ufeff \t\r\n"))]
        line = error.line + before.count("\n")
        what = f"the SSML is wrong in line {line}, column {error.column}: {error.what}"
        fix = None if error.refused else "write < as &lt; and & as &amp;, and close each tag"
        raise ArgumentError(what, fix=fix) from None
    return Ssml(tuple(reader.pieces), tuple(reader.warnings))


class _Reader:
    """Makes pieces of the tags and texts as they come."""

    def __init__(self) -> None:
        self.pieces: list[SsmlPiece] = []
        self.warnings: dict[str, None] = {}
        self._style = SsmlPiece()
        self._open: list[tuple[SsmlPiece, int]] = []  # the style outside, the first piece inside
        self._silence_s = 0.0
        self._unspoken = 0  # so many tags are open whose text is not spoken
        self._alias: str | None = None
        self._begun = False
        self._handlers: dict[str, Callable[[Mapping[str, str]], None]] = {
            "break": self._break,
            "prosody": self._prosody,
            "emphasis": self._emphasis,
            "say-as": self._say_as,
            "sub": self._sub,
            "phoneme": self._phoneme,
            "voice": self._voice,
            "mark": self._mark,
            "lang": self._lang,
            "audio": self._audio,
        }

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A tag opens."""
        self._open.append((self._style, len(self.pieces)))
        if self._unspoken or name in _NOT_SPOKEN:
            if name == "lexicon" and not self._unspoken:
                self._warn("<lexicon> is not read")
            self._unspoken += 1
            return
        given = {key.casefold(): value.strip() for key, value in attributes.items()}
        if not self._begun:
            self._begun = True
            if name != "speak":
                self._warn(f"<{name}> is no <speak>")
        if name in ("speak", "p", "paragraph", "s", "sentence"):
            language = given.get("xml:lang", "")
            if language and len(self._open) > 1:
                self._warn_of_language(language)
            self._style = replace(self._style, language=language or self._style.language)
        elif name in self._handlers:
            self._handlers[name](given)
        else:
            self._warn(f"<{name}> is not known: its text is spoken")

    def end(self, name: str) -> None:
        """A tag closes."""
        style, first = self._open.pop()
        if self._unspoken:
            # The alias or the phonemes of a tag stand for all of its text.
            self._unspoken -= 1
        if not self._unspoken:
            self._style = style
        if name in ("s", "sentence", "p", "paragraph"):
            ends = "sentence" if name.startswith("s") else "paragraph"
            for at in range(len(self.pieces) - 1, first - 1, -1):
                if self.pieces[at].text:
                    text = self.pieces[at].text.rstrip()
                    self.pieces[at] = replace(self.pieces[at], text=text, ends=ends)
                    break

    def characters(self, text: str) -> None:
        """Text between two tags."""
        if self._unspoken:
            return
        words = " ".join(text.split())
        last = self.pieces[-1] if self.pieces else SsmlPiece()
        open_end = bool(last.text) and not last.ends
        if text[0].isspace() and open_end and not last.text.endswith(" "):
            self.pieces[-1] = replace(last, text=f"{last.text} ")
        if words:
            space = " " if text[-1].isspace() else ""
            self.pieces.append(replace(self._style, text=words + space))

    # -- tags ------------------------------------------------------------------------------------

    def _break(self, given: Mapping[str, str]) -> None:
        strength = given.get("strength", "medium")
        if strength not in PAUSES_S:
            self._warn(f"a break has no strength {_short(strength)}")
        pause_s = PAUSES_S.get(strength, PAUSES_S["medium"])
        if "time" in given:
            found = seconds(given["time"])
            if found is None:
                self._warn(f"a break cannot last {_short(given['time'])}: write 500ms or 1.5s")
            pause_s = pause_s if found is None else found
        if pause_s > LONGEST_PAUSE_S:
            self._warn(f"a break of {pause_s:g} s was cut to {LONGEST_PAUSE_S:g} s")
        if self._silence_s + min(pause_s, LONGEST_PAUSE_S) > MOST_SILENCE_S:
            self._warn(f"breaks are left out behind the first {MOST_SILENCE_S:g} s of silence")
            pause_s = MOST_SILENCE_S - self._silence_s
        pause_s = min(pause_s, LONGEST_PAUSE_S)
        self._silence_s += pause_s
        self.pieces.append(SsmlPiece(pause_s=pause_s))

    def _prosody(self, given: Mapping[str, str]) -> None:
        style = self._style
        rate = style.rate * self._value("rate", given, RATES, rate_factor, 1.0)
        pitch = style.pitch_semitones + self._value("pitch", given, PITCHES, semitones, 0.0)
        volume = style.volume_db + self._value("volume", given, VOLUMES_DB, decibels, 0.0)
        for name in ("contour", "range", "duration"):
            if name in given:
                self._warn(f"prosody {name} is not followed")
        self._sound(rate, pitch, volume)

    def _value(
        self,
        name: str,
        given: Mapping[str, str],
        words: Mapping[str, float],
        number: Callable[[str], float | None],
        otherwise: float,
    ) -> float:
        if name not in given:
            return otherwise
        value = given[name].casefold()
        found = words[value] if value in words else number(value)
        if found is None:
            self._warn(f"prosody {name} {_short(given[name])} is not followed")
            return otherwise
        return found

    def _sound(self, rate: float, pitch: float, volume: float) -> None:
        """Speak so from here, as far as a voice goes."""
        values = {"rate": rate, "pitch": pitch, "volume": volume}
        for name, value in values.items():
            low, high = LIMITS[name]
            values[name] = min(max(value, low), high)
            if values[name] != value and not (name == "volume" and value < low):
                self._warn(f"prosody {name} was limited to {values[name]:g}")
        self._style = replace(
            self._style,
            rate=values["rate"],
            pitch_semitones=values["pitch"],
            volume_db=values["volume"],
        )

    def _emphasis(self, given: Mapping[str, str]) -> None:
        level = given.get("level", "moderate")
        if level not in EMPHASES:
            self._warn(f"there is no emphasis {_short(level)}")
        rate, pitch, volume = EMPHASES.get(level, EMPHASES["moderate"])
        style = self._style
        self._sound(style.rate * rate, style.pitch_semitones + pitch, style.volume_db + volume)

    def _say_as(self, given: Mapping[str, str]) -> None:
        kind = given.get("interpret-as", "").casefold()
        if kind not in SAY_AS:
            self._warn(f"say-as {_short(kind)} is not known: its text is spoken as it is")
            return
        self._style = replace(
            self._style, say_as=SAY_AS[kind], say_as_format=given.get("format", "")
        )

    def _sub(self, given: Mapping[str, str]) -> None:
        alias = " ".join(given.get("alias", "").split())
        if not alias:
            self._warn("a sub has no alias: its text is spoken")
            return
        self.pieces.append(replace(self._style, text=alias))
        self._unspoken += 1

    def _phoneme(self, given: Mapping[str, str]) -> None:
        alphabet, phonemes = given.get("alphabet", "ipa").casefold(), given.get("ph", "")
        if alphabet != "ipa":
            self._warn(f"the alphabet {_short(alphabet)} of a phoneme is not known, only ipa")
        elif not phonemes:
            self._warn("a phoneme has no ph: its text is spoken")
        else:
            self._style = replace(self._style, phonemes=phonemes)

    def _voice(self, given: Mapping[str, str]) -> None:
        for name in ("gender", "age", "variant", "required", "ordering"):
            if name in given:
                self._warn(f"a voice is chosen by its name alone, not by its {name}")
        language = given.get("languages", given.get("xml:lang", ""))
        if language:
            self._warn_of_language(language)
        # Several names are an order of preference.
        names = given.get("name", "").split()
        self._style = replace(self._style, voice=names[0] if names else self._style.voice)

    def _mark(self, given: Mapping[str, str]) -> None:
        if given.get("name"):
            self.pieces.append(SsmlPiece(mark=given["name"]))
        else:
            self._warn("a mark has no name")

    def _lang(self, given: Mapping[str, str]) -> None:
        language = given.get("xml:lang", "")
        self._warn_of_language(language)
        self._style = replace(self._style, language=language or self._style.language)

    def _audio(self, given: Mapping[str, str]) -> None:
        self._warn(f"the audio {_short(given.get('src', ''))} is not played")

    def _warn_of_language(self, language: str) -> None:
        self._warn(f"the language {_short(language)} is spoken by the voice as it can")

    def _warn(self, what: str) -> None:
        self.warnings[what] = None


def _short(text: str) -> str:
    kept = " ".join(text.split())
    return repr(kept if len(kept) <= 40 else kept[:39] + "…")
