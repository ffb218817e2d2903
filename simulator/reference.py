"""The reference page of machine files, written from the models themselves so that it cannot go stale."""

from collections.abc import Iterator

from pydantic import BaseModel

from simulator.arch import Arch, arch_names, load_arch
from simulator.components import AREA, COMPONENTS, LEAK, LEAKING, Table, load_table, table_names
from simulator.spec_errors import flow, models_in
from simulator.units import UNITS

_HEAD = """\
# Machines

One machine per file. This page is generated from the models that read the files (`simulator.reference`).

    nmsim check my_machine.yaml

A file is YAML 1.2 and starts with `spec: 1`. With `extends: other.yaml`, a path relative to the file, it
writes only what differs: mappings are merged, lists are replaced, and a null takes a key away. On the command
line, `--set core.array.rows=32` overrides a key, and `--set memory.dram.bandwidth="2 TB/s"` one of a named
level. Tags, anchors, `<<` and a key written twice are refused.
"""


def machine_reference() -> str:
    """The page arch_configs/README.md: every machine that comes along, every key of a file, every unit."""
    return "\n".join([_HEAD, *_machines(), *_keys(), *_components(), *_units()]) + "\n"


def _machines() -> Iterator[str]:
    yield "## The machines\n"
    yield from ("| name | what it is | what that rests on |", "|---|---|---|")
    for name in arch_names():
        arch = load_arch(name).value
        yield f"| `{name}` | {arch.name} | {arch.source.strip()} |"


def _keys() -> Iterator[str]:
    yield "\n## The keys\n"
    yield from ("| key | needed | as in | what it says |", "|---|---|---|---|")
    yield from _rows(Arch, "")


def _components() -> Iterator[str]:
    yield "\n## Component tables\n"
    yield "What actions take, named under `components`; files in `components/`, or your own by path.\n"
    yield from ("| table | what it is | rows | unverified |", "|---|---|---|---|")
    for name in table_names():
        table = load_table(name).value
        flagged = sum(row.unverified for row in table.rows.values())
        yield f"| `{name}` | {table.name} | {len(table.rows)} | {flagged} |"
    yield from ("", "| component | what a row is about | `of` | values |", "|---|---|---|---|")
    for name, about in COMPONENTS.items():
        values = (*about.actions, *((AREA,) if about.area else ()), *((LEAK,) if name in LEAKING else ()))
        yield f"| `{name}` | {about.what} | {about.of} | {', '.join(f'`{one}`' for one in values)} |"
    yield from ("", "| key of a table | needed | as in | what it says |", "|---|---|---|---|")
    yield from _rows(Table, "")


def _rows(model: type[BaseModel], above: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inside = models_in([field.annotation])
        repeated = inside and "tuple" in str(field.annotation)
        key = f"{above}{name}{'[]' if repeated else ''}"
        example = f"`{flow(field.examples[0])}`" if field.examples and not inside else ""
        needed = "yes" if field.is_required() else "no"
        yield f"| `{key}` | {needed} | {example} | {field.description} |"
        for one in inside:
            yield from _rows(one, f"{key}.")


def _units() -> Iterator[str]:
    yield "\n## The units\n"
    yield from ("| of | units |", "|---|---|")
    for dimension, units in UNITS.items():
        yield f"| {dimension.value} | {', '.join(f'`{unit}`' for unit in units)} |"
