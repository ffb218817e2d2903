"""A component table of ours as text, from the components of foreign tables."""

import json
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from pydantic import ValidationError

from analysis.interchange.names import AS, Target
from analysis.interchange.reference_tables import Entry
from simulator.area import LOGIC, UM2_PER_MM2
from simulator.components import AREA, COMPONENTS, LEAK, MOVES, Table
from simulator.errors import InputError
from simulator.places import printable, refuse
from simulator.spec import SPEC_VERSION
from simulator.spec_errors import problems_of
from simulator.yaml12 import parse

MICRO = Fraction(1, 10**6)
"""A pJ a cycle at one hertz, in uW."""
DIGITS = Context(prec=30)
IDS_MAX, NAME_MAX = 60, 200
SOURCE = "ert"


class Converted(NamedTuple):
    """A foreign component as one of ours: energies by action in pJ, leak in pJ a cycle, area in um^2."""

    entry: Entry
    target: Target
    energies: dict[str, float]
    leak: float | None

    @property
    def leaked(self) -> Fraction:
        """What all instances leak, in pJ a cycle."""
        return Fraction(str(self.leak or 0.0)) * self.entry.instances


class Made(NamedTuple):
    """The text of a component table, and how many rows it has."""

    text: str
    rows: int


def table_rows(found: Sequence[Converted], nm: Fraction | None, hertz: Fraction) -> Iterator[str]:
    """A line for each row: a component's values, metadata of another width apart, and the logic's leakage."""
    for one in found:
        values = {action: f"{energy} pJ" for action, energy in one.energies.items()}
        if one.entry.area is not None and COMPONENTS[one.target.component].area:
            values[AREA] = f"{one.entry.area} um^2"
        if one.target.component == "memory":
            values[LEAK] = f"{_decimal(Fraction(str(one.leak or 0.0)) * hertz * MICRO)} uW"
        metadata = one.target.metadata_bits or one.target.bits
        apart = (
            {}
            if metadata == one.target.bits
            else {name: values.pop(name) for name in MOVES[2:] if name in values}
        )
        for kept, bits, end in ((values, one.target.bits, ""), (apart, metadata, "_metadata")):
            if kept:
                yield _row(one.target, kept, nm, bits, end)
    leaking = [one for one in found if one.leak is not None and one.target.component != "memory"]
    if leaking:
        power = sum(one.leaked for one in leaking) * hertz * MICRO
        logic = sum(
            Fraction(str(one.entry.area or 0.0)) * one.entry.instances
            for one in found
            if one.target.component in LOGIC
        )
        if power and not logic:
            what, right = (
                "logic leaks, and no area says of how much",
                "give the ART too, or leave the leakage out",
            )
            raise InputError.of(what, right, where=printable(leaking[0].entry.name))
        density = power * UM2_PER_MM2 / logic if logic else Fraction(0)
        yield _row(Target("leakage"), {LEAK: f"{_decimal(density)} uW"}, nm, None, "")


def _row(target: Target, values: dict[str, str], nm: Fraction | None, bits: int | None, end: str) -> str:
    name = "_".join(filter(None, (target.component, target.of)))[: IDS_MAX - len(end)] + end
    keys = {
        "component": target.component,
        "of": target.of,
        "bits": bits,
        "node": f"{_decimal(nm)} nm" if nm is not None else None,
        "value": f"{{{', '.join(f'{key}: {value}' for key, value in values.items())}}}",
        "low": "100 %",
        "high": "100 %",
        "source": SOURCE,
    }
    return (
        f"  {name}: {{{', '.join(f'{key}: {value}' for key, value in keys.items() if value is not None)}}}\n"
    )


def _decimal(value: Fraction) -> str:
    """A value with as many digits as count."""
    return str(DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator)))


def table_text(source: str, rows: Sequence[str]) -> str:
    """The table; a file's name may hold anything, so it is written as JSON has it."""
    said = json.dumps(f"{printable(source)}, in the format of Accelergy", ensure_ascii=False)
    return (
        "# A component table that `nmsim convert` made. Its source gives one value and no range: low and\n"
        "# high are the value itself.\n"
        f"spec: {SPEC_VERSION}\nname: {json.dumps(printable(source)[:NAME_MAX], ensure_ascii=False)}\n"
        f"sources:\n  {SOURCE}: {said}\nrows:\n{''.join(rows)}"
    )


def made(text: str) -> Made:
    """The text, if it is a table; else an InputError."""
    if text.endswith("rows:\n"):
        raise InputError.of("nothing is left for a table", "leave fewer out", where=AS)
    root, found = parse(text, "the table")
    assert root is not None
    content = root.plain()
    assert isinstance(content, dict)
    content.pop("spec")
    try:
        table = Table.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        refuse([*found, *problems_of(error, root, Table)])
    return Made(text, len(table.rows))
