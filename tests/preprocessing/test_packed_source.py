"""A source that was sent gives the frames, and the complaints, of the one it was packed from."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from astsvm.errors import FrameReadError
from astsvm.preprocessing import read_frames
from astsvm.preprocessing.packed_source import PackedSource, pack_source, unpack_source


@pytest.fixture
def folder(tmp_path):
    """Write six frames whose text order is not their natural one, and what is no frame."""
    folder = tmp_path / "clip 1"
    folder.mkdir()
    for number in (1, 2, 9, 10, 11, 30):
        cv2.imwrite(str(folder / f"img{number}.png"), np.full((4, 6), number, np.uint8))
    (folder / "notes.txt").write_text("nothing to see")
    return folder


def sent(source, tmp_path, *frames):
    there = tmp_path / "there"
    there.mkdir()
    return unpack_source(pack_source(source, *frames), there)


def test_a_folder_keeps_its_count_and_sends_the_frames_of_the_clip_only(folder, tmp_path):
    packed = pack_source(folder, 1, 3)
    assert [name for name, content in packed.frames.items() if content] == [
        "img2.png",
        "img9.png",
        "img10.png",
    ]
    there = sent(folder, tmp_path, 1, 3)
    frames = read_frames(there, 1, 3).frames
    np.testing.assert_array_equal(frames, read_frames(folder, 1, 3).frames)
    with pytest.raises(FrameReadError, match=r"there are 6 image\(s\)"):
        read_frames(there, 1, 6)


def test_a_file_is_sent_whole_under_its_name(folder, tmp_path):
    there = sent(folder / "img9.png", tmp_path, None, None)
    assert there.name == "img9.png"
    assert there.read_bytes() == (folder / "img9.png").read_bytes()


def test_nothing_stays_nothing(tmp_path):
    assert pack_source(tmp_path / "gone.mp4", None, None) == PackedSource("gone.mp4")
    assert not sent(tmp_path / "gone.mp4", tmp_path, None, None).exists()


def test_a_file_that_cannot_be_read_is_told_in_the_words_of_reading_it(folder, monkeypatch):
    readable = Path.read_bytes

    def read_bytes(path):
        if path.name == "img9.png":
            raise PermissionError(13, "Permission denied")
        return readable(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    with pytest.raises(FrameReadError) as here:
        read_frames(folder)
    with pytest.raises(FrameReadError) as packing:
        pack_source(folder, None, None)
    assert str(packing.value) == str(here.value)
    assert "img9.png: the image cannot be read: Permission denied" in str(here.value)
