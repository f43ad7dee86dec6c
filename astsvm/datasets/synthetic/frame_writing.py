"""Paint the frames of clips and write them in the encodings that databases use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from astsvm.datasets.synthetic.clip import SyntheticClip
from astsvm.datasets.synthetic.face import FaceTexture
from astsvm.datasets.synthetic.layouts.contract import Entry
from astsvm.datasets.synthetic.plan import CorpusPlan
from astsvm.datasets.synthetic.subject import draw_subject

__all__ = ["face_window", "write_subject"]

_ENCODER_SETTINGS: dict[str, tuple[int, ...]] = {
    # Sensor noise hardly compresses; the lowest level is three times as fast and as small.
    ".png": (cv2.IMWRITE_PNG_COMPRESSION, 1),
    ".jpg": (cv2.IMWRITE_JPEG_QUALITY, 95),
    ".bmp": (),
}
_BESIDE_JAW, _ABOVE_BROWS, _BELOW_CHIN = 0.30, 0.80, 0.30
"""How far a face that is cut out reaches beyond its landmarks, in interocular distances."""


def write_subject(target: Path, plan: CorpusPlan, entries: Sequence[Entry]) -> Iterator[int]:
    """Write the clips of one subject, yielding 1 after each."""
    number = plan.first_subject + entries[0].subject
    subject = draw_subject(number, seed=plan.seed, size=plan.size)
    for entry in entries:
        clip = SyntheticClip(
            subject, entry.clip, entry.label, difficulty=plan.difficulty, fps=plan.fps
        )
        _write_clip(target, clip, entry)
        yield 1


def _write_clip(target: Path, clip: SyntheticClip, entry: Entry) -> None:
    for files in entry.folders:
        (target / files.folder).mkdir(parents=True)
    for index in sorted({index for files in entry.folders for index in files.names}):
        painted: dict[bool, npt.NDArray[np.uint8]] = {}
        for files in entry.folders:
            if index not in files.names:
                continue
            if files.colour not in painted:
                painted[files.colour] = clip.frame(index, colour=files.colour)
            picture = painted[files.colour]
            if files.face_only:
                picture = picture[face_window(clip.subject.face)]
            path = target / files.folder / files.names[index]
            settings = _ENCODER_SETTINGS[path.suffix]
            _, encoded = cv2.imencode(path.suffix, np.ascontiguousarray(picture), settings)
            path.write_bytes(encoded.tobytes())


def face_window(face: FaceTexture) -> tuple[slice, slice]:
    """Return the rows and columns of a frame that hold the face, the same in every frame."""
    width, height = face.size
    left, top = face.landmarks.min(axis=0)
    right, bottom = face.landmarks.max(axis=0)
    beside, above = _BESIDE_JAW * face.iod, _ABOVE_BROWS * face.iod
    rows = slice(max(0, round(top - above)), min(height, round(bottom + _BELOW_CHIN * face.iod)))
    return rows, slice(max(0, round(left - beside)), min(width, round(right + beside)))
