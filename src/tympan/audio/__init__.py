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
        "ClipWriter": "tympan.audio.writer",
        "Loudness": "tympan.audio.loudness",
        "LoudnessMeter": "tympan.audio.loudness",
        "blocks": "tympan.audio.files",
        "concat": "tympan.audio.clip",
        "assertion_of": "tympan.audio.synthetic",
        "demo_scene": "tympan.audio.scenes",
        "is_synthetic": "tympan.audio.synthetic",
        "job_key": "tympan.audio.writer",
        "load": "tympan.audio.files",
        "open_writer": "tympan.audio.writer",
        "probe": "tympan.audio.files",
        "synth": "tympan.audio.synth:",
        "synthetic_tags": "tympan.audio.synthetic",
    },
)
