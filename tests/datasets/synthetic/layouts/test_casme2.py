from __future__ import annotations

import openpyxl

from astsvm.datasets import load_dataset
from astsvm.datasets.synthetic.difficulty import DIFFICULTIES
from astsvm.datasets.synthetic.layouts.arrangement import arrange
from astsvm.datasets.synthetic.layouts.casme2 import KNOWN_ERRORS, LAYOUT
from astsvm.datasets.synthetic.plan import CorpusPlan


def test_the_sheet_has_the_quirks_of_the_published_one(unpainted):
    root, _ = unpainted("casme2")
    book = openpyxl.load_workbook(root / "CASME2-coding-20190701.xlsx")
    assert book.sheetnames == ["Sheet1", "Sheet2", "Sheet3"]
    assert [sheet.max_row for sheet in book] == [25, 1, 1]
    rows = list(book["Sheet1"].values)
    assert rows[0] == (
        "Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None,
        "Action Units", "Estimated Emotion", "Objective Classes",
    )  # fmt: skip
    assert {row[0] for row in rows[1:]} == {"01", "02", "03"}
    assert {type(row[7]) for row in rows[1:]} == {int, str}
    assert {row[8] for row in rows[1:]} <= {"disgust", "repression", "happiness", "surprise"}


def test_raw_frames_begin_earlier_and_end_later(unpainted):
    root, mark = unpainted("casme2")
    cropped = load_dataset("casme2", root).clips
    raw = load_dataset("casme2:RAW_selected", root).clips
    for small, whole in zip(cropped, raw, strict=True):
        assert (small.onset, small.key) == (0, whole.key)
        assert whole.onset > 0
        assert whole.offset - whole.onset == small.offset == len(list(small.source.iterdir())) - 1
        assert whole.offset < len(list(whole.source.iterdir())) - 1
        onset = mark["planted"][f"{whole.subject}/{whole.clip}"]["onset"]
        assert (whole.source / f"img{onset}.jpg").exists()
        assert (small.source / f"reg_img{onset}.jpg").exists()


def test_ids_are_unique_and_none_has_a_known_error():
    plan = CorpusPlan(26, 40, DIFFICULTIES["easy"], 3, (320, 240), 200.0, LAYOUT.first_subject)
    entries = arrange(LAYOUT, plan).entries
    assert len({entry.key for entry in entries}) == 26 * 40
    assert not KNOWN_ERRORS.intersection(entry.rows[0].clip for entry in entries)
    assert min(entry.first_number for entry in entries) > 0
