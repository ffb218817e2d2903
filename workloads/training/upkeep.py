"""UPDATE: the streams of optimizer, mask selection and gradient pruning, in bits and vector operations.

| optimizer | state | reads | writes | operations for each weight |
|---|---|---|---|---|
| adamw | m, v | w, g, m, v | w, m, v | m 3, v 4, corrections 2, root, sum, quotient, decay 2, step 2: 16 |
| sgd | b | w, g, b | w, b | decay 2, momentum b 2, step 2: 6 |

Master weights, gradients and state are fp32. The optimizer also writes the copies that the products read, in
their dtype: one of the weights that the masks keep, and one more where DGRAD has a second mask. It works on
all weights, unless only kept ones have gradients. To thin a copy it reads one mask bit a weight. Mask
selection reads and computes as its Selector says, and writes one bit a weight, which counts as metadata.

Where WGRAD takes an N:M output gradient, that gradient is pruned without bias at every step (MVUE by
systematic sampling; Chmiel et al., arXiv:2203.10991). It is read and its kept values are written, in the
products' dtype, with one bit a value of mask. Operations for each value: magnitude and sum over the group 2,
probability 1, running sum and crossing 2, quotient 1: 6.
"""

from dataclasses import dataclass

from simulator.gemm import DTYPES, Stream
from simulator.pattern import Pattern
from workloads.networks.layer import Layer
from workloads.training.face import Phase
from workloads.training.products import kept_weights
from workloads.training.selectors import SELECTORS

STATE_BITS = DTYPES["fp32"]
MVUE_OPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """What one optimizer step reads, writes (in fp32 values) and computes for each weight."""

    name: str
    reads: int
    writes: int
    ops: int


OPTIMIZERS = {
    "adamw": Optimizer(name="adamw", reads=4, writes=3, ops=16),
    "sgd": Optimizer(name="sgd", reads=3, writes=2, ops=6),
}


def optimizer_stream(
    optimizer: Optimizer, weights: int, *, dtype: str, copied: int, mask_bits: int = 0
) -> Stream:
    """One optimizer step over `weights` weights, of which `copied` values are written again in `dtype`."""
    copy_bits = 0 if DTYPES[dtype] == STATE_BITS and copied == weights else copied * DTYPES[dtype]
    return Stream(
        op=optimizer.name,
        elements=weights,
        read_bits=weights * optimizer.reads * STATE_BITS + mask_bits,
        write_bits=weights * optimizer.writes * STATE_BITS + copy_bits,
        ops=weights * optimizer.ops,
    )


def layer_optimizer_stream(layer: Layer, phase: Phase, optimizer: Optimizer, dtype: str) -> Stream:
    """The optimizer step of one layer's weights in a phase."""
    kept = kept_weights(layer, phase.mask)
    copied = kept
    if phase.mask is not None and phase.face.second_selector is not None:
        copied += layer.batch * layer.gemm.k * phase.mask.kept_along(layer.gemm.n)
    compressed = phase.face.wgrad == "kept"
    return optimizer_stream(
        optimizer,
        kept if compressed else layer.parameters,
        dtype=dtype,
        copied=copied,
        mask_bits=0 if phase.mask is None or compressed else layer.parameters,
    )


def selection_stream(layer: Layer, selector: str, group: int, *, op: str = "select") -> Stream:
    """One selection of a layer's mask over groups of `group` weights."""
    rule, weights = SELECTORS[selector], layer.parameters
    return Stream(
        op=op,
        elements=weights,
        read_bits=weights * rule.read_bits,
        metadata_bits=weights,
        ops=weights * rule.compares(group),
    )


def gradient_stream(layer: Layer, pattern: Pattern, dtype: str) -> Stream:
    """One pruning of a layer's output gradient to `pattern` along the tokens."""
    size, bits = layer.gemm, DTYPES[dtype]
    values = layer.batch * size.m * size.n
    return Stream(
        op="prune_gradient",
        elements=values,
        read_bits=values * bits,
        write_bits=layer.batch * size.n * pattern.kept_along(size.m) * bits,
        metadata_bits=values,
        ops=values * MVUE_OPS,
    )
