"""Whisper in ONNX files: every layout, what a model of English alone is asked, what is broken."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests_whisper_onnx import NUMBERS, write_whisper
from tympan.audio import Clip
from tympan.errors import ArgumentError, MissingDependencyError, ModelError, TympanError
from tympan.tasks.transcribe.engine_whisper_onnx import OnnxWhisperRecogniser, open_onnx
from tympan.tasks.transcribe.recogniser import DetectsLanguage
from tympan.tasks.transcribe.whisper_folder import open_folder
from tympan.tasks.transcribe.whisper_onnx import find_files

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SCRIPT = [{"Ġtea": 9.0}, {".": 9.0}, {"Ġcof": 9.0}, {"fee": 9.0}]
LAYOUTS = ("merged", "past", "plain")
QUIET = np.zeros(16000, np.float32)
LOUD = np.random.default_rng(0).uniform(-1, 1, 16000).astype(np.float32)


def recogniser(folder: Path) -> OnnxWhisperRecogniser:
    model = open_folder(folder)
    assert model is not None
    assert isinstance(model.recogniser, OnnxWhisperRecogniser)
    return model.recogniser


def heard(folder: Path, wave: np.ndarray = QUIET, **options: Any) -> str:
    return " ".join(w.text for w in recogniser(folder).words(wave, **options))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("many", [True, False])
def test_every_layout_says_the_same(tmp_path: Path, layout: str, many: bool) -> None:
    folder = write_whisper(tmp_path / "mine", SCRIPT, layout=layout, many=many)
    words = recogniser(folder).words(QUIET)
    assert [w.text for w in words] == ["tea.", "coffee"]
    assert [w.estimated for w in words] == [True, True]
    assert words[0].start_s == 0.0
    assert words[-1].end_s == 1.0
    assert all(0.99 < (w.score or 0) <= 1 for w in words)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_at_every_step_the_wave_is_heard(tmp_path: Path, layout: str) -> None:
    """A merged decoder gives keys of the states once, and empty ones later."""
    script = [{"Ġtea": 4.0, "Ġplease": 0.0}] * 3
    folder = write_whisper(tmp_path / "mine", script, layout=layout)
    assert heard(folder) == "tea tea tea"
    assert heard(folder, LOUD) == "please please please"


def test_a_text_is_not_ended_before_it_began(tmp_path: Path) -> None:
    """Whisper's scores say so for many recordings; it was trained not to be asked."""
    script = [{"<|endoftext|>": 9.0, "Ġtea": 5.0}, {"<|endoftext|>": 9.0}]
    assert heard(write_whisper(tmp_path / "a", script, many=False)) == "tea"
    script = [{"Ġcof": 9.0, "Ġtea": 5.0}, {"<|endoftext|>": 9.0}]
    begin = [NUMBERS["Ġcof"], NUMBERS["<|endoftext|>"]]
    assert heard(write_whisper(tmp_path / "b", script, begin_suppress_tokens=begin)) == "tea"


def test_what_is_never_written_is_not(tmp_path: Path) -> None:
    script = [{".": 9.0, "Ġtea": 5.0}, {".": 9.0, "<|endoftext|>": 5.0}]
    assert heard(write_whisper(tmp_path / "a", script)) == ".."
    folder = write_whisper(tmp_path / "b", script, suppress_tokens=[NUMBERS["."], -1, 10**6])
    assert heard(folder) == "tea"
    special = [{"<|de|>": 9.0, "Ġtea": 5.0}, {"<|notimestamps|>": 9.0, "<|endoftext|>": 5.0}]
    assert heard(write_whisper(tmp_path / "c", special)) == "tea"


def test_unlikely_words_of_no_speech_are_left_out(tmp_path: Path) -> None:
    unsure = [{"Ġtea": 0.5}, {"<|endoftext|>": 0.5}]
    folder = write_whisper(tmp_path / "a", unsure, after_start={"<|nospeech|>": 9.0})
    assert heard(folder, language="en") == ""
    assert heard(write_whisper(tmp_path / "b", unsure), language="en") == "tea"
    sure = write_whisper(tmp_path / "c", SCRIPT, after_start={"<|nospeech|>": 9.0})
    assert heard(sure, language="en") == "tea. coffee"


def test_the_language_is_the_likeliest_and_can_be_named(tmp_path: Path) -> None:
    folder = write_whisper(tmp_path / "a", SCRIPT, after_start={"<|de|>": 4.0, "Ġtea": 9.0})
    one = recogniser(folder)
    assert isinstance(one, DetectsLanguage)
    assert one.languages == ("en", "de", "zh")
    assert one.detect(QUIET) == "de"
    with pytest.raises(ArgumentError, match="does not know the language 'fr'"):
        one.words(QUIET, language="fr")
    alone = recogniser(write_whisper(tmp_path / "b", SCRIPT, many=False))
    assert alone.languages == ("en",)
    assert alone.detect(QUIET) == "en"


def test_a_text_without_spaces_is_words_too(tmp_path: Path) -> None:
    script = [{"èĮ": 9.0}, {"¶": 9.0}, {"æ°´": 9.0}]
    folder = write_whisper(tmp_path / "a", script)
    assert heard(folder, language="zh") == "茶 水"
    assert heard(folder, language="en") == "茶水"


def test_an_endless_text_ends(tmp_path: Path) -> None:
    folder = write_whisper(tmp_path / "a", [{"Ġtea": 20.0}] * 36, layout="plain")
    one = recogniser(folder)
    one.most_tokens = 9
    assert len(one.words(QUIET)) == 9


def test_several_threads_hear_as_one_does(tmp_path: Path) -> None:
    one = recogniser(write_whisper(tmp_path / "a", [{"Ġtea": 4.0}] * 8))
    waves = [QUIET, LOUD] * 8
    alone = [one.words(wave, language="en") for wave in waves]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda wave: one.words(wave, language="en"), waves)) == alone


def test_files_may_stand_in_a_folder_and_be_quantized(tmp_path: Path) -> None:
    folder = write_whisper(tmp_path / "a", SCRIPT)
    (folder / "onnx").mkdir()
    for path in folder.glob("*.onnx"):
        path.rename(folder / "onnx" / f"{path.stem}_quantized.onnx")
    assert heard(folder) == "tea. coffee"
    whole = folder / "onnx" / "encoder_model.onnx"
    shutil.copy(folder / "onnx" / "encoder_model_quantized.onnx", whole)
    found = find_files(folder)
    assert found is not None
    assert found.encoder == whole


def test_older_files_of_tokens_and_settings_are_read(tmp_path: Path) -> None:
    folder = write_whisper(tmp_path / "a", [{".": 9.0, "Ġtea": 5.0}], many=False)
    tokens = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    added = {one["content"]: one["id"] for one in tokens["added_tokens"]}
    (folder / "vocab.json").write_text(json.dumps(tokens["model"]["vocab"]), "utf-8")
    (folder / "added_tokens.json").write_text(json.dumps(added), "utf-8")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config |= {"suppress_tokens": [NUMBERS["."]], "is_multilingual": False}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "tokenizer.json").unlink()
    (folder / "generation_config.json").unlink()
    assert heard(folder) == "tea"


def test_a_folder_that_holds_none_is_told_apart(tmp_path: Path) -> None:
    assert open_onnx(tmp_path) is None
    (tmp_path / "model.onnx").write_bytes(b"")
    assert open_onnx(tmp_path) is None


def change(folder: Path, name: str, **values: Any) -> None:
    config = json.loads((folder / name).read_text("utf-8")) | values
    (folder / name).write_text(json.dumps(config), "utf-8")


def break_folder(folder: Path, how: str) -> None:
    encoder, decoder = folder / "encoder_model.onnx", folder / "decoder_model_merged.onnx"
    if how == "beam":
        decoder.unlink()
        encoder.rename(folder / "whisper_beamsearch.onnx")
    elif how == "moonshine":
        change(folder, "config.json", model_type="moonshine")
    elif how == "heads":
        change(folder, "config.json", decoder_attention_heads=2)
    elif how == "no heads":
        change(folder, "config.json", decoder_attention_heads=None)
    elif how == "end":
        change(folder, "config.json", eos_token_id=3)
    elif how == "more tokens":
        more = [{"content": token, "id": n} for token, n in NUMBERS.items()]
        more.append({"content": "<|fr|>", "id": 99})
        change(folder, "tokenizer.json", added_tokens=more)
    elif how == "no tokens":
        change(folder, "tokenizer.json", added_tokens=[])
    elif how == "cut":
        encoder.write_bytes(encoder.read_bytes()[:40])
    elif how == "swapped":
        shutil.copy(encoder, decoder)
    elif how == "torn":
        (folder / "config.json").write_text("{", "utf-8")
    elif how == "PyTorch":
        encoder.unlink(), decoder.unlink()
    else:
        (folder / how).unlink()


BROKEN = {
    "encoder_model.onnx": r"has no encoder_model\.onnx",
    "decoder_model_merged.onnx": r"has neither decoder_model_merged\.onnx nor decoder_model\.onnx",
    "config.json": r"has no config\.json",
    "tokenizer.json": r"has no tokenizer\.json, and nothing is downloaded",
    "beam": r"are no encoder_model\.onnx and decoder_model\.onnx",
    "moonshine": "a model of the kind 'moonshine', not Whisper",
    "heads": r"decoder_model_merged\.onnx: cannot be run: .*config\.json",
    "no heads": r"config\.json: does not describe a Whisper model",
    "end": r"tokenizer\.json: ends texts with the token 9, and the model with another one",
    "more tokens": "knows 18 tokens, and the tokenizer 100",
    "no tokens": r"tokenizer\.json: does not hold the tokens of Whisper",
    "cut": r"encoder_model\.onnx: cannot be loaded: ",
    "swapped": r"is no decoder of Whisper that tympan knows \(for its 'input_features'\)",
    "torn": r"config\.json: cannot be read",
    "PyTorch": "holds Whisper as PyTorch has it .*optimum-cli export onnx",
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_not_whole_is_said_in_one_line(tmp_path: Path, how: str) -> None:
    folder = write_whisper(tmp_path / "mine", SCRIPT)
    break_folder(folder, how)
    with pytest.raises(ModelError, match=BROKEN[how]) as told:
        heard(folder)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 500


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_whisper(tmp_path / "mine", SCRIPT)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tympan\[whisper-onnx\]'"):
        open_folder(folder)


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tympan", "transcribe", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, encoding="utf-8")


@pytest.mark.slow
def test_the_command_takes_such_a_folder(tmp_path: Path) -> None:
    from tympan import speak

    clip = speak("There is tea in the kitchen, and it is hot.", voice="en")
    assert isinstance(clip, Clip)
    file = tmp_path / "said.wav"
    clip.save(file)
    folder = write_whisper(tmp_path / "mine", SCRIPT)
    done = run(file, "--model", folder, "-o", tmp_path / "said.json")
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "said.json").read_text("utf-8"))
    assert (answer["model"], answer["text"]) == ("mine", "please please please please")
    (folder / "encoder_model.onnx").unlink()
    done = run(file, "--model", folder)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "has no encoder_model.onnx" in done.stderr


def test_errors_are_tympans_own(tmp_path: Path) -> None:
    folder = write_whisper(tmp_path / "mine", SCRIPT)
    (folder / "config.json").write_text("[]", "utf-8")
    with pytest.raises(TympanError, match="holds no JSON object"):
        open_folder(folder)
