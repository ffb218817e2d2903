"""What one layer computes in one training step, as Products and Streams, from what was in force at it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.gemm import Pass, Product, Stream
from simulator.pattern import Pattern
from workloads.networks.layer import Layer, Network
from workloads.training.face import Phase
from workloads.training.products import (
    attention_gradient_products,
    forward_product,
    input_gradient_product,
    weight_gradient_product,
)
from workloads.training.upkeep import (
    OPTIMIZERS,
    Optimizer,
    copy_stream,
    dense_optimizer_stream,
    gradient_stream,
    layer_optimizer_stream,
    selection_stream,
)

Work = Product | Stream
Works = Iterator[tuple[Pass, Work]]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What was in force for a layer at one training step, and what happened to its masks.

    `selected` is the selector that chose its masks at this step, and `second` says whether a second mask was
    chosen. `dense_wgrad` says that the weight gradient was dense where the Face would have it sparse.
    `updated` is False where masks moved on a dense gradient, of this layer or another: then the optimizer
    updates nothing.
    """

    phase: Phase
    selected: str | None = None
    second: bool = False
    dense_wgrad: bool = False
    updated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How products and updates are made at every step of a run: the products' dtype and the optimizer."""

    dtype: str = "bf16"
    optimizer: Optimizer = OPTIMIZERS["adamw"]


def forward(layer: Layer, state: State, manner: Manner) -> Works:
    """FWD."""
    yield Pass.FWD, forward_product(layer, state.phase, manner.dtype)


def input_gradient(layer: Layer, state: State, manner: Manner) -> Works:
    """DGRAD, where the layer's input needs a gradient."""
    if layer.input_gradient and layer.role.has_weights:
        yield Pass.DGRAD, input_gradient_product(layer, state.phase, manner.dtype)
    elif layer.input_gradient:
        for product in attention_gradient_products(layer, manner.dtype):
            yield Pass.DGRAD, product


def weight_gradient(layer: Layer, state: State, manner: Manner) -> Works:
    """WGRAD."""
    if layer.role.has_weights:
        yield Pass.WGRAD, weight_gradient_product(layer, state.phase, manner.dtype, dense=state.dense_wgrad)


def optimizing(layer: Layer, state: State, manner: Manner) -> Works:
    """The optimizer step."""
    if layer.role.has_weights and state.updated:
        yield Pass.UPDATE, layer_optimizer_stream(layer, state.phase, manner.optimizer, manner.dtype)


def selecting(layer: Layer, state: State, manner: Manner) -> Works:
    """The selection of masks; without an optimizer step it is followed by new copies of the weights."""
    target = state.phase.pattern
    if layer.role.has_weights and target is not None and state.selected is not None:
        yield Pass.UPDATE, selection_stream(layer, state.selected, target)
        if not state.updated:
            yield Pass.UPDATE, copy_stream(layer, state.phase, manner.dtype)


def selecting_second(layer: Layer, state: State, _manner: Manner) -> Works:
    """The selection of the second mask, which DGRAD alone uses."""
    target, selector = state.phase.pattern, state.phase.face.second_selector
    if layer.role.has_weights and target is not None and selector is not None and state.second:
        yield Pass.UPDATE, selection_stream(layer, selector, target, second=True)


def pruning(layer: Layer, state: State, manner: Manner) -> Works:
    """The pruning of the output gradient for WGRAD."""
    pattern, prunes = state.phase.pattern, state.phase.face.wgrad == "gradient" and not state.dense_wgrad
    if layer.role.has_weights and isinstance(pattern, Pattern) and prunes:
        yield Pass.UPDATE, gradient_stream(layer, pattern, manner.dtype)


Part = Callable[[Layer, State, Manner], Works]
PARTS: tuple[Part, ...] = (
    forward,
    input_gradient,
    weight_gradient,
    optimizing,
    selecting,
    selecting_second,
    pruning,
)
"""All that a layer computes in a training step, in the order of the passes."""


def layer_works(layer: Layer, state: State, manner: Manner) -> list[tuple[Pass, Work]]:
    """Everything that one training step of one layer computes: forward, backward, update."""
    return [work for part in PARTS for work in part(layer, state, manner)]


def other_works(network: Network, manner: Manner, *, updated: bool = True) -> list[tuple[Pass, Work]]:
    """The optimizer step of what is trained but multiplies no matrix."""
    weights = network.other_parameters
    if not weights or not updated:
        return []
    return [(Pass.UPDATE, dense_optimizer_stream(weights, manner.optimizer, manner.dtype))]
