"""What the training of a recogniser optimises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, ctc_loss

from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.evaluation import distance
from tympan.tasks.transcribe.net import BLANK, SpeechRecogniserNet
from tympan.tasks.transcribe.sounds import collapsed
from tympan.training.learner import NET

if TYPE_CHECKING:
    from tympan.data import Batch
    from tympan.tasks.transcribe.language_model import LanguageModel

# Weights beside that of the order of the phonemes, which is 1.
CHARACTERS = 0.2
FRAMES = {"frames": 3.0, "words": 0.0}
UNKNOWN = -1


class TranscribeLearner:
    """Connectionist temporal classification of phonemes, and of characters beside it.

    Graves et al., *Connectionist Temporal Classification*, ICML 2006. Where it is known which
    phoneme is when, a first stage learns that too: a net that begins with the order alone says
    nothing but blanks for a long time.

    Args:
        net: the net.
        config: its configuration; `stage` says what is trained.
    """

    monitor = "-per"

    def __init__(self, net: SpeechRecogniserNet, config: TranscribeConfig) -> None:
        self.net, self.config = net, config
        self.language_model: LanguageModel | None = None  # of the texts of the training

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The net, under the name of the only one."""
        return {NET: self.net}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """The blocks, whose matrices are those of hidden layers, and all else."""
        hidden = list(self.net.blocks.parameters())
        known = {id(one) for one in hidden}
        rest = [one for one in self.net.parameters() if id(one) not in known]
        return {NET: [{"params": rest}, {"params": hidden, "hidden": True}]}

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed."""
        return self.config.to_dict()

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The weighted sum of the losses of a batch."""
        phonemes, characters = nets[NET](batch["mels"], batch["mels_lengths"])
        lengths = self.net.answers(batch["mels_lengths"])
        loss = order_loss(phonemes, lengths, batch["phonemes"], batch["phonemes_lengths"])
        loss = loss + CHARACTERS * order_loss(
            characters, lengths, batch["characters"], batch["characters_lengths"]
        )
        weight = FRAMES[self.config.stage]
        if weight:
            loss = loss + weight * frame_loss(phonemes, batch["frames"])
        yield NET, loss

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """`loss`, and `per` and `cer`: errors for each phoneme and character, without a search."""
        sums = dict.fromkeys(("loss", "per", "cer", "phonemes", "characters", "rows"), 0.0)
        for batch in batches:
            phonemes, characters = nets[NET](batch["mels"], batch["mels_lengths"])
            lengths = self.net.answers(batch["mels_lengths"])
            loss = order_loss(phonemes, lengths, batch["phonemes"], batch["phonemes_lengths"])
            sums["loss"] += float(loss) * len(lengths)
            sums["rows"] += len(lengths)
            for logits, name, errors in (
                (phonemes, "phonemes", "per"), (characters, "characters", "cer"),
            ):  # fmt: skip
                for row, wanted in enumerate(rows_of(batch, name)):
                    best = logits[row, : int(lengths[row])].argmax(-1).tolist()
                    sums[errors] += distance(wanted, collapsed(best))
                    sums[name] += len(wanted)
        return {
            "loss": sums["loss"] / max(1, sums["rows"]),
            "per": sums["per"] / max(1, sums["phonemes"]),
            "cer": sums["cer"] / max(1, sums["characters"]),
        }


def rows_of(batch: Batch, name: str) -> list[list[int]]:
    """What is wanted of each row."""
    lengths = batch[f"{name}_lengths"].tolist()
    return [row[:n] for row, n in zip(batch[name].tolist(), lengths, strict=True)]


def order_loss(logits: Tensor, lengths: Tensor, wanted: Tensor, wanted_lengths: Tensor) -> Tensor:
    """CTC loss for each symbol, the mean of a batch.

    Args:
        logits: `(b, m, k)`.
        lengths: answers of each, `(b,)`.
        wanted: numbers of the symbols, `(b, s)`.
        wanted_lengths: how many, `(b,)`.

    >>> logits = torch.tensor([[[-9.0, 9.0], [9.0, -9.0]]])
    >>> round(float(order_loss(logits, torch.tensor([2]), torch.tensor([[1]]),
    ...                        torch.tensor([1]))), 3)
    0.0
    """
    total = ctc_loss(
        logits.log_softmax(-1).transpose(0, 1), wanted, lengths, wanted_lengths, BLANK, "sum", True
    )
    return total / wanted_lengths.sum().clamp_min(1)


def frame_loss(logits: Tensor, frames: Tensor) -> Tensor:
    """Cross entropy of the answers whose phoneme is known.

    Args:
        logits: `(b, m, k)`.
        frames: the phoneme of each answer, `UNKNOWN` where it is not known, `(b, at most m)`.
    """
    logits = logits[:, : frames.shape[1]].flatten(0, 1)
    wanted = frames.flatten()
    total = cross_entropy(
        logits, wanted, ignore_index=UNKNOWN, reduction="sum", label_smoothing=0.05
    )
    return total / (wanted != UNKNOWN).sum().clamp_min(1)
