"""What can be named on the command line: `nmsim list`."""

from collections.abc import Callable

from simulator.errors import lookup


def catalog(what: str) -> list[dict[str, object]]:
    """A row for each thing of that kind that has a name."""
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


def tasks() -> list[dict[str, object]]:
    """What can be learnt."""
    from workloads.tasks import TASKS

    return [
        {
            "task": name,
            "summary": one.summary,
            "metric": one.metric.name,
            "model": one.default_model,
            "sizes": " ".join(f"{size.name}={size.default}" for size in one.settings) or "-",
            "data": one.reads or "-",
        }
        for name, one in TASKS.items()
    ]


def models() -> list[dict[str, object]]:
    """The networks that the emulator trains."""
    from workloads.models.registry import MODELS

    return [
        {"model": name, "summary": one.summary, "reads": ", ".join(one.reads)} for name, one in MODELS.items()
    ]


def references() -> list[dict[str, object]]:
    """The tables of published numbers that the model is held against, and in how many cases."""
    from analysis.published import published_source
    from analysis.validation.coverage import USES, all_cases, coverage

    return [
        {
            "reference": one.reference,
            "rows": one.rows,
            "cases": one.cases,
            "for": USES[one.reference].purpose,
            "source": published_source(one.reference).splitlines()[0].removeprefix("source: "),
        }
        for one in coverage(all_cases())
    ]


def summary(thing: object) -> str:
    """The first sentence of what a thing's class promises."""
    return (type(thing).__doc__ or "").partition("\n")[0].rstrip(".")


CATALOGS: dict[str, Callable[[], list[dict[str, object]]]] = {
    "archs": archs,
    "components": components,
    "formats": formats,
    "models": models,
    "networks": networks,
    "recipes": recipes,
    "references": references,
    "tasks": tasks,
}
