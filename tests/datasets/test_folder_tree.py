"""Folders are found by names that vary, and never outside their root."""

from __future__ import annotations

from pathlib import Path

import pytest

from astsvm.datasets.folder_tree import FolderTree, find_sheet, plain_name
from astsvm.errors import DatasetError


@pytest.mark.parametrize(
    ("one", "other"), [("s01", "s1"), ("Sub01", "sub1"), ("006_1_02", "6_01_2"), ("s0", "s00")]
)
def test_names_that_mean_the_same(one: str, other: str) -> None:
    assert plain_name(one) == plain_name(other)


@pytest.mark.parametrize(("one", "other"), [("s1", "s10"), ("s1_1", "s11"), ("s01x", "s1y")])
def test_names_that_differ(one: str, other: str) -> None:
    assert plain_name(one) != plain_name(other)


def test_a_folder_is_found_under_any_spelling(tmp_path: Path) -> None:
    (tmp_path / "Sub01" / "EP02_01f").mkdir(parents=True)
    tree = FolderTree(tmp_path)
    assert tree.find("sub1", "ep2_1F") == tmp_path / "Sub01" / "EP02_01f"
    assert tree.find("sub2", "x") is None
    assert list(tree.children("sub001")) == [tmp_path / "Sub01" / "EP02_01f"]


def test_two_folders_of_one_name_are_refused_only_when_asked_for(tmp_path: Path) -> None:
    for name in ("s1", "s01", "s2"):
        (tmp_path / name).mkdir()
    tree = FolderTree(tmp_path)
    assert tree.find("s02") == tmp_path / "s2"
    with pytest.raises(DatasetError, match="s01 and s1 may both be 's1'"):
        tree.find("s1")


def test_names_that_climb_and_links_that_leave_find_nothing(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "other" / "clip").mkdir(parents=True)
    (tmp_path / "root" / "link").symlink_to(tmp_path / "other")
    tree = FolderTree(tmp_path / "root")
    for names in (("..", "other"), ("../other",), ("link",), ("link", "clip")):
        assert tree.find(*names) is None
    assert list(tree.children()) == []


def test_sheets_are_found_by_pattern_first_and_by_name_then(tmp_path: Path) -> None:
    (tmp_path / "doc").mkdir()
    for name in ("code-2019.XLSX", "code-2014.xlsx", "doc/other.csv", "~$code-2020.xlsx"):
        (tmp_path / name).touch()
    patterns = ("code-*.xls*", "*.csv")
    assert find_sheet(tmp_path, patterns, "a,b").name == "code-2019.XLSX"
    assert find_sheet(tmp_path, patterns[::-1], "a,b").name == "other.csv"
    with pytest.raises(DatasetError, match=r"no such file\. Expected a header such as: a,b\."):
        find_sheet(tmp_path, ("none*",), "a,b")


def test_of_several_sheets_the_root_the_date_and_the_plain_name_decide(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    names = ["code-2014.xlsx", "code-2019_backup.xlsx", "code-2019.xlsx", "a/code-2020.xlsx"]
    for name in names:
        (tmp_path / name).touch()
    for expected in (
        "code-2019.xlsx",
        "code-2019_backup.xlsx",
        "code-2014.xlsx",
        "a/code-2020.xlsx",
    ):
        assert find_sheet(tmp_path, ("code-*.xls*",), "a,b") == tmp_path / expected
        (tmp_path / expected).unlink()
