"""Frames and files the tests of this folder share; everything is drawn, nothing is downloaded."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def grey():
    """A smooth 8-bit picture of 48 x 64 pixels that codecs keep well."""
    noise = np.random.default_rng(0).random((48, 64)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return np.rint(30 + 180 * smooth).astype(np.uint8)


@pytest.fixture
def save():
    """Encode pixels by the suffix of the path and write them, whatever letters the path holds."""

    def write(path, pixels):
        path.parent.mkdir(parents=True, exist_ok=True)
        done, encoded = cv2.imencode(path.suffix, pixels)
        assert done
        path.write_bytes(encoded.tobytes())
        return path

    return write


@pytest.fixture
def video(tmp_path, grey):
    """Write a Motion-JPEG video; frame i is the picture with its level raised by 3 i."""

    def write(count=12, fps=25.0, name="clip.avi"):
        path = tmp_path / name
        codec = cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, fps, grey.shape[::-1])
        assert writer.isOpened()
        for index in range(count):
            writer.write(cv2.cvtColor(grey + np.uint8(3 * index), cv2.COLOR_GRAY2BGR))
        writer.release()
        return path

    return write


@pytest.fixture(scope="session")
def real_faces():
    """Folder of real photos and videos of faces, named by the environment."""
    root = os.environ.get("ASTSVM_REAL_DATA")
    if not root:
        pytest.skip("ASTSVM_REAL_DATA is not set")
    return Path(root) / "faces"


@pytest.fixture(scope="session")
def synthetic_clip():
    """One SYNTHETIC clip with known landmarks."""
    from astsvm.datasets.synthetic import SyntheticClip, draw_subject

    return SyntheticClip(draw_subject(1), 1, "positive")


@pytest.fixture(scope="session")
def onset_frame(synthetic_clip):
    return synthetic_clip.frame(synthetic_clip.onset)
