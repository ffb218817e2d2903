"""Llama 3 8B: a decoder with grouped-query attention, gated feed-forward layers and an untied head."""

from workloads.networks.blocks import attention, linear
from workloads.networks.known import Extent, KnownNetwork, Shapes
from workloads.networks.layer import Layer, Role

VOCABULARY, POSITIONS = 128256, 8192
WIDTH, INNER, HEADS, KV_HEADS, DEPTH = 4096, 14336, 32, 8, 32


def _llama3_8b(samples: int, seq: int) -> Shapes:
    """No biases; norms scale only; positions are rotations, which are not trained."""
    tokens = samples * seq
    layers: list[Layer] = []
    for block in range(DEPTH):
        name = f"blocks.{block}"
        layers += attention(
            f"{name}.attention",
            samples=samples,
            queries=seq,
            keys=seq,
            width=WIDTH,
            heads=HEADS,
            kv_heads=KV_HEADS,
        )
        layers += [
            linear(f"{name}.ff.gate", Role.FF, tokens=tokens, inputs=WIDTH, outputs=INNER),
            linear(f"{name}.ff.up", Role.FF, tokens=tokens, inputs=WIDTH, outputs=INNER),
            linear(f"{name}.ff.down", Role.FF, tokens=tokens, inputs=INNER, outputs=WIDTH),
        ]
    layers.append(linear("head", Role.HEAD, tokens=tokens, inputs=WIDTH, outputs=VOCABULARY))
    return Shapes(layers, VOCABULARY * WIDTH + (2 * DEPTH + 1) * WIDTH)


LLAMA3_8B = KnownNetwork(
    name="llama3_8b",
    summary="decoder, 32 blocks of width 4096, grouped-query attention, SwiGLU",
    source="Llama Team 2024, arXiv:2407.21783, Table 3; meta-llama/llama3",
    batch=1,
    extent=Extent(
        word="seq", default=POSITIONS, least=1, most=POSITIONS, reason="the context it was trained for"
    ),
    build=_llama3_8b,
)
