"""Sound computed in the precision of its samples, whatever autocast says."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def full_precision(device_type: str) -> AbstractContextManager[None]:
    """Autocast off: under it a product would keep eight bits only, too few for sound.

    >>> with torch.autocast("cpu", torch.bfloat16), full_precision("cpu"):
    ...     (torch.eye(2) @ torch.eye(2)).dtype
    torch.float32
    """
    # Entering the context costs as much as a second of audio: only where it changes something.
    available = torch.amp.is_autocast_available(device_type)
    if not available or not torch.is_autocast_enabled(device_type):
        return nullcontext()
    return torch.autocast(device_type, enabled=False)
