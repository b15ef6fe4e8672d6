"""Reading files into memory beside librosa, soundfile alone and PyAV alone.

Every library turns the same file, made on the spot, into the same float32 samples; "resampled"
means 16 kHz mono. One thread of Python, files in the disk cache; the libraries take turns, and a
ratio is the median over the turns, with the smallest and the largest in brackets. soundfile gives a
view of interleaved channels; "soundfile, channels apart" is one copy more, after which each channel
is in one piece, as tympan and PyAV give it.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import soundfile

import tympan
from benchmarks._files import FORMATS, SEED, rate_of, sound, write
from benchmarks.common import (
    DATA,
    Timing,
    arguments,
    compare,
    key_of,
    main,
    speedup,
    times_faster,
)

SHORT_S, SHORT_FILES, LONG_S, ROUNDS = 5.0, 4, 120.0, 5
TO_HZ = 16000
APART = "soundfile, channels apart"
# Real recordings, where they are: set → how many of its files.
SETS = {"esc50": 60, "librispeech": 40, "fsdd": 200}
QUICK = ("WAV, 16 bit", "Opus", "M4A (AAC)")

Reader = Callable[[Path], object]


def read_with_av(path: Path, rate_hz: int | None) -> np.ndarray:
    """Decode with PyAV: float32 (c, t), resampled to mono if a rate is given."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        first = next(file.decode(stream))
        layout = "mono" if rate_hz else first.layout
        into = av.AudioResampler("fltp", layout, rate_hz or first.sample_rate)
        parts = [frame.to_ndarray() for frame in into.resample(first)]
        for frame in file.decode(stream):
            parts += [ready.to_ndarray() for ready in into.resample(frame)]
        parts += [ready.to_ndarray() for ready in into.resample(None)]
    return np.concatenate(parts, axis=1)


def read_with_soundfile(path: Path) -> np.ndarray:
    """Decode with soundfile: float32 (c, t), a view of interleaved channels."""
    samples: np.ndarray = soundfile.read(path, dtype="float32", always_2d=True)[0]
    return samples.T


def readers(resampled: bool) -> dict[str, Reader]:
    """Name of the library → a function that reads a file."""
    rate_hz = TO_HZ if resampled else None
    found: dict[str, Reader] = {
        "tympan": lambda path: tympan.load(path, rate_hz=rate_hz, mono=resampled).samples
    }
    try:
        import librosa

        found["librosa"] = lambda path: librosa.load(path, sr=rate_hz, mono=resampled)[0]
    except ImportError:
        print("without librosa", file=sys.stderr)
    if not resampled:
        found["soundfile"] = read_with_soundfile
        found[APART] = lambda path: np.ascontiguousarray(read_with_soundfile(path))
    found["PyAV"] = lambda path: read_with_av(path, rate_hz)
    return found


def timed(paths: Sequence[Path], resampled: bool, rounds: int) -> dict[str, Timing]:
    """Time all libraries that can read these files."""
    candidates: dict[str, Callable[[], object]] = {}
    for name, read in readers(resampled).items():
        try:
            shape = np.shape(read(paths[0]))
        except Exception as error:
            if name == "tympan":
                raise
            print(f"{name} cannot read {paths[0].suffix}: {error}", file=sys.stderr)
            continue
        assert shape[-1] > 0, f"{name} reads nothing"
        candidates[name] = lambda read=read: [read(path) for path in paths]
    return compare(candidates, rounds=rounds, warmup=0, round_s=0.05)


def result(
    what: str, key: str, paths: Sequence[Path], total_s: float, rounds: int
) -> tuple[dict[str, object], dict[str, float]]:
    """One row of the table, and its figures."""
    plain, small = timed(paths, False, rounds), timed(paths, True, rounds)
    row: dict[str, object] = {"files": what}
    figures: dict[str, float] = {}
    for suffix, timings in (("", plain), ("_resampled", small)):
        seconds = timings["tympan"].median_s
        figures[f"{key}{suffix}_files_per_s"] = len(paths) / seconds
        figures[f"{key}{suffix}_x_real_time"] = total_s / seconds
        how = "resampled: " if suffix else ""
        row[f"{how}files/s"] = f"{len(paths) / seconds:,.4g}"
        row[f"{how}× real time"] = f"{total_s / seconds:,.0f}"
        for peer in ("librosa", "PyAV") if suffix else ("librosa", "soundfile", APART, "PyAV"):
            row[f"{how}faster than {peer}"] = times_faster(timings, peer)
            if peer in timings:
                word = peer.replace(",", "").replace(" ", "_")
                figures[f"{key}{suffix}_vs_{word}"] = speedup(timings, "tympan", peer)
    print(" | ".join(str(value) for value in row.values()), file=sys.stderr, flush=True)
    return row, figures


def made(quick: bool) -> tuple[list[dict[str, object]], list[dict[str, object]], dict[str, float]]:
    """Measure files made here: the rows of short and of long ones, and the figures."""
    tables: tuple[list[dict[str, object]], list[dict[str, object]]] = ([], [])
    figures: dict[str, float] = {}
    short_s, long_s, rounds = (0.5, 2.0, 1) if quick else (SHORT_S, LONG_S, ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        for name in QUICK if quick else FORMATS:
            suffix, rate_hz = FORMATS[name][0], rate_of(name)
            paths = [Path(folder) / f"{i}.{suffix}" for i in range(SHORT_FILES)]
            for i, path in enumerate(paths):
                write(path, name, sound(short_s, rate_hz, seed=SEED + i), rate_hz)
            long = Path(folder) / f"long.{suffix}"
            write(long, name, sound(min(30.0, long_s), rate_hz, seed=SEED), rate_hz, long_s)
            for table, length_s, files in (
                (tables[0], short_s, paths),
                (tables[1], long_s, [long]),
            ):
                key = f"{key_of(name)}_{'short' if table is tables[0] else 'long'}"
                row, found = result(
                    name, key, files, length_s * len(files), rounds if len(files) > 1 else 3
                )
                table.append(row)
                figures |= found
            for path in (*paths, long):
                path.unlink()
    return *tables, figures


def real(quick: bool) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Measure real recordings, where they are."""
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for name, most in SETS.items():
        paths = sorted((DATA / name / "audio").rglob("*.*"))[: 3 if quick else most]
        paths = [path for path in paths if path.suffix in (".opus", ".flac", ".wav", ".ogg")]
        if not paths:
            print(f"without {name}: not at {DATA}", file=sys.stderr)
            continue
        infos = [tympan.probe(path) for path in paths]
        total_s = sum(info.duration_s or 0.0 for info in infos)
        what = f"{name}: {len(paths)} × {infos[0].codec}, {infos[0].rate_hz / 1000:g} kHz"
        row, found = result(what, name, paths, total_s, 1 if quick else ROUNDS)
        rows.append(row)
        figures |= found
    return rows, figures


WHY = """
tympan reads what libsndfile knows through libsndfile, everything else and MPEG through FFmpeg, in
pieces of a mebibyte, and checks on the way what the peers leave unchecked: cut files, headers that
promise more than there is, samples that are not numbers. So soundfile with its channels apart is
the floor for the first kind, PyAV alone for the second; a ratio of 1 to them means that the checks
cost nothing.

- **WAV and its kin** hold samples as they are: reading is copying, at thousands of times real time,
  and there every further look at the samples shows. tympan looks whether all are numbers, and puts
  each channel in one piece, where soundfile gives a view of interleaved ones: that part is in the
  column "soundfile, channels apart", too; what is left is opening the file, and the checks. Tried
  and kept: each piece goes to its place while it is in the cache, which saved a third of the time
  of long files; and one dot product of a piece with itself tells that all samples are numbers (only
  where its result is not finite is each of them looked at).
- **MP3**: libsndfile's decoder is faster than FFmpeg's, but it has to read a file whole to open it:
  an hour of sound would be read to answer about its first second. tympan takes FFmpeg's.
- **What only FFmpeg reads**: beside the decoder, each of its small frames is put in order and
  checked, a quarter of the time.
- **Opus**: FFmpeg's own decoder is faster than libopus, which libsndfile uses. tympan stays with
  the latter: it decodes at the rate that the file was made from (FFmpeg always at 48 kHz).
- **Resampled**, most of the time is soxr's at high quality, in tympan and librosa alike; PyAV's
  short filters save that time and let more alias through (a tone of 8.2 kHz, folded to 7.8 kHz, is
  15 dB down there, 143 dB here).
"""


if __name__ == "__main__":
    options = arguments("decode")
    warnings.simplefilter("ignore")
    short, long, ratios = made(options.quick)
    recordings, more = real(options.quick)
    tables = {f"Long files: {LONG_S:g} s": long}
    if recordings:
        tables["Real recordings"] = recordings
    main(
        "decode",
        short,
        ratios | more,
        title="Decoding",
        about=(__doc__ or "").strip()
        + f"\n\nShort files: {SHORT_FILES} of {SHORT_S:g} s, stereo, 44.1 kHz (Opus: 48 kHz), a "
        f"wandering tone in pink noise (seed {SEED}); {ROUNDS} rounds, for long files 3. – : the "
        "library cannot read it. For resampling librosa uses soxr as tympan does, PyAV FFmpeg's "
        "own, which is faster and less exact.",
        more=tables,
        why=WHY,
    )
