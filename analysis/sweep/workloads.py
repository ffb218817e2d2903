"""The workloads of a space: a Trace for each setting of its workload axes, or why there is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from analysis.sweep.axes import Axis
from analysis.sweep.written import WrittenWorkload
from analysis.training.run_files import trace_of
from simulator.errors import InputError, Problem, lookup, shown
from simulator.gemm import DTYPES
from simulator.spec import is_path
from simulator.trace import Trace
from workloads.networks import load_network
from workloads.shapes import parse_roles, parse_targets, trace_network
from workloads.training.load import load_recipe
from workloads.training.upkeep import OPTIMIZERS

WORKLOADS_MAX = 1000
FILES = ("network", "recipe")
CHECKS: dict[str, Callable[[Any], object]] = {
    "network": load_network,
    "recipe": load_recipe,
    "pattern": parse_targets,
    "sparse": parse_roles,
    "dtype": lambda name: lookup(DTYPES, name, kind="dtype"),
    "optimizer": lambda name: lookup(OPTIMIZERS, name, kind="optimizer"),
    "trace": lambda path: trace_of(Path(path)),
}
"""What says whether a value of a key can be used at all, before it meets the other keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A Trace under its digest; of one on disk the `path`, from which a worker reads it itself."""

    digest: str
    trace: Trace | None
    path: Path | None = None

    def load(self) -> Trace:
        """The Trace."""
        if self.trace is not None:
            return self.trace
        assert self.path is not None
        return trace_of(self.path)


def found_beside(key: str, value: Any, folder: Path) -> Any:
    """A value of the workload whose path, if it is one, starts at `folder`."""
    relative = key == "trace" or (key in FILES and isinstance(value, str) and is_path(value))
    return str(folder / value) if relative else value


def value_problems(axis: Axis, folder: Path) -> list[Problem]:
    """What is wrong with the values of a workload axis whatever the other axes say."""
    key = axis.of_workload
    try:
        field = lookup(WrittenWorkload.model_fields, key, kind="key of the workload")
    except InputError as error:
        return list(error.at(axis.where).problems)
    problems: list[Problem] = []
    kind: TypeAdapter[Any] = TypeAdapter(Any if field.annotation is None else field.annotation)
    for value in axis.values:
        try:
            kind.validate_python(value, strict=True)
            if key in CHECKS:
                CHECKS[key](found_beside(key, value, folder))
        except ValidationError:
            what, right = f"{shown(value)} is no {key}", f"write one, such as {_example(key)}"
            problems.append(Problem(where=axis.place_of(value), what=what, right=right))
        except InputError as error:
            found = (
                Problem(where="" if one.where == key else one.where, what=one.what, right=one.right)
                for one in error.problems
            )
            problems += InputError(found).at(axis.place_of(value)).problems
    return problems


def _example(key: str) -> str:
    examples = WrittenWorkload.model_fields[key].examples
    return str(examples[0]).lower() if examples else "another"


def keys_problems(written: WrittenWorkload, axes: Sequence[Axis]) -> list[Problem]:
    """What is wrong between the keys that the workload or an axis gives."""
    given = {name for name, value in written if value is not None} | {one.of_workload for one in axes} - {""}
    if {"network", "trace"} <= given:
        return [Problem(what="names a network and a trace", right="write one of them")]
    if not given & {"network", "trace"}:
        return [Problem(what="names nothing to run", right="write network: vit_b16, or trace: runs/first")]
    if "trace" in given and given > {"trace"}:
        rest = ", ".join(sorted(given - {"trace"}))
        return [Problem(what=f"a trace is as it was made, and {rest} would make it", right="leave them out")]
    return []


def make_workload(written: WrittenWorkload, values: Mapping[str, Any], folder: Path) -> Workload:
    """The workload with `values` in place of what is written; InputError where they do not go together."""
    given = {name: value for name, value in written if value is not None} | dict(values)
    given = {name: found_beside(name, value, folder) for name, value in given.items()}
    if "trace" in given:
        path = Path(given["trace"]).absolute()
        return Workload(digest=trace_of(path).digest, trace=None, path=path)
    trace = trace_network(**given)
    return Workload(digest=trace.digest, trace=trace)
