"""Which rows of which table of published numbers are compared, what for, and why the others are not."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analysis.published import published_names, read_published
from analysis.validation.cases import CALIBRATED, Case
from analysis.validation.energy import ENERGY, energy_cases
from analysis.validation.exact import systolic_cases, tensor_core_cases, vortex_cases
from analysis.validation.gpu import GEMM, LAYER, TRAINING, gpu_cases
from analysis.validation.looked_up import CACTI, FPGA, SYNTHESIS, looked_up


class Use(NamedTuple):
    """What a table is for, and which of its rows are no case of anything."""

    purpose: str
    left_out: str = ""


USES = {
    LAYER: Use("times of 2:4 layers and dense ones"),
    GEMM: Use("times of dense products"),
    CACTI: Use("energies and areas of SRAM"),
    "scalesim_dense": Use("cycles of a systolic array"),
    "scalesim_sparse": Use(
        "cycles of a systolic array without rows of k", "blocks of random rows, which no pattern is"
    ),
    "sparseloop_stc": Use(
        "cycles of sparse tensor cores", "DSTC and dual compression, which skip no N:M pattern"
    ),
    ENERGY: Use("energies of sparse tensor cores"),
    SYNTHESIS: Use(
        "areas of selection, decoding and arithmetic",
        "multiplies without an add, with a register, of int16; wires for and-or muxes: no row has them",
    ),
    TRAINING: Use("times of layers that are trained", "pruning alone, which is a part of the 2:4 layer"),
    "vortex_dense_vs_2to4": Use("cycles of an open tensor unit"),
    FPGA: Use("what 2:4 adds to its logic", "its units for microscaling, which no machine has"),
}
"""Every table of published numbers."""


class Covered(NamedTuple):
    """A table: its rows, how many of them are compared, in how many cases, and how these stand."""

    reference: str
    rows: int
    compared: int
    calibrated: int
    predicted: int

    @property
    def cases(self) -> int:
        """How many figures are compared."""
        return self.calibrated + self.predicted

    @property
    def columns(self) -> dict[str, object]:
        """The table as a row of one."""
        use = USES[self.reference]
        return {
            "reference": self.reference,
            "rows": self.rows,
            "compared": self.compared,
            "cases": self.cases,
            "calibrated": self.calibrated,
            "predicted": self.predicted,
            "for": use.purpose,
            "not compared": use.left_out,
        }


def simulated_cases() -> Iterator[Case]:
    """Every case that is run, those of the GPU last."""
    yield from systolic_cases()
    yield from tensor_core_cases("bound")
    yield from tensor_core_cases("tile")
    yield from energy_cases()
    yield from vortex_cases()
    yield from gpu_cases()


def all_cases() -> list[Case]:
    """Every case, those that are looked up too; none of them is run."""
    return [*simulated_cases(), *(one.case for one in looked_up())]


def coverage(cases: Iterable[Case]) -> Iterator[Covered]:
    """What is compared of each table, in order of their names."""
    found = list(cases)
    for name in published_names():
        own = [case for case in found if case.reference == name]
        fitted = sum(case.standing == CALIBRATED for case in own)
        compared = {index for case in own for index in case.rows}
        yield Covered(name, len(read_published(name)), len(compared), fitted, len(own) - fitted)
