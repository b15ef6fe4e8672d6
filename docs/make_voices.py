"""Make the page on which the voices can be heard: python docs/make_voices.py

It writes `docs/voices.md` and the sounds beside it (`docs/_static/voices/*.opus`): each speaker of
each voice that ships, the floor (the same net through Griffin-Lim), and, where
`benchmarks/_judges.py` has an interpreter, the teacher of `en`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))
SOUNDS = DOCS / "_static" / "voices"
TEXTS = {
    "en": "The pump in hall three has run for 1,250 hours. Shall I order new bearings, or wait?",
    "de": "Die Pumpe in Halle drei läuft seit 1250 Stunden. Soll ich neue Lager bestellen?",
}
TEACHER = ("af_heart", "am_michael")
HEAD = """# Hear the voices

All of these say the same sentence, in which nothing was chosen or mended. A machine speaks in every
one of them, and each file says so in its tags (`tympan show FILE`). How well they are understood
stands in [the benchmark](benchmarks/speak.md).

> {text}

| voice | speaker | |
|---|---|---|
"""


def player(name: str, clip: object) -> str:
    """Write a sound; the player of it."""
    SOUNDS.mkdir(parents=True, exist_ok=True)
    clip.save(SOUNDS / f"{name}.opus")  # type: ignore[attr-defined]
    return f'<audio controls preload="none" src="_static/voices/{name}.opus"></audio>'


def teacher_rows(text: str) -> list[str]:
    """The teacher of `en`."""
    from benchmarks._judges import interpreter
    from benchmarks.speak import VOICES

    from tympan.audio import load
    from tympan.audio.synthetic import synthetic_tags
    from tympan.tasks.speak.examples import phonemes_of

    python, rows = interpreter(), []
    if python is None:
        return rows
    for speaker in TEACHER:
        out = DOCS.parent / ".runs" / "speech" / "teacher-page"
        lines = [{"text": text, "phonemes": phonemes_of(text, "en")}]
        subprocess.run(
            [str(python), str(DOCS.parent / "benchmarks" / "_speak_peers.py")],
            input=json.dumps({"system": f"kokoro:{speaker}", "lines": lines, "out": str(out)}),
            text=True,
            check=True,
            capture_output=True,
            env=os.environ | {"TYMPAN_KOKORO_VOICES": str(VOICES), "PYTHONPATH": ""},
        )
        clip = load(out / "000.wav").tagged(**synthetic_tags(voice=speaker, model="kokoro"))
        rows.append(
            f"| Kokoro-82M, the teacher | {speaker} | {player(f'kokoro-{speaker}', clip)} |"
        )
    return rows


def floor_row(model: str, text: str) -> str:
    """The same net through Griffin-Lim."""
    from tympan.audio import Clip
    from tympan.spectra import GriffinLim
    from tympan.tasks import load

    voice = load(model, "speak", "cpu")
    own = voice.vocoder
    found = GriffinLim(voice.config.n_fft, voice.config.hop, num_iterations=32, seed=0)
    voice.vocoder = lambda mels, f0: found(
        (own.to_bins @ mels).exp(), length=f0.shape[1] * voice.config.hop
    )
    clip = voice(text)
    voice.vocoder = own
    samples = clip.samples / max(1.0, float(np.abs(clip.samples).max()))
    sound = player(f"{model}-griffin-lim", Clip(samples, clip.rate_hz, tags=clip.tags))
    return f"| {model}, Griffin-Lim as vocoder | {voice.speakers[0]} | {sound} |"


def main() -> None:
    """Write the page and its sounds."""
    import tympan

    parts = []
    cards = [card for card in tympan.list_models() if card.task == "speak"]
    for card in sorted(cards, key=lambda card: card.name != "en"):
        text = TEXTS[str(card.config["language"])]
        head = HEAD if not parts else "\n> {text}\n\n| voice | speaker | |\n|---|---|---|\n"
        rows = [
            f"| {card.name} | {who} | "
            f"{player(f'{card.name}-{who}', tympan.speak(text, voice=card.name, speaker=who))} |"
            for who in card.labels
        ]
        rows.append(floor_row(card.name, text))
        if card.name == "en":
            rows += teacher_rows(text)
        parts.append(head.format(text=text) + "\n".join(rows) + "\n")
    (DOCS / "voices.md").write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
