"""What is fitted to measured GPUs: four constants of one machine, by a search that finds the same each time.

`python -m analysis.validation.fit` fits them anew, with all rows and with those of one k left out; what it
prints is written into `arch_configs/a100.yaml`, `a100_80gb.yaml` and LEFT_OUT by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log
from statistics import fmean
from types import MappingProxyType

from analysis.console import write
from analysis.validation.cases import Case, Checked, check
from analysis.validation.gpu import GPU, LAYER, gpu_cases
from simulator.arch import load_arch

Values = tuple[Fraction, ...]
SCALES = {"%": 100, "us": 10**6, "ns": 10**9, "cycles": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A key of the machine that no data sheet gives, and the range in which it is sought."""

    key: str
    unit: str
    sheet: Fraction
    low: Fraction
    high: Fraction
    step: Fraction
    why: str

    def setting(self, value: Fraction) -> str:
        """The key set to a value, as `--set` takes it; a share is at most all, and no time has no key."""
        if not value:
            return f"{self.key}=null"
        most = Fraction(100) if self.unit == "%" else value
        return f"{self.key}={float(min(value, most)):g} {self.unit}"


def _constant(key: str, unit: str, numbers: tuple[int, int, int, int], why: str) -> Constant:
    sheet, low, high, step = (Fraction(number) for number in numbers)
    return Constant(key=key, unit=unit, sheet=sheet, low=low, high=high, step=step, why=why)


CONSTANTS = (
    _constant("clock_under_load.dense", "%", (100, 60, 100, 4), "issue and power while multiplying dense"),
    _constant("clock_under_load.sparse", "%", (100, 60, 100, 4), "the same while skipping zeros"),
    _constant("memory.dram.efficiency", "%", (100, 79, 95, 4), "refresh, turnarounds and row misses"),
    _constant("launch", "us", (0, 2, 8, 2), "the launch of a kernel and its end"),
)
"""Every constant that is fitted; `sheet` is its value if only data sheets are believed."""
GIVEN = (
    _constant("memory.dram.latency", "ns", (400, 400, 400, 0), "an assumption that is not fitted"),
    _constant("memory.l2.latency", "cycles", (200, 200, 200, 0), "an assumption that is not fitted"),
)
"""Assumptions of the machine that were not fitted, but could have been."""
HALVINGS = 3

LEFT_OUT: Mapping[int, Values] = MappingProxyType(
    {
        768: (Fraction("86.5"), Fraction("69"), Fraction("87.5"), Fraction("8")),
        3072: (Fraction("89"), Fraction("66.5"), Fraction("92"), Fraction("8")),
    }
)
"""The constants fitted without the rows of `a100_2to4_measured` that have this k."""


def settings_of(values: Values) -> tuple[str, ...]:
    """The constants as settings of the machine."""
    return tuple(constant.setting(value) for constant, value in zip(CONSTANTS, values, strict=True))


def written_value(constant: Constant) -> Fraction:
    """A constant as the machine's file has it."""
    found: object = load_arch(GPU).value
    for part in constant.key.split("."):
        levels = {level.name: level for level in found} if isinstance(found, tuple) else {}
        found = levels[part] if levels else getattr(found, part)
    if not isinstance(found, (int, Fraction)):
        return constant.sheet  # the file leaves the key out
    return found * Fraction(SCALES[constant.unit])


def without(cases: Sequence[Case], k: int | None) -> list[Case]:
    """The Cases but those of 2:4 layers with this reduction."""
    return [case for case in cases if case.source != LAYER or not of_k(case, k)]


def of_k(case: Case, k: int | None) -> bool:
    """Whether the first product of a Case has this reduction."""
    work = case.works[0]
    return getattr(getattr(work, "gemm", None), "k", None) == k


def score(checked: Sequence[Checked]) -> float:
    """How bad a fit is: the mean over sources of the mean squared logarithm of simulated over published."""
    squares: dict[str, list[float]] = {}
    for one in checked:
        squares.setdefault(one.case.source, []).append(log(1 + one.error) ** 2)
    return fmean(fmean(values) for values in squares.values())


def fit(*, left_out: int | None = None, say: Callable[[str], None] = lambda _: None) -> tuple[Values, float]:
    """The constants of the lowest score, by a descent along each of them in steps that halve."""
    cases = without(gpu_cases(), left_out)
    known: dict[Values, float] = {}

    def tried(values: Values) -> float:
        if values not in known:
            known[values] = score(check(case.with_settings(settings_of(values)) for case in cases))
            say(f"{len(known)}: {', '.join(settings_of(values))}: {known[values]:.6f}\n")
        return known[values]

    best = tuple((constant.low + constant.high) / 2 for constant in CONSTANTS)
    steps = [constant.step for constant in CONSTANTS]
    for _ in range(HALVINGS + 1):
        while (better := _neighbour(best, steps, tried)) != best:
            best = better
        steps = [step / 2 for step in steps]
    return best, tried(best)


def _neighbour(best: Values, steps: Sequence[Fraction], tried: Callable[[Values], float]) -> Values:
    """The best values after one step along each constant in turn, both ways, and along each pair."""
    moves = [{i: sign} for i in range(len(steps)) for sign in (1, -1)]
    moves += [{i: a, j: b} for i in range(len(steps)) for j in range(i) for a in (1, -1) for b in (1, -1)]
    for move in moves:
        near = tuple(value + move.get(i, 0) * steps[i] for i, value in enumerate(best))
        inside = all(one.low <= value <= one.high for one, value in zip(CONSTANTS, near, strict=True))
        if inside and tried(near) < tried(best):
            best = near
    return best


def main() -> None:
    """Fit with all rows, and with those of each k left out."""
    for k in (None, 768, 3072):
        values, found = fit(left_out=k)
        write(f"{'all rows' if k is None else f'without k = {k}'}: {settings_of(values)} score {found:.6f}\n")


if __name__ == "__main__":
    main()
