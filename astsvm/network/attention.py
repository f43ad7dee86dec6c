"""Channel, spatial and fusion attention (paper section III-B; METHOD 2).

The paper's "channels" are the frames. Clips have shape (B, T, H, W, C) throughout.

The last weights of every attention start at zero (ours), so that under the scaled softmax training
starts from clips as they are. With random weights an untrained attention multiplies the clips by
noise, and a hundred training clips are too few to unlearn that.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import keras
from keras import ops

from astsvm.errors import InvalidInputError, SettingsError
from astsvm.network.clip_passes import (
    FrameMoments,
    affine_maps,
    frame_moments,
    window_means,
)
from astsvm.network.map_convolution import convolve_maps
from astsvm.network.moment_normalisation import MomentNormalisation

__all__ = ["ChannelAttention", "FusionAttention", "SpatialAttention", "attention_weights"]

Activation = Literal["softmax", "literal_softmax", "sigmoid"]
_KERNEL_SIZE = 7


def attention_weights(scores: Any, activation: Activation) -> Any:
    """Turn scores of shape (B, N) into attention of the same shape.

    ``softmax`` is scaled to mean 1 (ours: the literal softmax multiplies every pixel by about
    1/36864), ``literal_softmax`` sums to 1, ``sigmoid`` weighs each score alone. Equal scores give
    exactly 1 under ``softmax``.
    """
    if activation == "sigmoid":
        return ops.sigmoid(scores)
    powers = ops.exp(scores - ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True)))
    if activation == "softmax":
        return powers / ops.mean(powers, axis=-1, keepdims=True)
    return powers / ops.sum(powers, axis=-1, keepdims=True)


class _Attention(keras.layers.Layer):  # type: ignore[misc]
    """What the three share: their settings, and the check of their input's shape."""

    def __init__(
        self, activation: Activation = "softmax", window: tuple[int, int] = (1, 1), **kwargs: Any
    ) -> None:
        if activation not in get_args(Activation):
            raise SettingsError(
                f"attention activation must be one of {', '.join(get_args(Activation))}, "
                f"received {activation!r}."
            )
        if len(window) != 2 or any(not isinstance(side, int) or side < 1 for side in window):
            raise SettingsError(
                f"window must be two positive whole numbers (rows, columns), received {window!r}."
            )
        # The clips are left as they are, float16 say: the passes convert them where they use them.
        super().__init__(autocast=False, **kwargs)
        # Keras would compile a model through XLA of its own accord: 23-50 s, and no faster here.
        self.supports_jit = False
        self.activation = activation
        self.window = (window[0], window[1])

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for clips of this shape, or refuse it with InvalidInputError."""
        if len(input_shape) != 5 or any(not size for size in input_shape[1:]):
            raise InvalidInputError(
                f"{type(self).__name__} expects clips of shape (B, T, H, W, C) with fixed sizes, "
                f"received {tuple(input_shape)}."
            )
        if self.window[0] > input_shape[2] or self.window[1] > input_shape[3]:  # type: ignore[operator]
            raise InvalidInputError(
                f"{type(self).__name__}: window {self.window} is larger than the frames "
                f"{tuple(input_shape[2:4])}."
            )
        self._make_weights(int(input_shape[1]))  # type: ignore[arg-type]
        self.built = True

    def _make_weights(self, frames: int) -> None:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return (B, T, H // rows, W // columns, C)."""
        batch, frames, height, width, channels = input_shape
        rows, columns = self.window
        return (batch, frames, height // rows, width // columns, channels)  # type: ignore[operator]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "activation": self.activation, "window": list(self.window)}

    def _clips(self, inputs: Any) -> Any:
        if not self.built:
            self.build(tuple(inputs.shape))
        return ops.convert_to_tensor(inputs)

    def _moments(self, clips: Any) -> FrameMoments:
        return frame_moments(clips, self.compute_dtype)

    def _whole(self, clips: Any) -> Any:
        """Return weights of 1 for the pixels of clips, (B, H, W)."""
        batch, (height, width) = ops.shape(clips)[0], clips.shape[2:4]
        return ops.ones((batch, height, width), dtype=self.compute_dtype)


@keras.saving.register_keras_serializable("astsvm")
class ChannelAttention(_Attention):
    """CAM: which frames matter.

    Batch norm over T; mean and maximum over (H, W, C); the same two-layer perceptron
    T -> max(1, T // 2) (ReLU) -> T on both; sum; activation over T; multiply. With one frame and a
    softmax there is nothing to choose: the attention is 1.

    Parameters
    ----------
    activation : {"softmax", "literal_softmax", "sigmoid"}
        See :func:`attention_weights`.
    window : tuple of int
        Average the attended clips over windows of this many rows and columns. Averaging here
        instead of in a layer after this one gives the same numbers without ever writing the
        attended clips at full size.

    Call arguments
    --------------
    inputs : tensor of shape (B, T, H, W, C), float
    training : bool

    Returns
    -------
    tensor of shape (B, T, H // rows, W // columns, C)
    """

    def _make_weights(self, frames: int) -> None:
        self.normalisation = MomentNormalisation(
            frames, dtype=self.dtype_policy, name="normalisation"
        )
        self.hidden = keras.layers.Dense(
            max(1, frames // 2), activation="relu", dtype=self.dtype_policy, name="hidden"
        )
        self.excitation = keras.layers.Dense(
            frames, kernel_initializer="zeros", dtype=self.dtype_policy, name="excitation"
        )
        self.hidden.build((None, frames))
        self.excitation.build((None, max(1, frames // 2)))

    def attention(self, inputs: Any, training: bool = False) -> Any:
        """Return the attention over the frames, shape (B, T)."""
        return self.weigh_frames(self._moments(self._clips(inputs)), training)

    def weigh_frames(self, moments: FrameMoments, training: bool) -> Any:
        """Return the attention (B, T) for clips of which only the moments are known."""
        scale, offset = self.normalisation(*moments.of_batch(), training=training)
        mean = scale * moments.mean + offset
        # A negative scale turns a frame's minimum into its maximum.
        peak = ops.where(scale >= 0, moments.maximum, moments.minimum) * scale + offset
        scores = self.excitation(self.hidden(mean)) + self.excitation(self.hidden(peak))
        return attention_weights(scores, self.activation)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Multiply the clips by their attention and average over the windows."""
        clips = self._clips(inputs)
        weights = self.weigh_frames(self._moments(clips), training)
        means = window_means(clips, self.window, self._whole(clips))
        return means * weights[:, :, None, None, None]


@keras.saving.register_keras_serializable("astsvm")
class SpatialAttention(_Attention):
    """SAM: which places matter.

    Batch norm over T; mean and maximum over (T, C); each through its own 7 x 7 convolution (the
    paper's change against CBAM, which has one kernel for both); sum; activation over H*W;
    multiply. The convolutions have no bias: a softmax would ignore it (ours).

    Parameters, call arguments and result are those of :class:`ChannelAttention`.
    """

    def _make_weights(self, frames: int) -> None:
        self.normalisation = MomentNormalisation(
            frames, dtype=self.dtype_policy, name="normalisation"
        )
        shape = (_KERNEL_SIZE, _KERNEL_SIZE, 1, 1)
        self.mean_kernel = self.add_weight(shape=shape, initializer="zeros", name="mean_kernel")
        self.maximum_kernel = self.add_weight(
            shape=shape, initializer="zeros", name="maximum_kernel"
        )

    def attention(self, inputs: Any, training: bool = False) -> Any:
        """Return the attention over the pixels, shape (B, H, W)."""
        clips = self._clips(inputs)
        return self.weigh_pixels(clips, self._moments(clips), None, training)

    def weigh_pixels(
        self, clips: Any, moments: FrameMoments, frame_weights: Any, training: bool
    ) -> Any:
        """Return the attention (B, H, W) for clips multiplied by `frame_weights` (B, T).

        `moments` are those of the unweighted clips; None for the weights leaves the clips as they
        are.
        """
        if frame_weights is None:
            frame_weights = ops.ones_like(moments.mean)
        weighted = moments.scaled(frame_weights)
        scale, offset = self.normalisation(*weighted.of_batch(), training=training)
        scale = scale * frame_weights
        maps = affine_maps(clips, scale, offset)
        # Two convolutions of one map each, summed, are one convolution of two maps.
        kernel = ops.concatenate([self.mean_kernel, self.maximum_kernel], axis=2)
        scores = convolve_maps(maps, kernel)
        height, width = clips.shape[2:4]
        flat = ops.reshape(scores, (-1, height * width))
        weights = attention_weights(flat, self.activation)
        return ops.reshape(weights, (-1, height, width))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Multiply the clips by their attention and average over the windows."""
        clips = self._clips(inputs)
        weights = self.weigh_pixels(clips, self._moments(clips), None, training)
        return window_means(clips, self.window, weights)


@keras.saving.register_keras_serializable("astsvm")
class FusionAttention(_Attention):
    """FAM: X' = X * CAM(X), then X'' = X' * SAM(X') (paper fig. 3).

    Parameters, call arguments and result are those of :class:`ChannelAttention`.
    """

    def _make_weights(self, frames: int) -> None:
        self.channel = ChannelAttention(self.activation, dtype=self.dtype_policy, name="channel")
        self.spatial = SpatialAttention(self.activation, dtype=self.dtype_policy, name="spatial")
        for part in (self.channel, self.spatial):
            part.build((None, frames, 1, 1, 1))

    def attention(self, inputs: Any, training: bool = False) -> tuple[Any, Any]:
        """Return the attention over the frames (B, T) and over the pixels (B, H, W)."""
        return self._weigh(self._clips(inputs), training)

    def _weigh(self, clips: Any, training: bool) -> tuple[Any, Any]:
        moments = self._moments(clips)
        frames = self.channel.weigh_frames(moments, training)
        return frames, self.spatial.weigh_pixels(clips, moments, frames, training)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Multiply the clips by their attention and average over the windows."""
        clips = self._clips(inputs)
        frames, pixels = self._weigh(clips, training)
        return window_means(clips, self.window, pixels) * frames[:, :, None, None, None]
