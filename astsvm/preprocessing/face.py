"""Finding the face and its landmarks, with dlib.

The histogram-of-gradients detector comes with dlib; the landmark models come with the PyPI
package ``face-recognition-models``, which is looked up and never imported (its import needs
``pkg_resources``). The 68-point model was trained on iBUG 300-W, which excludes commercial use;
the 5-point model has no such limit.

References
----------
V. Kazemi, J. Sullivan, "One millisecond face alignment with an ensemble of regression trees",
CVPR 2014, doi:10.1109/CVPR.2014.241.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from astsvm.arrays import FloatArray
from astsvm.errors import FaceNotFoundError, InvalidInputError, MissingResourceError

__all__ = ["eye_centres", "find_landmarks", "landmark_model_path"]

MODEL_PACKAGE: Final = "face_recognition_models"

SEARCHED_SIDE: Final = 1000
"""Pixels; larger frames are searched on a copy reduced to this."""

_EYE_CORNERS: Final = {68: ((36, 39), (42, 45)), 5: ((2, 3), (0, 1))}
"""Corners of the eye on the left and on the right of the image, per landmark scheme."""

_EYES_APART: Final = 4.0
"""Pixels; eyes nearer to each other are refused. The limit is ours: such a face is about ten pixels
wide, and dlib finds none below 40."""


def landmark_model_path(points: int = 68) -> Path:
    """Return where the landmark model of `face-recognition-models` lies.

    Parameters
    ----------
    points : {68, 5}
        Number of landmarks.

    Raises
    ------
    InvalidInputError
        If there is no model of so many points.
    MissingResourceError
        If the package or its file is not installed; the message says what to install.
    """
    if points not in _EYE_CORNERS:
        raise InvalidInputError(f"points: expected 68 or 5, received {points!r}.")
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    for folder in folders:
        path = Path(folder) / "models" / f"shape_predictor_{points}_face_landmarks.dat"
        if path.is_file():
            return path
    found = "no such package" if not folders else f"no such file in {folders[0]}"
    raise MissingResourceError(
        f"the {points}-point landmark model was expected in the package face-recognition-models, "
        f"but there is {found}. Install it with: pip install face-recognition-models"
    )


def find_landmarks(
    frame: npt.NDArray[np.uint8], points: int = 68, model: Path | None = None
) -> FloatArray:
    """Return the landmarks of the largest face in a frame.

    Of several faces the largest counts (of equally large ones the one found with the higher
    score): the recorded person sits in front.

    Parameters
    ----------
    frame : ndarray of shape (H, W), uint8
        Grey. Faces of at least about 40 pixels are found, in frames larger than 1000 pixels
        those of at least 4 % of the longer side.
    points : {68, 5}
        Which of dlib's landmark schemes.
    model : Path or None
        A dlib shape predictor of so many points; None takes :func:`landmark_model_path`.

    Returns
    -------
    ndarray of shape (points, 2), float32
        (x, y) in pixels of the frame, the centre of the top left pixel being (0, 0).

    Raises
    ------
    FaceNotFoundError
        If no face is found.
    MissingResourceError
        If the model is not installed or is no landmark model of so many points.
    """
    predictor = _predictor(landmark_model_path(points) if model is None else Path(model))
    box = _largest_face(frame)
    if box is None:
        raise FaceNotFoundError(
            f"no face found in the onset frame ({frame.shape[1]} x {frame.shape[0]} pixels); "
            "expected one frontal, upright face. Check onset and frame, give the landmarks in a "
            "file, or use alignment 'none' for frames already cropped to the face."
        )
    shape = predictor(frame, box)
    if shape.num_parts != points:
        raise MissingResourceError(
            f"{model}: expected a model of {points} landmarks, received one of "
            f"{shape.num_parts}. Choose the matching landmark_model."
        )
    return np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float32)


def eye_centres(landmarks: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the middle between the corners of either eye: (2, 2), image-left eye first.

    The corners, not the lids: they hold still when somebody blinks, and both schemes have them.

    Raises
    ------
    InvalidInputError
        If the landmarks are not (68, 2) or (5, 2) finite numbers, if the eyes are less than 4
        pixels apart (the limit is ours), or if the eye that belongs on the left lies on the right:
        to bring such a face upright would turn it by more than 90 degrees.
    """
    try:
        points = np.asarray(landmarks, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"landmarks: expected numbers (68, 2) or (5, 2): {error}"
        ) from error
    if points.ndim != 2 or points.shape[1] != 2 or points.shape[0] not in _EYE_CORNERS:
        raise InvalidInputError(
            f"landmarks: expected shape (68, 2) or (5, 2) in dlib's order, received {points.shape}."
        )
    if not np.isfinite(points).all():
        raise InvalidInputError("landmarks: expected finite pixel positions, received NaN or inf.")
    corners = [list(pair) for pair in _EYE_CORNERS[points.shape[0]]]
    centres = np.stack([points[pair].mean(axis=0) for pair in corners])
    _check_eyes(centres, corners)
    return centres


def _check_eyes(centres: npt.NDArray[np.float64], corners: list[list[int]]) -> None:
    """Refuse a face too small to see anything in, and one that stands on its head."""
    across = centres[1] - centres[0]
    received = " and ".join(f"({x:.1f}, {y:.1f})" for x, y in centres)
    if np.hypot(*across) < _EYES_APART:
        raise InvalidInputError(
            f"landmarks: expected eyes at least {_EYES_APART:.0f} pixels apart, received them at "
            f"{received}. Check the order of the landmarks and the size of the face."
        )
    if across[0] <= 0:
        (left, left_end), (right, right_end) = corners
        raise InvalidInputError(
            f"landmarks: expected dlib's order, in which points {left} and {left_end} are the "
            f"corners of the eye on the left of the picture and {right} and {right_end} of the one "
            f"on the right, received the eyes at {received}: the face would be turned by 90 "
            "degrees or more. Swap left and right in the landmarks, or turn the pictures upright."
        )


def _largest_face(frame: npt.NDArray[np.uint8]) -> Any:
    """Return dlib's box of the largest face in the pixels of `frame`, or None.

    A second look at twice the size finds faces down to 40 pixels.
    """
    import cv2
    import dlib

    factor = max(1.0, max(frame.shape) / SEARCHED_SIDE)
    searched = frame
    if factor > 1:
        width, height = (max(1, round(side / factor)) for side in frame.shape[::-1])
        searched = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    for upsampled in (0, 1):
        boxes, scores, _ = _detector().run(searched, upsampled, 0.0)
        if boxes:
            best = max(range(len(boxes)), key=lambda i: (boxes[i].area(), scores[i]))
            box = boxes[best]
            sides = (box.left(), box.top(), box.right(), box.bottom())
            return dlib.rectangle(*(round(side * factor) for side in sides))
    return None


@functools.cache
def _detector() -> Any:
    import dlib

    return dlib.get_frontal_face_detector()


@functools.lru_cache(maxsize=4)
def _predictor(path: Path) -> Any:
    """Load a landmark model once per process (100 MB, half a second)."""
    import dlib

    if not path.is_file():
        raise MissingResourceError(
            f"{path}: expected a dlib landmark model, but there is no such file."
        )
    try:
        return dlib.shape_predictor(str(path))
    except RuntimeError as error:
        raise MissingResourceError(
            f"{path}: expected a dlib landmark model, but it cannot be loaded ({error}). "
            "Install it again with: pip install --force-reinstall face-recognition-models"
        ) from error
