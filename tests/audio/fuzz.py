"""Mutate files of every format and read them: `python tests/audio/fuzz.py SEED CASES [FOLDER]`.

Prints one JSON object. Runs in a process of its own, so that a crash of a library is seen as one
and the memory is its own. FOLDER holds real recordings to mutate as well.
"""

from __future__ import annotations

import faulthandler
import json
import random
import resource
import struct
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests_audio import FFMPEG, SNDFILE, encoded
from tympan.audio import blocks, load, probe
from tympan.errors import TympanError

HANG_S = 120  # far beyond any honest case, also on a busy machine
KINDS = ("byte", "byte", "word", "word", "payload", "cut", "insert", "delete", "zero", "copy", "")
WORDS = (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 65536, 3)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Change a file as accidents and attackers do."""
    out, size = bytearray(data), len(data)
    kind = rng.choice(
        [
            "byte",
            "byte",
            "word",
            "word",
            "payload",
            "cut",
            "insert",
            "delete",
            "zero",
            "copy",
            "tail",
        ]
    )
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
    else:
        out += some
    return bytes(out)


def read_every_way(path: Path, data: bytes, counts: Counter[str]) -> None:
    """Read one file in all ways; anything but an answer or a TympanError ends the process."""
    ways = (
        lambda: probe(path),
        lambda: load(path),
        lambda: load(path, partial=True, max_duration_s=600),
        lambda: load(data, start_s=0.4, end_s=0.8, rate_hz=22050),
        lambda: sum(1 for _ in blocks(path, block_s=0.3, rate_hz=8000, mono=True)),
    )
    for way in ways:
        try:
            way()
            counts["read"] += 1
        except TympanError as error:
            if not 0 < len(str(error)) < 600 or "\n" in str(error):
                raise ValueError("no clear message") from error
            counts["refused"] += 1


def main() -> None:
    """Run the cases that the command line asks for."""
    seed, cases, *folders = sys.argv[1:]
    seeds = [(name, encoded(name)) for name in (*SNDFILE, *FFMPEG)]
    for folder in folders:
        for pattern in ("esc50/audio/*.opus", "librispeech/audio/test-other/*.flac"):
            files = sorted(Path(folder).glob(pattern))[::50][:3]
            seeds += [(path.name, path.read_bytes()[:200_000]) for path in files]
    counts: Counter[str] = Counter()
    start_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "case"
        for number in range(int(cases)):
            name, data = seeds[number % len(seeds)]
            data = mutate(data, random.Random(f"{seed} {number}"))
            path.write_bytes(data)
            # A hang prints where it is and ends the process.
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            try:
                read_every_way(path, data, counts)
            except BaseException:
                print(f"case {number} of {name}", file=sys.stderr)
                raise
            faulthandler.cancel_dump_traceback_later()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start_kib
    print(json.dumps({"cases": int(cases), "grown_mib": grown / 1024, **counts}))


if __name__ == "__main__":
    main()
