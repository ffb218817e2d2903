"""`nmsim check`: validate any input file without running it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from analysis.study.spec import WrittenStudy
from analysis.sweep.written import WrittenSpace
from analysis.training.run_files import check_run, is_run
from simulator.arch import Arch, load_arch
from simulator.components import Table, load_table
from simulator.errors import InputError, Problem
from simulator.machine import resolve
from simulator.spec import load_spec, read_keys
from simulator.tariff import tariff_of
from simulator.trace import load_trace
from workloads.networks import load_network
from workloads.networks.written import WrittenNetwork
from workloads.training.load import WrittenRecipe, load_recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of YAML file: the model that says its keys, the keys that tell it apart, and its reader."""

    model: type[BaseModel]
    marks: frozenset[str]
    read: Callable[[Path], object]


def read_machine(path: Path) -> None:
    """Read a machine and the component tables that it names, and look for the rows that it needs."""
    arch = load_arch(path)
    tariff_of(arch, resolve(arch.value))


def read_study(path: Path) -> None:
    """Read a study and resolve every one of its runs and machines."""
    from analysis.study.cells import cells_of  # it loads the compiler, which no other kind needs

    cells_of(load_spec(path, WrittenStudy))


def read_space(path: Path) -> None:
    """Read a space of designs, the machine and the workloads that it names, and every value of its axes."""
    from analysis.sweep.space import load_space

    load_space(path)


KINDS = {
    "network": Kind(model=WrittenNetwork, marks=frozenset({"layers"}), read=load_network),
    "recipe": Kind(model=WrittenRecipe, marks=frozenset({"phases"}), read=load_recipe),
    "components": Kind(model=Table, marks=frozenset({"sources", "rows"}), read=load_table),
    "study": Kind(model=WrittenStudy, marks=frozenset({"tasks", "recipes"}), read=read_study),
    "sweep": Kind(model=WrittenSpace, marks=frozenset({"axes"}), read=read_space),
    "machine": Kind(model=Arch, marks=frozenset({"core"}), read=read_machine),
}


def check_all(files: Sequence[str]) -> tuple[list[dict[str, object]], tuple[Problem, ...]]:
    """A row for each file, and the problems of all of them."""
    rows: list[dict[str, object]] = []
    problems: list[Problem] = []
    for name in files:
        kind, obeys, found = _checked(Path(name))
        rows.append({"file": name, "kind": kind, "obeys": obeys, "problems": len(found)})
        problems += found
    return rows, tuple(problems)


def _checked(path: Path) -> tuple[str, str, tuple[Problem, ...]]:
    """The kind of a file, the patterns that it obeys if it is an array, and its problems."""
    kind = obeys = ""
    try:
        if is_run(path):
            kind = "run"
            check_run(path)
        elif path.is_dir():
            kind = "trace"
            load_trace(path)
        elif path.suffix == ".npy":
            from analysis.tensor import obeyed_by  # it loads the compiler, which no other kind needs

            kind = "array"
            obeys = obeyed_by(path)
        else:
            kind = kind_of(path)
            KINDS[kind].read(path)
    except InputError as error:
        return kind, obeys, error.problems
    return kind, obeys, ()


def kind_of(path: Path) -> str:
    """The kind of a YAML file, by the keys at its top or of what it extends; a machine where none tells."""
    keys = read_keys(path)
    if foreign := sorted(keys & {"ERT", "ART"}):
        right = "make a component table of it with `nmsim convert`, and check that"
        raise InputError.of(f"this is an {foreign[0]} of Accelergy's", right, where=str(path))
    return next((name for name, kind in KINDS.items() if kind.marks & keys), "machine")
