"""One image as one grey frame: depth, colour, palette, transparency, and what is refused."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from astsvm.errors import FrameReadError
from astsvm.preprocessing.image_file import read_image

LUMA = np.array([0.114, 0.587, 0.299])  # blue, green, red, as OpenCV orders them


def test_grey_comes_back_as_it_was(tmp_path, grey, save):
    for suffix in (".png", ".bmp", ".tif", ".pgm"):
        frame = read_image(save(tmp_path / f"a{suffix}", grey))
        assert frame.dtype == np.uint8
        np.testing.assert_array_equal(frame, grey)


def test_colour_becomes_its_luma(tmp_path, save):
    colour = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    frame = read_image(save(tmp_path / "a.png", colour))
    np.testing.assert_allclose(frame, colour @ LUMA, atol=1)


def test_sixteen_bits_keep_their_precision(tmp_path, save):
    deep = np.random.default_rng(0).integers(0, 65536, (20, 30), dtype=np.uint16)
    frame = read_image(save(tmp_path / "a.png", deep))
    assert frame.dtype == np.float32
    np.testing.assert_allclose(frame, deep / 65535, atol=1e-7)


def test_sixteen_bit_colour_keeps_its_precision(tmp_path, save):
    deep = np.random.default_rng(0).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    for suffix in (".png", ".tif"):
        frame = read_image(save(tmp_path / f"a{suffix}", deep))
        np.testing.assert_allclose(frame, deep @ LUMA / 65535, atol=1e-5)


def test_transparency_is_ignored(tmp_path, grey, save):
    alpha = np.random.default_rng(0).integers(0, 256, grey.shape, dtype=np.uint8)
    frame = read_image(save(tmp_path / "a.png", cv2.merge([grey, grey, grey, alpha])))
    np.testing.assert_allclose(frame, grey, atol=1)


def test_sixteen_bit_transparency_is_ignored_too(tmp_path, save):
    deep = np.random.default_rng(0).integers(0, 65536, (20, 30, 4), dtype=np.uint16)
    frame = read_image(save(tmp_path / "a.png", deep))
    assert frame.dtype == np.float32
    np.testing.assert_allclose(frame, deep[..., :3] @ LUMA / 65535, atol=1e-5)


def test_a_cameras_rotation_mark_is_obeyed(tmp_path, grey, save):
    """EXIF orientation 6: the camera was turned, the picture has to be turned clockwise."""
    path = save(tmp_path / "a.jpg", grey)
    directory = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    mark = b"Exif\0\0" + directory
    content = path.read_bytes()
    path.write_bytes(
        content[:2] + b"\xff\xe1" + struct.pack(">H", len(mark) + 2) + mark + content[2:]
    )
    np.testing.assert_allclose(read_image(path), np.rot90(grey, -1).astype(int), atol=8)


def png(width, height, colour_type, *chunks):
    """Assemble a PNG by hand."""

    def chunk(kind, data):
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    body = b"".join(chunk(kind, data) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def test_a_palette_is_looked_up(tmp_path):
    palette = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255])  # red, green, blue
    rows = zlib.compress(bytes([0, 0, 1, 2]))
    path = tmp_path / "palette.png"
    path.write_bytes(png(3, 1, 3, (b"PLTE", palette), (b"IDAT", rows)))
    np.testing.assert_allclose(read_image(path)[0], [76, 150, 29], atol=1)


def test_a_float_image_must_be_in_range(tmp_path, save):
    values = np.linspace(0, 1, 600, dtype=np.float32).reshape(20, 30)
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.tif", values)), values)
    for bad in (values * 300, values - 1, np.full_like(values, np.nan)):
        with pytest.raises(FrameReadError, match=r"floating-point pixels in \[0, 1\]"):
            read_image(save(tmp_path / "b.tif", bad))


def test_a_signed_image_is_refused(tmp_path, save):
    with pytest.raises(FrameReadError, match=r"a\.tif: expected 8 or 16 bits .* received int16"):
        read_image(save(tmp_path / "a.tif", np.zeros((5, 5), np.int16)))


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png(60_000, 60_000, 0, (b"IDAT", zlib.compress(bytes(60_001)))))
    with pytest.raises(FrameReadError, match="1 to 67108864 pixels, received 60000 x 60000"):
        read_image(path)
    path.write_bytes(png(0, 5, 0, (b"IDAT", zlib.compress(b""))))
    with pytest.raises(FrameReadError, match="received 0 x 5"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp", ".webp", ".ppm"])
def test_a_truncated_image_is_refused_in_one_line(tmp_path, grey, save, suffix, capfd):
    pixels = cv2.merge([grey, grey, grey])
    path = save(tmp_path / f"cut{suffix}", pixels)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FrameReadError, match="cut") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "received an empty file"), (b"hello", "something else or a truncated file")],
)
def test_what_is_no_image_is_refused(tmp_path, content, message):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(FrameReadError, match=message):
        read_image(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FrameReadError, match="cannot be read: No such file"):
        read_image(tmp_path / "a.png")
