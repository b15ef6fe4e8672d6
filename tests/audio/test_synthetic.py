"""The mark of synthetic sound, in memory and in files."""

from __future__ import annotations

import warnings

import av
import pytest

from tests_audio import recording
from tympan.audio import Clip, assertion_of, is_synthetic, load, open_writer, synthetic_tags
from tympan.audio.synthetic import DIGITAL_SOURCE_TYPE, synthetic_note

TAGS = synthetic_tags(voice="ada", model="speak-en", digest="ab" * 32, title="Der Überfall")


@pytest.mark.parametrize(
    "extension", ["wav", "rf64", "flac", "ogg", "opus", "mp3", "aiff", "caf", "m4a", "mp4", "webm"]
)
def test_every_file_carries_it(extension, tmp_path):
    clip = Clip(recording().samples, recording().rate_hz, tags=TAGS)
    clip.save(tmp_path / f"a.{extension}")
    with open_writer(tmp_path / f"b.{extension}", clip.rate_hz, clip.channels, tags=TAGS) as out:
        out.write(clip)
    for path in tmp_path.iterdir():
        found = load(path)
        assert is_synthetic(found)
        assert found.tags["title"] == "Der Überfall"
        assert assertion_of(found) == assertion_of(TAGS)
        with av.open(str(path)) as file:  # as other programs see it
            texts = [*file.metadata.values(), *file.streams[0].metadata.values()]
        assert any(DIGITAL_SOURCE_TYPE in one for one in texts)


@pytest.mark.parametrize("extension", ["w64", "au"])
def test_a_format_without_room_says_so(extension, tmp_path):
    clip = Clip(recording().samples, recording().rate_hz, tags=TAGS)
    with pytest.warns(UserWarning, match="has no place for the mark that the sound is synthetic"):
        clip.save(tmp_path / f"a.{extension}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording().tagged(title="x").save(tmp_path / f"a.{extension}")


def test_it_stays_with_the_sound(tmp_path):
    clip = Clip(recording().samples, recording().rate_hz, tags=TAGS)
    voice, plain = clip.mono(), recording().mono().tagged(comment="a street")
    for found in (voice.resample(8000), plain.mix(voice), plain + voice, plain.concat(voice)):
        assert is_synthetic(found)
        assert assertion_of(found) == assertion_of(TAGS)
    assert not is_synthetic(plain)


def test_the_assertion():
    action = assertion_of(TAGS)["data"]["actions"][0]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert action["softwareAgent"]["name"] == "tympan"
    assert action["parameters"] == {"voice": "ada", "model": "speak-en", "sha256": "ab" * 32}
    assert TAGS["comment"].startswith("Synthetic speech, made by a machine: voice ada, model")


@pytest.mark.parametrize(
    ("comment", "synthetic"),
    [
        ("Synthetic speech", True),
        (f"made by another program: {DIGITAL_SOURCE_TYPE}", True),
        ("compositeSynthetic", True),
        ("a synthesizer, and speech", False),
        ("", False),
    ],
)
def test_marks_of_others(comment, synthetic):
    tags = {"comment": comment}
    assert is_synthetic(tags) == synthetic
    assert bool(synthetic_note(tags)) == synthetic
    assert assertion_of(tags) is None


@pytest.mark.parametrize(
    "comment", ["{" * 5000, '{"label": 3}', "{]", '{"label": "c2pa.other"}', '["label"]']
)
def test_what_is_no_assertion(comment):
    assert assertion_of({"comment": comment}) is None


def test_odd_names_stay_on_one_line_and_in_place():
    tags = synthetic_tags(voice='a"{b}\n\x1b[1m', title="x\ny")
    assert assertion_of(tags)["data"]["actions"][0]["parameters"] == {"voice": 'a"(b) [1m'}
    assert synthetic_note(tags) == 'Synthetic speech, made by a machine: voice a"(b) [1m.'
    assert tags["title"] == "x y"
