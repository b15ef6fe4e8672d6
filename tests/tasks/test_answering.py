"""Put a question from Python: which model answers, what is warned of, what is kept."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch

import tympan
from tympan.errors import ArgumentError, MissingDependencyError, ModelError, TympanWarning
from tympan.models import Card, save_model, shipped_folder
from tympan.tasks import answering, engines, registry
from tympan.tasks.answering import load
from tympan.tasks.engines import Engine, default_model
from tympan.tasks.verbs import Option, Verb

CLIP = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
SILENCE = tympan.synth.silence(duration_s=1, rate_hz=16000)


def test_a_function_and_the_question_by_name_give_the_same() -> None:
    answer = tympan.classify(CLIP, top=2)
    assert tympan.answer("classify", CLIP, top=2) == answer
    assert len(answer.labels) == 2
    assert answer.model == "sounds"


def test_a_name_that_another_question_has_is_that_of_a_model_of_this_one() -> None:
    assert load("en", "transcribe").name == "english"
    assert load("en", "speak").name == "en"


def test_warnings_come_as_pythons_at_the_line_of_the_user() -> None:
    for call in (lambda: tympan.classify(SILENCE), lambda: tympan.answer("classify", SILENCE)):
        with pytest.warns(TympanWarning, match="silence: is silent") as caught:
            answer = call()
        assert [one.filename for one in caught] == [__file__]
        assert answer.warnings
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tympan.classify(CLIP)
        answering.answered("classify", SILENCE)  # for who shows them in another way


def test_mistakes_are_named() -> None:
    with pytest.raises(ArgumentError, match="no task is called 'clasify'"):
        tympan.answer("clasify", CLIP)
    with pytest.raises(ArgumentError, match="did you mean top"):
        tympan.answer("classify", CLIP, topp=3)
    with pytest.raises(ArgumentError, match="top=0 is out of range"):
        tympan.classify(CLIP, top=0)
    with pytest.raises(ArgumentError, match="device 'tpu' is not here"):
        tympan.classify(CLIP, device="tpu")
    with pytest.raises(ArgumentError, match="a model is a name or a folder, not int"):
        tympan.classify(CLIP, model=3)  # type: ignore[arg-type]


def test_a_model_is_loaded_once_and_anew_when_it_has_changed(tmp_path: Path) -> None:
    for name in ("card.json", "model.safetensors"):
        (tmp_path / name).write_bytes((shipped_folder() / "sounds" / name).read_bytes())
    first = load(tmp_path, "classify")
    assert load(str(tmp_path), "classify") is first
    assert load(tmp_path, "classify", "cpu") is first
    card = (tmp_path / "card.json").read_text()
    (tmp_path / "card.json").write_text(card + "\n")
    assert load(tmp_path, "classify") is not first


def test_a_model_of_another_question_is_refused(tmp_path: Path) -> None:
    save_model(tmp_path, {"w": torch.ones(1)}, Card(name="x", task="tag"))
    with pytest.raises(ModelError, match="is a model for 'tag', not for 'classify'"):
        load(tmp_path, "classify")


# -- engines ---------------------------------------------------------------------------------------


class Parrot:
    """A model of another package."""

    def __init__(self, device: str) -> None:
        self.device = device

    def __call__(self, source: object, **options: object) -> object:
        from tympan.tasks import Classification

        return Classification("x", (), (), model="parrot")


def engine(name: str, rank: int, package: str = "numpy", extra: str = "parrot") -> Engine:
    return Engine(name, "classify", package, extra, "MIT", 1, "", f"{__name__}:Parrot", rank)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch):
    """Put engines in the catalogue."""

    def put(*found: Engine) -> None:
        monkeypatch.setattr(engines, "_found", lambda: (found, {}))
        answering._engine.cache_clear()

    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _self())
    return put


def _self():
    """This file as a module, which pytest imports without a place in `sys.modules`."""
    import types

    module = types.ModuleType(__name__)
    module.__dict__.update(Parrot=Parrot)
    return module


def test_the_best_that_is_installed_answers(known) -> None:
    verb = registry.verb("classify")
    known()
    assert default_model(verb) == "sounds"
    known(engine("a", -1), engine("b", 5, package="no-such-package"))
    assert default_model(verb) == "sounds"
    known(engine("a", 0))
    assert default_model(verb) == "sounds"  # tympan's own come first
    known(engine("a", 1), engine("b", 2), engine("c", 2))
    assert default_model(verb) == "b"
    assert tympan.classify(CLIP).model == "parrot"
    assert tympan.classify(CLIP, model="sounds").model == "sounds"


def test_an_engine_that_is_not_installed_says_what_installs_it(known) -> None:
    known(engine("a", 1, package="no-such-package"))
    with pytest.raises(MissingDependencyError, match=r"pip install 'tympan\[parrot\]'"):
        tympan.classify(CLIP, model="a")
    known(engine("a", 1, package="no-such-package", extra=""))
    with pytest.raises(MissingDependencyError, match="pip install 'no-such-package'"):
        tympan.classify(CLIP, model="a")


def test_without_any_model_it_is_said_what_to_do(known) -> None:
    lonely = Verb("lonely", "", "math:sqrt", default_model="no-such-weights")
    known()
    with pytest.raises(ModelError, match="tympan train FOLDER --task lonely"):
        default_model(lonely)
    known(Engine("a", "lonely", "no-such-package", "x", "", 1, "", ""))
    with pytest.raises(MissingDependencyError, match=r"pip install 'tympan\[x\]'"):
        default_model(lonely)


def test_an_engine_of_another_question_is_refused(known) -> None:
    known(Engine("a", "tag", "numpy", "", "", 1, "", "math:sqrt"))
    with pytest.raises(ModelError, match="a: is a model for 'tag', not for 'classify'"):
        tympan.classify(CLIP, model="a")


def test_an_engine_is_loaded_once_on_the_device_that_was_asked_for(known) -> None:
    known(engine("a", 1))
    assert load("a", "classify", "cpu") is load("a", "classify", "cpu")
    assert load("a", "classify", "cpu").device == "cpu"  # type: ignore[attr-defined]


def test_an_engine_whose_package_is_broken_says_so(known, monkeypatch) -> None:
    known(Engine("a", "classify", "numpy", "x", "", 1, "", "no_such_module:load"))
    with pytest.raises(ModelError, match="the engine 'a' cannot be loaded: No module named"):
        load("a", "classify")


def test_engines_of_tympan_are_whole() -> None:
    for one in engines.list_engines():
        assert one.task in registry.verbs()
        assert one.name not in {path.name for path in shipped_folder().iterdir()}
        assert one.licence
        assert one.description


def test_questions_of_other_packages_that_cannot_be_used_are_left_out(monkeypatch) -> None:
    class Point:
        """An entry point."""

        def __init__(self, value: str, verb: object) -> None:
            self.value, self._verb = value, verb

        def load(self) -> object:
            if isinstance(self._verb, Exception):
                raise self._verb
            return self._verb

    points = [
        Point("a:V", Verb("a", "", "m:T", (Option("x", int, 1, ""),))),
        Point("b:V", ImportError("no\nb")),
        Point("c:V", "no verb"),
        Point("d:V", Verb("classify", "", "m:T")),
        Point("e:V", Verb("hear", "", "m:T")),
        Point("f:V", Verb("a", "", "m:T")),
    ]
    built_in = list(registry.verbs())
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry._found.cache_clear()
    try:
        assert list(registry.verbs()) == [*built_in, "a"]
        assert registry.broken_verbs() == {
            "b:V": "ImportError: no b",
            "c:V": "TypeError: is a str, not a Verb",
            "d:V": "ValueError: the name 'classify' is taken",
            "e:V": "ValueError: the name 'hear' is taken",
            "f:V": "ValueError: the name 'a' is taken",
        }
    finally:
        registry._found.cache_clear()


def test_an_engine_is_one_file_in_its_folder(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "budgie.py").write_text(
        "from tympan.tasks.engines import Engine\n"
        "ENGINE = Engine(name='budgie', task='classify', package='numpy', extra='budgie',\n"
        "    licence='MIT', size_mb=2, description='Sings.', rank=1,\n"
        "    load='tympan.tasks.engines.budgie:load')\n"
        "def load(device):\n"
        "    return lambda source, **options: (device, options)\n"
    )
    monkeypatch.setattr(engines, "__path__", [*engines.__path__, str(tmp_path)])
    engines._found.cache_clear()
    try:
        assert [one.name for one in engines.list_engines("bud*", task="classify")] == ["budgie"]
        assert engines.list_engines(task="tag") == []
        assert default_model(registry.verb("classify")) == "budgie"
        found = answering.answered("classify", CLIP, device="cpu", top=2)
        assert found == (
            "cpu",
            {
                "top": 2,
                "every_s": None,
                "reject": False,
                "min_familiarity": 0.05,
            },
        )
    finally:
        engines._found.cache_clear()
        answering._engine.cache_clear()
