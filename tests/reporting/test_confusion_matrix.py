"""A confusion matrix becomes a picture, whatever its classes are called."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.reporting.confusion_matrix import confusion_picture


def decoded(picture):
    return cv2.imdecode(np.frombuffer(picture.png, np.uint8), cv2.IMREAD_COLOR)


def cells_of(svg: str) -> list[str]:
    """Colours of the cells, row by row."""
    return re.findall(r'clip-path="[^"]+" style="fill: (#[0-9a-f]{6})', svg)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_is_drawn_twice_and_grows_with_the_classes(classes):
    matrix = np.diag(np.arange(1, classes + 1))
    picture = confusion_picture(matrix, [f"class {i}" for i in range(classes)], "title")
    image = decoded(picture)
    assert image.shape[0] > 80 * classes
    assert image.min() < 100 < image.max()
    assert len(cells_of(picture.svg)) == classes**2


def test_rows_are_true_classes_and_a_full_cell_is_dark():
    cells = cells_of(confusion_picture([[0, 9], [1, 3]], ["a", "b"], "t").svg)
    brightness = [sum(bytes.fromhex(cell[1:])) for cell in cells]
    assert np.argsort(brightness).tolist() == [1, 3, 2, 0]


def test_cells_tell_clips_and_shares():
    svg = confusion_picture([[3, 1], [0.5, 2.5]], ["a", "b"], "t").svg
    for text in ("3", "75%", "0.5", "17%", "(n = 4)", "(n = 3)"):
        assert f">{text}<" in svg


def test_the_same_matrix_gives_the_same_bytes():
    assert confusion_picture([[3, 1], [0, 2]], ["a", "b"], "t") == confusion_picture(
        [[3, 1], [0, 2]], ["a", "b"], "t"
    )


def test_notices_are_written_into_both_pictures():
    plain = confusion_picture([[3, 1], [0, 2]], ["a", "b"], "t")
    marked = confusion_picture([[3, 1], [0, 2]], ["a", "b"], "t", notices=["SYNTHETIC CLIPS"])
    assert ">SYNTHETIC CLIPS<" in marked.svg
    assert "SYNTHETIC" not in plain.svg
    assert plain.png != marked.png


@pytest.mark.parametrize("name", ["$x", "$\\frac{", "a" * 500, "表情", "<b>", "", "100 %"])
def test_any_class_name_is_drawn(name):
    picture = confusion_picture([[3, 1], [0, 2]], [name, "other"], f"of {name[:20]}")
    assert decoded(picture).size
    assert "<b>" not in picture.svg


def test_a_class_without_clips_is_drawn_as_empty():
    assert ">0%<" in confusion_picture([[3, 1], [0, 0]], ["a", "b"], "t").svg


@pytest.mark.parametrize(
    "matrix", [[[1, 2]], [[1, -1], [0, 1]], [[1, float("nan")], [0, 1]], [1, 2], np.ones((3, 3))]
)
def test_what_is_no_confusion_matrix_is_refused(matrix):
    with pytest.raises(InvalidInputError, match="confusion matrix of 2 x 2"):
        confusion_picture(matrix, ["a", "b"], "t")
