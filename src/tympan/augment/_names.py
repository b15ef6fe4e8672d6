"""The transforms by name, and the file of each."""

from __future__ import annotations

WAVEFORM = {
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
SPECTROGRAM = {
    "CutMix": "cutmix",
    "FilterAugment": "filter_augment",
    "FrequencyMask": "frequency_mask",
    "FrequencyShift": "frequency_shift",
    "Mixup": "mixup",
    "TimeMask": "time_mask",
    "TimeWarp": "time_warp",
}
