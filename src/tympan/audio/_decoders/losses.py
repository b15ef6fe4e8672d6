"""What was lost while decoding, and how to say it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Losses:
    """Places in samples, where sound is missing or is more than was stated.

    Attributes:
        damaged: place and length of what could not be decoded.
        missing: place and length of what did not arrive.
        broken_at: where the container could not be followed; 0: nowhere.
        stated: number of samples in the header, where more followed; 0: nothing of that.
    """

    damaged: list[tuple[int, int]] = field(default_factory=list)
    missing: list[tuple[int, int]] = field(default_factory=list)
    broken_at: int = 0
    stated: int = 0

    def remark(self, rate_hz: int, corrupt: int) -> str:
        """One sentence for the user, "" if nothing was lost.

        Args:
            rate_hz: of the samples.
            corrupt: packets that are damaged by the container's own account.

        >>> Losses(damaged=[(16000, 800)]).remark(16000, 0)
        '1 damaged parts were replaced by silence (0.05 s), the first at 1.00 s'
        """
        for places, what in ((self.damaged, "damaged"), (self.missing, "missing")):
            if places:
                first, total = places[0][0], sum(count for _, count in places)
                return (
                    f"{len(places)} {what} parts were replaced by silence "
                    f"({total / rate_hz:.2f} s), the first at {first / rate_hz:.2f} s"
                )
        if self.stated:
            return f"its header says {self.stated} samples, but more follow: all were read"
        if self.broken_at:
            return f"is damaged after {self.broken_at / rate_hz:.2f} s; what can be read was read"
        return f"{corrupt} packets arrived damaged or were lost on the way" if corrupt else ""
