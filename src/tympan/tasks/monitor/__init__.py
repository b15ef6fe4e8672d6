"""`monitor`: does this machine sound unusual?"""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Option, Verb

VERB = Verb(
    name="monitor",
    help="Does this machine sound unusual, when, and at which frequencies?",
    task="tympan.tasks.monitor.task:TASK",
    options=(
        Option(
            "normal", str, None,
            "Recording or folder of the machine when it is normal, in place of the model's own.",
            reads="recording",
        ),
        Option(
            "false_alarms", float, 0.01,
            "Share of the seconds of a normal machine that may lie above the threshold.",
            low=1e-6, high=0.5,
        ),
        Option(
            "adapt", bool, False,
            "Follow slow drift of the normal sound, within limits that no fault fits into.",
        ),
    ),
    default_model="sounds",
    save_as=(
        ".json", ".csv", ".txt", ".selections.txt", ".rttm", ".srt", ".vtt", ".TextGrid",
    ),
    trains_on="one label, normal; or normal and faulty recordings with --task monitor",
)  # fmt: skip

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.monitor.task",
        "Detector": "tympan.tasks.monitor.detectors",
        "MonitorConfig": "tympan.tasks.monitor.config",
        "MonitorEvaluation": "tympan.tasks.monitor.evaluation",
        "MonitorModel": "tympan.tasks.monitor.answer",
        "NormalSounds": "tympan.tasks.monitor.normal",
    },
)
