"""Small Steps that tests of the engine share."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from simulator.gemm import DTYPES, Gemm, Operand, Pass, Product, Span, Step, Stream
from simulator.pattern import Pattern
from tests.strategies import patterns


def product(
    *,
    m: int = 4,
    n: int = 8,
    k: int = 16,
    pattern: Pattern | None = None,
    dtype: str = "bf16",
    batch: int = 1,
    nonzeros: int | None = None,
) -> Product:
    """C = A B with a B that obeys `pattern` along the reduction, or has `nonzeros` without one."""
    plain = Operand(dtype=dtype)
    b = Operand(dtype=dtype, pattern=pattern, nonzeros=nonzeros)
    gemm = Gemm(m=m, n=n, k=k)
    return Product(gemm=gemm, a=plain, b=b, c=plain, batch=batch, mask=pattern, mask_kept=nonzeros)


@st.composite
def products_with_b(draw: st.DrawFn, *, side: int, batch: int) -> Product:
    """Products of sizes up to `side` in batches of up to `batch`; B dense, or sparse along k or anywhere."""
    m, n, k = (draw(st.integers(1, side)) for _ in "mnk")
    times = draw(st.integers(1, batch))
    zeros: dict[str, st.SearchStrategy[Any]] = {
        "pattern": st.none() | patterns,
        "nonzeros": st.integers(1, times * n * k),
    }
    name = draw(st.sampled_from(["pattern", "pattern", "nonzeros"]))
    return product(m=m, n=n, k=k, batch=times, **{name: draw(zeros[name])})


def step(layer: str = "fc", *, first: int = 0, count: int = 1, work: Product | Stream | None = None) -> Step:
    """A Step of `layer` at `count` consecutive training steps."""
    work = work or product()
    pass_ = Pass.UPDATE if isinstance(work, Stream) else Pass.FWD
    return Step(layer=layer, pass_=pass_, work=work, when=Span(first_step=first, count=count))


sizes = st.integers(1, 70)
spans = st.integers(1, 5).flatmap(
    lambda run: st.builds(
        Span,
        first_step=st.integers(0, 9),
        count=st.integers(1, 9),
        run=st.just(run),
        period=st.integers(run, 9),
    )
)
dtypes = st.sampled_from(sorted(DTYPES))


@st.composite
def products(
    draw: st.DrawFn, *, sizes: st.SearchStrategy[int] = sizes, dtypes: st.SearchStrategy[str] = dtypes
) -> Product:
    """Any product, with a pattern on any axis of at most one operand, or zeros anywhere in it."""
    gemm = Gemm(m=draw(sizes), n=draw(sizes), k=draw(sizes))
    batch = draw(st.integers(1, 5))
    sparse = draw(st.sampled_from(["", "a", "b", "c"]))
    operands: dict[str, Any] = {}
    anywhere = draw(st.sampled_from([False, False, True]))
    for name in "abc":
        (first, size), (second, other) = gemm.sizes(name).items()
        here = name == sparse
        operands[name] = Operand(
            dtype=draw(dtypes),
            pattern=draw(patterns) if here and not anywhere else None,
            along=draw(st.sampled_from([first, second])) if here and not anywhere else "k",
            nonzeros=draw(st.integers(1, batch * size * other)) if here and anywhere else None,
            format=draw(st.sampled_from(["native", "coordinate", "bitmask"])),
            distinct=draw(st.none() | st.integers(1, size)),
        )
    made = Product(gemm=gemm, **operands, batch=batch)
    of = draw(st.sampled_from("abc"))
    if draw(st.booleans()):
        return replace(made, mask_kept=draw(st.integers(1, made.values_of(of))), mask_of=of)
    return replace(made, mask=draw(st.none() | patterns), mask_along=draw(st.sampled_from("mnk")))


bits = st.integers(0, 10**6)
streams = st.builds(
    Stream,
    op=st.sampled_from(["adamw", "select"]),
    elements=st.integers(1, 10**6),
    read_bits=bits,
    write_bits=bits,
    metadata_read_bits=bits,
    metadata_write_bits=bits,
    ops=bits,
)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """Any Step."""
    work = draw(products() | streams)
    passes = [Pass.UPDATE] if isinstance(work, Stream) else [Pass.FWD, Pass.DGRAD, Pass.WGRAD]
    layer = draw(st.sampled_from(["a", "b.0", "größe"]))
    return Step(layer=layer, pass_=draw(st.sampled_from(passes)), work=work, when=draw(spans))
