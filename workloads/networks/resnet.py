"""ResNet-50: a stem, sixteen bottlenecks in four stages, and a classifier."""

from functools import partial

from workloads.networks.blocks import biases, convolution, linear, positions
from workloads.networks.known import IMAGE_MAX, Extent, KnownNetwork, Shapes
from workloads.networks.layer import Layer, Role

CLASSES = 1000
STEM = 64
EXPANSION = 4
STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Inner channels and bottlenecks of each stage."""


def _bottleneck(name: str, *, samples: int, side: int, inputs: int, inner: int, stride: int) -> list[Layer]:
    """1x1 down, 3x3 with the stride (v1.5), 1x1 up; a 1x1 shortcut where the shape changes."""
    conv = partial(convolution, role=Role.CONV, samples=samples)
    out, outputs = positions(side, kernel=3, stride=stride, padding=1), EXPANSION * inner
    layers = [
        conv(f"{name}.conv1", side=side, inputs=inputs, outputs=inner, kernel=1),
        conv(f"{name}.conv2", side=side, inputs=inner, outputs=inner, kernel=3, stride=stride, padding=1),
        conv(f"{name}.conv3", side=out, inputs=inner, outputs=outputs, kernel=1),
    ]
    if stride > 1 or inputs != outputs:
        layers.append(
            conv(f"{name}.shortcut", side=side, inputs=inputs, outputs=outputs, kernel=1, stride=stride)
        )
    return layers


def _resnet50(samples: int, image: int) -> Shapes:
    layers = [
        convolution(
            "conv1",
            Role.STEM,
            samples=samples,
            side=image,
            inputs=3,
            outputs=STEM,
            kernel=7,
            stride=2,
            padding=3,
            input_gradient=False,
        )
    ]
    side = positions(image, kernel=7, stride=2, padding=3)
    side, channels = positions(side, kernel=3, stride=2, padding=1), STEM  # the max pooling
    for stage, (inner, depth) in enumerate(STAGES, 1):
        for block in range(depth):
            stride = 2 if stage > 1 and block == 0 else 1
            layers += _bottleneck(
                f"layer{stage}.{block}",
                samples=samples,
                side=side,
                inputs=channels,
                inner=inner,
                stride=stride,
            )
            side, channels = positions(side, kernel=3, stride=stride, padding=1), EXPANSION * inner
    norms = 2 * biases(layers)  # every convolution has a batch norm, none a bias
    layers.append(linear("fc", Role.HEAD, tokens=samples, inputs=channels, outputs=CLASSES))
    return Shapes(layers, norms + CLASSES)


RESNET50 = KnownNetwork(
    name="resnet50",
    summary="residual convolutional network for ImageNet (v1.5)",
    source="He et al. 2015, arXiv:1512.03385, Table 1; stride in the 3x3 as in torchvision resnet50",
    batch=32,
    extent=Extent(word="image", default=224, least=32, most=IMAGE_MAX, reason="as it is halved five times"),
    build=_resnet50,
)
