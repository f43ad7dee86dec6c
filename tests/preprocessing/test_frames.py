"""Reading a clip from a folder, an image or a video."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.datasets.frame_folder import natural_order
from astsvm.errors import FrameReadError, InvalidInputError
from astsvm.preprocessing import frames as frames_module
from astsvm.preprocessing import iter_frames, read_frames


@pytest.fixture
def folder(tmp_path, grey, save):
    """Twelve frames img1.png to img12.png, frame i brighter by i, and files to be ignored."""
    place = tmp_path / "Gesicht ä 顔 1"
    numbers = list(range(1, 13))
    random.Random(0).shuffle(numbers)
    for number in numbers:
        save(place / f"img{number}.png", grey + np.uint8(number))
    save(place / ".img0.png", grey)
    (place / "notes.txt").write_text("not a frame")
    (place / "Thumbs.db").write_bytes(b"\0")
    save(place / "sub" / "img0.png", grey)
    return place


def levels(frames, grey):
    return [int(np.median(frame.astype(int) - grey)) for frame in frames]


def test_a_folder_is_read_in_natural_order(folder, grey):
    source = read_frames(folder)
    assert source.frames.shape == (12, 48, 64)
    assert source.frames.dtype == np.uint8
    assert source.fps is None
    assert levels(source.frames, grey) == list(range(1, 13))


def test_onset_and_offset_are_positions_both_included(folder, grey):
    assert levels(read_frames(folder, 2, 5).frames, grey) == [3, 4, 5, 6]
    assert levels(read_frames(folder, offset=0).frames, grey) == [1]
    assert levels(read_frames(folder, onset=11).frames, grey) == [12]


def test_only_the_clip_is_decoded(folder, grey):
    (folder / "img1.png").write_bytes(b"broken")
    (folder / "img12.png").write_bytes(b"broken")
    assert len(read_frames(folder, 1, 10).frames) == 10


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text("ab019é_-", min_size=1, max_size=6), unique=True), st.randoms())
def test_the_order_does_not_depend_on_the_listing(names, shuffler):
    expected = sorted(names, key=natural_order)
    shuffler.shuffle(names)
    assert sorted(names, key=natural_order) == expected


def test_numbers_count_as_numbers():
    names = ["img10.png", "img2.png", "Img1.png", "img02.png", "a5b10", "a5b9"]
    expected = ["a5b9", "a5b10", "Img1.png", "img02.png", "img2.png", "img10.png"]
    assert sorted(names, key=natural_order) == expected


def test_one_image_is_one_frame(tmp_path, grey, save):
    path = save(tmp_path / "ein Bild ß.PNG", grey)
    np.testing.assert_array_equal(read_frames(path).frames, grey[None])
    with pytest.raises(FrameReadError, match=r"frames 0 to 3 .*there are 1 image"):
        read_frames(path, 0, 3)


def test_one_deep_frame_makes_the_clip_float(tmp_path, grey, save):
    save(tmp_path / "1.png", grey)
    save(tmp_path / "2.png", grey.astype(np.uint16) * 257)
    frames = read_frames(tmp_path).frames
    assert frames.dtype == np.float32
    np.testing.assert_allclose(frames[0], frames[1], atol=1e-6)
    np.testing.assert_allclose(frames[0], grey / 255, atol=1e-6)


def test_frames_of_different_sizes_are_named(tmp_path, grey, save):
    save(tmp_path / "f1.png", grey)
    save(tmp_path / "f2.png", grey)
    save(tmp_path / "f3.png", grey[:, :-4])
    with pytest.raises(FrameReadError, match=r"f3\.png: .*64 x 48 .* f1\.png, received 60 x 48"):
        read_frames(tmp_path)
    assert len(read_frames(tmp_path, 0, 1).frames) == 2


def test_a_video_gives_its_frames_and_its_rate(video, grey):
    path = video(12, fps=200.0, name="Vidéo 1 顔.avi")
    source = read_frames(path)
    assert source.fps == pytest.approx(200)
    assert source.frames.dtype == np.uint8
    np.testing.assert_allclose(levels(source.frames, grey), 3 * np.arange(12), atol=1)


def test_a_part_of_a_video(video, grey):
    path = video(12)
    np.testing.assert_allclose(levels(read_frames(path, 4, 6).frames, grey), [12, 15, 18], atol=1)
    assert len(read_frames(path, 4).frames) == 8


@pytest.mark.parametrize(("onset", "offset"), [(12, None), (0, 12), (40, 50)])
def test_a_video_shorter_than_the_clip_is_refused(video, onset, offset):
    with pytest.raises(FrameReadError, match=r"clip\.avi: .*the video holds 12 frame"):
        read_frames(video(12), onset, offset)


@pytest.mark.parametrize(("onset", "offset"), [(12, None), (0, 12), (3, 99)])
def test_a_folder_shorter_than_the_clip_is_refused(folder, onset, offset):
    with pytest.raises(FrameReadError, match="there are 12 image"):
        read_frames(folder, onset, offset)


@pytest.mark.parametrize("content", [b"", b"no video at all" * 50])
def test_what_is_no_video_is_refused_in_silence(tmp_path, content, capfd):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(FrameReadError, match=r"a\.mp4: expected a video, but it cannot be opened"):
        read_frames(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("start", ["ffconcat version 1.0", "#EXTM3U"])
def test_a_playlist_does_not_lead_to_another_file(tmp_path, video, start):
    other = video(12)
    path = other.with_name("a.mp4")
    path.write_text(f"{start}\nfile '{other.name}'\n")
    with pytest.raises(FrameReadError, match=r"a\.mp4: .*a playlist of other files"):
        read_frames(path)


def test_a_video_that_may_not_be_read_says_so(video, monkeypatch):
    path = video(3)

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", denied)
    with pytest.raises(FrameReadError, match=r"cannot be read: Permission denied"):
        read_frames(path)


def test_a_truncated_video_is_refused_unless_the_clip_lies_before_the_cut(video):
    path = video(60)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FrameReadError, match=r"clip\.avi: "):
        read_frames(path)
    assert len(read_frames(path, 0, 9).frames) == 10


def test_missing_empty_and_odd_sources_are_refused(tmp_path):
    with pytest.raises(FrameReadError, match="but there is nothing"):
        read_frames(tmp_path / "missing.avi")
    with pytest.raises(FrameReadError, match="holds none"):
        read_frames(tmp_path)
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(FrameReadError, match=r"suffix '\.txt'"):
        read_frames(tmp_path / "a.txt")
    with pytest.raises(FrameReadError, match="no regular file"):
        read_frames(tmp_path.__class__("/dev/null"))


@pytest.mark.parametrize(
    ("onset", "offset"), [(-1, None), (None, -2), (1.5, None), (True, None), (5, 4), ("1", None)]
)
def test_a_range_that_is_none_is_refused(tmp_path, onset, offset):
    with pytest.raises(InvalidInputError, match="expected"):
        iter_frames(tmp_path, onset, offset)


def test_frames_come_one_at_a_time(folder, grey):
    stream = iter_frames(folder)
    assert stream.fps is None
    assert levels([next(stream)], grey) == [1]
    (folder / "img12.png").write_bytes(b"broken")
    with pytest.raises(FrameReadError, match=r"img12\.png"):
        list(stream)


def test_too_much_for_memory_is_refused(folder, monkeypatch):
    monkeypatch.setattr(frames_module, "MOST_BYTES", 5 * 48 * 64)
    assert len(read_frames(folder, 0, 4).frames) == 5
    with pytest.raises(FrameReadError, match="after 6 frames"):
        read_frames(folder)
    with pytest.raises(FrameReadError, match="at most 7 frames"):
        list(iter_frames(folder, most=7))
    assert len(list(iter_frames(folder, 0, 6, most=7))) == 7
    assert len(list(iter_frames(folder, most=None))) > 7


@pytest.mark.real_data
def test_real_videos(real_faces):
    source = read_frames(real_faces / "video" / "single_face.mp4", 5, 24)
    assert source.frames.shape == (20, 360, 640)
    assert source.fps == pytest.approx(30)
    assert 20 < source.frames.mean() < 235
