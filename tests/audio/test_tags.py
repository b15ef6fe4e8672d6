"""Tags: kept by operations, written and read by every format that has room for them."""

from __future__ import annotations

import copy
import pickle
import warnings

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_audio import recording
from tympan.audio import Clip, blocks, concat, load, probe
from tympan.audio._id3 import id3_tag
from tympan.audio.tags import NAMES, check_tags, merge_tags, tags_found
from tympan.errors import ArgumentError

TAGS = {
    "title": "Rain in Köln 雨",
    "artist": "Ann",
    "album": "Sounds",
    "date": "2026-11-29",
    "genre": "Field recording",
    "tracknumber": "3",
    "comment": 'What "it" is: {"a": [1, 2]} é',
    "software": "recorder 1.0",
    "copyright": "2026 Ann",
    "license": "CC0",
}
# What a format has no place for.
MISSING = {
    "wav": {"license"},
    "rf64": {"license"},
    "aiff": set(NAMES) - {"title", "artist", "comment"},
    "m4a": {"software", "license"},
    "mp4": {"software", "license"},
    "webm": {"software"},
    "w64": set(NAMES),
    "au": set(NAMES),
}


@pytest.mark.parametrize(
    "extension",
    ["wav", "rf64", "w64", "flac", "ogg", "opus", "mp3", "aiff", "au", "caf", "m4a", "mp4", "webm"],
)
def test_every_format_keeps_what_it_has_room_for(extension, tmp_path):
    clip = Clip(recording().samples, recording().rate_hz, tags=TAGS)
    path = clip.save(tmp_path / f"a.{extension}")
    wanted = {name: text for name, text in TAGS.items() if name not in MISSING.get(extension, ())}
    for found in (load(path).tags, probe(path).tags, next(iter(blocks(path))).clip.tags):
        assert {**found, **wanted} == dict(found)
        assert set(found) - set(wanted) <= {"software"}  # FFmpeg signs itself
    plain = recording().save(tmp_path / f"b.{extension}")
    assert np.array_equal(load(path).samples, load(plain).samples)


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "opus", "mp3", "aiff", "m4a", "webm"])
def test_other_programs_find_them(extension, tmp_path):
    path = recording().tagged(title="Köln", comment="é {x}").save(tmp_path / f"a.{extension}")
    with av.open(str(path)) as file:
        found = {**file.metadata, **file.streams[0].metadata}
    found = {name.casefold(): text for name, text in found.items()}
    assert (found["title"], found["comment"]) == ("Köln", "é {x}")


@pytest.mark.parametrize("extension", ["wav", "flac", "mp3", "ogg"])
def test_without_tags_nothing_is_written(extension, tmp_path):
    found = load(recording().save(tmp_path / f"a.{extension}")).tags
    assert set(found) <= {"software"}


def test_saving_again_and_again_changes_nothing(tmp_path):
    path = tmp_path / "a.flac"
    recording().tagged(**TAGS).save(path)
    for _ in range(3):
        load(path).save(path)
    assert dict(load(path).tags) == TAGS


def test_operations_keep_them():
    clip = recording().tagged(title="x")
    for other in (
        clip.mono(), clip.slice(0.1, 0.2), clip.resample(8000), clip.gain(3), -clip, clip * 2,
        clip.named("n"), clip.normalize_peak(), clip.map(np.abs), clip + clip, clip - clip,
        clip.mix(clip), clip.concat(clip), load(clip), pickle.loads(pickle.dumps(clip)),
        copy.deepcopy(clip),
    ):  # fmt: skip
        assert dict(other.tags) == {"title": "x"}
    assert clip.tagged(title="").tags == {}


def test_joined_sounds_keep_what_is_said_of_each():
    a, b = (Clip([0.1], 8000, tags={"title": t, "comment": c}) for t, c in (("A", "x"), ("B", "y")))
    plain = Clip([0.2], 8000)
    for found in (a + b, a.mix(b), concat([a, b]), concat([a, plain, b])):
        assert dict(found.tags) == {"title": "A", "comment": "x; y"}
    assert dict((plain + b).tags) == {"title": "B", "comment": "y"}
    assert dict((a + a).tags) == {"title": "A", "comment": "x"}
    assert dict(sum([plain, a]).tags) == {"title": "A", "comment": "x"}


def test_recordings_joined_in_a_file_keep_both(tmp_path):
    one, two = (recording().tagged(comment=text).save(tmp_path / f"{text}.flac") for text in "xy")
    (tmp_path / "both.flac").write_bytes(one.read_bytes() + two.read_bytes())
    assert load(tmp_path / "both.flac").tags["comment"] == "x; y"


def test_nobody_can_change_them():
    given_tags = {"title": "x"}
    clip = Clip([0.1], 8000, tags=given_tags)
    given_tags["title"] = "y"
    assert clip.tags["title"] == "x"
    with pytest.raises(TypeError):
        clip.tags["title"] = "z"
    assert hash(clip.tags) == hash(check_tags({"title": "x"}))


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"mood": "sad"}, "there is no tag 'mood' .use one of title, artist"),
        ({"title": 3}, "the tag title is int, expected text"),
        ({"title": "é" * 1001}, "has 2002 bytes"),
        ("title", "tags are str"),
    ],
)
def test_what_is_no_tag(tags, message):
    with pytest.raises(ArgumentError, match=message):
        Clip([0.1], 8000, tags=tags)


def test_odd_texts_are_cleaned():
    assert dict(check_tags({"title": " a\0b ", "comment": "\0"})) == {"title": "ab"}
    assert dict(tags_found({"title": "é" * 9999}))["title"] == "é" * 1000
    assert dict(tags_found({"ENCODER": "a (libsndfile-1.2.2)"})) == {"software": "a"}
    assert dict(tags_found({"encoder": "a", "software": "b"})) == {"software": "b"}
    assert dict(tags_found({"software": "b", "encoder": "a"})) == {"software": "b"}


def test_a_short_comment_is_never_cut():
    long, short = {"comment": "x" * 1990}, {"comment": "y" * 400}
    for a, b in ((long, short), (short, long)):
        found = merge_tags(check_tags(a), check_tags(b))["comment"]
        assert len(found) == 2000
        assert "y" * 400 in found


@given(
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=8)),
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=8)),
)
def test_merging_loses_no_comment(a, b):
    a, b = check_tags(a), check_tags(b)
    found = merge_tags(a, b)
    assert set(found) == set(a) | set(b)
    for one in (a, b):
        assert one.get("comment", "") in found.get("comment", "")
    assert all(found[name] == text for name, text in a.items() if name != "comment")


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "opus", "mp3", "m4a"])
@pytest.mark.parametrize("text", ["x" * 2000, "line\none\ttab", "\ud800", "-", "=;=", "😀" * 100])
def test_texts_that_are_odd(extension, text, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = recording().tagged(comment=text).save(tmp_path / f"a.{extension}")
    found = load(path).tags["comment"]
    assert found == text.encode("utf-8", "replace").decode()


def test_sizes_in_id3_hold_no_byte_that_looks_like_sound():
    raw = id3_tag({"comment": "x" * 300, "mood": "sad"})
    assert all(byte < 128 for byte in raw[6:10])
    assert int.from_bytes(bytes(raw[6:10]), "big") != len(raw) - 10  # seven bits each
    size = 0
    for byte in raw[6:10]:
        size = size << 7 | byte
    assert size == len(raw) - 10
    assert b"TXXX" in raw
