"""How long `astsvm check` takes on a database of 500 clips, beside the obvious way.

The obvious way asks the file system for every frame of every row by its name. Both look at the
same CASME II tree of empty files, in turn, three times; the best time of each counts.

Run: ``python benchmarks/check_database.py``
"""

from __future__ import annotations

import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl

from astsvm.checking import check_dataset
from astsvm.datasets import load_dataset
from astsvm.datasets.casme2 import read_casme2_sheet
from astsvm.versions import installed_versions

SUBJECTS, CLIPS, FRAMES = 25, 20, 66
HEADER = ("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None)
SHEET = "CASME2-coding-20140508.xlsx"


def write_tree(root: Path) -> None:
    """Write 500 clips of 66 empty frames each, and their sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([*HEADER, "Action Units", "Estimated Emotion"])
    for subject in range(1, SUBJECTS + 1):
        for clip in range(1, CLIPS + 1):
            name, onset = f"EP{clip:02d}_01", 40 + clip
            sheet.append(
                [f"{subject:02d}", name, None, onset, onset + 20, onset + FRAMES - 1, None, 4,
                 "others"]
            )  # fmt: skip
            folder = root / "Cropped" / f"sub{subject:02d}" / name
            folder.mkdir(parents=True)
            for number in range(onset, onset + FRAMES):
                (folder / f"reg_img{number}.jpg").touch()
    book.save(root / SHEET)


def obvious(root: Path) -> int:
    """Ask for every frame by name."""
    there = 0
    for row in read_casme2_sheet(root / SHEET).annotations:
        folder = root / "Cropped" / f"sub{row.subject}" / row.clip
        assert row.onset is not None
        assert row.offset is not None
        numbers = range(row.onset, row.offset + 1)
        there += all((folder / f"reg_img{number}.jpg").is_file() for number in numbers)
    return there


def ours(root: Path) -> int:
    """Do what the command does."""
    return check_dataset(load_dataset("casme2", root)).clips[0]


def seconds(function: Callable[[Path], int], root: Path) -> float:
    """Time one call."""
    began = time.perf_counter()
    assert function(root) == SUBJECTS * CLIPS
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_tree(root)
        times = [(seconds(ours, root), seconds(obvious, root)) for _ in range(3)]
    best, best_obvious = (min(column) for column in zip(*times, strict=True))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    ).stdout.strip()
    print(f"{SUBJECTS * CLIPS} clips, {SUBJECTS * CLIPS * FRAMES} frames")
    print(f"ours     {best:6.3f} s")
    print(f"obvious  {best_obvious:6.3f} s, {best_obvious / best:.2f} times ours")
    print(f"{platform.processor() or platform.machine()}, commit {commit or 'unknown'}")
    print(", ".join(f"{k} {v}" for k, v in installed_versions(("openpyxl", "pandas")).items()))


if __name__ == "__main__":
    main()
