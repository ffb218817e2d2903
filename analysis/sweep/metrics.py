"""What is known of a point once it is simulated, in which units, and which way is better."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from simulator.units import UNITS, Dimension

if TYPE_CHECKING:
    from simulator.batch import Figures

METRICS_SCHEMA = 1
PJ_PER_J = 10**12
UM2_PER_MM2 = 10**6

Goal = Literal["min", "max"]
Units = Mapping[str, Fraction]

TIME: Units = UNITS[Dimension.TIME]
BYTES: Units = UNITS[Dimension.SIZE]
ENERGY: Units = {
    "J": Fraction(1),
    "mJ": Fraction(1, 10**3),
    "uJ": Fraction(1, 10**6),
    "kJ": Fraction(10**3),
} | {unit: size / PJ_PER_J for unit, size in UNITS[Dimension.ENERGY].items()}
AREA: Units = {unit: size / UM2_PER_MM2 for unit, size in UNITS[Dimension.AREA].items()}
POWER: Units = {"W": Fraction(1), "mW": Fraction(1, 10**3), "kW": Fraction(10**3)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure of a point: its units as multiples of the one it is kept in, and which way is better.

    `charged` says that it takes the component tables of a machine, without which it is empty.
    """

    what: str
    units: Units = field(default_factory=dict)
    unit: str = ""
    goal: Goal = "min"
    charged: bool = False


METRICS: dict[str, Metric] = {
    "cycles": Metric(what="cycles of the whole trace"),
    "seconds": Metric(what="cycles over clock", units=TIME, unit="s"),
    "energy_j": Metric(what="energy", units=ENERGY, unit="J", charged=True),
    "energy_low_j": Metric(what="its lower bound", units=ENERGY, unit="J", charged=True),
    "energy_high_j": Metric(what="its upper bound", units=ENERGY, unit="J", charged=True),
    "edp_js": Metric(what="energy times time, J s", charged=True),
    "area_mm2": Metric(what="area of the chip", units=AREA, unit="mm^2", charged=True),
    "area_low_mm2": Metric(what="its lower bound", units=AREA, unit="mm^2", charged=True),
    "area_high_mm2": Metric(what="its upper bound", units=AREA, unit="mm^2", charged=True),
    "watts": Metric(what="energy over time", units=POWER, unit="W", charged=True),
    "utilization": Metric(what="effective multiply-adds over what the peak allows", goal="max"),
    "dense_macs": Metric(what="multiply-adds had no value been zero"),
    "effective_macs": Metric(what="multiply-adds that were wanted, and of no zero", goal="max"),
    "peak_macs_per_cycle": Metric(what="the most multiply-adds a cycle", goal="max"),
    "dram_bytes": Metric(what="bytes of the outermost level, metadata in", units=BYTES, unit="B"),
    "metadata_bytes": Metric(what="those of them that are metadata", units=BYTES, unit="B"),
}
"""Every metric by name, in the order of the columns of points.csv."""

ALIASES = {
    "time": "seconds",
    "energy": "energy_j",
    "edp": "edp_js",
    "area": "area_mm2",
    "power": "watts",
}
"""Names without a unit, for what people mean most."""


def metrics_of(figures: "Figures") -> dict[str, Any]:
    """The METRICS of one machine by name; None where it names no component tables. Counts are exact."""
    totals = figures.totals
    seconds = totals["seconds"]
    energies = [None if totals[name] is None else totals[name] / PJ_PER_J for name in _ENERGIES]
    areas = (None,) * 3 if figures.area is None else tuple(float(one / UM2_PER_MM2) for one in figures.area)
    (low, energy, high), (least, area, most) = energies, areas
    moved = figures.outermost
    values = {
        "cycles": totals["cycles"],
        "seconds": seconds,
        "energy_j": energy,
        "energy_low_j": low,
        "energy_high_j": high,
        "edp_js": None if energy is None else energy * seconds,
        "area_mm2": area,
        "area_low_mm2": least,
        "area_high_mm2": most,
        "watts": None if energy is None or not seconds else energy / seconds,
        "utilization": figures.utilization,
        "dense_macs": totals["dense_macs"],
        "effective_macs": totals["effective_macs"],
        "peak_macs_per_cycle": figures.peak,
        "dram_bytes": moved.total,
        "metadata_bytes": moved.metadata_read + moved.metadata_write,
    }
    assert values.keys() == METRICS.keys()
    return values


_ENERGIES = ("energy_low_pj", "energy_pj", "energy_high_pj")
