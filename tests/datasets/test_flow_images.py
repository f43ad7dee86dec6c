from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from astsvm.datasets import Dataset, apply_protocol, load_dataset
from astsvm.datasets.flow_images import read_flow_image
from astsvm.errors import DatasetError, FrameReadError

HEADER = "database,subject,clip,label,label_name,emotion,onset,apex,offset,action_units,file"
REAL = os.environ.get("ASTSVM_REAL_DATA")


def write_png(path: Path, rgb: npt.NDArray[np.generic]) -> Path:
    """Write an image whose channels are given in RGB(A) order, or grey."""
    path.parent.mkdir(exist_ok=True)
    order = rgb if rgb.ndim == 2 else rgb[..., [2, 1, 0, 3][: rgb.shape[2]]]
    assert cv2.imwrite(str(path), order)
    return path


def colours(height: int = 4, width: int = 5) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def load(root: Path, *rows: str) -> Dataset:
    (root / "index.csv").write_text("\n".join((HEADER, *rows)) + "\n")
    return load_dataset("flow_images", root)


def test_red_is_u_green_is_v_blue_is_strain(tmp_path: Path) -> None:
    image = np.zeros((3, 3, 3), np.uint8)
    image[0, 0] = (255, 51, 102)
    flow = read_flow_image(write_png(tmp_path / "a.png", image))
    assert flow.shape == (3, 3, 3)
    assert flow.dtype == np.float32
    np.testing.assert_allclose(flow[0, 0], (1.0, 0.2, 0.4), atol=1e-7)
    assert np.count_nonzero(flow) == 3


@settings(max_examples=30, deadline=None)
@given(image=arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))))
def test_the_median_of_every_channel_is_exactly_zero(
    tmp_path_factory: pytest.TempPathFactory, image: npt.NDArray[np.uint8]
) -> None:
    path = write_png(tmp_path_factory.mktemp("png") / "a.png", image)
    flow = read_flow_image(path)
    assert (np.median(flow, axis=(0, 1)) == 0).all()
    spread = np.ptp(image.astype(np.float64), axis=(0, 1)) / 255
    np.testing.assert_allclose(np.ptp(flow, axis=(0, 1)), spread, atol=1e-6)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (colours()[..., 0], "grey of 8 bits"),
        (np.concatenate([colours(), colours()[..., :1]], axis=2), "RGBA of 8 bits"),
        (colours().astype(np.uint16) * 257, "RGB of 16 bits"),
        (colours()[..., 0].astype(np.uint16), "grey of 16 bits"),
    ],
)
def test_other_kinds_of_image_are_refused(
    tmp_path: Path, image: npt.NDArray[np.generic], kind: str
) -> None:
    path = write_png(tmp_path / "a.png", image)
    with pytest.raises(FrameReadError, match=f"RGB image of 8 bits.*received {kind}"):
        read_flow_image(path)
    dataset = load(tmp_path, "db,1,c,0,negative,,,,,,a.png")
    assert dataset.clips == ()
    assert kind in dataset.problems[0].reason


@pytest.mark.parametrize("keep", [0, 7, 20, 40, 60, -1])
def test_a_cut_image_is_refused(tmp_path: Path, keep: int) -> None:
    path = write_png(tmp_path / "a.png", colours())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FrameReadError, match=r"damaged or cut short|no PNG file"):
        read_flow_image(path)


def test_a_damaged_missing_foreign_or_huge_image_is_refused(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", colours(20, 20))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(FrameReadError, match="damaged"):
        read_flow_image(path)
    data[16:20] = (2**31 - 1).to_bytes(4, "big")
    path.write_bytes(data)
    with pytest.raises(FrameReadError, match="at most 4096 x 4096"):
        read_flow_image(path)
    with pytest.raises(FrameReadError, match="cannot be read"):
        read_flow_image(tmp_path / "missing.png")
    path.write_bytes(b"GIF89a" + bytes(100))
    with pytest.raises(FrameReadError, match="no PNG"):
        read_flow_image(path)


def test_an_index_gives_lower_case_labels_and_keeps_the_rest_as_notes(tmp_path: Path) -> None:
    write_png(tmp_path / "png" / "a.png", colours())
    row = "samm,006,006_1_2,0,Negative,Anger,5562,5588,5632,4+7,png/a.png"
    dataset = load(tmp_path, row)
    assert dataset.problems == ()
    assert dataset.precomputed_flow
    (clip,) = dataset.clips
    assert clip.key == "samm/006/006_1_2"
    assert clip.label == "negative"
    assert clip.source == tmp_path / "png" / "a.png"
    assert (clip.onset, clip.apex, clip.offset) == (None, None, None)
    assert clip.notes == (
        "emotion Anger",
        "onset 5562",
        "apex 5588",
        "offset 5632",
        "action units 4+7",
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("db,1,c,0,negative,,,,,,png/gone.png", "does not exist"),
        ("db,1,c,0,negative,,,,,,../a.png", "leaves the dataset's folder"),
        ("db,1,c,0,negative,,,,,,png", "this is a folder"),
        ("db,1,c,1,negative,,,,,,png/a.png", "label 1 contradicts label_name 'negative'"),
        ("db,1,c,0,,,,,,,png/a.png", "column 'label_name' is empty"),
        ("db,1,c,0,negative,,,,,,index.csv", "no PNG file"),
        ("db,1,c,0,negative,,,,,,png/small.png", "5 x 3 pixels, but 2 of 3 images are 5 x 4"),
    ],
)
def test_a_faulty_row_is_one_problem(tmp_path: Path, row: str, reason: str) -> None:
    write_png(tmp_path / "png" / "a.png", colours())
    write_png(tmp_path / "png" / "small.png", colours(3, 5))
    good = "db,1,good,0,negative,,,,,,png/a.png", "db,2,good,1,positive,,,,,,png/a.png"
    dataset = load(tmp_path, good[0], row, good[1])
    assert [clip.key for clip in dataset.clips] == ["db/1/good", "db/2/good"]
    (problem,) = dataset.problems
    assert problem.row == 3
    assert reason in problem.reason


def test_an_index_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("database,subject,clip,label\na,b,c,0\n")
    with pytest.raises(DatasetError, match="lacks label_name, file"):
        load_dataset("flow_images", tmp_path)


@pytest.mark.real_data
@pytest.mark.skipif(REAL is None, reason="ASTSVM_REAL_DATA is not set")
def test_the_real_flow_images() -> None:
    dataset = load_dataset("flow_images", Path(str(REAL)) / "megc2019_flow28_dev")
    assert dataset.problems == ()
    assert not dataset.synthetic
    assert len(dataset.clips) == 323
    assert len({clip.subject_key for clip in dataset.clips}) == 46
    counts = Counter((clip.database, clip.label) for clip in dataset.clips)
    expected = {"casme2": (70, 24, 13), "samm": (65, 17, 12), "smic": (52, 45, 25)}
    for database, numbers in expected.items():
        found = tuple(counts[database, name] for name in ("negative", "positive", "surprise"))
        assert found == numbers
    selection = apply_protocol(dataset.clips, "megc2019")
    assert np.bincount(selection.labels).tolist() == [187, 86, 50]
    for clip in dataset.clips:
        flow = read_flow_image(clip.source)
        assert flow.shape == (28, 28, 3)
        assert (np.median(flow, axis=(0, 1)) == 0).all()
        # The images are stretched to the full range, apart from rounding.
        assert (np.ptp(flow, axis=(0, 1)) > 0.99).all()
