from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator.gemm import Gemm
from workloads.networks.blocks import attention, biases, convolution, feed_forward, linear
from workloads.networks.layer import Layer, Role


@given(
    st.integers(1, 3),
    st.integers(1, 12),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(0, 2),
)
def test_convolution_counts_the_window_placements_and_the_pixels_they_cover(
    samples: int, side: int, inputs: int, kernel: int, stride: int, padding: int
) -> None:
    assume(padding < kernel <= side + 2 * padding)
    starts = [at for at in range(-padding, side + padding, stride) if at + kernel <= side + padding]
    reads = Counter(
        (row + i, column + j)
        for row in starts
        for column in starts
        for i in range(kernel)
        for j in range(kernel)
    )
    covered = [at for at in reads if min(at) >= 0 and max(at) < side]
    layer = convolution(
        "conv",
        Role.CONV,
        samples=samples,
        side=side,
        inputs=inputs,
        outputs=5,
        kernel=kernel,
        stride=stride,
        padding=padding,
    )
    assert layer.gemm == Gemm(m=samples * len(starts) ** 2, n=5, k=inputs * kernel**2)
    assert layer.gemm.m * layer.gemm.k == samples * inputs * reads.total()
    distinct = samples * inputs * len(covered)
    assert layer.input_values == (distinct if distinct < layer.gemm.m * layer.gemm.k else None)


def test_a_padded_convolution_reads_every_pixel_of_the_image() -> None:
    layer = convolution(
        "conv", Role.CONV, samples=2, side=56, inputs=64, outputs=64, kernel=3, stride=1, padding=1
    )
    assert layer.input_values == 2 * 64 * 56 * 56


def test_a_strided_pointwise_convolution_reads_no_value_twice() -> None:
    layer = convolution("conv", Role.CONV, samples=1, side=56, inputs=8, outputs=8, kernel=1, stride=2)
    assert (layer.gemm, layer.input_values) == (Gemm(m=28 * 28, n=8, k=8), None)


def test_linear_takes_tokens_as_m_outputs_as_n_inputs_as_k() -> None:
    layer = linear("l", Role.FF, tokens=3, inputs=5, outputs=7)
    assert layer == Layer(name="l", role=Role.FF, gemm=Gemm(m=3, n=7, k=5))
    assert layer.parameters == 35


def test_feed_forward_goes_to_the_inner_width_and_back() -> None:
    up, down = feed_forward("ff", tokens=3, width=4, inner=16)
    assert (up.name, up.gemm) == ("ff.1", Gemm(m=3, n=16, k=4))
    assert (down.name, down.gemm) == ("ff.2", Gemm(m=3, n=4, k=16))


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
def test_attention_multiplies_two_products_per_query_key_and_feature(
    samples: int, queries: int, keys: int, kv_heads: int, shared_by: int
) -> None:
    heads, head_width = kv_heads * shared_by, 6
    layers = attention(
        "a",
        samples=samples,
        queries=queries,
        keys=keys,
        width=heads * head_width,
        heads=heads,
        kv_heads=kv_heads,
    )
    products = [layer for layer in layers if layer.role is Role.ATTENTION]
    assert [layer.name for layer in products] == ["a.scores", "a.values"]
    assert sum(layer.macs for layer in products) == 2 * samples * heads * queries * keys * head_width
    scores, values = products
    # operand B is all of K, then all of V, each read once
    held = samples * keys * kv_heads * head_width
    assert scores.batch * scores.gemm.n * scores.gemm.k == held
    assert values.batch * values.gemm.n * values.gemm.k == held
    assert sum(layer.parameters for layer in products) == 0


def test_attention_fuses_its_three_projections_or_keeps_them_apart() -> None:
    fused = attention("a", samples=2, queries=5, keys=5, width=12, heads=3, fused=True)
    apart = attention("a", samples=2, queries=5, keys=5, width=12, heads=3)
    assert [layer.name for layer in fused] == ["a.qkv", "a.scores", "a.values", "a.proj"]
    assert [layer.name for layer in apart] == ["a.q", "a.k", "a.v", "a.scores", "a.values", "a.proj"]
    assert fused[0].gemm == Gemm(m=10, n=36, k=12)
    assert fused[0].macs == sum(layer.macs for layer in apart[:3])
    assert [layer.role for layer in apart] == [Role.QKV] * 3 + [Role.ATTENTION] * 2 + [Role.PROJ]


def test_cross_attention_projects_keys_and_values_of_the_other_sequence() -> None:
    layers = {
        layer.name: layer.gemm for layer in attention("x", samples=2, queries=3, keys=7, width=8, heads=2)
    }
    assert layers == {
        "x.q": Gemm(m=6, n=8, k=8),
        "x.k": Gemm(m=14, n=8, k=8),
        "x.v": Gemm(m=14, n=8, k=8),
        "x.scores": Gemm(m=3, n=7, k=4),
        "x.values": Gemm(m=3, n=4, k=7),
        "x.proj": Gemm(m=6, n=8, k=8),
    }


@pytest.mark.parametrize(("role", "expected"), [(Role.FF, 7), (Role.ATTENTION, 0)])
def test_a_layer_has_a_bias_per_output_only_where_it_has_weights(role: Role, expected: int) -> None:
    assert biases([Layer(name="l", role=role, gemm=Gemm(m=3, n=7, k=5), batch=2)]) == expected
