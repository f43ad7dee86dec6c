from __future__ import annotations

import openpyxl

from astsvm.datasets.smic import read_smic_sheet

SHEET = "SMIC-HS-E_annotation.xlsx"


def test_the_sheet_has_the_quirks_of_the_published_one(unpainted):
    root, _ = unpainted("smic")
    book = openpyxl.load_workbook(root / SHEET)
    assert book.sheetnames == ["HS", "VIS", "Sheet2", "Sheet3"]
    rows = list(book["HS"].values)
    assert rows[0] == (
        "Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None,
        "FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalVL", "Emotion",
    )  # fmt: skip
    assert {row[0] for row in rows[1:]} == {1, 2, 3}
    assert rows[1][1] == "s1_ne_01"
    assert rows[1][4] == "=D2+K2-1"


def test_offsets_are_stored_with_their_formulas(unpainted):
    root, mark = unpainted("smic")
    rows = list(openpyxl.load_workbook(root / SHEET, data_only=True)["HS"].values)[1:]
    assert [row[4] for row in rows] == [row[3] + row[10] - 1 for row in rows]
    assert {row[4] for row in rows} == {planted["offset"] for planted in mark["planted"].values()}


def test_the_slow_camera_filmed_subjects_from_11_on(unpainted):
    root, _ = unpainted("smic", subjects=10, clips=3)
    names = [annotation.subject for annotation in read_smic_sheet(root / SHEET, "VIS").annotations]
    assert names == ["s11"] * 3 + ["s12"] * 3


def test_frames_lie_where_their_label_says(unpainted):
    root, mark = unpainted("smic")
    for key, planted in mark["planted"].items():
        name = key.partition("/")[2].replace("s0", "s", 1)
        subject = name.partition("_")[0]
        folder = root / "SMIC_all_cropped/HS" / subject / "micro" / planted["label"] / name
        numbers = range(planted["onset"], planted["offset"] + 1)
        assert {path.name for path in folder.iterdir()} == {
            f"reg_image{n:06d}.bmp" for n in numbers
        }
