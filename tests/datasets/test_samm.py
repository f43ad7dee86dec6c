"""SAMM in the layout of its archive, with the faults of its sheet."""

from __future__ import annotations

import csv
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astsvm.datasets import load_dataset
from astsvm.datasets.samm import EMOTIONS, read_samm_sheet
from astsvm.errors import DatasetError

HEADER = [
    "Subject",
    "Filename",
    "Inducement Code",
    "Onset Frame",
    "Apex Frame",
    "Offset Frame",
    "Duration",
    "Micro",
    "Action Units",
    "Estimated Emotion",
    "Objective Classes",
    "Notes",
]
ROWS: list[list[Any]] = [
    ["006", "006_1_2", 1, 562, 588, 590, "=F-D", "Micro", "4+7", "Anger", 3, None],
    ["028", "028_4_1", 4, 1127, 1143, 1134, 8, "Micro", "A14C", "Contempt", 7, "Blinks"],
    ["032", "032_3_1", 3, 4926, 1930, 4935, 10, "Micro", "4A", "Anger", 3, None],
    ["032", "032_3_2", 3, 5126, 5127, 5130, 5, "Micro", 4, "Anger", 3, None],
    [37, "37_3_1", 3, "306", "308", 312.0, 7, "Micro", "(R6 or R12)+R15", "Other ", "VII", None],
]
PUBLISHED_NAME = "SAMM_Micro_FACS_Codes_v2.xlsx"


def write_sheet(folder: Path, rows: list[list[Any]] = ROWS, name: str = PUBLISHED_NAME) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "MICRO_ONLY"  # type: ignore[union-attr]
    preamble: list[list[Any]] = [["Master Codes", None, None, None, "cite: ..."], [], ["Key:"], []]
    for row in [*preamble, ["Subject = participant"], [], HEADER, *rows]:
        sheet.append(row)  # type: ignore[union-attr]
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / name)
    return folder / name


FIRST_ROW = 8


def write_archive(root: Path, rows: list[list[Any]] = ROWS, frames: str = "SAMM") -> Path:
    write_sheet(root, rows)
    for subject, clip, _, onset, _, offset, *_ in rows:
        padded = str(subject).zfill(3)
        folder = root / frames / padded / f"{padded}_{clip.split('_', 1)[1]}"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(int(onset), int(offset) + 1):
            (folder / f"{padded}_{number:05d}.jpg").touch()
    return root


def told(problems: tuple[Any, ...]) -> dict[str, str]:
    return {problem.clip: f"{problem.reason}: {problem.action}" for problem in problems}


@pytest.mark.parametrize("frames", ["SAMM", "SAMM/SAMM", "."])
def test_clips_point_at_their_frames(tmp_path: Path, frames: str) -> None:
    dataset = load_dataset("samm", write_archive(tmp_path, frames=frames))
    assert [clip.key for clip in dataset.clips] == [
        "samm/006/006_1_2",
        "samm/028/028_4_1",
        "samm/032/032_3_1",
        "samm/032/032_3_2",
        "samm/037/037_3_1",
    ]
    assert dataset.problems == ()
    first, *_, last = dataset.clips
    assert (first.onset, first.apex, first.offset, first.fps) == (0, 26, 28, 200.0)
    assert (first.label, first.objective_class, first.row) == ("anger", "III", FIRST_ROW)
    assert first.source == tmp_path / frames / "006" / "006_1_2"
    assert (last.onset, last.apex, last.offset, last.label) == (0, 2, 6, "other")
    assert (last.objective_class, last.notes) == ("VII", ("action units (R6 or R12)+R15",))
    assert dataset.clips[1].notes == (
        "action units A14C",
        "Blinks",
        "corrected or doubtful: apex 1143 lies outside onset 1127 to offset 1134: apex dropped",
    )


def test_known_and_doubtful_annotations_are_reported_by_clip(tmp_path: Path) -> None:
    dataset = load_dataset("samm", write_archive(tmp_path))
    corrections = told(dataset.corrections)
    assert corrections.keys() == {"samm/028/028_4_1", "samm/032/032_3_1", "samm/032/032_3_2"}
    assert (
        "apex 1143 lies outside onset 1127 to offset 1134: apex" in corrections["samm/028/028_4_1"]
    )
    assert corrections["samm/032/032_3_1"].endswith("apex read as 4930")
    assert "the frame after the onset: apex kept" in corrections["samm/032/032_3_2"]
    assert [clip.apex for clip in dataset.clips] == [26, None, 4, 1, 2]


def test_corrections_can_be_switched_off(tmp_path: Path) -> None:
    dataset = load_dataset("samm", write_archive(tmp_path), corrections=False)
    assert [clip.apex for clip in dataset.clips] == [26, None, None, 1, 2]
    assert told(dataset.corrections).keys() == {"samm/028/028_4_1", "samm/032/032_3_1"}


def test_an_edited_copy_is_read_and_told_by_what_was_edited(tmp_path: Path) -> None:
    rows = [[*row] for row in ROWS]
    rows[1][3], rows[1][4] = 1107, 1113
    rows[2][4] = 4930
    dataset = load_dataset("samm", write_archive(tmp_path, rows))
    corrections = told(dataset.corrections)
    assert [clip.apex for clip in dataset.clips] == [26, 6, 4, 1, 2]
    assert "the published sheet says 1143" in corrections["samm/028/028_4_1"]
    assert "the published sheet says 1930" in corrections["samm/032/032_3_1"]
    assert len(dataset.corrections) == 3


def test_the_published_sheet_is_preferred_to_edited_copies(tmp_path: Path) -> None:
    write_archive(tmp_path)
    edited = write_sheet(tmp_path, ROWS[:1], name="SAMM_Micro_FACS_Codes_v2_two_apexes_edited.xlsx")
    assert len(load_dataset("samm", tmp_path).clips) == 5
    (tmp_path / PUBLISHED_NAME).unlink()
    dataset = load_dataset("samm", tmp_path)
    assert (dataset.sheet, len(dataset.clips)) == (edited, 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({9: "Angst"}, "unknown emotion 'angst'"),
        ({3: 600}, "offset 590 lies before onset 600"),
        ({4: "about 5"}, "must hold a whole frame number, received 'about 5'"),
        ({9: None}, "the cell in column 'Estimated Emotion' is empty"),
        ({10: 8}, "the objective class must be I to VII"),
        ({1: "../006_1_2"}, "expected the name of a clip such as 006_1_2"),
        ({0: "007"}, "the subject is '007', but the clip is called 006_1_2"),
        ({1: "006_9_9"}, "holds the frames of clip"),
        ({3: 2, 5: 20}, "expected the frames 2 to 20"),
    ],
)
def test_a_faulty_row_is_named_and_the_others_are_kept(
    tmp_path: Path, change: dict[int, Any], says: str
) -> None:
    rows = [[*row] for row in ROWS]
    write_archive(tmp_path)
    for column, value in change.items():
        rows[0][column] = value
    write_sheet(tmp_path, rows)
    dataset = load_dataset("samm", tmp_path)
    assert len(dataset.clips) == 4
    assert [says in p.reason for p in dataset.problems if p.row == FIRST_ROW] == [True]


def test_an_apex_that_is_not_annotated_is_told(tmp_path: Path) -> None:
    rows = [[*row] for row in ROWS]
    rows[0][4] = None
    dataset = load_dataset("samm", write_archive(tmp_path, rows))
    assert dataset.clips[0].apex is None
    assert "not annotated" in told(dataset.corrections)["samm/006/006_1_2"]


def test_a_clip_that_the_sheet_does_not_know_is_told(tmp_path: Path) -> None:
    write_archive(tmp_path)
    write_sheet(tmp_path, ROWS[1:])
    (tmp_path / "SAMM" / "tools" / "old").mkdir(parents=True)
    problems = told(load_dataset("samm", tmp_path).problems)
    assert problems.keys() == {"samm/006/006_1_2"}
    assert "not in the sheet" in problems["samm/006/006_1_2"]


def test_no_frames_or_no_sheet_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"SAMM_Micro_FACS_Codes_v2.*no such file"):
        load_dataset("samm", tmp_path)
    write_sheet(tmp_path)
    with pytest.raises(DatasetError, match="a folder of frames called SAMM"):
        load_dataset("samm", tmp_path)


def test_order_of_rows_columns_worksheets_and_folders_reaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_archive(tmp_path)

    def seen() -> tuple[Any, ...]:
        dataset = load_dataset("samm", tmp_path)
        clips = [replace(clip, row=None) for clip in dataset.clips]
        return clips, [(p.clip, p.reason) for p in (*dataset.problems, *dataset.corrections)]

    expected = seen()
    listing: Callable[[Path], Any] = Path.iterdir
    for seed in range(4):
        shuffle = random.Random(seed)

        def shuffled(path: Path, shuffle: random.Random = shuffle) -> Any:
            found = list(listing(path))
            shuffle.shuffle(found)
            return iter(found)

        monkeypatch.setattr(Path, "iterdir", shuffled)
        columns = shuffle.sample(range(len(HEADER)), len(HEADER))
        book = openpyxl.Workbook()
        book.active.title = "Aside"  # type: ignore[union-attr]
        sheet = book.create_sheet("MICRO_ONLY", shuffle.randrange(2))
        for row in [HEADER, *shuffle.sample(ROWS, len(ROWS))]:
            sheet.append([row[column] for column in columns])
        book.save(tmp_path / PUBLISHED_NAME)
        assert seen() == expected


CELL = st.one_of(
    st.sampled_from(["", "006", "6", "006_1_2", "1", "7", "anger", "../006_1_2", "/"]),
    st.integers(-9, 10**10).map(str),
    st.text(max_size=12),
)


@given(table=st.lists(st.lists(CELL, min_size=1, max_size=13), min_size=1, max_size=8))
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_tables_become_clips_or_problems(tmp_path: Path, table: list[list[str]]) -> None:
    path = tmp_path / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([[name or "" for name in HEADER], *table])
    try:
        listed = read_samm_sheet(path)
    except DatasetError as error:
        assert str(error).startswith(str(path))
        return
    rows = [annotation.row for annotation in listed.annotations]
    rows += [problem.row for problem in listed.problems]
    assert len(rows) == len(set(rows)) <= len(table)
    assert all("/" not in annotation.clip for annotation in listed.annotations)


@pytest.mark.real_data
@pytest.mark.skipif("ASTSVM_REAL_DATA" not in os.environ, reason="ASTSVM_REAL_DATA is not set")
@pytest.mark.parametrize("edited", [False, True])
def test_the_real_sheets(edited: bool) -> None:
    folder = Path(os.environ["ASTSVM_REAL_DATA"]) / "annotations/samm"
    name = "SAMM_Micro_FACS_Codes_v2_two_apexes_edited.xlsx" if edited else PUBLISHED_NAME
    listed = read_samm_sheet(folder / name)
    assert Counter(a.label for a in listed.annotations) == EMOTIONS
    assert len({a.subject for a in listed.annotations}) == 29
    assert listed.problems == ()
    corrections = told(listed.corrections)
    assert corrections.keys() == {"samm/028/028_4_1", "samm/032/032_3_1", "samm/032/032_3_2"}
    apexes = {a.clip: a.apex for a in listed.annotations}
    assert apexes["032_3_1"] == 4930
    assert apexes["028_4_1"] == (1113 if edited else None)
    assert "kept as it is" in corrections["samm/032/032_3_2"]
