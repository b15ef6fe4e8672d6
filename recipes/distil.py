"""Teach one net what several nets know together.

The student learns from the mean of the teachers' answers about the very crops and mixtures that it
hears itself (Hinton, Vinyals and Dean, *Distilling the Knowledge in a Neural Network*, 2015; Beyer
et al., *Knowledge distillation: A good teacher is patient and consistent*, CVPR 2022).
`recipes/sounds.py` uses it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from tympan.data import Batch
from tympan.tasks.classify import ClassifyConfig
from tympan.tasks.classify.learner import ClassifyLearner
from tympan.tasks.classify.net import Classifier
from tympan.tasks.classify.task import ClassifyTask

SOFTNESS, TRUST = 2.0, 0.7


def digest(net: nn.Module) -> str:
    """Which weights a net has."""
    found = hashlib.sha256()
    for name, tensor in net.state_dict().items():
        found.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


@dataclass
class DistilledTask(ClassifyTask):
    """`classify`, with teachers."""

    teachers: tuple[Classifier, ...] = ()

    def learner(
        self, net: Classifier, config: ClassifyConfig, labels: tuple[str, ...]
    ) -> ClassifyLearner:
        """The student's learner."""
        return DistilledLearner(net, config, len(labels), self.teachers)


class DistilledLearner(ClassifyLearner):
    """Cross entropy with the labels and with what the teachers say.

    Args:
        net: the student.
        config: its configuration.
        k: number of labels.
        teachers: trained nets with the same labels in the same order.
    """

    def __init__(
        self, net: Classifier, config: ClassifyConfig, k: int, teachers: tuple[Classifier, ...]
    ) -> None:
        super().__init__(net, config, k)
        self.teachers = teachers
        self.taught_by = [digest(teacher) for teacher in teachers]

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed."""
        return super().fingerprint() | {"teachers": self.taught_by, "trust": TRUST}

    def loss(self, net: nn.Module, batch: Batch, generator: torch.Generator) -> Tensor:
        """The weighted sum of both, a scalar."""
        with torch.no_grad():
            waves, targets = self.mixed(batch, generator)
            said = self.said(waves)
            spectrograms = self.heard(waves, generator)
        scores = net(spectrograms).float()
        softly = -(said * log_softmax(scores / SOFTNESS, 1)).sum(1).mean() * SOFTNESS**2
        return TRUST * softly + (1 - TRUST) * cross_entropy(scores, targets)

    def said(self, waves: Tensor) -> Tensor:
        """The teachers' softened answers `(b, k)` about waves `(b, t)`."""
        answers = []
        for teacher in self.teachers:
            spectrograms = teacher.to(waves.device).front(waves)
            with torch.autocast(waves.device.type, torch.bfloat16):
                scores = teacher(spectrograms).float()
            answers.append((scores / SOFTNESS).softmax(1))
        return torch.stack(answers).mean(0)
