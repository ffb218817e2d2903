"""Conv: a convolution of images as a map of their windows."""

from dataclasses import dataclass, replace

from workloads.kernels.images import col2im, im2col
from workloads.models.block import MakeMap, Map, no_gradient
from workloads.models.linear import Linear
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.blocks import convolution, positions
from workloads.networks.layer import Layer, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """Y = the map of each window of X: images (samples, side, side, inputs) to (samples, out, out, outputs).

    A window is `kernel` x `kernel` pixels; out = floor((side + 2 padding - kernel) / stride) + 1. A weight is
    (outputs, kernel * kernel * inputs), ordered (row, column, channel), so N:M groups run along the channels
    of one pixel where the group divides them. The windows are copied out (im2col), so that the product over
    all of them is one; a kernel of one pixel with stride 1 reads the images as they are.
    """

    name: str
    map: Map
    side: int
    inputs: int
    kernel: int
    stride: int
    padding: int
    input_gradient: bool

    @property
    def out(self) -> int:
        """Pixels along a side of what it returns."""
        return positions(self.side, kernel=self.kernel, stride=self.stride, padding=self.padding)

    @property
    def outputs(self) -> int:
        """Channels of what it returns."""
        return self.map.outputs

    def slots(self) -> list[Slot]:
        """Those of its map."""
        return self.map.slots()

    def layers(self, rows: int) -> list[Layer]:
        """The products of its map over the windows of `rows` images.

        Those that say nothing of the distinct values that they read are taken to read the windows.
        """
        one = convolution(
            self.name,
            Role.CONV,
            samples=rows,
            side=self.side,
            inputs=self.inputs,
            outputs=self.outputs,
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
        )
        return [
            layer if layer.input_values else replace(layer, input_values=one.input_values)
            for layer in self.map.layers(one.gemm.m)
        ]

    def forward(self, x: Array, shard: Shard) -> Array:
        """The convolution of the images, with their windows saved."""
        shard.saved[f"{self.name}.images"] = x
        y = self.map.forward(self._windows(x, shard), shard)
        return y.reshape(len(x), self.out, self.out, self.outputs)

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient to the images: each pixel's is the sum over the windows that it is in."""
        d_windows = self.map.backward(dy.reshape(-1, self.outputs), shard)
        if not self.input_gradient:
            return no_gradient(dy)
        x = shard.saved[f"{self.name}.images"]
        if self._plain:
            return d_windows.reshape(x.shape)
        dx = shard.room(f"{self.name}.d_images", x.shape, dy)
        col2im(d_windows, self.kernel, self.stride, self.padding, dx)
        return dx

    @property
    def _plain(self) -> bool:
        """Whether the windows are the pixels."""
        return self.kernel == self.stride == 1 and not self.padding

    def _windows(self, x: Array, shard: Shard) -> Array:
        """The windows of `x` as rows."""
        if self._plain:
            return x.reshape(-1, self.inputs)
        shape = (len(x) * self.out**2, self.kernel**2 * self.inputs)
        windows = shard.room(f"{self.name}.windows", shape, x)
        im2col(x, self.kernel, self.stride, self.padding, windows)
        return windows


def conv(
    name: str,
    *,
    side: int,
    inputs: int,
    outputs: int,
    kernel: int = 3,
    stride: int = 1,
    scale: float = 1.0,
    make_map: MakeMap = Linear,
) -> Conv:
    """A convolution of role CONV, padded so that stride 1 keeps the side; `scale` is that of its map."""
    inner = make_map(name=name, role=Role.CONV, inputs=kernel**2 * inputs, outputs=outputs, scale=scale)
    return Conv(
        name=name,
        map=inner,
        side=side,
        inputs=inputs,
        kernel=kernel,
        stride=stride,
        padding=kernel // 2,
        input_gradient=True,
    )


def stem(name: str, *, side: int, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> Conv:
    """A convolution of role STEM: its input is data, so that it computes no gradient to it."""
    inner = Linear(
        name=name, role=Role.STEM, inputs=kernel**2 * inputs, outputs=outputs, input_gradient=False
    )
    return Conv(
        name=name,
        map=inner,
        side=side,
        inputs=inputs,
        kernel=kernel,
        stride=stride,
        padding=padding,
        input_gradient=False,
    )
