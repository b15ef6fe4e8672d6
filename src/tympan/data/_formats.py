"""What kind of file it is, by its suffix or its first bytes, without opening it in a decoder."""

from __future__ import annotations

import re

# fmt: off
AUDIO_SUFFIXES = frozenset((
    ".wav", ".wave", ".rf64", ".w64", ".bwf", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2",
    ".mpga", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".m4a", ".m4b", ".aac", ".adts",
    ".wma", ".webm", ".mka", ".weba", ".mp4", ".m4v", ".mov", ".mkv", ".avi", ".3gp", ".3g2",
    ".amr", ".ac3", ".eac3", ".dts", ".ape", ".wv", ".tta", ".mpc", ".spx", ".gsm", ".voc",
    ".sph", ".nist", ".ra", ".mpg", ".mpeg", ".ts", ".flv",
))
OTHER_SUFFIXES = frozenset((
    ".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".xml", ".html", ".pdf",
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".py", ".ipynb", ".npy", ".npz", ".pt", ".pth",
    ".safetensors", ".pkl", ".zip", ".gz", ".tar", ".mid", ".midi", ".lab", ".textgrid", ".rttm",
    ".srt", ".vtt", ".abc", ".db", ".ini", ".log", ".asd", ".doc", ".docx", ".xls", ".xlsx",
    ".parquet", ".h5",
))
# fmt: on
SCORE_SUFFIXES = frozenset((".mid", ".midi", ".abc"))
TABLE_SUFFIXES = frozenset((".csv", ".tsv", ".jsonl"))
# The first bytes of the common containers, for files without a suffix that tells.
MAGIC = re.compile(
    rb"RIFF....WAVE|RF64|RIFX|fLaC|OggS|ID3|FORM....AIF|\.snd|caff|....ftyp|\x1aE\xdf\xa3"
    rb"|\xff[\xfb\xf3\xf2\xfa\xf1\xf9]|wvPK|NIST_1A",
    re.DOTALL,
)
# What sub-folders, and values of a split column, are called.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
