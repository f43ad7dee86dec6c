"""Splitting a text sheet into cells, whatever the quotation marks enclose."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astsvm.datasets.sheet_text import read_text_grid
from astsvm.errors import DatasetError

SHEET = Path("sheet.csv")


def grid_of(text: str) -> list[list[str]]:
    return read_text_grid(SHEET, text.encode(), named, "A sheet of clips.")[0]


def named(row: list[str]) -> int:
    return len({"clip", "subject", "label"} & set(row))


def test_a_row_whose_quoted_cell_goes_over_lines_keeps_all_its_cells() -> None:
    # No single line of this text holds more than one comma, the row holds two.
    assert grid_of('clip,"first\nsecond",label\n') == [["clip", "first\nsecond", "label"]]


def test_a_quotation_mark_that_is_never_closed_is_told() -> None:
    with pytest.raises(DatasetError, match=r"cannot be split into cells.*quotation mark"):
        grid_of('clip,label\n"a,b\nc,d\n')


@given(
    rows=st.lists(
        st.lists(st.text(alphabet='a1 ,;\t"\n', max_size=6), min_size=3, max_size=3),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_a_quoted_sheet_holds_comes_back(rows: list[list[str]]) -> None:
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["clip", "subject", "label"], *rows])
    grid = grid_of(text.getvalue())
    assert grid[1:] == rows


@given(text=st.text(alphabet=',"\n\r a', max_size=40))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        grid = grid_of(text)
    except DatasetError:
        return
    assert all(isinstance(cell, str) for row in grid for cell in row)
