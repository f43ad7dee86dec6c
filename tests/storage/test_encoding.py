from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from astsvm.clip import Clip
from astsvm.errors import InvalidInputError
from astsvm.storage.encoding import ProcessedClip, encode_entry

ROOT = Path("/data/corpus")
CLIP = Clip("db", "01", "c", "happy", ROOT / "videos" / "c.avi", onset=3, fps=25.0)
FLOW = np.zeros((1, 2, 2, 2), np.float32)


def encode(**changes: Any) -> Any:
    values = {"clip": CLIP, "streams": {"flow": FLOW}} | changes
    return encode_entry(ProcessedClip(**values), ROOT)


def with_value(value: float) -> dict[str, Any]:
    flow = FLOW.copy()
    flow[0, 1, 0, 1] = value
    return {"flow": flow}


def test_stored_types_and_attributes() -> None:
    entry = encode(
        frames=np.zeros((3, 2, 2), np.uint8),
        landmarks=np.ones((5, 2)),
        transform=np.ones((2, 3), np.float32),
        fps=99.5,
    )
    assert {name: array.dtype.str for name, array in entry.arrays.items()} == {
        "streams/flow": "<f2",
        "frames": "|u1",
        "landmarks": "<f4",
        "transform": "<f8",
    }
    assert entry.attributes.pop("sha256").isalnum()
    assert entry.attributes == {
        "database": "db",
        "subject": "01",
        "clip": "c",
        "label": "happy",
        "source": "videos/c.avi",
        "notes": "[]",
        "onset": 3,
        "fps": 99.5,
    }


def test_an_objective_class_is_an_attribute_only_where_there_is_one() -> None:
    from dataclasses import replace

    assert "objective_class" not in encode().attributes
    entry = encode(clip=replace(CLIP, objective_class="IV"))
    assert entry.attributes["objective_class"] == "IV"


def test_a_clip_without_an_objective_class_keeps_the_checksum_of_older_files() -> None:
    known = "7fded34463e90e49ec2c0c040f8b5571a455fc438a4e73db0087092bf749dd04"
    assert encode().attributes["sha256"] == known


def test_the_largest_float16_passes_and_nothing_beyond() -> None:
    stored = encode(streams=with_value(-65504.0)).arrays["streams/flow"]
    assert stored.min() == -65504
    for value in (65505.0, -65510.0, 1e30):
        with pytest.raises(InvalidInputError, match=r"clip db/01/c: stream 'flow'.*float16"):
            encode(streams=with_value(value))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"streams": {}}, "at least one stream"),
        ({"streams": with_value(float("nan"))}, "NaN or infinity"),
        ({"streams": with_value(float("-inf"))}, "NaN or infinity"),
        ({"streams": {"flow": FLOW.astype(np.int32)}}, "received int32"),
        ({"streams": {"flow": FLOW.astype(object)}}, "received object"),
        ({"streams": {"flow": FLOW[0]}}, "4 dimensions"),
        ({"streams": {"flow": FLOW[:0]}}, "4 dimensions of at least 1"),
        ({"streams": {"flow": [[1.0]]}}, "4 dimensions"),
        ({"streams": {"../flow": FLOW}}, "a stream's name"),
        ({"streams": {"Flow": FLOW}}, "a stream's name"),
        ({"frames": np.zeros((3, 2, 2), np.float32)}, "frames must be uint8, received float32"),
        ({"frames": np.zeros((2, 2), np.uint8)}, "frames must be an array with 3 dimensions"),
        ({"landmarks": np.full((5, 2), np.nan)}, "landmarks must hold finite"),
        ({"landmarks": np.zeros((5, 2), int)}, "landmarks must hold finite floating"),
        ({"landmarks": np.zeros((5, 3))}, r"landmarks must have the shape \(n, 2\)"),
        ({"transform": np.zeros((3, 3))}, r"transform must have the shape \(2, 3\)"),
        ({"fps": 0.0}, "fps must be positive"),
        ({"fps": float("nan")}, "fps must be positive"),
        ({"clip": Clip("db", "1", "c", "x", Path("/elsewhere/c.avi"))}, "inside /data/corpus"),
        ({"clip": Clip("db", "1", "c", "x", ROOT / "c\udcff.avi")}, "is no UTF-8"),
        (
            {"clip": Clip("db", "1", "c", "x", ROOT / "c", notes=("n" * 40_000,))},
            "notes is longer than 32000 bytes",
        ),
    ],
)
def test_what_cannot_be_stored_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        encode(**changes)


def test_the_checksum_covers_every_attribute_and_array() -> None:
    from dataclasses import replace

    frames = np.zeros((3, 2, 2), np.uint8)
    variants = [
        encode(),
        encode(streams=with_value(0.5)),
        encode(streams={"idsf": FLOW}),
        encode(streams={"flow": FLOW.reshape(2, 1, 2, 2)}),
        encode(frames=frames),
        encode(frames=frames.reshape(2, 3, 2)),
        encode(fps=26.0),
        *(
            encode(clip=replace(CLIP, **{name: value}))
            for name, value in (
                ("database", "dc"),
                ("subject", "02"),
                ("clip", "d"),
                ("label", "sad"),
                ("onset", 4),
                ("apex", 4),
                ("objective_class", "IV"),
                ("notes", ("n",)),
                ("source", ROOT / "d.avi"),
            )
        ),
    ]
    digests = [entry.attributes["sha256"] for entry in variants]
    assert len(set(digests)) == len(digests)
    assert encode().attributes["sha256"] == digests[0]
