"""The 2-D and 3-D inception block (paper section III-C and fig. 4; METHOD 2)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from astsvm.errors import InvalidInputError, SettingsError
from astsvm.network.moment_normalisation import MomentNormalisation
from astsvm.network.pooling import max_pool_three
from astsvm.network.row_passes import channel_moments, rectified_affine
from astsvm.network.thin_convolution import convolve

__all__ = ["InceptionBlock"]


@keras.saving.register_keras_serializable("astsvm")
class InceptionBlock(keras.layers.Layer):  # type: ignore[misc]
    """Branches 1 | 1-3 | 1-5 | pool3-1, each convolution with batch norm and ReLU, concatenated.

    The three convolutions that start on the block's input share one kernel, cut where they part,
    and norms that stand side by side share their weights (ours). Convolutions have no bias, the
    norm after them has one. The bottlenecks before the wide kernels have half the branch's filters
    (ours). Keras' convolution layers hold the kernels; how they are applied stands in
    :mod:`astsvm.network.thin_convolution`, how the norm is in :mod:`astsvm.network.row_passes`.

    A kernel is never longer than 2 * size - 1 along an axis, the length from which on every
    further tap only ever meets padding: with one frame a 3-D block is flat in time.

    Parameters
    ----------
    filters : int
        Filters of each branch; the block has four times as many.
    dimensions : {2, 3}
        2 takes (B, H, W, C), 3 takes (B, T, H, W, C).
    kernels : {"full", "factorised"}
        ``"factorised"`` writes a k x k x k kernel as 1 x k x k then k x 1 x 1, nothing in between
        (ours). Without effect in two dimensions.

    Call arguments
    --------------
    inputs : tensor of rank dimensions + 2, channels last
    training : bool

    Returns
    -------
    tensor of the input's shape but with 4 * filters channels
    """

    def __init__(
        self, filters: int, dimensions: int = 2, kernels: str = "full", **kwargs: Any
    ) -> None:
        if not isinstance(filters, int) or filters < 1:
            raise SettingsError(f"filters must be a positive whole number, received {filters!r}.")
        if dimensions not in (2, 3):
            raise SettingsError(f"dimensions must be 2 or 3, received {dimensions!r}.")
        if kernels not in ("full", "factorised"):
            raise SettingsError(f"kernels must be full or factorised, received {kernels!r}.")
        super().__init__(**kwargs)
        self.supports_jit = False  # see the attention layers
        self.filters = filters
        self.dimensions = dimensions
        self.kernels = kernels
        self.bottleneck = max(1, filters // 2)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of this shape, or refuse it with InvalidInputError."""
        if len(input_shape) != self.dimensions + 2 or any(not size for size in input_shape[1:]):
            axes = "(B, T, H, W, C)" if self.dimensions == 3 else "(B, H, W, C)"
            raise InvalidInputError(
                f"a {self.dimensions}-D inception block expects {axes} with fixed sizes, "
                f"received {tuple(input_shape)}."
            )
        sizes = tuple(int(size) for size in input_shape[1:-1])  # type: ignore[arg-type]
        point = (1,) * self.dimensions
        entry_filters = self.filters + 2 * self.bottleneck
        self.entry = self._convolution(entry_filters, point, "entry")
        self.entry_norm = self._norm(entry_filters, "entry_norm")
        self.three = self._wide("three", 3, sizes)
        self.five = self._wide("five", 5, sizes)
        self.pooled = self._convolution(self.filters, point, "pooled")
        self.exit_norm = self._norm(3 * self.filters, "exit_norm")
        self.entry.build(input_shape)
        self.pooled.build(input_shape)
        for branch in (self.three, self.five):
            shape = (*input_shape[:-1], self.bottleneck)
            for layer in branch:
                layer.build(shape)
                shape = (*input_shape[:-1], self.filters)
        self.built = True

    def _convolution(self, filters: int, kernel: tuple[int, ...], name: str) -> Any:
        convolution = keras.layers.Conv2D if self.dimensions == 2 else keras.layers.Conv3D
        return convolution(
            filters, kernel, padding="same", use_bias=False, dtype=self.dtype_policy, name=name
        )

    def _wide(self, name: str, length: int, sizes: tuple[int, ...]) -> list[Any]:
        kernel = tuple(min(length, 2 * size - 1) for size in sizes)
        if self.kernels == "full" or self.dimensions == 2 or kernel[0] == 1:
            return [self._convolution(self.filters, kernel, name)]
        return [
            self._convolution(self.filters, (1, *kernel[1:]), f"{name}_space"),
            self._convolution(self.filters, (kernel[0], 1, 1), f"{name}_time"),
        ]

    def _norm(self, size: int, name: str) -> Any:
        # Sums over thousands of pixels: never in less than the weights' own precision.
        return MomentNormalisation(size, dtype=self.variable_dtype, name=name)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Apply the four branches and concatenate them."""
        edges = [self.filters, self.filters + self.bottleneck]
        kernels = ops.split(self.entry.kernel, edges, axis=-1)
        entry = [convolve(inputs, kernel) for kernel in kernels]
        one, three, five = _normalised(entry, self.entry_norm, training)
        for layer in self.three:
            three = convolve(three, layer.kernel)
        for layer in self.five:
            five = convolve(five, layer.kernel)
        pooled = convolve(max_pool_three(inputs), self.pooled.kernel)
        wide = _normalised([three, five, pooled], self.exit_norm, training)
        return ops.concatenate([one, *wide], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the input's shape with 4 * filters channels."""
        return (*input_shape[:-1], 4 * self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        own = {"filters": self.filters, "dimensions": self.dimensions, "kernels": self.kernels}
        return {**super().get_config(), **own}


def _normalised(branches: list[Any], norm: MomentNormalisation, training: bool) -> list[Any]:
    """Apply batch norm and ReLU to each branch; the norm's channels are those of all in a row."""
    dtype = branches[0].dtype
    branches = [ops.cast(branch, norm.compute_dtype) for branch in branches]
    moments = [channel_moments(branch) for branch in branches]
    mean, mean_square = (ops.concatenate(parts) for parts in zip(*moments, strict=True))
    scale, offset = norm(mean, mean_square, training=training)
    mapped, first = [], 0
    for branch in branches:
        part = slice(first, first := first + branch.shape[-1])
        mapped.append(ops.cast(rectified_affine(branch, scale[part], offset[part]), dtype))
    return mapped
