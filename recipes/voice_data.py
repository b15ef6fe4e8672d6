"""What `voice` learns from: speech of many speakers under noises, in rooms, clipped, coded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.data import AudioStore, Table, read_folder
from tympan.data.examples import digest
from tympan.tasks.separate.rooms import EARLY_S, response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tympan.data.table import Example

    Wave = npt.NDArray[np.float32]

RATE_HZ = 16000
FREE = ("CC0", "CC-BY")
TRAIN_FOLDS, TEST_FOLD = ("1", "2", "3", "4"), "5"
HELD_SPEAKERS, HELD_EACH = 12, 14
KERSTIN_SHARE = 0.2
SNR_DB = (-8.0, 22.0)
LEVEL_DB, LEVEL_SPREAD_DB = -28.0, 14.0
# How often each thing happens to a mix.
ROOM, EQ, FAST, NARROW, CLIP, CODEC, SECOND, CLEAN, ALONE = (
    0.4, 0.5, 0.5, 0.2, 0.08, 0.06, 0.3, 0.05, 0.06,
)  # fmt: skip
BABBLE, COLOURED, TONES = 0.12, 0.2, 0.08
# Recorded noises are few, so they are made others: slower or faster, backwards, swelling.
OTHER, SPEEDS, BACKWARDS, SWELL = 0.7, (0.55, 1.8), 0.3, 0.3


class Sounds:
    """Speech and noises, decoded.

    Args:
        data: the folder with `librispeech`, `kerstin` and `esc50`.
        cache: where decoded files lie.
    """

    def __init__(self, data: Path, cache: Path) -> None:
        speech = read_folder(data / "librispeech").where("split", "train-clean")
        noise = read_folder(data / "esc50")
        noise = noise.subset(
            i for i, one in enumerate(noise) if is_free(one) and one.label != "laughing"
        )
        self.kerstin = read_folder(data / "kerstin")
        self.stores = {
            name: AudioStore.open(table, RATE_HZ, cache)
            for name, table in (("speech", speech), ("kerstin", self.kerstin), ("noise", noise))
        }
        order = sorted(range(len(speech)), key=lambda i: speech[i].columns["speaker"])
        held = set(order[:: len(order) // HELD_SPEAKERS][:HELD_SPEAKERS])
        self.speech = speech.subset(i for i in range(len(speech)) if i not in held)
        self.held_speech = speech.subset(sorted(held))
        known = noise.where("fold", *TRAIN_FOLDS)
        # Of the last training fold some recordings choose the epoch.
        sources = sorted({one.columns["source"] for one in known.where("fold", "4")})
        kept = set(sources[::4])
        self.noise = known.subset(
            i for i, one in enumerate(known) if one.columns["source"] not in kept
        )
        self.held_noise = known.subset(
            i for i, one in enumerate(known) if one.columns["source"] in kept
        )


def is_free(example: Example) -> bool:
    """Whether weights that ship may be trained on it."""
    return example.columns["licence"] in FREE


class VoiceExamples:
    """Mixes `mix` `(1, t)` with the voice in them, `sources` `(1, 1, t)`.

    Args:
        sounds: what is mixed.
        length: samples of a mix.
        rows: mixes in an epoch.
        held: of held-out speakers and noises.
    """

    padding: Mapping[str, float] = {}
    weights = None

    def __init__(self, sounds: Sounds, length: int, rows: int, *, held: bool = False) -> None:
        self.sounds, self.length, self.held = sounds, length, held
        self.sizes = np.full(rows, length, np.int64)

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        tables = (self.sounds.speech, self.sounds.noise)
        return {"rows": digest(one.path.name for table in tables for one in table)}

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One mix."""
        rng = np.random.default_rng((11, row)) if rng is None else rng
        voice, early = self.voice(rng)
        noise = self.noise(rng)
        kind = rng.random()
        power = max(mean_power(voice), 1e-9)
        snr_db = rng.uniform(*SNR_DB)
        noise *= np.float32((power / max(mean_power(noise), 1e-12) / 10 ** (snr_db / 10)) ** 0.5)
        if kind < CLEAN:
            noise *= np.float32(0.01 * rng.random())
        elif kind < CLEAN + ALONE:
            voice, early = np.zeros_like(voice), np.zeros_like(early)
        mix = voice + noise
        if rng.random() < NARROW:
            top_hz = rng.uniform(3400, 7000)
            mix, early = (low_passed(one, top_hz) for one in (mix, early))
        level = LEVEL_DB + rng.uniform(-1, 1) * LEVEL_SPREAD_DB
        gain = np.float32(10 ** (level / 20) / max(mean_power(mix), 1e-9) ** 0.5)
        mix, early = mix * gain, early * gain
        if rng.random() < CLIP:
            most = np.quantile(np.abs(mix), rng.uniform(0.9, 0.998))
            mix = np.clip(mix, -most, most)
        if rng.random() < CODEC:
            mix = coded(mix, rng)
        found = {"mix": mix[None], "sources": early[None, None]}
        return {k: torch.from_numpy(np.ascontiguousarray(v, np.float32)) for k, v in found.items()}

    def voice(self, rng: np.random.Generator) -> tuple[Wave, Wave]:
        """Speech in a room, and with its first reflections only."""
        sounds, size = self.sounds, self.length
        if not self.held and rng.random() < KERSTIN_SHARE:
            wave = self.drawn("kerstin", sounds.kerstin, rng)
        else:
            wave = self.drawn("speech", sounds.held_speech if self.held else sounds.speech, rng)
        if rng.random() < 0.2:  # speech that begins, or ends, in the crop
            cut = int(rng.integers(0, size))
            edge = min(400, cut)
            if rng.random() < 0.7:
                wave[:cut] = 0
                wave[cut : cut + 80] *= np.linspace(0, 1, len(wave[cut : cut + 80]))
            else:
                wave[cut - edge : cut] *= np.linspace(1, 0, edge)
                wave[cut:] = 0
        if rng.random() < EQ:
            wave = equalised(wave, rng)
        if rng.random() >= ROOM:
            return wave, wave.copy()
        room = response(RATE_HZ, rng)
        full = 1 << (size + len(room)).bit_length()
        spectrum = np.fft.rfft(wave, full)
        early = room[: round(EARLY_S * RATE_HZ)]
        both = [np.fft.irfft(spectrum * np.fft.rfft(one, full))[:size] for one in (room, early)]
        return both[0].astype(np.float32), both[1].astype(np.float32)

    def noise(self, rng: np.random.Generator) -> Wave:
        """One noise, or two."""
        wave = self.one_noise(rng)
        if rng.random() < SECOND:
            other = self.one_noise(rng)
            ratio = mean_power(wave) / max(mean_power(other), 1e-12)
            wave = wave + other * np.float32((ratio * 10 ** (rng.uniform(-12, 3) / 10)) ** 0.5)
        if rng.random() < EQ:
            wave = equalised(wave, rng)
        return wave

    def one_noise(self, rng: np.random.Generator) -> Wave:
        """A recorded, coloured, babbling or musical one."""
        kind, sounds = rng.random(), self.sounds
        if kind < BABBLE:
            table = sounds.held_speech if self.held else sounds.speech
            waves = [self.drawn("speech", table, rng) for _ in range(int(rng.integers(3, 8)))]
            return np.sum([w / max(mean_power(w), 1e-9) ** 0.5 for w in waves], 0).astype("f4")
        if kind < BABBLE + COLOURED:
            return coloured(self.length, rng)
        if kind < BABBLE + COLOURED + TONES:
            return tones(self.length, rng)
        if self.held or rng.random() >= OTHER:
            return self.drawn("noise", sounds.held_noise if self.held else sounds.noise, rng)
        speed = float(np.exp(rng.uniform(*np.log(SPEEDS))))
        wave = self.drawn("noise", sounds.noise, rng, speed)
        if rng.random() < BACKWARDS:
            wave = wave[::-1].copy()
        return swelling(wave, rng) if rng.random() < SWELL else wave

    def drawn(self, store: str, table: Table, rng: np.random.Generator, speed: float = 0.0) -> Wave:
        """A crop of a random recording, sometimes faster or slower, or at a given speed."""
        if not speed:
            speed = rng.uniform(0.88, 1.14) if rng.random() < FAST else 1.0
        size = round(self.length * speed)
        opened = self.sounds.stores[store]
        for _ in range(4):
            path = table[int(rng.integers(len(table)))].path
            there = opened.length(path)
            start = int(rng.integers(0, max(1, there - size + 1)))
            wave = opened.mono(path, start, size)
            if mean_power(wave) > 1e-8:
                break
        if len(wave) < size:
            if store == "noise":
                wave = np.tile(wave, -(-size // max(1, len(wave))))[:size]
            else:
                first = int(rng.integers(0, size - len(wave) + 1))
                wave = np.pad(wave, (first, size - len(wave) - first))
        if speed != 1.0:
            at = np.linspace(0, size - 1, self.length)
            wave = np.interp(at, np.arange(size), wave)
        return np.array(wave, np.float32)


def mean_power(wave: Wave) -> float:
    """Mean square."""
    return float(np.dot(wave, wave)) / max(1, len(wave))


def equalised(wave: Wave, rng: np.random.Generator) -> Wave:
    """Through a smooth curve of at most ± 8 dB."""
    spectrum = np.fft.rfft(wave)
    hz = np.linspace(0, RATE_HZ / 2, len(spectrum))
    gains = rng.uniform(-8, 8, 6) * rng.random()
    curve = np.interp(np.log2(hz + 60), np.linspace(np.log2(60), np.log2(8060), 6), gains)
    found: Wave = np.fft.irfft(spectrum * 10 ** (curve / 20), len(wave)).astype(np.float32)
    return found


def low_passed(wave: Wave, top_hz: float) -> Wave:
    """Nothing above a frequency, as of a telephone."""
    spectrum = np.fft.rfft(wave)
    hz = np.linspace(0, RATE_HZ / 2, len(spectrum))
    spectrum *= 1 / (1 + np.exp(np.clip((hz - top_hz) / 60, -40, 40)))
    found: Wave = np.fft.irfft(spectrum, len(wave)).astype(np.float32)
    return found


def coloured(length: int, rng: np.random.Generator) -> Wave:
    """Noise that falls or rises with frequency, sometimes slowly swelling."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hz = np.linspace(0, RATE_HZ / 2, len(spectrum)) + 30
    wave = np.fft.irfft(spectrum * hz ** (-rng.uniform(-0.3, 1.2)), length)
    if rng.random() < 0.4:
        wave = swelling(wave, rng)
    return (wave / max(wave.std(), 1e-9)).astype(np.float32)


def swelling(wave: Wave, rng: np.random.Generator) -> Wave:
    """Slowly louder and softer."""
    swell = np.cumsum(rng.standard_normal(8))
    at = np.linspace(0, 7, len(wave))
    found: Wave = wave * 10 ** (np.interp(at, np.arange(8), swell) / 6)
    return found.astype(np.float32)


def tones(length: int, rng: np.random.Generator) -> Wave:
    """Chords of harmonic tones that begin and die away, as of a plucked instrument; hum too."""
    wave = np.zeros(length)
    time_s = np.arange(length) / RATE_HZ
    steady = rng.random() < 0.3
    for _ in range(int(rng.integers(2, 12))):
        f0 = 50.0 * int(rng.integers(1, 3)) if steady else 440 * 2 ** (rng.integers(-36, 24) / 12)
        begin = 0.0 if steady else rng.uniform(-0.5, length / RATE_HZ)
        after = np.maximum(time_s - begin, 0)
        shape = 1.0 if steady else np.exp(-after / rng.uniform(0.1, 1.5)) * (time_s > begin)
        for k in range(1, int(rng.integers(2, 12))):
            if k * f0 < RATE_HZ / 2:
                phase = 2 * np.pi * (k * f0 * time_s + rng.random())
                wave += shape * np.sin(phase) * rng.uniform(0.3, 1) / k
    return (wave + 1e-4 * rng.standard_normal(length)).astype(np.float32)


def coded(wave: Wave, rng: np.random.Generator) -> Wave:
    """Through few bits, as of an old telephone: µ-law, or a coarse step."""
    peak = max(float(np.abs(wave).max()), 1e-9)
    if rng.random() < 0.6:
        packed = np.sign(wave) * np.log1p(255 * np.abs(wave) / peak) / np.log(256)
        packed = np.round(packed * 127) / 127
        return (np.sign(packed) * np.expm1(np.abs(packed) * np.log(256)) / 255 * peak).astype("f4")
    step = peak / 2 ** float(rng.uniform(5, 9))
    return (np.round(wave / step) * step).astype(np.float32)


def authors(tables: Sequence[Table]) -> list[Example]:
    """Every noise that was trained on, for the attribution."""
    return [one for table in tables for one in table]
