"""Transforms that vary training examples: one transform, one file.

Waveform transforms take `x` (b, c, t), or a `Clip`; spectrogram transforms take `x` (b, c, f, n).
"""

from __future__ import annotations

from tympan._lazy import attach
from tympan.augment._names import SPECTROGRAM, WAVEFORM

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
        **{name: f"tympan.augment.waveform.{file}" for name, file in WAVEFORM.items()},
        **{name: f"tympan.augment.spectrogram.{file}" for name, file in SPECTROGRAM.items()},
    },
)
