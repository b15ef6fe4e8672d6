# Written by `make stubs` from the table in __init__.py.

from tympan.audio import synth as synth
from tympan.audio.clip import Clip as Clip
from tympan.audio.clip import concat as concat
from tympan.audio.files import AudioInfo as AudioInfo
from tympan.audio.files import Block as Block
from tympan.audio.files import blocks as blocks
from tympan.audio.files import load as load
from tympan.audio.files import probe as probe
from tympan.audio.loudness import Loudness as Loudness
from tympan.audio.loudness import LoudnessMeter as LoudnessMeter
from tympan.audio.scenes import demo_scene as demo_scene
from tympan.audio.synthetic import assertion_of as assertion_of
from tympan.audio.synthetic import is_synthetic as is_synthetic
from tympan.audio.synthetic import synthetic_tags as synthetic_tags
from tympan.audio.writer import ClipWriter as ClipWriter
from tympan.audio.writer import job_key as job_key
from tympan.audio.writer import open_writer as open_writer
