"""What is said of inputs: to people, as JSON, and as a table; `astsvm predict` and the app use it.

Every input has a list of recognised clips, which is one clip long where onset and offset are
given or the whole input counts as one, and a timeline of candidates where it was searched. Scores,
probabilities and softmax never share a name.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astsvm.recognizer.model_card import SYNTHETIC_NOTICE

if TYPE_CHECKING:
    from astsvm.recognizer.manifest import Manifest
    from astsvm.recognizer.recognition import Recognition
    from astsvm.recognizer.timeline import Timeline

__all__ = [
    "Answer",
    "Failure",
    "TimelineAnswer",
    "prediction_lines",
    "predictions_csv",
    "predictions_json",
]

_FORMAT, _VERSION = "astsvm-predictions", 1
_KINDS = ("scores", "probabilities", "softmax")
_COLUMNS = ("score", "probability", "softmax")
_MOST_LETTERS = 24


@dataclass(frozen=True, eq=False)
class Answer:
    """An input, and what the model says of it."""

    source: Path
    recognition: Recognition

    def as_dict(self) -> dict[str, Any]:
        """Return the entry of the input in the JSON."""
        return {"source": str(self.source), "clips": [self.recognition.as_dict()]}


@dataclass(frozen=True, eq=False)
class TimelineAnswer:
    """An input that was searched, and what was found."""

    source: Path
    timeline: Timeline

    def as_dict(self) -> dict[str, Any]:
        """Return the entry of the input in the JSON: its clips, and the search as ``timeline``."""
        said = self.timeline.as_dict()
        clips = said.pop("clips")
        return {"source": str(self.source), "timeline": said, "clips": clips}


@dataclass(frozen=True)
class Failure:
    """An input that could not be used, and why, in one line."""

    source: Path
    reason: str


def predictions_json(
    answers: Sequence[Answer | TimelineAnswer], failures: Sequence[Failure], manifest: Manifest
) -> str:
    """Return all answers as a JSON object."""
    found: dict[str, Any] = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "synthetic": manifest.synthetic,
        "model": {
            "class_names": list(manifest.class_names),
            "protocol": manifest.protocol,
            "calibrated": manifest.calibration is not None,
            "network_sha256": manifest.members["network.keras"].sha256,
            "classifier_sha256": manifest.members["classifier.skops"].sha256,
        },
        "inputs": [answer.as_dict() for answer in answers],
        "skipped": [
            {"source": str(failure.source), "reason": failure.reason} for failure in failures
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)


def predictions_csv(answers: Sequence[Answer | TimelineAnswer], class_names: Sequence[str]) -> str:
    """Return a table with a row for each clip; probabilities are empty without calibration.

    The column ``notices`` holds what is special about the row's clip; what is true of the whole
    search is told in text and JSON. If any input was searched, there are columns for apex, region,
    motion, strength and cut as well.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    values = [f"{column}_{name}" for column in _COLUMNS for name in class_names]
    searched = any(isinstance(answer, TimelineAnswer) for answer in answers)
    more = _SEARCH_COLUMNS if searched else ()
    writer.writerow([*_FIRST_COLUMNS, "synthetic", *values, "notices", *more])
    for answer in answers:
        entry = answer.as_dict()
        # Of a search, synthetic or not is said once for all its clips.
        common = entry.get("timeline", {})
        for clip in entry["clips"]:
            cells = [
                "" if clip[kind] is None else clip[kind][name]
                for kind in _KINDS
                for name in class_names
            ]
            place = [answer.source, *(clip[column] for column in _FIRST_COLUMNS[1:])]
            synthetic = "SYNTHETIC" if common.get("synthetic", clip.get("synthetic")) else ""
            said = (notice for notice in clip.get("notices", ()) if notice != SYNTHETIC_NOTICE)
            told = {**clip, "cut": " ".join(clip.get("cut", ()))}
            search = [told.get(column, "") for column in more]
            writer.writerow([*place, synthetic, *cells, " ".join(said), *search])
    return text.getvalue()


def prediction_lines(answers: Sequence[Answer | TimelineAnswer]) -> Iterator[str]:
    """Yield what people read."""
    for number, answer in enumerate(answers):
        if number:
            yield ""
        if isinstance(answer, TimelineAnswer):
            yield from _timeline_lines(answer)
        else:
            yield from _clip_lines(answer)


def _clip_lines(answer: Answer) -> Iterator[str]:
    said = answer.recognition.as_dict()
    rate = f", {said['fps']:g} frames per second" if said["fps"] else ""
    yield f"{answer.source}, frames {said['onset']} to {said['offset']}{rate}: {said['label']}"
    yield from (f"  {notice}" for notice in said["notices"])
    kinds = [kind for kind in _KINDS if said[kind] is not None]
    width = min(max(len(name) for name in said["scores"]), _MOST_LETTERS)
    yield f"  {'':{width}}" + "".join(f"{_HEADINGS[kind]:>24}" for kind in kinds)
    for name in said["scores"]:
        cells = "".join(f"{said[kind][name]:>24.3f}" for kind in kinds)
        yield f"  {name[:width]:{width}}{cells}"


def _timeline_lines(answer: TimelineAnswer) -> Iterator[str]:
    said = answer.timeline.as_dict()
    fps, clips = said["fps"], said["clips"]
    yield (
        f"{answer.source}, {said['frames'] / fps:.1f} s at {fps:g} frames per second: "
        f"{len(clips)} candidate(s), {len(said['blinks'])} taken for blinks"
    )
    yield from (f"  {notice}" for notice in said["notices"])
    if not clips:
        return
    calibrated = any(clip["probabilities"] for clip in clips)
    value = "probability" if calibrated else "score"
    yield (
        f"  {'seconds':>15}  {'frames':>13}  {'where':6}  {'px':>5}  {'strength':>8}  "
        f"{value:>11}  label"
    )
    for clip in clips:
        values = clip["probabilities"] if calibrated else clip["scores"]
        shown = "" if values is None else f"{values[clip['label']]:.3f}"
        cut = f" ({' and '.join(clip['cut'])} cut)" if clip["cut"] else ""
        yield (
            f"  {clip['onset'] / fps:7.2f}-{clip['offset'] / fps:7.2f}  "
            f"{clip['onset']:6}-{clip['offset']:6}  {clip['region']:6}  {clip['motion']:5.2f}  "
            f"{clip['strength']:8.2f}  {shown:>11}  {_named(clip)}{cut}"
        )


def _named(clip: dict[str, Any]) -> str:
    """Name a clip's class, and beside it the most probable one where that is another."""
    label, probable = clip["label"], clip["most_probable"]
    if label is None:
        return "no face in its first frame"
    if probable in (None, label):
        return str(label)
    return f"{label} (most probable: {probable}, {clip['probabilities'][probable]:.3f})"


_FIRST_COLUMNS = ("source", "onset", "offset", "fps", "label", "most_probable")
_SEARCH_COLUMNS = ("apex", "region", "motion", "strength", "cut")

_HEADINGS = {
    "scores": "score (decides)",
    "probabilities": "probability",
    "softmax": "softmax, uncalibrated",
}
