"""The values of an axis: a list of them, or a range with both of its ends."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from math import log, log10
from typing import Any

from simulator.errors import InputError, Problem, shown, suggestion
from simulator.units import EXPONENT_MAX, UNITS, Dimension

VALUES_MAX = 10_000
DIGITS = 4
LENGTH_MAX = 200
CLEAN, FACTORS_DIGITS = 12, 200
KEYS = ("from", "to", "points", "step", "times", "scale")
EXAMPLE = "write [4, 8, 16], or {from: 4, to: 64, times: 2}"

Value = Any
"""One value as a file writes it: a number, a text, a truth, or a list or mapping of these."""

_WRITTEN = re.compile(
    r"([+-]?)([0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE]([+-]?[0-9]{1,3}))?( ?)(\D.*)?"
)
_EXACT = Context(prec=60)
_ROUNDED = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """An exact number and the unit behind it, which may be none; `whole` where it was written so."""

    value: Fraction
    unit: str
    gap: str = ""
    whole: bool = False

    def written(self) -> Value:
        """As a person writes it: 8, 0.5 or `1.5 MiB`."""
        if self.unit:
            return f"{decimal_text(self.value)}{self.gap}{self.unit}"
        return int(self.value) if self.whole else float(self.value)


def parse_values(written: object) -> tuple[Value, ...]:
    """The values that a list writes or a range means, each once and in their order."""
    if isinstance(written, Mapping):
        return _ranged(written)
    if not isinstance(written, list | tuple):
        raise InputError.of(f"{shown(written)} is no list of values", EXAMPLE)
    if not written:
        raise InputError.of("there are none", EXAMPLE)
    if len(written) > VALUES_MAX:
        raise InputError.of(f"there are {len(written)} values", f"an axis has at most {VALUES_MAX}")
    first: dict[str, int] = {}
    problems = []
    for index, value in enumerate(written):
        if len(text := canonical(value)) > LENGTH_MAX:
            problems.append(Problem(where=str(index), what="this is too long", right="write a shorter value"))
        elif (earlier := first.setdefault(text, index)) != index:
            what = f"{shown(value)} is written twice, at {earlier} too"
            problems.append(Problem(where=str(index), what=what, right="write each value once"))
    if problems:
        raise InputError(problems)
    return tuple(written)


def canonical(value: Value) -> str:
    """A value as canonical JSON, the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def is_ordered(values: tuple[Value, ...]) -> bool:
    """Whether the values are numbers, or quantities of one kind, that rise from first to last."""
    numbers = [_number(value) for value in values]
    if any(number is None for number in numbers):
        return False
    try:
        sizes = [_in_unit(number, numbers[0]).value for number in numbers if number and numbers[0]]
    except InputError:
        return False
    return all(one < other for one, other in pairwise(sizes))


def decimal_text(value: Fraction) -> str:
    """A number in decimal digits, exactly, without an exponent; of one that never ends, its first 18."""
    exact = _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    text = f"{exact:f}" if Fraction(exact) == value else f"{exact:.18f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ranged(written: Mapping[str, object]) -> tuple[Value, ...]:
    """The values of {from, to} with one of `points`, `step` and `times`."""
    if None in written.values():
        return ()  # it is on record that a key has no value
    problems = [
        Problem(where=key, what="unknown key", right=suggestion(key, KEYS))
        for key in written
        if key not in KEYS
    ]
    problems += [
        Problem(where=key, what="missing", right=EXAMPLE) for key in ("from", "to") if key not in written
    ]
    ways = [key for key in ("points", "step", "times") if key in written]
    if len(ways) != 1:
        what = f"has {' and '.join(ways)}" if ways else "says not which values lie between"
        problems.append(Problem(what=what, right="write one of points, step and times"))
    if "scale" in written and ways != ["points"]:
        problems.append(
            Problem(where="scale", what="goes with `points` alone", right="leave it out, or write points")
        )
    if problems:
        raise InputError(problems)
    first = _end(written["from"], "from")
    last = _in_unit(_end(written["to"], "to"), first, "to")
    if first.value >= last.value:
        what = f"{shown(written['to'])} is not more than `from`, {shown(written['from'])}"
        raise InputError.of(what, "write the smaller end first, or a list of one value", where="to")
    if ways == ["points"]:
        found = _spread(first, last, written["points"], written.get("scale", "linear"))
    elif ways == ["step"]:
        found = _stepped(first, last, written["step"])
    else:
        found = _multiplied(first, last, written["times"])
    values = tuple(number.written() for number in found)
    if len({canonical(value) for value in values}) < len(values):
        right = f"write fewer: whole numbers stay whole, and others keep {DIGITS} digits"
        raise InputError.of("several of the points are the same value", right, where="points")
    return values


def _spread(first: Number, last: Number, points: object, scale: object) -> list[Number]:
    """So many values from end to end, evenly or by equal factors; those between are rounded."""
    if type(points) is not int or not 2 <= points <= VALUES_MAX:
        right = f"write a whole number from 2 to {VALUES_MAX}"
        raise InputError.of(f"{shown(points)} is no number of points", right, where="points")
    if scale not in ("linear", "log"):
        raise InputError.of(f"{shown(scale)} is no scale", "write linear or log", where="scale")
    if scale == "log" and first.value <= 0:
        raise InputError.of("a log scale starts above 0", "write more than 0, or linear", where="from")
    steps = points - 1
    between = []
    for index in range(1, steps):
        if scale == "linear":
            value = first.value + (last.value - first.value) * Fraction(index, steps)
        else:
            low, high = (_decimal(end.value).ln(_EXACT) for end in (first, last))
            value = Fraction(_EXACT.exp(low + (high - low) * index / steps))
        between.append(_rounded(value, first, last))
    return [_as_first(first.value, first, last), *between, _as_first(last.value, first, last)]


def _stepped(first: Number, last: Number, step: object) -> list[Number]:
    """Every value from end to end by equal steps, which meet both ends."""
    size = _in_unit(_end(step, "step"), first, "step")
    if size.value <= 0:
        raise InputError.of(f"{shown(step)} goes nowhere", "write a step of more than 0", where="step")
    count = (last.value - first.value) / size.value
    _check_count(count, "step")
    if count.denominator != 1:
        ends = [decimal_text(first.value + size.value * whole) for whole in (int(count), int(count) + 1)]
        units = f"{first.gap}{first.unit}"
        right = f"write to: {ends[0]}{units} or {ends[1]}{units}"
        raise InputError.of(f"steps of {shown(step)} pass {shown(last.written())} by", right, where="step")
    whole = first.whole and size.whole
    return [
        Number(value=first.value + size.value * index, unit=first.unit, gap=first.gap, whole=whole)
        for index in range(int(count) + 1)
    ]


def _multiplied(first: Number, last: Number, times: object) -> list[Number]:
    """Every value from end to end by equal factors, which meet both ends."""
    factor = _number(times)
    if factor is None or factor.unit or factor.value <= 1:
        raise InputError.of(f"{shown(times)} is no factor", "write a number above 1", where="times")
    if first.value <= 0:
        raise InputError.of("factors start above 0", "write more than 0, or a step", where="from")
    count = log(last.value / first.value) / log(factor.value)
    _check_count(count, "times")
    digits = (count + 1) * log10(factor.value.denominator)  # which grow with every factor, and never shrink
    if digits > FACTORS_DIGITS or first.value * factor.value ** round(count) != last.value:
        right = "write points in its place"
        if digits <= CLEAN:
            units = f"{first.gap}{first.unit}"
            ends = (first.value * factor.value ** (int(count) + more) for more in (0, 1))
            right = f"write to: {' or '.join(f'{decimal_text(end)}{units}' for end in ends)}"
        raise InputError.of(
            f"factors of {shown(times)} pass {shown(last.written())} by", right, where="times"
        )
    return [_as_first(first.value * factor.value**power, first, last) for power in range(round(count) + 1)]


def _check_count(count: Fraction | float, key: str) -> None:
    if count >= VALUES_MAX:
        raise InputError.of(f"this makes more than {VALUES_MAX} values", "write a larger one", where=key)


def _number(written: object) -> Number | None:
    """The number that is written, with its unit; None of what is none."""
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        return None
    text = repr(written) if isinstance(written, float) else str(written)
    match = _WRITTEN.fullmatch(text)
    if match is None or abs(int(match[3] or 0)) > EXPONENT_MAX:
        return None
    unit = (match[5] or "").strip()
    if isinstance(written, str) and not unit:
        return None
    value = Fraction(match[1] + match[2]) * Fraction(10) ** int(match[3] or 0)
    return Number(value=value, unit=unit, gap=match[4] or "", whole=isinstance(written, int))


def _end(written: object, key: str) -> Number:
    number = _number(written)
    if number is None:
        right = "write one, such as 8 or 400 GB/s"
        raise InputError.of(f"{shown(written)} is no number with or without a unit", right, where=key)
    return number


def _in_unit(number: Number, like: Number, key: str = "") -> Number:
    """The number in the unit of `like`, exactly."""
    if number.unit == like.unit:
        return number
    for units in UNITS.values():
        if number.unit in units and like.unit in units:
            value = number.value * units[number.unit] / units[like.unit]
            return Number(value=value, unit=like.unit, gap=like.gap, whole=False)
    what = f"{shown(number.written())} is not in {shown(like.unit)}" if like.unit else "this has a unit"
    raise InputError.of(f"{what}, as `from` is" if like.unit else what, "write both alike", where=key)


def _as_first(value: Fraction, first: Number, last: Number) -> Number:
    return Number(
        value=value,
        unit=first.unit,
        gap=first.gap,
        whole=first.whole and last.whole and value.denominator == 1,
    )


def _rounded(value: Fraction, first: Number, last: Number) -> Number:
    """A value between the ends: whole where both are, a size in whole bytes, else to DIGITS digits."""
    if first.whole and last.whole:
        return _as_first(Fraction(round(value)), first, last)
    sizes = UNITS[Dimension.SIZE]
    if first.unit in sizes:
        smaller = {"i": 1024}.get(first.unit[1:2], 1000)
        if value >= 100 or sizes[first.unit] <= 1:
            return _as_first(Fraction(round(value)), first, last)
        unit = next(
            (
                name
                for name, size in sizes.items()
                if size * smaller == sizes[first.unit] and "bit" not in name
            ),
            first.unit,
        )
        return Number(value=Fraction(round(value * smaller)), unit=unit, gap=first.gap)
    return _as_first(Fraction(_ROUNDED.create_decimal(_decimal(value))), first, last)


def _decimal(value: Fraction) -> Decimal:
    return _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
