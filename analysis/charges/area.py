"""`nmsim area`: what each part of a machine takes on the chip, and what of it is there for sparsity."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from analysis.charges.basis import Basis, basis
from simulator.arch import Arch
from simulator.area import LOGIC, Area, areas, without_sparsity
from simulator.scaled import Value
from simulator.spec import Loaded
from simulator.tariff import Tariff, load_tariff

MICRO = 1e-6
NO_AREA = Value(low=Fraction(0), value=Fraction(0), high=Fraction(0), rows=())


class Overhead(NamedTuple):
    """The area of a part of the same array without sparsity, and with it."""

    before: Value
    after: Value

    @property
    def added(self) -> Value:
        """The difference; its bounds are those of the rows, which both share."""
        return self.after + self.before * -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """The areas of a machine, those of the same array without sparsity, and the tariff that they are from."""

    arch: str
    taken: tuple[Area, ...]
    dense: tuple[Area, ...]
    tariff: Tariff
    skips: bool

    @property
    def rows(self) -> tuple[str, ...]:
        """The ids of the table rows behind the areas and their leakage."""
        return tuple(dict.fromkeys(row for area in self.taken for row in self.basis(area).rows))

    def basis(self, area: Area) -> Basis:
        """What an area and its leakage rest on."""
        return basis(self.tariff, (*area.each.rows, *(area.leak.rows if area.leak else ())))

    @property
    def flagged(self) -> Fraction:
        """The um^2 of parts whose area rests on a flagged row."""
        rests = (area for area in self.taken if basis(self.tariff, area.each.rows).unverified)
        return sum((area.total.value for area in rests), start=Fraction(0))

    @property
    def overheads(self) -> dict[str, Overhead]:
        """What sparsity adds: to each part that it changes, to the logic, and in all."""
        sums = subtotals(self.dense), subtotals(self.taken)
        before, after = ({area.part: area.total for area in one} for one in (self.dense, self.taken))
        changed = {
            part: Overhead(before.get(part, NO_AREA), area)
            for part, area in after.items()
            if area != before.get(part)
        }
        return changed | {name: Overhead(sums[0][name], sums[1][name]) for name in ("logic", "total")}


def find_areas(arch: Loaded[Arch]) -> Areas:
    """The areas of a machine; InputError where it names no component tables."""
    machine, tariff = load_tariff(arch)
    dense = areas(tariff.scaled, without_sparsity(machine))
    return Areas(arch=arch.name, taken=tariff.areas, dense=dense, tariff=tariff, skips=bool(machine.natives))


def total(values: Iterable[Value]) -> Value:
    """The sum of some areas, between the sums of their bounds."""
    return sum(values, start=NO_AREA)


def subtotals(found: Iterable[Area]) -> dict[str, Value]:
    """The areas of logic, of memory, and of both."""
    logic = [area.total for area in found if area.part in LOGIC]
    memory = [area.total for area in found if area.part not in LOGIC]
    return {"logic": total(logic), "memory": total(memory), "total": total([*logic, *memory])}


def leaks(area: Area) -> float:
    """The watts that all instances leak."""
    return float(area.leak.value) * area.instances * MICRO if area.leak else 0.0
