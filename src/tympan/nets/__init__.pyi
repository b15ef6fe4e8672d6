# Written by `make stubs` from the table in __init__.py.

from tympan.nets.attention import AttentionBlock as AttentionBlock
from tympan.nets.blocks import ResidualBlock as ResidualBlock
from tympan.nets.blocks import count_parameters as count_parameters
from tympan.nets.convnext import ConvNeXtBlock as ConvNeXtBlock
from tympan.nets.correction import CorrectedVocoder as CorrectedVocoder
from tympan.nets.correction import CorrectionConfig as CorrectionConfig
from tympan.nets.correction import CorrectionNet as CorrectionNet
from tympan.nets.correction import build_vocoder as build_vocoder
from tympan.nets.correction import vocoder_fields as vocoder_fields
from tympan.nets.encoder import ENCODERS as ENCODERS
from tympan.nets.encoder import CNNEncoder as CNNEncoder
from tympan.nets.encoder import EncoderConfig as EncoderConfig
from tympan.nets.encoder import build_encoder as build_encoder
from tympan.nets.frames import FrameEncoder as FrameEncoder
from tympan.nets.mask_net import MaskNet as MaskNet
from tympan.nets.pooling import AttentionPooling as AttentionPooling
from tympan.nets.pooling import MeanMaxPooling as MeanMaxPooling
from tympan.nets.pooling import linear_softmax as linear_softmax
from tympan.nets.pulses import HarmonicSource as HarmonicSource
from tympan.nets.recurrent import RecurrentBlock as RecurrentBlock
from tympan.nets.scan import MinimalGRU as MinimalGRU
from tympan.nets.spectral_loss import SpectralDistance as SpectralDistance
from tympan.nets.vocoder import SourceFilterVocoder as SourceFilterVocoder
from tympan.nets.vocoder_mel import VocoderConfig as VocoderConfig
from tympan.nets.vocoder_mel import VocoderMel as VocoderMel
from tympan.nets.vocoder_stream import VocoderStream as VocoderStream
