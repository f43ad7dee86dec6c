"""Spreadsheet files: what a program saves, and what only looks like it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astsvm.datasets.sheet import MAXIMUM_ROWS, read_sheet
from astsvm.errors import DatasetError

REQUIRED = ("subject", "clip", "onset")
EXAMPLE = "Subject,Clip,OnsetFrame"
SPELLINGS = {"onset": ("OnsetFrame", "Onset Frame")}


def saved(path: Path, **worksheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in worksheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def read(path: Path, **options: Any) -> Any:
    return read_sheet(path, REQUIRED, EXAMPLE, spellings=SPELLINGS, **options)


HEADER = ["Subject", "Clip", None, " Onset Frame "]


def test_the_header_is_found_below_a_preamble_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    rows = [["A database"], [], ["Subject of a letter", "see page"], HEADER, ["01", "a", None, 46]]
    sheet = read(saved(tmp_path / "s.xlsx", Sheet1=rows, Sheet2=[]))
    (row,) = sheet.rows
    assert (row.number, row.required("subject"), row.required("clip")) == (5, "01", "a")
    assert row.frame_number("onset") == 46
    assert sheet.worksheet == "Sheet1"


def test_numbers_as_text_and_floats_without_a_fraction_are_frame_numbers(tmp_path: Path) -> None:
    rows = [HEADER, ["1", "a", None, "46"], [2, "b", None, 46.0], [3, "c", None, None]]
    sheet = read(saved(tmp_path / "s.xlsx", S=rows))
    assert [row.frame_number("onset") for row in sheet.rows] == [46, 46, None]
    assert [row.text("subject") for row in sheet.rows] == ["1", "2", "3"]


def test_the_order_of_worksheets_and_columns_changes_nothing(tmp_path: Path) -> None:
    right = [HEADER, ["01", "a", None, 1], ["01", "b", None, 2]]
    turned = [[row[3], row[1], None, row[0]] for row in right]
    found = [
        read(saved(tmp_path / f"{number}.xlsx", **dict(order)))
        for number, order in enumerate(
            (
                (("A", right), ("B", [["x"]]), ("C", [])),
                (("C", []), ("B", [["x"]]), ("A", right)),
                (("B", [["x"]]), ("A", turned)),
            )
        )
    ]
    rows = [[(r.text("subject"), r.text("clip"), r.text("onset")) for r in s.rows] for s in found]
    assert rows[0] == rows[1] == rows[2] == [("01", "a", "1"), ("01", "b", "2")]


def test_two_worksheets_with_the_header_are_ambiguous_unless_one_is_named_or_hidden(
    tmp_path: Path,
) -> None:
    right, old = (
        [HEADER, ["01", "a", None, 1]],
        [HEADER, ["09", "z", None, 1], ["09", "y", None, 2]],
    )
    path = saved(tmp_path / "s.xlsx", right=right, old=old)
    with pytest.raises(DatasetError, match="the worksheets old, right all look like"):
        read(path)
    assert [row.text("subject") for row in read(path, worksheet="Right").rows] == ["01"]
    book = openpyxl.load_workbook(path)
    book["old"].sheet_state = "hidden"
    book.save(path)
    assert [row.text("subject") for row in read(path).rows] == ["01"]


@pytest.mark.parametrize(
    ("cell", "value", "says"),
    [
        ("XFD40000", 1, "larger than any annotation"),
        ("ALM2", 1, "larger than any annotation"),
        ("A3", "x" * 20_000, "a cell holds 20,000 characters"),
    ],
)
def test_a_small_file_cannot_ask_for_much(
    tmp_path: Path, cell: str, value: object, says: str
) -> None:
    path = saved(tmp_path / "s.xlsx", S=[HEADER, ["1", "a", None, 3]])
    book = openpyxl.load_workbook(path)
    book["S"][cell] = value
    book.save(path)
    with pytest.raises(DatasetError, match=says):
        read(path)


@pytest.mark.parametrize(
    ("text", "number"), [("12.0", 12), ("5.", 5), ("5.000", None), ("46.5", None)]
)
def test_a_thousands_separator_is_no_decimal_point(
    tmp_path: Path, text: str, number: int | None
) -> None:
    (row,) = read(saved(tmp_path / "s.xlsx", S=[HEADER, ["1", "a", None, text]])).rows
    if number is None:
        with pytest.raises(DatasetError, match="must hold a whole frame number"):
            row.frame_number("onset")
    else:
        assert row.frame_number("onset") == number


def test_a_formula_that_was_never_calculated_is_an_empty_cell(tmp_path: Path) -> None:
    sheet = read(saved(tmp_path / "s.xlsx", S=[HEADER, ["1", "a", None, "=1+1"]]))
    assert sheet.rows[0].text("onset") is None


def test_a_spreadsheet_goes_by_its_content_not_by_its_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "s.xlsx", S=[HEADER, ["1", "a", None, 3]]).rename(tmp_path / "s.csv")
    assert read(path).rows[0].frame_number("onset") == 3


def encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")


def archive_of(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (encrypted(), "protected by a password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "truncated or damaged"),
        (b"PK\x03\x04" + bytes(500), "truncated or damaged"),
        (archive_of(word__document=b"<a/>"), "this archive holds none"),
        (archive_of(**{"xl__workbook.xml": b"<a/>"}), "truncated or damaged"),
        (archive_of(**{"xl__workbook.xml": b"x", "big": bytes(300 * 2**20)}), "unpacks to more"),
    ],
)
def test_what_is_no_sound_spreadsheet_is_refused_in_one_line(
    tmp_path: Path, data: bytes, says: str
) -> None:
    (tmp_path / "s.xlsx").write_bytes(data)
    with pytest.raises(DatasetError, match=says) as refused:
        read(tmp_path / "s.xlsx")
    assert str(refused.value).startswith(f"{tmp_path / 's.xlsx'}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_spreadsheet_is_refused(tmp_path: Path, share: float) -> None:
    rows = [HEADER, *([str(n), f"c{n}", None, n] for n in range(300))]
    path = saved(tmp_path / "s.xlsx", S=rows)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DatasetError, match="truncated or damaged"):
        read(path)


def test_far_too_many_rows_are_refused_soon(tmp_path: Path) -> None:
    text = "subject,clip,onset\n" + "1,a,2\n" * (MAXIMUM_ROWS + 1)
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(DatasetError, match="more than 50,000 rows"):
        read(tmp_path / "s.csv")


@pytest.mark.slow
def test_a_hundred_thousand_rows_of_a_spreadsheet_are_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("S")
    for number in range(100_000):
        sheet.append(HEADER if number == 0 else ["1", f"c{number}", None, number])
    book.save(tmp_path / "s.xlsx")
    with pytest.raises(DatasetError, match="more than 50,000 rows"):
        read(tmp_path / "s.xlsx")


CELLS = (
    st.none()
    | st.text(
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
        max_size=8,
    )
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(rows=st.lists(st.lists(CELLS, max_size=6), max_size=8), header=st.integers(0, 8))
def test_any_table_gives_rows_or_a_dataset_error(
    tmp_path: Path, rows: list[list[Any]], header: int
) -> None:
    table = [*rows[:header], HEADER, *rows[header:]]
    path = saved(tmp_path / "s.xlsx", S=table)
    try:
        sheet = read(path)
    except DatasetError as error:
        assert "\n" not in str(error)
        return
    for row in sheet.rows:
        for column in REQUIRED:
            try:
                row.frame_number(column)
            except DatasetError as error:
                assert "\n" not in str(error)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the bytes of one sheet: a second one would differ in its time stamps."""
    folder = tmp_path_factory.mktemp("sound")
    return saved(folder / "s.xlsx", S=[HEADER, ["1", "a", None, 3]]).read_bytes()


@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=5)
)
def test_a_flipped_byte_gives_rows_or_a_dataset_error(
    tmp_path: Path, sound: bytes, flips: list[tuple[float, int]]
) -> None:
    content = bytearray(sound)
    for place, value in flips:
        # The first four bytes tell a spreadsheet from text.
        content[4 + int(place * (len(content) - 4))] = value
    path = tmp_path / "s.xlsx"
    path.write_bytes(bytes(content))
    try:
        read(path)
    except DatasetError as error:
        assert str(error).startswith(str(path))
