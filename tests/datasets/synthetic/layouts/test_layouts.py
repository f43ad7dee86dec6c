"""What every layout of a real database promises: its loader reads what was planted."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from astsvm.datasets import load_dataset
from astsvm.datasets.frame_folder import frame_names
from astsvm.datasets.protocols import apply_protocol
from astsvm.datasets.synthetic import SyntheticClip, draw_subject, write_corpus
from astsvm.datasets.synthetic.frame_writing import face_window
from astsvm.datasets.synthetic.layouts import LAYOUTS, find_layout
from astsvm.errors import SettingsError

DATABASES = ("casme2", "smic", "samm")


def digest(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def number_in(name: str) -> int:
    return int(re.findall(r"[0-9]+", name)[-1])


def test_every_layout_is_tested():
    assert {"folder", *DATABASES} == set(LAYOUTS)


@pytest.mark.parametrize("name", DATABASES)
def test_the_loader_finds_every_clip_and_nothing_to_report(unpainted, name):
    root, mark = unpainted(name)
    dataset = load_dataset(name, root)
    assert dataset.synthetic
    assert (dataset.problems, dataset.corrections, mark["faults"]) == ((), (), [])
    assert {f"{clip.subject}/{clip.clip}" for clip in dataset.clips} == set(mark["planted"])
    for clip in dataset.clips:
        planted = mark["planted"][f"{clip.subject}/{clip.clip}"]
        assert (clip.label, clip.fps) == (planted["emotion"], find_layout(name).fps)
        files = frame_names(clip.source)
        assert number_in(files[clip.onset]) == planted["onset"]
        assert number_in(files[clip.offset]) == planted["offset"]
        if name == "smic":
            assert clip.apex is None
        else:
            assert number_in(files[clip.apex]) == planted["apex"]


@pytest.mark.parametrize("name", DATABASES)
def test_the_composite_takes_every_clip_as_its_planted_class(unpainted, name):
    root, mark = unpainted(name)
    clips = load_dataset(name, root).clips
    selection = apply_protocol(clips, "megc2019")
    classes = {
        f"{clips[i].subject}/{clips[i].clip}": selection.class_names[label]
        for i, label in zip(selection.indices, selection.labels, strict=True)
    }
    assert classes == {key: planted["label"] for key, planted in mark["planted"].items()}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", DATABASES)
def test_every_planted_fault_is_reported_and_nothing_else(unpainted, name, seed):
    root, mark = unpainted(name, faults=True, seed=seed)
    dataset = load_dataset(name, root)
    kept = {clip.key for clip in dataset.clips}
    reported = {problem.clip for problem in (*dataset.problems, *dataset.corrections)}
    planted = {fault["clip"]: fault for fault in mark["faults"]}
    assert len(planted) == len(mark["faults"])
    assert {f["kind"] for f in planted.values()} == set(find_layout(name).fault_kinds)
    left_out = {clip for clip, fault in planted.items() if fault["outcome"] == "left out"}
    assert kept == {f"{name}/{key}" for key in mark["planted"]} - left_out
    assert reported == {clip for clip, f in planted.items() if f["outcome"] != "read"}
    unlisted = {p.clip for p in dataset.problems if "not in the sheet" in p.reason}
    assert unlisted == {c for c, f in planted.items() if f["kind"] == "not in the sheet"}


@pytest.mark.parametrize("name", DATABASES)
def test_a_clip_that_is_kept_is_labelled_by_what_was_planted(unpainted, name):
    root, mark = unpainted(name, faults=True)
    for clip in load_dataset(name, root).clips:
        assert clip.label == mark["planted"][f"{clip.subject}/{clip.clip}"]["emotion"]


@pytest.mark.parametrize("name", DATABASES)
def test_faults_lie_elsewhere_with_another_seed_and_leave_the_rest_alone(unpainted, name):
    plain, mark = unpainted(name, "plain")
    faulty, same_seed = unpainted(name, "faulty", faults=True)
    _, other_seed = unpainted(name, "other", faults=True, seed=2)
    assert same_seed["planted"] == mark["planted"]
    places = [
        {fault["kind"]: fault["clip"] for fault in m["faults"]} for m in (same_seed, other_seed)
    ]
    assert sum(places[0][kind] != places[1][kind] for kind in places[0]) > len(places[0]) // 2
    missing = set(digest(plain)) - set(digest(faulty))
    hit = {fault["clip"].rpartition("/")[2] for fault in same_seed["faults"]}
    if name == "smic":
        hit |= {re.sub(r"^s0", "s", clip) for clip in hit}
    assert missing
    assert {Path(path).parent.name for path in missing} <= hit


@pytest.mark.parametrize("name", DATABASES)
def test_equal_arguments_give_equal_sheets_and_names(unpainted, name):
    first, _ = unpainted(name, "first", faults=True)
    second, _ = unpainted(name, "second", faults=True)
    assert digest(first) == digest(second)
    other, _ = unpainted(name, "third", faults=True, seed=2)
    assert digest(first) != digest(other)


@pytest.mark.parametrize("name", DATABASES)
def test_too_few_clips_for_the_faults_are_refused(tmp_path, name):
    kinds = len(find_layout(name).fault_kinds)
    with pytest.raises(SettingsError, match=rf"at least {kinds} clips of {name}"):
        write_corpus(tmp_path / "new", subjects=1, clips=kinds - 1, layout=name, faults=True)
    assert not (tmp_path / "new").exists()


def test_no_two_layouts_show_one_face():
    firsts = sorted(find_layout(name).first_subject for name in LAYOUTS)
    assert min(np.diff(firsts)) > 999


@pytest.mark.parametrize("name", DATABASES)
def test_positions_point_to_the_very_frames(tmp_path, name):
    layout = find_layout(name)
    write_corpus(tmp_path / name, subjects=1, clips=3, size=(320, 240), layout=name)
    subject = draw_subject(layout.first_subject + 1, seed=1, size=(320, 240))
    planted = json.loads((tmp_path / name / "SYNTHETIC.json").read_text())["planted"]
    clips = load_dataset(name, tmp_path / name).clips
    assert len(clips) == 3
    for found in clips:
        label = planted[f"{found.subject}/{found.clip}"]["label"]
        files = frame_names(found.source)
        onset, offset = (found.source / files[i] for i in (found.onset, found.offset))
        (clip,) = (
            clip
            for clip in (SyntheticClip(subject, n, label, fps=layout.fps) for n in (1, 2, 3))
            if bytes_of(clip, clip.onset, name) == onset.read_bytes()
        )
        assert found.offset - found.onset == clip.offset - clip.onset
        assert offset.read_bytes() == bytes_of(clip, clip.offset, name)
        if name != "smic":
            apex = found.source / files[found.apex]
            assert apex.read_bytes() == bytes_of(clip, clip.apex, name)


def bytes_of(clip: SyntheticClip, index: int, name: str) -> bytes:
    picture = clip.frame(index, colour=name != "samm")
    if name != "samm":
        picture = np.ascontiguousarray(picture[face_window(clip.subject.face)])
    settings = (cv2.IMWRITE_JPEG_QUALITY, 95) if name != "smic" else ()
    return cv2.imencode(".bmp" if name == "smic" else ".jpg", picture, settings)[1].tobytes()


def test_workers_do_not_change_a_byte(tmp_path):
    settings = {"subjects": 2, "clips": 2, "size": (320, 240), "layout": "smic"}
    write_corpus(tmp_path / "one", **settings)
    write_corpus(tmp_path / "two", **settings, workers=2)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
