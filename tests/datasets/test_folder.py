from __future__ import annotations

import csv
import io
import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astsvm.datasets import Dataset, load_dataset
from astsvm.errors import DatasetError

HEADER = "clip,subject,label,path"


def load(root: Path, sheet: str | bytes) -> Dataset:
    for name in ("a.avi", "b.avi"):
        (root / name).touch()
    (root / "frames").mkdir(exist_ok=True)
    data = sheet.encode() if isinstance(sheet, str) else sheet
    (root / "clips.csv").write_bytes(data)
    return load_dataset("folder", root)


def test_a_plain_sheet(tmp_path: Path) -> None:
    dataset = load(
        tmp_path,
        "clip,subject,label,path,database,onset,apex,offset,fps\n"
        "c1,01,happy,a.avi,mine,3,5,9,29.97\n"
        "c2,1,sad,frames,,,,,\n",
    )
    assert dataset.problems == ()
    assert not dataset.precomputed_flow
    other, first = dataset.clips
    assert first.key == "mine/01/c1"
    assert (first.label, first.onset, first.apex, first.offset) == ("happy", 3, 5, 9)
    assert first.fps == 29.97
    assert first.source == tmp_path / "a.avi"
    assert (first.row, other.row) == (2, 3)
    assert other.key == "folder/1/c2"
    assert (other.onset, other.apex, other.offset, other.fps) == (None, None, None, None)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_shapes_that_spreadsheets_write(
    tmp_path: Path, separator: str, ending: str, encoding: str
) -> None:
    rows = [
        [" Path ", "LABEL", "", "Clip", "Subject", "FPS", "remarks"],
        ["", "", "", "", "", "", ""],
        ["a.avi", '"glad, or; so"', "", "Zoë", "01", "30", "x"],
        [" b.avi", "sad", "", "c2", "02"],
    ]
    text = ending.join(separator.join(row) for row in rows) + ending
    dataset = load(tmp_path, text.encode(encoding))
    assert dataset.problems == ()
    assert [clip.key for clip in dataset.clips] == ["folder/01/Zoë", "folder/02/c2"]
    assert [clip.label for clip in dataset.clips] == ["glad, or; so", "sad"]
    assert [clip.row for clip in dataset.clips] == [3, 4]
    assert [clip.fps for clip in dataset.clips] == [30.0, None]


def test_order_of_rows_and_columns_changes_nothing(tmp_path: Path) -> None:
    rows = [
        {"clip": f"c{i}", "subject": str(i % 3), "label": "x", "path": "a.avi"} for i in range(9)
    ]
    found = set()
    for seed in range(4):
        generator = random.Random(seed)
        columns = generator.sample(list(rows[0]), 4)
        text = io.StringIO()
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(generator.sample(rows, len(rows)))
        dataset = load(tmp_path, text.getvalue())
        found.add(tuple((c.key, c.label, c.source) for c in dataset.clips))
    assert len(found) == 1


def test_twelve_point_zero_is_twelve_and_a_comma_is_a_point_beside_semicolons(
    tmp_path: Path,
) -> None:
    sheet = "clip;subject;label;path;onset;offset;fps\nc;1;x;a.avi;12.0;13,0;29,97\n"
    (clip,) = load(tmp_path, sheet).clips
    assert (clip.onset, clip.offset, clip.fps) == (12, 13, 29.97)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (",1,x,a.avi,,,", "column 'clip' is empty"),
        ("c,,x,a.avi,,,", "column 'subject' is empty"),
        ("c,1,,a.avi,,,", "column 'label' is empty"),
        ("c,1,x,,,,", "column 'path' is empty"),
        ("c,1,x", "column 'path' is empty"),
        ("c,1,x,gone.avi,,,", "'gone.avi' does not exist"),
        ("c,1,x," + "n" * 5000 + ",,,", "does not exist"),
        ("c,1,x,a.avi,9,5,", "offset 5 lies before onset 9"),
        ("c,1,x,a.avi,-1,5,", "onset must be 0 or more, received -1"),
        ("c,1,x,a.avi,1.5,5,", "whole frame number, received '1.5'"),
        ("c,1,x,a.avi,/,5,", "whole frame number, received '/'"),
        ("c,1,x,a.avi,1_0,5,", "whole frame number"),
        ("c,1,x,a.avi,99999999999,,", "whole frame number"),
        ("c,1,x,a.avi,,,nan", "must hold a number, received 'nan'"),
        ("c,1,x,a.avi,,,0", "fps must be a positive number"),
        ("c,1,x,a.avi,,,1e999", "fps must be a positive number"),
        ("c,1,x,../a.avi,,,", "leaves the dataset's folder"),
        ("c,1,x,frames/../../a.avi,,,", "leaves the dataset's folder"),
        ("c,1,x,..\\a.avi,,,", "leaves the dataset's folder"),
        ("c,1,x,/etc/passwd,,,", "leaves the dataset's folder"),
        ("c,1,x,C:\\clips\\a.avi,,,", "leaves the dataset's folder"),
        ("a/b,1,x,a.avi,,,", "must not hold path separators"),
        ("..,1,x,a.avi,,,", "must not hold path separators"),
        ("c,1,x,a.avi,1,2,3,4", "more cells than the header"),
        ('c,1,"x\ny",a.avi,,,', "line break or control character"),
        ("c,1,x\x07,a.avi,,,", "line break or control character"),
    ],
)
def test_a_faulty_row_is_one_problem_and_the_others_are_kept(
    tmp_path: Path, cells: str, reason: str
) -> None:
    sheet = f"{HEADER},onset,offset,fps\ngood,1,x,a.avi,,,\n{cells}\nlast,1,x,b.avi,,,\n"
    dataset = load(tmp_path, sheet)
    assert [clip.clip for clip in dataset.clips] == ["good", "last"]
    (problem,) = dataset.problems
    assert problem.row == 3
    assert problem.file == tmp_path / "clips.csv"
    assert reason in problem.reason
    assert "left out" in problem.action
    assert "\n" not in str(problem)


def test_symbolic_links_may_not_leave_the_folder(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside.avi"
    root.mkdir()
    outside.touch()
    (root / "link.avi").symlink_to(outside)
    (root / "inner.avi").symlink_to(root / "a.avi")
    (root / "loop.avi").symlink_to(root / "loop.avi")
    os.mkfifo(root / "pipe.avi")
    names = ("link", "inner", "loop", "pipe")
    rows = "".join(f"{name},1,x,{name}.avi\n" for name in names)
    dataset = load(root, f"{HEADER}\n{rows}")
    assert [clip.clip for clip in dataset.clips] == ["inner"]
    assert [problem.clip for problem in dataset.problems] == [
        "folder/1/link",
        "folder/1/loop",
        "folder/1/pipe",
    ]
    assert "symbolic link" in dataset.problems[0].reason
    assert "does not exist" in dataset.problems[1].reason
    assert "neither a file nor a folder" in dataset.problems[2].reason


def test_blanks_and_accents_in_paths_in_either_unicode_form(tmp_path: Path) -> None:
    decomposed = "cafe\u0301 au lait.avi"
    (tmp_path / decomposed).touch()
    (tmp_path / "Gr\u00fc\u00dfe").mkdir()
    dataset = load(tmp_path, f"{HEADER}\nc1,1,x,caf\u00e9 au lait.avi\nc2,1,x,Gr\u00fc\u00dfe\\\n")
    assert dataset.problems == ()
    assert [clip.source.exists() for clip in dataset.clips] == [True, True]


@pytest.mark.parametrize(
    ("onset", "apex", "offset", "kept"),
    [("2", "3", "4", 3), ("2", "1", "4", None), ("2", "5", "4", None), ("", "5", "", 5)],
)
def test_an_apex_outside_is_dropped_with_a_note(
    tmp_path: Path, onset: str, apex: str, offset: str, kept: int | None
) -> None:
    sheet = f"{HEADER},onset,apex,offset\nc,1,x,a.avi,{onset},{apex},{offset}\n"
    (clip,) = load(tmp_path, sheet).clips
    assert clip.apex == kept
    assert len(clip.notes) == (kept is None)


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"clip,subject,label,path\n", "no row below"),
        (b"clip,subject,path\nc,1,a.avi\n", "lacks label"),
        (b"clip,subject,label,path,Label \nc,1,x,a.avi,y\n", "names label more than once"),
        (b"clip,subject,label,path\nc,1,\xff,a.avi\n", "UTF-8"),
        (b"clip,subject,label,path\nc,1,\0,a.avi\n", "zero bytes"),
        (b"\xff\xfeabc", "UTF-8|lacks"),
        (b'clip,subject,label,path\nc,1,x,a.avi\nd,1,"x,a.avi\ne,1,x,a.avi\n', "not closed"),
        (b"x," * 2000 + b"\n", "cells, expected at most 1000"),
        (b"PK\x03\x04" + bytes(range(1, 128)), "truncated or damaged"),
        (b"clip,subject,label,path\n" + b"#" * (16 * 2**20), "larger than 16 MiB"),
    ],
)
def test_a_sheet_that_cannot_be_understood_is_refused(
    tmp_path: Path, sheet: bytes, message: str
) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        load(tmp_path, sheet)
    assert str(caught.value).startswith(str(tmp_path / "clips.csv"))


def test_a_folder_named_like_the_sheet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").mkdir()
    with pytest.raises(DatasetError, match="no such file"):
        load_dataset("folder", tmp_path)


cell = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(cell, min_size=4, max_size=4), min_size=1, max_size=6))
def test_any_quoted_text_gives_a_clip_or_a_problem_for_each_row(
    tmp_path: Path, rows: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER.split(","))
    writer.writerows([*rows, ["z", "1", "x", "a.avi"]])
    try:
        dataset = load(tmp_path, text.getvalue())
    except DatasetError as error:
        assert "\0" in text.getvalue(), error
        return
    blank = sum(not any(value.strip() for value in row) for row in rows)
    seen = {clip.row for clip in dataset.clips} | {p.row for p in dataset.problems}
    assert len(seen) == len(rows) + 1 - blank


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=120) | st.text(alphabet=',;\t"\n\r cliabelsubjtph1.', max_size=120))
def test_any_bytes_give_a_dataset_or_a_dataset_error(tmp_path: Path, data: bytes | str) -> None:
    raw = data.encode() if isinstance(data, str) else data
    for sheet in (raw, HEADER.encode() + b"\n" + raw):
        try:
            dataset = load(tmp_path, sheet)
        except DatasetError:
            continue
        assert dataset.clips or dataset.problems


def test_a_folder_of_flow_images_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("database,subject\n")
    with pytest.raises(DatasetError, match=r"holds index\.csv.*--dataset flow_images"):
        load_dataset("folder", tmp_path)
