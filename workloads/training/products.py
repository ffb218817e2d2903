"""The matrix products of one layer in one training step, with what is sparse in each."""

from dataclasses import replace

from simulator.gemm import Gemm, Operand, Product
from simulator.pattern import Pattern
from workloads.networks.layer import Layer
from workloads.training.face import Phase


def forward_product(layer: Layer, phase: Phase, dtype: str) -> Product:
    """FWD: C[m,n] = X[m,k] W[k,n]; weights are grouped along k, their inputs."""
    values = Operand(dtype=dtype)
    return Product(
        gemm=layer.gemm,
        a=Operand(dtype=dtype, distinct=layer.input_values),
        b=replace(values, pattern=phase.mask),
        c=values,
        batch=layer.batch,
        mask=phase.mask,
        mask_along="k",
    )


def input_gradient_product(layer: Layer, phase: Phase, dtype: str) -> Product:
    """DGRAD: dX[m,k'] = dY[m,n'] W^T[n',k'], where n' and k' are the layer's outputs and inputs.

    The reduction is the outputs. Weights that are N:M along their inputs alone have their groups along n.
    """
    size, values = layer.gemm, Operand(dtype=dtype)
    pattern = None if phase.face.dgrad == "dense" else phase.pattern
    along = "k" if phase.face.dgrad == "outputs" else "n"
    return Product(
        gemm=Gemm(m=size.m, n=size.k, k=size.n),
        a=values,
        b=replace(values, pattern=pattern, along=along if pattern else "k"),
        c=Operand(dtype=dtype, distinct=layer.input_values),
        batch=layer.batch,
        mask=phase.mask,
        mask_along="n",
    )


def weight_gradient_product(layer: Layer, phase: Phase, dtype: str, *, dense: bool = False) -> Product:
    """WGRAD: dW[k',n'] = X^T[k',m'] dY[m',n'], summed over the tokens m' and written in fp32.

    `dense` computes every gradient from the whole output gradient, whatever the face says.
    """
    size, face = layer.gemm, phase.face
    gradient = phase.pattern if face.wgrad == "gradient" and not dense else None
    kept = phase.pattern if face.wgrad == "kept" and not dense else None
    return Product(
        gemm=Gemm(m=size.k, n=size.n, k=size.m),
        a=Operand(dtype=dtype, distinct=layer.input_values),
        b=Operand(dtype=dtype, pattern=gradient),
        c=Operand(dtype="fp32", pattern=kept, along="m" if kept else "k"),
        batch=layer.batch,
        mask=phase.mask,
        mask_along="m",
    )


def attention_gradient_products(layer: Layer, dtype: str) -> tuple[Product, Product]:
    """DGRAD of a product of two activations: dA[m,k] = dC B^T and dB[k,n] = A^T dC, always dense."""
    size, values = layer.gemm, Operand(dtype=dtype)
    shapes = (Gemm(m=size.m, n=size.k, k=size.n), Gemm(m=size.k, n=size.n, k=size.m))
    first, second = (Product(gemm=shape, a=values, b=values, c=values, batch=layer.batch) for shape in shapes)
    return first, second


def kept_weights(layer: Layer, pattern: Pattern | None) -> int:
    """Weights of a layer that `pattern` keeps along the inputs, tails included."""
    if pattern is None or not layer.parameters:
        return layer.parameters
    return layer.batch * layer.gemm.n * pattern.kept_along(layer.gemm.k)
