"""Small Steps that tests of the engine share."""

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
) -> Product:
    """C = A B with a B that obeys `pattern` along the reduction."""
    plain = Operand(dtype=dtype)
    b = Operand(dtype=dtype, pattern=pattern)
    return Product(gemm=Gemm(m=m, n=n, k=k), a=plain, b=b, c=plain, batch=batch, mask=pattern)


def products_with_b(*, side: int, batch: int) -> st.SearchStrategy[Product]:
    """Products of sizes up to `side` in batches of up to `batch`, dense or with any pattern on B along k."""
    sizes = st.integers(1, side)
    return st.builds(
        product, m=sizes, n=sizes, k=sizes, pattern=st.none() | patterns, batch=st.integers(1, batch)
    )


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
    """Any product, with a pattern on any axis of at most one operand."""
    gemm = Gemm(m=draw(sizes), n=draw(sizes), k=draw(sizes))
    batch = draw(st.integers(1, 5))
    sparse = draw(st.sampled_from(["", "a", "b", "c"]))
    operands = {}
    for name in "abc":
        first, second = gemm.sizes(name)
        operands[name] = Operand(
            dtype=draw(dtypes),
            pattern=draw(patterns) if name == sparse else None,
            along=draw(st.sampled_from([first, second])) if name == sparse else "k",
            format=draw(st.sampled_from(["native", "coordinate", "bitmask"])),
            distinct=draw(st.none() | st.integers(1, gemm.sizes(name)[first])),
        )
    mask, along = draw(st.none() | patterns), draw(st.sampled_from("mnk"))
    return Product(gemm=gemm, **operands, batch=batch, mask=mask, mask_along=along)


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
