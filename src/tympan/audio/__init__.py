"""Sound in and out: `Clip`, files of every format, blocks of long files, synthesis.

numpy is the only library loaded by `import tympan.audio`; the others come when they are needed.

>>> from tympan import audio
>>> audio.synth.sine(440, duration_s=2).duration_s
2.0
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "AudioInfo": "tympan.audio.files",
        "Block": "tympan.audio.files",
        "Clip": "tympan.audio.clip",
        "Loudness": "tympan.audio.loudness",
        "LoudnessMeter": "tympan.audio.loudness",
        "blocks": "tympan.audio.files",
        "concat": "tympan.audio.clip",
        "demo_scene": "tympan.audio.scenes",
        "load": "tympan.audio.files",
        "probe": "tympan.audio.files",
        "synth": "tympan.audio.synth:",
    },
)
