"""A confusion matrix becomes a picture, whatever its classes are called."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from astsvm.errors import InvalidInputError
from astsvm.reporting.plots import confusion_picture


def decoded(png: bytes):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_is_a_png_that_grows_with_the_classes(classes):
    matrix = np.diag(np.arange(1, classes + 1))
    picture = decoded(confusion_picture(matrix, [f"class {i}" for i in range(classes)], "title"))
    assert picture.shape[0] > 100 * classes
    assert picture.min() < 100 < picture.max()


def test_a_full_cell_is_dark_and_an_empty_one_light():
    picture = decoded(confusion_picture([[9, 0], [0, 9]], ["a", "b"], "t"))
    swapped = decoded(confusion_picture([[0, 9], [9, 0]], ["a", "b"], "t"))
    assert picture.shape == swapped.shape
    blue_share = (picture[..., 0] > picture[..., 2].astype(int) + 60).mean()
    assert 0.1 < blue_share < 0.6
    assert not np.array_equal(picture, swapped)


def test_the_same_matrix_gives_the_same_bytes():
    pictures = [confusion_picture([[3, 1], [0, 2]], ["a", "b"], "t") for _ in range(2)]
    assert pictures[0] == pictures[1]


def test_synthetic_is_written_into_the_picture():
    plain = confusion_picture([[3, 1], [0, 2]], ["a", "b"], "t")
    marked = confusion_picture([[3, 1], [0, 2]], ["a", "b"], "t", synthetic=True)
    assert plain != marked


@pytest.mark.parametrize("name", ["$x", "$\\frac{", "a" * 500, "表情", "<b>", "", "100 %"])
def test_any_class_name_is_drawn(name):
    assert decoded(confusion_picture([[3, 1], [0, 2]], [name, "other"], f"of {name[:20]}")).size


def test_a_class_without_clips_is_drawn_as_empty():
    assert decoded(confusion_picture([[3, 1], [0, 0]], ["a", "b"], "t")).size


@pytest.mark.parametrize(
    "matrix", [[[1, 2]], [[1, -1], [0, 1]], [[1, float("nan")], [0, 1]], [1, 2], np.ones((3, 3))]
)
def test_what_is_no_confusion_matrix_is_refused(matrix):
    with pytest.raises(InvalidInputError, match="confusion matrix of 2 x 2"):
        confusion_picture(matrix, ["a", "b"], "t")
