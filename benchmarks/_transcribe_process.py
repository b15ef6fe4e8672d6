"""What a recogniser hears in recordings, measured in a process of its own.

    pip install pocketsphinx        # for that peer; the engines are extras of tympan

Reads one JSON object: `system`, `data`, `files`, `noise_db`, `seed`, and in `engines` a folder of
packages that is looked in last; prints the texts, processor seconds for each second of sound, and
the peak of memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

RATE_HZ = 16000
BLOCK = RATE_HZ // 4
Hear = Callable[[np.ndarray], str]


def waves(job: dict) -> list[np.ndarray]:
    """The recordings `(t,)`, with noise where that is wanted."""
    import tympan

    data = Path(job["data"])
    found = [tympan.load(data / one, rate_hz=RATE_HZ, mono=True).samples[0] for one in job["files"]]
    if job["noise_db"] is None:
        return found
    import csv

    with open(data / "esc50" / "metadata.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["fold"] == "5"]
    rng = np.random.default_rng(job["seed"])
    mixed = []
    for wave in found:
        row = rows[int(rng.integers(len(rows)))]
        noise = tympan.load(data / "esc50" / row["file_name"], rate_hz=RATE_HZ, mono=True)
        long = np.resize(noise.samples[0], len(wave))
        power = max(1e-9, float(np.square(long).mean()))
        gain = np.sqrt(np.square(wave).mean() / power / 10 ** (job["noise_db"] / 10))
        both = wave + gain * long
        mixed.append((both / max(1.0, float(np.abs(both).max()))).astype(np.float32))
    return mixed


def bare(name: str) -> Hear:
    """An engine alone, as its package is used."""
    from tympan.tasks.answering import load

    recogniser = load(name, "transcribe", "cpu").recogniser  # type: ignore[attr-defined]

    def hear(wave: np.ndarray) -> str:
        return " ".join(one.text for one in recogniser.words(wave))

    return hear


def by_verb(name: str) -> Hear:
    """The verb with that engine."""
    import tympan

    def hear(wave: np.ndarray) -> str:
        clip = tympan.Clip(wave[None], RATE_HZ)
        return tympan.transcribe(clip, model=name, device="cpu").text

    return hear


def cleaned_first(name: str) -> Hear:
    """The verb with that engine, behind the model `voice`."""
    import tympan

    def hear(wave: np.ndarray) -> str:
        clip = tympan.clean(tympan.Clip(wave[None], RATE_HZ), device="cpu")
        return tympan.transcribe(clip, model=name, device="cpu").text

    return hear


def pocketsphinx() -> Hear:
    """Its English model."""
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=RATE_HZ)

    def hear(wave: np.ndarray) -> str:
        decoder.start_utt()
        pcm = (np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return "" if found is None else found.hypstr

    return hear


def streamed(name: str, recordings: Sequence[np.ndarray]) -> tuple[str, float]:
    """All of them as one stream, with a second between two; and how late utterances come."""
    from tympan.tasks.answering import load

    pause = np.zeros(RATE_HZ, np.float32)
    whole = np.concatenate([part for wave in recordings for part in (wave, pause)])
    given_s = 0.0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal given_s
        for i in range(0, len(whole), BLOCK):
            given_s = (i + BLOCK) / RATE_HZ
            yield whole[i : i + BLOCK]

    texts, late_s = [], []
    for one in load(name, "transcribe", "cpu").stream(blocks()):
        texts.append(one.text)
        late_s.append(given_s - one.end_s)
    return " ".join(texts), float(np.median(late_s)) if late_s else 0.0


def with_times(name: str, way: str) -> Callable[[np.ndarray], list[tuple[str, float, float]]]:
    """Words with their times, by the verb; `by letters`: spread over what was heard."""
    import tympan
    from tympan.tasks.answering import load

    model = load(name, "transcribe", "cpu")
    if way == "by letters":
        model._aligner = None  # type: ignore[attr-defined]

    def hear(wave: np.ndarray) -> list[tuple[str, float, float]]:
        found = model(tympan.Clip(wave[None], RATE_HZ))
        return [(w.text, w.start_s, w.end_s) for one in found.segments for w in one.words]

    return hear


def main() -> None:
    """Answer one job."""
    import warnings

    warnings.simplefilter("ignore")
    job = json.load(sys.stdin)
    if job["engines"]:
        sys.path.append(job["engines"])
    name, _, way = job["system"].partition(", ")
    found = waves(job)
    length_s = sum(map(len, found)) / RATE_HZ
    timed = way in ("words", "by letters")
    hear: Callable[[np.ndarray], object]
    try:
        if timed:
            hear = with_times(name, way)
        elif name == "pocketsphinx":
            hear = pocketsphinx()
        else:
            hear = {"bare": bare, "clean": cleaned_first}.get(way, by_verb)(name)
        hear(np.zeros(RATE_HZ, np.float32))  # what is loaded at the first call is no part of it
    except ImportError as error:
        raise SystemExit(f"not installed: {error}") from error
    begun, answer = time.process_time(), {}
    if way == "streamed":
        text, answer["late_s"] = streamed(name, found)
        heard: list[object] = [text]
    else:
        heard = [hear(wave) for wave in found]
    answer["words" if timed else "texts"] = heard
    answer["cpu"] = (time.process_time() - begun) / length_s
    answer["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
