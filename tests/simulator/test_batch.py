"""A Batch against `simulate`, machine by machine: every integer, every bit of a float, every refusal."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.arch import ArchFamily, arch_names, load_arch
from simulator.area import areas
from simulator.batch import Batch, Figures
from simulator.errors import InputError
from simulator.gemm import Gemm, Operand, Pass, Product, Span, Step, Stream
from simulator.pattern import Pattern
from simulator.simulate import simulate
from simulator.spec import Loaded
from simulator.tariff import load_tariff
from simulator.trace import Trace
from tests.strategies import examples

PATTERNS = (None, Pattern(kept=2, group=4), Pattern(kept=1, group=4), Pattern(kept=4, group=8))
FIDELITIES = ("tile", "bound")

sides = st.integers(1, 40) | st.sampled_from([64, 200, 513])
passes = st.sampled_from([Pass.FWD, Pass.DGRAD, Pass.WGRAD])


@st.composite
def products(draw: st.DrawFn) -> Product:
    """A product of any shape, dense or sparse in one operand, of two dtypes."""
    dtype, pattern = draw(st.sampled_from(["bf16", "int8"])), draw(st.sampled_from(PATTERNS))
    plain, sparse = Operand(dtype=dtype), Operand(dtype=dtype, pattern=pattern)
    where = draw(st.sampled_from("ab"))
    return Product(
        gemm=Gemm(m=draw(sides), n=draw(sides), k=draw(sides)),
        batch=draw(st.integers(1, 3)),
        a=sparse if where == "a" else plain,
        b=sparse if where == "b" else plain,
        c=plain,
    )


counts = st.integers(0, 10**6)
streams = st.builds(
    Stream,
    op=st.sampled_from(["adamw", "select"]),
    elements=st.integers(1, 10**6),
    read_bits=counts,
    write_bits=counts,
    metadata_read_bits=counts,
    ops=counts,
)
spans = st.builds(Span, count=st.integers(1, 10**4))
steps = st.builds(Step, layer=st.sampled_from("xyz"), pass_=passes, work=products(), when=spans)
updates = st.builds(Step, layer=st.just("x"), pass_=st.just(Pass.UPDATE), work=streams, when=spans)
traces = st.lists(steps | updates, min_size=1, max_size=6).map(
    lambda found: Trace(steps=(*found, *found[:2]))
)

VARIANTS = (
    "core.array.rows=3",
    "core.array.columns=6",
    "core.accumulators=null",
    "core.accumulators.capacity=2 KiB",
    "core.accumulators.capacity=4 B",
    "core.gate_zeros=true",
    "core.overlap=false",
    "core.fetch_ahead=true",
    "core.patterns=[1:4]",
    "core.decode.groups_per_cycle=1",
    "core.decode.latency=9",
    "core.feed=9 B/cycle",
    "core.vector.ops_per_cycle=3",
    "clock=700 MHz",
    "cores=12",
    "launch=1 us",
    "memory.0.bandwidth=7 GB/s",
    "memory.1.capacity=2 KiB",
    "memory.1.latency=90 cycles",
    "mapping={tile_m: 8}",
    "mapping={tile_k: 6}",
    "node=45 nm",
    "voltage=1 V",
    "components=null",
)


@st.composite
def machines(draw: st.DrawFn) -> Loaded[Any] | None:
    """A shipped machine with some settings; None where these do not go together."""
    settings = draw(st.lists(st.sampled_from(VARIANTS), max_size=4, unique=True))
    family = FAMILIES[draw(st.sampled_from(sorted(FAMILIES)))]
    try:
        return family.load(settings)
    except InputError:
        return None


FAMILIES = {name: ArchFamily(name) for name in arch_names()}


def outcome(call: Any) -> Any:
    """What a call returns, in order if it is a mapping; or the text with which it refuses."""
    try:
        return list(call().items())
    except InputError as error:
        return str(error)


@examples(120)
@given(traces, st.lists(machines(), min_size=1, max_size=4), st.sampled_from(FIDELITIES))
def test_a_batch_has_the_totals_of_simulate(
    trace: Trace, drawn: list[Loaded[Any] | None], fidelity: str
) -> None:
    batch = Batch(trace, fidelity=fidelity)
    for machine in filter(None, drawn):
        alone = outcome(lambda machine=machine: simulate(machine, trace, fidelity=fidelity).totals)
        assert outcome(lambda machine=machine: batch.totals(machine)) == alone


SPARSE = Operand(dtype="bf16", pattern=PATTERNS[1])
DENSE = Operand(dtype="bf16")
SMALL = Trace(
    steps=(
        Step(
            layer="x",
            pass_=Pass.FWD,
            work=Product(gemm=Gemm(m=64, n=48, k=96), a=DENSE, b=SPARSE, c=DENSE),
            when=Span(count=3),
        ),
        Step(layer="x", pass_=Pass.UPDATE, work=Stream(op="adamw", elements=9, read_bits=4096, ops=9)),
    )
)


def figures(machine: Loaded[Any]) -> Figures:
    return Batch(SMALL).figures(machine)


def test_figures_are_those_of_the_report() -> None:
    machine = load_arch("a100")
    found, report = figures(machine), simulate(machine, SMALL)
    peak = 432 * 8 * 4 * 8
    assert found.peak == peak
    assert found.outermost == report.traffic("dram")
    assert found.utilization == report.totals["effective_macs"] / (peak * report.totals["cycles"])
    assert found.utilization <= 1


def test_the_area_is_that_of_every_part() -> None:
    machine = load_arch("a100")
    resolved, tariff = load_tariff(machine)
    found = figures(machine).area
    assert found is not None
    parts = areas(tariff.scaled, resolved)
    for side in ("low", "value", "high"):
        assert getattr(found, side) == sum(getattr(part.each, side) * part.instances for part in parts)
    assert found.low <= found.value <= found.high
    assert figures(load_arch("a100", settings=["components=null", "node=null"])).area is None


def test_a_refusal_says_at_which_step() -> None:
    machine = load_arch("a100", settings=["core.accumulators.capacity=4 B", "memory.registers.capacity=8 B"])
    with pytest.raises(InputError, match=r"^a100: x FWD: no tile of it fits into l2, shared, registers"):
        figures(machine)


def test_an_unknown_fidelity_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="no fidelity is called `exact`; known: bound, cycle, tile"):
        Batch(SMALL, fidelity="exact")


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["cores=216", "memory.dram.bandwidth=2 TB/s"],
        ["core.patterns=[1:4, 2:4]"],
        ["core.accumulators=null"],
        ["no.such=3"],
        ["cores=7"],
        ["cores"],
        ["core.array.rows=1: 2: 3"],
        ["name=x", "spec=2"],
    ],
)
def test_a_family_loads_what_load_arch_does(settings: list[str]) -> None:
    """Value, digest, places and name; or the same words."""

    def loaded(load: Any) -> Any:
        try:
            found = load()
        except InputError as error:
            return str(error)
        return found.value, found.digest, dict(found.origin), found.name

    family = ArchFamily("a100")
    for _ in range(2):
        assert loaded(lambda: family.load(settings)) == loaded(lambda: load_arch("a100", settings=settings))
