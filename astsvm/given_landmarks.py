"""Landmarks that come with the clips, in place of dlib's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from astsvm.clip_processing import Landmarks
from astsvm.datasets import Dataset
from astsvm.errors import InvalidInputError

__all__ = ["landmarks_digest", "require_own_landmarks"]


def require_own_landmarks(landmarks: Mapping[str, Landmarks], dataset: Dataset) -> None:
    """Refuse landmarks of other clips only: dlib's would quietly take the place of all of them."""
    keys = [clip.key for clip in dataset.clips]
    if landmarks and keys and landmarks.keys().isdisjoint(keys):
        raise InvalidInputError(
            f"landmarks: expected keys database/subject/clip such as {keys[0]!r}, received none of "
            f"this dataset's clips but {next(iter(landmarks))!r}. Correct the landmarks file."
        )


def landmarks_digest(landmarks: Mapping[str, Landmarks]) -> str:
    """Fingerprint of given landmarks: a resumed run must have been given the same."""
    digest = hashlib.sha256()
    for key in sorted(landmarks):
        points = np.asarray(landmarks[key], dtype=np.float32)
        digest.update(f"{key}{points.shape}".encode())
        digest.update(points.tobytes())
    return digest.hexdigest()
