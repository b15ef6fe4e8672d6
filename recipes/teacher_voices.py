"""Vectors of the teacher for `recipes/voices.py`: resemblyzer (Apache-2.0) on clean recordings.

    python recipes/teacher_voices.py .runs/voices

It runs in an environment with `resemblyzer==0.1.4`, `webrtcvad-wheels` and `librosa`, and needs
nothing of tympan.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    """Write `teacher.npy` `(recordings, 256)` beside `speech.pcm`, and the teacher's weights."""
    import torch
    from resemblyzer import VoiceEncoder, normalize_volume, trim_long_silences
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    rows = json.loads((folder / "speech.json").read_text(encoding="utf-8"))
    pcm = np.memmap(folder / "speech.pcm", "<i2", "r")
    encoder = VoiceEncoder("cpu", verbose=False)
    names = ("lstm", "linear")
    state = {k: v.contiguous() for k, v in encoder.state_dict().items() if k.startswith(names)}
    save_file(state, folder / "teacher.safetensors")
    found = np.zeros((len(rows), 256), np.float32)
    for i, row in enumerate(rows):
        wave = pcm[row["start"] : row["start"] + row["length"]].astype(np.float32) / 32767
        spoken = trim_long_silences(normalize_volume(wave, -30, increase_only=True))
        found[i] = encoder.embed_utterance(spoken if len(spoken) > 8000 else wave)
        if i % 200 == 0:
            print(i, "of", len(rows), flush=True)
    np.save(folder / "teacher.npy", found)


if __name__ == "__main__":
    main()
