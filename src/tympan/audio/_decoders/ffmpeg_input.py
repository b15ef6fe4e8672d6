"""A file open in FFmpeg, and what its container can be believed in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tympan.audio._containers import mpeg
from tympan.audio._decoders import clock
from tympan.audio._reader import DecodeError
from tympan.audio._source import Opened
from tympan.audio.tags import tags_found

# Containers of recordings. What is left out on purpose: playlists (hls, concat, dash, sdp), which
# open other files and addresses; devices; headerless formats and text, which match any bytes.
_CONTAINERS = (
    "3dostr,aac,ac3,aiff,amr,ape,asf,ast,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,gxf,iff,ircam,"
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mlp,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,nsv,"
    "ogg,oma,qcp,rm,shn,sox,swf,tak,truehd,tta,voc,vqf,w64,wav,wtv,wv,xwma"
)
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "pipe"}
# Frames one after another and nothing else: their times are invented, their length is guessed.
_ELEMENTARY = {"aac", "ac3", "eac3", "dts", "dtshd", "mlp", "truehd", "amr", "mp3"}
_BROADCAST = {"mpegts", "mpeg"}
# In these, time cannot pass without samples: a jump of the time stamps is damage.
_GAPLESS = {"flac", "ogg", "tta", "wv", "wav", "w64", "aiff", "au", "caf", "ape", "tak"}
# In these, silence may not have been sent, and nothing is known of what was lost.
_MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
_SPARSE = {_MP4, "matroska,webm", "ogg"}
# These count in samples and know the true end.
_EXACT = {_MP4, "caf", "wav", "w64", "aiff", "au", "flac", "tta", "wv"}
# In these, junk between packets is common (tags, cuts on the air), and every player skips it.
_SKIP_JUNK = {"mp3", "mp2", "mp1"}
_LOSSLESS = {"flac", "alac", "wavpack", "tta", "ape", "tak", "mlp", "truehd"}
_CODEC_BITS = re.compile(r"pcm_[suf](\d+)")
# A film's sound may begin later than its picture; less is how encoders pad.
_LEAD_S = 0.1
# Counting the packets of so much takes a tenth of a second.
_QUICK_BYTES = 64 << 20


class Input:
    """A container with one of its audio tracks chosen.

    Args:
        opened: the file; it is read from its beginning.
        choice: which of the audio tracks, the best one first.
    """

    def __init__(self, opened: Opened, choice: int = 0) -> None:
        import av

        av.logging.set_level(None)
        self.errors = (av.FFmpegError, ValueError, OSError, RuntimeError, EOFError, IndexError)
        self._opened = opened
        self.choice = choice
        opened.rewind()
        try:
            self.container: Any = av.open(
                opened.file, container_options=_OPTIONS, metadata_errors="replace"
            )
        except self.errors as error:
            raise DecodeError(plain(error)) from error
        try:
            self.stream: Any = self._choose(choice)
            self._prepare()
        except BaseException:
            self.close()
            raise
        context = self.stream.codec_context
        self.container_name = self.container.format.name
        self.codec = context.codec.canonical_name
        self.elementary = self.container_name in _ELEMENTARY
        # AVI counts its chunks and calls that time.
        self.clocked = not self.elementary and self.container_name != "avi"
        self.gapless = self.container_name in _GAPLESS
        self.sparse = self.container_name in _SPARSE
        self.mpeg = self.codec in _SKIP_JUNK
        self.lossless = self.codec in _LOSSLESS or self.codec.startswith("pcm_")
        self.broadcast = self.container_name in _BROADCAST
        self.tolerant = self.elementary or self.mpeg or self.broadcast
        self.longest_gap_s = (
            clock.LONGEST_BROADCAST_GAP_S if self.broadcast else clock.LONGEST_GAP_S
        )
        # A film's length says nothing about where its sound ends.
        self.states_sound = self.stream.duration is not None or len(self.container.streams) == 1

    def _choose(self, choice: int) -> Any:
        best = self.container.streams.best("audio")
        tracks = [one for one in self.container.streams.audio if one is not best]
        tracks = [one for one in [best, *tracks] if one is not None]
        if choice >= len(tracks):
            raise DecodeError("it has no audio track" if not tracks else "it has no other track")
        self.tracks = len(tracks)
        return tracks[choice]

    def _prepare(self) -> None:
        import av

        context = self.stream.codec_context
        if context is None:
            raise DecodeError("the codec of its audio track is unknown")
        if self.container.format.name == "caf":
            # Its last ALAC packet says itself how much it holds; FFmpeg would cut that twice.
            context.flags2 |= av.codec.context.Flags2.skip_manual
        if context.codec.canonical_name in _LOSSLESS:
            # Without this, a damaged frame comes out as noise.
            context.options = {"err_detect": "crccheck+explode"}

    def tags(self) -> Mapping[str, str]:
        """What the file says in words; Ogg says it of its stream."""
        return tags_found({**self.stream.metadata, **self.container.metadata})

    # -- lengths ---------------------------------------------------------------------------------

    def stated_s(self, rate_hz: int) -> float | None:
        """The length that the file states; None where there is none, or only a guess."""
        if self.elementary:
            samples = mpeg.stated_samples(self._opened) if self.mpeg else None
            return samples / rate_hz if samples else None
        seconds = None
        if self.stream.duration is not None and self.stream.time_base is not None:
            seconds = float(self.stream.duration * self.stream.time_base)
        elif self.container.duration is not None:
            seconds = self.container.duration / 1e6
        return seconds if seconds is not None and seconds > 0 else None

    def total(self, rate_hz: int) -> int | None:
        """The number of samples where the container counts them."""
        seconds = self.stated_s(rate_hz)
        counts = self.lossless or self.container_name == _MP4
        if seconds is None or self.container_name not in _EXACT or not counts:
            return None
        return round(seconds * rate_hz) if self.stream.time_base * rate_hz == 1 else None

    def may_be_counted(self, size: int) -> bool:
        """Whether going through all packets is quick, or the only way to know the length."""
        return self.elementary or size <= _QUICK_BYTES

    def packets(self, usual_s: float) -> Iterator[tuple[float | None, float]]:
        """Yield time and length of each packet in seconds, without decoding them.

        Args:
            usual_s: the length of a packet that does not say it.

        Raises:
            DecodeError: the container cannot be followed.
        """
        try:
            for packet in self.container.demux(self.stream):
                if packet.size == 0:
                    continue
                if packet.duration and packet.time_base is not None:
                    usual_s = float(packet.duration * packet.time_base)
                yield self.time_s(packet) if self.clocked else None, usual_s
        except self.errors as error:
            raise DecodeError(plain(error)) from error

    # -- times -----------------------------------------------------------------------------------

    @staticmethod
    def time_s(item: Any) -> float | None:
        """The time stamp of a packet or frame."""
        if item.pts is None or item.time_base is None:
            return None
        return float(item.pts * item.time_base)

    def latest_s(self) -> float | None:
        """No sound can begin later, by the container's length."""
        if self.elementary or self.container.duration is None:
            return None
        start = max(0, self.container.start_time or 0)
        return (start + self.container.duration) / 1e6 + 1.0

    def lead_s(self, first_s: float | None) -> float:
        """How much later than the recording its sound begins."""
        start = self.container.start_time
        if first_s is None or start is None or not self.clocked:
            return 0.0
        start_s = start / 1e6
        if "matroska" in self.container_name and self.container.duration is not None:
            # Its times and its length count from zero.
            start_s = 0.0 if first_s < self.container.duration / 1e6 else first_s
        elif len(self.container.streams) == 1:
            return 0.0
        late = first_s - start_s
        return late if _LEAD_S < late <= self.longest_gap_s else 0.0

    def bits(self) -> int | None:
        """Bits per sample of uncompressed and lossless codecs."""
        context = self.stream.codec_context
        if self.codec in _LOSSLESS and context.format is not None:
            return int(context.format.bits)
        stored = _CODEC_BITS.match(self.codec)
        return int(stored.group(1)) if stored else None

    def close(self) -> None:
        """Close the container, not the file."""
        self.container.close()


def plain(error: BaseException) -> str:
    """What a library complains of."""
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
