"""From an annotated clip to stored features: what `astsvm preprocess` runs.

The order is the paper's (METHOD 1): decode onset..offset, find the face in the onset frame, warp
every frame with that one transform, magnify, interpolate, then optical flow and image differences.
Clips are independent: each is processed in a worker process and is durable as soon as it is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from astsvm.clip import Clip
from astsvm.config import PreprocessingSettings
from astsvm.datasets import Dataset, Problem
from astsvm.errors import AstsvmError, FrameReadError, InvalidInputError
from astsvm.execution import refuse_unguarded_script, run_tasks
from astsvm.storage.writer import PartsFolder, ProcessedClip

__all__ = ["PreprocessSummary", "preprocess_dataset", "process_clip"]

Landmarks = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

_CLIPS_PER_PROCESS = 200


@dataclass(frozen=True, slots=True)
class PreprocessSummary:
    """What became of a dataset.

    Parameters
    ----------
    output : Path
        The clip file that was written.
    stored : int
        Clips with features in it.
    reused : int
        Of these, clips that an earlier, interrupted run had finished.
    problems : tuple of Problem
        One for each row or clip that was left out, with the reason; also recorded in the file.
    given_landmarks : int
        Clips whose landmarks were given; the others got dlib's.
    """

    output: Path
    stored: int
    reused: int
    problems: tuple[Problem, ...]
    given_landmarks: int = 0


@dataclass(frozen=True, slots=True)
class _ClipTask:
    index: int
    clip: Clip
    settings: PreprocessingSettings
    parts: PartsFolder
    landmarks: Landmarks | None
    precomputed_flow: bool


def preprocess_dataset(
    dataset: Dataset,
    output: Path,
    settings: PreprocessingSettings,
    *,
    workers: int = 1,
    resume: bool = False,
    landmarks: Mapping[str, Landmarks] | None = None,
    clip_timeout: float | None = None,
    progress: Progress | None = None,
) -> PreprocessSummary:
    """Process every clip of a dataset into one clip file.

    Parameters
    ----------
    dataset : Dataset
        The clips and the rows that could not become one.
    output : Path
        The clip file; it appears whole, by rename, when the last clip is done.
    settings : PreprocessingSettings
        How frames become features.
    workers : int
        Processes to use.
    resume : bool
        Go on from the parts an interrupted run has left beside `output`.
    landmarks : mapping of clip key to ndarray, optional
        Landmarks of the onset frame in source pixels; clips not named get dlib's.
    clip_timeout : float, optional
        Seconds after which a clip is given up.
    progress : callable, optional
        Called with (clips done, clips in all) after each clip.

    Returns
    -------
    PreprocessSummary
        Counts, and a problem for every clip that was left out.

    Raises
    ------
    StorageError
        If `output` exists, cannot be written, or is resumed under other settings.
    InvalidInputError
        If landmarks are given, but for none of the clips.
    """
    refuse_unguarded_script()
    given = dict(landmarks or {})
    _require_own_landmarks(given, dataset)
    inputs = {"landmarks": _landmarks_digest(given)} if given else {}
    with PartsFolder.open(output, dataset, settings, resume=resume, inputs=inputs) as parts:
        tasks = [
            _ClipTask(
                index=index,
                clip=clip,
                settings=settings,
                parts=parts,
                landmarks=given.get(clip.key),
                precomputed_flow=dataset.precomputed_flow,
            )
            for index, clip in enumerate(dataset.clips)
            if not parts.is_done(index)
        ]
        reused = len(dataset.clips) - len(tasks)
        outcomes = run_tasks(
            _process_and_store,
            tasks,
            workers=workers,
            timeout=clip_timeout,
            tasks_per_process=_CLIPS_PER_PROCESS,
        )
        # Closed in any case: no worker may write a part after the parts have been let go.
        with closing(outcomes):
            for done, outcome in enumerate(outcomes, start=reused + 1):
                if outcome.error is not None:
                    parts.store_failure(tasks[outcome.index].index, _reason(outcome.error))
                if progress is not None:
                    progress(done, len(dataset.clips))
        failures = parts.assemble(dataset.problems)
    return PreprocessSummary(
        output=output,
        stored=len(dataset.clips) - len(failures),
        reused=reused,
        problems=(*dataset.problems, *failures),
        given_landmarks=sum(clip.key in given for clip in dataset.clips),
    )


def process_clip(
    clip: Clip,
    settings: PreprocessingSettings,
    *,
    landmarks: Landmarks | None = None,
    precomputed_flow: bool = False,
) -> ProcessedClip:
    """Turn one clip into what is stored of it.

    Parameters
    ----------
    clip : Clip
        The annotated clip.
    settings : PreprocessingSettings
        How frames become features.
    landmarks : ndarray of shape (68, 2) or (5, 2), optional
        Landmarks of the onset frame in source pixels.
    precomputed_flow : bool
        The source is a flow image (STSTNet layout), stored as it is.

    Returns
    -------
    ProcessedClip
        Streams of shape (steps, H, W, C), float32; aligned frames; transform and landmarks.

    Raises
    ------
    FrameReadError
        If the frames cannot be read, are fewer than two, or their frame rate is unknown.
    FaceNotFoundError
        If the onset frame holds no face.
    """
    if precomputed_flow:
        from astsvm.datasets.flow_images import read_flow_image

        return ProcessedClip(clip=clip, streams={"flow": read_flow_image(clip.source)[None]})
    from astsvm.preprocessing import (
        FaceAligner,
        interpolate_frames,
        iter_frames,
        magnify_motion,
    )

    source = iter_frames(clip.source, clip.onset, clip.offset)
    fps = clip.fps if clip.fps is not None else source.fps
    if fps is None:
        raise FrameReadError(
            f"{clip.source}: the frame rate is unknown and the magnification depends on it; "
            "expected an fps column, or a video that states it. Add the column."
        )
    aligned = FaceAligner(
        size=settings.size, method=settings.alignment, landmark_model=settings.landmark_model
    ).align(source, landmarks=landmarks)
    if len(aligned.frames) < 2:
        raise FrameReadError(
            f"{clip.source}: 1 frame from onset to offset; expected at least 2, since features "
            "are changes between frames. Correct onset and offset, or leave the clip out."
        )
    band = settings.magnification
    magnified = magnify_motion(
        aligned.frames, alpha=band.alpha_at(fps), r1=band.r1, r2=band.r2, lambda_c=band.lambda_c
    )
    frames = interpolate_frames(magnified, settings.length, settings.interpolation)
    return ProcessedClip(
        clip=clip,
        streams=_features(frames, settings),
        frames=np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8),
        landmarks=aligned.landmarks,
        transform=aligned.transform,
        fps=fps,
    )


def _process_and_store(task: _ClipTask) -> None:
    """Process one clip in a worker; its part is on the disk before this returns."""
    processed = process_clip(
        task.clip,
        task.settings,
        landmarks=task.landmarks,
        precomputed_flow=task.precomputed_flow,
    )
    task.parts.store(task.index, processed)


def _reason(error: Exception) -> str:
    """Say in one line why a clip was left out; an unforeseen error also by its type."""
    if isinstance(error, AstsvmError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _features(
    frames: npt.NDArray[np.float32], settings: PreprocessingSettings
) -> dict[str, npt.NDArray[np.float32]]:
    from astsvm.features import idsf, optical_flow, without_head_motion

    streams = {}
    if "flow" in settings.streams:
        flow = optical_flow(frames, **settings.flow.model_dump(exclude={"head_motion"}))
        steady = settings.flow.head_motion == "median"
        streams["flow"] = without_head_motion(flow) if steady else flow
    if "idsf" in settings.streams:
        # With a zero field first, the onset's difference from itself keeps the paths equally long.
        streams["idsf"] = idsf(frames, settings.illumination, zero_first=settings.flow.zero_first)
    return streams


def _require_own_landmarks(landmarks: Mapping[str, Landmarks], dataset: Dataset) -> None:
    """Refuse landmarks of other clips only: dlib's would quietly take the place of all of them."""
    keys = [clip.key for clip in dataset.clips]
    if landmarks and keys and landmarks.keys().isdisjoint(keys):
        raise InvalidInputError(
            f"landmarks: expected keys database/subject/clip such as {keys[0]!r}, received none of "
            f"this dataset's clips but {next(iter(landmarks))!r}. Correct the landmarks file."
        )


def _landmarks_digest(landmarks: Mapping[str, Landmarks]) -> str:
    """Fingerprint of given landmarks: a resumed run must have been given the same."""
    digest = hashlib.sha256()
    for key in sorted(landmarks):
        points = np.asarray(landmarks[key], dtype=np.float32)
        digest.update(f"{key}{points.shape}".encode())
        digest.update(points.tobytes())
    return digest.hexdigest()
