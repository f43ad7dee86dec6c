"""OpenCV's log is quiet inside the block only."""

import cv2
import numpy as np
import pytest

from astsvm.preprocessing.opencv_log import silent_opencv

BROKEN = np.frombuffer(b"BM" + b"\x01" * 100, np.uint8)


def test_quiet_within_and_as_before_after(capfd):
    level = cv2.utils.logging.getLogLevel()
    with silent_opencv():
        assert cv2.imdecode(BROKEN, cv2.IMREAD_GRAYSCALE) is None
    assert capfd.readouterr().err == ""
    assert cv2.utils.logging.getLogLevel() == level


def test_the_level_comes_back_after_an_error():
    level = cv2.utils.logging.getLogLevel()
    with pytest.raises(cv2.error), silent_opencv():
        cv2.cvtColor(np.zeros((2, 2), np.uint8), cv2.COLOR_BGR2GRAY)
    assert cv2.utils.logging.getLogLevel() == level
