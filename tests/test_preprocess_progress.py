"""What was left out is counted by reason, whatever clips and files the reasons name."""

from pathlib import Path

import pytest

from astsvm.clip import Clip
from astsvm.datasets import Dataset, Problem
from astsvm.preprocess_progress import failures_by_reason

ROOT = Path()
SHEET = ROOT / "clips.csv"


def dataset_of(*sources):
    clips = [
        Clip("folder", "s1", f"c{number}", "positive", ROOT / source)
        for number, source in enumerate(sources)
    ]
    return Dataset("folder", ROOT, tuple(clips))


def problem(number, reason):
    return Problem(SHEET, number + 2, f"folder/s1/c{number}", reason)


def grouped(sources, reasons):
    problems = [problem(number, reason) for number, reason in enumerate(reasons)]
    return [
        (group.count, group.reason, group.example)
        for group in failures_by_reason(dataset_of(*sources), problems)
    ]


def test_one_reason_of_many_clips_is_one_line_and_the_most_frequent_comes_first():
    sources = ["a b.mp4", "frames/x", "frames/y", "frames/z", "w.mp4"]
    reasons = [
        "a b.mp4: expected a video, but it cannot be opened; it is empty. Convert it.",
        "no face found in the onset frame (320 x 240 pixels); expected one. Check it.",
        "frames/y/12.png: expected 640 x 480 pixels as in 1.png, received 6 x 4. Mend it.",
        "no face found in the onset frame (640 x 480 pixels); expected one. Check it.",
        "no face found in the onset frame (640 x 480 pixels); expected one. Check it.",
    ]
    assert grouped(sources, reasons) == [
        (3, "no face found in the onset frame (… x … pixels)", "folder/s1/c1"),
        (1, "expected 640 x 480 pixels as in 1.png, received 6 x 4", "folder/s1/c2"),
        (1, "expected a video, but it cannot be opened", "folder/s1/c0"),
    ]


def test_what_is_quoted_and_numbers_do_not_tell_reasons_apart_but_words_do():
    reasons = [
        "path 'x.mp4' does not exist; it counts from the folder of the sheet.",
        "path 'y.mp4' does not exist; it counts from the folder of the sheet.",
        "its process was ended after 5.0 seconds",
        "its process was ended after 7.5 seconds",
        "its process died: ended by SIGSEGV",
        "its process died: ended by SIGKILL (often the system is out of memory)",
    ]
    assert [(count, reason) for count, reason, _ in grouped("abcdef", reasons)] == [
        (2, "its process was ended after … seconds"),
        (2, "path … does not exist"),
        (1, "its process died: ended by SIGKILL (often the system is out of memory)"),
        (1, "its process died: ended by SIGSEGV"),
    ]


def test_a_row_without_a_clip_is_named_by_its_place():
    (group,) = failures_by_reason(
        dataset_of(), [Problem(SHEET, 7, None, "the row has no clip; give one.")]
    )
    assert group.as_dict() == {
        "reason": "the row has no clip",
        "count": 1,
        "example": "clips.csv, row 7",
    }


@pytest.mark.parametrize("reason", ["", "x" * 5000, "(((", "a.mp4", "\\1 [ . *"])
def test_any_reason_is_counted_in_a_short_line(reason):
    (group,) = grouped(["a.mp4"], [reason])
    assert group[0] == 1
    assert len(group[1]) <= 120


def test_nothing_left_out_is_no_group():
    assert failures_by_reason(dataset_of("a"), []) == ()
