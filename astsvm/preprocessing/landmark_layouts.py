"""How the columns of landmark tables are named, and which points of each scheme are dlib's 68.

Alignment needs dlib's points: the corners of the eyes and the chin for a similarity, all 68 for a
piecewise warp. OpenFace has the same 68 points. MediaPipe's face mesh has 468 points, or 478 with
the irises, in an order of its own; :data:`MEDIAPIPE_AS_68` says which of them stand for dlib's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["MEDIAPIPE_AS_68", "LandmarkLayout", "landmark_layout"]

MEDIAPIPE_AS_68: Final = (
    *(127, 234, 93, 132, 172, 136, 149, 148, 152, 377, 378, 365, 397, 361, 323, 454, 356),  # jaw
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),  # brows
    *(6, 197, 5, 1, 98, 97, 2, 326, 327),  # nose
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),  # eyes
    *(61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91),  # outer lip
    *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lip
)
"""Points of MediaPipe's mesh that stand for dlib's landmarks 0 to 67.

The map is ours: eyes, brows, lips and jaw are points of the mesh's own contours; where several come
into question, the one whose place on MediaPipe's canonical face is most like that on our mean face.
The jaw of the mesh runs further outside than dlib's, so a piecewise warp differs a little there.
"""

_MESH_POINTS: Final = (478, 468)


@dataclass(frozen=True, slots=True)
class LandmarkLayout:
    """Where in a row the landmarks stand.

    Parameters
    ----------
    name : str
        Of the layout, for messages.
    columns : tuple of int
        Columns of x and y, in turn, of each landmark in dlib's order.
    first_frame : int
        What a column ``frame`` calls the first frame of a source.
    may_be_parts : bool
        Positions may be parts of the frame's width and height instead of pixels.
    """

    name: str
    columns: tuple[int, ...]
    first_frame: int = 0
    may_be_parts: bool = False


def landmark_layout(header: Sequence[str]) -> LandmarkLayout | None:
    """Recognise the layout of a table of landmarks by the names of its columns.

    Parameters
    ----------
    header : sequence of str
        Without white space about the names. OpenFace has pixels in ``x_0`` and millimetres in
        ``X_0``, so upper and lower case differ.

    Returns
    -------
    LandmarkLayout or None
        ``mediapipe`` (x_0, y_0 to x_477 or x_467, with or without the line), ``openface`` (x_0 to
        y_67), ``plain`` (x0, y0 to x67, y67 or to x4, y4, also in capitals); None if it is none
        of them.
    """
    exact = {name: index for index, name in reversed(list(enumerate(header)))}
    for pattern in ("{}_{}", "{}{}"):
        for points in _MESH_POINTS:
            if _columns(exact, pattern, range(points)) is not None:
                columns = _columns(exact, pattern, MEDIAPIPE_AS_68)
                return LandmarkLayout("mediapipe", columns or (), may_be_parts=True)
    openface = _columns(exact, "{}_{}", range(68))
    if openface is not None:
        return LandmarkLayout("openface", openface, first_frame=1)
    folded = {name.lower(): index for index, name in reversed(list(enumerate(header)))}
    for points in (68, 5):
        plain = _columns(folded, "{}{}", range(points))
        if plain is not None:
            return LandmarkLayout("plain", plain)
    return None


def _columns(
    places: Mapping[str, int], pattern: str, points: Sequence[int]
) -> tuple[int, ...] | None:
    """Return the columns of x and y of some points; None if one is missing."""
    names = [pattern.format(axis, point) for point in points for axis in "xy"]
    if any(name not in places for name in names):
        return None
    return tuple(places[name] for name in names)
