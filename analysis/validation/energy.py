"""Energy and area against published ones: Sparseloop's tensor cores, and what selection costs elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from analysis.published import read_published
from analysis.tables import Cells
from analysis.validation.cases import CALIBRATED, PREDICTED, Case, product
from analysis.validation.exact import FLEXIBLE, RUN_LENGTHS, TENSOR_CORES
from simulator.arch import load_arch
from simulator.area import LOGIC, areas, without_sparsity
from simulator.gemm import Pass, Step
from simulator.machine import resolve
from simulator.simulate import simulate
from simulator.tariff import Action, Tariff, load_tariff
from simulator.trace import Trace

ENERGY = "sparseloop_stc_energy"
OMITTED = ", its omission switched on"
SWITCHED = ENERGY + OMITTED
NO_METADATA = "components=[sparseloop_stc, sparseloop_no_dram_metadata]"
BOARDS = (
    ("a100", 400, "NVIDIA's A100 data sheet"),
    ("h100", 700, "NVIDIA's H100 data sheet"),
)
"""Machines whose board's power is published, in W; a chip takes less, and the model less than the chip."""
WORST = {"stc": 0.02, "stc_flexible": 0.02, "stc_dense": 0.01}
"""What is let pass on each machine, of an energy."""


def energy_cases() -> Iterator[Case]:
    """Every run of Sparseloop's tensor cores twice: as charged here, and without metadata's energy in DRAM.

    The artifact pads k to whole steps and says which tile of the dense operand it ran; both are its inputs.
    """
    for index, row in enumerate(read_published(ENERGY)):
        design, density = row["design"], row["weight_density"]
        pattern = None if design == "TC" else FLEXIBLE[density]
        if design == "STC" and pattern:
            pattern = "2:4"
        settings = (
            f"mapping.tile_m={row['N_tile']}",
            *(RUN_LENGTHS if design.endswith("-RLE") and pattern == "2:6" else ()),
        )
        work = product(int(row["N"]), int(row["M"]), int(row["K_padded"]), pattern, "int8")
        case = Case(
            reference=ENERGY,
            rows=(index,),
            name=f"{design} {row['N']}x{row['M']}x{row['K']} {density}",
            arch=TENSOR_CORES[design],
            works=(work,),
            published=float(row["total_uJ"]),
            unit="uJ",
            settings=settings,
        )
        yield case
        if design != "TC":
            yield replace(case.with_settings([NO_METADATA]), way=OMITTED)


class Relation(NamedTuple):
    """A ratio that published work gives, the same of the tables here, and the range that is let pass."""

    what: str
    published: float
    model: float
    low: float
    high: float
    source: str
    standing: str = PREDICTED
    machine: str = ""
    unit: str = "ratio"

    @property
    def holds(self) -> bool:
        """Whether the model's ratio lies in the range."""
        return self.low <= self.model <= self.high

    @property
    def cells(self) -> Cells:
        """The relation as a row of a table."""
        return {
            "what": self.what,
            "published": f"{self.published:.3g}",
            "model": f"{self.model:.3g}",
            "let pass": f"{self.low:.3g} to {self.high:.3g}",
            "source": self.source,
        }

    @property
    def columns(self) -> Cells:
        """The same with numbers as numbers, and the error of a Case."""
        return {
            "source": self.source,
            "standing": self.standing,
            "case": self.what,
            "machine": self.machine,
            "unit": self.unit,
            "published": self.published,
            "simulated": self.model,
            "error": self.model / self.published - 1,
            "low": self.low,
            "high": self.high,
        }


def relations() -> Iterator[Relation]:
    """What selection, dtypes and whole chips take elsewhere, beside what the tables make of machines here."""
    luts = {row["design"]: int(row["lut"]) for row in read_published("vortex_fpga_synthesis")}
    added = luts["tcu_sp(2:4)"] / luts["tcu"] - 1
    yield Relation(
        what="logic that 2:4 adds to Vortex' tensor unit: LUTs there, area here",
        published=added,
        model=logic_overhead("vortex_tcu"),
        low=added / 2,
        high=added * 2,
        source="vortex_fpga_synthesis",
        machine="vortex_tcu",
    )
    yield from _of_synthesis()
    yield Relation(
        what="fp16 over int8, energy of a multiply-add: Horowitz at 45 nm there, the 7 nm rows here",
        published=2.0 / 0.3,
        model=_multiply("a100", "fp16") / _multiply("a100", "int8"),
        low=0.75 * 2.0 / 0.3,
        high=1.25 * 2.0 / 0.3,
        source="doi:10.1109/ISSCC.2014.6757323",
        machine="a100",
    )
    for arch, watts, source in BOARDS:
        yield Relation(
            what=f"power in a dense product of 8192 x 8192 x 8192, W: the board's limit there, `{arch}` here",
            published=watts,
            model=_power(arch),
            low=0.1 * watts,
            high=watts,
            source=source,
            machine=arch,
            unit="W",
        )


def _of_synthesis() -> Iterator[Relation]:
    """One lane's mux and multiply-add, in transistors there and in area here."""
    counts = {(row["design"], row["variant"]): int(row["transistors"]) for row in read_published("synthesis")}

    def mux(fan_in: int, bits: int) -> int:
        field = f"FAN_IN={fan_in} BITS={bits} FIELD={(fan_in - 1).bit_length()}"
        return min(counts[design, field] for design in ("select_tree", "select_array"))

    scaled = tariff("highlight").scaled

    def area(fan_in: int, bits: int) -> float:
        return float(scaled.select("area", fan_in).value * bits)

    int8 = float(scaled.value("multiply_add", "area", "int8").value)
    several = mux(32, 16) / mux(4, 16)
    yield Relation(
        what="selecting one of 32 over one of 4, 16 bits",
        published=several,
        model=area(32, 16) / area(4, 16),
        low=0.8 * several,
        high=1.25 * several,
        source="synthesis",
        standing=CALIBRATED,
        machine="highlight",
    )
    for fan_in in (4, 16, 32):
        share = mux(fan_in, 8) / counts["multiply_add", "BITS=8 SUM=32"]
        yield Relation(
            what=f"selecting one of {fan_in} over multiplying and adding, int8",
            published=share,
            model=area(fan_in, 8) / int8,
            low=0.8 * share,
            high=1.25 * share,
            source="synthesis",
            standing=CALIBRATED,
            machine="highlight",
        )


def tariff(arch: str) -> Tariff:
    """The tariff of a machine that comes with the program."""
    return load_tariff(load_arch(arch))[1]


def logic_overhead(arch: str) -> float:
    """What sparsity adds to the logic of a machine's arrays, over the same arrays without it, in area."""
    prices = tariff(arch)
    dense = areas(prices.scaled, without_sparsity(resolve(load_arch(arch).value)))
    with_it, without = (
        sum(area.total.value for area in found if area.part in LOGIC and area.part != "vector")
        for found in (prices.areas, dense)
    )
    return float(with_it / without - 1)


def _multiply(arch: str, dtype: str) -> float:
    """The charge of a multiply-add."""
    return tariff(arch).charges[Action("multiply_add", "multiply", dtype)].value


def _power(arch: str) -> float:
    """Watts on average in one large dense product."""
    side = 8192
    step = Step(layer="product", pass_=Pass.FWD, work=product(side, side, side, None, "bf16"))
    totals = simulate(arch, Trace(steps=(step,))).totals
    return float(totals["energy_pj"]) / 1e12 / float(totals["seconds"])
