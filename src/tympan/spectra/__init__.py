"""The frequency side: spectra, their inverses, and pictures of them.

Every transform is an `nn.Module` on batches: samples (..., t) in, (..., f, n) out, on the processor
or a graphics card, differentiable, and exportable to ONNX.
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "STFT": "tympan.spectra.stft",
        "Spectrogram": "tympan.spectra.stft",
        "Mel": "tympan.spectra.mel",
        "MelSpectrogram": "tympan.spectra.mel",
        "LogMel": "tympan.spectra.mel",
        "hz_to_mel": "tympan.spectra.mel",
        "mel_to_hz": "tympan.spectra.mel",
        "PowerToDb": "tympan.spectra.decibel",
        "window": "tympan.spectra.windows",
    },
)
