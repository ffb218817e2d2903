"""Gemm, Operand, Product, Stream, Span, Step: what they count, and what they refuse."""

import re
from collections.abc import Callable
from itertools import product as every
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.gemm import DTYPES, Gemm, Operand, Pass, Product, Span, Step, Stream
from simulator.pattern import Pattern
from tests.oracles import formats as oracle
from tests.simulator.steps import product, products, spans
from tests.strategies import TWO_OF_FOUR, patterns

sizes = st.integers(1, 9)
AXES = {"a": "mk", "b": "kn", "c": "mn"}


def refusal(make: Callable[[], Any]) -> str:
    with pytest.raises(InputError) as caught:
        make()
    return str(caught.value)


def macs_counted(gemm: Gemm, name: str, along: str, pattern: Pattern, rng: Random) -> int:
    """Multiply-adds of one product, one by one, in which the element of operand `name` is kept."""
    (across,) = set(AXES[name]) - {along}
    lines, length = getattr(gemm, across), getattr(gemm, along)
    mask = oracle.masks(vectors=lines, length=length, pattern=pattern, rng=rng)
    total = 0
    for m, n, k in every(range(gemm.m), range(gemm.n), range(gemm.k)):
        at = {"m": m, "n": n, "k": k}
        total += mask[at[across]][at[along]]
    return total


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_dtype_says_its_bits(dtype: str) -> None:
    # tf32 computes with 19 bits and is stored in 32.
    assert DTYPES[dtype] == int("".join(re.findall("[0-9]", dtype)))


@given(sizes, sizes, sizes)
def test_macs_of_a_gemm(m: int, n: int, k: int) -> None:
    gemm = Gemm(m=m, n=n, k=k)
    assert gemm.macs == sum(1 for _ in every(range(m), range(n), range(k)))
    assert gemm.sizes("a") == {"m": m, "k": k}
    assert gemm.sizes("b") == {"k": k, "n": n}
    assert gemm.sizes("c") == {"m": m, "n": n}


def test_macs_beyond_64_bits_are_exact() -> None:
    assert Gemm(m=2**40, n=2**40, k=2**40).macs == 2**120


@pytest.mark.parametrize("axis", "mnk")
@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (0, "0"),
        (-1, "-1"),
        (2**40 + 1, "1099511627777"),
        (4.0, "4.0"),
        (True, "True"),
        ("4", "'4'"),
        (None, "None"),
    ],
)
def test_a_size_is_a_whole_number(axis: str, value: Any, seen: str) -> None:
    message = refusal(lambda: Gemm(**({"m": 1, "n": 1, "k": 1} | {axis: value})))
    assert message == f"{axis} is {seen}; {axis} is a whole number from 1 to 1099511627776"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"dtype": "bf15"},
            "no dtype is called `bf15`; did you mean `bf16`? "
            "known: bf16, fp16, fp32, fp64, fp8, int32, int4, int8, tf32",
        ),
        ({"along": "x"}, "along is 'x'; groups run along m, n or k"),
        ({"along": "mn"}, "along is 'mn'; groups run along m, n or k"),
        ({"distinct": 0}, "distinct is 0; distinct is a whole number from 1 to 4611686018427387904"),
        ({"nonzeros": 0}, "nonzeros is 0; nonzeros is a whole number from 1 to 4611686018427387904"),
        (
            {"nonzeros": 3, "pattern": TWO_OF_FOUR},
            "an operand has the pattern 2:4 and 3 nonzeros; its zeros follow a pattern, or are counted",
        ),
    ],
)
def test_what_an_operand_refuses(wrong: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Operand(**({"dtype": "fp16"} | wrong))) == message


@pytest.mark.parametrize(("name", "along"), [(name, along) for name in AXES for along in AXES[name]])
@given(m=sizes, n=sizes, k=sizes, batch=st.integers(1, 3), pattern=patterns, seed=st.integers(0, 99))
def test_effective_macs_are_those_of_kept_values(
    name: str, along: str, m: int, n: int, k: int, batch: int, pattern: Pattern, seed: int
) -> None:
    gemm = Gemm(m=m, n=n, k=k)
    operands: dict[str, Any] = {one: Operand(dtype="bf16") for one in AXES}
    operands[name] = Operand(dtype="bf16", pattern=pattern, along=along)
    work = Product(gemm=gemm, **operands, batch=batch)
    rng = Random(seed)
    counted = sum(macs_counted(gemm, name, along, pattern, rng) for _ in range(batch))
    assert work.effective_macs == counted
    assert work.macs_keeping(pattern, along) == counted
    assert work.dense_macs == batch * m * n * k


@given(products())
def test_effective_macs_are_some_of_the_dense(work: Product) -> None:
    assert 0 < work.effective_macs <= work.dense_macs
    assert 0 < work.masked_macs <= work.dense_macs
    found = [one for one in (work.a, work.b, work.c) if one.sparse]
    if all(one.pattern is not None and one.pattern.dense for one in found):
        assert work.effective_macs == work.dense_macs


@given(products())
def test_a_mask_that_a_product_cannot_use_skips_nothing(work: Product) -> None:
    assert work.macs_keeping(None, "k") == work.dense_macs
    unused = Product(gemm=work.gemm, a=Operand(dtype="fp8"), b=Operand(dtype="fp8"), c=work.c, mask=work.mask)
    if not work.c.sparse:
        assert unused.effective_macs == unused.dense_macs


@pytest.mark.parametrize("name", AXES)
@given(m=sizes, n=sizes, k=sizes, batch=st.integers(1, 3), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_effective_macs_are_those_of_nonzeros_anywhere(
    name: str, m: int, n: int, k: int, batch: int, share: float, seed: int
) -> None:
    gemm = Gemm(m=m, n=n, k=k)
    first, second = gemm.sizes(name)
    places = list(every(range(batch), *(range(getattr(gemm, axis)) for axis in (first, second))))
    kept = set(Random(seed).sample(places, max(1, round(share * len(places)))))
    counted = sum(
        (one, at[first], at[second]) in kept
        for one in range(batch)
        for values in every(range(m), range(n), range(k))
        if (at := dict(zip("mnk", values, strict=True)))
    )
    operands: dict[str, Any] = {one: Operand(dtype="bf16") for one in AXES}
    dense = Product(gemm=gemm, **operands, batch=batch, mask_kept=len(kept), mask_of=name)
    operands[name] = Operand(dtype="bf16", nonzeros=len(kept))
    work = Product(gemm=gemm, **operands, batch=batch)
    assert work.effective_macs == dense.masked_macs == counted
    assert work.masked_macs == dense.effective_macs == work.dense_macs
    assert work.values_of(name) == len(places)


@pytest.mark.parametrize("pattern", ["2:4", "4:4"])
@pytest.mark.parametrize(("pair", "said"), [("ab", "a and b"), ("ac", "a and c"), ("bc", "b and c")])
def test_two_patterned_operands_are_refused(pair: str, said: str, pattern: str) -> None:
    operands: dict[str, Any] = {name: Operand(dtype="bf16") for name in AXES}
    for name in pair:
        operands[name] = Operand(dtype="bf16", pattern=Pattern.parse(pattern), along=AXES[name][0])
    message = refusal(lambda: Product(gemm=Gemm(m=4, n=4, k=4), **operands))
    assert message == f"operands {said} both carry a pattern; one operand of a product may"


@pytest.mark.parametrize(
    ("name", "along", "axes"), [("a", "n", "m, k"), ("b", "m", "k, n"), ("c", "k", "m, n")]
)
def test_an_operand_has_the_axis_of_its_groups(name: str, along: str, axes: str) -> None:
    operands: dict[str, Any] = {one: Operand(dtype="bf16") for one in AXES}
    operands[name] = Operand(dtype="bf16", pattern=TWO_OF_FOUR, along=along)
    message = refusal(lambda: Product(gemm=Gemm(m=4, n=4, k=4), **operands))
    assert message == f"operand {name} has no axis {along}; its axes are {axes}"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch": 0}, "batch is 0; batch is a whole number from 1 to 1099511627776"),
        ({"mask_along": "q"}, "mask_along is 'q'; groups run along m, n or k"),
        (
            {"c": Operand(dtype="bf16", distinct=17)},
            "distinct of c is 17; distinct of c is a whole number from 1 to 16",
        ),
        (
            {"a": Operand(dtype="bf16", nonzeros=33), "batch": 2},
            "nonzeros of a is 33; nonzeros of a is a whole number from 1 to 32",
        ),
        (
            {"a": Operand(dtype="bf16", nonzeros=3), "b": Operand(dtype="bf16", pattern=TWO_OF_FOUR)},
            "operands a and b both are sparse; one operand of a product may be",
        ),
        ({"mask_of": "w"}, "mask_of is 'w'; the operands are a, b and c"),
        ({"mask_kept": 17}, "mask_kept is 17; mask_kept is a whole number from 1 to 16"),
        (
            {"mask_kept": 3, "mask": TWO_OF_FOUR},
            "the mask is 2:4 and keeps 3; a mask has groups, or is counted",
        ),
    ],
)
def test_what_a_product_refuses(wrong: dict[str, Any], message: str) -> None:
    plain = Operand(dtype="bf16")
    right: dict[str, Any] = {"gemm": Gemm(m=4, n=4, k=4), "a": plain, "b": plain, "c": plain}
    assert refusal(lambda: Product(**(right | wrong))) == message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"elements": 0}, "elements is 0; elements is a whole number from 1 to 1099511627776"),
        ({"read_bits": -1}, "read_bits is -1; read_bits is a whole number from 0 to 4611686018427387904"),
        (
            {"write_bits": 2**62 + 1},
            "write_bits is 4611686018427387905; write_bits is a whole number from 0 to 4611686018427387904",
        ),
        (
            {"metadata_read_bits": 0.5},
            "metadata_read_bits is 0.5; metadata_read_bits is a whole number from 0 to 4611686018427387904",
        ),
        ({"ops": -7}, "ops is -7; ops is a whole number from 0 to 4611686018427387904"),
        ({"op": ""}, "op has 0 characters; op is a text of 1 to 200 characters"),
        ({"op": "gemm"}, "a stream's op is `gemm`; a Product is what multiplies matrices"),
    ],
)
def test_what_a_stream_refuses(wrong: dict[str, Any], message: str) -> None:
    right: dict[str, Any] = {"op": "adamw", "elements": 9}
    assert refusal(lambda: Stream(**(right | wrong))) == message


@given(spans)
def test_a_span_lists_its_steps(when: Span) -> None:
    last = when.first_step + when.count * when.period
    listed = [
        step for step in range(when.first_step, last + 1) if (step - when.first_step) % when.period < when.run
    ][: when.count]
    assert [when.step_of(i) for i in range(when.count)] == listed
    assert when.last_step == listed[-1]


def test_a_span_is_consecutive_unless_said_otherwise() -> None:
    assert [Span(first_step=5, count=3).step_of(i) for i in range(3)] == [5, 6, 7]
    assert Span() == Span(first_step=0, count=1, run=1, period=1)


def test_every_hundredth_step_and_the_next() -> None:
    when = Span(first_step=10, count=5, run=2, period=100)
    assert [when.step_of(i) for i in range(5)] == [10, 11, 110, 111, 210]
    assert when.last_step == 210


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"first_step": -1}, "first_step is -1; first_step is a whole number from 0 to 1099511627776"),
        ({"count": 0}, "count is 0; count is a whole number from 1 to 1099511627776"),
        ({"run": 0}, "run is 0; run is a whole number from 1 to 1099511627776"),
        ({"run": 3, "period": 2}, "period is 2; period is a whole number from 3 to 1099511627776"),
    ],
)
def test_what_a_span_refuses(wrong: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Span(**wrong)) == message


STREAM = Stream(op="adamw", elements=9)
HOLDS = "FWD, DGRAD and WGRAD hold products, UPDATE holds streams"


@pytest.mark.parametrize("pass_", Pass)
@pytest.mark.parametrize("work", [product(), STREAM], ids=["product", "stream"])
def test_a_pass_holds_its_kind_of_work(pass_: Pass, work: Product | Stream) -> None:
    fits = (pass_ == "UPDATE") == (work is STREAM)
    if fits:
        assert Step(layer="fc", pass_=pass_, work=work).when == Span()
    else:
        kind = "Stream" if work is STREAM else "Product"
        message = refusal(lambda: Step(layer="fc", pass_=pass_, work=work))
        assert message == f"fc has a {kind} in {pass_.value}; {HOLDS}"


@pytest.mark.parametrize("name", ["BWD", "UPDATE", None])
def test_a_pass_is_no_text(name: Any) -> None:
    message = refusal(lambda: Step(layer="fc", pass_=name, work=product()))
    assert message == f"fc has the pass {name!r}; a pass is FWD, DGRAD, WGRAD, UPDATE"


def test_a_step_names_its_layer() -> None:
    stream = Stream(op="adamw", elements=1)
    assert refusal(lambda: Step(layer="", pass_=Pass.UPDATE, work=stream)) == (
        "layer has 0 characters; layer is a text of 1 to 200 characters"
    )


@given(spans, spans)
def test_one_span_for_two_has_the_steps_of_both(before: Span, after: Span) -> None:
    def listed(when: Span) -> list[int]:
        return [when.step_of(i) for i in range(when.count)]

    both = listed(before) + listed(after)
    whole = before.followed_by(after)
    assert (whole is not None) == (both == list(range(both[0], both[0] + len(both))))
    assert whole is None or listed(whole) == both
