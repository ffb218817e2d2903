"""The matrix products of one layer in one training step, with what is sparse in each."""

from dataclasses import replace

from simulator.gemm import Gemm, Operand, Product
from simulator.pattern import Pattern
from workloads.networks.layer import Layer
from workloads.training.face import Phase
from workloads.training.unstructured import Target, Unstructured


def forward_product(layer: Layer, phase: Phase, dtype: str) -> Product:
    """FWD: C[m,n] = X[m,k] W[k,n]; weights are grouped along k, their inputs."""
    values = Operand(dtype=dtype)
    product = Product(
        gemm=layer.gemm,
        a=Operand(dtype=dtype, distinct=layer.input_values),
        b=_keeping(values, layer, phase.mask),
        c=values,
        batch=layer.batch,
    )
    return _masked(product, layer, phase.mask, along="k", of="b")


def input_gradient_product(layer: Layer, phase: Phase, dtype: str) -> Product:
    """DGRAD: dX[m,k'] = dY[m,n'] W^T[n',k'], where n' and k' are the layer's outputs and inputs.

    The reduction is the outputs. Weights that are N:M along their inputs alone have their groups along n.
    """
    size, values = layer.gemm, Operand(dtype=dtype)
    target = None if phase.face.dgrad == "dense" else phase.pattern
    product = Product(
        gemm=Gemm(m=size.m, n=size.k, k=size.n),
        a=values,
        b=_keeping(values, layer, target, along="k" if phase.face.dgrad == "outputs" else "n"),
        c=Operand(dtype=dtype, distinct=layer.input_values),
        batch=layer.batch,
    )
    return _masked(product, layer, phase.mask, along="n", of="b")


def weight_gradient_product(layer: Layer, phase: Phase, dtype: str, *, dense: bool = False) -> Product:
    """WGRAD: dW[k',n'] = X^T[k',m'] dY[m',n'], summed over the tokens m' and written in fp32.

    `dense` computes every gradient from the whole output gradient, whatever the face says.
    """
    size, wgrad = layer.gemm, "dense" if dense else phase.face.wgrad
    gradient = phase.pattern if wgrad == "gradient" and isinstance(phase.pattern, Pattern) else None
    product = Product(
        gemm=Gemm(m=size.k, n=size.n, k=size.m),
        a=Operand(dtype=dtype, distinct=layer.input_values),
        b=Operand(dtype=dtype, pattern=gradient),
        c=_keeping(Operand(dtype="fp32"), layer, phase.pattern if wgrad == "kept" else None, along="m"),
        batch=layer.batch,
    )
    return _masked(product, layer, phase.mask, along="m", of="c")


def attention_gradient_products(layer: Layer, dtype: str) -> tuple[Product, Product]:
    """DGRAD of a product of two activations: dA[m,k] = dC B^T and dB[k,n] = A^T dC, always dense."""
    size, values = layer.gemm, Operand(dtype=dtype)
    shapes = (Gemm(m=size.m, n=size.k, k=size.n), Gemm(m=size.k, n=size.n, k=size.m))
    first, second = (Product(gemm=shape, a=values, b=values, c=values, batch=layer.batch) for shape in shapes)
    return first, second


def kept_weights(layer: Layer, target: Target | None) -> int:
    """Weights of a layer that `target` keeps: N:M along the inputs, tails included, or a share of all."""
    if target is None or not layer.parameters:
        return layer.parameters
    if isinstance(target, Unstructured):
        return target.kept_of(layer.parameters)
    return layer.batch * layer.gemm.n * target.kept_along(layer.gemm.k)


def _keeping(operand: Operand, layer: Layer, target: Target | None, *, along: str = "k") -> Operand:
    """The weights, or their gradients, of which `target` is kept: in groups along an axis, or anywhere."""
    if isinstance(target, Unstructured):
        return replace(operand, nonzeros=kept_weights(layer, target))
    return operand if target is None else replace(operand, pattern=target, along=along)


def _masked(product: Product, layer: Layer, mask: Target | None, *, along: str, of: str) -> Product:
    """The product with the mask that its layer's weights obey, which are the operand `of`."""
    if isinstance(mask, Unstructured):
        return replace(product, mask_kept=kept_weights(layer, mask), mask_of=of)
    return replace(product, mask=mask, mask_along=along)
