"""The questions: one package each, all with the same contract (`tympan.tasks.contract`)."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Anomaly": "tympan.tasks.results",
        "Classification": "tympan.tasks.results",
        "Command": "tympan.tasks.commands",
        "Embedding": "tympan.tasks.results",
        "Engine": "tympan.tasks.engines",
        "Evaluation": "tympan.tasks.contract",
        "Extra": "tympan.tasks.verbs",
        "Identity": "tympan.tasks.results",
        "Label": "tympan.tasks.results",
        "Note": "tympan.tasks.results",
        "Notes": "tympan.tasks.results",
        "Option": "tympan.tasks.verbs",
        "Segment": "tympan.tasks.results",
        "Segments": "tympan.tasks.results",
        "Separation": "tympan.tasks.results",
        "Setting": "tympan.tasks.settings",
        "Tag": "tympan.tasks.results",
        "Tags": "tympan.tasks.results",
        "Task": "tympan.tasks.contract",
        "TrainingResult": "tympan.tasks.training",
        "Transcript": "tympan.tasks.results",
        "Utterance": "tympan.tasks.results",
        "Verb": "tympan.tasks.verbs",
        "answer": "tympan.tasks.answering",
        "evaluate": "tympan.tasks.evaluating",
        "get": "tympan.tasks.registry",
        "list_engines": "tympan.tasks.engines",
        "list_settings": "tympan.tasks.settings",
        "load": "tympan.tasks.answering",
        "train": "tympan.tasks.training",
        "verbs": "tympan.tasks.registry",
    },
)
