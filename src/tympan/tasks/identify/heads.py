"""Tags of a voice: linear heads on the vectors of a voice model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError, ModelError
from tympan.tasks.identify.model import IdentifyModel, IdentifySession
from tympan.tasks.identify.scoring import probability
from tympan.tasks.inputs import SHORTEST_S
from tympan.tasks.model import BaseModel, ScoringSession
from tympan.tasks.results import Segment, Tag, Tags
from tympan.tasks.tag.answer import check_options, lengthened
from tympan.tasks.windows import Batcher, CenteredWindows, Window

if TYPE_CHECKING:
    from tympan.models import LoadedModel
    from tympan.tasks.graphs import Graph
    from tympan.tasks.identify.net import VoiceNet

VOICES = "voices"
"""The field of a card's configuration that names the voice model a head is for."""


@dataclass(frozen=True, eq=False)
class VoiceTagModel(BaseModel[Tags]):
    """A head on a voice model, ready to answer.

    Of labels that exclude one another, such as a speaker's sex, the probabilities add up to 1.

    Attributes:
        voices: the voice model.
        weight: `(k, d)`, of log odds.
        bias: `(k,)`.
        labels: names of the outputs.
        name: of the catalogue or folder.
    """

    voices: IdentifyModel
    weight: np.ndarray
    bias: np.ndarray
    labels: tuple[str, ...]
    name: str

    @property
    def device(self) -> str:  # type: ignore[override]
        """Where it computes."""
        return self.voices.device

    @property
    def task(self) -> str:
        """`"tag"`."""
        return "tag"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.voices.rate_hz

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        return self.voices.batcher()

    @property
    def net(self) -> VoiceNet:
        """The net of the voice model."""
        return self.voices.net

    def graph(self) -> Graph:
        """Its net for the export: spectrogram in, the probability of each tag `(b, k)` out."""
        import torch

        from tympan.tasks.identify.graph import head_graph

        weight, bias = torch.from_numpy(self.weight), torch.from_numpy(self.bias)
        return head_graph(self.net, weight, bias, self.labels)

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """`(…, d)` → probabilities `(…, k)`."""
        scores = np.asarray(vectors, np.float64) @ self.weight.T + self.bias
        shifted = np.exp(scores - scores.max(-1, keepdims=True))
        found: np.ndarray = shifted / shifted.sum(-1, keepdims=True)
        return found

    def session(
        self,
        *,
        name: str = "",
        batcher: Batcher | None = None,
        top: int | None = None,
        threshold: float | None = None,
        every_s: float | None = None,
        reject: bool = False,
        min_familiarity: float = 0.05,
        **options: Any,
    ) -> VoiceTagSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            top: how many labels to give, the highest first; None: all.
            threshold: probability from which a label applies; None: 0.5.
            every_s: length of a step of the timeline; None: that of a window.
            reject: changes nothing: what is no speech has no tags in any case.
            min_familiarity: changes nothing.
            options: there are no others.

        Raises:
            ArgumentError: an option out of range, or another one.
        """
        check_options(top, options)
        if every_s is not None and not SHORTEST_S <= every_s <= 3600:
            what = f"every_s={every_s} is no usable step"
            raise ArgumentError(what, fix="give 0.1 to 3600 s", option="every_s")
        limit = 0.5 if threshold is None else threshold
        return VoiceTagSession(self, name, top, limit, every_s, batcher or self.batcher())


class VoiceTagSession(ScoringSession[Tags]):
    """A recording on its way to the tags of its voice; `push` gives a segment for each step."""

    def __init__(
        self,
        model: VoiceTagModel,
        name: str,
        top: int | None,
        threshold: float,
        every_s: float | None,
        batcher: Batcher,
    ) -> None:
        window_s = model.voices.config.window_s
        step_s = every_s or window_s
        geometry = CenteredWindows(model.rate_hz, window_s, step_s, min(window_s, step_s), 0.0)
        super().__init__(geometry.cutter(), batcher)
        self._model, self._name, self._top, self._threshold = model, name, top, threshold
        self._voice = IdentifySession(model.voices, name, None, None, batcher)
        self._timeline: list[Segment] = []

    def take(self, window: Window, output: np.ndarray) -> None:
        """Take the vector `(d,)` of the next window."""
        self._voice.take(window, output)
        shares = self._model.probabilities(output)
        if self._voice.last_voice().problem:
            shares = np.zeros_like(shares)
        labels, rate_hz = self._model.labels, self._model.rate_hz
        start_s, end_s = window.start / rate_hz, window.end / rate_hz
        if self.on_step is not None:
            self.on_step(start_s, end_s, dict(zip(labels, shares.tolist(), strict=True)))
        best = int(shares.argmax())
        if not shares[best] or shares[best] < self._threshold:
            return
        one = Segment(start_s, end_s, labels[best], float(shares[best]))
        last = self._timeline[-1] if self._timeline else None
        if last is not None and last.label == one.label and abs(last.end_s - one.start_s) < 1e-6:
            self._timeline[-1] = lengthened(last, one)
        else:
            self._timeline.append(one)
        self.decide([one])

    @property
    def thresholds(self) -> float:
        """Probability from which a label applies."""
        return self._threshold

    def score_labels(self) -> tuple[str, ...]:
        """Those of the model."""
        return self._model.labels

    def forget(self) -> None:
        """Keep of the timeline only the segment that may become longer."""
        del self._timeline[:-1]
        self._voice.forget()

    def answer(self) -> Tags:
        """The labels of the voice of the whole recording, and the timeline."""
        self._voice.input = self.input
        voice = self._voice.voice()
        shared: dict[str, Any] = {"duration_s": voice.duration_s, "model": self._model.name}
        if voice.problem:
            return Tags(self._name, (), (), **shared, warnings=(f"{voice.problem}: no tags",))
        shares = self._model.probabilities(voice.vector)
        order = np.argsort(-shares, kind="stable")[: self._top]
        tags = tuple(
            Tag(self._model.labels[i], float(shares[i]), bool(shares[i] >= self._threshold))
            for i in order
        )
        return Tags(self._name, tags, tuple(self._timeline), **shared, warnings=voice.warnings)


def load_head(model: LoadedModel, device: str = "cpu") -> VoiceTagModel:
    """Build the head of a loaded model, and load the voice model that it is for.

    Raises:
        ModelError: the voice model is missing or another one, or the weights do not fit.
    """
    from typing import cast

    from tympan.tasks.answering import load

    name, weights = str(model.card.config[VOICES]), model.card.config.get("digest")
    voices = cast("IdentifyModel", load(name, "identify", device))
    if voices.digest != weights:
        what = f"is a head for another version of the model {name}"
        raise ModelError(what, file=model.path, fix="get or train it again")
    labels = tuple(model.card.labels)
    try:
        weight, bias = model.state["weight"].numpy(), model.state["bias"].numpy()
    except KeyError as error:
        raise ModelError("its weights do not fit its card", file=model.path) from error
    if weight.shape != (len(labels), voices.config.size) or bias.shape != (len(labels),):
        what = f"its weights {weight.shape} do not fit {len(labels)} labels"
        raise ModelError(what, file=model.path, fix="get or train the model again")
    return VoiceTagModel(voices, weight, bias, labels, model.card.name)


def fitted(
    vectors: np.ndarray, labels: np.ndarray, k: int, strength: float = 0.01
) -> tuple[np.ndarray, np.ndarray]:
    """A head `(k, d)`, `(k,)` on vectors `(m, d)` with labels `(m,)`: logistic regression.

    >>> weight, bias = fitted(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([0, 1]), 2)
    >>> (np.array([[1.0, 0.0]]) @ weight.T + bias).argmax()
    np.int64(0)
    """
    import torch

    x = torch.from_numpy(np.asarray(vectors, np.float32))
    y = torch.from_numpy(np.asarray(labels, np.int64))
    weight = torch.zeros(k, x.shape[1], requires_grad=True)
    bias = torch.zeros(k, requires_grad=True)
    share = len(y) / (k * torch.bincount(y, minlength=k).clamp_min(1).float())
    solver: Any = torch.optim.LBFGS([weight, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> float:
        solver.zero_grad()
        each = torch.nn.functional.cross_entropy(x @ weight.T + bias, y, reduction="none")
        value: Any = (each * share[y]).mean() + strength * weight.square().sum() / 100
        value.backward()
        return float(value.detach())

    solver.step(loss)
    return weight.detach().numpy(), bias.detach().numpy()


def speech_probability(head: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """How likely vectors `(m, d)` are of speech, by a head `(d + 1,)`."""
    return probability(np.asarray(vectors, np.float64) @ head[:-1] + head[-1])
