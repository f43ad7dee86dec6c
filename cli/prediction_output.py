"""What `astsvm predict` says: to people, as JSON, and as a table.

Every input has a list of recognised clips, which is one clip long where onset and offset are
given or the whole input counts as one. Scores, probabilities and softmax never share a name.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astsvm.recognizer.manifest import Manifest
    from astsvm.recognizer.recognition import Recognition

__all__ = ["Answer", "Failure", "prediction_lines", "predictions_csv", "predictions_json"]

_FORMAT, _VERSION = "astsvm-predictions", 1
_KINDS = ("scores", "probabilities", "softmax")
_COLUMNS = ("score", "probability", "softmax")
_MOST_LETTERS = 24


@dataclass(frozen=True, eq=False)
class Answer:
    """An input, and what the model says of it."""

    source: Path
    recognition: Recognition


@dataclass(frozen=True)
class Failure:
    """An input that could not be used, and why, in one line."""

    source: Path
    reason: str


def predictions_json(
    answers: Sequence[Answer], failures: Sequence[Failure], manifest: Manifest
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
        "inputs": [
            {"source": str(answer.source), "clips": [answer.recognition.as_dict()]}
            for answer in answers
        ],
        "skipped": [
            {"source": str(failure.source), "reason": failure.reason} for failure in failures
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)


def predictions_csv(answers: Sequence[Answer], class_names: Sequence[str]) -> str:
    """Return a table with a row for each clip; probabilities are empty without calibration."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    values = [f"{column}_{name}" for column in _COLUMNS for name in class_names]
    writer.writerow(["source", "onset", "offset", "fps", "label", "synthetic", *values, "notices"])
    for answer in answers:
        said = answer.recognition.as_dict()
        cells = [
            "" if said[kind] is None else said[kind][name]
            for kind in _KINDS
            for name in class_names
        ]
        place = [said["onset"], said["offset"], said["fps"]]
        synthetic = "SYNTHETIC" if said["synthetic"] else ""
        notices = " ".join(said["notices"])
        writer.writerow([answer.source, *place, said["label"], synthetic, *cells, notices])
    return text.getvalue()


def prediction_lines(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield what people read."""
    for number, answer in enumerate(answers):
        said = answer.recognition.as_dict()
        rate = f", {said['fps']:g} frames per second" if said["fps"] else ""
        if number:
            yield ""
        yield f"{answer.source}, frames {said['onset']} to {said['offset']}{rate}: {said['label']}"
        yield from (f"  {notice}" for notice in said["notices"])
        kinds = [kind for kind in _KINDS if said[kind] is not None]
        width = min(max(len(name) for name in said["scores"]), _MOST_LETTERS)
        yield f"  {'':{width}}" + "".join(f"{_HEADINGS[kind]:>24}" for kind in kinds)
        for name in said["scores"]:
            cells = "".join(f"{said[kind][name]:>24.3f}" for kind in kinds)
            yield f"  {name[:width]:{width}}{cells}"


_HEADINGS = {
    "scores": "score (decides)",
    "probabilities": "probability",
    "softmax": "softmax, uncalibrated",
}
