"""Swin Transformer, Tiny: attention within windows of 7x7 patches, four stages that halve the image.

Shifted windows have the shapes of unshifted ones. Where 7 does not divide a stage's side, attention and its
projections run on the padded image; the feed-forward layers do not.
"""

from workloads.networks.blocks import attention, biases, feed_forward, linear, patches
from workloads.networks.known import IMAGE_MAX, Extent, KnownNetwork, Shapes
from workloads.networks.layer import Layer, Role

CLASSES = 1000
PATCH, WINDOW, WIDTH = 4, 7, 96
STAGES = ((2, 3), (2, 6), (6, 12), (2, 24))
"""Blocks and heads of each stage; the width doubles from one to the next."""


def _block(name: str, *, samples: int, side: int, width: int, heads: int) -> list[Layer]:
    windows = (-(-side // WINDOW)) ** 2
    return [
        *attention(
            f"{name}.attention",
            samples=samples * windows,
            queries=WINDOW**2,
            keys=WINDOW**2,
            width=width,
            heads=heads,
            fused=True,
        ),
        *feed_forward(f"{name}.ff", tokens=samples * side**2, width=width, inner=4 * width),
    ]


def _swin_t(samples: int, image: int) -> Shapes:
    """Patch merging takes 2x2 neighbours to twice the width, without bias, after a norm of all four.

    Its role is PROJ: a projection between stages, neither feed-forward nor QKV.
    """
    layers = [patches(samples=samples, side=image, patch=PATCH, width=WIDTH)]
    merges, other = [], 2 * WIDTH  # the norm after the patches
    side, width = image // PATCH, WIDTH
    for stage, (depth, heads) in enumerate(STAGES):
        if stage > 0:
            side = -(-side // 2)
            name = f"stages.{stage - 1}.merge"
            merges.append(
                linear(name, Role.PROJ, tokens=samples * side**2, inputs=4 * width, outputs=2 * width)
            )
            layers.append(merges[-1])
            other += 2 * 4 * width
            width *= 2
        for block in range(depth):
            layers += _block(
                f"stages.{stage}.blocks.{block}", samples=samples, side=side, width=width, heads=heads
            )
            other += 2 * 2 * width + (2 * WINDOW - 1) ** 2 * heads  # two norms and the position biases
    layers.append(linear("head", Role.HEAD, tokens=samples, inputs=width, outputs=CLASSES))
    other += 2 * width
    return Shapes(layers, other + biases(layers) - biases(merges))


SWIN_T = KnownNetwork(
    name="swin_t",
    summary="Swin Transformer Tiny for ImageNet, windows of 7",
    source="Liu et al. 2021, arXiv:2103.14030, Section 3.3; padding and merging as in torchvision swin_t",
    batch=32,
    extent=Extent(
        word="image",
        default=224,
        least=32,
        most=IMAGE_MAX,
        multiple=PATCH,
        reason="as it is cut into patches and these are halved three times",
    ),
    build=_swin_t,
)
