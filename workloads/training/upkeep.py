"""UPDATE: the streams of optimizer, mask selection and gradient pruning, in bits and vector operations.

| optimizer | state | reads | writes | operations for each weight |
|---|---|---|---|---|
| adamw | m, v | w, g, m, v | w, m, v | m 3, v 4, corrections 2, root, sum, quotient, decay 2, step 2: 16 |
| sgd | b | w, g, b | w, b | decay 2, momentum b 2, step 2: 6 |

Master weights, gradients and state are fp32. The optimizer works on all weights, or on kept ones where the
face says so, and reads the gradients that WGRAD wrote. It also writes the copies that the products read, in
their dtype (`copied_weights`). While a pattern is in force it reads a mask bit a weight to write them, to
thin one, to fade it, or to spread kept weights out, and one more where DGRAD has a second mask. Where masks
move at a step at which nothing is updated (RigL), the copies alone are written anew, from all weights that
are held.

Mask selection reads and computes as its Selector says, and writes one bit a weight. Mask bits count as
metadata, and stand for the metadata that FWD and DGRAD read beside a packed copy: the optimizer writes the
copy's values alone. A decoder's own format may take more or fewer bits; packing masks into it is not charged.

Where WGRAD takes an N:M output gradient, that gradient is pruned without bias at every step (MVUE by
systematic sampling; Chmiel et al., arXiv:2203.10991). It is read and its kept values are written, in the
products' dtype, with one bit a value of mask. Operations for each value: magnitude and sum over the group 2,
probability 1, running sum and crossing 2, quotient 1: 6.

Left out: the operations that mask, fade and pack; the decay lambda (1 - m) w that SR-STE, Bi-Mask and FST
add to the gradient (3 operations a weight); that STEP neither computes nor writes v once
it is frozen; moving the optimizer's state when a phase begins or ends to keep it for kept weights alone.
"""

from dataclasses import dataclass

from simulator.gemm import DTYPES, Stream
from simulator.pattern import Pattern
from workloads.networks.layer import Layer
from workloads.training.face import Phase
from workloads.training.products import kept_weights
from workloads.training.selectors import SELECTORS
from workloads.training.unstructured import Target, Unstructured

STATE_BITS = DTYPES["fp32"]
MVUE_OPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """What one optimizer holds beside each weight (`state`, in fp32 values), and computes for it."""

    name: str
    state: int
    ops: int

    def stream(self, weights: int, *, gradients: int, copy_bits: int, mask_bits: int = 0) -> Stream:
        """One step over `weights` weights that reads `gradients` gradients and writes their copies."""
        held_bits = weights * (1 + self.state) * STATE_BITS
        return Stream(
            op=self.name,
            elements=weights,
            read_bits=held_bits + gradients * STATE_BITS,
            write_bits=held_bits + copy_bits,
            metadata_read_bits=mask_bits,
            ops=weights * self.ops,
        )


OPTIMIZERS = {
    "adamw": Optimizer(name="adamw", state=2, ops=16),
    "sgd": Optimizer(name="sgd", state=1, ops=6),
}


def dense_optimizer_stream(weights: int, optimizer: Optimizer, dtype: str) -> Stream:
    """One optimizer step over weights without masks; products in fp32 read the master weights themselves."""
    copied = 0 if DTYPES[dtype] == STATE_BITS else weights
    return optimizer.stream(weights, gradients=weights, copy_bits=copied * DTYPES[dtype])


def layer_optimizer_stream(layer: Layer, phase: Phase, optimizer: Optimizer, dtype: str) -> Stream:
    """The optimizer step of one layer's weights in a phase."""
    if phase.pattern is None:
        return dense_optimizer_stream(layer.parameters, optimizer, dtype)
    return optimizer.stream(
        held_weights(layer, phase),
        gradients=kept_weights(layer, phase.pattern) if phase.face.wgrad == "kept" else layer.parameters,
        copy_bits=copied_weights(layer, phase) * DTYPES[dtype],
        mask_bits=mask_bits(layer, phase),
    )


def copy_stream(layer: Layer, phase: Phase, dtype: str) -> Stream:
    """The copies of a layer's weights written anew, because its masks moved and no optimizer step does it."""
    return Stream(
        op="copy",
        elements=layer.parameters,
        read_bits=held_weights(layer, phase) * STATE_BITS,
        write_bits=copied_weights(layer, phase) * DTYPES[dtype],
        metadata_read_bits=mask_bits(layer, phase),
    )


def held_weights(layer: Layer, phase: Phase) -> int:
    """Master weights of a layer that are held, with their state: all of them, or those that masks keep."""
    return kept_weights(layer, phase.pattern) if phase.face.kept_state else layer.parameters


def mask_bits(layer: Layer, phase: Phase) -> int:
    """Bits of the masks of a layer in a phase with a pattern."""
    return (1 if phase.face.second_selector is None else 2) * layer.parameters


def copied_weights(layer: Layer, phase: Phase) -> int:
    """Values of the copies of its weights that a layer's products read.

    One copy of all weights while none are zero. With masks: one packed along the inputs, for FWD, and for
    DGRAD one packed along the outputs if they are N:M there too, else one of all weights, the zeros among
    them. A machine that skips nothing reads that dense copy in FWD as well; the packed ones are charged to it
    all the same. A mask without groups is not packed: one copy of all weights serves both.
    """
    mask = phase.mask
    if mask is None or mask.dense or isinstance(mask, Unstructured):
        return layer.parameters
    along_outputs = layer.batch * layer.gemm.k * mask.kept_along(layer.gemm.n)
    return kept_weights(layer, mask) + (along_outputs if phase.face.dgrad == "outputs" else layer.parameters)


def selection_stream(layer: Layer, selector: str, target: Target, *, second: bool = False) -> Stream:
    """One selection of a layer's mask: in groups of the target, or among all weights where it has none.

    A `second` mask is selected among the weights that the first one keeps, which is read for it.
    """
    rule, weights = SELECTORS[selector], layer.parameters
    group = weights if isinstance(target, Unstructured) else target.group
    return Stream(
        op="select_second" if second else "select",
        elements=weights,
        read_bits=weights * rule.read_bits,
        metadata_read_bits=weights * (rule.mask_read_bits + second),
        metadata_write_bits=weights,
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
        metadata_write_bits=values,
        ops=values * MVUE_OPS,
    )
