"""A clip file made on a cluster has the bytes of one made here, reasons of failures included."""

import csv
import os
import shutil

import cv2
import numpy as np
import pytest

from astsvm.config import Settings
from astsvm.datasets import Dataset, load_dataset
from astsvm.pipeline import preprocess_dataset

SETTINGS = Settings.from_preset("demo").preprocessing
HEADER = ["clip", "subject", "label", "path", "onset", "apex", "offset", "fps"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Write sound clips as folders of frames and as a video, and clips of every kind of fault."""
    from astsvm.datasets.synthetic import write_corpus

    drawn = tmp_path_factory.mktemp("drawn") / "corpus"
    write_corpus(drawn, subjects=1, clips=3, difficulty="easy", seed=3, size=(320, 240))
    clip = load_dataset("folder", drawn).clips[0]
    root = tmp_path_factory.mktemp("clips")
    shutil.copytree(clip.source, root / "Größe und Maß" / "Clip 1")
    frames = sorted((root / "Größe und Maß" / "Clip 1").glob("*.png"))
    images = [cv2.imread(str(frame)) for frame in frames]
    height, width = images[0].shape[:2]
    codec = cv2.VideoWriter.fourcc(*"MJPG")
    video = cv2.VideoWriter(str(root / "video 1.avi"), codec, 100.0, (width, height))
    for image in images:
        video.write(image)
    video.release()
    shutil.copy(root / "video 1.avi", root / "gone.avi")
    (root / "broken.mp4").write_bytes(os.urandom(4000))
    (root / "empty").mkdir()
    (root / "faceless").mkdir()
    for index in range(3):
        grey = np.full((height, width), 90 + index, np.uint8)
        cv2.imwrite(str(root / "faceless" / f"{index}.png"), grey)
    shutil.copytree(root / "Größe und Maß" / "Clip 1", root / "torn")
    torn = sorted((root / "torn").glob("*.png"))
    torn[6].write_bytes(torn[6].read_bytes()[:500])
    with (root / "clips.csv").open("w", newline="", encoding="utf-8") as sheet:
        writer = csv.DictWriter(sheet, HEADER, restval="")
        writer.writeheader()
        writer.writerows(rows(len(frames)))
    return root


def rows(count):
    """Describe clips that are sound, then faulty ones; `torn` comes without and with its fault."""
    whole = "Größe und Maß/Clip 1"
    described = [
        ("whole", whole, "", ""),
        ("part", whole, 2, count - 2),
        ("video", "video 1.avi", 1, 9),
        ("before", "torn", 0, 5),
        ("torn", "torn", 2, 8),
        ("beyond", whole, 3, 5000),
        ("late", "video 1.avi", 1, 5000),
        ("gone", "gone.avi", "", ""),
        ("broken", "broken.mp4", "", ""),
        ("empty", "empty", "", ""),
        ("faceless", "faceless", "", ""),
    ]
    return [
        {"clip": name, "subject": "s1", "label": "positive", "path": path, "onset": onset,
         "offset": offset, "fps": 100}
        for name, path, onset, offset in described
    ]  # fmt: skip


@pytest.mark.slow
def test_videos_folders_and_faults_give_the_same_bytes(ray_cluster, corpus, tmp_path):
    dataset = load_dataset("folder", corpus)
    (corpus / "gone.avi").unlink()
    local, there = tmp_path / "local.h5", tmp_path / "there.h5"
    here = preprocess_dataset(dataset, local, SETTINGS)
    calls = []
    found = preprocess_dataset(
        dataset,
        there,
        SETTINGS,
        cluster=ray_cluster.address,
        progress=lambda *call: calls.append(call),
    )
    failed = {problem.clip.rpartition("/")[2] for problem in here.problems}
    assert failed == {"torn", "beyond", "late", "gone", "broken", "empty", "faceless"}
    assert (found.stored, found.problems) == (here.stored, here.problems)
    assert calls == [(done, 11) for done in range(1, 12)]
    assert there.read_bytes() == local.read_bytes()
    assert not there.with_name("there.h5.parts").exists()


def test_flow_images_and_landmarks_travel_too(ray_cluster, corpus, tmp_path):
    root = tmp_path / "flow"
    root.mkdir()
    image = np.random.default_rng(5).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    cv2.imwrite(str(root / "a.png"), image)
    (root / "index.csv").write_text(
        "database,subject,clip,label_name,file\nsmic,s1,a,negative,a.png\n"
    )
    flow = load_dataset("flow_images", root)
    points = np.random.default_rng(6).uniform(100, 200, (68, 2)).astype(np.float32)
    one = load_dataset("folder", corpus).clips[0]
    faces = Dataset("folder", corpus, (one,))
    for name, dataset, options in (
        ("flow", flow, {}),
        ("faces", faces, {"landmarks": {one.key: points}}),
    ):
        written = []
        for place in (None, ray_cluster.address):
            output = tmp_path / f"{name}{len(written)}.h5"
            preprocess_dataset(dataset, output, SETTINGS, cluster=place, **options)
            written.append(output.read_bytes())
        assert written[0] == written[1]


@pytest.mark.slow
def test_a_clip_that_hangs_is_given_up_in_the_same_words(ray_cluster, corpus, tmp_path):
    dataset = Dataset("folder", corpus, load_dataset("folder", corpus).clips[:1])
    said = [
        preprocess_dataset(
            dataset, tmp_path / f"{place}.h5", SETTINGS, cluster=place, clip_timeout=0.01
        ).problems
        for place in (None, ray_cluster.address)
    ]
    assert said[0] == said[1]
    assert "after 0.01 seconds" in said[1][0].reason
