"""English words to phonemes: the lexicon, function words, readings, spelling."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_text import phonemes
from tympan.text import PHONEMES
from tympan.text.english import speech

GOLDEN = [
    line.split("\t")
    for line in (Path(__file__).parent / "golden.tsv").read_text("utf-8").splitlines()
]


def test_frequent_words_are_as_in_the_dictionary_of_misaki() -> None:
    assert len(GOLDEN) >= 100
    wrong = {
        word: (speech.base(word), right) for word, right in GOLDEN if speech.base(word) != right
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the cat, the apple, the hour, the unit", "ðə kˈæt, ði ˈæpᵊl, ði ˈWəɹ, ðə jˈunət."),
        ("a cat and an apple", "ɐ kˈæt ænd ɐn ˈæpᵊl."),
        ("to go to apples and where to", "tə ɡˌO tʊ ˈæpᵊlz ænd wˌɛɹ tu."),
        ("come in in time", "kˈʌm ɪn ɪn tˈIm."),
        ("come in", "kˈʌm ˈɪn."),
        ("you can if you can", "ju kæn ɪf ju kˈæn."),
        ("I am. I am here", "ˌI æm. ˌI ɐm hˈɪɹ."),
        ("is it that? that dog", "ɪz ɪt ðˈæt? ðæt dˈɔɡ."),
        ("he used to. He used a knife", "hi jˈust tu. hˌi jˈuzd ɐ nˈIf."),
        ("The BBC", "ðə bˌibˌisˈi."),
        ("PCs and bcd", "pˌisˈiz ænd bˌisˌidˈi."),
        ("well-known", "wˌɛlnˈOn."),
        ("Polish polish", "pˈOlɪʃ pˈɑlɪʃ."),
    ],
)
def test_words_in_context(text: str, expected: str) -> None:
    assert phonemes(text) == expected


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("I will read it", "read", "ɹˈid"),
        ("I have read it", "read", "ɹˈɛd"),
        ("he read it", "read", "ɹˈɛd"),
        ("I read it yesterday", "read", "ɹˈɛd"),
        ("they read books", "read", "ɹˈid"),
        ("it was read aloud", "read", "ɹˈɛd"),
        ("we live here", "live", "lˈɪv"),
        ("a live show", "live", "lˈIv"),
        ("to record it", "record", "ɹəkˈɔɹd"),
        ("the record", "record", "ɹˈɛkəɹd"),
        ("Record the sound", "Record", "ɹəkˈɔɹd"),
        ("I use it", "use", "jˈuz"),
        ("no use at all", "use", "jˈus"),
        ("close the door", "close", "klˈOz"),
        ("a close friend", "close", "klˈOs"),
        ("a lead pipe", "lead", "lˈɛd"),
        ("take the lead", "lead", "lˈid"),
        ("to lead us", "lead", "lˈid"),
        ("wind the clock", "wind", "wˈInd"),
        ("the wind blew", "wind", "wˈɪnd"),
        ("don't tear it", "tear", "tˈɛɹ"),
        ("a tear fell", "tear", "tˈɪɹ"),
        ("they present it", "present", "pɹizˈɛnt"),
        ("my present", "present", "pɹˈɛzᵊnt"),
        ("I object", "object", "əbʤˈɛkt"),
        ("an object", "object", "ˈɑbʤəkt"),
        ("he wound the clock", "wound", "wˈWnd"),
        ("the wound", "wound", "wˈund"),
        ("one minute passed", "minute", "mˈɪnət"),
        ("a minute detail", "minute", "mInˈut"),
        ("he lives here", "lives", "lˈɪvz"),
        ("their lives", "lives", "lˈIvz"),
        ("she really quickly records it", "records", "ɹəkˈɔɹdz"),
    ],
)
def test_readings(text: str, word: str, expected: str) -> None:
    said = phonemes(text).rstrip(".").split()
    assert said[text.split().index(word)] == expected


@given(st.from_regex("[A-Za-z]{1,30}", fullmatch=True))
def test_every_word_has_phonemes(word: str) -> None:
    sounds = speech.base(word)
    assert sounds
    assert set(sounds) <= set(PHONEMES["en"])


def test_no_heavy_library_is_loaded() -> None:
    code = (
        "import sys; from tympan.text import read; "
        "words = [one.phonemes for one in read('Mr. Fox paid $5 for 3 km of blorp.')]; "
        "print([m for m in ('torch', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_text_of_known_words_does_not_load_the_net() -> None:
    code = (
        "import sys; from tympan.text import read; "
        "words = [one.phonemes for one in read('Mr. Fox paid $5 for 3 km of rope.')]; "
        "print([m for m in ('numpy', 'safetensors') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
