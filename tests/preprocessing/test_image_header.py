"""Sizes as headers claim them, against what the encoder was given."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astsvm.preprocessing.image_header import claimed_size

TIFF_OF_MOTOROLA = b"MM\0*\0\0\0\x08\0\2" + struct.pack(
    ">HHIHHHHII", 256, 3, 1, 70, 0, 257, 4, 1, 80
)
KINDS = [".png", ".jpg", ".bmp", ".tif", ".webp", ".ppm", ".pgm", ".pbm"]


def encoded(kind, width, height):
    pixels = np.full((height, width, 3 if kind == ".ppm" else 1), 200, np.uint8)
    return cv2.imencode(kind, pixels)[1].tobytes()


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(KINDS), st.integers(1, 300), st.integers(1, 300))
def test_size_of_what_opencv_writes(kind, width, height):
    assert claimed_size(encoded(kind, width, height)) == (width, height)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x0f\x27\x00\x87\x13\x00", (10_000, 5_000)),
        (b"RIFF\0\0\0\0WEBPVP8L" + bytes(5) + struct.pack("<I", 299 << 14 | 399), (400, 300)),
        (TIFF_OF_MOTOROLA, (70, 80)),
        (b"BM" + bytes(12) + struct.pack("<IHH", 12, 33, 44), (33, 44)),
        (b"BM" + bytes(12) + struct.pack("<Iii", 40, 33, -44), (33, 44)),
        (b"P5 # made by hand\n# twice\n640\t480\n255\n", (640, 480)),
    ],
)
def test_rarer_headers(content, size):
    assert claimed_size(content) == size


@pytest.mark.parametrize(
    "content", [b"", b"plain text", b"P7\n", b"\xff\xd8\xff\xe0\0\0", b"RIFF\0\0\0\0WAVE"]
)
def test_what_is_no_image_claims_nothing(content):
    assert claimed_size(content) is None


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(KINDS), st.integers(0, 60), st.binary(max_size=80))
def test_damaged_headers_never_crash(kind, keep, rest):
    size = claimed_size(encoded(kind, 40, 30)[:keep] + rest)
    assert size is None or len(size) == 2
