"""The net that guesses how unknown English words sound: letters → phonemes.

    python -m recipes.pronounce misaki-0.9.4-py3-none-any.whl --minutes 6

Data: the dictionaries of misaki 0.9.4 (Apache License 2.0), as in `recipes/lexicon.py`; words that
the rules for endings and compounds give are left out, since the net never meets their like.
About 2 % of the words are held out with all words of the same stem. The words that it is measured
on were never trained on, nor was any word that shares a stem with them or begins alike.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from recipes.lexicon import compiled, dictionaries, written
from tympan._files import atomic_write
from tympan.text.english import suffixes
from tympan.text.guess import HEADS, LABELS, LETTERS, PLACES, one_stress
from tympan.text.store import DATA

FEATURES = 128
WIDTH = 5
BATCH = 160
PEAK_RATE = 2e-3
LONGEST = 24
HELD_OUT = 0.02
Pairs = list[tuple[str, tuple[int, ...]]]


class Block(nn.Module):
    """Attention over the whole word (if wanted), then a convolution and a linear layer."""

    def __init__(self, attends: bool) -> None:
        super().__init__()
        self.attends = attends
        if attends:
            self.before = nn.LayerNorm(FEATURES)
            self.mix = nn.Linear(FEATURES, 3 * FEATURES)
            self.merge = nn.Linear(FEATURES, FEATURES)
        self.norm = nn.LayerNorm(FEATURES)
        self.conv = nn.Conv1d(FEATURES, FEATURES, WIDTH, padding=WIDTH // 2)
        self.out = nn.Linear(FEATURES, FEATURES)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, letters, d) to the same."""
        if self.attends:
            b, n, d = x.shape
            joint = self.mix(self.before(x)).view(b, n, 3, HEADS, d // HEADS)
            q, k, v = joint.permute(2, 0, 3, 1, 4)
            mixed = nn.functional.scaled_dot_product_attention(q, k, v)
            x = x + self.drop(self.merge(mixed.transpose(1, 2).reshape(b, n, d)))
        inner = self.conv(self.norm(x).transpose(1, 2)).transpose(1, 2)
        return x + self.drop(self.out(torch.relu(inner)))


class Net(nn.Module):
    """Letters (b, letters), 1 to 26, to scores (b, 3 × letters, labels)."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(LETTERS) + 1, FEATURES)
        self.blocks = nn.ModuleList([Block(False), Block(True), Block(False)])
        self.norm = nn.LayerNorm(FEATURES)
        self.head = nn.Linear(FEATURES, PLACES * len(LABELS))

    def forward(self, letters: Tensor) -> Tensor:
        """Scores of labels at each place."""
        x = self.embed(letters)
        for block in self.blocks:
            x = block(x)
        b, n, _ = x.shape
        return self.head(self.norm(x)).view(b, n * PLACES, len(LABELS))


def labels_of(phonemes: str) -> tuple[int, ...] | None:
    """Phonemes as labels; `None` if a stress stands before no vowel."""
    out, mark = [], ""
    for char in phonemes:
        if char in "ˈˌ":
            mark = char
            continue
        if mark + char not in LABELS:
            return None
        out.append(LABELS.index(mark + char))
        mark = ""
    return None if mark or not out else tuple(out)


def words_of(wheel: Path) -> tuple[dict[str, str], set[str]]:
    """Words of letters alone and their phonemes; which of them the rules do not give."""
    gold, silver = dictionaries(wheel)
    kept = compiled(gold, silver)
    found, hard = {}, set()
    for word, value in (silver | gold).items():
        lower = word.lower()
        plain = all(char in LETTERS for char in lower) and 2 < len(word) <= LONGEST
        if plain and not word.isupper() and any(char in "aeiouy" for char in lower):
            found[lower] = written(value).partition("|")[0]
            if word in kept:
                hard.add(lower)
    return found, hard


def families(words: Sequence[str]) -> dict[str, str]:
    """Each word's family: words that endings and beginnings lead to one another."""
    known = set(words)
    parent = {word: word for word in words}

    def root(word: str) -> str:
        while parent[word] != word:
            parent[word] = parent[parent[word]]
            word = parent[word]
        return word

    def join(stem: str, word: str) -> None:
        if stem in known and len(stem) > 2:
            parent[root(word)] = root(stem)

    for word in words:
        for letters, kind, _ in suffixes.ENDINGS:
            if word.endswith(letters) and len(word) > len(letters) + 2:
                for stem in suffixes.stems(word, letters, kind):
                    join(stem, word)
        for letters in suffixes.BEGINNINGS:
            if word.startswith(letters):
                join(word[len(letters) :], word)
    return {word: root(word) for word in words}


def split(
    words: dict[str, str], hard: set[str], seed: int
) -> tuple[list[str], list[str], dict[str, str]]:
    """Words to train on and words to measure on, without a common stem; families of the latter."""
    family = families(sorted(words))
    members = defaultdict(list)
    for word, head in family.items():
        members[head].append(word)
    heads = sorted(members)
    np.random.default_rng(seed).shuffle(heads)
    test: set[str] = set()
    for head in heads:
        if len(test) >= HELD_OUT * len(words):
            break
        test.update(members[head])
    begins = {word[: max(5, len(word) - 2)] for word in test if len(word) >= 5}
    train = []
    for word in sorted(hard - test):
        alike = any(word[:n] in begins for n in range(5, len(word) + 1))
        compound = any(word[:i] in test or word[i:] in test for i in range(4, len(word) - 3))
        if not alike and not compound:
            train.append(word)
    return train, sorted(test & hard), family


def batches(pairs: Pairs, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Words of one length at a time, so that nothing is padded."""
    by_length = defaultdict(list)
    for i in rng.permutation(len(pairs)):
        by_length[len(pairs[i][0])].append(i)
    groups = [
        ids[at : at + BATCH] for ids in by_length.values() for at in range(0, len(ids), BATCH)
    ]
    for g in rng.permutation(len(groups)):
        chosen = [pairs[i] for i in groups[g]]
        letters = torch.tensor([[LETTERS.index(c) + 1 for c in word] for word, _ in chosen])
        targets = torch.tensor([label for _, labels in chosen for label in labels])
        yield letters, targets, torch.tensor([len(labels) for _, labels in chosen])


def train(pairs: Pairs, minutes: float, seed: int) -> Net:
    """Train for a time; the rate rises, then falls to nothing."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Net()
    optimizer = torch.optim.AdamW(net.parameters(), PEAK_RATE, weight_decay=0.01)
    smooth = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    start, epoch, total, count = time.process_time(), 0, 0.0, 0
    while (done := (time.process_time() - start) / (60 * minutes)) < 1:
        for letters, targets, lengths in batches(pairs, rng):
            done = min(1.0, (time.process_time() - start) / (60 * minutes))
            for group in optimizer.param_groups:
                group["lr"] = PEAK_RATE * min(1, done / 0.03) * (1 - done) + 1e-6
            scores = net(letters).log_softmax(-1).transpose(0, 1)
            sizes = torch.full((len(letters),), scores.shape[0])
            loss = nn.functional.ctc_loss(scores, targets, sizes, lengths, zero_infinity=True)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            smooth.update_parameters(net)
            total, count = total + float(loss.detach()), count + 1
            if done >= 1:
                break
        epoch += 1
        print(f"epoch {epoch}: loss {total / count:.4f}, {done:.0%}", flush=True)
        total, count = 0.0, 0
    return smooth.module.eval()


@torch.no_grad()
def guessed(net: Net, words: Sequence[str]) -> list[str]:
    """What the net says of each word."""
    out = []
    for word in words:
        best = net(torch.tensor([[LETTERS.index(c) + 1 for c in word]]))[0].argmax(-1).tolist()
        labels = [b for i, b in enumerate(best) if b and (i == 0 or best[i - 1] != b)]
        out.append(one_stress([LABELS[label] for label in labels]))
    return out


def distance(a: str, b: str) -> int:
    """Edit distance in phonemes."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def measured(
    said: Sequence[str], right: Sequence[str], groups: Sequence[str], seed: int = 0
) -> dict[str, object]:
    """Word and phoneme error rates, with 95 % intervals over families (bootstrap)."""
    rows = defaultdict(list)
    for guess, true, group in zip(said, right, groups, strict=True):
        bare = [text.replace("ˈ", "").replace("ˌ", "") for text in (guess, true)]
        rows[group].append((1, guess != true, bare[0] != bare[1], distance(*bare), len(bare[1])))
    sums = np.array([np.sum(one, axis=0) for one in rows.values()], float)
    rng = np.random.default_rng(seed)

    def rates(part: np.ndarray) -> np.ndarray:
        n, wrong, wrong_bare, edits, length = part.sum(0)
        return np.array([wrong / n, wrong_bare / n, edits / length])

    draws = np.array([rates(sums[rng.integers(len(sums), size=len(sums))]) for _ in range(1000)])
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    names = ("word_error", "word_error_without_stress", "phoneme_error_without_stress")
    return {
        name: {"value": round(float(v), 4), "interval": [round(float(a), 4), round(float(b), 4)]}
        for name, v, a, b in zip(names, rates(sums), low, high, strict=True)
    }


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--minutes", type=float, default=6, help="processor time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=DATA)
    options = parser.parse_args()
    torch.set_num_threads(1)
    words, hard = words_of(options.wheel)
    chosen, test, family = split(words, hard, options.seed)
    pairs = [(w, labels) for w in chosen if (labels := labels_of(words[w]))]
    print(f"{len(pairs)} words to train on, {len(test)} held out", flush=True)
    net = train(pairs, options.minutes, options.seed)
    half = {name: value.half().contiguous() for name, value in net.state_dict().items()}
    net.load_state_dict({name: value.float() for name, value in half.items()})
    said, right = guessed(net, test), [words[w] for w in test]
    metrics = measured(said, right, [family[w] for w in test])
    wrong = [f"{w}: {a}, not {b}" for w, a, b in zip(test, said, right, strict=True) if a != b]
    print(json.dumps(metrics, indent=1), *wrong[:: max(1, len(wrong) // 40)], sep="\n")
    count = sum(p.numel() for p in net.parameters())
    with atomic_write(options.folder / "guess.safetensors") as beside:
        save_file(half, beside)
    with atomic_write(options.folder / "guess.json") as beside:
        beside.write_text(
            json.dumps(card(metrics, count, len(pairs), len(test)), indent=2, ensure_ascii=False)
            + "\n",
            "utf-8",
        )


def card(
    metrics: dict[str, object], parameters: int, trained: int, held_out: int
) -> dict[str, object]:
    """What is known of the net."""
    return {
        "name": "guess",
        "description": "How an English word sounds that is in no lexicon: letters to phonemes.",
        "licence": "Apache-2.0",
        "parameters": parameters,
        "data": {
            "name": "us_gold.json and us_silver.json of misaki 0.9.4",
            "licences": {"misaki": "Apache-2.0"},
            "recipe": "python -m recipes.pronounce WHEEL --minutes 6",
            "words": {"train": trained, "test": held_out},
            "held_out": "whole families of words; no stem is in both parts",
        },
        "metrics": metrics,
        "known_failures": [
            "Names of other languages are read as if they were English.",
            "The stress of long words is often on another syllable than in the dictionary.",
            "Weak vowels (ə, ɪ, ᵻ) are exchanged for one another; the dictionaries do so too.",
        ],
    }


if __name__ == "__main__":
    main()
