"""The Transformer, big: encoder and decoder of six blocks each for WMT 2014 English-German."""

from workloads.networks.blocks import attention, feed_forward, linear
from workloads.networks.known import SEQ_MAX, Extent, KnownNetwork, Shapes
from workloads.networks.layer import Layer, Role

VOCABULARY = 37000  # "about 37000 tokens", Section 5.1
WIDTH, INNER, HEADS, DEPTH = 1024, 4096, 16, 6


def encoder_decoder(
    *, samples: int, seq: int, width: int, inner: int, heads: int, depth: int, vocabulary: int
) -> list[Layer]:
    """An encoder, a decoder that also attends to its output, and a head tied to the embedding.

    Source and target both have `seq` tokens.
    """

    def attend(name: str) -> list[Layer]:
        return attention(name, samples=samples, queries=seq, keys=seq, width=width, heads=heads)

    tokens = samples * seq
    layers: list[Layer] = []
    for block in range(depth):
        name = f"encoder.{block}"
        layers += attend(f"{name}.attention")
        layers += feed_forward(f"{name}.ff", tokens=tokens, width=width, inner=inner)
    for block in range(depth):
        name = f"decoder.{block}"
        layers += attend(f"{name}.attention")
        layers += attend(f"{name}.cross_attention")
        layers += feed_forward(f"{name}.ff", tokens=tokens, width=width, inner=inner)
    layers.append(linear("head", Role.HEAD, tokens=tokens, inputs=width, outputs=vocabulary))
    return layers


def _transformer_big(samples: int, seq: int) -> Shapes:
    """Positions are sinusoids, which are not trained; as in the paper's equations only FFN has biases."""
    layers = encoder_decoder(
        samples=samples, seq=seq, width=WIDTH, inner=INNER, heads=HEADS, depth=DEPTH, vocabulary=VOCABULARY
    )
    feed_forward_biases = 2 * DEPTH * (INNER + WIDTH)
    norms = (2 + 3) * DEPTH * 2 * WIDTH
    return Shapes(layers, feed_forward_biases + norms)


TRANSFORMER_BIG = KnownNetwork(
    name="transformer_big",
    summary="encoder-decoder for WMT English-German, 6+6 blocks of width 1024",
    source="Vaswani et al. 2017, arXiv:1706.03762, Table 3 (big); shared vocabulary of 37000 (Section 5.1)",
    batch=128,
    extent=Extent(word="seq", default=64, least=1, most=SEQ_MAX, reason="the longest that is counted here"),
    build=_transformer_big,
)
