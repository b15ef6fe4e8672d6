"""Damage files of every format and read them: `make fuzz`, or `python tests/audio/fuzz.py --help`.

Each case must end in a sound or a `TympanError`, without a crash, a hang or much memory; and a
sound must keep what `load` promises:

- joined blocks, a slice and `partial=True` give the same samples as the whole;
- `probe` tells the same rate and channels, and never a wrong number of samples;
- nothing is lost without a word: of a file with another one behind it both are read; where a file
  was cut that states its length, that is said.

The cases run in processes of their own, so that a crash of a library is seen as one.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import struct
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests_audio import FFMPEG, SNDFILE, encoded
from tympan.audio import AudioInfo, Clip, blocks, concat, load, probe
from tympan.errors import AudioFileError, TympanError

HANG_S = 120  # far beyond any honest case, also on a busy machine
KINDS = {
    "byte": 2,
    "word": 2,
    "payload": 1,
    "cut": 1,
    "insert": 1,
    "delete": 1,
    "zero": 1,
    "copy": 1,
    "tail": 1,
    "join": 1,
    "nothing": 1,
}
WORDS = (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 65536, 3)
# These state no length, and may end anywhere.
UNSTATED = {"adts", "mp2", "mpegts", "flv"}
PART_S = (0.4, 0.8)
# Of damaged Opus, decoders that began at different places agree only after a while.
TOLERANCE = {"opus": 0.05, "webm": 0.05}


def most_memory_kib() -> int:
    """Of this process, so far."""
    import resource  # Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def mutate(data: bytes, kind: str, rng: random.Random) -> bytes:
    """Change a file as accidents and attackers do."""
    out, size = bytearray(data), len(data)
    at = rng.randrange(size)
    some = bytes(rng.randrange(256) for _ in range(rng.randint(1, 60)))
    if kind == "byte":  # in the header
        for _ in range(rng.randint(1, 4)):
            out[rng.randrange(min(size, 200))] = rng.randrange(256)
    elif kind == "word":
        at = rng.randrange(min(size - 4, 200))
        out[at : at + 4] = struct.pack(rng.choice("<>") + "I", rng.choice(WORDS))
    elif kind == "payload":
        for value in some:
            out[rng.randrange(size)] = value
    elif kind == "cut":
        del out[at:]
    elif kind == "insert":
        out[at:at] = some
    elif kind == "delete":
        del out[at : at + rng.randint(1, 3000)]
    elif kind == "zero":
        out[at : at + 200] = bytes(len(out[at : at + 200]))
    elif kind == "copy":
        start, count = rng.randrange(size), rng.randint(1, 1000)
        out[at : at + count] = out[start : start + count]
    elif kind == "tail":
        out += some
    elif kind == "join":
        out += data
    return bytes(out)


class Case:
    """One damaged file, read in all ways.

    Args:
        name: its format.
        kind: how it was damaged.
        path, data: the file, and its bytes.
        right_s: how long the undamaged sound is.
        counts: what came of each way, counted.
    """

    def __init__(
        self, name: str, kind: str, path: Path, data: bytes, right_s: float, counts: Counter[str]
    ) -> None:
        self.name, self.kind, self.path, self.data = name, kind, path, data
        self.right_s, self.counts = right_s, counts

    def _attempt(self, way: object) -> object:
        try:
            found = way()  # type: ignore[operator]
        except TympanError as error:
            found = error
        self.counts["refused" if isinstance(found, TympanError) else "read"] += 1
        if isinstance(found, TympanError):
            assert 0 < len(str(found)) < 600, "no clear message"
            assert "\n" not in str(found), "no clear message"
        return found

    def run(self) -> None:
        """Read the file in every way, and compare."""
        info = self._attempt(lambda: probe(self.path))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            whole = self._attempt(lambda: load(self.path))
        said = bool(caught)
        rest = self._attempt(lambda: load(self.data, partial=True, max_duration_s=600))
        part = self._attempt(lambda: load(self.data, start_s=PART_S[0], end_s=PART_S[1]))
        low = self._attempt(
            lambda: sum(1 for _ in blocks(self.path, block_s=0.3, rate_hz=8000, mono=True))
        )
        if isinstance(whole, Clip):
            assert isinstance(info, AudioInfo), "loaded, but not probed"
            self._compare(info, whole, said)
            self._compare_slice(whole, part)
            if isinstance(rest, Clip):
                assert np.array_equal(rest.samples, whole.samples), "partial is another"
            longer = max(0.31, 2 / whole.rate_hz)
            joined = concat(b.clip for b in blocks(self.path, block_s=longer))
            assert np.array_equal(joined.samples, whole.samples), "blocks are others"
            may = (
                "too few to resample",
                "holds no sample",
                "not finite",
            )  # to be resampled to 8 kHz
            allowed = isinstance(low, int) or any(text in str(low) for text in may)
            assert allowed, f"blocks are refused: {low}"
        elif isinstance(whole, AudioFileError) and "is damaged after" in str(whole):
            before_s = float(str(whole).split("is damaged after ")[1].split()[0])
            if before_s > 0.01 and "longer than" not in str(rest):
                assert isinstance(rest, Clip), f"partial gives nothing: {rest}"
                assert rest.duration_s > before_s - 0.01, "partial gives less than is whole"

    def _compare(self, info: AudioInfo, whole: Clip, said: bool) -> None:
        assert (info.rate_hz, info.channels) == (whole.rate_hz, whole.channels), "probe differs"
        if info.num_samples is not None and not said:
            assert info.num_samples == whole.num_samples, "probe counts otherwise"
        if said:
            return
        if self.kind in ("join", "nothing"):
            times = 2 if self.kind == "join" else 1
            assert whole.duration_s > times * self.right_s - 0.15, f"lost: {whole}"
        if self.kind == "cut" and self.name not in UNSTATED:
            assert whole.duration_s > self.right_s - 0.15, f"lost: {whole}"

    def _compare_slice(self, whole: Clip, part: object) -> None:
        first, last = (round(s * whole.rate_hz) for s in PART_S)
        wanted = whole.samples[:, first:last]
        if wanted.size == 0:
            assert isinstance(part, TympanError), "a slice of nothing"
            return
        assert isinstance(part, Clip), f"a slice of a whole sound is refused: {part}"
        assert part.samples.shape == wanted.shape, "the slice has another length"
        worst = float(np.abs(part.samples - wanted).max())
        assert worst <= TOLERANCE.get(self.name, 1e-5), f"the slice differs by {worst}"


def work(seed: int, first: int, cases: int, folders: list[str]) -> None:
    """Run some cases in this process and print one JSON object."""
    seeds = [(name, encoded(name)) for name in (*SNDFILE, *FFMPEG)]
    for folder in folders:
        for pattern in ("esc50/audio/*.opus", "librispeech/audio/test-other/*.flac"):
            files = sorted(Path(folder).glob(pattern))[::50][:3]
            seeds += [(path.suffix[1:], path.read_bytes()[:200_000]) for path in files]
    counts: Counter[str] = Counter()
    right_s = {name: load(encoded(name)).duration_s for name in (*SNDFILE, *FFMPEG)}
    start_kib = most_memory_kib()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "case"
        for number in range(first, first + cases):
            name, data = seeds[number % len(seeds)]
            rng = random.Random(f"{seed} {number}")
            [kind] = rng.choices([*KINDS], [*KINDS.values()])
            if name not in right_s and kind in ("join", "nothing", "cut"):
                kind = "payload"  # cut here already
            data = mutate(data, kind, rng)
            path.write_bytes(data)
            # A hang prints where it is and ends the process.
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    Case(name, kind, path, data, right_s.get(name, 0.0), counts).run()
            except BaseException as error:
                print(f"case {number} of seed {seed}, {name}, {kind}: {error}", file=sys.stderr)
                raise
            finally:
                faulthandler.cancel_dump_traceback_later()
    grown = most_memory_kib() - start_kib
    print(json.dumps({"cases": cases, "grown_mib": grown / 1024, **counts}))


def campaign(seed: int, begin: int, cases: int, processes: int, folders: list[str]) -> int:
    """Run many cases in processes of their own; return how many of these failed."""
    step = 250
    failed = 0

    def one(first: int) -> tuple[int, subprocess.CompletedProcess[str]]:
        command = [sys.executable, "-X", "faulthandler", __file__, "--seed", str(seed)]
        count = min(step, begin + cases - first)
        command += ["--first", str(first), "--cases", str(count), *folders]
        return first, subprocess.run(command, capture_output=True, text=True)

    total: Counter[str] = Counter()
    with ThreadPoolExecutor(processes) as pool:
        for first, run in pool.map(one, range(begin, begin + cases, step)):
            if run.returncode or run.stderr:
                failed += 1
                lines = [line for line in run.stderr.splitlines() if line.startswith("case ")]
                what = lines[-1] if lines else run.stderr[-2000:]
                print(f"from {first} on, exit {run.returncode}: {what}", flush=True)
            else:
                found = json.loads(run.stdout)
                total.update({key: found[key] for key in ("cases", "read", "refused")})
                total["grown_mib"] = max(total["grown_mib"], round(found["grown_mib"]))
    print(json.dumps(total), f"failed: {failed}")
    return failed


def main() -> None:
    """Run the cases that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=0, help="0: in this process")
    parser.add_argument("folders", nargs="*", help="real recordings to damage as well")
    given = parser.parse_args()
    if given.processes:
        campaigned = (given.seed, given.first, given.cases, given.processes, given.folders)
        sys.exit(min(1, campaign(*campaigned)))
    work(given.seed, given.first, given.cases, given.folders)


if __name__ == "__main__":
    main()
