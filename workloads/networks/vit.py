"""Vision Transformer, Base, patches of 16 pixels."""

from workloads.networks.blocks import attention, biases, feed_forward, linear, patches
from workloads.networks.known import IMAGE_MAX, Extent, KnownNetwork, Shapes
from workloads.networks.layer import Role

CLASSES = 1000
PATCH, WIDTH, INNER, HEADS, DEPTH = 16, 768, 3072, 12, 12


def _vit_b16(samples: int, image: int) -> Shapes:
    """The position table has a row for each patch and the class token, so it grows with the image."""
    tokens = (image // PATCH) ** 2 + 1
    layers = [patches(samples=samples, side=image, patch=PATCH, width=WIDTH)]
    for block in range(DEPTH):
        name = f"blocks.{block}"
        layers += attention(
            f"{name}.attention",
            samples=samples,
            queries=tokens,
            keys=tokens,
            width=WIDTH,
            heads=HEADS,
            fused=True,
        )
        layers += feed_forward(f"{name}.ff", tokens=samples * tokens, width=WIDTH, inner=INNER)
    layers.append(linear("head", Role.HEAD, tokens=samples, inputs=WIDTH, outputs=CLASSES))
    class_token, table, norms = WIDTH, tokens * WIDTH, (2 * DEPTH + 1) * 2 * WIDTH
    return Shapes(layers, class_token + table + norms + biases(layers))


VIT_B16 = KnownNetwork(
    name="vit_b16",
    summary="Vision Transformer Base for ImageNet, patches of 16",
    source="Dosovitskiy et al. 2020, arXiv:2010.11929, Table 1; fused QKV as in torchvision vit_b_16",
    batch=32,
    extent=Extent(
        word="image",
        default=224,
        least=PATCH,
        most=IMAGE_MAX,
        multiple=PATCH,
        reason="as it is cut into patches",
    ),
    build=_vit_b16,
)
