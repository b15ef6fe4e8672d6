"""The nets of a Whisper model as ONNX files, as `optimum` and `onnx-community` lay them out.

A folder holds an encoder, `encoder_model.onnx`, and a decoder: `decoder_model_merged.onnx`, or
`decoder_model.onnx`, which goes faster with `decoder_with_past_model.onnx` beside it. The files may
stand in its folder `onnx`, and may be in half precision or quantized, which their names end with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan.errors import MissingDependencyError, ModelError

INSTALL = "pip install 'tympan[whisper-onnx]'"
# Kinds of weights, as the names of files say them; of several the first one is taken.
KINDS = ("", "_fp16", "_quantized", "_int8", "_uint8", "_q4", "_q4f16", "_bnb4")
ENCODER, MERGED, DECODER, NEXT = (
    "encoder_model",
    "decoder_model_merged",
    "decoder_model",
    "decoder_with_past_model",
)
# What a decoder may be given besides what it computed before.
GIVEN = {"input_ids", "encoder_hidden_states", "use_cache_branch", "cache_position"}
PAST, PRESENT, LOGITS = "past_key_values.", "present.", "logits"
DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class OnnxFiles:
    """The files of a Whisper model.

    Attributes:
        encoder: log-mel in, states out.
        decoder: tokens and states in, scores of the next token out.
        following: a decoder of all tokens but the first ones; None: `decoder` does it.
    """

    encoder: Path
    decoder: Path
    following: Path | None = None


def find_files(folder: Path) -> OnnxFiles | None:
    """The files of a Whisper model in a folder; None: it has no ONNX file of that kind.

    Raises:
        ModelError: it has an encoder without a decoder, or a decoder without an encoder.
    """
    names = (ENCODER, MERGED, DECODER, NEXT)
    encoder, merged, decoder, following = (_best(folder, name) for name in names)
    if not (encoder or merged or decoder or following):
        return None
    if encoder is None:
        raise ModelError(f"has no {ENCODER}.onnx", file=folder, fix="copy it beside the decoder")
    if merged is not None:
        return OnnxFiles(encoder, merged)
    if decoder is None:
        what = f"has neither {MERGED}.onnx nor {DECODER}.onnx"
        raise ModelError(what, file=folder, fix="copy one of them beside the encoder")
    return OnnxFiles(encoder, decoder, following)


def _best(folder: Path, name: str) -> Path | None:
    places = (one / f"{name}{kind}.onnx" for kind in KINDS for one in (folder, folder / "onnx"))
    return next((one for one in places if one.is_file()), None)


class OnnxWhisper:
    """The nets of a Whisper model, run by ONNX Runtime; several threads may call them at once.

    Args:
        files: of the model.
        heads: of attention in the decoder.
        width: of each head.
        vocabulary: so many tokens at least have scores.
        device: `"cuda"` is taken where ONNX Runtime has it; else it computes on the CPU.
        threads: of the processor, for each call.

    Raises:
        MissingDependencyError: ONNX Runtime is not installed.
        ModelError: a file cannot be read, or holds another kind of net.
    """

    def __init__(
        self,
        files: OnnxFiles,
        *,
        heads: int,
        width: int,
        vocabulary: int,
        device: str,
        threads: int,
    ) -> None:
        self._encoder = _Net(files.encoder, device, threads)
        if list(self._encoder.inputs) != ["input_features"]:
            raise ModelError("is no encoder of Whisper", file=files.encoder)
        self._first = self._next = _Decoder(files.decoder, device, threads)
        if files.following is not None:
            self._next = _Decoder(files.following, device, threads)
        self._vocabulary = vocabulary
        self._empty = np.zeros((1, heads, 0, width), np.float32)
        self._caches = any(name.startswith(PAST) for name in self._next.inputs)

    def encode(self, features: Array) -> Array:
        """States `(1, n, d)` of a log-mel spectrogram `(n_mels, 3000)`."""
        first = self._encoder.outputs[0]
        return self._encoder.run({"input_features": features[None]}, [first])[first]

    def scores(self, states: Array, tokens: list[int]) -> Iterator[Array]:
        """Scores `(n, vocabulary)`, again and again, while tokens are appended: the last row is of
        what follows the last token, the first row of the first answer of what follows the first.

        Raises:
            ModelError: the net does not compute with what the folder's other files say of it.
        """
        past: dict[str, Array] = {}
        done = 0
        while True:
            net = self._next if past else self._first
            found = self._run(net, states, tokens[done:], done, past)
            logits = found.pop(LOGITS)[0].astype(np.float32)
            if logits.shape[-1] < self._vocabulary:
                what = f"knows {logits.shape[-1]} tokens, and the tokenizer {self._vocabulary}"
                raise ModelError(what, file=net.path, fix="copy the tokenizer of this model")
            if self._caches:
                done = len(tokens)
                # Of the states a merged decoder computes keys once, and gives empty ones later.
                past |= {key: one for key, one in found.items() if one.size}
            yield logits

    def _run(
        self, net: _Net, states: Array, fresh: list[int], done: int, past: Mapping[str, Array]
    ) -> dict[str, Array]:
        """What a decoder makes of fresh tokens, which come after so many others."""
        given: dict[str, Array] = {
            "input_ids": np.array([fresh], np.int64),
            "encoder_hidden_states": states,
            "use_cache_branch": np.array([bool(past)]),
            "cache_position": np.arange(done, done + len(fresh)),
        }
        fed = {name: given.get(name, past.get(name, self._empty)) for name in net.inputs}
        wanted = [n for n in net.outputs if n == LOGITS or (self._caches and PRESENT in n)]
        return {n.replace(PRESENT, PAST): one for n, one in net.run(fed, wanted).items()}


class _Net:
    """One file, ready to run."""

    def __init__(self, path: Path, device: str, threads: int) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            what = "a Whisper model in ONNX files needs the package onnxruntime"
            raise MissingDependencyError(what, fix=INSTALL) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what goes wrong is raised
        wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else []
        wanted = [one for one in wanted if one in onnxruntime.get_available_providers()]
        self.path = path
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=[*wanted, "CPUExecutionProvider"]
            )
        except Exception as error:  # of ONNX Runtime, of several kinds
            what = f"cannot be loaded: {_said(error)}"
            raise ModelError(what, file=path, fix="copy it anew from where it is from") from error
        self.inputs: dict[str, str] = {one.name: one.type for one in self._session.get_inputs()}
        self.outputs = [str(one.name) for one in self._session.get_outputs()]

    def run(self, given: Mapping[str, Array], wanted: list[str]) -> dict[str, Array]:
        """Outputs by their names; inputs get the types that the file has for them."""
        fed = {
            name: one.astype(DTYPES.get(self.inputs[name], one.dtype), copy=False)
            for name, one in given.items()
        }
        try:
            return dict(zip(wanted, self._session.run(wanted, fed), strict=True))
        except Exception as error:  # of ONNX Runtime, of several kinds
            fix = "see that its config.json is of the same model"
            raise ModelError(f"cannot be run: {_said(error)}", file=self.path, fix=fix) from error


class _Decoder(_Net):
    """A file that is given what a decoder of Whisper needs, and gives scores."""

    def __init__(self, path: Path, device: str, threads: int) -> None:
        super().__init__(path, device, threads)
        strange = [n for n in self.inputs if n not in GIVEN and not n.startswith(PAST)]
        lacking = {"input_ids"} - set(self.inputs) or {LOGITS} - set(self.outputs)
        if strange or lacking:
            name = [*strange, *lacking][0]
            what = f"is no decoder of Whisper that tympan knows (for its {name!r})"
            raise ModelError(what, file=path, fix="optimum-cli export onnx writes one")


def _said(error: Exception) -> str:
    """The message of ONNX Runtime in one line, without what stands before it."""
    said = " ".join(str(error).split())
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", said)[:200]
