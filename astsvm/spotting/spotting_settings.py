"""Settings of spotting: how a long video is searched for micro-expressions."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from astsvm.errors import InvalidInputError
from astsvm.frozen_settings import FrozenSettings

__all__ = ["SpottingSettings", "WindowFrames"]


class WindowFrames(NamedTuple):
    """Lengths in frames at one frame rate.

    Parameters
    ----------
    stride : int
        From one comparison to the next, at least 1.
    half : int
        From the middle of the window to either end; a multiple of `stride`.
    realign : int
        From one search for the face to the next; a multiple of `stride`.
    """

    stride: int
    half: int
    realign: int


class SpottingSettings(FrozenSettings):
    """How a long video is searched.

    Attributes
    ----------
    window : float
        Length of the sliding window in seconds: about the longest expression to be found. No
        candidate is longer.
    stride : float
        Seconds from one window to the next; at least a frame.
    shortest : float
        Seconds; what rises and falls faster is no candidate.
    size : int
        Side of the face chip in pixels.
    realign : float
        Seconds between two searches for the face.
    alignment : {"similarity", "none"}
        ``none`` takes whole frames for face chips: eyes level at .30 of the height, 2.75 eye
        distances wide.
    landmark_model : {"68", "5"}
        dlib's landmark scheme. With 5 points the regions lie where they do on a mean face.
    deviations : float
        A candidate's motion exceeds the median by so many robust standard deviations.
    least_motion : float
        And so many pixels of a chip of 192 pixels, whatever the video.
    blink_motion : float
        Motion of the eyes, in the same unit, from which on it counts as a blink.
    rest : float
        The expression begins and ends where it shows this share of its peak.

    Raises
    ------
    SettingsError
        If a value is out of range, or the shortest expression does not fit the window.
    """

    window: Annotated[float, Field(ge=0.1, le=5)] = 0.5
    stride: Annotated[float, Field(ge=0, le=1)] = 0.02
    shortest: Annotated[float, Field(ge=0, le=5)] = 0.1
    size: Annotated[int, Field(ge=64, le=512)] = 192
    realign: Annotated[float, Field(ge=0.1, le=60)] = 1.0
    alignment: Literal["similarity", "none"] = "similarity"
    landmark_model: Literal["68", "5"] = "68"
    deviations: Annotated[float, Field(ge=0, le=50)] = 4.0
    least_motion: Annotated[float, Field(gt=0, le=20)] = 0.2
    blink_motion: Annotated[float, Field(gt=0, le=50)] = 2.0
    rest: Annotated[float, Field(ge=0, le=0.9)] = 0.2

    @model_validator(mode="after")
    def _shortest_fits(self) -> Self:
        if not self.shortest < self.window:
            raise ValueError(
                f"shortest: expected less than the window, received {self.shortest:g} s and a "
                f"window of {self.window:g} s"
            )
        return self

    def frames_at(self, fps: float) -> WindowFrames:
        """Return the settings' times in frames.

        Raises
        ------
        InvalidInputError
            If the window holds too few frames to tell a rise from a fall.
        """
        stride = max(1, round(self.stride * fps))
        steps = round(self.window * fps / 2 / stride)
        if steps < 2:
            raise InvalidInputError(
                f"fps: expected a rate at which {self.window:g} s hold 5 strides or more, received "
                f"{fps:g} frames per second and a stride of {stride} frame(s). So short an "
                "expression cannot be seen then: give a shorter stride or more frames per second."
            )
        return WindowFrames(
            stride, steps * stride, max(1, round(self.realign * fps / stride)) * stride
        )
