"""Make the page on which separated sources can be heard: python docs/make_sources.py

It writes `docs/sources.md` and the sounds beside it (`docs/_static/sources/*.opus`). All of it is
made by tympan: spoken by `en`, composed and synthesised, or noise by rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import tympan
from tympan.audio import synth
from tympan.audio.scenes import demo_scene
from tympan.tasks.separate.metrics import best_order, si_sdr

DOCS = Path(__file__).parent
SOUNDS = DOCS / "_static" / "sources"
RATE_HZ = 16_000
TEXT = "The voice is somewhere in the noise, and a net has to find it."
OTHER = "Meanwhile somebody else is speaking about the weather of tomorrow."
# General MIDI: the soprano on a flute, the alto on strings, the tenor on a guitar, a bass.
PROGRAMS = {"winds": 73, "strings": 48, "guitar": 24, "bass": 32}
HEAD = """# Hear the sources

Mixes that tympan made itself, what its models make of them, and the rest, which is what no source
got: all sources of a row and the rest are the mix, sample for sample. The figures are SI-SDR in dB
against the true source, of the mix and of what was found: higher is better. These are single
examples to listen to; the [benchmarks](benchmarks/separate.md) count.
Written by `python docs/make_sources.py`.
"""


def player(name: str, wave: np.ndarray, rate_hz: int) -> str:
    """Write a sound; the player of it."""
    SOUNDS.mkdir(parents=True, exist_ok=True)
    clip = tympan.Clip(np.atleast_2d(wave).astype("f4"), rate_hz)
    clip.resample(min(rate_hz, 24_000)).save(SOUNDS / f"{name}.opus")
    # Five players stand beside each other.
    how = 'controls preload="none" style="width: 8em"'
    return f'<audio {how} src="_static/sources/{name}.opus"></audio>'


def table(title: str, text: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A section with a table."""
    lines = [f"\n## {title}\n", text, "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def spoken(text: str, speaker: str) -> np.ndarray:
    """A sentence at 16 kHz, at a level of 0.05."""
    wave = tympan.speak(text, speaker=speaker).resample(RATE_HZ).samples[0]
    return np.asarray(wave / wave.std() * 0.05)


def noises(length: int) -> Mapping[str, np.ndarray]:
    """What is under the voice, at the level of the voice."""
    scene, events = demo_scene()
    start = round(next(start for start, _, label in events if label == "engine") * RATE_HZ)
    seconds = length / RATE_HZ + 0.1
    others = [spoken(OTHER, one) for one in ("bella", "michael", "kore", "fenrir")]
    babble = np.sum([np.resize(np.roll(one, 7919 * i), length) for i, one in enumerate(others)], 0)
    found = {
        "an engine": np.resize(scene.samples[0][start : start + 4 * RATE_HZ], length),
        "pink noise": synth.pink_noise(duration_s=seconds, rate_hz=RATE_HZ).samples[0][:length],
        "four people": babble,
    }
    return {name: wave / wave.std() * 0.05 for name, wave in found.items()}


def of_voice() -> str:
    """A voice under noises."""
    voice = spoken(TEXT, "heart")
    rows = []
    for i, (name, noise) in enumerate(noises(len(voice)).items()):
        for ratio_db in (0, 10):
            mix = (voice + noise * 10 ** (-ratio_db / 20)).astype("f4")
            found = tympan.separate(tympan.Clip(mix[None], RATE_HZ), device="cpu")
            parts = {"mix": mix, **{key: clip.samples[0] for key, clip in found.items()}}
            score = f"{si_sdr(mix, voice):.1f} → {si_sdr(parts['voice'], voice):.1f}"
            players = [player(f"voice-{i}-{ratio_db}-{k}", w, RATE_HZ) for k, w in parts.items()]
            rows.append([f"{name}, {ratio_db} dB", *players, score])
    text = "One sentence by the voice `en`, under noise as loud, and 10 dB quieter."
    return table("`voice`", text, ("noise", "mix", "voice", "rest", "SI-SDR"), rows)


def of_two_voices() -> str:
    """Two people at once."""
    rows = []
    for i, names in enumerate((("heart", "michael"), ("bella", "heart"))):
        waves = [spoken(TEXT, names[0]), spoken(OTHER, names[1])]
        size = min(map(len, waves))
        sources = np.stack([one[:size] for one in waves])
        mix = sources.sum(0).astype("f4")
        clip = tympan.Clip(mix[None], RATE_HZ)
        found = tympan.separate(clip, model="two-voices", device="cpu")
        both = np.stack([one.samples[0] for one in list(found.values())[:2]])
        order = best_order(both, sources)
        parts = {"mix": mix, "1": both[order[0]], "2": both[order[1]]}
        parts["rest"] = found["rest"].samples[0]
        score = "; ".join(
            f"{si_sdr(mix, sources[k]):.1f} → {si_sdr(both[order[k]], sources[k]):.1f}"
            for k in range(2)
        )
        players = [player(f"two-{i}-{k}", w, RATE_HZ) for k, w in parts.items()]
        rows.append([" and ".join(names), *players, score])
    text = "Two of the speakers of `en`, as loud as each other: a woman and a man, and two women."
    heads = ("who", "mix", "the first", "the second", "rest", "SI-SDR")
    return table("`two-voices`", text, heads, rows)


def of_instruments() -> str:
    """A chorale on four instruments."""
    piece = tympan.compose(seed=1, key="G major", bars=4)
    parts = [
        replace(part, program=program)
        for part, program in zip(piece.piece.parts, PROGRAMS.values(), strict=True)
    ]
    alone = [replace(piece, piece=replace(piece.piece, parts=(part,))).clip() for part in parts]
    size, rate_hz = min(clip.num_samples for clip in alone), alone[0].rate_hz
    sources = dict(zip(PROGRAMS, (clip.samples[0][:size] for clip in alone), strict=True))
    mix = np.sum(list(sources.values()), axis=0).astype("f4")
    found = tympan.separate(
        tympan.Clip(mix[None], rate_hz), model="instruments", present=list(PROGRAMS), device="cpu"
    )
    rows = [["mix", player("music-mix", mix, rate_hz), "", ""]]
    for name, true in sources.items():
        wave = found[name].samples[0]
        score = f"{si_sdr(mix, true):.1f} → {si_sdr(wave, true):.1f}"
        pair = [player(f"music-{name}-{k}", w, rate_hz) for k, w in (("f", wave), ("t", true))]
        rows.append([name, *pair, score])
    text = (
        "Four bars that `chorale` composed, each voice on another instrument of tympan's own "
        "synthesizer, of which the model heard nothing in training; it is told which four play "
        "(`present`)."
    )
    return table("`instruments`", text, ("family", "found", "true", "SI-SDR"), rows)


def main() -> None:
    """Write sounds and page."""
    page = HEAD + of_voice() + of_two_voices() + of_instruments()
    (DOCS / "sources.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
