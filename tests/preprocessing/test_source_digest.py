"""The digest of a source tells every change of what the clip is made of, and nothing else."""

import hashlib
import os
from pathlib import Path

import pytest

from astsvm.errors import FrameReadError
from astsvm.preprocessing import source_digest as source_digest_module
from astsvm.preprocessing.source_digest import source_digest


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "clip"
    folder.mkdir()
    for number in range(12):
        (folder / f"img{number}.png").write_bytes(bytes([number]) * 100)
    return folder


def test_a_video_has_the_digest_of_its_file(tmp_path):
    video = tmp_path / "a b.mp4"
    video.write_bytes(b"frames")
    assert source_digest(video, 3, 9) == hashlib.sha256(b"frames").hexdigest()


def test_a_folder_has_the_digest_of_what_sha256sum_prints_for_its_frames(frames):
    lines = [
        f"{hashlib.sha256(bytes([number]) * 100).hexdigest()}  img{number}.png\n"
        for number in (8, 9, 10, 11)
    ]
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert source_digest(frames, 8, 11) == source_digest(frames, 8) == expected


def test_only_what_the_clip_takes_counts(frames):
    before = source_digest(frames, 2, 5)
    (frames / "img6.png").write_bytes(b"another")
    (frames / "notes.txt").write_text("seen")
    assert source_digest(frames, 2, 5) == before
    for change in (
        lambda: (frames / "img3.png").write_bytes(b"\x03" * 99 + b"\x04"),
        lambda: (frames / "img3.png").rename(frames / "img3.jpg"),
        (frames / "img0.png").unlink,
    ):
        change()
        after = source_digest(frames, 2, 5)
        assert after != before
        before = after


def test_a_file_that_is_rewritten_is_read_again(tmp_path):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"one")
    os.utime(video, ns=(1, 1))
    before = source_digest(video)
    video.write_bytes(b"two")
    assert source_digest(video) != before


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FrameReadError, match=r"nowhere\.mp4: cannot be read: No such file"):
        source_digest(tmp_path / "nowhere.mp4")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(FrameReadError, match="regular file"):
        source_digest(tmp_path / "a.mp4")


def test_a_young_file_that_changes_within_its_time_stamp_is_read_again(tmp_path, monkeypatch):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"one")
    state = video.stat()
    # As on a file system that counts in seconds.
    monkeypatch.setattr(Path, "stat", lambda self, **_: state)
    before = source_digest(video)
    video.write_bytes(b"two")
    assert source_digest(video) != before


def test_an_old_file_is_read_once(tmp_path, monkeypatch):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"one")
    age = source_digest_module._SETTLED_SECONDS + 1
    monkeypatch.setattr(source_digest_module.time, "time", lambda: video.stat().st_ctime + age)
    before = source_digest(video)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *_: pytest.fail("it is read again"))
        assert source_digest(video) == before
