"""Crops to train on, and the windows of an answer to be scored on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests_training import RATE_HZ, write_problem
from tympan.audio import synth
from tympan.data import AudioStore, Batches, Table, read_folder
from tympan.data.examples import class_weights
from tympan.errors import DataError
from tympan.tasks.classify import Classifier, ClassifyConfig, ClassifyLearner
from tympan.tasks.classify.answer import ClassifyModel, steps_of
from tympan.tasks.classify.examples import (
    BATCH,
    ClassifyExamples,
    apply_to_windows,
    mean_log_probabilities,
    windows_in,
)

CONFIG = ClassifyConfig(encoder="small", rate_hz=RATE_HZ, n_fft=256, hop=64, clip_s=0.2)
LABELS = ("high", "low", "middle")
Recordings = tuple[Table, AudioStore]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """21 recordings of 0.25 to 0.33 s, and one of 3 s."""
    root = write_problem(tmp_path_factory.mktemp("data"), per_label=7)
    long = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * RATE_HZ)
    soundfile.write(root / "low" / "long.wav", long, RATE_HZ)
    table = read_folder(root)
    return table, AudioStore.open(table, RATE_HZ, tmp_path_factory.mktemp("store"))


def make(recordings: Recordings, **changes: object) -> ClassifyExamples:
    config = ClassifyConfig(**(CONFIG.to_dict() | changes))
    return ClassifyExamples(*recordings, config, LABELS)


def batches(recordings: Recordings, **changes: object) -> Batches:
    return Batches(make(recordings, **changes), batch_size=5, training=True, seed=1, workers=0)


def place_of(wave: np.ndarray, whole: np.ndarray) -> int:
    """Where a wave begins in a recording that holds it once."""
    starts = np.lib.stride_tricks.sliding_window_view(whole, 3)
    (found,) = np.flatnonzero((starts == wave[:3]).all(1))
    np.testing.assert_array_equal(wave, whole[found : found + len(wave)])
    return int(found)


# -- training ----------------------------------------------------------------------------------


def test_crops_are_pieces_from_anywhere(recordings: Recordings) -> None:
    table, store = recordings
    (row,) = [i for i, path in enumerate(table.paths) if path.stem == "long"]
    whole, places = store.mono(table.paths[row]), []
    # As many of each label, so that the order visits every row.
    for epoch in range(12):
        for batch in batches(recordings, balance=0.0).epoch(epoch):
            assert batch["wave"].shape == (5, 800)
            assert batch["wave_lengths"].tolist() == [800] * 5
            labels = [table[int(i)].label for i in batch["row"]]
            assert [LABELS[i] for i in batch["label"]] == labels
            places += [
                place_of(wave.numpy(), whole)
                for wave, index in zip(batch["wave"], batch["row"], strict=True)
                if int(index) == row
            ]
    assert len(places) >= 12
    assert min(places) < 3000
    assert max(places) > 8000
    assert len(set(places)) > 10


def test_the_last_samples_may_be_cropped_too(recordings: Recordings) -> None:
    """A crop of nearly the whole recording begins at any of the few places left."""
    table, store = recordings
    row = next(i for i, path in enumerate(table.paths) if store.length(path) == 1000)
    examples = make(recordings, clip_s=0.249)  # 996 samples
    rng, whole = np.random.default_rng(0), store.mono(table.paths[row])
    places = {place_of(examples.item(row, rng)["wave"].numpy(), whole) for _ in range(60)}
    assert places == {0, 1, 2, 3, 4}


def test_crops_depend_on_the_generator_alone(recordings: Recordings) -> None:
    examples = make(recordings)
    one, again, other = (examples.item(4, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert torch.equal(one["wave"], again["wave"])
    assert not torch.equal(one["wave"], other["wave"])


def test_short_recordings_are_filled_up_with_silence(recordings: Recordings) -> None:
    table, store = recordings
    examples = make(recordings, clip_s=1.0)
    for row, path in enumerate(table.paths):
        wave = examples.item(row, np.random.default_rng(row))["wave"].numpy()
        real = store.mono(path)
        assert wave.shape == (4000,)
        if len(real) < 4000:
            np.testing.assert_array_equal(wave[: len(real)], real)
            assert not wave[len(real) :].any()


def test_rare_labels_are_drawn_more_often(tmp_path: Path) -> None:
    root = write_problem(tmp_path / "data", per_label=6)
    for path in sorted((root / "low").iterdir())[1:]:
        path.unlink()
    table = read_folder(root)
    store = AudioStore.open(table, RATE_HZ, tmp_path / "store")
    config = ClassifyConfig(**(CONFIG.to_dict() | {"balance": 0.5}))
    examples = ClassifyExamples(table, store, config, LABELS)
    np.testing.assert_array_equal(examples.weights, class_weights(examples.targets, 0.5))

    def share(balance: float) -> float:
        config = ClassifyConfig(**(CONFIG.to_dict() | {"balance": balance}))
        examples = ClassifyExamples(table, store, config, LABELS)
        many = Batches(examples, batch_size=13, training=True, workers=0)
        labels = [int(i) for e in range(30) for b in many.epoch(e) for i in b["label"]]
        return labels.count(LABELS.index("low")) / len(labels)

    assert share(0.0) == pytest.approx(1 / 13)
    assert share(0.5) == pytest.approx(1 / (1 + 2 * 6**0.5), abs=0.03)
    assert share(1.0) == pytest.approx(1 / 3, abs=0.03)


def test_a_label_that_is_not_in_the_vocabulary(recordings: Recordings) -> None:
    with pytest.raises(DataError, match=r"'middle', which is not in the training set"):
        ClassifyExamples(*recordings, CONFIG, ("high", "low"))


def test_labels_are_numbered_by_the_vocabulary(recordings: Recordings) -> None:
    table, store = recordings
    examples = ClassifyExamples(table, store, CONFIG, ("noise", "middle", "low", "high"))
    for i, example in enumerate(table):
        number = int(examples.item(i, None)["label"])
        assert ("noise", "middle", "low", "high")[number] == example.label


def test_the_fingerprint_knows_what_matters(recordings: Recordings) -> None:
    table, store = recordings
    prints = [
        make(recordings).fingerprint(),
        make(recordings, clip_s=0.1).fingerprint(),
        make(recordings, balance=1.0).fingerprint(),
        make((table.subset(range(21, -1, -1)), store)).fingerprint(),
        ClassifyExamples(table, store, CONFIG, ("low", "high", "middle")).fingerprint(),
    ]
    assert len({str(p) for p in prints}) == len(prints)
    assert make(recordings).fingerprint() == prints[0]


# -- evaluation --------------------------------------------------------------------------------


def test_evaluation_has_no_chance_in_it(recordings: Recordings) -> None:
    examples = make(recordings)
    for row in (0, 21):
        first, again = examples.item(row, None), examples.item(row, None)
        assert all(torch.equal(first[name], again[name]) for name in first)


def test_a_recording_that_is_one_window_is_whole(recordings: Recordings) -> None:
    table, store = recordings
    examples = make(recordings, clip_s=0.3)
    for row, path in enumerate(table.paths):
        item, whole = examples.item(row, None), store.mono(path)
        if len(whole) <= 1.5 * 0.3 * RATE_HZ:
            assert int(item["windows"]) == 1
            np.testing.assert_array_equal(item["wave"].numpy(), whole)


@pytest.mark.parametrize(("clip_s", "windows"), [(0.2, 6), (0.6, 6), (1.5, 4)])
def test_a_long_recording_is_several_windows_from_beginning_to_end(
    recordings: Recordings, clip_s: float, windows: int
) -> None:
    table, store = recordings
    (row,) = [i for i, path in enumerate(table.paths) if path.stem == "long"]
    item, whole = make(recordings, clip_s=clip_s).item(row, None), store.mono(table.paths[row])
    count, size = int(item["windows"]), round(0.75 * clip_s * RATE_HZ)
    assert count == windows
    assert item["wave"].shape == (count * size,)
    places = [place_of(wave.numpy(), whole) for wave in item["wave"].view(count, size)]
    assert places[0] == 0
    assert places[-1] >= len(whole) - 2 * size
    assert (np.diff(places) > 0).all()


def test_so_many_windows_are_taken_for_a_head(recordings: Recordings) -> None:
    table, _ = recordings
    (row,) = [i for i, path in enumerate(table.paths) if path.stem == "long"]
    examples = make(recordings)
    assert [len(examples.windows(row, most)) for most in (1, 2, 17)] == [1, 2, 17]
    assert len(examples.windows(0, 17)) == 1


def test_windows_come_back_from_a_padded_batch(recordings: Recordings) -> None:
    examples = make(recordings)
    (batch,) = Batches(examples, batch_size=64, training=False)
    assert batch["wave_lengths"].unique().numel() > 1
    found = dict(windows_in(batch))
    assert sorted(found) == list(range(22))
    for i, windows in found.items():
        assert torch.equal(windows, examples.windows(int(batch["row"][i]), 6))


def test_validation_gets_what_an_answer_gets(tmp_path: Path) -> None:
    # Recordings longer than the window, and so alike that another window's length matters.
    rng = np.random.default_rng(0)
    for label, pitch_hz in (("a", 300.0), ("b", 306.0)):
        (tmp_path / label).mkdir()
        for i in range(8):
            tone = synth.sine(pitch_hz, amplitude=0.3, duration_s=4, rate_hz=8000)
            noise = synth.pink_noise(amplitude=0.1, duration_s=4, rate_hz=8000, seed=i)
            (tone * float(rng.uniform(0.5, 1)) + noise).save(tmp_path / label / f"{i}.wav")
    table = read_folder(tmp_path)
    config = ClassifyConfig(encoder="small", rate_hz=8000, clip_s=1.0, crop=0.6)
    store = AudioStore.open(table, 8000, tmp_path / "store")
    torch.manual_seed(0)
    net = Classifier(config, 2).eval()
    learner = ClassifyLearner(net, config, ("a", "b"))
    examples = ClassifyExamples(table, store, config, ("a", "b"))
    batches = Batches(examples, batch_size=5, training=False)
    with torch.no_grad():
        found = torch.cat([learner.log_probabilities(net, batch).exp() for batch in batches])
    model = ClassifyModel(net, ("a", "b"), "test")
    for row, path in zip(found, table.paths, strict=True):
        steps = np.stack([s.probabilities for s in steps_of(model, [store.mono(path)])])
        # A recording has more steps than are validated on; these are six of them at most.
        taken = steps[:: -(-len(steps) // 6)]
        assert len(steps) > 6
        assert len(taken) > 3
        assert np.allclose(row.numpy(), taken.mean(0), atol=1e-5)
    assert len(found) == len(table)


# -- a few windows of one length at a time -----------------------------------------------------


def test_windows_are_taken_together_by_their_length() -> None:
    sizes: list[tuple[int, ...]] = []

    def function(waves: torch.Tensor) -> torch.Tensor:
        sizes.append(tuple(waves.shape))
        return waves.sum(1)

    windows = [(i, torch.full((7, 3 if i < 5 else 4), float(i))) for i in range(7)]
    rows, owners = apply_to_windows(function, windows)
    assert sizes == [(BATCH, 3), (BATCH, 3), (3, 3), (14, 4)]
    assert owners.tolist() == [i for i in range(7) for _ in range(7)]
    assert rows.tolist() == [i * (3 if i < 5 else 4) for i in range(7) for _ in range(7)]


def test_probabilities_are_averaged_not_scores() -> None:
    scores = torch.tensor([[0.0, 0.0], [9.0, 0.0], [0.0, 5.0]])
    found = mean_log_probabilities(scores, torch.tensor([4, 4, 1]), [1, 4]).exp()
    assert found[1].tolist() == pytest.approx([0.7499, 0.2501], abs=1e-4)
    assert found[0, 1] > 0.99
