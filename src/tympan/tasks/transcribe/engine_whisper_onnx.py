"""Whisper from a folder of one's own with ONNX files, by ONNX Runtime alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from tympan.errors import ModelError
from tympan.spectra import MelSpectrogram
from tympan.tasks.results.transcript import Word
from tympan.tasks.transcribe.engine_whisper import LONGEST_S, NO_SPEECH, UNLIKELY, threads
from tympan.tasks.transcribe.recogniser import RATE_HZ, check_language, spread
from tympan.tasks.transcribe.whisper_onnx import OnnxFiles, OnnxWhisper, find_files
from tympan.tasks.transcribe.whisper_tokens import read_json, read_tokens

if TYPE_CHECKING:
    from tympan.tasks.transcribe.transcriber import Transcriber

Wave = npt.NDArray[np.float32]
Array = npt.NDArray[Any]
WINDOW_S = 30
# Half of its positions: the other half is for a text before.
MOST_TOKENS = 224


def open_onnx(folder: Path, device: str = "cpu") -> Transcriber | None:
    """A Whisper model of one's own in ONNX files; None: the folder holds none.

    Raises:
        ModelError: it is not whole, or another model.
        MissingDependencyError: ONNX Runtime is not installed.
    """
    from tympan.tasks.transcribe.aligning import OwnAligner
    from tympan.tasks.transcribe.transcriber import Transcriber

    files = find_files(folder)
    if files is None:
        _refuse(folder)
        return None
    config = folder / "config.json"
    if not config.is_file():
        what = "has no config.json that says which model its ONNX files are"
        raise ModelError(what, file=folder, fix="copy the model's config.json beside them")
    kind = read_json(config).get("model_type")
    if kind != "whisper":
        raise ModelError(f"holds a model of the kind {kind!r}, not Whisper", file=folder)
    recogniser = OnnxWhisperRecogniser(folder, files, device)
    return Transcriber(recogniser, device, aligner=OwnAligner(device))


def _refuse(folder: Path) -> None:
    """Say of another form of Whisper which one is taken."""
    try:
        if read_json(folder / "config.json").get("model_type") != "whisper":
            return
    except ModelError:
        return  # it is no model of a kind that is known here
    what = "holds Whisper as PyTorch has it"
    if any(folder.glob("*.onnx")):
        what = "holds Whisper in ONNX files that are no encoder_model.onnx and decoder_model.onnx"
    raise ModelError(what, file=folder, fix="optimum-cli export onnx writes what is taken")


class OnnxWhisperRecogniser:
    """A Whisper model in ONNX files; it may be called from several threads at once.

    The likeliest token is taken at each step, so that the same wave has the same words. Its files
    do not say when a word was spoken: times are estimated.

    Args:
        folder: with `config.json`, the tokens and, if it has them, `generation_config.json`.
        files: of its nets.
        device: where they compute.

    Attributes:
        most_tokens: a text ends after so many.

    Raises:
        MissingDependencyError: ONNX Runtime is not installed.
        ModelError: a file is missing or cannot be used.
    """

    rate_hz = RATE_HZ
    longest_s = LONGEST_S
    gives_times = False
    most_tokens = MOST_TOKENS

    def __init__(self, folder: Path, files: OnnxFiles, device: str = "cpu") -> None:
        self.name = folder.name
        config, settings = read_json(folder / "config.json"), folder / "generation_config.json"
        # Before there was a file of its own for it, it stood in `config.json`.
        given = config | (read_json(settings) if settings.is_file() else {})
        self._tokens = read_tokens(folder, given)
        self.languages: tuple[str, ...] = self._tokens.languages
        try:
            heads = int(config["decoder_attention_heads"])
            width = int(config["d_model"]) // heads
            bands = int(config.get("num_mel_bins", 80))
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            what = f"does not describe a Whisper model ({type(error).__name__}: {error})"
            raise ModelError(what, file=folder / "config.json") from error
        self._nets = OnnxWhisper(
            files,
            heads=heads,
            width=width,
            vocabulary=self._tokens.count,
            device=device,
            threads=threads(),
        )
        self._mel = MelSpectrogram(
            RATE_HZ, 400, 160, bands, 0.0, RATE_HZ / 2, pad_mode="reflect"
        )  # fmt: skip

    def detect(self, wave: Wave) -> str:
        """The language that is spoken in a wave `(t,)`."""
        if len(self.languages) == 1:
            return self.languages[0]
        return self._language(self._nets.encode(self.features(wave)))

    def words(
        self, wave: Wave, *, hot_words: Sequence[str] = (), language: str | None = None
    ) -> list[Word]:
        """The words of a wave `(t,)`, with estimated times; it is not told of hot words."""
        check_language(self.name, language, self.languages)
        states = self._nets.encode(self.features(wave))
        if language is None:
            language = self.languages[0] if len(self.languages) == 1 else self._language(states)
        numbers, logs, no_speech = self._heard(states, language)
        if not numbers or (no_speech > NO_SPEECH and float(np.mean(logs)) < UNLIKELY):
            return []
        found = self._tokens.words(numbers, np.exp(logs).tolist(), language)
        words = spread(" ".join(text for text, _ in found), 0.0, len(wave) / RATE_HZ)
        return [replace(w, score=s) for w, (_, s) in zip(words, found, strict=True)]

    def features(self, wave: Wave) -> Array:
        """The log-mel spectrogram `(n_mels, 3000)` that Whisper learned from."""
        padded = np.zeros(WINDOW_S * RATE_HZ, np.float32)
        padded[: len(wave)] = wave[: len(padded)]
        with torch.inference_mode():
            power = self._mel(torch.from_numpy(padded))[:, :-1]
            logs = power.clamp(min=1e-10).log10()
            found: Array = ((logs.maximum(logs.max() - 8.0) + 4.0) / 4.0).numpy()
        return found

    def _language(self, states: Array) -> str:
        scores = next(self._nets.scores(states, [self._tokens.start]))[0]
        known = self._tokens.language_numbers
        return max(known, key=lambda one: float(scores[known[one]]))

    def _heard(self, states: Array, language: str) -> tuple[list[int], list[float], float]:
        """Tokens, the logarithms of their probabilities, and the probability of no speech."""
        known = self._tokens
        tokens = known.prompt(language)
        begin, no_speech = len(tokens), 0.0
        logs: list[float] = []
        for scores in self._nets.scores(states, tokens):
            if not logs and known.no_speech is not None:
                no_speech = float(np.exp(_log_softmax(scores[0])[known.no_speech]))
            last = scores[-1].copy()
            last[known.end + 1 :] = last[known.never] = -np.inf
            if not logs:
                last[known.not_first] = -np.inf
            best = int(last.argmax())
            logs.append(float(_log_softmax(last)[best]))
            if best == known.end or len(logs) > self.most_tokens:
                break
            tokens.append(best)
        return tokens[begin:], logs[: len(tokens) - begin], no_speech


def _log_softmax(scores: Array) -> Array:
    shifted = scores - scores.max()
    found: Array = shifted - np.log(np.exp(shifted).sum())
    return found
