"""No word of a book is lost in a heading or a footnote."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tympan.text import read_book

TITLE = " ".join(f"word{n}" for n in range(200))
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="a.opf"/></rootfiles></container>"""
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><manifest>
<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="a"/></spine></package>"""


def markdown(folder: Path, title: str) -> Path:
    path = folder / "a.md"
    path.write_text(f"# {title}\n\nText.\n", encoding="utf-8")
    return path


def epub(folder: Path, title: str) -> Path:
    path = folder / "a.epub"
    page = f"<html><body><h1>{title}</h1><p>Text.</p></body></html>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("a.opf", PACKAGE)
        archive.writestr("a.xhtml", page)
    return path


@pytest.mark.parametrize("made", [markdown, epub])
def test_a_long_heading_is_spoken_to_its_end(made, tmp_path):
    (found,) = read_book(made(tmp_path, TITLE))
    assert f"{found.title}\n\n{found.text}".split() == [*TITLE.split(), "Text."]


def test_a_footnote_of_one_word_is_named(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("Rain.[^1]\n\n[^1]: Drizzle\n", encoding="utf-8")
    (found,) = read_book(path)
    assert (found.text, found.left_out) == ("Rain.", ("footnote 1 (line 3)",))
