"""GPT-2 small, and GPT-3 small and 6.7B: decoders with learned positions and a head tied to the embedding."""

from collections.abc import Callable

from workloads.networks.blocks import attention, biases, feed_forward, linear
from workloads.networks.known import Extent, KnownNetwork, Shapes
from workloads.networks.layer import Layer, Role

VOCABULARY = 50257


def _gpt(*, width: int, heads: int, depth: int, positions: int) -> Callable[[int, int], Shapes]:
    """How a GPT of these sizes is built: pre-norm blocks, a last norm, biases everywhere but in the head."""

    def build(samples: int, seq: int) -> Shapes:
        blocks: list[Layer] = []
        for block in range(depth):
            name = f"blocks.{block}"
            blocks += attention(
                f"{name}.attention",
                samples=samples,
                queries=seq,
                keys=seq,
                width=width,
                heads=heads,
                fused=True,
            )
            blocks += feed_forward(f"{name}.ff", tokens=samples * seq, width=width, inner=4 * width)
        head = linear("head", Role.HEAD, tokens=samples * seq, inputs=width, outputs=VOCABULARY)
        norms = (2 * depth + 1) * 2 * width
        return Shapes([*blocks, head], positions * width + norms + biases(blocks))

    return build


def _seq(positions: int) -> Extent:
    return Extent(
        word="seq", default=positions, least=1, most=positions, reason="the rows of its position table"
    )


GPT2_SMALL = KnownNetwork(
    name="gpt2_small",
    summary="decoder, 12 blocks of width 768",
    source="Radford et al. 2019, Language Models are Unsupervised Multitask Learners; openai/gpt-2",
    batch=8,
    extent=_seq(1024),
    build=_gpt(width=768, heads=12, depth=12, positions=1024),
)

_GPT3 = "Brown et al. 2020, arXiv:2005.14165, Table 2.1; vocabulary of GPT-2; every block's attention dense"

GPT3_SMALL = KnownNetwork(
    name="gpt3_small",
    summary="decoder, 12 blocks of width 768, context 2048",
    source=_GPT3,
    batch=4,
    extent=_seq(2048),
    build=_gpt(width=768, heads=12, depth=12, positions=2048),
)

GPT3_6B7 = KnownNetwork(
    name="gpt3_6b7",
    summary="decoder, 32 blocks of width 4096, context 2048",
    source=_GPT3,
    batch=4,
    extent=_seq(2048),
    build=_gpt(width=4096, heads=32, depth=32, positions=2048),
)
