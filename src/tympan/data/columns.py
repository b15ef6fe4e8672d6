"""What the columns of a table mean: the usual names, and what is taken for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tympan.data._text import band, times
from tympan.data.table import Supervision

# Our name → other names of it, in order, without case and punctuation.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "file_name": (
        "filename",
        "file",
        "path",
        "filepath",
        "audiofilename",
        "audiofile",
        "audiopath",
        "audiofilepath",
        "audio",
        "wavfilename",
        "wavfile",
        "wavpath",
        "wav",
        "soundfile",
        "fname",
        "slicefilename",
        "recording",
        "clip",
    ),
    "label": (
        "label",
        "labels",
        "category",
        "class",
        "classname",
        "labelname",
        "classlabel",
        "eventlabel",
        "tag",
        "tags",
        "target",
    ),
    "text": ("text", "transcript", "transcription", "sentence"),
    "speaker": ("speaker", "speakerid", "speakername", "spk", "spkid", "clientid"),
    "source": ("source", "sourceid", "srcfile", "fsid", "freesoundid", "recordingid", "sessionid"),
    "fold": ("fold", "folds", "kfold"),
    "split": ("split", "subset", "partition", "set"),
    "mixture": ("mixture", "mix", "mixturefile", "mixturepath", "mixpath"),
    "midi": ("midi", "midifilename", "midifile", "midipath", "mid", "score"),
    "annotation": ("rttm", "textgrid", "annotation", "annotations", "annotationfile", "events"),
}
EVENT_COLUMNS = ("start_s", "end_s", "label", "low_hz", "high_hz", "speaker", "text")
# Names that mean the times of an event and nothing else …
_TIMES = {
    "start_s": ("starts", "onset", "onsets", "eventstart", "begintimes", "startseconds"),
    "end_s": ("ends", "offset", "offsets", "eventend", "endtimes", "endseconds"),
}
# … and those that may also mean where a clip was cut from its source.
_MAYBE_TIMES = {
    "start_s": ("start", "starttime", "begin", "begintime", "tmin"),
    "end_s": ("end", "endtime", "stop", "stoptime", "tmax"),
}
_BAND = {
    "low_hz": ("lowhz", "lowfreqhz", "lowfreq", "lowfrequency", "fmin", "fminhz"),
    "high_hz": ("highhz", "highfreqhz", "highfreq", "highfrequency", "fmax", "fmaxhz"),
}


def plain(name: str) -> str:
    """A column name without case and punctuation.

    >>> plain("Begin Time (s)")
    'begintimes'
    """
    return "".join(c for c in name.casefold() if c.isalnum())


def find_column(names: Iterable[str], wanted: str, others: Sequence[str]) -> str | None:
    """The column of this name, else the first that is called otherwise; None: there is none."""
    names = list(names)
    if wanted in names:
        return wanted
    known = {plain(name): name for name in reversed(names)}
    return next((known[other] for other in others if other in known), None)


def recognise(names: Sequence[str]) -> dict[str, str]:
    """Our names of columns, and which column is taken for each.

    A column is taken for one thing only.

    >>> recognise(["Filename", "class", "fold"])
    {'file_name': 'Filename', 'label': 'class', 'fold': 'fold'}
    """
    found: dict[str, str] = {}
    for wanted, others in SYNONYMS.items():
        left = [name for name in names if name not in found.values()]
        column = find_column(left, wanted, others)
        if column is not None:
            found[wanted] = column
    return found


def recognise_events(names: Sequence[str], sure: bool = False) -> dict[str, str]:
    """Our names of the columns of events, and which column is taken for each.

    Args:
        names: the columns.
        sure: only by names of times that mean nothing else.

    >>> recognise_events(["onset", "offset", "event_label"])
    {'start_s': 'onset', 'end_s': 'offset', 'label': 'event_label'}
    """
    found: dict[str, str] = {}
    for wanted in EVENT_COLUMNS:
        others = _TIMES.get(wanted, ()) or _BAND.get(wanted, ()) or SYNONYMS.get(wanted, ())
        if not sure:
            others = (*others, *_MAYBE_TIMES.get(wanted, ()))
        column = find_column(names, wanted, others)
        if column is not None and column not in found.values():
            found[wanted] = column
    return found


def names_events(names: Sequence[str]) -> bool:
    """Whether columns with the times of events are among these."""
    return {"start_s", "end_s"} <= recognise_events(names).keys()


def event_of(cells: Mapping[str, str]) -> Supervision:
    """The supervision of a row of an event table.

    Args:
        cells: by the names of `EVENT_COLUMNS`.

    Raises:
        ValueError: with a clause that says what is wrong.

    >>> event_of({"start_s": "1", "end_s": "2.5", "label": "dog"}).duration_s
    1.5
    """
    start_s, end_s = times(cells.get("start_s", ""), cells.get("end_s", ""))
    low_hz, high_hz = band(cells.get("low_hz", ""), cells.get("high_hz", ""))
    return Supervision(
        start_s,
        end_s,
        label=cells.get("label", ""),
        text=cells.get("text", ""),
        speaker=cells.get("speaker", ""),
        low_hz=low_hz,
        high_hz=high_hz,
    )
