# Written by `make stubs` from the table in __init__.py.

from tympan.spectra.amplitudes import Spectrum as Spectrum
from tympan.spectra.amplitudes import spectrum as spectrum
from tympan.spectra.chroma import Chroma as Chroma
from tympan.spectra.cqt import ConstantQ as ConstantQ
from tympan.spectra.decibel import PowerToDb as PowerToDb
from tympan.spectra.decibel import amplitude_to_db as amplitude_to_db
from tympan.spectra.decibel import db_to_amplitude as db_to_amplitude
from tympan.spectra.griffinlim import GriffinLim as GriffinLim
from tympan.spectra.kaldi import KaldiFbank as KaldiFbank
from tympan.spectra.mel import LogMel as LogMel
from tympan.spectra.mel import Mel as Mel
from tympan.spectra.mel import MelSpectrogram as MelSpectrogram
from tympan.spectra.mel import hz_to_mel as hz_to_mel
from tympan.spectra.mel import mel_to_hz as mel_to_hz
from tympan.spectra.mfcc import MFCC as MFCC
from tympan.spectra.pcen import PCEN as PCEN
from tympan.spectra.pitch import PitchTrack as PitchTrack
from tympan.spectra.pitch import pitch_track as pitch_track
from tympan.spectra.stft import STFT as STFT
from tympan.spectra.stft import Spectrogram as Spectrogram
from tympan.spectra.stream import StreamingSpectrogram as StreamingSpectrogram
from tympan.spectra.tuning import estimate_tuning as estimate_tuning
from tympan.spectra.windows import window as window
from tympan.spectra.yin import Yin as Yin
