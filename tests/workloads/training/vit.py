"""ViT-B/16 at 224 x 224 (Dosovitskiy et al., arXiv:2010.11929, table 1), written from its equations."""

from simulator.gemm import Gemm
from workloads.networks.layer import Layer, Network, Role

PATCHES, TOKENS, WIDTH, HIDDEN, HEADS, DEPTH, CLASSES = 196, 197, 768, 3072, 12, 12, 1000


def layer(name: str, role: Role, m: int, n: int, k: int, *, batch: int = 1, data: bool = False) -> Layer:
    return Layer(name=name, role=role, gemm=Gemm(m=m, n=n, k=k), batch=batch, input_gradient=not data)


def block(index: int) -> list[Layer]:
    head = WIDTH // HEADS
    return [
        layer(f"{index}.qkv", Role.QKV, TOKENS, 3 * WIDTH, WIDTH),
        layer(f"{index}.scores", Role.ATTENTION, TOKENS, TOKENS, head, batch=HEADS),
        layer(f"{index}.values", Role.ATTENTION, TOKENS, head, TOKENS, batch=HEADS),
        layer(f"{index}.proj", Role.PROJ, TOKENS, WIDTH, WIDTH),
        layer(f"{index}.fc1", Role.FF, TOKENS, HIDDEN, WIDTH),
        layer(f"{index}.fc2", Role.FF, TOKENS, WIDTH, HIDDEN),
    ]


VIT_B16 = Network(
    name="vit_b16",
    layers=(
        layer("patch", Role.STEM, PATCHES, WIDTH, 16 * 16 * 3, data=True),
        *(one for index in range(DEPTH) for one in block(index)),
        layer("head", Role.HEAD, 1, CLASSES, WIDTH),
    ),
    other_parameters=10_000,
    source="arXiv:2010.11929",
)


def macs_of(*roles: Role) -> int:
    return sum(one.macs for one in VIT_B16.layers if one.role in roles)
