"""SMIC in the layouts of its archives, with the faults of its sheet."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from astsvm.datasets import Dataset, load_dataset
from astsvm.datasets.smic import VARIANTS
from astsvm.errors import DatasetError

HEADER = [
    "Subject",
    "Filename",
    None,
    "OnsetF",
    "OffsetF",
    "Onset2F",
    "Offset2F",
    None,
    "FirstF",
    "LastF",
    "TotalMF1",
    "Emotion",
]
HS: list[list[Any]] = [
    [18, "s18_sur_03", None, 1080, 1085, 1040, 1043, None, 1000, 1099, 6, "negative"],
    [1, "s1_ne_01", None, 140, 145, None, None, None, 100, 159, 6, "negative"],
    [3, "s3_po_02", None, 350, 353, None, None, None, 340, 369, 4, "Positive "],
    [3, "s03_ne_03", None, "365", 369, None, None, None, 340, 369, 5, "negative"],
]
VIS: list[list[Any]] = [
    [18, "s18_sur_03", None, 20, 22, None, None, None, 10, None, 3, "negative"],
    [11, "s11_po_01", None, 31, 35, None, None, None, 20, None, 5, "positive"],
]
LABELS = {"ne": "negative", "po": "positive", "sur": "surprise"}


def write_sheet(
    folder: Path,
    hs: list[list[Any]] = HS,
    vis: list[list[Any]] = VIS,
    name: str = "SMIC-HS-E_annotation.xlsx",
) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "HS"  # type: ignore[union-attr]
    for title, rows in (("HS", hs), ("VIS", vis)):
        sheet = book[title] if title in book.sheetnames else book.create_sheet(title)
        for row in [HEADER, *rows]:
            sheet.append(row)
    book.create_sheet("Sheet2")
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / name)
    return folder / name


def write_clip(root: Path, variant: str, row: list[Any], names: str = "image{:06d}.bmp") -> Path:
    """Write the empty frames of a clip: exactly them, or with their surroundings if long."""
    camera, form = variant.split("_")
    subject, clip = int(row[0]), str(row[1])
    if form == "long":
        folder = root / f"SMIC_{camera}_E" / f"s{subject:02d}" / clip
        numbers = range(row[8], row[8] + 100)
    else:
        label = LABELS[clip.split("_")[1]]
        folder = root / f"SMIC_all_{form}" / camera / f"s{subject}" / "micro" / label / clip
        numbers = range(int(row[3]), int(row[4]) + 1)
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / names.format(number)).touch()
    return folder


def write_archive(root: Path, variant: str = "HS_cropped", hs: list[list[Any]] = HS) -> Path:
    write_sheet(root, hs)
    for row in hs if variant.startswith("HS") else VIS:
        names = "reg_image{:06d}.bmp" if variant.endswith("cropped") else "image{:06d}.jpg"
        write_clip(root, variant, row, names)
    return root


def told(problems: tuple[Any, ...]) -> dict[str, str]:
    return {problem.clip: f"{problem.reason}: {problem.action}" for problem in problems}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_finds_its_clips(tmp_path: Path, variant: str) -> None:
    dataset = load_dataset(f"smic:{variant}", write_archive(tmp_path, variant))
    of_hs = variant.startswith("HS")
    keys = ["smic/s11/s11_po_01", "smic/s18/s18_sur_03"]
    if of_hs:
        keys = ["smic/s01/s01_ne_01", "smic/s03/s03_ne_03", "smic/s03/s03_po_02", keys[1]]
    assert [clip.key for clip in dataset.clips] == keys
    assert dataset.problems == ()
    assert {clip.fps for clip in dataset.clips} == {100.0 if of_hs else 25.0}
    last = dataset.clips[-1]
    onset = {True: 80, False: 10}[of_hs] if variant.endswith("long") else 0
    assert (last.onset, last.apex, last.offset) == (onset, None, onset + (5 if of_hs else 2))
    assert last.source.is_dir()
    assert last.source.is_relative_to(tmp_path)
    assert dataset.variant == variant
    assert bool(dataset.hearsay) == (variant.startswith("NIR") or variant == "VIS_long")


def test_the_first_variant_that_is_there_is_read(tmp_path: Path) -> None:
    write_archive(tmp_path, "HS_long")
    assert load_dataset("smic", tmp_path).variant == "HS_long"
    write_archive(tmp_path, "HS_raw")
    assert load_dataset("smic", tmp_path).variant == "HS_raw"


@pytest.mark.parametrize(
    ("place", "root", "sheet", "variant"),
    [
        ("", "", "SMIC_all_cropped/HS", "HS_cropped"),
        ("SMIC", "", "SMIC/SMIC_all_cropped", "HS_cropped"),
        ("SMIC_all_cropped", "", "", "HS_cropped"),
        ("", "SMIC_all_cropped", "SMIC_all_cropped", "HS_cropped"),
        ("HS_long", "", "HS_long/SMIC_HS_E", "HS_long"),
        ("", "SMIC_HS_E", "SMIC_HS_E", "HS_long"),
    ],
)
def test_archives_are_read_however_they_are_nested(
    tmp_path: Path, place: str, root: str, sheet: str, variant: str
) -> None:
    for row in HS:
        write_clip(tmp_path / place, variant, row)
    write_sheet(tmp_path / sheet)
    dataset = load_dataset("smic", tmp_path / root)
    assert (dataset.variant, len(dataset.clips)) == (variant, 4)


def test_long_videos_of_another_edition(tmp_path: Path) -> None:
    folder = tmp_path / "SMIC-E_raw image" / "HS_long" / "SMIC-HS-E"
    for row in HS:
        source = write_clip(tmp_path / "x", "HS_long", row)
        target = folder / "HS" / source.relative_to(tmp_path / "x" / "SMIC_HS_E")
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    write_sheet(folder)
    assert len(load_dataset("smic:HS_long", tmp_path).clips) == 4


def test_name_and_folder_win_over_the_sheets_label(tmp_path: Path) -> None:
    write_archive(tmp_path)
    right, wrong = (load_dataset("smic", tmp_path, corrections=on) for on in (True, False))
    assert {c.clip: c.label for c in right.clips}["s18_sur_03"] == "surprise"
    assert {c.clip: c.label for c in wrong.clips}["s18_sur_03"] == "negative"
    says = "the sheet says negative, the name of the clip surprise: labelled "
    assert told(right.corrections) == {"smic/s18/s18_sur_03": says + "surprise"}
    assert told(wrong.corrections) == {"smic/s18/s18_sur_03": says + "negative"}


FORGOTTEN = [[1, "s1_ne_02", None, 10, 12], [2, "s02_sur_05", None, 10, 12]]


def test_clips_that_the_sheet_forgets_are_taken_from_the_disk(tmp_path: Path) -> None:
    write_archive(tmp_path)
    for row in [*FORGOTTEN, [4, "s4_ne_09", None, 1, 3]]:
        write_clip(tmp_path, "HS_cropped", row)
    dataset = load_dataset("smic", tmp_path)
    added = {c.key: (c.label, c.row, c.onset, c.offset) for c in dataset.clips if c.row is None}
    assert added == {
        "smic/s01/s01_ne_02": ("negative", None, 0, 2),
        "smic/s02/s02_sur_05": ("surprise", None, 0, 2),
    }
    corrections = told(dataset.corrections)
    assert "taken from the disk, labelled surprise" in corrections["smic/s02/s02_sur_05"]
    assert "taken from the disk, labelled negative" in corrections["smic/s01/s01_ne_02"]
    extra = told(dataset.problems)
    assert extra == {
        "smic/s04/s04_ne_09": "the folder s4_ne_09 is on the disk, but its clip is not in the "
        "sheet: it is left out"
    }
    plain = load_dataset("smic", tmp_path, corrections=False)
    assert len(plain.clips) == 4
    assert told(plain.problems).keys() == {*added, *extra}


def test_a_faulty_row_is_not_replaced_by_the_disk(tmp_path: Path) -> None:
    rows = [*HS, [1, "s1_ne_02", None, 10, 8, None, None, None, 1, 99, 3, "negative"]]
    write_archive(tmp_path, hs=rows)
    write_clip(tmp_path, "HS_cropped", FORGOTTEN[0])
    dataset = load_dataset("smic", tmp_path)
    assert [(p.row, p.clip) for p in dataset.problems] == [(6, "smic/s01/s01_ne_02")]
    assert len(dataset.clips) == 4


def test_a_row_for_the_forgotten_clip_is_taken_as_it_is(tmp_path: Path) -> None:
    rows = [*HS, [1, "s1_ne_02", None, 10, 12, None, None, None, 1, 99, 3, "negative"]]
    dataset = load_dataset("smic", write_archive(tmp_path, hs=rows))
    assert [c.row for c in dataset.clips if c.clip == "s01_ne_02"] == [6]


def test_long_clips_are_cut_out_by_their_numbers(tmp_path: Path) -> None:
    dataset = load_dataset("smic:HS_long", write_archive(tmp_path, "HS_long", HS[1:]))
    assert {c.clip: (c.onset, c.offset) for c in dataset.clips} == {
        "s01_ne_01": (40, 45),
        "s03_ne_03": (25, 29),
        "s03_po_02": (10, 13),
    }


def test_a_long_clip_may_lie_in_the_folder_of_its_neighbour(tmp_path: Path) -> None:
    write_sheet(tmp_path, HS[1:])
    for row in HS[1:3]:
        write_clip(tmp_path, "HS_long", row)
    dataset = load_dataset("smic", tmp_path)
    clip = dataset.clips[1]
    assert (clip.clip, clip.source.name, clip.onset, clip.offset) == (
        "s03_ne_03",
        "s3_po_02",
        25,
        29,
    )
    assert told(dataset.corrections) == {
        "smic/s03/s03_ne_03": "the clip has no folder of its own: cut out of that of s3_po_02"
    }
    plain = load_dataset("smic", tmp_path, corrections=False)
    assert [(p.clip, p.row) for p in plain.problems] == [("smic/s03/s03_ne_03", 4)]
    assert "holds the frames of clip" in plain.problems[0].reason


def test_a_long_clip_that_two_neighbours_could_hold_is_left_out(tmp_path: Path) -> None:
    write_sheet(tmp_path, HS[1:])
    for row in [*HS[1:3], [3, "s3_po_07", None, 0, 0, None, None, None, 340]]:
        write_clip(tmp_path, "HS_long", row)
    assert "smic/s03/s03_ne_03" in told(load_dataset("smic", tmp_path).problems)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({11: "negativ"}, "unknown emotion 'negativ'"),
        ({3: 146}, "offset 145 lies before onset 146"),
        ({3: "x"}, "must hold a whole frame number, received 'x'"),
        ({11: None}, "the cell in column 'Emotion' is empty"),
        ({1: "../s1_ne_01"}, "expected the name of a clip such as s01_ne_01"),
        ({1: "s2_ne_01"}, "the subject is '1', but the clip is called s02_ne_01"),
        ({1: "s1_ne_77"}, "holds the frames of clip"),
    ],
)
def test_a_faulty_row_is_named_and_the_others_are_kept(
    tmp_path: Path, change: dict[int, Any], says: str
) -> None:
    rows = [[*row] for row in HS]
    write_archive(tmp_path, hs=rows)
    for column, value in change.items():
        rows[1][column] = value
    write_sheet(tmp_path, rows)
    dataset = load_dataset("smic", tmp_path)
    assert [c.clip for c in dataset.clips] == ["s03_ne_03", "s03_po_02", "s18_sur_03"]
    assert [says in p.reason for p in dataset.problems if p.row == 3] == [True]


def test_a_folder_that_contradicts_the_name_is_left_out(tmp_path: Path) -> None:
    write_archive(tmp_path)
    micro = tmp_path / "SMIC_all_cropped" / "HS" / "s1" / "micro"
    (micro / "negative").rename(micro / "positive")
    problems = told(load_dataset("smic", tmp_path).problems)
    assert problems.keys() == {"smic/s01/s01_ne_01"}
    assert "the folder says positive" in problems["smic/s01/s01_ne_01"]


def test_two_folders_of_one_clip_are_a_fault(tmp_path: Path) -> None:
    write_archive(tmp_path)
    write_clip(tmp_path, "HS_cropped", [1, "s01_ne_01", None, 1, 3])
    negative = tmp_path / "SMIC_all_cropped" / "HS" / "s1" / "micro"
    (negative / "surprise").mkdir()
    (negative / "negative" / "s01_ne_01").rename(negative / "surprise" / "s01_ne_01")
    problems = load_dataset("smic", tmp_path).problems
    assert [(p.clip, "two folders hold the clip" in p.reason) for p in problems] == [
        ("smic/s01/s01_ne_01", True)
    ]


def test_missing_frames_and_folders_that_are_no_clips_are_told(tmp_path: Path) -> None:
    write_archive(tmp_path)
    subject = tmp_path / "SMIC_all_cropped" / "HS" / "s1"
    (subject / "micro" / "negative" / "s1_ne_01" / "reg_image000142.bmp").unlink()
    (subject / "micro" / "negative" / "old").mkdir()
    (subject / "micro" / "negative" / "s2_ne_01").mkdir()
    (subject / "non_micro" / "s1_n1").mkdir(parents=True)
    dataset = load_dataset("smic", tmp_path)
    corrections = told(dataset.corrections)
    assert "5 frames are there, the sheet says 6" in corrections["smic/s01/s01_ne_01"]
    assert told(dataset.problems).keys() == {"smic/s1/old", "smic/s1/s2_ne_01"}


def test_nir_may_have_a_sheet_of_its_own(tmp_path: Path) -> None:
    write_archive(tmp_path, "NIR_raw")
    (tmp_path / "SMIC-NIR-E_annotation.csv").write_text(
        "Subject,Filename,OnsetF NIR,OffsetF NIR,Emotion\n11,s11_po_01,31,35,positive\n"
    )
    dataset = load_dataset("smic:NIR_raw", tmp_path)
    assert dataset.sheet == tmp_path / "SMIC-NIR-E_annotation.csv"
    assert [c.clip for c in dataset.clips] == ["s11_po_01"]
    assert dataset.corrections == ()


def test_the_published_sheet_is_preferred_to_edited_copies(tmp_path: Path) -> None:
    write_archive(tmp_path)
    write_sheet(tmp_path, HS[:1], name="SMIC-HS-E_annotation_2019.xlsx")
    assert len(load_dataset("smic", tmp_path).clips) == 4


def test_no_frames_or_no_sheet_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"SMIC-HS-E_annotation.*no such file"):
        load_dataset("smic", tmp_path)
    write_sheet(tmp_path)
    with pytest.raises(DatasetError, match="such as SMIC_all_cropped/HS, found none"):
        load_dataset("smic", tmp_path)
    write_archive(tmp_path, "HS_raw")
    with pytest.raises(DatasetError, match="such as SMIC_VIS_E, found none"):
        load_dataset("smic:VIS_long", tmp_path)


def test_order_of_rows_columns_and_worksheets_reaches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_archive(tmp_path)
    for row in FORGOTTEN:
        write_clip(tmp_path, "HS_cropped", row)

    def seen() -> tuple[Any, ...]:
        dataset: Dataset = load_dataset("smic", tmp_path)
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
        rows = shuffle.sample(HS, len(HS))
        book = openpyxl.Workbook()
        book.remove(book.active)  # type: ignore[arg-type]
        for title, body in shuffle.sample([("HS", rows), ("VIS", VIS), ("Sheet2", [])], 3):
            sheet = book.create_sheet(title)
            for row in [HEADER, *body] if body else []:
                sheet.append([row[column] for column in columns])
        book.save(tmp_path / "SMIC-HS-E_annotation.xlsx")
        assert seen() == expected
