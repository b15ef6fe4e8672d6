"""Phonemes of English words that neither the lexicon nor rules have: a small net on letters.

The net was trained by `recipes/pronounce.py`; here it runs in NumPy, since one word takes a
millisecond so and PyTorch need not be loaded. Each letter gives three places that are a phoneme or
blank; a vowel and its stress are one label. Trained with connectionist temporal classification
(Graves et al., ICML 2006), decoded greedily.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from tympan.text.listing import listing
from tympan.text.store import DATA

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOWELS = "AIOWYiuæɑɔəɛɜɪʊʌᵊᵻ"
CONSONANTS = "bdfhjklmnpstTvwzðŋɡɹʃʒʤʧθ"
# The first is the blank.
LABELS = ("", *(mark + vowel for vowel in VOWELS for mark in ("", "ˈ", "ˌ")), *CONSONANTS)
PLACES = 3
HEADS = 4
# Where the net says nothing, so that no word is lost.
_PLAIN = dict(
    zip(
        LETTERS,
        listing("æ b k d ɛ f ɡ h ɪ ʤ k l m n ɑ p k ɹ s t ʌ v w ks i z"),
        strict=True,
    )
)


@lru_cache(maxsize=4000)
def guess(letters: str) -> str:
    """The phonemes of a word of letters a–z, with one primary stress.

    Returns:
        At least one phoneme for at least one letter.

    >>> guess("blorp").replace("ˈ", "")
    'blɔɹp'
    """
    known = "".join(char for char in letters.lower() if char in LETTERS)
    if not known:
        return ""
    labels = _labels(known) if (DATA / "guess.safetensors").exists() else []
    if not labels:
        labels = [_PLAIN[char] for char in known]
    return one_stress(labels)


def one_stress(labels: list[str]) -> str:
    """Phonemes with exactly one primary stress, if there is a vowel.

    >>> one_stress(["k", "ˌæ", "t"]), one_stress(["ˈæ", "k", "ˈæ"]), one_stress(["s", "t"])
    ('kˈæt', 'ˌækˈæ', 'st')
    """
    primary = [i for i, label in enumerate(labels) if label.startswith("ˈ")]
    for i in primary[:-1]:
        labels[i] = "ˌ" + labels[i][1:]
    if not primary:
        strong = [i for i, label in enumerate(labels) if label.startswith("ˌ")]
        vowels = [i for i, label in enumerate(labels) if label[-1] in VOWELS]
        full = [i for i in vowels if labels[i][-1] not in "əᵊᵻ"]
        for i in (strong or full or vowels)[:1]:
            labels[i] = "ˈ" + labels[i].lstrip("ˌ")
    return "".join(labels)


def _labels(letters: str) -> list[str]:
    """What the net hears in letters: the likeliest label of each place, repeats joined."""
    best = logits(weights(), letters).argmax(axis=-1)
    out, before = [], 0
    for label in best.tolist():
        if label and label != before:
            out.append(LABELS[label])
        before = label
    return out


@cache
def weights() -> dict[str, Any]:
    """The net's parameters as float32 arrays."""
    import numpy as np
    from safetensors.numpy import load_file

    found = load_file(DATA / "guess.safetensors")
    return {name: value.astype(np.float32) for name, value in found.items()}


def logits(net: dict[str, Any], letters: str) -> npt.NDArray[np.float32]:
    """The net: letters to scores of labels, (3 × letters, labels)."""
    import numpy as np

    x = net["embed.weight"][[LETTERS.index(char) + 1 for char in letters]]
    for i in range(sum(name.endswith("conv.weight") for name in net)):
        key = f"blocks.{i}"
        if f"{key}.mix.weight" in net:
            x = x + _attend(net, key, _norm(net, f"{key}.before", x))
        inner = _norm(net, f"{key}.norm", x)
        inner = np.maximum(_convolve(net, f"{key}.conv", inner), 0)
        x = x + inner @ net[f"{key}.out.weight"].T + net[f"{key}.out.bias"]
    x = _norm(net, "norm", x)
    scores = x @ net["head.weight"].T + net["head.bias"]
    return np.asarray(scores.reshape(len(letters) * PLACES, -1))


def _norm(net: dict[str, Any], key: str, x: Any) -> Any:
    """Layer normalisation."""
    import numpy as np

    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    return x * net[f"{key}.weight"] + net[f"{key}.bias"]


def _convolve(net: dict[str, Any], key: str, x: Any) -> Any:
    """A convolution over letters that keeps their number; x is (letters, features)."""
    import numpy as np

    kernel = net[f"{key}.weight"]  # (out, in, width)
    width = kernel.shape[2]
    padded = np.pad(x, ((width // 2, width // 2), (0, 0)))
    taps = [padded[i : i + len(x)] @ kernel[:, :, i].T for i in range(width)]
    return sum(taps) + net[f"{key}.bias"]


def _attend(net: dict[str, Any], key: str, x: Any) -> Any:
    """Self-attention of all letters of a word."""
    import numpy as np

    joint = x @ net[f"{key}.mix.weight"].T + net[f"{key}.mix.bias"]
    q, k, v = (
        part.reshape(len(x), HEADS, -1).transpose(1, 0, 2) for part in np.split(joint, 3, axis=-1)
    )
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = (scores / scores.sum(-1, keepdims=True)) @ v
    mixed = mixed.transpose(1, 0, 2).reshape(len(x), -1)
    return mixed @ net[f"{key}.merge.weight"].T + net[f"{key}.merge.bias"]
