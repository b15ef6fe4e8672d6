"""The parts that build the documentation."""

from __future__ import annotations

import doctest
import importlib
import re
import sys
from pathlib import Path

import pytest

from tympan.cli.main import COMMANDS

DOCS = Path(__file__).resolve().parents[1] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))


@pytest.mark.parametrize("name", ["check_offline", "plain_docstrings", "guide_figures"])
def test_examples_of_the_extensions_are_right(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed


def test_a_page_that_fetches_is_found(tmp_path: Path) -> None:
    import check_offline

    (tmp_path / "good.html").write_text('<a href="https://a.org">a</a><img src="data:image/png;">')
    assert check_offline.main(str(tmp_path)) == 0
    (tmp_path / "bad.css").write_text("@import url(https://a.org/x.css)")
    assert check_offline.main(str(tmp_path)) == 1


def test_an_empty_build_is_no_success(tmp_path: Path) -> None:
    import check_offline

    assert check_offline.main(str(tmp_path)) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_page(name: str) -> None:
    page = (DOCS / "verbs" / f"{name}.md").read_text(encoding="utf-8")
    assert f"```{{command-help}} {name}\n" in page
    assert f"verbs/{name}\n" in (DOCS / "index.md").read_text(encoding="utf-8")


LINES = {
    "`tag` ": ("tasks/tag/*.py",),
    "search and labelling ": ("tasks/embed/*.py",),
    "and labelling [0-9,]+, and ": (
        *("cli/find.py", "cli/label.py"),
        *("report/found.py", "report/label_batch.py", "report/label_server.py"),
    ),
    "`classify`\\s+has ": ("tasks/classify/*.py",),
}


@pytest.mark.parametrize("before", LINES)
def test_the_lines_of_code_that_questions_took_are_those_stated(before: str) -> None:
    source = DOCS.parent / "src" / "tympan"
    files = [file for pattern in LINES[before] for file in source.glob(pattern)]
    count = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
    text = (DOCS / "experiments.md").read_text(encoding="utf-8")
    stated = re.search(before + "([0-9,]+[0-9])", text.split("**Lines of code**")[1])
    assert stated is not None
    assert int(stated[1].replace(",", "")) == pytest.approx(count, rel=0.1)


# -- the guide; the documentation's build executes every chapter -----------------------------------

CHAPTERS = sorted((DOCS / "guide").glob("plot_*.py"))
NAMES = (
    *("plot_1_sound", "plot_2_composite", "plot_3_sampling", "plot_4_spectrum"),
    *("plot_5_domains", "plot_6_spectrograms", "plot_7_pipeline", "plot_8_own_sounds"),
    *("plot_9_archive", "plot_9_tags", "plot_9_unknown"),
    *("plot_9b_events", "plot_9c_voices", "plot_9d_machines"),
    *("plot_9e_listening_post", "plot_9f_voice", "plot_9g_separate", "plot_9g_words"),
    "plot_9h_key_words",
    *("plot_9i_notes", "plot_9j_composing", "plot_9k_server"),
)


def test_the_chapters_are_there_in_order() -> None:
    assert [path.stem for path in CHAPTERS] == list(NAMES)
    for number, path in enumerate(CHAPTERS, 1):
        assert path.read_text(encoding="utf-8").startswith(f'"""\n{number}. ')
    assert "_generated/guide/index" in (DOCS / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_step_that_draws_says_what_is_to_be_seen(path: Path) -> None:
    import guide_figures

    texts = []
    for step in guide_figures.steps(path.read_text(encoding="utf-8")):
        text = guide_figures.alt_text(step)
        if "plt.subplots(" in step:
            assert text, step
        texts.append(text)
    texts = [text for text in texts if text]
    assert len(texts) >= 4
    assert len(set(texts)) == len(texts)
    assert all(text.endswith(".") and len(text) > 30 for text in texts)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_links_of_a_chapter_hold(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r":doc:`([^`]+)`", text):
        page = (
            DOCS / f"{target.lstrip('/')}.md" if "/" in target else path.with_name(f"{target}.py")
        )
        assert page.is_file(), target
    assert "# Try\n# ---\n" in text
    if path != CHAPTERS[-1]:
        following = CHAPTERS[CHAPTERS.index(path) + 1].stem
        assert f"# Next: :doc:`{following}`" in text


def test_a_figure_without_words_is_refused() -> None:
    import guide_figures

    plt = pytest.importorskip("matplotlib.pyplot")
    plt.close("all")  # what other tests of this process left open
    block = ("code", "plt.figure()", 3)
    assert guide_figures.scrape(block, {}, {}) == ""
    plt.figure()
    with pytest.raises(ValueError, match=r"a\.py, line 3"):
        guide_figures.scrape(block, {"src_file": "a.py"}, {})
    assert not plt.get_fignums()


def test_pages_of_chapters_that_are_gone_go_too(tmp_path: Path) -> None:
    import guide_figures

    (tmp_path / "scripts").mkdir()
    (tmp_path / "pages").mkdir()
    (tmp_path / "scripts" / "plot_1_a.py").touch()
    for name in ("plot_1_a.rst", "plot_2_b.rst", "plot_2_b.ipynb", "index.rst"):
        (tmp_path / "pages" / name).touch()
    guide_figures.forget_vanished(tmp_path / "scripts", tmp_path / "pages")
    left = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert left == ["index.rst", "plot_1_a.rst"]
