"""Energy by component, for every report: the bars of `nmsim explain --energy` from the totals of a report."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from analysis.canvas import name
from analysis.explain.energy_figure import Stack, stacks_figure
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError, check_few
from analysis.figures.sources import Reported, reports_of
from analysis.quantities import PICO
from simulator.energy import Joules
from simulator.report import ENERGIES, energy_columns
from simulator.tariff import ZEPTO_PER_PJ

BARS_MAX = 16


def find(asked: Asked) -> Iterator[Drawing]:
    """One bar for each report whose machine has component tables."""
    found = [one for one in reports_of(asked) if one.report["totals"].get("energy_pj") is not None]
    if not found:
        raise LackingError.of("no machine has an energy", "name one with component tables (`components`)")
    check_few(found, BARS_MAX, "reports")
    several = len({one.arch for one in found}) > 1
    bars = [_bar(one, several=several) for one in found]
    yield Drawing(
        numbers=_numbers(found, bars),
        draw=partial(stacks_figure, bars),
        said="Energy by component; the line below a bar goes from the lower to the upper bound of its total.",
    )


def _bar(one: Reported, *, several: bool) -> Stack:
    totals = one.report["totals"]
    low, value, high = (_zepto(totals[column]) for column in ("energy_low_pj", "energy_pj", "energy_high_pj"))
    said = f"{name(one.arch)}\n{name(one.ran)}" if several else name(one.ran)
    parts = {part: _zepto(totals[column]) for part, column in parts_of(totals).items()}
    rest = value - sum(parts.values())  # what rounding to pJ has left
    largest = max(parts, key=lambda part: parts[part], default=None)
    if largest is not None:
        parts[largest] += rest
    return Stack(said, Joules(low, value, high), parts)


def parts_of(totals: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a machine that a report's totals have an energy of, and under which column."""
    columns = [one for one in totals if one.startswith("energy_") and one.endswith("_pj")]
    names = {one.removeprefix("energy_").removesuffix("_pj"): one for one in columns if one not in ENERGIES}
    assert list(names.values()) == energy_columns(names)
    return names


def _zepto(picojoules: float) -> int:
    return round(picojoules * ZEPTO_PER_PJ)


def _numbers(found: Sequence[Reported], bars: Sequence[Stack]) -> list[dict[str, object]]:
    parts = list(dict.fromkeys(part for bar in bars for part in bar.parts))
    numbers = []
    for one, bar in zip(found, bars, strict=True):
        low, value, high = (PICO * zepto / ZEPTO_PER_PJ for zepto in bar.total)
        own = {f"{part} (J)": PICO * bar.parts.get(part, 0) / ZEPTO_PER_PJ for part in parts}
        bounds = {"energy (J)": value, "low (J)": low, "high (J)": high}
        numbers.append({"machine": one.arch, "ran": one.ran, **bounds, **own})
    return numbers


FIGURE = Figure(
    name="energy",
    about="energy by component, stacked, with the bounds of its total",
    kinds=("study", "run", "trace", "report"),
    needs="reports of machines with component tables: those of a study or a run, or --arch",
    find=find,
)
