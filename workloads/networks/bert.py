"""BERT Base, uncased: the encoder and the pooler, without the heads of pre-training."""

from workloads.networks.blocks import attention, biases, feed_forward, linear
from workloads.networks.known import Extent, KnownNetwork, Shapes
from workloads.networks.layer import Layer, Role

VOCABULARY, SEGMENTS, POSITIONS = 30522, 2, 512
WIDTH, INNER, HEADS, DEPTH = 768, 3072, 12, 12


def _bert_base(samples: int, seq: int) -> Shapes:
    """The pooler reads the first token of each sample alone."""
    layers: list[Layer] = []
    for block in range(DEPTH):
        name = f"blocks.{block}"
        layers += attention(
            f"{name}.attention", samples=samples, queries=seq, keys=seq, width=WIDTH, heads=HEADS
        )
        layers += feed_forward(f"{name}.ff", tokens=samples * seq, width=WIDTH, inner=INNER)
    layers.append(linear("pooler", Role.HEAD, tokens=samples, inputs=WIDTH, outputs=WIDTH))
    embeddings = (VOCABULARY + POSITIONS + SEGMENTS) * WIDTH
    norms = (2 * DEPTH + 1) * 2 * WIDTH
    return Shapes(layers, embeddings + norms + biases(layers))


BERT_BASE = KnownNetwork(
    name="bert_base",
    summary="bidirectional encoder, 12 blocks, with pooler",
    source="Devlin et al. 2018, arXiv:1810.04805, Section 3; vocabulary of bert-base-uncased",
    batch=16,
    extent=Extent(word="seq", default=512, least=1, most=POSITIONS, reason="the rows of its position table"),
    build=_bert_base,
)
