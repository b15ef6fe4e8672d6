"""What basic-pitch hears, in a process and an environment of its own.

    python benchmarks/_notes_peer.py FILES.json OUT.json

`FILES.json` is a list of paths; `OUT.json` gets for each its notes (start, end, pitch), and the
seconds of processor time that all of them took.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Answer about all files."""
    from basic_pitch import ICASSP_2022_MODEL_PATH
    from basic_pitch.inference import Model, predict

    model = Model(ICASSP_2022_MODEL_PATH)
    files = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    predict(files[0], model)  # what is loaded late does not count
    found, start = {}, time.process_time()
    for file in files:
        _, _, events = predict(file, model)
        found[file] = sorted([float(s), float(e), int(p)] for s, e, p, *_ in events)
    answer = {"notes": found, "cpu_s": time.process_time() - start}
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
