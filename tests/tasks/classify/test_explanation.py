"""Class activation maps."""

from __future__ import annotations

import pytest
import torch

from tests_sounds import sound
from tympan.audio import Clip, concat, synth
from tympan.errors import ArgumentError
from tympan.tasks.classify import Classifier, ClassifyConfig, explain
from tympan.tasks.classify.activation import contributions


@pytest.mark.parametrize("pool", ["last", "stages"])
@pytest.mark.parametrize("label", [0, 2])
def test_the_places_of_the_map_sum_to_the_score(label, pool):
    net = Classifier(ClassifyConfig(encoder="small", pool=pool), 3).eval()
    spectrograms = net.front(torch.randn(2, 24000))
    if pool == "stages":
        with torch.no_grad():
            net.pool.fit(net.features(net.front(torch.randn(5, 24000))))
    heat = contributions(net, spectrograms, label)
    with torch.inference_mode():
        scores = net(spectrograms)[:, label] - net.head.bias[label]
    assert torch.allclose(heat.sum((1, 2)), scores, atol=1e-4)


def test_what_spoke_for_a_tone_lies_where_the_tone_is(trained, tmp_path):
    from tympan.tasks.ask import load

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
    from tympan.tasks.ask import load

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
    from tympan.tasks.ask import load

    model = load(trained[0].folder, "classify")
    clip: Clip = sound("tone", 1)
    with pytest.raises(ArgumentError, match="'violin'"):
        explain(model, clip, "violin")
    with pytest.raises(ArgumentError, match="picture"):
        explain(model, clip).save(tmp_path / "why.gif")
