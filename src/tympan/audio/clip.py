"""`Clip`: sound in memory that knows its sampling rate."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.audio import _limits
from tympan.audio._resample import resample as _resample
from tympan.audio._samples import from_db, own, read_only
from tympan.audio.tags import AudioTags, check_tags, merge_tags
from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.audio.loudness import Loudness


@dataclass(frozen=True, eq=False, repr=False)
class Clip:
    """Sound in memory: immutable samples and their rate. Every operation gives a new clip.

    Args:
        samples: float `(c, t)`, or `(t,)` for mono, full scale -1 to 1 (larger values are kept).
            Integer samples (uint8, int16, int32) are scaled to that range.
        rate_hz: samples per second and channel.
        name: where the sound came from, for messages and titles.
        tags: what files say about it in words: `title`, `artist`, `comment` … (see
            `tympan.audio.tags`); `save` writes them, `load` reads them.

    Raises:
        ArgumentError: no samples, samples that are not finite numbers, an impossible rate.
        ShapeError: axes other than `(c, t)`.

    >>> clip = Clip(np.zeros((2, 16000)), 16000)
    >>> clip
    Clip(1.000 s, 16000 Hz, 2 channels)
    >>> clip.mono().slice(0.25, 0.75).duration_s
    0.5
    """

    samples: np.ndarray
    rate_hz: int
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=AudioTags)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate_hz", _limits.check_rate(self.rate_hz))
        object.__setattr__(self, "samples", own(self.samples))
        object.__setattr__(self, "name", str(self.name))
        object.__setattr__(self, "tags", check_tags(self.tags))

    # -- what it is ------------------------------------------------------------------------------

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def num_samples(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.rate_hz

    @property
    def times_s(self) -> np.ndarray:
        """When each sample was taken, float64 `(t,)`: the horizontal axis of a plot.

        >>> Clip([0.0, 0.5, 0.0], 4).times_s.tolist()
        [0.0, 0.25, 0.5]
        """
        return np.arange(self.num_samples) / self.rate_hz

    @property
    def peak(self) -> float:
        """Largest absolute sample of all channels."""
        return max(float(self.samples.max()), -float(self.samples.min()))

    @property
    def rms(self) -> float:
        """Root mean square over all channels and samples."""
        return math.sqrt(float(np.square(self.samples, dtype=np.float64).mean()))

    def __len__(self) -> int:
        """Samples per channel, as `num_samples`."""
        return self.num_samples

    def __repr__(self) -> str:
        how_many = "mono" if self.channels == 1 else f"{self.channels} channels"
        name = f", {self.name!r}" if self.name else ""
        return f"Clip({self.duration_s:.3f} s, {self.rate_hz} Hz, {how_many}{name})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, so that an unpickled clip is checked and read-only as well.
        return Clip, (np.asarray(self.samples), self.rate_hz, self.name, dict(self.tags))

    # -- cutting and joining ---------------------------------------------------------------------

    def slice(self, start_s: float = 0.0, end_s: float | None = None) -> Clip:
        """Return the part from `start_s` to `end_s` (seconds; no end: to the end).

        An end behind the clip's end is cut to it. The samples are shared, not copied.

        Raises:
            ArgumentError: the part holds no sample.

        >>> Clip(np.arange(8.0) / 8, 4).slice(0.5, 1.0).samples.tolist()
        [[0.25, 0.375]]
        """
        start, end = _limits.check_span(start_s, end_s)
        first = _limits.to_samples(start, self.rate_hz)
        last = self.num_samples if end is None else _limits.to_samples(end, self.rate_hz)
        if first >= min(last, self.num_samples):
            to = "its end" if end is None else f"{end:g} s"
            raise ArgumentError(
                f"the slice from {start:g} s to {to} holds no sample of this clip of "
                f"{self.duration_s:.3f} s",
                file=self.name or None,
                fix="slice inside the clip",
            )
        return self._with(self.samples[:, first:last])

    def mono(self) -> Clip:
        """Return the mean of the channels.

        >>> Clip(np.array([[1.0], [0.0]]), 8000).mono().samples.tolist()
        [[0.5]]
        """
        if self.channels == 1:
            return self
        return self._with(self.samples.mean(axis=0, keepdims=True, dtype=np.float32))

    def concat(self, *others: Clip) -> Clip:
        """Return this clip followed by the others (same rate; mono fits any channels)."""
        return concat([self, *others])

    def mix(self, other: Clip, snr_db: float | None = None) -> Clip:
        """Return this clip with `other` added under it; the length stays this clip's.

        Args:
            other: a clip of the same rate; repeated where it is shorter, cut where it is longer.
            snr_db: power of this clip over that of `other` in the mix; None adds it as it is.

        Raises:
            ArgumentError: rates or channels differ; a silent clip has no ratio to anything.

        >>> from tympan.audio import synth
        >>> tone, hiss = synth.sine(440, duration_s=1), synth.white_noise(duration_s=1, seed=1)
        >>> added = tone.mix(hiss, snr_db=6) - tone
        >>> round(20 * math.log10(tone.rms / added.rms), 2)
        6.0
        """
        if not isinstance(other, Clip):
            raise ArgumentError(f"expected a Clip, got {type(other).__name__}")
        a, b = _align_channels(self, other)
        times = -(-self.num_samples // other.num_samples)
        b = np.tile(b, (1, times))[:, : self.num_samples] if times > 1 else b[:, : a.shape[1]]
        if snr_db is not None:
            ratio_db = _limits.check_number(snr_db, "snr_db")
            signal = math.sqrt(float(np.square(a, dtype=np.float64).mean()))
            noise = math.sqrt(float(np.square(b, dtype=np.float64).mean()))
            if signal == 0 or noise == 0:
                raise ArgumentError(
                    "a silent clip has no signal-to-noise ratio",
                    fix="mix without snr_db, or choose another clip",
                )
            b = b * np.float32(signal / noise * from_db(-ratio_db, "snr_db"))
        return self._with(a + b, merge_tags(self.tags, other.tags))

    # -- level and rate --------------------------------------------------------------------------

    def resample(self, rate_hz: int) -> Clip:
        """Return the clip at another rate (soxr, high quality; band-limited on the way down).

        >>> Clip(np.zeros(44100), 44100).resample(16000).num_samples
        16000
        """
        rate = _limits.check_rate(rate_hz)
        _limits.check_factor(self.rate_hz, rate, self.name or None)
        if self.num_samples * rate / self.rate_hz * 4 * self.channels > _limits.MAX_CLIP_BYTES:
            raise ArgumentError(
                f"at {rate} Hz this clip of {self.duration_s:.0f} s would not fit in memory",
                file=self.name or None,
                fix="slice it first",
            )
        samples = read_only(_resample(self.samples, self.rate_hz, rate))
        return Clip(samples, rate, self.name, self.tags)

    def gain(self, db: float) -> Clip:
        """Return the clip louder (or softer) by `db` decibels: +6.02 dB doubles the amplitude.

        >>> round(Clip([0.25], 8000).gain(20).peak, 6)
        2.5
        """
        return self * from_db(_limits.check_number(db, "db"), "db")

    def normalize_peak(self, db: float = 0.0) -> Clip:
        """Return the clip with its largest absolute sample at `db` dBFS; silence stays silence.

        >>> round(Clip([0.1, -0.2], 8000).normalize_peak(-6.0206).peak, 4)
        0.5
        """
        target = from_db(_limits.check_number(db, "db"), "db")
        return self * (target / self.peak) if self.peak > 0 else self

    def loudness_lufs(self) -> float:
        """Return the integrated loudness after EBU R128 / ITU-R BS.1770-4; silence is `-inf`.

        Raises:
            ArgumentError: shorter than one measuring block of 0.4 s, or more than 6 channels.
        """
        from tympan.audio.loudness import integrated_lufs

        return integrated_lufs(self)

    def loudness(self) -> Loudness:
        """Return all of EBU R128: integrated, momentary and short-term loudness, range, true peak.

        Raises:
            ArgumentError: more than 6 channels.

        >>> from tympan.audio import synth
        >>> found = synth.sine(1000, duration_s=4, rate_hz=48000, amplitude=0.1).loudness()
        >>> round(found.short_term_max_lufs, 1), round(found.true_peak_dbtp, 1)
        (-23.0, -20.0)
        """
        from tympan.audio.loudness import measure

        return measure(self)

    def normalize_loudness(self, lufs: float = -23.0) -> Clip:
        """Return the clip at an integrated loudness of `lufs` (EBU R128); silence stays silence."""
        target = _limits.check_number(lufs, "lufs")
        now = self.loudness_lufs()
        return self.gain(target - now) if math.isfinite(now) else self

    # -- arithmetic ------------------------------------------------------------------------------

    def __add__(self, other: Clip) -> Clip:
        """Sum, sample by sample; the shorter one is continued by silence."""
        if not isinstance(other, Clip):
            return NotImplemented
        a, b = _align_channels(self, other)
        if a.shape[1] < b.shape[1]:
            a, b = b, a
        total = a.copy()
        total[:, : b.shape[1]] += b
        return self._with(total, merge_tags(self.tags, other.tags))

    def __radd__(self, other: object) -> Clip:
        # So that `sum(clips)` works, which starts at 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __sub__(self, other: Clip) -> Clip:
        return self + -other if isinstance(other, Clip) else NotImplemented

    def __neg__(self) -> Clip:
        return self._with(-self.samples)

    def __mul__(self, factor: float) -> Clip:
        """Scale the amplitude by a number."""
        if isinstance(factor, (Clip, np.ndarray)):
            return NotImplemented
        number = np.float32(_limits.check_number(factor, "factor"))
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return self._with(self.samples * number)

    __rmul__ = __mul__

    def named(self, name: str) -> Clip:
        """Return the same sound under another name, for titles and players.

        >>> Clip([0.5], 8000).named("click")
        Clip(0.000 s, 8000 Hz, mono, 'click')
        """
        return Clip(self.samples, self.rate_hz, name, self.tags)

    def tagged(self, **tags: str) -> Clip:
        """Return the same sound with other tags; an empty one takes a tag away.

        Raises:
            ArgumentError: there is no such tag.

        >>> dict(Clip([0.5], 8000).tagged(title="click").tags)
        {'title': 'click'}
        """
        return Clip(self.samples, self.rate_hz, self.name, {**self.tags, **tags})

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> Clip:
        """Return a clip of `change(samples)`; `(c, t)` in, `(c, t)` out, same rate and name.

        >>> Clip([0.5, -0.5], 8000).map(np.abs).samples.tolist()
        [[0.5, 0.5]]
        """
        return self._with(change(self.samples))

    # -- out to the world ------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], subtype: str | None = None) -> Path:
        """Write the clip as a file; the extension chooses the format.

        The file appears whole or not at all.

        Args:
            path: `.wav`, `.flac`, `.ogg`, `.opus`, `.mp3`, `.aiff`, `.m4a` …
            subtype: how samples are stored, in libsndfile's words (`PCM_16`, `PCM_24`, `FLOAT`,
                `ULAW` …); None takes the usual one of the format (16 bits for WAV and FLAC).

        Returns:
            The path written.

        Raises:
            AudioFileError: unknown format, a rate the format cannot hold, a folder that cannot
                be written.
        """
        from tympan.audio._save import save

        return save(self, path, subtype)

    def to_wav_bytes(self, subtype: str = "PCM_16") -> bytes:
        """Return the clip as the bytes of a WAV file.

        >>> Clip([0.0, 0.5], 8000).to_wav_bytes()[:4]
        b'RIFF'
        """
        from tympan.audio._save import encode

        return encode(self, "WAV", subtype)

    def play(self) -> None:
        """Play the clip: in a notebook as a player with a waveform, else by the loudspeaker.

        Returns when all was played; press Ctrl+C to stop.

        Raises:
            MissingDependencyError: outside a notebook, sounddevice is not installed.
            TympanError: there is no loudspeaker.
        """
        from tympan.audio._player import play

        play(self)

    def _repr_html_(self) -> str:
        from tympan.audio._player import player_html

        return player_html(self)

    def _with(self, samples: np.ndarray, tags: Mapping[str, str] | None = None) -> Clip:
        kept = self.tags if tags is None else tags
        return Clip(read_only(samples), self.rate_hz, self.name, kept)


def concat(clips: Iterable[Clip]) -> Clip:
    """Join clips one after another (same rate; mono clips are copied to the others' channels).

    Raises:
        ArgumentError: no clips, or they differ in rate or channels.

    >>> concat([Clip([0.1], 8000), Clip([0.2, 0.3], 8000)]).num_samples
    3
    """
    items = list(clips)
    if not items:
        raise ArgumentError("no clips to concatenate", fix="give at least one")
    for clip in items:
        if not isinstance(clip, Clip):
            raise ArgumentError(f"expected a Clip, got {type(clip).__name__}")
    widest = max(items, key=lambda clip: clip.channels)
    parts = [_align_channels(clip, widest)[0] for clip in items]
    tags = items[0].tags
    for clip in items[1:]:
        tags = merge_tags(tags, clip.tags)
    return items[0]._with(np.concatenate(parts, axis=1), tags)


def _align_channels(a: Clip, b: Clip) -> tuple[np.ndarray, np.ndarray]:
    """Both clips' samples with equal channels; a mono one is repeated."""
    if a.rate_hz != b.rate_hz:
        raise ArgumentError(
            f"one clip has {a.rate_hz} Hz, the other {b.rate_hz} Hz",
            fix=f"resample one: clip.resample({a.rate_hz})",
        )
    if a.channels != b.channels and 1 not in (a.channels, b.channels):
        raise ArgumentError(
            f"one clip has {a.channels} channels, the other {b.channels}", fix="use clip.mono()"
        )
    channels = max(a.channels, b.channels)
    return (
        np.broadcast_to(a.samples, (channels, a.num_samples)),
        np.broadcast_to(b.samples, (channels, b.num_samples)),
    )
