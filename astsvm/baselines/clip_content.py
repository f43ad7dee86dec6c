"""What a stored clip offers to a baseline: frames, flow, motion, strain and landmarks.

Everything is made from one clip alone, and nothing from its label or its annotated apex.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from astsvm.arrays import FloatArray
from astsvm.errors import InvalidInputError
from astsvm.features import optical_strain

if TYPE_CHECKING:
    from astsvm.storage.reader import ClipCollection

__all__ = ["NEEDS", "ClipContent", "Need", "onset_to_apex", "unmet_needs"]

Need = Literal["frames", "flow", "motion", "strain", "landmarks"]

NEEDS: dict[Need, str] = {
    "frames": "aligned frames (n, H, W), grey in [0, 1]",
    "flow": "flow from frame to frame (T, H, W, 2), pixels a step",
    "motion": "flow from onset to apex (H, W, 2)",
    "strain": "optical strain of that flow (H, W)",
    "landmarks": "68 landmarks (x, y) of the onset, in pixels of the aligned frame",
}
"""What a baseline may need of a clip."""

_LANDMARKS = 68


class ClipContent:
    """What one clip of a collection offers; each property is read when it is first used.

    Parameters
    ----------
    clips : ClipCollection
        The clip files.
    index : int
        Position of the clip in the collection.

    Notes
    -----
    A property that the files do not offer must not be asked for: :func:`unmet_needs` tells.
    """

    def __init__(self, clips: ClipCollection, index: int) -> None:
        self._clips = clips
        self._index = index

    @cached_property
    def frames(self) -> FloatArray:
        """Aligned, magnified, interpolated frames (n, H, W), float32 in [0, 1], onset first.

        The stored onset frame plus the image differences, which are finer than stored frames;
        where these have lost their median (illumination median), the frames have as well.
        """
        stored = self._clips.frames(self._index)
        if stored is None:
            raise InvalidInputError(f"clip {self._key}: no aligned frames are stored.")
        onset = stored[0].astype(np.float32) / 255
        differences = self._stream("idsf")[..., 0]
        frames = onset + differences
        if len(differences) < len(stored):
            frames = np.concatenate([onset[None], frames])
        return np.asarray(np.clip(frames, 0, 1), dtype=np.float32)

    @cached_property
    def flow(self) -> FloatArray:
        """Flow from frame to frame (T, H, W, 2), float32, pixels a step, u right, v down."""
        fields = self._stream("flow")[..., :2]
        return fields[1:] if self._settings.get("zero_first") else fields

    @cached_property
    def motion(self) -> FloatArray:
        """Flow from onset to apex (H, W, 2), float32; of a flow image its u and v.

        The apex is where the clip itself moves most, see :func:`onset_to_apex`; the annotated one
        is not known at test time and is not looked at.
        """
        if _is_precomputed(self._clips):
            return self._stream("flow")[0, ..., :2]
        if self._settings.get("reference") == "onset":
            return _strongest(self.flow)
        return onset_to_apex(self.flow)

    @cached_property
    def strain(self) -> FloatArray:
        """Optical strain of :attr:`motion` (H, W), float32; of a flow image its third channel."""
        if _is_precomputed(self._clips):
            return self._stream("flow")[0, ..., 2]
        return optical_strain(self.motion)

    @cached_property
    def landmarks(self) -> FloatArray:
        """68 landmarks of the onset (68, 2), float32, x and y in pixels of the aligned frame."""
        if self._clips.settings.get("alignment") == "piecewise":
            from astsvm.preprocessing.warping import canonical_chip_landmarks

            # This alignment has moved every landmark to one place, the same in all clips.
            canonical = canonical_chip_landmarks(self._clips.settings["size"])
            return np.asarray(canonical, dtype=np.float32)
        points = self._clips.landmarks(self._index)
        transform = self._clips.transform(self._index)
        if points is None or transform is None or len(points) != _LANDMARKS:
            raise InvalidInputError(f"clip {self._key}: no 68 landmarks are stored.")
        placed = points.astype(np.float64) @ transform[:, :2].T + transform[:, 2]
        return np.asarray(placed, dtype=np.float32)

    def of(self, needs: Sequence[Need]) -> tuple[FloatArray, ...]:
        """Return what is asked for, in that order."""
        return tuple(getattr(self, need) for need in needs)

    def _stream(self, name: str) -> FloatArray:
        return np.asarray(self._clips.read_batch(name, [self._index])[0], dtype=np.float32)

    @property
    def _key(self) -> str:
        return self._clips.records[self._index].key

    @property
    def _settings(self) -> dict[str, object]:
        """How flow was computed."""
        return dict(self._clips.settings.get("flow", {}))


def onset_to_apex(flow: FloatArray) -> FloatArray:
    """Add up flow from frame to frame until the face has moved most.

    Parameters
    ----------
    flow : ndarray of shape (T, H, W, 2), float32
        Pixels a step.

    Returns
    -------
    ndarray of shape (H, W, 2), float32
        The running sum at the step where its mean magnitude is largest, the first of equals.

    Notes
    -----
    Ours. Papers take the annotated apex frame, which nobody has at test time. Fields are added at
    the same place: micro-movements are smaller than what that distorts.
    """
    return _strongest(np.cumsum(flow, axis=0, dtype=np.float32))


def unmet_needs(clips: ClipCollection, needs: Sequence[Need]) -> dict[Need, str]:
    """Say what clip files do not offer, and why.

    Parameters
    ----------
    clips : ClipCollection
        The clip files; every clip is looked at.
    needs : sequence of str
        What is needed, of :data:`NEEDS`.

    Returns
    -------
    dict of str to str
        By need, the reason; empty if every clip offers all.
    """
    reasons = {need: _reason(clips, need) for need in needs}
    return {need: reason for need, reason in reasons.items() if reason}


def _strongest(fields: FloatArray) -> FloatArray:
    magnitudes = np.hypot(fields[..., 0], fields[..., 1]).mean(axis=(1, 2))
    chosen: FloatArray = fields[int(np.argmax(magnitudes))]
    return chosen


def _is_precomputed(clips: ClipCollection) -> bool:
    return "precomputed_flow" in clips.settings


def _reason(clips: ClipCollection, need: Need) -> str:
    stream = {"frames": "idsf", "landmarks": ""}.get(need, "flow")
    if _is_precomputed(clips) and need not in ("motion", "strain"):
        return "the clips are precomputed flow images, which show the way from onset to apex only"
    if stream and stream not in clips.streams:
        return f"the stream {stream} is not stored"
    if need == "flow" and clips.settings.get("flow", {}).get("reference") == "onset":
        return "the stored flow is from the onset to every frame (flow.reference onset)"
    return _lacking_clips(clips, need)


def _lacking_clips(clips: ClipCollection, need: Need) -> str:
    """Say which clips hold no array that stands beside the streams."""
    if need not in ("frames", "landmarks"):
        return ""
    lacking = [
        record.key
        for index, record in enumerate(clips.records)
        if (need == "frames" and clips.frames(index) is None)
        or (need == "landmarks" and not _has_landmarks(clips, index))
    ]
    if not lacking:
        return ""
    what = "aligned frames" if need == "frames" else "68 landmarks"
    return f"{len(lacking)} of {len(clips)} clips hold no {what}, the first of them is {lacking[0]}"


def _has_landmarks(clips: ClipCollection, index: int) -> bool:
    points = clips.landmarks(index)
    return points is not None and len(points) == _LANDMARKS and clips.transform(index) is not None
