"""What is wanted of a point: objectives, which are traded off, and constraints, which are met or not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from analysis.sweep.metrics import ALIASES, METRICS, Goal, Metric
from simulator.errors import InputError, Problem, lookup, shown, suggestion

OBJECTIVES_MAX = 6
CONSTRAINTS_MAX = 32
LIMIT = re.compile(r"([A-Za-z_0-9]+) *(<=|>=|<|>|==|=) *(\S.*)")
NUMBER = re.compile(
    r"([+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?)(?=[^0-9eE.]|$) *(\D.*)?"
)
EXAMPLE = "write `area <= 4 mm^2`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A metric, and whether the least or the most of it is best."""

    name: str
    goal: Goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """`name` is at most, or at least, `limit`; `text` is what was written."""

    name: str
    at_most: bool
    limit: float
    text: str

    def excess(self, metrics: Mapping[str, Any]) -> float:
        """By which share of the limit the metrics break it; 0 or less where they meet it."""
        over: float = metrics[self.name] - self.limit
        return (over if self.at_most else -over) / (abs(self.limit) or 1.0)


def metric_named(name: object) -> tuple[str, Metric]:
    """The metric of that name or alias; InputError lists the known ones."""
    known = {alias: (metric, METRICS[metric]) for alias, metric in ALIASES.items()}
    return lookup(known | {own: (own, metric) for own, metric in METRICS.items()}, str(name), kind="metric")


def parse_objectives(written: object) -> tuple[Objective, ...]:
    """The objectives that a list of names, or of {name: min or max}, or such a mapping writes."""
    listed = [{name: goal} for name, goal in written.items()] if isinstance(written, Mapping) else written
    if not isinstance(listed, list | tuple) or not listed:
        what = "there are none" if listed in ([], ()) else f"{shown(written)} is no list of metrics"
        raise InputError.of(what, "write [seconds, area_mm2], or {utilization: max}")
    if len(listed) > OBJECTIVES_MAX:
        raise InputError.of(f"there are {len(listed)}", f"a sweep has at most {OBJECTIVES_MAX}")
    found: list[Objective] = []
    problems: list[Problem] = []
    for index, one in enumerate(listed):
        where = str(next(iter(one))) if isinstance(written, Mapping) else str(index)
        try:
            objective = _objective(one)
            if objective.name in {earlier.name for earlier in found}:
                raise InputError.of(f"{shown(objective.name)} is written twice", "write each metric once")
            found.append(objective)
        except InputError as error:
            problems += error.at(where).problems
    if problems:
        raise InputError(problems)
    return tuple(found)


def _objective(written: object) -> Objective:
    if isinstance(written, Mapping):
        if len(written) != 1:
            raise InputError.of("this is no name with a goal", "write {utilization: max}")
        ((name, goal),) = written.items()
        if goal not in ("min", "max"):
            raise InputError.of(f"{shown(goal)} is no goal", "write min or max")
        return Objective(name=metric_named(name)[0], goal=goal)
    if not isinstance(written, str):
        raise InputError.of(f"{shown(written)} is no name of a metric", suggestion("", METRICS))
    name, metric = metric_named(written)
    return Objective(name=name, goal=metric.goal)


def parse_constraint(text: object) -> Constraint:
    """The constraint that `text` writes: a metric, <= or >=, and a number with a unit of the metric."""
    match = LIMIT.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or not isinstance(text, str):
        raise InputError.of(f"{shown(text)} is no constraint", EXAMPLE)
    written, sign, amount = match.groups()
    name, metric = metric_named(written)
    if sign not in ("<=", ">="):
        raise InputError.of(f"`{sign}` is no sign of a constraint", "write <= or >=")
    return Constraint(
        name=name, at_most=sign == "<=", limit=parse_amount(amount, written, metric), text=text.strip()
    )


def parse_amount(written: object, name: str, metric: Metric) -> float:
    """A number in the unit of the metric that is called `name`, or with a unit of its own."""
    match = NUMBER.fullmatch(repr(written) if isinstance(written, float) else str(written))
    if isinstance(written, bool) or not isinstance(written, int | float | str) or match is None:
        example = f"4 {metric.unit}".rstrip()
        raise InputError.of(f"{shown(written)} is no number", f"write one, such as {example}")
    number, unit = Fraction(match[1]), (match[2] or "").strip()
    if unit:
        if not metric.units:
            right = "write the number alone"
            raise InputError.of(f"`{name}` has no unit, and {shown(written)} has one", right)
        if unit not in metric.units:
            what = f"{shown(unit)} is no unit of {name}"
            raise InputError.of(what, suggestion(unit, metric.units))
        return float(number * metric.units[unit])
    if name in ALIASES and metric.units:
        what = f"{shown(written)} has no unit"
        raise InputError.of(what, f"write one, such as {match[1]} {metric.unit}, or {ALIASES[name]}")
    return float(number)


def parse_reference(written: object) -> dict[str, float]:
    """The reference point of the hypervolume that {metric: number with or without a unit} writes."""
    if not isinstance(written, Mapping):
        raise InputError.of(f"{shown(written)} is no mapping", "write {seconds: 5 ms, area: 10 mm^2}")
    found: dict[str, float] = {}
    problems: list[Problem] = []
    for key, amount in written.items():
        try:
            name, metric = metric_named(key)
            if name in found:
                raise InputError.of(f"{shown(name)} is written twice", "write each metric once")
            found[name] = parse_amount(amount, str(key), metric)
        except InputError as error:
            problems += error.at(str(key)).problems
    if problems:
        raise InputError(problems)
    return found
