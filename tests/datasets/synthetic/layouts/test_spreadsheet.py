from __future__ import annotations

import re
import zipfile
from io import BytesIO

import openpyxl
import pytest

from astsvm.datasets.synthetic.layouts import spreadsheet
from astsvm.datasets.synthetic.layouts.spreadsheet import Formula, duration, workbook_bytes

WORKSHEETS = {
    "First": [("a", None, 1), (), (Formula("=C1+1", 2), "=", "<&>")],
    "Empty": [],
    "Third": [(Formula("=SUM(A2:A3)", -5),)],
}


def test_cells_come_back_and_formulas_have_values():
    data = workbook_bytes(WORKSHEETS, "a title")
    stored = openpyxl.load_workbook(BytesIO(data), data_only=True)
    assert stored.sheetnames == ["First", "Empty", "Third"]
    assert list(stored["First"].values) == [
        ("a", None, 1), (None, None, None), (2, "=", "<&>"),
    ]  # fmt: skip
    assert stored["Third"]["A1"].value == -5
    assert stored.properties.title == "a title"
    assert openpyxl.load_workbook(BytesIO(data))["First"]["A3"].value == "=C1+1"


def test_nothing_tells_the_time_of_writing():
    with zipfile.ZipFile(BytesIO(workbook_bytes(WORKSHEETS, ""))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        times = re.findall(rb"\d{4}-\d\d-\d\dT[^<]*", archive.read("docProps/core.xml"))
    assert times == [b"2000-01-01T00:00:00Z"] * 2


def test_a_duration_counts_both_ends():
    assert duration("=F2-D2+1", 46, 86) == Formula("=F2-D2+1", 41)
    assert duration("=F2-D2+1", "46", 86).value == 41


def test_a_formula_whose_value_finds_no_place_is_an_error(monkeypatch):
    monkeypatch.setattr(spreadsheet, "_FORMULA", re.compile(rb"(no)(formula)"))
    with pytest.raises(RuntimeError, match="expected 1 formulas in the worksheet, found 0"):
        workbook_bytes({"First": [(Formula("=1", 1),)]}, "")
