"""A recording without its noise, for the other questions: `--clean` of every verb."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from tympan.data.packs import Change
    from tympan.tasks.answering import Source

    Wave = npt.NDArray[np.float32]

VOICE = "voice"


@contextmanager
def cleaned(source: Source, *, amount: float = 1.0, device: str = "auto") -> Iterator[Path]:
    """A file with the voice of a recording alone, of its rate, channels and length.

    It is there within the context, on disk, so that a recording may last for hours.

    Args:
        source: path, bytes, binary file object or `Clip`.
        amount: how much of the noise is taken away, 0 … 1.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model `voice` is missing.
    """
    from tympan.tasks.separate.api import find_separator

    model: Any = find_separator(VOICE, device)
    answer = model(source, keep=VOICE, amount=amount)
    if not answer.sources:  # no samples: whoever reads the recording says so
        yield source  # type: ignore[misc]
        return
    with answer.home:
        yield answer.sources[VOICE]


class Cleaner:
    """Takes the noise from a recording, block by block: the first step of a pipeline.

    As many samples come out as go in, `latency_s` later.

    Args:
        rate_hz: of the recording.
        channels: of the recording.
        device: where the net is.

    Raises:
        ModelError: the model `voice` is missing.

    >>> import numpy as np
    >>> cleaner = Cleaner(16000, 1)
    >>> silence = np.zeros((1, 4000), np.float32)
    >>> cleaner.push(silence).shape[1] + cleaner.finish().shape[1]
    4000
    """

    def __init__(self, rate_hz: int, channels: int, device: str = "cpu") -> None:
        from tympan.tasks.separate.api import find_separator

        model: Any = find_separator(VOICE, device)
        self._apart = model.begin(rate_hz, channels, model.wanted(keep=VOICE))

    def push(self, wave: Wave) -> Wave:
        """Take the next samples `(c, t)`; give the voice of those that are done."""
        voice: Wave = self._apart.push(wave)[0]
        return voice

    def finish(self) -> Wave:
        """The recording ends here; give the rest."""
        voice: Wave = self._apart.finish()[0]
        return voice


def cleaning() -> Change:
    """What a training does to its recordings before they are kept: the noise is taken away.

    Its name holds a digest of the weights, so that other weights do not find what these made.

    Raises:
        ModelError: the model `voice` is missing.

    >>> cleaning().name.startswith("voice-")
    True
    """
    from tympan.data.packs import Change
    from tympan.models import load_card

    digest = load_card(VOICE).weights["sha256"][:8]
    return Change(f"{VOICE}-{digest}", _cleaned_blocks)


def _cleaned_blocks(blocks: Iterable[Wave], rate_hz: int) -> Iterator[Wave]:
    cleaner: Cleaner | None = None
    for block in blocks:
        cleaner = cleaner or Cleaner(rate_hz, len(block))
        found = cleaner.push(block)
        if found.shape[1]:
            yield found
    if cleaner is not None:
        yield cleaner.finish()
