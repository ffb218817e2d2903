"""Parts of reports that several pages draw: bars of time and energy, and a map of layers and passes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from analysis.page.blocks import Chart, cell
from analysis.quantities import PICO

PASSES = ("FWD", "DGRAD", "WGRAD", "UPDATE")
LAYERS_MAX = 300
BARS_MAX = 40
COMPUTE, STALL, ENERGY = "compute_cycles", "stall_", "energy_"
BOUNDS = ("energy_pj", "energy_low_pj", "energy_high_pj")
TIME = "Cycles, cause by cause: those that multiply, and what is lost to each resource beyond them."
ENERGIES = "Energy by part of the machine, the largest part first."
Row = Mapping[str, Any]


def passes_of(rows: Sequence[Row]) -> list[str]:
    """The passes that happen, in the order of a training step."""
    found = {str(row["pass"]) for row in rows}
    return [name for name in PASSES if name in found] + sorted(found - set(PASSES))


def summed(rows: Iterable[Row], key: str) -> float:
    """The sum of a column of numbers, of which some may be missing."""
    return sum(value for row in rows if isinstance(value := row.get(key), int | float))


def causes_of(rows: Sequence[Row]) -> list[str]:
    """The columns that cycles are split into, without those that are zero throughout."""
    keys = [key for key in rows[0] if key == COMPUTE or key.startswith(STALL)] if rows else []
    return [key for key in keys if summed(rows, key)]


def energies_of(rows: Sequence[Row]) -> list[str]:
    """The columns of the energy by part, the largest first."""
    keys = [key for key in rows[0] if key.startswith(ENERGY) and key not in BOUNDS] if rows else []
    sums = {key: summed(rows, key) for key in keys}
    return sorted((key for key in keys if sums[key]), key=lambda key: -sums[key])


def part_name(key: str) -> str:
    """The column of a part as a legend calls it."""
    if key == COMPUTE:
        return "multiplying"
    return key.removeprefix(STALL).removeprefix(ENERGY).removesuffix("_pj").replace("_", " ")


def view(
    name: str,
    title: str,
    unit: str,
    factor: float,
    keys: Sequence[str],
    bars: Sequence[tuple[str, str, Sequence[Row]]],
) -> dict[str, Any]:
    """One view of a chart of bars: what each bar's rows sum to in each of the columns `keys`."""
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "factor": factor,
        "parts": [part_name(key) for key in keys],
        "bars": [
            {"name": label, "link": link, "values": [cell(float(summed(rows, key))) for key in keys]}
            for label, link, rows in bars
        ],
    }


def grouped(rows: Sequence[Row], key: str) -> dict[str, list[Row]]:
    """The rows by a column's value, in order of first appearance."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(str(row[key]), []).append(row)
    return parts


def report_bars(rows: Sequence[Row], *, of: str = "", linked: bool = True) -> Iterator[Chart]:
    """Time by cause and energy by part, of each pass and of the layers that take the most."""
    by_pass, by_layer = grouped(rows, "pass"), grouped(rows, "layer")
    passes = [(name, "", by_pass[name]) for name in passes_of(rows)]

    def layers(key: str) -> list[tuple[str, str, list[Row]]]:
        most = set(sorted(by_layer, key=lambda name: -summed(by_layer[name], key))[:BARS_MAX])
        shown = [(name, name if linked else "", by_layer[name]) for name in by_layer if name in most]
        rest = [row for name, part in by_layer.items() if name not in most for row in part]
        left = len(by_layer) - len(most)
        return [*shown, (f"{left} other layers", "", rest)] if left else shown

    causes, energies = causes_of(rows), energies_of(rows)
    if causes:
        views = [
            view("by pass", "cycles", "", 1.0, causes, passes),
            view("by layer", "cycles", "", 1.0, causes, layers("cycles")),
        ]
        yield from bars(f"Where the time went{of}", TIME, views)
    if energies:
        views = [
            view("by pass", "energy", "J", PICO, energies, passes),
            view("by layer", "energy", "J", PICO, energies, layers("energy_pj")),
        ]
        yield from bars(f"Where the energy went{of}", ENERGIES, views)


def bars(title: str, reading: str, views: Sequence[Mapping[str, Any]]) -> tuple[Chart, ...]:
    """A chart of bars, if there is anything in it."""
    return (Chart(kind="bars", title=title, reading=reading, data={"views": views}),) if views else ()


def utilization_map(rows: Sequence[Row]) -> tuple[Chart, ...]:
    """Utilization, time and energy of each layer in each pass; of many layers those that take longest."""
    by_layer = grouped(rows, "layer")
    passes = passes_of(rows)
    most = sorted(by_layer, key=lambda name: -summed(by_layer[name], "cycles"))[:LAYERS_MAX]
    names = [name for name in by_layer if name in set(most)]
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((str(row["layer"]), str(row["pass"])), []).append(row)

    def table(figure: Any) -> list[list[Any]]:
        return [
            [figure(found[name, one]) if (name, one) in found else None for one in passes] for name in names
        ]

    views: list[dict[str, Any]] = [
        {
            "title": "utilization",
            "unit": "%",
            "factor": 100,
            "prefixed": False,
            "values": table(_utilization),
        },
        {"title": "time", "unit": "s", "factor": 1, "prefixed": True, "values": table(_of("seconds"))},
        {
            "title": "energy",
            "unit": "J",
            "factor": PICO,
            "prefixed": True,
            "values": table(_of("energy_pj")),
        },
    ]
    views = [one for one in views if any(value for line in one["values"] for value in line)]
    data = {"rows": [{"name": name, "link": name} for name in names], "columns": passes, "views": views}
    left = len(by_layer) - len(names)
    reading = "Effective multiply-adds over peak, weighted by cycles, and what each layer takes."
    more = f" The {len(names)} layers that take longest; {left} others are in the table." if left else ""
    title = "Utilization by layer and pass"
    return (Chart(kind="heat", title=title, reading=reading + more, data=data),) if views else ()


def _utilization(rows: Sequence[Row]) -> Any:
    """Weighted by cycles; None where nothing is multiplied."""
    rows = [row for row in rows if row.get("dense_macs")]
    cycles = summed(rows, "cycles")
    shares = sum(float(row.get("utilization") or 0) * float(row["cycles"]) for row in rows)
    return cell(shares / cycles) if cycles else None


def _of(key: str) -> Any:
    return lambda rows: cell(float(summed(rows, key)))
