"""Class activation maps."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests_sounds import sound
from tympan.audio import Clip, concat, synth
from tympan.errors import ArgumentError
from tympan.tasks.classify import Classifier, ClassifyConfig, explain, reasons
from tympan.tasks.classify.activation import contributions, heat_of, with_maps
from tympan.tasks.classify.answer import ClassifyModel
from tympan.tasks.classify.pool import StagePooling
from tympan.tasks.classify.reasons import Clearest
from tympan.tasks.classify.timeline import Piece, Step, extend
from tympan.tasks.results import Segment


@pytest.mark.parametrize("pool", ["last", "stages"])
@pytest.mark.parametrize("label", [0, 2])
def test_the_places_of_the_map_sum_to_the_score(label, pool):
    net = Classifier(ClassifyConfig(encoder="small", pool=pool), 3).eval()
    spectrograms = net.front(torch.randn(2, 24000))
    if pool == "stages":
        with torch.no_grad():
            net.pool.fit(net.features(net.front(torch.randn(5, 24000))))
    heat = contributions(net, spectrograms, label)
    each = contributions(net, spectrograms, [label, 1])
    assert torch.equal(each[0], heat[0])
    assert not torch.equal(each[1], heat[1])
    with torch.inference_mode():
        scores = net(spectrograms)[:, label] - net.head.bias[label]
    assert torch.allclose(heat.sum((1, 2)), scores, atol=1e-4)


def test_what_spoke_for_a_tone_lies_where_the_tone_is(trained, tmp_path):
    from tympan.tasks.answering import load

    model = load(trained[0].folder, "classify")
    quiet = synth.white_noise(duration_s=0.3, rate_hz=16000, amplitude=0.001, seed=1)
    tone = synth.sine(frequency_hz=900, duration_s=0.4, rate_hz=16000, amplitude=0.5)
    found = explain(model, concat([quiet, tone]), "tone")
    assert found.label == "tone"
    frames = found.heat.clip(min=0).sum(0)
    assert frames[len(frames) // 2 :].sum() > frames[: len(frames) // 2].sum()
    picture = found.save(tmp_path / "why.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert found.spectrogram.shape[0] == len(found.frequencies_hz) == 32


def test_a_long_recording_is_explained_where_it_is_clearest(trained, tmp_path):
    from tympan.tasks.answering import load

    model = load(trained[0].folder, "classify")
    rows = [sound("noise", i) for i in range(6)] + [sound("chirp", 3)]
    path = tmp_path / "long.flac"
    concat(rows).save(path)
    whole_s = sum(r.duration_s for r in rows)
    found = explain(model, path, "chirp")
    assert found.start_s > whole_s / 2
    assert found.start_s + found.duration_s <= whole_s + 0.01
    assert found.file == "long.flac"


def test_an_unknown_label_or_format_is_refused(trained, tmp_path):
    from tympan.tasks.answering import load

    model = load(trained[0].folder, "classify")
    clip: Clip = sound("tone", 1)
    with pytest.raises(ArgumentError, match="'violin'"):
        explain(model, clip, "violin")
    with pytest.raises(ArgumentError, match="picture"):
        explain(model, clip).save(tmp_path / "why.gif")


@pytest.mark.parametrize("pool", ["last", "stages"])
def test_feature_maps_kept_from_the_answer_give_the_same_reasons(pool):
    torch.manual_seed(0)
    net = Classifier(ClassifyConfig(encoder="small", pool=pool), 3).eval()
    waves = torch.randn(2, 24000)
    rows, *maps = with_maps(net)(waves)
    assert torch.equal(rows, net.probabilities(waves))
    assert len(maps) == (pool == "last"), "a head on all stages needs more than the last map"
    assert not net.encoder._forward_hooks
    assert torch.allclose(heat_of(net, waves, [0, 2], maps), heat_of(net, waves, [0, 2]), atol=1e-5)


# -- reasons, gathered while a recording is answered -----------------------------------------------


class Level(torch.nn.Module):
    """Answers by how loud a window is: one label for each tenth of the scale."""

    def __init__(self) -> None:
        super().__init__()
        self.config = ClassifyConfig(rate_hz=8000, clip_s=1.0, crop=1.0)
        self.pool = StagePooling((1,))

    def probabilities(self, waves: torch.Tensor) -> torch.Tensor:
        level = (10 * waves.abs().amax(1)).clamp(0, 9).round().long()
        return torch.nn.functional.one_hot(level, 10) * 0.9 + 0.01


def explained_alone(monkeypatch) -> None:
    """Explanations without a net: the label and the place are what counts here."""

    def explained(model, pieces, name, duration_s):
        return [(label, piece.offset_s, piece.wave.copy()) for label, piece in pieces]

    monkeypatch.setattr(reasons, "explain_pieces", explained)


def levels(*tenths: float, each_s: float = 3.0) -> Clip:
    return Clip(np.concatenate([np.full(round(each_s * 8000), t / 10) for t in tenths]), 8000)


def test_each_segment_is_explained_in_one_of_its_own_windows(monkeypatch):
    explained_alone(monkeypatch)
    model = ClassifyModel(Level(), tuple("0123456789"), "level")  # type: ignore[arg-type]
    session = model.explaining_session(name="a.wav")
    clip = levels(1, 5, 1, 9, 0, 9)
    for start in range(0, clip.num_samples, 700):
        session.push(clip.samples[:, start : start + 700])
    answer = session.result()
    found = session.reasons()
    assert [r.segment for r in found] == list(answer.timeline)
    assert [r.segment.label for r in found] == ["1", "5", "1", "9", "9"]
    assert [r.best for r in found].count(True) == 3
    for reason in found:
        label, offset_s, wave = reason.explanation
        assert str(label) == reason.segment.label
        middle = offset_s + 0.5
        assert reason.segment.start_s - 0.3 <= middle <= reason.segment.end_s + 0.3
        own = clip.samples[0, round(offset_s * 8000) :][: len(wave)]
        assert np.array_equal(wave, own)
        # The window is the clearest one: it holds the label's level and nothing louder.
        assert wave.max() == pytest.approx(label / 10)


@given(st.integers(0, 10_000), st.integers(1, 120))
def test_the_segments_that_are_explained_are_the_clearest_of_all(seed, count):
    rng = np.random.default_rng(seed)
    collector, timeline = Clearest(window_s=1.0), []
    at = 0.0
    for _ in range(count):
        length, label, score = rng.uniform(0.1, 3), int(rng.integers(0, 12)), rng.uniform(0.1, 1)
        row = np.full(12, 0.01)
        row[label] = score
        step = Step(at, at + length, row, pieces=(Piece(at, row, np.zeros(4, np.float32)),))
        collector.hold(step)
        before = len(timeline)
        extend(timeline, step, str(label), float(score))
        collector.add(step, label, timeline)
        assert len(timeline) - before in (0, 1)
        at += length
    with patch.object(reasons, "explain_pieces", lambda m, pieces, *_: list(pieces)):
        found = collector.reasons(None, "a", timeline, at)  # type: ignore[arg-type]

    def value(s: Segment) -> float:
        return s.score * min(s.end_s - s.start_s, 1.0)

    best: dict[str, Segment] = {}
    weight: dict[str, float] = {}
    for s in timeline:
        if s.label not in best or value(s) > value(best[s.label]):
            best[s.label] = s
        weight[s.label] = weight.get(s.label, 0) + s.score * (s.end_s - s.start_s)
    told = [name for name in best if best[name].score >= 0.3] or list(best)
    told = sorted(told, key=lambda name: -weight[name])[:6]
    chosen = [best[name] for name in told]
    others = [s for s in timeline if s.score >= 0.3 and s not in chosen]
    others = sorted(others, key=lambda s: -value(s))[: 24 - len(chosen)]
    assert [r.segment for r in found if r.best] == sorted(chosen, key=lambda s: s.start_s)
    assert [r.segment for r in found] == sorted(chosen + others, key=lambda s: s.start_s)


def test_of_a_segment_the_window_in_which_its_label_scores_highest_is_kept():
    """Also when the windows of steps that came long after it have been let go."""
    collector, timeline = Clearest(window_s=1.0), []
    for i, score in enumerate([0.5, 0.9, 0.7] + [0.6] * 300):
        row = np.array([score, 1 - score])
        piece = Piece(float(i), row, np.full(4, i, np.float32))
        step = Step(float(i), i + 1.0, row, pieces=(piece,))
        collector.hold(step)
        extend(timeline, step, "a", score)
        collector.add(step, 0, timeline)
    with patch.object(reasons, "explain_pieces", lambda m, pieces, *_: list(pieces)):
        found = collector.reasons(None, "a", timeline, 303.0)  # type: ignore[arg-type]
    label, kept = found[0].explanation
    assert (label, kept.offset_s) == (0, 1.0)
    assert kept.wave.tolist() == [1.0] * 4


def test_few_windows_are_kept_however_long_nothing_is_decided():
    collector = Clearest(window_s=1.0)
    pieces = []
    for i in range(1000):
        piece = Piece(float(i), np.full(2, 0.5), np.zeros(100, np.float32))
        pieces.append(piece)
        collector.hold(Step(float(i), i + 1.0, np.full(2, 0.5), pieces=(piece,)))
    assert sum(piece.wave is not None for piece in pieces) == reasons.MOST_UNDECIDED


def test_a_stream_that_comes_once_is_explained(trained, tmp_path):
    from tympan.tasks.answering import load

    model = load(trained[0].folder, "classify")
    clip = concat([sound("noise", 1), sound("chirp", 3)])
    whole = explain(model, clip, "chirp")
    data = clip.to_wav_bytes(subtype="FLOAT")

    class Once:
        """What a pipe gives."""

        def __init__(self) -> None:
            self.rest = data

        def read(self, count: int = -1) -> bytes:
            part, self.rest = self.rest[:count], self.rest[count:]
            return part

    found = explain(model, Once(), "chirp")
    assert (found.start_s, found.score) == pytest.approx((whole.start_s, whole.score))
    assert np.allclose(found.heat, whole.heat)
