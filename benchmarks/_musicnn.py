"""Tags of musicnn, for `benchmarks.music_tags`; run by an interpreter that has it.

    python benchmarks/_musicnn.py list.json answers.json

musicnn 0.1.0 (ISC) needs TensorFlow 2.15, NumPy below 2 and librosa below 0.11, so it has an
environment of its own. Source: Pons and Serra, *musicnn: pre-trained convolutional neural networks
for music audio tagging*, 2019.
"""

# mypy: ignore-errors
import json
import sys
import tempfile

SHORTEST_S = 3.2  # it takes windows of three seconds


def main() -> None:
    """Read a list of files, write the tags' mean scores of each."""
    import librosa
    import numpy as np
    import soundfile

    # It passes samples by position, which newer versions of librosa refuse.
    mel = librosa.feature.melspectrogram
    librosa.feature.melspectrogram = lambda *a, **k: mel(**({"y": a[0], **k} if a else k))
    from musicnn.extractor import extractor

    with open(sys.argv[1], encoding="utf-8") as file:
        files = json.load(file)
    found = []
    for name in files:
        wave, rate_hz = soundfile.read(name, always_2d=True)
        wave = wave.mean(1)
        if len(wave) < SHORTEST_S * rate_hz:
            wave = np.tile(wave, int(SHORTEST_S * rate_hz / len(wave)) + 1)
        with tempfile.NamedTemporaryFile(suffix=".wav") as work:
            soundfile.write(work.name, wave, rate_hz)
            scores, tags = extractor(work.name, model="MTT_musicnn", extract_features=False)
        found.append(dict(zip(tags, map(float, np.mean(scores, 0)), strict=True)))
        print(len(found), "of", len(files), file=sys.stderr, flush=True)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
