"""The task `embed`: it is not trained, but takes any trained net of clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tympan.tasks.untrained import UntrainedTask

if TYPE_CHECKING:
    from tympan.models import LoadedModel
    from tympan.tasks.embed.answer import EmbedModel


class EmbedTask(UntrainedTask):
    """Vectors from the encoder of a classifier or tagger, or those of voices."""

    name = "embed"
    accepts = ("classify", "tag", "identify")
    instead = "train a classifier, tagger or voice model, and give it as --model"

    def load(self, model: LoadedModel, device: str = "cpu") -> EmbedModel:
        """Take the encoder of a loaded model.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.classify.ensemble import nets_of
        from tympan.tasks.embed.answer import EmbedModel
        from tympan.tasks.embed.net import Embedder
        from tympan.tasks.registry import own_model

        source = own_model(model, device)
        if model.card.task == "identify":
            from tympan.tasks.identify.embedding import VoiceEmbedder, VoiceEmbedModel

            voices: Any = VoiceEmbedder(source.net).eval()
            return VoiceEmbedModel(voices, source.config, model.card.name, device)
        net = nets_of(source.net)[0]
        return EmbedModel(Embedder(net).eval(), net.config, model.card.name, device)


TASK = EmbedTask()
