"""Transforms that vary training examples: one transform, one file.

Waveform transforms take `x` (b, c, t), or a `Clip`; spectrogram transforms take `x` (b, c, f, n).
"""

from __future__ import annotations

from tympan._lazy import attach

_WAVEFORM = {
    "BackgroundMix": "background_mix",
    "BandPass": "band_pass",
    "BandStop": "band_stop",
    "Clipping": "clipping",
    "CodecLoss": "codec_loss",
    "ColoredNoise": "colored_noise",
    "CropPad": "crop_pad",
    "Fade": "fade",
    "Gain": "gain",
    "HighPass": "high_pass",
    "LowPass": "low_pass",
    "PacketDropout": "packet_dropout",
    "ParametricEQ": "parametric_eq",
    "PitchShift": "pitch_shift",
    "Polarity": "polarity",
    "Quantization": "quantization",
    "Reverb": "reverb",
    "Shift": "shift",
    "Speed": "speed",
    "TimeStretch": "time_stretch",
}
_SPECTROGRAM = {
    "CutMix": "cutmix",
    "FilterAugment": "filter_augment",
    "FrequencyMask": "frequency_mask",
    "FrequencyShift": "frequency_shift",
    "Mixup": "mixup",
    "TimeMask": "time_mask",
    "TimeWarp": "time_warp",
}

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Augmentation": "tympan.augment.augmentation",
        "Augmented": "tympan.augment.augmentation",
        "Compose": "tympan.augment.compose",
        "OneOf": "tympan.augment.compose",
        "Params": "tympan.augment.base",
        "PerChannel": "tympan.augment.per_channel",
        "Transform": "tympan.augment.base",
        "Recordings": "tympan.augment.recordings",
        "item_generators": "tympan.augment._draw",
        "load_augmentation": "tympan.augment.toml_file",
        "preset_names": "tympan.augment.toml_file",
        "reuse_memory": "tympan.augment.memory",
        **{name: f"tympan.augment.waveform.{file}" for name, file in _WAVEFORM.items()},
        **{name: f"tympan.augment.spectrogram.{file}" for name, file in _SPECTROGRAM.items()},
    },
)
