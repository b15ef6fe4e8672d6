"""Building blocks of networks: encoders, recurrent and attention blocks, poolings.

Nothing here knows a task. Every forward states the shapes it takes and gives.
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ENCODERS": "tympan.nets.encoder",
        "CNNEncoder": "tympan.nets.encoder",
        "EncoderConfig": "tympan.nets.encoder",
        "build_encoder": "tympan.nets.encoder",
        "ResidualBlock": "tympan.nets.blocks",
        "AttentionBlock": "tympan.nets.attention",
        "FrameEncoder": "tympan.nets.frames",
        "RecurrentBlock": "tympan.nets.recurrent",
        "AttentionPooling": "tympan.nets.pooling",
        "ConvMaskNet": "tympan.nets.conv_mask_net",
        "MaskNet": "tympan.nets.mask_net",
        "MeanMaxPooling": "tympan.nets.pooling",
        "MinimalGRU": "tympan.nets.scan",
        "linear_softmax": "tympan.nets.pooling",
        "count_parameters": "tympan.nets.blocks",
        "ConvNeXtBlock": "tympan.nets.convnext",
        "build_vocoder": "tympan.nets.correction",
        "vocoder_fields": "tympan.nets.correction",
        "CorrectedVocoder": "tympan.nets.correction",
        "CorrectionConfig": "tympan.nets.correction",
        "CorrectionNet": "tympan.nets.correction",
        "HarmonicSource": "tympan.nets.pulses",
        "SourceFilterVocoder": "tympan.nets.vocoder",
        "MaskUNet": "tympan.nets.mask_unet",
        "MaskUNetConfig": "tympan.nets.mask_unet",
        "SpectralDistance": "tympan.nets.spectral_loss",
        "VocoderConfig": "tympan.nets.vocoder_mel",
        "VocoderMel": "tympan.nets.vocoder_mel",
        "VocoderStream": "tympan.nets.vocoder_stream",
    },
)
