"""The clip record refuses what no clip can be."""

from pathlib import Path

import pytest

from astsvm.clip import Clip
from astsvm.errors import DatasetError


def clip(**changes):
    values = {
        "database": "casme2",
        "subject": "sub01",
        "clip": "EP02_01f",
        "label": "happiness",
        "source": Path("a.mp4"),
    }
    return Clip(**{**values, **changes})


def test_keys_tell_the_same_subject_name_of_two_databases_apart():
    assert clip().subject_key == "casme2/sub01"
    assert clip().key == "casme2/sub01/EP02_01f"
    assert clip(database="samm").subject_key != clip().subject_key


@pytest.mark.parametrize("name", ["database", "subject", "clip", "label"])
@pytest.mark.parametrize("value", ["", "  ", "a\nb", None, 3])
def test_names_must_be_printable_text(name, value):
    with pytest.raises(DatasetError, match=f"{name} in row 7"):
        clip(**{name: value, "row": 7})


@pytest.mark.parametrize("value", ["../x", "a/b", "a\\b", "..", "."])
def test_names_that_would_leave_a_folder_are_refused(value):
    with pytest.raises(DatasetError, match="path separators"):
        clip(clip=value)


def test_a_name_of_a_whole_page_is_refused_without_printing_the_page():
    with pytest.raises(DatasetError, match="at most 200 characters, received 31000") as caught:
        clip(label="x" * 31_000, row=4)
    assert len(str(caught.value)) < 200


def test_a_label_may_hold_a_slash():
    assert clip(label="fear/surprise").label == "fear/surprise"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"onset": 5, "offset": 4}, "offset 4 lies before onset 5"),
        ({"onset": -1}, "received -1"),
        ({"objective_class": "3"}, "objective class must be I to VII or empty, received '3'"),
        ({"objective_class": None}, "objective class"),
        ({"fps": 0.0}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"fps": float("inf")}, "fps"),
    ],
)
def test_impossible_numbers_are_refused_with_clip_and_row(changes, said):
    with pytest.raises(DatasetError, match=said) as caught:
        clip(**changes, row=12)
    assert "casme2/sub01/EP02_01f (row 12)" in str(caught.value)
