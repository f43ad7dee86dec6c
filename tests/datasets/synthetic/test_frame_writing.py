from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from astsvm.datasets.synthetic import SyntheticClip, draw_subject
from astsvm.datasets.synthetic.difficulty import DIFFICULTIES
from astsvm.datasets.synthetic.frame_writing import face_window, write_subject
from astsvm.datasets.synthetic.layouts.contract import Entry, FrameFiles
from astsvm.datasets.synthetic.plan import CorpusPlan
from astsvm.preprocessing import FaceAligner


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("frames")
    plan = CorpusPlan(1, 1, DIFFICULTIES["hard"], 1, (320, 240), 100.0)
    folders = (
        FrameFiles("grey", {2: "a2.png", 3: "a3.png"}),
        FrameFiles("deep/face", {3: "b3.bmp", 5: "b5.bmp"}, colour=True, face_only=True),
        FrameFiles("lossy", {3: "c3.jpg"}, colour=True),
    )
    counts = list(write_subject(root, plan, [Entry(1, 1, "positive", "k", (), folders)]))
    return root, counts


def test_files_are_those_asked_for(written):
    root, counts = written
    assert counts == [1]
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*.*")) == [
        "deep/face/b3.bmp", "deep/face/b5.bmp", "grey/a2.png", "grey/a3.png", "lossy/c3.jpg",
    ]  # fmt: skip


def test_frames_are_the_clip_s(written, hard_clip):
    root, _ = written
    window = face_window(hard_clip.subject.face)
    colour = hard_clip.frame(3, colour=True)
    grey = cv2.imread(str(root / "grey/a3.png"), cv2.IMREAD_UNCHANGED)
    assert (grey == hard_clip.frame(3)).all()
    assert (cv2.imread(str(root / "deep/face/b3.bmp")) == colour[window]).all()
    difference = cv2.absdiff(cv2.imread(str(root / "lossy/c3.jpg")), colour)
    assert 0 < difference.mean() < 4


@pytest.mark.parametrize("number", [2001, 6001])
def test_a_face_is_found_where_it_was_cut_out(number):
    subject = draw_subject(number, size=(320, 240))
    clip = SyntheticClip(subject, 1, "negative", fps=100)
    rows, columns = face_window(subject.face)
    picture = clip.frame(clip.onset)[rows, columns]
    assert picture.size < 0.4 * 320 * 240
    aligned = FaceAligner(size=96).align(picture[None])
    found = aligned.landmarks + np.array([columns.start, rows.start])
    assert np.abs(found - clip.landmarks).max() < 12


def test_a_window_stays_within_the_frame(hard_clip):
    face = hard_clip.subject.face
    rows, columns = face_window(replace(face, landmarks=face.landmarks * 3 - 300))
    assert 0 <= rows.start < rows.stop <= 240
    assert 0 <= columns.start < columns.stop <= 320
