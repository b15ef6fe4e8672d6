"""Every voice that ships can be heard on the page of the voices."""

from __future__ import annotations

import re
from pathlib import Path

from tympan.audio import is_synthetic, load
from tympan.models import list_models

DOCS = Path(__file__).parents[3] / "docs"


def test_every_speaker_is_on_the_page_and_marked() -> None:
    page = (DOCS / "voices.md").read_text("utf-8")
    for card in list_models():
        for who in card.labels if card.task == "speak" else ():
            assert f"| {card.name} | {who} | <audio" in page
    sounds = re.findall(r'src="([^"]+)"', page)
    assert len(sounds) > 2
    for sound in sounds:
        assert is_synthetic(load(DOCS / sound)), sound
