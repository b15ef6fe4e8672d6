# Written by `make stubs` from the table in __init__.py.

from tympan.data.annotations.audacity import read_audacity as read_audacity
from tympan.data.annotations.audacity import write_audacity as write_audacity
from tympan.data.annotations.detect import detect_format as detect_format
from tympan.data.annotations.detect import read_annotation as read_annotation
from tympan.data.annotations.detect import write_annotation as write_annotation
from tympan.data.annotations.event_csv import read_csv as read_csv
from tympan.data.annotations.event_csv import write_csv as write_csv
from tympan.data.annotations.raven import read_raven as read_raven
from tympan.data.annotations.raven import write_raven as write_raven
from tympan.data.annotations.rttm import read_rttm as read_rttm
from tympan.data.annotations.rttm import read_rttm_recordings as read_rttm_recordings
from tympan.data.annotations.rttm import write_rttm as write_rttm
from tympan.data.annotations.subtitles import read_srt as read_srt
from tympan.data.annotations.subtitles import read_vtt as read_vtt
from tympan.data.annotations.subtitles import write_srt as write_srt
from tympan.data.annotations.subtitles import write_vtt as write_vtt
from tympan.data.annotations.textgrid import read_textgrid as read_textgrid
from tympan.data.annotations.textgrid import write_textgrid as write_textgrid
