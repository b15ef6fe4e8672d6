"""SSML: what each tag does, what is named, and what is refused."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.text import Ssml, SsmlPiece
from tympan.text.ssml import LONGEST_PAUSE_S, read_ssml


def only(inside: str) -> SsmlPiece:
    """The single piece of a text."""
    found = read_ssml(f"<speak>{inside}</speak>")
    assert len(found) == 1, found.pieces
    return found.pieces[0]


def test_plain_text_is_one_piece():
    found = read_ssml("<speak>\n  Hello,\n  world.\n</speak>")
    assert found.pieces == (SsmlPiece("Hello, world. "),)
    assert found.text == "Hello, world."
    assert found.warnings == ()


def test_pieces_join_to_the_text():
    found = read_ssml("<speak>un<emphasis>believ</emphasis>able <b>x</b>. <i>y</i></speak>")
    assert found.text == "unbelievable x. y"
    assert [one.text for one in found] == ["un", "believ", "able ", "x", ". ", "y"]


@pytest.mark.parametrize(
    ("attributes", "pause_s"),
    [
        ("", 0.4),
        ('time="500ms"', 0.5),
        ('time="1.5s"', 1.5),
        ('time="0s"', 0.0),
        ('strength="none"', 0.0),
        ('strength="strong"', 0.8),
        ('strength="strong" time="2s"', 2.0),
    ],
)
def test_breaks(attributes, pause_s):
    found = read_ssml(f"<speak>a<break {attributes}/>b</speak>")
    assert found.pieces == (SsmlPiece("a"), SsmlPiece(pause_s=pause_s), SsmlPiece("b"))
    assert found.warnings == ()


@pytest.mark.parametrize("time", ["-1s", "1", "soon", "1e9s", "inf s", "nans"])
def test_breaks_that_are_none(time):
    found = read_ssml(f'<speak><break time="{time}"/></speak>')
    assert found.pieces == (SsmlPiece(pause_s=0.4),)
    assert found.warnings == (f"a break cannot last {time!r}: write 500ms or 1.5s",)


def test_breaks_have_an_end_together() -> None:
    found = read_ssml("<speak>" + '<break time="60s"/>' * 100 + "now</speak>")
    assert sum(one.pause_s or 0.0 for one in found) == 3600
    assert found.text == "now"
    assert found.warnings == ("breaks are left out behind the first 3600 s of silence",)


def test_an_endless_break_is_cut():
    found = read_ssml('<speak><break time="999999s"/></speak>')
    assert found.pieces[0].pause_s == LONGEST_PAUSE_S
    assert "was cut to 60 s" in found.warnings[0]


@pytest.mark.parametrize(
    ("attributes", "values"),
    [
        ('rate="slow"', (0.75, 0, 0)),
        ('rate="120%"', (1.2, 0, 0)),
        ('rate="-20%"', (0.8, 0, 0)),
        ('rate="2"', (2, 0, 0)),
        ('pitch="+2st"', (1, 2, 0)),
        ('pitch="x-low"', (1, -6, 0)),
        ('pitch="+100%"', (1, 12, 0)),
        ('volume="loud"', (1, 0, 6)),
        ('volume="-3dB"', (1, 0, -3)),
        ('volume="silent"', (1, 0, -120)),
        ('volume="100"', (1, 0, 0)),
        ('rate="fast" pitch="high" volume="soft"', (1.3, 3, -6)),
    ],
)
def test_prosody(attributes, values):
    piece = only(f"<prosody {attributes}>x</prosody>")
    found = (piece.rate, piece.pitch_semitones, piece.volume_db)
    assert found == pytest.approx(values)


def test_prosody_adds_up_and_ends():
    found = read_ssml(
        '<speak><prosody rate="200%" pitch="+2st">a<prosody rate="50%" pitch="+1st" volume="+2dB">b'
        "</prosody>c</prosody>d</speak>"
    )
    values = [(p.text, p.rate, p.pitch_semitones, p.volume_db) for p in found]
    assert values == [("a", 2, 2, 0), ("b", 1, 3, 2), ("c", 2, 2, 0), ("d", 1, 0, 0)]


def test_prosody_beyond_reason_is_limited():
    inside = "x"
    for _ in range(20):
        inside = f'<prosody rate="x-fast" pitch="x-high" volume="x-loud">{inside}</prosody>'
    found = read_ssml(f"<speak>{inside}</speak>")
    piece = found.pieces[0]
    assert (piece.rate, piece.pitch_semitones, piece.volume_db) == (4, 24, 20)
    assert len(found.warnings) == 3


@pytest.mark.parametrize(
    "attribute",
    ['rate="quick"', 'pitch="120Hz"', 'volume="-5"', 'rate="0%"', 'contour="(0%,+1st)"'],
)
def test_prosody_that_is_not_followed_is_named(attribute):
    found = read_ssml(f"<speak><prosody {attribute}>x</prosody></speak>")
    assert found.pieces == (SsmlPiece("x"),)
    assert len(found.warnings) == 1
    assert "is not followed" in found.warnings[0]


def test_emphasis_is_slower_higher_and_louder():
    strong, plain = only('<emphasis level="strong">x</emphasis>'), SsmlPiece("x")
    assert strong.rate < plain.rate
    assert strong.pitch_semitones > plain.pitch_semitones
    assert strong.volume_db > plain.volume_db
    assert only('<emphasis level="none">x</emphasis>') == plain


def test_what_stands_for_text():
    assert only('<sub alias="World Wide Web">W<b>W</b>W</sub>').text == "World Wide Web"
    piece = only('<phoneme alphabet="ipa" ph="təˈmɑːtəʊ">tomato</phoneme>')
    assert (piece.text, piece.phonemes) == ("tomato", "təˈmɑːtəʊ")
    piece = only('<say-as interpret-as="date" format="mdy">1/2/26</say-as>')
    assert (piece.say_as, piece.say_as_format, piece.text) == ("date", "mdy", "1/2/26")
    assert only('<say-as interpret-as="spell-out">ABC</say-as>').say_as == "characters"
    assert only('<voice name="ada"><p>x</p></voice>').voice == "ada"


def test_the_text_behind_a_replaced_one_is_spoken():
    found = read_ssml('<speak>a <sub alias="b">c</sub> d <sub alias="e"><x>f</x></sub>g</speak>')
    assert found.text == "a b d eg"


def test_ends_of_sentences_and_paragraphs():
    found = read_ssml("<speak><p><s>A <i>b</i> </s><s>c</s></p><p>d<break/></p>e</speak>")
    assert [(one.text, one.ends) for one in found] == [
        ("A ", ""),
        ("b", "sentence"),
        ("c", "paragraph"),
        ("d", "paragraph"),
        ("", ""),
        ("e", ""),
    ]
    assert found.text == "A b c\n\nd\n\ne"


def test_marks_are_pieces():
    found = read_ssml('<speak>a <mark name="here"/>b</speak>')
    assert [one.mark for one in found] == ["", "here", ""]


@pytest.mark.parametrize(
    ("inside", "warning"),
    [
        (
            '<audio src="bell.wav"><desc>bell</desc>ding</audio>',
            "the audio 'bell.wav' is not played",
        ),
        ("<whisper>ding</whisper>", "<whisper> is not known: its text is spoken"),
        ('<amazon:effect xmlns:amazon="u">ding</amazon:effect>', "<effect> is not known"),
        ('<lang xml:lang="fr">ding</lang>', "the language 'fr' is spoken by the voice as it can"),
        ('<say-as interpret-as="poem">ding</say-as>', "say-as 'poem' is not known"),
        ('<phoneme alphabet="x-sampa" ph="d">ding</phoneme>', "the alphabet 'x-sampa'"),
        ("<sub>ding</sub>", "a sub has no alias"),
        ('<voice gender="female">ding</voice>', "chosen by its name alone"),
        ("<lexicon uri='x'/>ding", "<lexicon> is not read"),
    ],
)
def test_what_is_not_followed_is_named_and_its_text_spoken(inside, warning):
    found = read_ssml(f"<speak>{inside}</speak>")
    assert found.text == "ding"
    assert found.warnings[0].startswith(warning) or warning in found.warnings[0]
    assert len(found.warnings) == 1


def test_each_warning_is_given_once():
    assert len(read_ssml("<speak>" + "<x>a</x>" * 50 + "</speak>").warnings) == 1


def test_another_root_is_named():
    found = read_ssml("<p>Hello</p>")
    assert found.text == "Hello"
    assert found.warnings == ("<p> is no <speak>",)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("Hello.", 1, 1),
        ("<speak>\nfish & chips</speak>", 2, 7),
        ("<speak>\n\n<p>x</speak>", 3, 7),
        ("<speak>a", 1, 9),
        ("\n\n<speak>&nbsp;</speak>", 3, 8),
        ("<speak>\x00</speak>", 1, 8),
        ("<speak>\x1b[0m</speak>", 1, 8),
        ("", 1, 1),
    ],
)
def test_wrong_xml_is_one_line_with_its_place(text, line, column):
    with pytest.raises(ArgumentError) as caught:
        read_ssml(text)
    assert f"wrong in line {line}, column {column}: " in str(caught.value)
    assert "\n" not in str(caught.value)


LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(12)
)


@pytest.mark.parametrize(
    "text",
    [
        f"<!DOCTYPE speak [{LAUGHS}]><speak>&l11;</speak>",
        '<!DOCTYPE speak [<!ENTITY f SYSTEM "file:///etc/hostname">]><speak>&f;</speak>',
        '<!DOCTYPE speak SYSTEM "http://example.org/evil.dtd"><speak>x</speak>',
        '<!DOCTYPE speak [<!ENTITY % p SYSTEM "file:///x"> %p;]><speak>x</speak>',
    ],
)
def test_no_entities_and_nothing_from_outside(text):
    with pytest.raises(ArgumentError, match=r"document type .* is not allowed"):
        read_ssml(text)


def test_depth_has_a_limit():
    deep = "<p>" * 63 + "x" + "</p>" * 63
    assert read_ssml(f"<speak>{deep}</speak>").text == "x"
    with pytest.raises(ArgumentError, match="more than 64 deep"):
        read_ssml(f"<speak><p>{deep}</p></speak>")
    with pytest.raises(ArgumentError, match="more than 64 deep"):
        read_ssml("<p>" * 100_000)


def test_size_has_a_limit():
    assert len(read_ssml("<speak>" + "a " * 490_000 + "</speak>").text) == 979_999
    with pytest.raises(ArgumentError, match=r"has 1\.0 MB, at most 1 MB"):
        read_ssml("<speak>" + "a" * 1_000_000 + "</speak>")
    with pytest.raises(ArgumentError, match="at most 1 MB"):
        read_ssml("<speak>" + "é" * 600_000 + "</speak>")


def test_many_small_pieces():
    assert len(read_ssml("<speak>" + "<b>a</b> " * 100_000 + "</speak>")) == 100_000


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


def xml_of(tree) -> str:
    if isinstance(tree, str):
        return escape(tree)
    name, children = tree
    return f"<{name}>{''.join(map(xml_of, children))}</{name}>"


@given(
    st.recursive(
        TEXTS,
        lambda inner: st.tuples(
            st.sampled_from(["p", "s", "prosody", "emphasis", "voice", "b", "say-as"]),
            st.lists(inner, max_size=4),
        ),
        max_leaves=20,
    )
)
@settings(max_examples=200)
def test_no_text_is_lost(tree):
    source = f"<speak>{xml_of(tree)}</speak>"
    spoken = "".join(ElementTree.fromstring(source).itertext())
    assert "".join(read_ssml(source).text.split()) == "".join(spoken.split())


@given(st.text(st.sampled_from("<>/&;\"'= speakbrt!-[]?x\n"), max_size=60))
@settings(max_examples=300)
def test_anything_is_read_or_refused(text):
    try:
        assert isinstance(read_ssml(text), Ssml)
    except ArgumentError as error:
        message = str(error)
        assert "\n" not in message
