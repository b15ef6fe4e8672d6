"""The English lexicon: misaki's dictionaries in one small file.

    python -m recipes.lexicon misaki-0.9.4-py3-none-any.whl

Source: `us_gold.json` and `us_silver.json` of misaki 0.9.4 (https://github.com/hexgrad/misaki,
Copyright hexgrad, Apache License 2.0), a package of PyPI. Changes: one file; the tap is written `T`
and the glottal stop `t`, as Kokoro was trained; entries that `tympan.text.english.suffixes` gives
are left out — those of the first dictionary if they are given exactly, those of the second, which
is less even, up to weak vowels and secondary stress.
"""

from __future__ import annotations

import argparse
import json
import zipfile
from pathlib import Path
from typing import Any

from tympan._files import atomic_write
from tympan.text.english.suffixes import derive
from tympan.text.store import DATA, pack

# All-caps strings that are no words, made by rule in the source (ACAT, BCAT, …).
_MADE = ("CAT", "SAT", "MAT", "AFTA", "ILF", "J")
_REAL = {"DJ", "OJ", "MCAT", "LSAT", "PSAT", "NAFTA"}
_WEAK = str.maketrans({"ᵻ": "ɪ", "ə": "ɪ", "ᵊ": "ɪ", "ˌ": "", "T": "t", "ŋ": "n"})
Entries = dict[str, "str | dict[str, str | None]"]


def main() -> None:
    """Write the lexicon."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="misaki-0.9.4-py3-none-any.whl")
    entries = compiled(*dictionaries(parser.parse_args().wheel))
    target = DATA / "en.lexicon.xz"
    packed = pack(entries)
    with atomic_write(target) as beside:
        beside.write_bytes(packed)
    print(f"{target.name}: {len(entries)} entries, {len(packed)} bytes")


def dictionaries(wheel: Path) -> tuple[Entries, Entries]:
    """The two dictionaries, without what is no word."""
    with zipfile.ZipFile(wheel) as file:
        gold = json.loads(file.read("misaki/data/us_gold.json"))
        silver = json.loads(file.read("misaki/data/us_silver.json"))
    gold = {word: value for word, value in gold.items() if is_word(word)}
    return gold, {word: value for word, value in silver.items() if word not in gold}


def is_word(word: str) -> bool:
    """Whether an entry is one that people write.

    >>> is_word("NASA"), is_word("BCAT"), is_word("cat"), is_word("LSAT")
    (True, False, True, True)
    """
    return not (word.isupper() and len(word) > 1 and word.endswith(_MADE) and word not in _REAL)


def written(value: str | dict[str, Any]) -> str:
    """An entry as the file has it.

    >>> written({"DEFAULT": "jˈuz", "NOUN": "jˈus", "VERB": "jˈuz"})
    'jˈuz|NOUN=jˈus'
    """
    if isinstance(value, dict):
        default = value["DEFAULT"]
        others = [f"{tag}={ph or ''}" for tag, ph in value.items() if ph != default]
        value = "|".join([default, *others])
    return value.replace("ɾ", "T").replace("ʔ", "t")


def compiled(gold: Entries, silver: Entries) -> dict[str, str]:
    """All entries that the rules do not give, taken by length: rules go from short to long."""
    words = {word: written(value) for word, value in (silver | gold).items()}
    kept: dict[str, str] = {}

    def known(word: str) -> str | None:
        found = kept.get(word) or kept.get(word.capitalize())
        return found.partition("|")[0] if found else None

    def given(word: str) -> bool:
        """Whether the rules give an entry from those kept so far."""
        if not word.islower() or "-" in word:
            return False
        ruled, right = derive(word, known), words[word]
        return ruled == right or (
            ruled is not None and word in silver and weak(ruled) == weak(right)
        )

    waiting = sorted(words, key=lambda word: (len(word), word))
    while missing := [word for word in waiting if word not in kept and not given(word)]:
        # A rule may start from a word of the same length, so a second look is taken.
        for word in missing:
            if not given(word):
                kept[word] = words[word]
    return kept


def weak(phonemes: str) -> str:
    """Phonemes without what the second dictionary writes now one way, now another."""
    return phonemes.translate(_WEAK)


if __name__ == "__main__":
    main()
