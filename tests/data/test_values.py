"""Values that mean nothing, and numbers in one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.data.values import is_unset, unify


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "1.0", "2.00"], ["1", "1", "2"]),
        (["1", "1.0", "x"], ["1", "1.0", "x"]),  # no column of numbers
        (["1.5", "2.0", "-3."], ["1.5", "2", "-3"]),
        (["01", "1"], ["01", "1"]),
        (["nan", "<NA>", "N/A", "", " null "], [""] * 5),
        (["1.0", ""], ["1", ""]),
        (["none", "nothing"], ["none", "nothing"]),
        ([], []),
    ],
)
def test_columns_in_one_form(values: list[str], expected: list[str]) -> None:
    assert unify(values)[0] == expected


@given(st.lists(st.none() | st.integers(-99, 99)))
def test_what_pandas_writes_comes_back(numbers: list[int | None]) -> None:
    written = ["" if n is None else str(float(n)) for n in numbers]
    assert unify(written)[0] == ["" if n is None else str(n) for n in numbers]


@given(st.lists(st.text()))
def test_it_is_done_once_for_all(values: list[str]) -> None:
    once, found = unify(values)
    assert unify(once) == (once, {})
    assert sum(found.values()) == sum(bool(v) and is_unset(v) for v in values)
