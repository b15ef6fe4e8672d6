"""Books: chapters, paragraphs, encodings, and files that are no books."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.errors import DataError
from tympan.text import books
from tympan.text._html import html_passages, links_of
from tympan.text._passages import cut
from tympan.text.books import Chapter, read_book


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def chapters_of(folder, content, name="a.txt"):
    return list(read_book(write(folder, name, content)))


def texts(found):
    return [(one.title, one.text) for one in found]


# -- plain text ----------------------------------------------------------------------------------

STORY = """The Long Night
by Nobody

CHAPTER I.
Down the Well

It was a dark and stormy
night, and it was well-
known that co\u00ad
operation would fail.

"Who is there?"

\t*  *  *

II

He left.

Epilogue

THE END
"""


def test_a_story(tmp_path):
    found = chapters_of(tmp_path, STORY)
    night = "It was a dark and stormy night, and it was well-known that cooperation would fail."
    assert texts(found) == [
        ("", "The Long Night by Nobody"),
        ("CHAPTER I. Down the Well", f'{night}\n\n"Who is there?"'),
        ("II", "He left."),
        ("Epilogue", ""),
        ("THE END", ""),
    ]
    assert [one.place for one in found] == ["line 1", "line 4", "line 16", "line 20", "line 22"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"],
)
def test_encodings_and_ends_of_lines(encoding, end, tmp_path):
    text = "Kapitel 1\n\nDie Mühle über dem Fluß klappert\nnächtelang.\n\nKapitel 2\n\nÄpfel.\n"
    content = text.replace("\n", end).encode(encoding)
    found = texts(chapters_of(tmp_path, content))
    assert found == [
        ("Kapitel 1", "Die Mühle über dem Fluß klappert nächtelang."),
        ("Kapitel 2", "Äpfel."),
    ]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Все счастливые семьи похожи друг на друга, каждая несчастливая семья. " * 5),
        ("shift_jis", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 5),
        ("cp1250", "Zażółć gęślą jaźń, źrebię kwiląc żuje łąkę, a Świteź milczy nad wodą. " * 5),
        ("koi8-r", "Все смешалось в доме Облонских. Жена узнала, что муж был в связи. " * 5),
        ("big5", "道可道，非常道。名可名，非常名。無名天地之始，有名萬物之母。" * 5),
        ("cp1252", "Il était une fois… l’été à Orléans, dit « Noël » : ça coûte 5 €. " * 5),
    ],
)
def test_old_encodings_are_guessed(encoding, text, tmp_path):
    pytest.importorskip("charset_normalizer")
    content = ("Plain words. " * 9000 + "\n\n" + text).encode(encoding)
    assert chapters_of(tmp_path, content)[-1].text.endswith(text.strip())


def test_without_a_guess_bytes_are_western(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    text = "Il était une fois… l’été à Orléans."
    assert chapters_of(tmp_path, text.encode("cp1252"))[0].text == text
    broken = b"\xff\xfea\x00\x00\xd8b\x00"  # UTF-16 with half a character
    assert chapters_of(tmp_path, broken)[0].text == "a\ufffdb"
    # Bytes without a meaning in it are not lost either.
    assert chapters_of(tmp_path, b"a \x81 \xe9")[0].text == "a \x81 é"


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("Chapter 3", True),
        ("CHAPTER THE FIRST", True),
        ("Chapter Twenty-One: The Return", True),
        ("Kapitel IV", True),
        ("Drittes Kapitel", True),
        ("Chapitre premier", True),
        ("Глава 2", True),
        ("XLIV", True),
        ("IV.", True),
        ("Prologue", True),
        ("THE WHITE WHALE", True),
        ("Part of it was lost.", False),
        ("Chapter 3 tells of a whale.", False),
        ("Booked for two.", False),
        ("I am.", False),
        ("1984", False),
        ("MIXED Case", False),
        ("STOP!", False),
        ("第一章", False),
        ("CHAPTER 1 " + "x" * 100, False),
        ("", False),
    ],
)
def test_headings(line, is_one, tmp_path):
    found = chapters_of(tmp_path, f"Before.\n\n{line}\n\nBehind.\n")
    assert any(one.title == line for one in found if one.title) == is_one
    spoken = "".join(one.title + one.text for one in found)
    assert "".join(spoken.split()) == "".join(f"Before.{line}Behind.".split())


def test_headings_that_no_empty_lines_part(tmp_path):
    found = chapters_of(tmp_path, "Chapter 1\nOne.\nTwo.\nThree.\nChapter 2\nFour.\nFive.\nSix.\n")
    assert texts(found) == [("Chapter 1", "One. Two. Three."), ("Chapter 2", "Four. Five. Six.")]


def test_a_list_of_chapters_is_no_chapter(tmp_path):
    lines = "\n".join(f"Chapter {n}. Something" for n in range(1, 6))
    assert [one.title for one in chapters_of(tmp_path, f"Some.\n\n{lines}\n\nMore.")] == [""]


def test_lines_that_are_paragraphs(tmp_path):
    long = (
        "This line is far too long to have been broken at the margin of any page, so that it is "
        * 2
    )
    text = f"{long}\n{long}\n\nA wrapped\nparagraph.\n    Further in.\n    Again.\n- item\n- item\n"
    found = chapters_of(tmp_path, text)[0].text.split("\n\n")
    assert found == [
        long.strip(), long.strip(), "A wrapped paragraph.", "Further in.", "Again.",
        "- item", "- item",
    ]  # fmt: skip


@given(
    st.lists(
        st.lists(
            st.text("abcdefghij ABC.,!?-—“”'0123456789é漢\t", min_size=1, max_size=90),
            min_size=1,
            max_size=5,
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(max_examples=150)
def test_no_character_is_lost(tmp_path_factory, blocks, end):
    text = "\n\n".join("\n".join(lines) for lines in blocks)
    path = write(tmp_path_factory.mktemp("book"), "a.txt", text.replace("\n", end))
    rules = [line for line in text.split("\n") if books_rule(line)]
    wanted = "".join(c for line in text.split("\n") if line not in rules for c in line.split())
    try:
        found = list(read_book(path))
    except DataError:
        assert wanted == ""
        return
    spoken = "".join("".join((one.title + one.text).split()) for one in found)
    assert sorted(spoken) == sorted(wanted)
    assert spoken == wanted


def books_rule(line):
    from tympan.text._plain import _RULE

    return bool(_RULE.fullmatch(line.strip()))


def test_a_long_chapter_comes_in_parts(tmp_path):
    words = " ".join(f"Word {n} of many." for n in range(60_000))
    found = chapters_of(tmp_path, f"Chapter 1\n\n{words}\n\nChapter 2\n\nShort.")
    assert [one.part for one in found] == [*range(1, len(found)), 1]
    assert len(found) > 4
    assert all(len(one.text) <= books.LONGEST_CHARACTERS for one in found)
    assert {one.title for one in found[:-1]} == {"Chapter 1"}
    assert " ".join(" ".join(one.text for one in found[:-1]).split()) == words
    assert all(one.text.endswith(".") for one in found)


@given(st.text("ab .!\n", max_size=300), st.integers(2, 40))
def test_cutting_loses_nothing(text, longest):
    pieces = list(cut(text, longest))
    assert all(0 < len(one) <= longest for one in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_memory_is_bounded(tmp_path):
    path = tmp_path / "long.txt"
    line = "It was the best of times, it was the worst of times, it was the age.\n"
    with path.open("w") as file:
        for _ in range(3):
            file.write(
                (line * 50 + "\n") * 200 + "One line of a megabyte: " + "word " * 200_000 + "\n\n"
            )
    assert path.stat().st_size > 4.5e6
    characters = 0
    tracemalloc.start()
    for chapter in read_book(path):
        characters += len(chapter.text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert characters > 4.4e6
    assert peak < 3e6


def test_it_is_lazy(tmp_path):
    path = write(tmp_path, "a.txt", "Chapter 1\n\na\n\n" + "Chapter 2\n\nbcd\n\n" * 50_000)
    first = next(read_book(path))
    assert (first.title, first.text) == ("Chapter 1", "a")


STREAM = """
import sys
from tympan.text.books import read_book
for one in read_book("-"):
    print(one.title, "|", one.text, flush=True)
"""


def test_standard_input_is_read_while_it_comes():
    run = subprocess.Popen(
        [sys.executable, "-c", STREAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert run.stdin is not None
    assert run.stdout is not None
    run.stdin.write("CHAPTER I\n\nÜber und \n\nunter.\n\nCHAPTER II\n\n".encode())
    run.stdin.flush()
    # The first chapter is there although the input goes on.
    assert run.stdout.readline().decode() == "CHAPTER I | Über und\n"
    run.stdin.write("Été.\n".encode("latin-1"))
    run.stdin.close()
    assert run.stdout.read().decode().split() == ["unter.", "CHAPTER", "II", "|", "Été."]
    assert run.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "holds no text"),
        ("a.txt", b" \n\n \t\n", "holds no text"),
        ("a.txt", b"%PDF-1.7\n", "is no text, but a PDF"),
        ("a.txt", b"PK\x03\x04abc", "must end in .epub"),
        ("a.txt", b"\x7fELF\x02\x01", "is no text, but a program"),
        ("a.txt", b"abc\0def", "holds NUL bytes"),
        ("a.md", b"", "holds no text"),
        ("a.epub", b"", "is a damaged EPUB"),
        ("a.epub", b"hello", "is a damaged EPUB"),
    ],
)
def test_what_is_no_book(name, content, message, tmp_path):
    with pytest.raises(DataError, match=message) as caught:
        chapters_of(tmp_path, content, name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_book(tmp_path / "gone.txt")
    with pytest.raises(DataError, match="is a folder"):
        read_book(tmp_path)
    path = write(tmp_path, "a.txt", "x")
    path.chmod(0)
    if os.geteuid() != 0:  # who may read everything
        with pytest.raises(DataError, match="cannot be read: Permission denied"):
            list(read_book(path))


# -- Markdown ------------------------------------------------------------------------------------

PAGE = """---
title: Not spoken
---

# A *first* [heading](http://example.org)

Some **bold** text, a [link](http://example.org "title"), a [reference][r], `code`
and an ![image of a cat](cat.png).[^1] Cats & dogs &amp; <b>birds</b>.

- one
- two
    - three

7. seven
8. eight

> quoted

| Name | Age |
|------|----:|
| Ann  | 7   |
| Bob  |     |

```python
# not a heading
print("not spoken")
```

Setext heading
==============

    indented code

<div class="x">block <i>text</i><script>not()</script></div>

***

~~gone~~ <!-- comment --> end

[^1]: The footnote.
[r]: http://example.org/reference

## Last
"""


def test_markdown(tmp_path):
    found = chapters_of(tmp_path, PAGE, "a.md")
    assert [one.title for one in found] == ["A first heading", "Setext heading", "Last"]
    assert found[0].text.split("\n\n") == [
        "Some bold text, a link, a reference, code and an image of a cat. Cats & dogs & birds.",
        "one", "two", "three", "7. seven", "8. eight", "quoted", "Name, Age.", "Ann, 7.", "Bob.",
    ]  # fmt: skip
    assert found[0].left_out == ("code (python) of 2 lines (line 24)",)
    assert found[1].text == "block text\n\ngone end"
    assert found[1].left_out == ("code of 1 line (line 32)", "footnote 1 (line 40)")
    assert [one.place for one in found] == ["line 5", "line 29", "line 43"]


def test_markdown_of_any_length(tmp_path):
    section = (
        "## Section {}\n\n" + "Plain *words* here and [there][x].\n\n" * 50 + "```\ncode\n```\n\n"
    )
    content = "".join(section.format(n) for n in range(30)) + "[x]: http://example.org\n"
    assert len(content) > 50_000  # more than is parsed at once
    found = chapters_of(tmp_path, content, "a.md")
    assert [one.title for one in found] == [f"Section {n}" for n in range(30)]
    assert all(one.text.count("Plain words here and there.") == 50 for one in found)
    assert all(one.left_out and one.left_out[0].startswith("code of 1 line") for one in found)


def test_code_that_never_ends(tmp_path):
    content = "# A\n\ntext\n\n~~~~\n" + "~~~\n# no heading\n" * 20_000
    found = chapters_of(tmp_path, content, "a.md")
    assert texts(found) == [("A", "text")]
    assert found[0].left_out == ("code of 40000 lines (line 5)",)


def test_markdown_that_is_only_code(tmp_path):
    found = chapters_of(tmp_path, "```\nx\n```\n", "a.md")
    assert found == [Chapter("", "", "line 1", 1, ("code of 1 line (line 1)",))]


@given(st.text("ab #*_`~[]()!<>|-+=\n\t:1.\\&;", max_size=200))
@settings(max_examples=200)
def test_any_markdown_is_read(tmp_path_factory, text):
    path = write(tmp_path_factory.mktemp("md"), "a.md", text)
    try:
        for one in read_book(path):
            assert isinstance(one, Chapter)
    except DataError as error:
        message = str(error)
        assert "holds no text" in message


# -- EPUB ----------------------------------------------------------------------------------------

CONTAINER = """<?xml version="1.0"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
XHTML = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><title>No</title><style>p {{}}</style></head><body>{}</body></html>"""
NAV = """<nav epub:type="landmarks"><a href="one.xhtml">Start</a></nav><nav epub:type="toc"><ol>
<li><a href="one.xhtml">One &amp; only</a></li><li><a href="two%20b.xhtml#x">Two</a></li>
<li><a href="two%20b.xhtml#y">Three</a></li></ol></nav>"""
NCX = """<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN"
"http://www.daisy.org/z3986/2005/ncx-2005-1.dtd"><ncx><docTitle><text>Whole</text></docTitle><navMap>
<navPoint><navLabel><text>One &amp; only</text></navLabel><content src="one.xhtml"/></navPoint>
<navPoint><navLabel><text>Two</text></navLabel><content src="two%20b.xhtml#x"/></navPoint>
<navPoint><navLabel><text>Three</text></navLabel><content src="two%20b.xhtml#y"/></navPoint>
</navMap></ncx>"""
ONE = """<h1>One</h1><p>Hello,&nbsp;<i>wor</i>ld<sup><a href="#n1">1</a></sup>.<a
epub:type="noteref" href="#n2">*</a> 5&#160;m<sup>2</sup> of H<sub>2</sub>O.</p>
<aside epub:type="footnote" id="n1"><p>A note.</p></aside>
<p>First<br/>second <img src="a.png" alt="a grey cat"/><img alt="x"/></p>
<table><tr><th>A</th><th><p>B</p></th></tr><tr><td>1</td><td>2</td></tr></table>
<pre>a verse
in lines</pre><pre><code>x = 1</code></pre><p hidden="">Not.</p><script>no()</script>"""
TWO = """<p>Goes on.</p><h2 id="x">Two</h2><p>Text &lt;two&gt;.</p><a id="y"/><h2>3. Three</h2>
<h3>A section</h3><ruby>漢<rt>kan</rt></ruby><ul><li>a<li>b</ul>"""


def epub(folder, *, pages=None, opf=None, files=None, version=3, without=()):
    """Write an EPUB."""
    pages = (
        {"one.xhtml": ONE, "two b.xhtml": TWO, "pop.xhtml": "<p>pop</p>"}
        if pages is None
        else pages
    )
    items = "".join(
        f'<item id="i{n}" href="{name.replace(" ", "%20")}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(pages)
    )
    refs = "".join(
        f'<itemref idref="i{n}" linear="{"no" if name.startswith("pop") else "yes"}"/>'
        for n, name in enumerate(pages)
    )
    if version == 3:
        table = (
            '<item id="t" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        )
        refs = '<itemref idref="t"/>' + refs
    else:
        table = '<item id="t" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    toc = "" if version == 3 else ' toc="t"'
    opf = opf or (
        f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{table}{items}</manifest>'
        f"<spine{toc}>{refs}</spine></package>"
    )
    content = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    content |= {"OEBPS/book.opf": opf, "OEBPS/nav.xhtml": XHTML.format(NAV), "OEBPS/toc.ncx": NCX}
    content |= {f"OEBPS/{name}": XHTML.format(body) for name, body in pages.items()}
    content |= files or {}
    path = folder / "a.epub"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            if name not in without:
                archive.writestr(name, data)
    return path


@pytest.mark.parametrize("version", [2, 3])
def test_epub(version, tmp_path):
    found = list(read_book(epub(tmp_path, version=version)))
    assert texts(found) == [
        (
            "One & only",
            "Hello, world. 5 m2 of H2O.\n\nFirst second a grey cat\n\nA, B.\n\n1, 2.\n\n"
            "a verse in lines\n\nGoes on.",
        ),
        ("Two", "Text <two>."),
        ("3. Three", "A section\n\n漢\n\na\n\nb"),
    ]
    assert [one.place for one in found] == [
        "OEBPS/one.xhtml", "OEBPS/two b.xhtml#x", "OEBPS/two b.xhtml#y",
    ]  # fmt: skip
    assert found[0].left_out == ("footnote (OEBPS/one.xhtml)", "code (OEBPS/one.xhtml)")
    assert found[2].left_out == ("page OEBPS/pop.xhtml, outside of the order of reading",)


def test_epub_without_contents_has_the_titles_of_its_pages(tmp_path):
    pages = {"one.xhtml": "<h2>First</h2><p>a</p><h2>Part</h2><p>b</p>", "two.xhtml": "<p>c</p>"}
    path = epub(tmp_path, pages=pages, files={"OEBPS/nav.xhtml": XHTML.format("<nav></nav>")})
    assert texts(read_book(path)) == [("First", "a\n\nPart\n\nb\n\nc")]


def test_epub_in_an_old_encoding(tmp_path):
    page = (
        '<?xml version="1.0" encoding="iso-8859-1"?><html><body><p>Ça va là-bas</p></body></html>'
    )
    path = epub(
        tmp_path, pages={"one.xhtml": ""}, files={"OEBPS/one.xhtml": page.encode("latin-1")}
    )
    assert list(read_book(path))[-1].text == "Ça va là-bas"


ENCRYPTED = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:EncryptionMethod
Algorithm="{}"/><enc:CipherData><enc:CipherReference URI="{}"/></enc:CipherData>
</enc:EncryptedData></encryption>"""


def test_drm_is_named(tmp_path):
    aes = ENCRYPTED.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/one.xhtml")
    path = epub(tmp_path, files={"META-INF/encryption.xml": aes})
    with pytest.raises(DataError, match="is protected against copying"):
        next(read_book(path))
    fonts = ENCRYPTED.format("http://www.idpf.org/2008/embedding", "OEBPS/font.otf")
    assert list(read_book(epub(tmp_path, files={"META-INF/encryption.xml": fonts})))


def with_password(path):
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(magic)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(magic, at + 4)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"without": ("META-INF/container.xml",)}, "lacks META-INF/container.xml, it is no EPUB"),
        ({"without": ("OEBPS/book.opf",)}, "lacks OEBPS/book.opf"),
        ({"without": ("OEBPS/two b.xhtml",)}, "lacks its page OEBPS/two b.xhtml"),
        ({"files": {"META-INF/container.xml": "<container/>"}}, "names no book"),
        ({"files": {"META-INF/container.xml": "<container>"}}, r"container.xml, line 1, column 12"),
        ({"opf": "<package/>"}, "has no pages in its order of reading"),
        ({"opf": '<package><spine><itemref idref="q"/></spine></package>'}, "lacks the page 'q'"),
        ({"pages": {"../../../etc/passwd": "x"}}, "lies outside of the book"),
        ({"pages": {"/etc/passwd": "x"}}, "lies outside of the book"),
        ({"pages": {"http://example.org/x": "x"}}, "lies outside of the book"),
        ({"pages": {"x.xhtml": ""}}, "holds no text"),
        (
            {"opf": '<!DOCTYPE p [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><package>&c;</package>'},
            "entities are not allowed",
        ),
        ({"opf": "<a>" * 100}, "nested more than 64 deep"),
    ],
)
def test_damaged_epubs_are_one_line(changes, message, tmp_path):
    path = epub(tmp_path, **changes)
    with pytest.raises(DataError, match=message) as caught:
        list(read_book(path))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_an_epub_with_a_password(tmp_path):
    path = epub(tmp_path)
    with_password(path)
    with pytest.raises(DataError, match=r"protected against copying \(with a password\)"):
        list(read_book(path))


def test_a_bomb_is_not_unpacked(tmp_path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", b"")
    path = epub(
        tmp_path,
        pages={"one.xhtml": "<p>x</p>"},
        files={"OEBPS/one.xhtml": b"<p>" + b"a" * (64 << 20)},
    )
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    with pytest.raises(DataError, match="no page of a book is so large"):
        list(read_book(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6


def test_cut_epubs_never_crash(tmp_path):
    path = epub(tmp_path)
    whole = path.read_bytes()
    random.seed(1)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(random.randint(1, 8)):
            data[random.randrange(len(data))] = random.randrange(256)
        path.write_bytes(
            data[: random.randint(len(data) // 2, len(data))] if random.random() < 0.2 else data
        )
        try:
            list(read_book(path))
        except DataError as error:
            message = str(error)
            assert "\n" not in message


@given(st.text("<>![]-/=\"'&;?# pabrdiv:CDATA\n", max_size=80) | st.text(max_size=40))
@settings(max_examples=300)
def test_any_page_is_read(page):
    for one in html_passages(page, "page", {"": "Title", "a": "b"}):
        assert one.text
    assert isinstance(links_of(page), list)


def test_a_page_of_marked_sections(tmp_path):
    page = "<p><![CDATA[a < b]]></p><![if IE]>c<![endif]><![foo[d]]>e"
    path = epub(tmp_path, pages={"x.xhtml": page})
    assert [one.text for one in read_book(path)] == ["a < b\n\nce"]


def test_deep_pages(tmp_path):
    path = epub(
        tmp_path, pages={"one.xhtml": "<div>" * 20_000 + "deep" + "</div>" * 20_000 + "end"}
    )
    assert [one.text for one in read_book(path)] == ["deep\n\nend"]
