"""`tympan.monitor`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from tympan.tasks.answering import answered, warn

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Anomaly


def monitor(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    normal: str | os.PathLike[str] | None = None,
    false_alarms: float = 0.01,
    adapt: bool = False,
    device: str = "auto",
    clean: bool | None = None,
) -> Anomaly:
    """Does this machine sound unusual, when, and at which frequencies?

    Args:
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: folder of a model that was trained on the machine, see `tympan.train`.
        normal: a recording, or a folder of such, of the machine when it is normal. Without a
            trained model it is needed; it is looked at anew each time, which takes seconds.
        false_alarms: share of the steps of a normal machine that may lie above the threshold.
        adapt: follow slow drift of the normal sound, no farther than normal sounds went in
            training.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as the model was made to.

    Returns:
        A score for the recording and for each step: how rare it is while all is normal, 2 for one
        in a hundred, 3 for one in a thousand. What may be wrong stands in its `warnings`.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
        DataError: there is too little of the normal machine.
        ArgumentError: an argument out of range, or nothing is known of the machine.

    >>> import tempfile, tympan
    >>> hum = tympan.synth.sine(frequency_hz=100, duration_s=40, rate_hz=16000, amplitude=0.1)
    >>> normal = hum.save(tempfile.mkdtemp() + "/normal.wav")
    >>> whistle = tympan.synth.sine(frequency_hz=3000, duration_s=4, rate_hz=16000, amplitude=0.1)
    >>> monitor(whistle, normal=normal, false_alarms=0.2).anomalous
    True
    """
    options = {
        "normal": None if normal is None else os.fspath(normal),
        "false_alarms": false_alarms,
        "adapt": adapt,
    }
    found = answered("monitor", source, model=model, device=device, clean=clean, **options)
    warn(found, stacklevel=2)
    return cast("Anomaly", found)
