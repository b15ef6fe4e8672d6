"""Damage texts that tympan parses itself, and read them: `make fuzz` does it 100,000 times.

    python tests/fuzz_parsers.py --cases 100000 --seed 2026
    python tests/fuzz_parsers.py --parser rules --first 4711 --cases 1     # one case alone

Each case must end in a value or a `TympanError`, soon: a line for the user and no traceback. A
parser of a question that is not here is left out.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tympan.errors import TympanError

SLOW_S = 20.0  # far beyond any honest case, also on a busy machine
# What breaks parsers more often than chance does.
NASTY = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b"\t", b'"', b"'", b"\\",
    b"{", b"}", b"[", b"]", b"<", b">", b"&#0;", b"-", b"-1", b"0", b"1e999", b"NaN", b"Infinity",
    b"null", b"true", b"99999999999999999999", b"\xc3", b"\xed\xb3\xa9", "ä".encode(), b"%s", b"..",
    b"/", b"=", b",", b";", b":", b"[[" * 40, b"<a>" * 40, b"\x7f\xff\xff\xff", b"\x80\x80\x80\x80",
)  # fmt: skip


@dataclass(frozen=True)
class Parser:
    """What reads a file, and whole ones to begin with.

    Attributes:
        ending: of the files.
        seeds: contents that are right.
        read: is given the path of a file.
    """

    ending: str
    seeds: tuple[bytes, ...]
    read: Callable[[Path], Any]


def parsers() -> dict[str, Parser]:
    """All parsers by name."""
    from tympan.data import read_folder
    from tympan.data.annotations.detect import read_annotation
    from tympan.live.rules import load_rules
    from tympan.models import Card
    from tympan.tasks.identify.book import read_book
    from tympan.text.ssml import read_ssml

    card = Card("a", "classify", labels=["x", "y"], config={"rate_hz": 16000}).to_json().encode()
    rule = (
        b'[[model]]\nname = "sounds"\nevery_s = 0.5\n\n[[rule]]\nname = "glass"\n'
        b'labels = ["glass breaking"]\nthreshold = 0.6\nquiet = ["22:00-06:00"]\n'
        b'min_s = 1.5\ncooldown_s = 20\n\n[action.print]\ntype = "print"\n'
    )
    found = {
        "card": Parser(".json", (card,), Card.load),
        "rules": Parser(".toml", (rule,), load_rules),
        "metadata": Parser(
            ".csv",
            (
                b'file_name,label\na.wav,dog\n"b, c.wav",cat\n',
                b"\xef\xbb\xbffile_name;label;fold\r\na.wav;dog;1\r\nb.wav;cat;2\r\n",
                b"file_name\tstart_s\tend_s\tlabel\na.wav\t0.5\t1\tdog\n",
            ),
            lambda path: read_folder(path.parent, metadata=path),
        ),
        "ssml": Parser(
            ".xml",
            (
                b'<speak>Good <emphasis level="strong">morning</emphasis>.<break time="500ms"/>'
                b'<prosody rate="fast" pitch="+2st">Now.</prosody><say-as interpret-as="date">'
                b"2024-01-02</say-as></speak>",
            ),
            lambda path: read_ssml(path.read_bytes().decode("utf-8", "replace")),
        ),
        "book": Parser(".tympan", (_voice_book(),), read_book),
    }
    for ending, text in ANNOTATIONS.items():
        found[f"annotation{ending}"] = Parser(ending, (text,), read_annotation)
    notation = _module("tympan.notation.midi")
    if notation is not None:
        found["midi"] = Parser(".mid", (MIDI,), notation.read_midi)
    abc = _module("tympan.notation.abc")
    if abc is not None and hasattr(abc, "read_abc"):
        tune = b"X:1\nT:A tune\nM:6/8\nL:1/8\nK:G\nGAB c2d|e>f g2 z:|[1 (3ABc d4 :|[2 [Ace]4 |]\n"
        found["abc"] = Parser(".abc", (tune,), abc.read_abc)
    return found


ANNOTATIONS = {
    ".rttm": b"SPEAKER a 1 0.50 1.25 <NA> <NA> ann <NA> <NA>\nSPEAKER a 1 2 1 <NA> <NA> bob <NA>\n",
    ".srt": b"1\n00:00:00,500 --> 00:00:01,250\nHello.\n\n2\n00:00:02,000 --> 00:00:03,000\nYes\n",
    ".vtt": b"WEBVTT\n\n00:00.500 --> 00:01.250\n<v Ann>Hello\n\n00:02.000 --> 00:03.000\nYes\n",
    ".txt": b"0.500000\t1.250000\tdog\n\\\t100.0\t4000.0\n2.0\t3.0\tcat\n",
    ".selections.txt": (
        b"Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
        b"Annotation\n1\tSpectrogram 1\t1\t0.5\t1.25\t100\t4000\tdog\n"
    ),
    ".TextGrid": (
        b'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 2\n'
        b"tiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n"
        b'        class = "IntervalTier"\n        name = "words"\n        xmin = 0\n'
        b"        xmax = 2\n        intervals: size = 1\n        intervals [1]:\n"
        b'            xmin = 0\n            xmax = 2\n            text = "say ""no"""\n'
    ),
    ".csv": b"start_s,end_s,label\n0.5,1.25,dog\n2,3,cat\n",
}
MIDI = (
    b"MThd\0\0\0\6\0\1\0\2\1\xe0" b"MTrk\0\0\0\x13\0\xff\x51\3\7\xa1\x20\0\xff\x58\4\4\2\x18\x08"
    b"\0\xff\x2f\0" b"MTrk\0\0\0\x10\0\xc0\5\0\x90\x3c\x64\x83\x60\x80\x3c\0\0\xff\x2f\0"
)  # fmt: skip


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _voice_book() -> bytes:
    """A book of one voice, as `tympan enroll` writes it."""
    import json
    import struct

    head = {
        "format": "tympan voice book", "version": 1, "model": "voices", "digest": "x",
        "voices": [{"name": "Ann", "recordings": [[1.5, "2026-01-01"]]}], "calibration": {},
    }  # fmt: skip
    listing = json.dumps({
        "__metadata__": {"tympan": json.dumps(head)},
        "vectors": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
    }).encode()  # fmt: skip
    return struct.pack("<Q", len(listing)) + listing + struct.pack("<2f", 0.6, 0.8)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A content with one to six things done to it."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.randint(0, 12))
        match rng.randrange(7):
            case 0:
                data[at:end] = rng.choice(NASTY)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end] * rng.randint(1, 30)
            case 3 if data:
                data[min(at, len(data) - 1)] = rng.randrange(256)
            case 4:
                del data[at:]
            case 5 if b"\n" in data:
                lines = bytes(data).split(b"\n")
                rng.shuffle(lines)
                data = bytearray(b"\n".join(lines))
            case _:
                data[at:at] = rng.choice(NASTY)
        del data[100_000:]
    return bytes(data)


def run(names: list[str], cases: int, seed: int, first: int = 0) -> int:
    """Read damaged files with each of the parsers in turn; how many cases were no good."""
    known, failures = parsers(), 0
    wanted = names or list(known)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for case in range(first, first + cases):
            name = wanted[case % len(wanted)]
            one, rng = known[name], random.Random(f"{seed}-{name}-{case}")
            path = Path(folder, f"case{one.ending}")
            path.write_bytes(damaged(rng.choice(one.seeds), rng))
            begin = time.monotonic()
            try:
                one.read(path)
            except TympanError:
                pass
            except Exception:
                failures += 1
                print(f"{name}, case {case}: {path.read_bytes()[:300]!r}")
                traceback.print_exc(limit=-3)
            if time.monotonic() - begin > SLOW_S:
                failures += 1
                print(f"{name}, case {case}: takes more than {SLOW_S:g} s")
    return failures


def main() -> int:
    """Parse the arguments, and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--parser", action="append", default=[])
    options = parser.parse_args()
    failures = run(options.parser, options.cases, options.seed, options.first)
    print(f"{options.cases} cases, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
