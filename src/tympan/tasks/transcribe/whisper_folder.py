"""A folder of one's own with a Whisper model, in whichever format it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tympan.tasks.transcribe import engine_whisper

if TYPE_CHECKING:
    from tympan.tasks.transcribe.transcriber import Transcriber


def open_folder(folder: Path, device: str = "cpu") -> Transcriber | None:
    """A Whisper model of CTranslate2 or in ONNX files; None: the folder holds none.

    Raises:
        ModelError: it is not whole.
        MissingDependencyError: faster-whisper or ONNX Runtime, which it needs, is not installed.
    """
    found = engine_whisper.open_folder(folder, device)
    if found is not None:
        return found
    from tympan.tasks.transcribe.engine_whisper_onnx import open_onnx  # loads PyTorch

    return open_onnx(folder, device)
