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
        "amplitude_to_db": "tympan.spectra.decibel",
        "db_to_amplitude": "tympan.spectra.decibel",
        "PCEN": "tympan.spectra.pcen",
        "MFCC": "tympan.spectra.mfcc",
        "KaldiFbank": "tympan.spectra.kaldi",
        "Chroma": "tympan.spectra.chroma",
        "ConstantQ": "tympan.spectra.cqt",
        "estimate_tuning": "tympan.spectra.tuning",
        "GriffinLim": "tympan.spectra.griffinlim",
        "StreamingSpectrogram": "tympan.spectra.stream",
        "Spectrum": "tympan.spectra.amplitudes",
        "spectrum": "tympan.spectra.amplitudes",
        "PitchTrack": "tympan.spectra.pitch",
        "Yin": "tympan.spectra.yin",
        "pitch_track": "tympan.spectra.pitch",
        "window": "tympan.spectra.windows",
    },
)
