"""Building blocks of networks as forward products: linear layers, attention, feed-forward, convolution.

Attention is full: a causal mask skips no product here, since dense attention kernels multiply and then mask.
"""

from collections.abc import Iterable

from simulator.gemm import Gemm
from workloads.networks.layer import Layer, Role


def linear(name: str, role: Role, *, tokens: int, inputs: int, outputs: int) -> Layer:
    """A linear layer from `inputs` to `outputs` features of each token."""
    return Layer(name=name, role=role, gemm=Gemm(m=tokens, n=outputs, k=inputs))


def feed_forward(name: str, *, tokens: int, width: int, inner: int) -> list[Layer]:
    """Two linear layers, to `inner` features and back to `width`."""
    return [
        linear(f"{name}.1", Role.FF, tokens=tokens, inputs=width, outputs=inner),
        linear(f"{name}.2", Role.FF, tokens=tokens, inputs=inner, outputs=width),
    ]


def attention_products(
    name: str, *, samples: int, queries: int, keys: int, heads: int, head_width: int, kv_heads: int
) -> list[Layer]:
    """Scores Q·K^T and their product with V, for every sample and every head of K and V.

    The queries of all heads that share a head of K and V are stacked along m, so that K and V are read
    once: m = heads/kv_heads * queries.
    """
    rows, batch = heads // kv_heads * queries, samples * kv_heads
    return [
        Layer(
            name=f"{name}.scores",
            role=Role.ATTENTION,
            gemm=Gemm(m=rows, n=keys, k=head_width),
            batch=batch,
        ),
        Layer(
            name=f"{name}.values",
            role=Role.ATTENTION,
            gemm=Gemm(m=rows, n=head_width, k=keys),
            batch=batch,
        ),
    ]


def attention(
    name: str,
    *,
    samples: int,
    queries: int,
    keys: int,
    width: int,
    heads: int,
    kv_heads: int | None = None,
    fused: bool = False,
) -> list[Layer]:
    """Multi-head attention: projections to Q, K and V, the two attention products, the output projection.

    `fused` makes one product of the three projections. K and V come from `keys` tokens a sample, which are
    another sequence's in cross-attention. Fewer `kv_heads` than `heads` is grouped-query attention.
    """
    kv_heads = kv_heads or heads
    head_width = width // heads
    tokens, kv_width = samples * queries, kv_heads * head_width
    if fused:
        outputs = width + 2 * kv_width
        projections = [linear(f"{name}.qkv", Role.QKV, tokens=tokens, inputs=width, outputs=outputs)]
    else:
        projections = [
            linear(f"{name}.q", Role.QKV, tokens=tokens, inputs=width, outputs=width),
            linear(f"{name}.k", Role.QKV, tokens=samples * keys, inputs=width, outputs=kv_width),
            linear(f"{name}.v", Role.QKV, tokens=samples * keys, inputs=width, outputs=kv_width),
        ]
    products = attention_products(
        name,
        samples=samples,
        queries=queries,
        keys=keys,
        heads=heads,
        head_width=head_width,
        kv_heads=kv_heads,
    )
    return [
        *projections,
        *products,
        linear(f"{name}.proj", Role.PROJ, tokens=tokens, inputs=width, outputs=width),
    ]


def positions(side: int, *, kernel: int, stride: int, padding: int) -> int:
    """Places along one axis where a window fits: floor((side + 2*padding - kernel) / stride) + 1."""
    return (side + 2 * padding - kernel) // stride + 1


def values_read(side: int, *, kernel: int, stride: int, padding: int) -> int:
    """Values along one axis that some window covers; a stride beyond the kernel leaves gaps."""
    starts = range(
        -padding, positions(side, kernel=kernel, stride=stride, padding=padding) * stride - padding, stride
    )
    covered = {at for start in starts for at in range(start, start + kernel)}
    return sum(0 <= at < side for at in covered)


def convolution(
    name: str,
    role: Role,
    *,
    samples: int,
    side: int,
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    input_gradient: bool = True,
) -> Layer:
    """A convolution of square images, lowered by im2col.

    m = samples * out^2 with out = `positions(side)`, n = outputs, k = kernel^2 * inputs. `input_values` is
    samples * inputs * side^2 where the windows leave no gap, in general what `values_read` counts; None where
    no value is read twice.
    """
    out = positions(side, kernel=kernel, stride=stride, padding=padding)
    gemm = Gemm(m=samples * out**2, n=outputs, k=kernel**2 * inputs)
    distinct = samples * inputs * values_read(side, kernel=kernel, stride=stride, padding=padding) ** 2
    return Layer(
        name=name,
        role=role,
        gemm=gemm,
        input_values=distinct if distinct < gemm.m * gemm.k else None,
        input_gradient=input_gradient,
    )


def patches(*, samples: int, side: int, patch: int, width: int) -> Layer:
    """The patch embedding of coloured images: each patch of `patch` x `patch` pixels to `width` features."""
    return convolution(
        "patches",
        Role.STEM,
        samples=samples,
        side=side,
        inputs=3,
        outputs=width,
        kernel=patch,
        stride=patch,
        input_gradient=False,
    )


def biases(layers: Iterable[Layer]) -> int:
    """Parameters of one bias per output of each layer that has weights."""
    return sum(layer.gemm.n for layer in layers if layer.role.has_weights)
