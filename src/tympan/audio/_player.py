"""A clip to be listened to: by the loudspeaker, or as HTML with a player over a small waveform."""

from __future__ import annotations

import base64
import html
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.audio import _limits
from tympan.errors import MissingDependencyError, TympanError

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

_WIDTH, _HEIGHT = 600, 80
# WAV is exact and plays everywhere; beyond this length its size would choke a page.
_WAV_S, _MAX_S = 30.0, 600.0
# Rates that every browser plays and MP3 can hold.
_LOW_HZ, _HIGH_HZ = 8000, 48000


def player_html(clip: Clip) -> str:
    """Return self-contained HTML: waveform (SVG), `<audio>` holding the sound, a line of text."""
    excerpt = clip.slice(0.0, _MAX_S) if clip.duration_s > _MAX_S else clip
    title = html.escape(clip.name or "clip")
    what = "mono" if clip.channels == 1 else f"{clip.channels} channels"
    facts = [title, f"{clip.duration_s:.2f} s", f"{clip.rate_hz} Hz", what]
    if excerpt is not clip:
        facts.append(f"the player holds the first {_MAX_S:.0f} s")
    if excerpt.channels > 2:
        excerpt = excerpt.mono()
    if excerpt.peak > 1.0:
        facts.append("played softer: it goes beyond full scale")
    player = ""
    if clip.rate_hz * _limits.MAX_RATE_FACTOR >= _LOW_HZ:
        player = (
            f'<audio controls preload="metadata" style="width:100%" aria-label="{title}" '
            f'src="{_data_uri(excerpt)}"></audio>'
        )
    else:
        facts.append("too slow to be audible")
    return (
        f'<div class="tympan-clip" style="max-width:{_WIDTH}px;font:13px sans-serif">'
        f"{waveform_svg(clip)}"
        f"{player}"
        f'<div style="color:#666">{" &middot; ".join(facts)}</div></div>'
    )


def waveform_svg(clip: Clip, width: int = _WIDTH, height: int = _HEIGHT) -> str:
    """Return the waveform as inline SVG: the range of the samples in each column."""
    columns = min(width, clip.num_samples)
    edges = np.linspace(0, clip.num_samples, columns + 1).astype(int)[:-1]
    high = np.maximum.reduceat(clip.samples.max(axis=0), edges)
    low = np.minimum.reduceat(clip.samples.min(axis=0), edges)
    scale = (height / 2 - 1) / max(clip.peak, 1e-9)
    x = (np.arange(columns) + 0.5) * (width / columns)
    top = height / 2 - np.maximum(high * scale, 0.4)
    bottom = height / 2 - np.minimum(low * scale, -0.4)
    path = "".join(f"M{a:.1f} {b:.1f}V{c:.1f}" for a, b, c in zip(x, top, bottom, strict=True))
    return (
        f'<svg viewBox="0 0 {width} {height}" width="100%" role="img" '
        f'aria-label="waveform of {html.escape(clip.name or "clip")}" '
        f'style="display:block;background:#f6f8fa">'
        f'<path d="{path}" stroke="#2a6f97" stroke-width="{width / columns:.2f}" '
        'fill="none"/></svg>'
    )


def play(clip: Clip) -> None:
    """Play a clip; see `Clip.play`."""
    if _in_notebook():
        from IPython.display import HTML, display

        display(HTML(player_html(clip)))
        return
    sounddevice = _sounddevice()
    if clip.channels > 2:
        clip = clip.mono()
    try:
        rate_hz = int(sounddevice.query_devices(kind="output")["default_samplerate"])
        clip = clip.resample(rate_hz)
        sounddevice.play(np.clip(clip.samples.T, -1, 1), clip.rate_hz, blocking=True)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise TympanError(
            f"cannot be played ({error})",
            file=clip.name or None,
            fix="connect a loudspeaker, or save() the clip and open it elsewhere",
        ) from error


def open_output(rate_hz: int) -> Any:
    """A stream to the loudspeaker, one channel, to which samples `(t, 1)` are written.

    Raises:
        MissingDependencyError: sounddevice or PortAudio is not installed.
        TympanError: there is no loudspeaker.
    """
    sounddevice = _sounddevice()
    try:
        stream = sounddevice.OutputStream(samplerate=rate_hz, channels=1, dtype="float32")
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        what = f"the sound cannot be played ({error})"
        raise TympanError(what, fix="connect a loudspeaker, or write a file") from error
    return stream


def _sounddevice() -> Any:
    """The module that plays.

    Raises:
        MissingDependencyError: it or PortAudio is not installed.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise MissingDependencyError(
            "playing a clip outside a notebook needs sounddevice",
            fix="pip install sounddevice, or save() the clip and open it in a player",
        ) from error
    except OSError as error:  # the module is there, the library below it is not
        raise MissingDependencyError(
            "playing a clip needs PortAudio",
            fix="install it (on Debian and Ubuntu: apt install libportaudio2)",
        ) from error
    return sounddevice


def _in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel, which shows HTML."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _data_uri(clip: Clip) -> str:
    from tympan.audio._save import encode

    rate = min(max(clip.rate_hz, _LOW_HZ), _HIGH_HZ)
    short = clip.duration_s <= _WAV_S
    clip = clip.resample(rate if short else _mp3_rate(rate))
    if clip.peak > 1.0:  # of itself, or by the ripple of resampling
        clip = clip.normalize_peak()
    kind, *how = ("wav", "WAV", "PCM_16") if short else ("mpeg", "MP3", "MPEG_LAYER_III")
    data = encode(clip, *how)
    return f"data:audio/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _mp3_rate(rate_hz: int) -> int:
    rates = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
    return next(rate for rate in rates if rate >= rate_hz)
