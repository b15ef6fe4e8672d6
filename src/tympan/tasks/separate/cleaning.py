"""A recording without its noise, for the other questions: `--clean` of every verb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tympan.tasks.answering import Source

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
