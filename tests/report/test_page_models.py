"""Which options go to which models of a page, and what it says of them."""

from __future__ import annotations

import pytest

from tympan.errors import ArgumentError
from tympan.report.page_models import model_part, page_models


def test_an_option_goes_only_to_the_models_that_have_it() -> None:
    speech, speakers = page_models(["speech", "speakers"], {"book": "b.tympan", "offset": 0.2})
    assert speech.options == {"offset": 0.2}
    assert speakers.options == {"book": "b.tympan"}
    speech.session("x.wav")
    with pytest.raises(ArgumentError, match=r"none of the questions on the page has .* 'book'"):
        page_models(["speech"], {"book": "b.tympan"})


def test_an_engine_says_what_it_is() -> None:
    (speakers,) = page_models(["speakers"], {})
    values = model_part(speakers, "a").values
    assert "Who speaks when" in values["description"]
    assert [fact.name for fact in values["facts"]] == ["Model", "Licence"]
