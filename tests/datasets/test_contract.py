from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from astsvm.clip import Clip
from astsvm.datasets import Problem, dataset_names, load_dataset
from astsvm.datasets.contract import collect_dataset
from astsvm.errors import DatasetError

SHEETLESS = ("flow_folders",)  # the names of the folders say it all


def clip(name: str, row: int, **changes: object) -> Clip:
    values = {"database": "db", "subject": "s", "label": "a", "source": Path("x")} | changes
    return Clip(clip=name, row=row, **values)  # type: ignore[arg-type]


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"unknown dataset 'smicc'.*folder.*flow_images"):
        load_dataset("smicc", tmp_path)


@pytest.mark.parametrize("name", dataset_names())
def test_every_loader_refuses_a_root_that_is_no_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(DatasetError, match="no such folder"):
            load_dataset(name, root)


@pytest.mark.parametrize("name", [name for name in dataset_names() if name not in SHEETLESS])
def test_every_loader_shows_an_example_when_the_sheet_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"no such file\. Expected (a header|rows) such as: \w+,"
    ):
        load_dataset(name, tmp_path)


def test_clips_come_in_text_order_whatever_the_row_order(tmp_path: Path) -> None:
    clips = [clip("c10", 2), clip("c2", 3), clip("c1", 4, subject="r")]
    keys = {
        tuple(c.key for c in collect_dataset("x", tmp_path, tmp_path, order, ()).clips)
        for order in permutations(clips)
    }
    assert keys == {("db/r/c1", "db/s/c10", "db/s/c2")}


def test_equal_duplicates_keep_the_first_row(tmp_path: Path) -> None:
    dataset = collect_dataset("x", tmp_path, tmp_path, [clip("c", 5), clip("c", 2)], ())
    assert [c.row for c in dataset.clips] == [2]
    assert [(p.row, p.clip) for p in dataset.problems] == [(5, "db/s/c")]
    assert "rows 2, 5" in dataset.problems[0].reason


def test_differing_duplicates_are_all_left_out(tmp_path: Path) -> None:
    rows = [clip("c", 2), clip("c", 3, label="b"), clip("d", 4)]
    dataset = collect_dataset("x", tmp_path, tmp_path, rows, ())
    assert [c.clip for c in dataset.clips] == ["d"]
    assert [p.row for p in dataset.problems] == [2, 3]


def test_synthetic_only_with_the_generators_mark(tmp_path: Path) -> None:
    assert not collect_dataset("x", tmp_path, tmp_path, (), ()).synthetic
    (tmp_path / "SYNTHETIC.json").write_text("{}")
    assert collect_dataset("x", tmp_path, tmp_path, (), ()).synthetic


def test_problem_reads_as_one_line_with_file_row_clip_reason_and_action() -> None:
    problem = Problem(Path("clips.csv"), 7, "db/s/c", "offset before onset.", "left out")
    assert str(problem) == "clips.csv, row 7, clip db/s/c: offset before onset. (left out)"
    assert problem.as_dict() == {
        "file": "clips.csv",
        "row": 7,
        "clip": "db/s/c",
        "reason": "offset before onset.",
        "action": "left out",
    }
