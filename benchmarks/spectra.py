"""Spectra beside librosa, nnAudio, kaldi-native-fbank, and a bare transform of the same frames.

One thread for every library. Each gets the same samples and parameters, the libraries take turns,
and a ratio is the median over the turns. `rfft` is the floor: the real transform of the same
frames, without window, power, filters or result, in pieces that stay in the cache.

The brackets are of one process. From process to process both libraries differ by more: *fresh
processes* has the range over seven.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import kaldi_native_fbank as kaldi
import librosa
import numpy as np
import torch

from benchmarks.common import Timing, arguments, compare, main, speedup, times_faster
from tympan import spectra
from tympan.audio import Clip

SEED, ROUNDS = 0, 5
SHORT_S, LONG_S, MEDIUM_S, BATCH = 5, 600, 60, 64

Candidates = dict[str, Callable[[], object]]


@dataclass(frozen=True)
class Setting:
    """Frame sizes usual at a rate."""

    rate_hz: int
    n_fft: int
    hop: int
    n_mels: int

    @property
    def options(self) -> dict[str, int]:
        """The same for librosa's functions."""
        return {"n_fft": self.n_fft, "hop_length": self.hop}


SETTINGS = (Setting(16000, 512, 160, 80), Setting(44100, 2048, 441, 128))


def sound(rate_hz: int, duration_s: float, batch: int = 1) -> np.ndarray:
    """A swinging voice-like tone in noise, float32 (b, t)."""
    rng = np.random.default_rng(SEED)
    t = np.arange(int(duration_s * rate_hz), dtype=np.float32) / rate_hz
    phase = 2 * np.pi * (150 * t + 20 * np.sin(2 * np.pi * 0.3 * t))
    tone = sum(np.sin(h * phase) / h for h in (1, 2, 3, 5))
    noise = rng.standard_normal((batch, len(t)), dtype=np.float32)
    return (0.2 * tone + 0.02 * noise).astype(np.float32)


def floor(x: torch.Tensor, n_fft: int, hop: int) -> None:
    """The bare real transform of the frames of (b, t)."""
    step = max(1, (1 << 18) // n_fft)
    for row in x:
        for frames in row.unfold(0, n_fft, hop).split(step):
            torch.fft.rfft(frames)


def kaldi_fbank(x: np.ndarray, s: Setting, cepstra: bool = False) -> np.ndarray:
    """kaldi-native-fbank with the frames and bands of `s`."""
    options = kaldi.MfccOptions() if cepstra else kaldi.FbankOptions()
    frame = options.frame_opts
    frame.samp_freq, frame.dither, frame.preemph_coeff = s.rate_hz, 0, 0
    frame.window_type, frame.remove_dc_offset = "hanning", False
    frame.frame_length_ms, frame.frame_shift_ms = 1e3 * s.n_fft / s.rate_hz, 1e3 * s.hop / s.rate_hz
    options.mel_opts.num_bins, options.mel_opts.low_freq = s.n_mels, 0
    if cepstra:
        options.num_ceps = 20
    extractor = (kaldi.OnlineMfcc if cepstra else kaldi.OnlineFbank)(options)
    extractor.accept_waveform(s.rate_hz, x)
    extractor.input_finished()
    return np.stack([extractor.get_frame(i) for i in range(extractor.num_frames_ready)])


def log_mel(x: np.ndarray, s: Setting) -> Candidates:
    """Log-mel of a batch (b, t)."""
    batch, mono = torch.from_numpy(x), x[0]
    module = spectra.LogMel(s.rate_hz, s.n_fft, s.hop, s.n_mels)
    mel = {"sr": s.rate_hz, "n_mels": s.n_mels, **s.options}
    found: Candidates = {
        "tympan": lambda: module(batch),
        "librosa": lambda: [
            librosa.power_to_db(librosa.feature.melspectrogram(y=row, **mel), top_db=None)
            for row in x
        ],
        "rfft": lambda: floor(batch, s.n_fft, s.hop),
    }
    if x.size < 64 * s.rate_hz:
        theirs = nnaudio().MelSpectrogram(s.rate_hz, s.n_fft, n_mels=s.n_mels, hop_length=s.hop,
                                          verbose=False)  # fmt: skip
        found["nnAudio"] = lambda: torch.log10(theirs(batch).clamp(min=1e-10))
    if len(x) == 1:
        found["kaldi"] = lambda: kaldi_fbank(mono, s)
    return found


def stft(x: np.ndarray, s: Setting) -> Candidates:
    """The complex transform of one signal."""
    batch, mono = torch.from_numpy(x), x[0]
    module, shape = spectra.STFT(s.n_fft, s.hop), torch.hann_window(s.n_fft)
    found: Candidates = {
        "tympan": lambda: module(batch),
        "librosa": lambda: librosa.stft(mono, **s.options),
        "torch.stft": lambda: torch.stft(
            batch, s.n_fft, s.hop, window=shape, pad_mode="constant", return_complex=True
        ),
        "rfft": lambda: floor(batch, s.n_fft, s.hop),
    }
    if x.size < 64 * s.rate_hz:
        theirs = nnaudio().STFT(s.n_fft, hop_length=s.hop, verbose=False)
        found["nnAudio"] = lambda: theirs(batch)
    return found


def istft(x: np.ndarray, s: Setting) -> Candidates:
    """Back to the signal."""
    module, length = spectra.STFT(s.n_fft, s.hop), x.shape[1]
    spec, shape = module(torch.from_numpy(x)), torch.hann_window(s.n_fft)
    mono = spec[0].numpy()
    return {
        "tympan": lambda: module.inverse(spec, length),
        "librosa": lambda: librosa.istft(mono, length=length, **s.options),
        "torch.istft": lambda: torch.istft(spec, s.n_fft, s.hop, window=shape, length=length),
    }


def spectrogram(x: np.ndarray, s: Setting) -> Candidates:
    """Power of one signal."""
    batch, mono = torch.from_numpy(x), x[0]
    module = spectra.Spectrogram(s.n_fft, s.hop)
    return {
        "tympan": lambda: module(batch),
        "librosa": lambda: np.abs(librosa.stft(mono, **s.options)) ** 2,
        "rfft": lambda: floor(batch, s.n_fft, s.hop),
    }


def mfcc(x: np.ndarray, s: Setting) -> Candidates:
    """Twenty cepstral coefficients of one signal."""
    batch, mono = torch.from_numpy(x), x[0]
    module = spectra.MFCC(s.rate_hz, s.n_fft, s.hop, 20, s.n_mels, top_db=80.0)
    return {
        "tympan": lambda: module(batch),
        "librosa": lambda: librosa.feature.mfcc(
            y=mono, sr=s.rate_hz, n_mfcc=20, n_mels=s.n_mels, **s.options
        ),
        "kaldi": lambda: kaldi_fbank(mono, s, cepstra=True),
        "rfft": lambda: floor(batch, s.n_fft, s.hop),
    }


def pcen(x: np.ndarray, s: Setting) -> Candidates:
    """Per-channel energy normalisation of a mel spectrogram."""
    power = spectra.MelSpectrogram(s.rate_hz, s.n_fft, s.hop, s.n_mels)(torch.from_numpy(x))
    module, scaled = spectra.PCEN(s.rate_hz, s.hop), power[0].numpy() * 2**31
    return {
        "tympan": lambda: module(power),
        "librosa": lambda: librosa.pcen(scaled, sr=s.rate_hz, hop_length=s.hop),
    }


def chroma(x: np.ndarray, s: Setting) -> Candidates:
    """Chromagram of one signal."""
    batch, mono = torch.from_numpy(x), x[0]
    module = spectra.Chroma(s.rate_hz, s.n_fft, s.hop)
    return {
        "tympan": lambda: module(batch),
        "librosa": lambda: librosa.feature.chroma_stft(
            y=mono, sr=s.rate_hz, tuning=0.0, **s.options
        ),
        "rfft": lambda: floor(batch, s.n_fft, s.hop),
    }


def cqt(x: np.ndarray, s: Setting) -> Candidates:
    """Seven octaves in semitones of one signal, hop 512; tympan and librosa give equal numbers."""
    batch, mono = torch.from_numpy(x), x[0]
    module = spectra.ConstantQ(s.rate_hz, 512)
    found: Candidates = {
        "tympan": lambda: module(batch),
        "librosa": lambda: np.abs(
            librosa.cqt(mono, sr=s.rate_hz, hop_length=512, tuning=0.0, sparsity=0)
        ),
    }
    if x.size < 64 * s.rate_hz:
        theirs = nnaudio().CQT2010v2(s.rate_hz, 512, verbose=False)
        found["nnAudio"] = lambda: theirs(batch)
    return found


def griffin_lim(x: np.ndarray, s: Setting) -> Candidates:
    """Sixteen rounds with momentum."""
    magnitude = spectra.Spectrogram(s.n_fft, s.hop, power=1.0)(torch.from_numpy(x))
    module = spectra.GriffinLim(s.n_fft, s.hop, num_iterations=16, initial="zero")
    mono = magnitude[0].numpy()
    return {
        "tympan": lambda: module(magnitude),
        "librosa": lambda: librosa.griffinlim(
            mono, n_iter=16, hop_length=s.hop, n_fft=s.n_fft, init=None
        ),
    }


def pitch(x: np.ndarray, s: Setting) -> Candidates:
    """Pitch with voicing: librosa's yin decides no voicing, its pyin does."""
    clip, mono = Clip(x, s.rate_hz), x[0]
    options = {"fmin": 60, "fmax": 1000, "sr": s.rate_hz, "frame_length": 4 * s.hop * 2}
    hop = s.rate_hz // 100
    return {
        "tympan": lambda: spectra.pitch_track(clip),
        "librosa": lambda: librosa.pyin(mono, hop_length=hop, **options),
        "librosa.yin": lambda: librosa.yin(mono, hop_length=hop, **options),
    }


def nnaudio():
    """nnAudio's features; it writes to the screen when it is loaded."""
    from nnAudio import features

    return features


CASES: dict[str, tuple[Callable[[np.ndarray, Setting], Candidates], tuple[int, ...]]] = {
    "log_mel": (log_mel, (SHORT_S, LONG_S)),
    "spectrogram": (spectrogram, (SHORT_S, MEDIUM_S)),
    "stft": (stft, (SHORT_S, LONG_S)),
    "istft": (istft, (SHORT_S, MEDIUM_S)),
    "mfcc": (mfcc, (SHORT_S, MEDIUM_S)),
    "chroma": (chroma, (SHORT_S, MEDIUM_S)),
    "pcen": (pcen, (SHORT_S, MEDIUM_S)),
    "cqt": (cqt, (SHORT_S, MEDIUM_S)),
    "griffin_lim": (griffin_lim, (SHORT_S,)),
    "pitch": (pitch, (SHORT_S,)),
}


def jobs(quick: bool) -> Iterator[tuple[str, Setting, float, int, Candidates]]:
    """What to measure, one after the other: case, setting, seconds, batch, the libraries."""
    if quick:
        for case, (build, _) in CASES.items():
            yield case, SETTINGS[0], 1.0, 1, build(sound(SETTINGS[0].rate_hz, 1.0), SETTINGS[0])
        return
    for s in SETTINGS:
        for case, (build, durations) in CASES.items():
            for duration_s in durations:
                yield case, s, duration_s, 1, build(sound(s.rate_hz, duration_s), s)
        yield "log_mel", s, SHORT_S, BATCH, log_mel(sound(s.rate_hz, SHORT_S, BATCH), s)


def measure(quick: bool) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Return the rows of the table and the figures."""
    rows, figures = [], {}
    rounds, round_s = (1, 0.0) if quick else (ROUNDS, 0.1)
    for case, s, duration_s, batch, candidates in jobs(quick):
        few = duration_s == LONG_S  # seconds a call, which is repetition enough
        timings = compare(candidates, rounds=min(rounds, 3) if few else rounds, round_s=round_s)
        what = f"{case}_{s.rate_hz // 1000}k_{f'{batch}x' if batch > 1 else ''}{duration_s:g}s"
        rows.append(row(case, s, duration_s, batch, timings))
        print(" | ".join(str(value) for value in rows[-1].values()), file=sys.stderr, flush=True)
        figures[f"{what}_x_real_time"] = batch * duration_s / timings["tympan"].median_s
        for peer in timings:
            if peer == "rfft":
                figures[f"{what}_time_over_rfft"] = 1 / speedup(timings, "tympan", peer)
            elif peer != "tympan":
                figures[f"{what}_vs_{peer}"] = speedup(timings, "tympan", peer)
    for case in CASES:
        # The headline of each: 16 kHz, the longest signal measured.
        last = [key for key in figures if key.startswith(f"{case}_16k_")]
        longest = next(k for k in reversed(last) if k.endswith("_vs_librosa") and "x5s" not in k)
        figures[f"{case}_vs_librosa"] = figures[longest]
    return rows, figures


def row(
    case: str, s: Setting, duration_s: float, batch: int, timings: dict[str, Timing]
) -> dict[str, object]:
    """One line of the table."""
    others = [p for p in ("torch.stft", "torch.istft", "librosa.yin") if p in timings]
    return {
        "what": case,
        "signal": f"{s.rate_hz / 1000:g} kHz, {f'{batch} × ' if batch > 1 else ''}{duration_s:g} s",
        "time": timings["tympan"],
        "× real time": f"{batch * duration_s / timings['tympan'].median_s:,.0f}",
        "faster than librosa": times_faster(timings, "librosa"),
        "than nnAudio": times_faster(timings, "nnAudio"),
        "than kaldi": times_faster(timings, "kaldi"),
        "than another": f"{others[0]}: {times_faster(timings, others[0])}" if others else "–",
        "time over rfft": f"{1 / speedup(timings, 'tympan', 'rfft'):.1f} ×"
        if "rfft" in timings
        else "–",
    }


WHY = """
The aim for log-mel is 4 × librosa. On the processor named below, with AVX-512, it is met twice over
on ten minutes, and just met on a batch at 16 kHz; five seconds and a batch at 44.1 kHz miss it by a
tenth. On one of 2017 with AVX2 it was met on ten minutes at 44.1 kHz only. On one of 2023 with
AVX-512 and AMX, this script before it was shortened measured 4.0 × (5 s), 5.7 × (600 s) and 4.5 ×
(64 × 5 s) at 16 kHz, 3.6, 7.1 and 3.8 × at 44.1 kHz: the transforms and products that tympan leaves
to MKL gain more from a newer processor than librosa's do. Long signals fare better, because librosa
goes to memory with whole spectrograms where tympan works on pieces that stay in the cache; on five
seconds both work in the cache. There the time is: transforms 40 %, the product with the filters
40 %, window, squares and decibels the rest – and the transforms alone (`rfft`) bound the ratio.

Tried for the product: one dense product (twice as slow), sparse products of both layouts (2 to 3 ×
slower), adding real² + imag² first (halves the product, costs as much), 7 to 25 blocks of filters
(15, found by the cost model, is best). Tried for the whole: pieces of 2¹⁵ to 2²⁰ samples (flat
from 2¹⁸ on; one piece for the whole clip gains a tenth on one clip and loses as much on a batch),
buffers kept from piece to piece (slower). Not tried: products in bfloat16, which would give up the
agreement with librosa to four digits.

Normalising per channel (PCEN) is a recursion along time in either library, and the inverse and
Griffin-Lim consist of transforms: there the ratio is that of the transforms.
"""


if __name__ == "__main__":
    options = arguments("spectra")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    table, ratios = measure(options.quick)
    main(
        "spectra",
        table,
        ratios,
        title="Spectra",
        about=(__doc__ or "")
        + "\n16 kHz: frames of 512, hop 160, 80 mel bands; 44.1 kHz: frames of 2048, hop 441, 128 "
        "mel bands. Constant-Q: 84 bins, hop 512. Pitch: the peer is librosa.pyin, which decides "
        f"on voicing as tympan does. Seed {SEED}, {ROUNDS} rounds (for ten minutes 3), their range "
        "in brackets.",
        why=WHY,
    )
