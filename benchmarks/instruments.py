"""Instruments out of a mix: how near `instruments` brings each family to its stem.

**Renderings**: ten seconds of songs of POP909 and chorales of Bach that were not trained on, played
by three to six families with TimGM6mb, a soundfont that rendered nothing of the training; stereo,
44.1 kHz, at drawn levels and places. **Real stems**: the jazz trio of JTD (piano, bass, drums; 5
s), and the close microphones of PHENICX's orchestra (strings, winds, brass; 1 s), both added up. Of
the excerpt of BabySlakh only the drums sound: nothing can be separated there.

**SDR** is 10 log10 of a stem's energy to that of the difference, of both channels together, in dB
(the definition of the Music Demixing Challenge 2021); medians, in brackets 95 % intervals over
mixes. *The mix itself* is what one has before. *Harmonic-percussive* is `librosa.effects.hpss`: its
percussive half for drums, its harmonic half for every other family. *Ideal ratio masks* know the
stems: more a mask of real numbers cannot reach. *Told*: `present` names the families of the mix, as
who knows the ensemble can. *Absent*: the level, relative to the mix, of what a
family gets that does not play.

Of the real stems there is one excerpt each, so there is no spread. Seed: 0. The soundfont is named
by TYMPAN_SOUNDFONT.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import DATA, arguments, main

RATE_HZ, MIXES, SEED = 44_100, 30, 0
SOUNDFONT = "/usr/share/sounds/sf2/TimGM6mb.sf2"
MODEL = "instruments"
PHENICX = {
    "strings": ("violin", "viola", "cello", "doublebass"),
    "winds": ("flute", "oboe", "clarinet", "bassoon"),
    "brass": ("horn", "trumpet"),
}
WHY = (
    "The weights are of 70 minutes of two cores of 2017: 1,850 steps of twelve mixes, from eight "
    "hours of stems with two soundfonts. Alone, most families are told; in a mix those with a "
    "range or an onset of their own come out (bass, drums), and what lies in the range of several "
    "is shared out among them, so that each gets little: silence has 0 dB. On held-out mixes of "
    "the known soundfonts SDR hardly rose in the last third of the training (1.7 to 1.9 dB) while "
    "the loss still fell, so more soundfonts and recordings of real instruments come before more "
    "steps. Who knows what plays and says so gains little on renderings and much on the trio. "
    "Who has real songs to take apart should stay with demucs, which is larger by far and learned "
    "from real stems."
)

Wave = np.ndarray
# Family → its stem `(2, t)`.
Stems = dict[str, Wave]


# -- what is measured on ---------------------------------------------------------------------------


def renderings(count: int) -> list[Stems]:
    """Mixes of test songs with the soundfont of the test."""
    from recipes.instruments_data import songs_of, together

    from recipes import render

    songs = songs_of(DATA / "symbolic", "test")
    font = Path(os.environ.get("TYMPAN_SOUNDFONT", SOUNDFONT))
    rng = np.random.default_rng(SEED)
    plans = [together(songs, rng, (0.8, 1.25)) for _ in range(count)]
    clips = iter(render.render([[part] for plan in plans for _, part in plan], font))
    found = []
    for plan in plans:
        stems: Stems = {}
        for name, _ in plan:
            wave = next(clips).samples[0]
            level = max(float(wave.std()), 1e-3)
            wave = wave / level * 0.05 * 10 ** (rng.uniform(-6, 3) / 20)
            angle = np.pi / 4 * (1 + rng.uniform(-0.7, 0.7))
            stems[name] = np.stack([np.cos(angle) * wave, np.sin(angle) * wave]).astype(np.float32)
        found.append({n: w for n, w in stems.items() if w.std() > 1e-4})
    return found


def jazz() -> list[Stems]:
    """The stems of JTD."""
    from tympan.audio import load

    stems = {}
    for path in sorted((DATA / "real_music" / "jtd").glob("*_*.opus")):
        role = path.stem.rsplit("_", 1)[-1]
        if role in ("piano", "bass", "drums"):
            wave = load(path, rate_hz=RATE_HZ).samples
            stems[role] = np.repeat(wave, 2, 0) if len(wave) == 1 else wave[:2]
    return [cut(stems)]


def orchestra() -> list[Stems]:
    """The microphones of PHENICX, added up by family."""
    from tympan.audio import load

    stems: Stems = {}
    for path in sorted((DATA / "real_music" / "phenicx").glob("*.opus")):
        name = path.stem.rstrip("0123456789")
        family = next(f for f, names in PHENICX.items() if name in names)
        wave = load(path, rate_hz=RATE_HZ, mono=True).samples
        both = np.repeat(wave, 2, 0)
        if family in stems:
            size = min(stems[family].shape[1], both.shape[1])
            both = stems[family][:, :size] + both[:, :size]
        stems[family] = both
    return [cut(stems)]


def cut(stems: Stems) -> Stems:
    """All of one length."""
    size = min(wave.shape[1] for wave in stems.values())
    return {name: np.ascontiguousarray(wave[:, :size]) for name, wave in stems.items()}


# -- who separates ---------------------------------------------------------------------------------


@cache
def model() -> Any:
    """The shipped model."""
    from tympan.tasks import load

    return load(MODEL, "separate", "cpu")


def ours(stems: Stems, mix: Wave, present: Sequence[str] = ()) -> Stems:
    """What the net gives of every family."""
    import torch

    more = [torch.tensor([[float(one in present) for one in model().labels]])] if present else []
    with torch.inference_mode():
        found = model().net(torch.from_numpy(mix)[None], *more)[0].numpy()
    return dict(zip(model().labels, found, strict=True))


def told(stems: Stems, mix: Wave) -> Stems:
    """The same, where it is known which families play."""
    return ours(stems, mix, list(stems))


def hpss(stems: Stems, mix: Wave) -> Stems:
    """librosa's two halves."""
    import librosa

    halves = [librosa.effects.hpss(channel) for channel in mix]
    harmonic, percussive = (np.stack([h[i] for h in halves]) for i in range(2))
    return {name: percussive if name == "drums" else harmonic for name in stems}


def ideal(stems: Stems, mix: Wave) -> Stems:
    """By masks that know the stems."""
    import torch

    from tympan.spectra import STFT

    stft = STFT(2048, 512)
    sizes = stft(torch.from_numpy(np.stack(list(stems.values())))).abs()
    masks = sizes / sizes.sum(0).clamp_min(1e-9)
    found = stft.inverse(masks * stft(torch.from_numpy(mix)), length=mix.shape[1]).numpy()
    return dict(zip(stems, found, strict=True))


WAYS: dict[str, Callable[[Stems, Wave], Stems]] = {
    "the mix itself": lambda stems, mix: dict.fromkeys(stems, mix),
    "harmonic-percussive (librosa)": hpss,
    "instruments": ours,
    "instruments, told": told,
    "ideal ratio masks": ideal,
}


# -- figures ---------------------------------------------------------------------------------------


def sdr(found: Wave, wanted: Wave) -> float:
    """In dB."""
    wrong = np.square(found - wanted, dtype=np.float64).sum()
    return float(10 * np.log10(np.square(wanted, dtype=np.float64).sum() / max(wrong, 1e-12)))


def level_db(wave: Wave, mix: Wave) -> float:
    """Level of a wave relative to the mix, dB."""
    ratio = np.square(wave, dtype=np.float64).sum() / np.square(mix, dtype=np.float64).sum()
    return float(10 * np.log10(ratio + 1e-9))


def spread(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the median over stems."""
    rng = np.random.default_rng(SEED)
    drawn = [np.median(rng.choice(values, len(values))) for _ in range(1000)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def median(values: Sequence[float]) -> str:
    """With its 95 % interval, where there are several."""
    if not values:
        return "–"
    if len(values) < 5:
        return f"{np.median(values):.1f}"
    low, high = spread(values)
    return f"{np.median(values):.1f} ({low:.1f} – {high:.1f})"


def table(
    mixes: Sequence[Stems], key: str, figures: dict[str, float]
) -> tuple[list[dict[str, object]], list[float]]:
    """Ways by family, and the levels of families that do not play."""
    scores: dict[tuple[str, str], list[float]] = {}
    absent: list[float] = []
    families = list(dict.fromkeys(name for stems in mixes for name in stems))
    for i, stems in enumerate(mixes):
        mix = np.sum(list(stems.values()), axis=0, dtype=np.float32)
        for way, function in WAYS.items():
            found = function(stems, mix)
            for name, wanted in stems.items():
                scores.setdefault((way, name), []).append(sdr(found[name], wanted))
            if way == "instruments":
                rest = [found[n] for n in found if n not in stems]
                absent += [level_db(wave, mix) for wave in rest]
        print(key, i + 1, "of", len(mixes), file=sys.stderr, flush=True)
    order = sorted(families)
    rows: list[dict[str, object]] = []
    for way in WAYS:
        every = [v for name in order for v in scores.get((way, name), [])]
        cells = {name: median(scores.get((way, name), [])) for name in order}
        rows.append({"SDR, dB": way, "all": median(every), **cells})
    own = [v for name in order for v in scores["instruments", name]]
    figures[f"sdr_{key}"] = float(np.median(own))
    figures[f"sdr_{key}_low"], figures[f"sdr_{key}_high"] = spread(own)
    for name, way in (("told", "instruments, told"), ("mix", "the mix itself")):
        values = [v for family in order for v in scores[way, family]]
        figures[f"sdr_{key}_{name}"] = float(np.median(values))
    return rows, absent


def measure(count: int) -> tuple[list[dict[str, object]], dict[str, Any], dict[str, float]]:
    """Rows, further tables, figures."""
    figures: dict[str, float] = {}
    rows, absent = table(renderings(count), "rendered", figures)
    figures["absent_db"] = float(np.median(absent)) if absent else float("nan")
    tables: dict[str, Any] = {
        "Families that do not play": [
            {"median level, dB below the mix": f"{-figures['absent_db']:.1f}"}
        ]
    }
    tables["Jazz trio, real stems"] = table(jazz(), "jazz", figures)[0]
    tables["Orchestra, real close microphones"] = table(orchestra(), "orchestra", figures)[0]
    return rows, tables, figures


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    options = arguments("instruments")
    rows, tables, figures = measure(2 if options.quick else MIXES)
    main(
        "instruments", rows, figures, title="Instruments out of a mix", about=__doc__ or "",
        more=tables, why=WHY,
    )  # fmt: skip
