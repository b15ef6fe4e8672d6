"""A voice that is loaded, ready to speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.nets.sequence import mask_of
from tympan.tasks.speak.config import SpeakConfig
from tympan.tasks.speak.net import PITCH_HZ, Prosody, SpeechNet
from tympan.tasks.speak.symbols import EDGE, PUNCTUATION, SPACE, Symbols, symbols_of
from tympan.tasks.speak.voice import SpeechVoice, SpokenPart, Timed

if TYPE_CHECKING:
    from tympan.tasks.speak.controls import Control
    from tympan.text import SpokenSentence

Values = npt.NDArray[np.float64]
# Seconds of silence that are left before and after a sentence: nothing is cut, nothing drags.
EDGE_S = 0.1
# Where a long pause would be predicted, it ends here.
LONGEST_SYMBOL_S = 1.0


class SpeakModel(SpeechVoice):
    """A voice of a trained net.

    Args:
        net: the net.
        config: its configuration.
        speakers: their names.
        name: of the voice.
        device: where it computes.
        digest: SHA-256 of its weights.
        vocoder: the weights of the vocoder's correction net.
    """

    def __init__(
        self,
        net: SpeechNet,
        config: SpeakConfig,
        speakers: tuple[str, ...],
        name: str,
        device: str,
        digest: str = "",
        vocoder: Mapping[str, Tensor] | None = None,
    ) -> None:
        from tympan.tasks.speak.vocoder import vocoder_of

        super().__init__(name, speakers, config.rate_hz, config.language, digest)
        self.device = torch.device(device)
        self.net, self.config = net.to(self.device), config
        self.vocoder = vocoder_of(config, vocoder).to(self.device)

    @torch.inference_mode()
    def mels(
        self,
        symbols: Symbols,
        *,
        speaker: int = 0,
        speed: float | Values = 1.0,
        pitch: float | Values = 0.0,
        volume_db: float | Values = 0.0,
    ) -> tuple[Tensor, Tensor, npt.NDArray[np.int64]]:
        """Log mels `(n_mels, n)`, pitch in Hz `(n,)` and the steps of each symbol `(m,)`.

        Args:
            symbols: of a sentence.
            speaker: number of the speaker.
            speed: 2 is twice as fast; of each symbol `(m,)`, or of all.
            pitch: semitones higher, likewise.
            volume_db: louder, likewise.
        """
        net, device = self.net, self.device
        lengths = torch.tensor([len(symbols)], device=device)
        ids = torch.from_numpy(symbols.ids(self.config.symbols))[None].to(device)
        stress = torch.from_numpy(symbols.stress)[None].to(device)
        h = net.text(ids, stress, torch.tensor([speaker], device=device), lengths)
        steps = self.steps(net.log_durations(h)[0].float().cpu().numpy(), symbols, speed)
        durations = torch.from_numpy(steps)[None].to(device)
        expanded = net.expanded(h, durations)
        mask = mask_of(durations.sum(1), expanded.shape[2])
        found = net.prosody(expanded, mask)
        higher = torch.as_tensor(np.repeat(np.broadcast_to(pitch, steps.shape), steps) / 12)
        octaves = found.pitch + higher.to(found.pitch)
        said = Prosody(octaves, (found.voicing > 0).float(), found.energy)
        mels = net.mels(expanded, said, mask)[0]
        louder = np.repeat(np.broadcast_to(volume_db, steps.shape), steps * self.config.step)
        mels = mels + torch.as_tensor(louder * np.log(10) / 20).to(mels)
        f0 = torch.where(said.voicing > 0, PITCH_HZ * octaves.exp2(), 0.0)
        return mels, f0[0].T.reshape(-1), steps

    def steps(
        self, log_durations: npt.NDArray[np.float32], symbols: Symbols, speed: float | Values
    ) -> npt.NDArray[np.int64]:
        """Whole steps of each symbol, at least one, whose running sum is near that of the exact."""
        exact = np.clip(np.expm1(log_durations), 0, LONGEST_SYMBOL_S / self.config.step_s)
        # The silence at the edges is as long as in training, or the first sound suffers.
        is_edge = np.array([text == EDGE for text in symbols.texts])
        exact = np.where(is_edge, exact, exact / speed)
        whole = np.zeros(len(exact), np.int64)
        done = 0
        for i, end in enumerate(np.cumsum(exact)):
            # By the running sum, so that errors do not add up.
            whole[i] = max(1, round(float(end) - done))
            done += int(whole[i])
        return whole

    def trimmed(
        self, mels: Tensor, f0: Tensor, steps: npt.NDArray[np.int64]
    ) -> tuple[Tensor, Tensor, npt.NDArray[np.int64]]:
        """The same with `EDGE_S` of the silence at each end."""
        kept = steps.copy()
        kept[[0, -1]] = np.minimum(steps[[0, -1]], round(EDGE_S / self.config.step_s))
        first, last = (steps - kept)[[0, -1]] * self.config.step
        end = mels.shape[1] - int(last)
        return mels[:, int(first) : end], f0[int(first) : end], kept

    def part(
        self,
        sentence: SpokenSentence,
        *,
        speaker: int = 0,
        speed: float = 1.0,
        pitch: float = 0.0,
        controls: Sequence[Control] = (),
    ) -> SpokenPart:
        """One sentence, spoken."""
        symbols = symbols_of(sentence.phonemes)
        rates, tones, gains = of_symbols(symbols, controls)
        mels, f0, steps = self.mels(
            symbols, speaker=speaker, speed=speed * rates, pitch=pitch + tones, volume_db=gains
        )
        mels, f0, steps = self.trimmed(mels, f0, steps)
        with torch.inference_mode():
            wave = self.vocoder(mels[None], f0[None])[0].float().cpu().numpy()
        ends = np.cumsum(steps) * self.config.step_s
        timed = tuple(
            Timed(text, float(end - n * self.config.step_s), float(end), int(word))
            for text, end, n, word in zip(symbols.texts, ends, steps, symbols.words, strict=True)
            if text != EDGE
        )
        # The silence of the last symbols is a part of the pause.
        quiet_s = float(ends[-1]) - max((one.end_s for one in timed if one.word >= 0), default=0.0)
        pause_s = max(0.0, sentence.pause_s / speed - quiet_s)
        pause = np.zeros(round(pause_s * self.rate_hz), np.float32)
        unknown = unknown_symbols(symbols.texts, self.config.symbols)
        warnings = (f"{self.name} has no sound for: {' '.join(unknown)}",) if unknown else ()
        return SpokenPart(np.concatenate([wave, pause]), sentence, timed, warnings)


def of_symbols(symbols: Symbols, controls: Sequence[Control]) -> tuple[Values, Values, Values]:
    """Rate, pitch and volume of each symbol `(m,)`; what belongs to no word goes with the last."""
    if not controls:
        return np.ones(len(symbols)), np.zeros(len(symbols)), np.zeros(len(symbols))
    words = np.maximum.accumulate(symbols.words).clip(0, len(controls) - 1)
    rows = np.array([(one.rate, one.pitch, one.volume_db) for one in controls])[words]
    return rows[:, 0], rows[:, 1], rows[:, 2]


def unknown_symbols(texts: Sequence[str], vocabulary: Sequence[str]) -> list[str]:
    """The symbols of a text that a voice was not trained on: it makes a pause of them.

    >>> unknown_symbols(["a", "ø"], ["a", " "])
    ['ø']
    """
    silent = {EDGE, SPACE, *PUNCTUATION}
    return sorted({one for one in texts if one not in vocabulary and one not in silent})
