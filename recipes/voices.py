"""Make the shipped model `voices`: whose voice is it?

    python -m recipes.voices prepare --shared ../shared/data
    python recipes/teacher_voices.py .runs/voices   # in the environment of the teacher, see there
    python -m recipes.voices train
    python -m recipes.voices choose
    python -m recipes.voices ship

*From the teacher*: the net starts with the weights of resemblyzer's encoder (Apache-2.0), gets a
pooling over frames in place of the last frame, and learns to give the teacher's vector of the whole
clean recording from a short stretch of it in noise, in a room, or over a telephone; beside that,
the angular margin over the speakers that are known. `--encoder small` trains a CNN from random
weights on the same, `--no-teacher` without the teacher's vectors: to measure what each brings.

*Made voices* (`recipes/made_voices.py`) are taken as further speakers where they lie in
`.runs/voices/made`; the weights that ship were made without them.

*What ships* lies between the teacher's weights and the trained ones (`recipes/voices_share.py`):
the share `BETWEEN` of the way, which `choose` found.

*Held out* are twelve LibriSpeech speakers to calibrate on and to choose that share by (they are too
few to choose an epoch by: the last averaged weights are taken), and everything that the test uses
(`benchmarks/voices.py`): test-other, FSDD, AMI, and the fifth fold of ESC-50.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recipes.voices_data import RATE_HZ, Speech, prepare, rows_of
from tympan.augment import (
    Augmentation,
    BackgroundMix,
    BandPass,
    CodecLoss,
    ColoredNoise,
    LowPass,
    Reverb,
)
from tympan.data.batches import Batch, Batches
from tympan.models import Card, Score, load_model, save_model
from tympan.models.catalogue import shipped_folder
from tympan.tasks.identify.config import IdentifyConfig
from tympan.tasks.identify.learner import UNKNOWN, IdentifyLearner, repeated
from tympan.tasks.identify.net import SpeakerNet, VoiceNet
from tympan.tasks.metrics import wilson_interval
from tympan.training import TrainingConfig, fit
from tympan.training.learner import NET

SEED = 0
NAME = "voices"
HELD_OUT = 12
# So far from the teacher's weights to the trained ones lie those that ship; `choose` found it.
BETWEEN = 0.8
SPEAKER_SHARE = 0.1
SEXES = ("F", "M")
DATA: dict[str, Any] = {
    "name": "LibriSpeech train-clean (251 speakers), wake words and spoken commands (over 100 "
    "speakers, without labels), Kerstin; noise of ESC-50",
    "licences": {
        "LibriSpeech": "CC-BY-4.0",
        "wake words, spoken commands (Picovoice)": "Apache-2.0",
        "Kerstin": "CC0-1.0",
        "ESC-50, the CC0 and CC-BY clips of folds 1 to 4": "CC-BY-4.0",
    },
    "teacher": {
        "name": "resemblyzer 0.1.4, VoiceEncoder",
        "licence": "Apache-2.0",
        "author": "Corentin Jemine",
        "use": "the net began with its weights and learned to give its vectors of clean recordings",
        "trained_on": "by its author on LibriSpeech other, VoxCeleb1 and VoxCeleb2, as he states",
    },
    "recipe": "python -m recipes.voices",
}
SEX_DATA: dict[str, Any] = {
    "name": "LibriSpeech train-clean (239 speakers) and Kerstin, on the vectors of voices",
    "licences": {"LibriSpeech": "CC-BY-4.0", "Kerstin": "CC0-1.0"},
    "recipe": "python -m recipes.voices",
}
KNOWN_FAILURES = (
    "It knows mostly adults who read English aloud; voices of children, singing, whispering and "
    "shouting were not tested.",
    "Made voices of one synthesiser are near to one another, and a clone of a voice counts as that "
    "voice: it is no proof of who speaks, and no lock.",
    "Over 8 kHz lines (FSDD) it tells people apart nearly as well, but its probabilities are too "
    "sure of themselves (Cllr 0.7 bits): it was calibrated at 16 kHz.",
    "Clean clips of a second are told apart less well than by its teacher (docs/benchmarks).",
    "A cold, age, or another microphone moves a voice: recordings of one speaker that it was "
    "tested on are mostly of one day.",
    "What is no speech is mostly said to be none, but noise may be scored all the same; it gets no "
    "name then.",
    "Several people in one recording give a vector between theirs.",
    "The error rates by length in this card are of the middle stretch of each recording. Those of "
    "docs/benchmarks/voices.md are of the loudest of three random stretches, and lower at 1 and 2 "
    "s.",
)
SEX_FAILURES = (
    "Nine of the ten speakers of test-other are mostly right; one, a man whose pitch is about 160 "
    "Hz, is taken for a woman in all ten clips. In cross-validation over the 252 training speakers "
    "99 % of stretches of 3 s are right: ten speakers are few to test on.",
    "It was tested on ten readers of English alone: the other recordings at hand whose speakers' "
    "sex is known (the German voice Kerstin) are of a speaker whom it was trained on.",
    "Voices of children and made voices were neither trained on nor tested: what it says of them "
    "is not known.",
    "It knows no age groups: no recordings with ages and a licence were at hand.",
    "It says how a voice sounds to others, not what somebody is; low women's and high men's voices "
    "are mistaken.",
)
ATTRIBUTION = """# What `voices` and `sex` were made from

No recording of these is distributed.

- **Teacher**: the voice encoder of Resemblyzer by Corentin Jemine (Apache-2.0), after Wan et al.,
  *Generalized End-to-End Loss for Speaker Verification*, ICASSP 2018. `voices` began with its
  weights and was trained to keep giving its vectors where recordings are short, noisy, in rooms or
  on telephones.
- **LibriSpeech** (train-clean): Panayotov et al., ICASSP 2015, CC BY 4.0; readers of LibriVox.
- **Wake words and spoken commands**: Picovoice, Apache-2.0.
- **Kerstin**: Thorsten Müller and Kerstin, CC0.
- **Noise**: clips of ESC-50 (Piczak 2015) that are CC0 or CC BY, folds 1 to 4; their authors are
  listed in the attribution of the model `sounds`.
"""
CONFIGS = {
    "lstm": IdentifyConfig(
        encoder="lstm", n_fft=400, n_mels=40, f_min_hz=0.0, shortest_s=0.8, clip_s=2.4
    ),
    "small": IdentifyConfig(encoder="small", shortest_s=0.8, clip_s=2.4),
    "base": IdentifyConfig(shortest_s=0.8, clip_s=2.4),
}
TRAINING = {
    "lstm": TrainingConfig(
        epochs=20, batch_size=48, lr=2e-4, weight_decay=0.01, warmup_epochs=0.5, ema_decay=0.99,
        checkpoint_every_s=120, seed=SEED,
    ),
    "small": TrainingConfig(
        epochs=60, batch_size=64, lr=2e-3, weight_decay=0.05, warmup_epochs=1, ema_decay=0.995,
        checkpoint_every_s=120, seed=SEED, optimizer="muon",
    ),
}  # fmt: skip
TRAINING["base"] = TRAINING["small"]


class SpeechExamples:
    """Stretches of the prepared speech, with speaker and teacher's vector.

    Args:
        speech: what `prepare` made.
        rows: which recordings.
        speakers: the training speakers.
        config: the task's configuration.
    """

    padding: Mapping[str, float] = {"wave": 0.0}

    def __init__(
        self, speech: Speech, rows: list[int], speakers: list[str], config: IdentifyConfig
    ) -> None:
        self.speech, self.rows = speech, rows
        number = {name: i for i, name in enumerate(speakers)}
        recordings = [speech.recordings[row] for row in rows]
        self.labels = [number.get(one.speaker, UNKNOWN) for one in recordings]
        here = {name: i for i, name in enumerate(dict.fromkeys(r.speaker for r in recordings))}
        self.speakers = torch.tensor([here[one.speaker] for one in recordings])
        self.noise_db: float | None = None
        self.sizes = np.array([one.length for one in recordings])
        weights = np.sqrt(self.sizes / RATE_HZ)
        self.weights = weights / weights.sum()
        self.crop = round(config.clip_s * RATE_HZ)
        teacher = speech.teacher
        self.targets: np.ndarray | None = None
        if teacher is not None:
            centred = teacher - teacher.mean(0)
            self.targets = centred / np.linalg.norm(centred, axis=1, keepdims=True)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One recording; in evaluation three stretches with noise that is always the same."""
        which, size = self.rows[row], int(self.sizes[row])
        found = {"label": torch.tensor(self.labels[row])}
        if self.targets is not None:
            found["target"] = torch.from_numpy(self.targets[which])
        if rng is not None:
            start = int(rng.random() * max(1, size - self.crop + 1))
            return {**found, "wave": self.stretch(which, start)}
        starts = np.linspace(0, max(0, size - self.crop), 3).astype(int)
        waves = [self.stretch(which, int(start)) for start in starts]
        fixed = np.random.default_rng(which)
        for i, wave in enumerate(waves):
            noise = np.array(self.speech.noise[fixed.integers(len(self.speech.noise))], np.float32)
            level = float(wave.std()) / 0.1 * 10 ** (-(10 + 5 * i) / 20)
            waves[i] = wave + level * torch.from_numpy(noise[: len(wave)])
        speaker = self.speakers[row]
        return {**found, "wave": torch.cat(waves), "windows": torch.tensor(3), "speaker": speaker}

    def stretch(self, which: int, start: int) -> Tensor:
        """Samples `(t,)` of a recording."""
        return torch.from_numpy(repeated(self.speech.wave(which, start, self.crop), self.crop))

    def samples(self, row: int, start: int, length: int) -> np.ndarray:
        """Samples `(t,)` of a recording, with noise where that is asked for."""
        which = self.rows[row]
        wave = self.speech.wave(which, start, length)
        if self.noise_db is None:
            return wave
        fixed = np.random.default_rng((which, start, length))
        noise = np.array(self.speech.noise[fixed.integers(len(self.speech.noise))], np.float32)
        noise = np.resize(np.roll(noise, int(fixed.integers(len(noise)))), len(wave))
        level = float(wave.std()) / max(float(noise.std()), 1e-6) * 10 ** (-self.noise_db / 20)
        return np.asarray(wave + min(level, 100.0) * noise, np.float32)

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {"rows": len(self.rows), "samples": int(self.sizes.sum())}


class DistilledLearner(IdentifyLearner):
    """The teacher's vector of the clean whole from a bad short stretch, and the margin loss."""

    def __init__(self, net: SpeakerNet, config: IdentifyConfig, noise: Any, share: float) -> None:
        super().__init__(net, config)
        self.share = share
        self.augmentation = Augmentation(
            (
                Reverb(rate_hz=RATE_HZ, min_rt60_s=0.1, max_rt60_s=0.6, p=0.3),
                BackgroundMix(noise, 0.0, 25.0, p=0.6),
                ColoredNoise(5.0, 35.0, p=0.2),
                LowPass(3300.0, 4000.0, order=8, rate_hz=RATE_HZ, p=0.15),
                BandPass(800.0, 1200.0, 2.5, 3.5, order=4, rate_hz=RATE_HZ, p=0.07),
                CodecLoss(max_quality=0.5, rate_hz=RATE_HZ, p=0.03),
            ),
            (),
            rate_hz=RATE_HZ,
        )

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """Distance from the teacher's vector, and a share of the margin loss."""
        vectors, cosines = nets[NET](self.inputs(batch, rng))
        speaker = self.speaker_loss(cosines, batch["label"])
        if self.share == 1.0 or "target" not in batch:
            yield NET, speaker
            return
        distance = (1 - (vectors.float() * batch["target"]).sum(1)).mean()
        yield NET, 10 * distance + self.share * speaker


def start_from_teacher(net: VoiceNet, folder: Path) -> None:
    """Copy the teacher's weights; the pooling begins as a plain mean."""
    from safetensors.torch import load_file

    found = load_file(folder / "teacher.safetensors")
    lstm = {k.removeprefix("lstm."): v for k, v in found.items() if k.startswith("lstm.")}
    net.frames.lstm.load_state_dict(lstm)  # type: ignore[union-attr, operator]
    net.vector.load_state_dict({"weight": found["linear.weight"], "bias": found["linear.bias"]})
    nn.init.zeros_(net.pool.score[2].weight)
    nn.init.zeros_(net.pool.score[2].bias)
    net.mean.copy_(torch.from_numpy(np.load(folder / "teacher.npy").mean(0)))


def learner_of(
    folder: Path, encoder: str, share: float, seed: int = SEED, *, every_speed: bool = False
) -> tuple[DistilledLearner, SpeechExamples, SpeechExamples]:
    """Net, training and validation rows; the latter at their own speed, or at every one."""
    speech, config = Speech(folder), CONFIGS[encoder]
    clean = sorted({r.speaker for r in speech.recordings if r.group == "librispeech"})
    clean = [name for name in clean if "*" not in name]
    held = set(np.random.default_rng(seed).choice(clean, HELD_OUT, replace=False).tolist())
    train, val = [], []
    for i, one in enumerate(speech.recordings):
        if one.speaker.split("*")[0] not in held:
            train.append(i)
        elif one.speed == 1.0 or every_speed:
            val.append(i)
    names = sorted({speech.recordings[i].speaker for i in train} - {""})
    torch.manual_seed(seed)
    net = SpeakerNet(VoiceNet(config), len(names))
    if encoder == "lstm":
        start_from_teacher(net.voice, folder)
    learner = DistilledLearner(net, config, speech.noise, share)
    rows, held_rows = (SpeechExamples(speech, which, names, config) for which in (train, val))
    if share < 1 and rows.targets is not None:
        with torch.no_grad():  # each speaker's direction begins where the teacher sees the voice
            for label, which in zip(rows.labels, rows.rows, strict=True):
                if label != UNKNOWN:
                    net.speakers[label] += 10 * torch.from_numpy(rows.targets[which])
    return learner, rows, held_rows


def train(folder: Path, out: Path, encoder: str, share: float, epochs: int | None) -> None:
    """Train; goes on where it was stopped."""
    learner, rows, held = learner_of(folder, encoder, share)
    training = TRAINING[encoder]
    training = replace(training, epochs=epochs or training.epochs)
    batches = Batches(rows, batch_size=training.batch_size, training=True, seed=training.seed)
    val = Batches(held, batch_size=4, training=False)
    history = fit(
        learner, batches, val, training, out, start=encoder, score_start=encoder == "lstm"
    )
    print(history.best)


# -- what ships ------------------------------------------------------------------------------------


def ship(folder: Path, out: Path, encoder: str, shared: Path, between: float) -> None:
    """Cohort, calibration, heads; then the weights as they ship, scored as they are read back."""
    from recipes.voices_share import take_share
    from tympan.tasks.cleaned import USUAL
    from tympan.tasks.identify.calibration import calibrate, cohort_of
    from tympan.tasks.identify.task import COHORT, SPEECH, VOICE

    learner, rows, held = learner_of(folder, encoder, SPEAKER_SHARE)
    net = take_share(learner, out, between)
    for tensor in net.state_dict().values():  # as they are stored
        if tensor.ndim > 1:
            tensor.copy_(tensor.half().float())
    clean = part_of(rows, lambda one: one.group == "librispeech" and one.speed == 1.0)
    cohort = cohort_of(net, clean)
    sets = [with_noise(held, db) for db in (None, 20.0, 10.0, 5.0)]
    config = calibrate(net, cohort, replace(learner.config, augment=None), *sets)
    print(config.calibration, config.half_s)
    state = {VOICE + k: v for k, v in net.state_dict().items()}
    state |= {COHORT: cohort, SPEECH: torch.from_numpy(speech_head(net, rows, folder))}
    count = sum(p.numel() for p in net.parameters())
    card = Card(
        name=NAME,
        task="identify",
        description="Whose voice is it: vectors of voices, and whether two are one.",
        config=config.to_dict(),
        licence="Apache-2.0",
        attribution="ATTRIBUTION.md",
        data=DATA
        | {"cleaning": USUAL, "recordings": {"train": len(rows.rows), "validation": len(held.rows)}}
        | {"weights": f"{between:.0%} of the way from the teacher's to the trained ones"},
        parameters=count,
        known_failures=list(KNOWN_FAILURES),
    )
    place = shipped_folder() / NAME
    place.mkdir(parents=True, exist_ok=True)
    (place / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(place, state, card, half=True)
    ship_sex(net, rows, folder)
    score(shared)


def part_of(rows: SpeechExamples, wanted: Any) -> SpeechExamples:
    """Some of the rows."""
    found = copy(rows)
    keep = [i for i, which in enumerate(rows.rows) if wanted(rows.speech.recordings[which])]
    found.rows = [rows.rows[i] for i in keep]
    found.labels = [rows.labels[i] for i in keep]
    found.speakers, found.sizes = rows.speakers[keep], rows.sizes[keep]
    return found


def with_noise(rows: SpeechExamples, noise_db: float | None) -> SpeechExamples:
    """The same rows in noise."""
    found = copy(rows)
    found.noise_db = noise_db
    return found


def head_vectors(net: VoiceNet, rows: SpeechExamples) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of stretches of 1 and 3 s, clean and in noise, and the row of each."""
    from tympan.tasks.identify.calibration import vectors_of

    found = [
        vectors_of(net, with_noise(rows, db), length_s, 2)[:2]
        for db, length_s in ((None, 3.0), (15.0, 3.0), (8.0, 1.0))
    ]
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def speech_head(net: VoiceNet, rows: SpeechExamples, folder: Path) -> np.ndarray:
    """What tells speech from other sounds: `(d + 1,)`."""
    from tympan.tasks.identify.calibration import in_batches
    from tympan.tasks.identify.heads import fitted

    some = part_of(rows, lambda one: one.speed == 1.0 and one.start % 5 == 0)
    spoken, _ = head_vectors(net, some)
    noise = rows.speech.noise
    waves = [
        np.array(noise[i][:length], np.float32)
        for i in range(len(noise))
        for length in (3 * RATE_HZ, RATE_HZ)[: 1 + (i % 2)]
    ]
    other = in_batches(net, [wave for wave in waves if wave.std() > 1e-4])
    vectors = np.concatenate([spoken, other])
    truth = np.repeat([1, 0], [len(spoken), len(other)])
    weight, bias = fitted(vectors, truth, 2)
    head = np.append(weight[1] - weight[0], bias[1] - bias[0]).astype(np.float32)
    right = ((vectors @ head[:-1] + head[-1] > 0) == (truth == 1)).mean()
    print(f"speech head: {right:.3f} of {len(truth)} training stretches")
    return head


def ship_sex(net: VoiceNet, rows: SpeechExamples, folder: Path) -> None:
    """The head `sex`, on recordings at their own speed."""
    from tympan.models import load_card
    from tympan.tasks.identify.book import digest_of
    from tympan.tasks.identify.heads import VOICES, fitted

    some = part_of(rows, lambda one: one.speed == 1.0 and one.sex in SEXES)
    vectors, which = head_vectors(net, some)
    sex = [some.speech.recordings[some.rows[i]].sex for i in which]
    weight, bias = fitted(vectors, np.array([SEXES.index(one) for one in sex]), 2)
    voices = load_card(NAME)
    card = Card(
        name="sex",
        task="tag",
        description="Does the voice sound female or male? A head on the vectors of voices.",
        config={VOICES: NAME, "digest": digest_of(voices.weights)},
        labels=["female", "male"],
        licence="Apache-2.0",
        attribution="ATTRIBUTION.md",
        data=SEX_DATA | {"recordings": {"train": len(some.rows)}},
        git_revision=voices.git_revision,  # the weights of voices have just been written
        parameters=weight.size + bias.size,
        known_failures=list(SEX_FAILURES),
    )
    place = shipped_folder() / "sex"
    place.mkdir(parents=True, exist_ok=True)
    (place / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    state = {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)}
    save_model(place, state, card)


def score(shared: Path) -> None:
    """Score what ships as it is read back, and write the figures into both cards."""
    from tympan.data import AudioStore, read_folder
    from tympan.tasks.answering import load
    from tympan.tasks.cleaned import change_of, named_in
    from tympan.tasks.identify import TASK

    table = read_folder(shared / "librispeech").where("split", "test-other")
    table = TASK.rows_of(table)
    model: Any = load(NAME, "identify", "cpu")
    loaded = load_model(NAME)
    # As answers are given: the noise is taken away before.
    change = change_of(named_in(loaded.card))
    store = AudioStore.open(table, RATE_HZ, change=change)
    found = TASK.evaluate([(model, table)], store)
    print(found)
    metrics = {
        "scores": [one.to_json() for one in found.scores],
        "count": found.count,
        "counted": "recordings of 10 speakers of LibriSpeech test-other, all pairs",
        **found.details(),
    }
    failures = [*KNOWN_FAILURES, *found.limits]
    card = replace(loaded.card, metrics=metrics, known_failures=failures)
    save_model(shipped_folder() / NAME, loaded.state, card, half=True)
    sex: Any = load("sex", "tag", "cpu")
    files, truth = sex_set(shared)
    answers = [sex(path) for path in files]
    right = np.array([a.chosen == (t,) for a, t in zip(answers, truth, strict=True)])
    low, high = wilson_interval(int(right.sum()), len(right))
    print("sex", float(right.mean()), low, high)
    loaded = load_model("sex")
    metrics = {
        "scores": [Score("accuracy", float(right.mean()), (low, high)).to_json()],
        "count": len(right),
        "counted": "recordings of 10 speakers of LibriSpeech test-other",
    }
    card = replace(loaded.card, metrics=metrics, known_failures=list(SEX_FAILURES))
    save_model(shipped_folder() / "sex", loaded.state, card)


def sex_set(shared: Path) -> tuple[list[Path], list[str]]:
    """Files and truth of the test: of its speakers none was trained on."""
    names = dict(zip(SEXES, ("female", "male"), strict=True))
    rows = [r for r in rows_of(shared / "librispeech") if r["split"] == "test-other"]
    return [shared / "librispeech" / r["file_name"] for r in rows], [names[r["sex"]] for r in rows]


def main() -> None:
    """Prepare, train or ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("prepare", "train", "choose", "ship", "score"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/voices"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--encoder", default="lstm", choices=tuple(CONFIGS))
    parser.add_argument("--share", type=float, default=SPEAKER_SHARE, help="of the speaker loss")
    parser.add_argument("--no-teacher", action="store_true", help="the speaker loss alone")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--out", default="", help="folder in --runs of the training")
    parser.add_argument(
        "--between",
        type=float,
        default=BETWEEN,
        help="how far from the teacher's weights (0) to the trained ones (1) those that ship lie",
    )
    options = parser.parse_args()
    if options.step == "prepare":
        prepare(options.shared, options.runs / "made", options.runs)
    elif options.step == "train":
        share = 1.0 if options.no_teacher else options.share
        out = options.runs / (options.out or options.encoder)
        train(options.runs, out, options.encoder, share, options.epochs)
    elif options.step == "score":
        score(options.shared)
    elif options.step == "choose":
        from recipes.voices_share import choose

        out = options.runs / (options.out or options.encoder)
        print("chosen:", choose(options.runs, out, options.encoder, SPEAKER_SHARE))
    else:
        out = options.runs / (options.out or options.encoder)
        ship(options.runs, out, options.encoder, options.shared, options.between)


if __name__ == "__main__":
    main()
