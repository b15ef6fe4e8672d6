"""Models as files that run without tympan: ONNX, checked against PyTorch when they are written."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ExportedFile": "tympan.exporting.api",
        "PlainModel": "tympan.exporting.plain",
        "export": "tympan.exporting.api",
        "load_model": "tympan.exporting.plain",
    },
)
