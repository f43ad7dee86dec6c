"""Broken sheets: one clear line each, exit 1 or 3, and nothing written anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from astsvm import cli
from astsvm.datasets.synthetic import write_corpus

SHEET = "CASME2-coding-20190701.xlsx"
Rows = list[list[object]]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archive") / "casme2"
    write_corpus(root, subjects=2, clips=2, layout="casme2", size=(320, 240))
    return root


def checked(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    before = sorted(path.as_posix() for path in root.parent.rglob("*"))
    with pytest.raises(SystemExit) as left:
        cli.main(["check", str(root), "--dataset", "casme2"])
    assert sorted(path.as_posix() for path in root.parent.rglob("*")) == before
    captured = capsys.readouterr()
    return left.value.code, " ".join((captured.out + captured.err).split())


def with_rows(root: Path, copy: Path, change: Callable[[Rows], object]) -> Path:
    """Link the frames of an archive beside a changed sheet."""
    copy.mkdir()
    (copy / "Cropped").mkdir()
    for subject in (root / "Cropped").iterdir():
        for clip in subject.iterdir():
            (copy / "Cropped" / subject.name / clip.name).mkdir(parents=True)
            for frame in clip.iterdir():
                (copy / "Cropped" / subject.name / clip.name / frame.name).touch()
    book = openpyxl.load_workbook(root / SHEET, data_only=True)
    rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    change(rows)
    changed = openpyxl.Workbook()
    for row in rows:
        changed.active.append(row)  # type: ignore[union-attr]
    changed.save(copy / SHEET)
    return copy


def cell(row: int, column: str, value: object) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[row][rows[0].index(column)] = value

    return change


def renamed(rows: Rows) -> None:
    rows[0] = ["Onset" if name == "OnsetFrame" else name for name in rows[0]]
    rows[0] = ["Feeling" if name == "Estimated Emotion" else name for name in rows[0]]


def doubled(rows: Rows) -> None:
    rows.append([*rows[1]])
    rows[-1][rows[0].index("Estimated Emotion")] = "fear"


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (renamed, 1, "the header lacks emotion"),
        (doubled, 3, "duplicate clip: rows 2, 6 differ"),
        (cell(1, "OnsetFrame", 99_999), 3, "lies before onset 99999"),
        (cell(1, "ApexFrame", 99_999), 3, "apex 99999 lies outside onset"),
        (cell(1, "Estimated Emotion", "joy"), 3, "unknown emotion 'joy'"),
        (cell(1, "Filename", "../../EP02_01f"), 3, "no folder of"),
        (cell(1, "Subject", "../x"), 3, "no folder of"),
        (cell(1, "OnsetFrame", "=1+1"), 3, "must be annotated"),
        (lambda rows: rows.clear(), 1, "the sheet is empty"),
        (lambda rows: rows.__delitem__(slice(1, None)), 1, "a header but no row below it"),
    ],
)
def test_a_broken_table(
    archive: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Rows], object],
    code: int,
    says: str,
) -> None:
    found = checked(with_rows(archive, tmp_path / "copy", change), capsys)
    assert found[0] == code
    assert says in found[1]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the sheet is empty"),
        (b"%PDF-1.7 not a sheet", "the header lacks subject"),
        (b"PK\x03\x04" + bytes(99), "truncated or damaged"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
    ],
)
def test_a_broken_file(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, says: str
) -> None:
    copy = with_rows(archive, tmp_path / "copy", lambda rows: None)
    (copy / SHEET).write_bytes(data)
    code, told = checked(copy, capsys)
    assert code == 1
    assert says in told
    assert told.startswith("astsvm: error: ")
