from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from astsvm.datasets import Dataset, apply_protocol, load_dataset
from astsvm.errors import DatasetError


def image(path: Path, height: int = 4, width: int = 5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path


def load(root: Path) -> Dataset:
    return load_dataset("flow_folders", root)


def keys(dataset: Dataset) -> list[str]:
    return [clip.key for clip in dataset.clips]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Lay out three databases as STSTNet and HTNet do, blanks and repeated subjects included."""
    own = {
        "sub01": ("0/sub01_EP19_05f .png", "1/sub01_EP02_01f .png"),
        "s01": ("0/s01_s01_ne_01 .png", "2/s01_s01_sur_01 .png"),
        "006": ("0/006_006_1_2 .png",),
    }
    for subject, names in own.items():
        for name in names:
            image(tmp_path / subject / "u_test" / name)
        for other, others in own.items():
            for name in others:
                if other != subject:
                    image(tmp_path / subject / "u_train" / name)
    return tmp_path


def test_own_clips_are_read_and_everybody_elses_are_not(published: Path) -> None:
    dataset = load(published)
    assert keys(dataset) == [
        "casme2/sub01/EP02_01f",
        "casme2/sub01/EP19_05f",
        "samm/006/006_1_2",
        "smic/s01/s01_ne_01",
        "smic/s01/s01_sur_01",
    ]
    assert [clip.label for clip in dataset.clips] == [
        *("positive", "negative", "negative", "negative", "surprise"),
    ]
    assert dataset.problems == ()
    assert dataset.precomputed_flow
    assert not dataset.synthetic
    assert dataset.sheet is None
    assert "no real file was at hand" in dataset.hearsay
    first = dataset.clips[0]
    assert first.source == published / "sub01" / "u_test" / "1" / "sub01_EP02_01f .png"
    assert (first.onset, first.apex, first.offset, first.row) == (None,) * 4
    assert apply_protocol(dataset.clips, "megc2019").labels.tolist() == [1, 0, 0, 0, 2]


def test_the_listing_order_changes_nothing(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(published / "sub01" / "u_test" / "7" / "x.png")
    image(published / "sub01" / "u_test" / "8" / "x.png")
    image(published / "006" / "u_test" / "0" / "small.png", 2, 2)
    (published / "leftover").mkdir()
    first = load(published)
    assert len(first.problems) == 4
    listing = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: sorted(listing(self), reverse=True))
    assert load(published) == first


@pytest.mark.parametrize(
    ("subject", "database"),
    [
        ("sub26", "casme2"),
        ("s1", "smic"),
        ("s01", "smic"),
        ("037", "samm"),
        ("6", "flow_images"),
        ("S01", "flow_images"),
        ("sub1", "flow_images"),
        ("sub001", "flow_images"),
        ("s001", "flow_images"),
        ("spNO.1", "flow_images"),
        ("subject_01", "flow_images"),
    ],
)
def test_the_database_is_told_by_the_subjects_name(
    tmp_path: Path, subject: str, database: str
) -> None:
    image(tmp_path / subject / "u_test" / "0" / "c.png")
    assert keys(load(tmp_path)) == [f"{database}/{'s01' if subject == 's1' else subject}/c"]


@pytest.mark.parametrize(
    ("subject", "file", "clip"),
    [
        ("sub01", "EP02_01f.png", "EP02_01f"),
        ("sub01", "sub01_EP02_01f.PNG", "EP02_01f"),
        ("sub01", "sub01_.png", "sub01_"),
        ("006", "006_1_2.png", "006_1_2"),
        ("006", "006_006_1_2 .png", "006_1_2"),
        ("s03", "s03_ne_01.png", "s03_ne_01"),
        ("s03", "s03_s03_ne_01.png", "s03_ne_01"),
        ("spNO.1", "spNO.1_b_175.png", "spNO.1_b_175"),
    ],
)
def test_a_clip_has_the_id_of_its_database(
    tmp_path: Path, subject: str, file: str, clip: str
) -> None:
    image(tmp_path / subject / "u_test" / "0" / file)
    assert [found.clip for found in load(tmp_path).clips] == [clip]


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("0", "negative"),
        ("1", "positive"),
        ("2", "surprise"),
        ("02", "surprise"),
        ("Surprise", "surprise"),
        ("others ", "others"),
    ],
)
def test_a_labels_folder_is_a_number_or_a_name(tmp_path: Path, folder: str, label: str) -> None:
    image(tmp_path / "s1" / "u_test" / folder / "c.png")
    assert [clip.label for clip in load(tmp_path).clips] == [label]


def test_one_size_is_kept(tmp_path: Path) -> None:
    for name in ("a", "b"):
        image(tmp_path / "s1" / "u_test" / "0" / f"{name}.png")
    odd = image(tmp_path / "s1" / "u_test" / "1" / "c.png", 5, 5)
    dataset = load(tmp_path)
    assert keys(dataset) == ["smic/s01/a", "smic/s01/b"]
    (problem,) = dataset.problems
    assert (problem.file, problem.row, problem.clip) == (odd, None, "smic/s01/c")
    assert "5 x 5 pixels, but 2 of 3 images are 5 x 4" in problem.reason


@pytest.mark.parametrize("places", [("0/c.png", "1/c.png"), ("0/c.png", "0/c .png")])
def test_a_clip_that_comes_twice_is_left_out(tmp_path: Path, places: tuple[str, str]) -> None:
    for place in (*places, "2/d.png"):
        image(tmp_path / "s1" / "u_test" / place)
    dataset = load(tmp_path)
    assert keys(dataset) == ["smic/s01/d"]
    assert sorted(problem.file for problem in dataset.problems) == sorted(
        tmp_path / "s1" / "u_test" / place for place in places
    )
    for problem in dataset.problems:
        assert problem.clip == "smic/s01/c"
        assert "the clip comes 2 times, as 0/c" in problem.reason


def broken(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n")


def grey(path: Path) -> None:
    assert cv2.imwrite(str(path), np.zeros((4, 5), np.uint8))


def folder(path: Path) -> None:
    path.mkdir()


def link_outside(path: Path) -> None:
    target = image(path.parents[4] / "elsewhere.png")
    path.symlink_to(target)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.png")


@pytest.mark.parametrize(
    ("make", "place", "reason"),
    [
        (broken, "0/x.png", "no PNG file"),
        (grey, "0/x.png", "received grey of 8 bits"),
        (folder, "0/x.png", "cannot be read"),
        (image, "0/x.jpg", "expected a PNG flow image"),
        (folder, "0/more", "expected a PNG flow image"),
        (image, "3/x.png", "0 negative, 1 positive, 2 surprise, or the name of a label"),
        (image, "0/a\nb.png", "control characters"),
        (image, "0/ .png", "clip must be a non-empty text"),
        (link_outside, "0/x.png", "symbolic link that leaves"),
        (dangling, "0/x.png", "does not exist"),
    ],
)
def test_a_faulty_image_is_one_problem_and_the_others_are_kept(
    tmp_path: Path, make: object, place: str, reason: str
) -> None:
    root = tmp_path / "root"
    image(root / "s1" / "u_test" / "0" / "good.png")
    path = root / "s1" / "u_test" / place
    path.parent.mkdir(exist_ok=True)
    make(path)  # type: ignore[operator]
    dataset = load(root)
    assert keys(dataset) == ["smic/s01/good"]
    (problem,) = dataset.problems
    assert problem.file == path
    assert reason in problem.reason
    assert str(path) not in problem.reason
    assert problem.action == "the clip is left out"


def test_a_subject_without_own_clips_is_one_problem(tmp_path: Path) -> None:
    image(tmp_path / "s1" / "u_test" / "0" / "good.png")
    image(tmp_path / "s2" / "u_train" / "0" / "good.png")
    (tmp_path / "s3" / "u_test" / "0").mkdir(parents=True)
    dataset = load(tmp_path)
    assert keys(dataset) == ["smic/s01/good"]
    assert [(p.file.name, p.clip, p.action) for p in dataset.problems] == [
        ("s2", None, "the folder is left out"),
        ("s3", None, "the folder is left out"),
    ]
    assert "expected a folder u_test" in dataset.problems[0].reason
    assert "holds no image" in dataset.problems[1].reason


def test_one_subject_in_two_folders_is_not_two_subjects(tmp_path: Path) -> None:
    for subject in ("s1", "s01", "s2"):
        image(tmp_path / subject / "u_test" / "0" / "c.png")
    dataset = load(tmp_path)
    assert keys(dataset) == ["smic/s02/c"]
    assert [problem.file.name for problem in dataset.problems] == ["s01", "s1"]
    assert all("s01 and s1 may both be" in problem.reason for problem in dataset.problems)


def test_hidden_files_and_files_beside_the_subjects_are_ignored(tmp_path: Path) -> None:
    image(tmp_path / "s1" / "u_test" / "0" / "c.png")
    for place in (".DS_Store", "readme.txt", "s1/u_test/0/.DS_Store", "s1/u_test/notes.txt"):
        (tmp_path / place).write_text("x")
    (tmp_path / ".git").mkdir()
    dataset = load(tmp_path)
    assert (keys(dataset), dataset.problems) == (["smic/s01/c"], ())


@pytest.mark.parametrize("places", [(), ("sub01/0/c.png",), ("three/sub01/u_test/0/c.png",)])
def test_another_layout_is_refused_with_an_example(tmp_path: Path, places: tuple[str, ...]) -> None:
    for place in places:
        image(tmp_path / place)
    with pytest.raises(DatasetError, match=r"sub01/u_test/0/EP02_01f\.png.*Name the folder"):
        load(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_may_not_be_listed_is_one_problem(tmp_path: Path) -> None:
    image(tmp_path / "s1" / "u_test" / "0" / "c.png")
    closed = image(tmp_path / "s2" / "u_test" / "0" / "c.png").parent
    closed.chmod(0)
    try:
        dataset = load(tmp_path)
    finally:
        closed.chmod(0o755)
    assert keys(dataset) == ["smic/s01/c"]
    assert "cannot be listed" in dataset.problems[0].reason
