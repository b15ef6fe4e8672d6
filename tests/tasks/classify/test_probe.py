"""The head that hears every stage, and how it is fitted before all learn together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from tests_sounds import sound
from tympan.audio import concat, synth
from tympan.data import Batches, Table, WaveCache, read_folder, recording
from tympan.errors import ArgumentError
from tympan.models import load_model
from tympan.tasks import train
from tympan.tasks.classify import TASK, Classifier, ClassifyConfig
from tympan.tasks.classify.answer import ClassifyModel, steps_of
from tympan.tasks.classify.learner import ClassifyLearner
from tympan.tasks.classify.pool import StagePooling
from tympan.tasks.classify.probe import fit_head, logistic_regression
from tympan.tasks.classify.windows import VALIDATED
from tympan.tasks.course import EPOCHS_SCRATCH, _common_rate_hz, configured, teach_few

CONFIG = ClassifyConfig(
    encoder="small", n_mels=32, n_fft=512, hop=160, clip_s=0.9, pool="stages", keep_norm=True
)


@pytest.fixture
def few(tmp_path):
    """Five clips of each of three labels, as a table."""
    for kind in ("chirp", "noise", "tone"):
        (tmp_path / "few" / kind).mkdir(parents=True)
        for i in range(5):
            sound(kind, 900 + i).save(tmp_path / "few" / kind / f"{i}.wav")
    return read_folder(tmp_path / "few")


def test_logistic_regression_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 20)
    x = rng.normal(size=(60, 5)) + np.eye(3, 5)[y]
    peer = LogisticRegression(C=10.0, tol=1e-10, max_iter=5000).fit(x, y)
    weight, bias = logistic_regression(torch.from_numpy(x), torch.from_numpy(y), 3, 10.0)
    assert np.allclose(weight.numpy(), peer.coef_, atol=2e-3)
    assert np.allclose(bias - bias.mean(), peer.intercept_, atol=2e-3)


def test_a_label_that_is_missing_or_rare_is_no_trouble():
    x = torch.tensor([[1.0], [1.1], [1.2], [1.3], [-1.0]])
    weight, bias = logistic_regression(x, torch.tensor([0, 0, 0, 0, 2]), 3, 100.0)
    assert torch.isfinite(weight).all()
    assert (x @ weight.T + bias).argmax(1).tolist() == [0, 0, 0, 0, 2]


def test_each_map_has_the_same_share_and_all_together_a_norm_of_one():
    pool = StagePooling((32, 4, 256))
    maps = [torch.randn(50, 1, 32, 20) * 7 + 3, torch.randn(50, 4, 9, 9), torch.rand(50, 256, 3, 4)]
    pool.fit(pool(maps))
    features = pool(maps)
    assert torch.allclose(features.mean(0), torch.zeros(features.shape[1]), atol=1e-5)
    assert features.square().sum(1).mean() == pytest.approx(1.0, abs=0.02)
    shares = [part.square().sum(1).mean() for part in features.split([64, 8, 512], 1)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.01)


def test_what_never_varied_in_training_does_not_explode():
    pool = StagePooling((2, 2))
    maps = [torch.randn(20, 1, 2, 5), torch.randn(20, 2, 3, 3)]
    maps[0][:, :, 0] = 4.0
    pool.fit(pool(maps))
    other = [maps[0] + 0.5, maps[1]]
    assert pool(other).abs().max() < 20


def test_a_fitted_head_is_right_and_the_encoder_unchanged(few):
    cache = WaveCache.open(few, CONFIG.rate_hz)
    targets = torch.tensor([few.labels.index(e.label) for e in few])
    torch.manual_seed(0)
    net = Classifier(CONFIG, 3)
    before = {k: v.clone() for k, v in net.encoder.state_dict().items()}
    fit_head(net, cache, targets)
    assert all(torch.equal(v, before[k]) for k, v in net.encoder.state_dict().items())
    right = [
        int(net.probabilities(torch.from_numpy(cache.wave(i))[None]).argmax()) == int(targets[i])
        for i in range(len(cache))
    ]
    assert all(right)


def test_a_kept_norm_stays_while_the_rest_trains():
    net = Classifier(CONFIG, 3).train()
    norm = net.encoder.stem[1]
    assert net.encoder.training
    assert not norm.training
    net(net.front(torch.randn(4, 8000)))
    assert int(norm.num_batches_tracked) == 0
    free = Classifier(ClassifyConfig(encoder="small"), 3).train()
    assert free.encoder.stem[1].training


def test_only_known_pools():
    with pytest.raises(ArgumentError, match="pool='all' must be one of last, stages"):
        ClassifyConfig(pool="all")


def test_few_recordings_all_teach_from_a_fitted_head(few, trained, tmp_path):
    """Of fifteen clips two or three are for the test; none is wasted on validation."""
    for start in (str(trained[0].folder), "scratch"):
        said: list[str] = []
        result = train(
            few, from_=start, out=tmp_path / start[-4:], progress=False, say=said.append,
            settings={"encoder": "small"},
        )  # fmt: skip
        assert result.job.prepared.config.pool == "stages"
        assert not result.job.split.indices["val"]
        assert "none is held out for validation" in result.split
        assert any("none is held out for validation" in line for line in said)
        assert any("the head is fitted, the encoder stays" in line for line in said)
        assert result.history.epochs == []
        assert result.metrics["accuracy"] > 0.6


def test_many_recordings_from_scratch_keep_the_plain_head_and_a_validation_side(tmp_path):
    for kind in ("noise", "tone"):
        (tmp_path / "in" / kind).mkdir(parents=True)
        for i in range(40):
            sound(kind, i).save(tmp_path / "in" / kind / f"{i}.wav")
    result = train(
        tmp_path / "in", from_="scratch", out=tmp_path / "m", epochs=1, progress=False,
        settings={"encoder": "small"},
    )  # fmt: skip
    assert result.job.prepared.config.pool == "last"
    assert result.job.split.indices["val"]


def test_recordings_of_a_low_rate_are_heard_at_it():
    config = TASK.for_rate(ClassifyConfig(), 12000)
    assert (config.rate_hz, config.n_fft, config.hop) == (12000, 768, 240)
    for rate_hz in (0, 800, 16000, 44100):
        assert TASK.for_rate(ClassifyConfig(), rate_hz) == ClassifyConfig()


def test_the_rate_is_that_of_most_files(folder, few):
    # Of `folder` a quarter each has 16, 22.05, 44.1 and 8 kHz; of equals the highest loses nothing.
    assert _common_rate_hz(read_folder(folder), most=60) == 44100
    assert _common_rate_hz(few) == 16000
    (few[0].path).write_bytes(b"no sound")
    assert _common_rate_hz(few) == 16000


def test_what_a_model_knows_bends_to_new_recordings_of_the_same_labels(few, tmp_path):
    """The labels changed places: a head that stayed as it was would be wrong everywhere."""
    kinds = ("chirp", "noise", "tone")
    first = train(few, out=tmp_path / "first", progress=False, settings={"encoder": "base"})
    for i, kind in enumerate(kinds):
        for j in range(5):
            clip = sound(kinds[(i + 1) % 3], 800 + j)
            (tmp_path / "new" / kind).mkdir(parents=True, exist_ok=True)
            clip.save(tmp_path / "new" / kind / f"{j}.wav")
    second = train(tmp_path / "new", from_=str(first.folder), out=tmp_path / "b", progress=False)
    assert second.history.epochs == []
    assert second.metrics["accuracy"] == 1.0


def test_all_of_a_long_recording_is_heard(tmp_path):
    """What tells the labels apart comes after half a minute that is the same in both."""
    noise = synth.white_noise(duration_s=31.0, rate_hz=8000, seed=1)
    table = []
    for label, tone_hz in (("high", 1600), ("low", 400)):
        for i in range(3):
            tone = synth.sine(tone_hz + i, duration_s=40.0, rate_hz=8000)
            path = tmp_path / label / f"{i}.wav"
            path.parent.mkdir(exist_ok=True)
            concat([noise, tone]).save(path)
            table.append(path)
    cache = WaveCache.open(read_folder(tmp_path), 8000)
    config = ClassifyConfig(
        encoder="small", rate_hz=8000, n_fft=512, hop=160, n_mels=32, pool="stages", keep_norm=True
    )
    torch.manual_seed(0)
    net = Classifier(config, 2)
    fit_head(net, cache, torch.tensor([0, 0, 0, 1, 1, 1]))
    late = torch.from_numpy(np.stack([cache.wave(i, 50 * 8000, 5 * 8000) for i in range(6)]))
    assert net.probabilities(late).argmax(1).tolist() == [0, 0, 0, 1, 1, 1]


def test_without_a_fitted_head_few_recordings_are_trained_on(few, tmp_path):
    plain = {"pool": "last", "keep_norm": False, "encoder": "small"}
    course, training, _ = configured(TASK, few, None, plain, lambda line: None)
    assert (course.pool, training.epochs) == ("last", EPOCHS_SCRATCH)
    with pytest.raises(ArgumentError, match="nothing would be learned"):
        train(few, from_="scratch", out=tmp_path / "m", epochs=0, progress=False, settings=plain)


def test_a_random_encoder_learns_with_muon_a_trained_one_does_not(few):
    plain = {"pool": "last", "keep_norm": False, "encoder": "small"}
    start = load_model("sounds")
    for given, model, optimizer in (
        (plain, None, "muon"),
        (plain | {"optimizer": "adamw"}, None, "adamw"),
        ({}, start, "adamw"),
        ({"epochs": 3}, start, "adamw"),
    ):
        _, training, _ = configured(TASK, few, model, given, lambda line: None)
        assert training.optimizer == optimizer


def test_a_fitted_head_is_fitted_once(few, tmp_path):
    said: list[list[str]] = [[], []]
    for lines in said:
        train(few, out=tmp_path / "m", progress=False, say=lines.append)
    assert [any("fitting the head" in line for line in lines) for lines in said] == [True, False]


def test_few_is_counted_among_those_that_teach(few):
    assert teach_few(few)
    for count, is_few in ((33, True), (36, False)):  # 15 % are for the test
        rows = [recording(few.root / f"{i}.wav", {"label": "ab"[i % 2]}) for i in range(2 * count)]
        assert teach_few(Table(few.root, tuple(rows))) is is_few
    folds = [
        recording(few.root / f"{i}.wav", {"label": "ab"[i % 2], "fold": str(i % 5)})
        for i in range(72)
    ]
    assert teach_few(Table(few.root, tuple(folds)))  # 58 teach, with one fold of five as the test


def test_validation_hears_what_the_answer_hears(tmp_path):
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
    cache = WaveCache.open(table, 8000, tmp_path / "cache")
    targets = torch.tensor([table.labels.index(e.label) for e in table])
    net = Classifier(config, 2).eval()
    learner = ClassifyLearner(net, config, 2)
    batches = Batches(cache, targets, batch_size=5, crop_s=1.0, training=False)
    learner.val_cache = cache
    with torch.no_grad():
        heard = torch.cat([learner.answers(net, batch).exp() for batch in batches.epoch(0)])
    model = ClassifyModel(net, ("a", "b"), "test")
    for i, row in enumerate(heard):
        steps = np.stack([s.probabilities for s in steps_of(model, [cache.wave(i)])])
        # A recording has more steps than are validated on; these are some of them.
        taken = steps[:: -(-len(steps) // VALIDATED)]
        assert np.allclose(row.numpy(), taken.mean(0), atol=1e-5)
    assert len(heard) == len(table)
    learner.val_cache = None
    with torch.no_grad():
        middles = torch.cat([learner.answers(net, batch).exp() for batch in batches.epoch(0)])
    assert not torch.allclose(middles, heard, atol=1e-4)
