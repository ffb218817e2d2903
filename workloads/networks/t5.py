"""T5 Base, version 1.0: ReLU feed-forward layers, relative positions, a head tied to the embedding."""

from workloads.networks.known import SEQ_MAX, Extent, KnownNetwork, Shapes
from workloads.networks.transformer import encoder_decoder

VOCABULARY = 32128
WIDTH, INNER, HEADS, DEPTH, BUCKETS = 768, 3072, 12, 12, 32


def _t5_base(samples: int, seq: int) -> Shapes:
    """No biases; norms scale only; encoder and decoder each share one table of relative positions."""
    layers = encoder_decoder(
        samples=samples, seq=seq, width=WIDTH, inner=INNER, heads=HEADS, depth=DEPTH, vocabulary=VOCABULARY
    )
    norms = ((2 + 3) * DEPTH + 2) * WIDTH
    return Shapes(layers, norms + 2 * BUCKETS * HEADS)


T5_BASE = KnownNetwork(
    name="t5_base",
    summary="text-to-text encoder-decoder, 12+12 blocks of width 768 (v1.0)",
    source="Raffel et al. 2019, arXiv:1910.10683, Section 3.1.2; vocabulary of the released t5-base",
    batch=16,
    extent=Extent(word="seq", default=512, least=1, most=SEQ_MAX, reason="the longest that is counted here"),
    build=_t5_base,
)
