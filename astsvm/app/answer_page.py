"""An answer as HTML: all it shows and offers lies in it, nothing is fetched."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from astsvm.app.painting import data_address, face_picture, key_picture, tile_picture
from astsvm.reporting.prediction_output import Answer, TimelineAnswer

if TYPE_CHECKING:
    from jinja2 import Environment

    from astsvm.app.answering import Answered, Shown
    from astsvm.config import PreprocessingSettings

__all__ = ["answer_html", "filled", "refusal_html"]

_KINDS = (
    ("scores", "Scores, which decide", ""),
    (
        "probabilities",
        "Probabilities, calibrated",
        "None: this model was not calibrated, and scores are no probabilities.",
    ),
    ("softmax", "Softmax of the network, not calibrated", ""),
)
_MOST_CLASSES = 20


def answer_html(answered: Answered, settings: PreprocessingSettings) -> str:
    """Return an answer as HTML.

    Parameters
    ----------
    answered : Answered
    settings : PreprocessingSettings
        Of the model.
    """
    answer = answered.answer
    timeline = _timeline(answer, answered.picture) if isinstance(answer, TimelineAnswer) else None
    faced = 0
    if isinstance(answer, TimelineAnswer):
        faced = sum(one.recognition is not None for one in answer.timeline.expressions)
    notices = answer.recognition.notices if isinstance(answer, Answer) else answer.timeline.notices
    return filled(
        "answer.html",
        headline=_headline(answer),
        source=_source(answer),
        planted=answered.planted,
        notices=notices,
        downloads=_downloads(answered),
        timeline=timeline,
        hidden=faced > len(answered.shown),
        clips=[_clip(shown, number, settings) for number, shown in enumerate(answered.shown)],
    )


def refusal_html(headline: str, reason: str) -> str:
    """Return why there is no answer, as HTML."""
    return filled("refusal.html", headline=headline, reason=reason)


def filled(template: str, **content: Any) -> str:
    """Fill one of the templates; what is filled in becomes text, never markup."""
    html: str = _environment().get_template(template).render(**content)
    return html


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("astsvm.app", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _headline(answer: Answer | TimelineAnswer) -> str:
    if isinstance(answer, Answer):
        return f"Recognised as: {answer.recognition.label}"
    found = len(answer.timeline.expressions)
    return f"{found or 'No'} candidate micro-expression{'' if found == 1 else 's'}"


def _source(answer: Answer | TimelineAnswer) -> str:
    if isinstance(answer, TimelineAnswer):
        found = answer.timeline.spotting
        return (
            f"{answer.source}, {found.length / found.fps:.1f} s at {found.fps:g} frames per "
            f"second; {len(found.blinks)} movement(s) taken for blinks"
        )
    said = answer.recognition
    rate = f", {said.fps:g} frames per second" if said.fps else ""
    return f"{answer.source}, frames {said.onset} to {said.offset}{rate}"


def _downloads(answered: Answered) -> list[dict[str, str]]:
    stem = answered.answer.source.stem
    return [
        {"name": f"{stem}.{suffix}", "label": label, "address": data_address(content, kind)}
        for suffix, label, content, kind in (
            ("png", "Picture (PNG)", answered.picture, "image/png"),
            ("csv", "Table (CSV)", answered.table.encode(), "text/csv"),
            ("json", "Everything said (JSON)", answered.record.encode(), "application/json"),
        )
    ]


def _timeline(answer: TimelineAnswer, picture: bytes) -> dict[str, Any]:
    said = answer.timeline.as_dict()
    fps, clips = said["fps"], said["clips"]
    calibrated = any(clip["probabilities"] for clip in clips)
    rows = []
    for clip in clips:
        values = clip["probabilities"] if calibrated else clip["scores"]
        rows.append(
            (
                f"{clip['onset'] / fps:.2f} to {clip['offset'] / fps:.2f}",
                f"{clip['onset']} to {clip['offset']}",
                clip["region"],
                f"{clip['motion']:.2f}",
                f"{clip['strength']:.2f}",
                "" if values is None else f"{values[clip['label']]:.3f}",
                clip["label"] or "no face in its first frame",
            )
        )
    return {
        "picture": data_address(picture, "image/png"),
        "description": f"Motion over time, with {len(clips)} candidates; the table has the numbers",
        "value": "probability" if calibrated else "score",
        "rows": rows,
    }


def _clip(shown: Shown, number: int, settings: PreprocessingSettings) -> dict[str, Any]:
    from astsvm.reporting.attention_picture import attention_limit, attention_picture
    from astsvm.reporting.feature_rows import clip_rows
    from astsvm.reporting.fold_readings import MapsOfClip

    said = shown.recognition
    rows = clip_rows(said.frames, said.streams, settings.model_dump(mode="json"))
    points = max(len(row.tiles) for row in rows)
    maps = MapsOfClip(said.attention, said.motion)
    looked = attention_picture(maps, attention_limit([maps]), said.label, f"attention{number}")
    place = f", frames {said.onset} to {said.offset}"
    time = f"{(said.onset or 0) / said.fps:.2f} s: " if said.fps else ""
    told = [
        {
            "heading": row.heading[:1].upper() + row.heading[1:],
            "note": " ".join(row.note.split()),
            "key": None if row.key is None else key_picture(row.key),
            # The first frame has no field before it: features end with the last frame.
            "tiles": [""] * (points - len(row.tiles))
            + [tile_picture(row, position) for position in range(len(row.tiles))],
        }
        for row in rows
    ]
    return {
        "title": f"{time}{said.label}{place}",
        "panels": [_panel(said, *kind) for kind in _KINDS],
        "face": face_picture(shown.first_frame, said.landmarks, said.transform, settings),
        "face_caption": _face_caption(shown),
        "points": points,
        "start": points // 2 + 1,
        "rows": told,
        "strip": told[0]["tiles"],
        "attention": data_address(looked.png, "image/png"),
        "attention_description": looked.description,
    }


def _face_caption(shown: Shown) -> str:
    said = shown.recognition
    frame = f"Frame {said.onset}"
    if said.landmarks is None:
        return f"{frame}. This model takes frames as they are, and looks for no face."
    return (
        f"{frame} of the clip, with {len(said.landmarks)} landmarks; green: the part that the "
        "model gets."
    )


def _panel(said: Any, kind: str, title: str, absent: str) -> dict[str, Any]:
    values = getattr(said, kind)
    bars = [] if values is None else _bars(values, said.class_names, said.scores, kind == "scores")
    return {"kind": kind, "title": title, "absent": absent, "bars": bars}


def _bars(
    values: npt.NDArray[Any], names: tuple[str, ...], scores: npt.NDArray[Any], signed: bool
) -> list[dict[str, Any]]:
    """Return a bar for each class, the recognised one first; lengths in percent of the panel."""
    order = np.argsort(-scores, kind="stable")[:_MOST_CLASSES]
    reach = max(1.0, float(np.abs(values).max())) if signed else 1.0
    zero, full = (50.0, 50.0) if signed else (0.0, 100.0)
    bars = []
    for index in order:
        length = abs(float(values[index])) / reach * full
        left = zero - length if values[index] < 0 else zero
        bars.append(
            {
                "name": names[index],
                "value": f"{values[index]:.3f}",
                "left": f"{left:.1f}",
                "width": f"{length:.1f}",
                "best": index == order[0],
            }
        )
    return bars
