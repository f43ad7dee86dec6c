"""Mirror images: what a mirror does to motion, and that folds get exactly that."""

import numpy as np
import pytest

from astsvm.features import idsf, optical_flow
from astsvm.network.mirroring import MirroredReader, mirrored


@pytest.fixture(scope="module")
def moving():
    """A textured frame whose middle moves up and to the right, over 4 frames."""
    rows, columns = np.mgrid[:64, :64].astype(np.float32)
    frames = []
    for step in range(4):
        x, y = columns - 0.5 * step, rows + 0.3 * step
        texture = (
            np.sin(0.31 * x + 0.1 * y) + np.cos(0.23 * y - 0.17 * x) + np.sin(0.05 * x * y / 9)
        )
        frames.append(0.5 + 0.12 * texture)
    return np.stack(frames).astype(np.float32)


def test_the_flow_of_mirrored_frames_is_the_mirrored_flow(moving):
    flow = optical_flow(moving)
    of_mirrored = optical_flow(np.ascontiguousarray(moving[:, :, ::-1]))
    expected = mirrored("flow", flow[None].astype(np.float16))[0]
    assert np.abs(flow[..., 0]).mean() > 0.2
    np.testing.assert_allclose(of_mirrored[:, 8:-8, 8:-8], expected[:, 8:-8, 8:-8], atol=2e-3)


def test_the_image_difference_of_mirrored_frames_is_the_mirrored_one(moving):
    plain = idsf(moving).astype(np.float16)[None]
    of_mirrored = idsf(np.ascontiguousarray(moving[:, :, ::-1])).astype(np.float16)
    np.testing.assert_array_equal(mirrored("idsf", plain)[0], of_mirrored)


@pytest.mark.parametrize("stream", ["flow", "idsf"])
def test_mirrored_twice_is_as_it_was(stream):
    clips = np.random.default_rng(0).normal(size=(3, 2, 4, 5, 2)).astype(np.float16)
    before = clips.copy()
    np.testing.assert_array_equal(mirrored(stream, mirrored(stream, clips)), clips)
    np.testing.assert_array_equal(clips, before)


def test_the_reader_turns_odd_indices_only():
    class Reader:
        streams = {"flow": (1, 2, 3, 2)}  # noqa: RUF012
        clips = np.random.default_rng(1).normal(size=(4, 1, 2, 3, 2)).astype(np.float16)

        def read_batch(self, stream, indices):
            return self.clips[np.asarray(indices)]

    reader = MirroredReader(Reader())
    found = reader.read_batch("flow", [6, 1, 0])
    np.testing.assert_array_equal(found[[0, 2]], Reader.clips[[3, 0]])
    np.testing.assert_array_equal(found[1, 0, 1, 0], Reader.clips[0, 0, 1, 2] * [-1, 1])
    assert reader.streams == Reader.streams
