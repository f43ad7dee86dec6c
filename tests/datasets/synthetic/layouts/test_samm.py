from __future__ import annotations

import re

import openpyxl

SHEET = "SAMM_Micro_FACS_Codes_v2.xlsx"


def test_the_sheet_has_the_quirks_of_the_published_one(unpainted):
    root, _ = unpainted("samm")
    book = openpyxl.load_workbook(root / SHEET)
    assert book.sheetnames == ["MICRO_ONLY"]
    rows = list(book["MICRO_ONLY"].values)
    assert rows[13] == (
        "Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame",
        "Duration", "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes",
    )  # fmt: skip
    assert "SYNTHETIC" in rows[0][0]
    assert len(rows) == 14 + 24
    assert {row[0] for row in rows[14:]} == {"006", "007", "009"}
    for row in rows[14:]:
        assert re.fullmatch(rf"{row[0]}_{row[2]}_[1-9]", row[1])
    assert rows[14][6] == "=SUM(F15-D15)+1"
    assert "Happiness" in {row[9] for row in rows[14:]}


def test_durations_are_stored_with_their_formulas(unpainted):
    root, _ = unpainted("samm")
    rows = list(openpyxl.load_workbook(root / SHEET, data_only=True)["MICRO_ONLY"].values)[14:]
    assert [row[6] for row in rows] == [row[5] - row[3] + 1 for row in rows]


def test_frames_are_named_by_subject_and_five_digits(unpainted):
    root, mark = unpainted("samm")
    for key, planted in mark["planted"].items():
        names = sorted(path.name for path in (root / "SAMM" / key).iterdir())
        subject = key.partition("/")[0]
        assert names[0] == f"{subject}_{planted['onset']:05d}.jpg"
        assert names[-1] == f"{subject}_{planted['offset']:05d}.jpg"
