from __future__ import annotations

from dataclasses import replace

import pytest

from astsvm.datasets.synthetic.layouts.contract import Entry, FrameFiles, Row
from astsvm.datasets.synthetic.layouts.faults import KINDS, plant_faults
from astsvm.errors import SettingsError

ROW = Row("s1", "s1_ne_01", onset=46, apex=59, offset=86, emotion="negative")


def entry(key: str = "s01/s01_ne_01", clip: str = "s1_ne_01") -> Entry:
    files = FrameFiles.numbered(f"frames/{clip}", range(5, 60), "img%d.jpg", 40)
    return Entry(1, 1, "negative", key, (replace(ROW, clip=clip),), (files,), "negative", 40)


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("apex is a slash", {"apex": "/"}),
        ("apex is empty", {"apex": None}),
        ("apex after offset", {"apex": 95}),
        ("apex before onset", {"apex": 37}),
        ("apex is onset", {"apex": 46}),
        ("apex is offset", {"apex": 86}),
        ("offset before onset", {"onset": 86, "offset": 46}),
        ("unknown emotion", {"emotion": "bewilderment"}),
        ("label contradicts folder", {"emotion": "positive"}),
        ("number as text", {"onset": "46"}),
        ("emotion in capitals", {"emotion": "NEGATIVE"}),
        ("name with zero in sheet", {"clip": "s01_ne_01"}),
    ],
)
def test_a_cell_is_wrong_and_the_files_are_as_they_were(kind, cells):
    altered = KINDS[kind].alter(entry())
    assert altered == replace(entry(), rows=(replace(ROW, **cells),))


def test_rows_that_are_twice_or_never_there():
    assert KINDS["repeated row"].alter(entry()).rows == (ROW, ROW)
    assert KINDS["duplicate id"].alter(entry()).rows == (ROW, replace(ROW, offset=85))
    gone = KINDS["not in the sheet"].alter(entry())
    assert (gone.rows, gone.folders) == ((), entry().folders)


def test_frames_that_are_not_there():
    def numbers(kind):
        altered = KINDS[kind].alter(entry())
        assert altered.rows == (ROW,)
        return {int(name[3:-4]) for files in altered.folders for name in files.names.values()}

    whole = set(range(45, 100))
    (missing,) = whole - numbers("missing frame")
    assert ROW.onset < missing < ROW.offset
    assert missing != ROW.apex
    assert numbers("missing end") == set(range(45, 86))
    assert numbers("missing folder") == set()


def test_the_missing_frame_is_never_the_apex():
    middle = replace(entry(), rows=(replace(ROW, apex=67),))
    names = KINDS["missing frame"].alter(middle).folders[0].names.values()
    assert "img67.jpg" in names
    assert len(names) == 54


def test_a_folder_with_another_name():
    (files,) = KINDS["name with zero on disk"].alter(entry()).folders
    assert files.folder == "frames/s01_ne_01"


def test_a_subject_without_zeros():
    padded = replace(entry(), rows=(replace(ROW, subject="006"),))
    assert KINDS["subject without zeros"].alter(padded).rows[0].subject == 6


def test_choosy_kinds_choose_first():
    kinds = ("apex is onset", "apex is offset", "name with zero in sheet")
    entries = [entry("s11/s11_ne_01", "s11_ne_01"), entry("s12/s12_ne_01", "s12_ne_01"), entry()]
    for seed in range(5):
        _, faults = plant_faults("smic", entries, kinds, seed)
        assert {fault.kind for fault in faults} == set(kinds)
        (place,) = (fault.clip for fault in faults if fault.kind == "name with zero in sheet")
        assert place == "smic/s01/s01_ne_01"


def test_a_clip_that_the_published_sheet_forgets_does_not_show_a_forgotten_row():
    with pytest.raises(SettingsError, match="room for 'not in the sheet'"):
        plant_faults("smic", [entry("s01/s01_ne_02", "s1_ne_02")], ("not in the sheet",), 1)


def test_too_few_clips_are_refused():
    with pytest.raises(SettingsError, match=r"at least 2 clips of smic.*received 1\. Ask for more"):
        plant_faults("smic", [entry()], ("apex is onset", "apex is offset"), 1)
