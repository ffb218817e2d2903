"""What is validated: published figures as Cases, and what the engine says of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from simulator.arch import load_arch
from simulator.gemm import Gemm, Operand, Pass, Product, Step, Stream
from simulator.pattern import Pattern
from simulator.simulate import simulate
from simulator.trace import Trace

Work = Product | Stream
UNITS = {"cycles": ("cycles", 1), "s": ("seconds", 1), "uJ": ("energy_pj", 10**6)}
"""Which column of a report a unit is of, and how many of that make one."""
CALIBRATED, PREDICTED = "calibrated", "predicted"
"""Whether something of the model was made from a figure, or nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One published figure: the work it is of, and the machine that stands for theirs.

    It is made of the `rows` of the table `reference`, counted from 0; `way` says how, where that is done in
    several ways. `settings` are keys of the machine as `--set` takes them, `works` run one after the other. A
    figure that is looked up has no works, and `arch` is what it is looked up in.
    """

    reference: str
    rows: tuple[int, ...]
    name: str
    arch: str
    works: tuple[Work, ...]
    published: float
    way: str = ""
    standing: str = PREDICTED
    unit: str = "cycles"
    settings: tuple[str, ...] = ()
    fidelity: str = "tile"

    @property
    def source(self) -> str:
        """The table, and the way in which its rows are compared."""
        return self.reference + self.way

    def with_settings(self, settings: Sequence[str]) -> "Case":
        """The same on a machine with more keys set."""
        return replace(self, settings=(*self.settings, *settings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A Case and what the engine says, in the Case's unit."""

    case: Case
    simulated: float

    @property
    def error(self) -> float:
        """Simulated over published, less 1."""
        return self.simulated / self.case.published - 1

    @property
    def columns(self) -> dict[str, object]:
        """The case as a row of a table."""
        return {
            "source": self.case.source,
            "standing": self.case.standing,
            "case": self.case.name,
            "machine": self.case.arch,
            "unit": self.case.unit,
            "published": self.case.published,
            "simulated": self.simulated,
            "error": self.error,
        }


def check(cases: Iterable[Case]) -> list[Checked]:
    """Every Case simulated, in their order; those on one machine at one fidelity go together."""
    ordered = list(cases)
    runs: dict[tuple[str, tuple[str, ...], str], list[int]] = {}
    for index, case in enumerate(ordered):
        runs.setdefault((case.arch, case.settings, case.fidelity), []).append(index)
    found: dict[int, Checked] = {}
    for (arch, settings, fidelity), indices in runs.items():
        steps = tuple(
            Step(layer=str(index), pass_=Pass.UPDATE if isinstance(work, Stream) else Pass.FWD, work=work)
            for index in indices
            for work in ordered[index].works
        )
        report = simulate(load_arch(arch, settings=settings), Trace(steps=steps), fidelity=fidelity)
        for (layer,), part in report.grouped("layer"):
            case = ordered[int(str(layer))]
            column, scale = UNITS[case.unit]
            found[int(str(layer))] = Checked(case=case, simulated=part.totals[column] / scale)
    return [found[index] for index in range(len(ordered))]


def product(m: int, n: int, k: int, pattern: str | None, dtype: str) -> Product:
    """C[m,n] = A[m,k] B[k,n], all of `dtype`, B with a pattern along k or none."""
    values = Operand(dtype=dtype)
    sparse = replace(values, pattern=Pattern.parse(pattern) if pattern else None)
    return Product(gemm=Gemm(m=m, n=n, k=k), a=values, b=sparse, c=values)


def sizes(errors: Iterable[float]) -> tuple[float, float]:
    """The median and the largest of the errors' sizes."""
    found = [abs(error) for error in errors]
    return median(found), max(found)
