"""tympan: one pipeline from raw audio to answers.

Every public name is loaded on first use, so that `import tympan` stays cheap.

>>> import tympan
>>> clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
>>> clip.duration_s
1.0
"""

from __future__ import annotations

from tympan._lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Clip": "tympan.audio.clip",
        "load": "tympan.audio",
        "probe": "tympan.audio",
        "blocks": "tympan.audio",
        "synth": "tympan.audio.synth:",
        "answer": "tympan.tasks.answering",
        "classify": "tympan.tasks.classify.api",
        "train": "tympan.report.trained",
        "evaluate": "tympan.tasks.evaluating",
        "embed": "tympan.tasks.embed.api",
        "find": "tympan.tasks.embed.find",
        "monitor": "tympan.tasks.monitor.api",
        "label": "tympan.tasks.embed.label",
        "tag": "tympan.tasks.tag.api",
        "identify": "tympan.tasks.identify.api",
        "verify": "tympan.tasks.identify.api",
        "enroll": "tympan.tasks.identify.api",
        "segment": "tympan.tasks.segment.api",
        "transcribe": "tympan.tasks.transcribe.api",
        "speak": "tympan.tasks.speak.api",
        "speak_stream": "tympan.tasks.speak.api",
        "notes": "tympan.tasks.notes.api",
        "compose": "tympan.tasks.compose.api",
        "compose_stream": "tympan.tasks.compose.api",
        "clean": "tympan.tasks.separate.api",
        "separate": "tympan.tasks.separate.api",
        "separate_files": "tympan.tasks.separate.api",
        "separate_stream": "tympan.tasks.separate.api",
        "batch": "tympan.scale.api",
        "export": "tympan.exporting.api",
        "load_model": "tympan.exporting.plain",
        "hear": "tympan.report.hear",
        "watch": "tympan.live.api",
        "show": "tympan.spectra.figures",
        "explain": "tympan.report.explain",
        "list_engines": "tympan.tasks.engines",
        "list_models": "tympan.models",
        "TympanError": "tympan.errors",
        "TympanWarning": "tympan.errors",
        "audio": "tympan.audio:",
        "augment": "tympan.augment:",
        "data": "tympan.data:",
        "exporting": "tympan.exporting:",
        "models": "tympan.models:",
        "nets": "tympan.nets:",
        "notation": "tympan.notation:",
        "report": "tympan.report:",
        "scale": "tympan.scale:",
        "spectra": "tympan.spectra:",
        "tasks": "tympan.tasks:",
        "text": "tympan.text:",
        "training": "tympan.training:",
    },
)
