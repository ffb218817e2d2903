"""What can be named on the command line: `nmsim list`."""

from collections.abc import Callable

from simulator.errors import lookup


def catalog(what: str) -> list[dict[str, object]]:
    """A row for each machine, component table, format, network or recipe that has a name."""
    return lookup(CATALOGS, what, kind="list")()


def archs() -> list[dict[str, object]]:
    """The machines that nmsim brings."""
    from simulator.arch import arch_names, load_arch
    from simulator.machine import resolve

    rows: list[dict[str, object]] = []
    for name in arch_names():
        arch = load_arch(name).value
        machine = resolve(arch)
        rows.append({"arch": name, "patterns": machine.patterns_text, "name": arch.name})
    return rows


def components() -> list[dict[str, object]]:
    """The component tables that nmsim brings."""
    from simulator.components import load_table, table_names

    rows: list[dict[str, object]] = []
    for name in table_names():
        table = load_table(name).value
        flagged = sum(row.unverified for row in table.rows.values())
        counts = {"rows": len(table.rows), "flagged": flagged, "sources": len(table.sources)}
        rows.append({"components": name, **counts, "name": table.name})
    return rows


def formats() -> list[dict[str, object]]:
    """How operands lie in memory."""
    from simulator.formats import FORMATS

    return [{"format": name, "summary": summary(one)} for name, one in FORMATS.items()]


def networks() -> list[dict[str, object]]:
    """The networks whose shapes nmsim knows."""
    from workloads.networks import NETWORKS

    return [{"network": name, "summary": one.summary} for name, one in NETWORKS.items()]


def recipes() -> list[dict[str, object]]:
    """The ways of training with N:M."""
    from workloads.training.recipes import RECIPES

    return [{"recipe": name, "summary": one.summary, "paper": one.paper} for name, one in RECIPES.items()]


def summary(thing: object) -> str:
    """The first sentence of what a thing's class promises."""
    return (type(thing).__doc__ or "").partition("\n")[0].rstrip(".")


CATALOGS: dict[str, Callable[[], list[dict[str, object]]]] = {
    "archs": archs,
    "components": components,
    "formats": formats,
    "networks": networks,
    "recipes": recipes,
}
