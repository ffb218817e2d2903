"""Cells: the training runs of a study, every one of them checked before the first begins."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.study.machines import Machine, load_machines
from analysis.study.spec import RUNS_MAX, RecipeEntry, TaskEntry, WrittenStudy
from analysis.study.spots import Spots, Wrong
from simulator.errors import InputError, Problem
from simulator.places import KeyPath
from simulator.spec import Loaded, is_path
from workloads.tasks import Metric, load_task
from workloads.training.emulator.choices import Choices, resolve
from workloads.training.face import DENSE
from workloads.training.load import load_recipe
from workloads.training.settings import with_settings

HARMLESS = frozenset({"versions", "blas"})
"""What of a run's provenance names the place where it ran: not what it learns."""
SLUG_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Runs that differ in nothing but their seed; `label` is what tables call the recipe and its parameters.

    `pattern` is empty where the recipe takes none. `budget` is empty where the steps are given, and then
    `steps` are those; else those that it pays for.
    """

    task: str
    model: str
    recipe: str
    settings: str
    label: str
    pattern: str
    budget: str
    steps: int

    @property
    def length(self) -> tuple[str, int]:
        """What two runs that are compared share: the budget, or the steps."""
        return (self.budget, 0) if self.budget else ("", self.steps)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.task, self.model, self.label, self.pattern)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One training run: a Combination with a seed, and the name of its directory."""

    of: Combination
    seed: int
    run: str
    choices: Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """All that a study will do: its runs in their order, the machines, and what each task measures."""

    study: Loaded[WrittenStudy]
    runs: tuple[Cell, ...]
    machines: tuple[Machine, ...]
    metrics: Mapping[str, Metric]
    baseline: str
    task_digests: Mapping[str, str]

    @property
    def combinations(self) -> tuple[Combination, ...]:
        """Every combination once, in order."""
        return tuple(dict.fromkeys(cell.of for cell in self.runs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A combination before it is resolved: the words of it, its choices, and where each was written."""

    subject: str
    task: int
    model: int | None
    recipe: int
    pattern: KeyPath
    length: KeyPath
    choices: Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A combination that can run: what the study needs to know of it, without its data and its weights."""

    asked: Asked
    provenance: Mapping[str, Any]
    dtype: str
    model: str
    metric: Metric
    task_digest: str


def cells_of(study: Loaded[WrittenStudy]) -> Cells:
    """The cells of a study; InputError with every problem of every one."""
    spots, written = Spots(study), study.value
    wrong = list(_repeated(written, spots))
    labels = [label_of(entry) for entry in written.recipes]
    baseline = written.baseline or ("dense" if "dense" in labels else labels[0])
    wrong += _unknown_labels(written, labels, spots)
    asked, more = _asked(study, spots)
    wrong += more
    many = len(asked) * len(written.seeds)
    if many > RUNS_MAX:
        right = f"a study has at most {RUNS_MAX}: leave some out"
        wrong.append(Wrong(("seeds",), Problem(what=f"these are {many} training runs", right=right)))
        asked = []
    found: list[Settled] = []
    for one in asked:
        try:
            found.append(_settled(one))
        except InputError as error:
            wrong += (spots.wrong(one, problem) for problem in error.problems)
    dtypes = sorted({settled.dtype for settled in found})
    machines, more = load_machines(written.machines, _folder(study), dtypes)
    wrong += more
    if wrong:
        spots.refuse(wrong)
    runs = [cell for settled in found for cell in _seeded(settled, written, labels)]
    tasks = {written.tasks[one.asked.task].name or one.asked.choices.task: one for one in found}
    return Cells(
        study=study,
        runs=tuple(runs),
        machines=tuple(machines),
        metrics={name: task.metric for name, task in tasks.items()},
        task_digests={name: task.task_digest for name, task in tasks.items()},
        baseline=baseline,
    )


def _settled(asked: Asked) -> Settled:
    """What becomes of a combination; InputError where it cannot run."""
    resolved = resolve(asked.choices)
    return Settled(
        asked=asked,
        provenance=resolved.provenance,
        dtype=resolved.manner.dtype,
        model=asked.choices.model or resolved.task.default_model,
        metric=resolved.task.metric,
        task_digest=resolved.task.digest,
    )


def label_of(entry: RecipeEntry) -> str:
    """What tables call a recipe with its parameters."""
    name = Path(entry.recipe).stem if is_path(entry.recipe) else entry.recipe
    return entry.name or " ".join((name, *entry.settings))


def _folder(study: Loaded[WrittenStudy]) -> Path:
    """Where paths in the file begin."""
    return Path(study.name).parent


def _asked(study: Loaded[WrittenStudy], spots: Spots) -> tuple[list[Asked], list[Wrong]]:
    """Every combination in the order of the tables, and the recipes that cannot be loaded."""
    written = study.value
    wrong: list[Wrong] = []
    dense = {}
    for index, entry in enumerate(written.recipes):
        try:
            loaded = with_settings(load_recipe(_recipe(entry, study)), entry.settings)
            dense[index] = loaded.face == DENSE
        except InputError as error:
            wrong += (spots.of_recipe(index, problem) for problem in error.problems)
    tasks = []
    for index, learnt in enumerate(written.tasks):
        try:
            load_task(learnt.task, path=_data(learnt, study), settings=learnt.sizes)
            tasks.append(index)
        except InputError as error:
            wrong += (spots.of_task(index, problem) for problem in error.problems)
    found: list[Asked] = []
    for task in tasks:
        for model in range(len(written.models)) if written.models else (None,):
            for length in _lengths(written):
                for recipe, plain in dense.items():
                    patterns = _patterns(written, recipe, dense=plain)
                    found += [_one(study, task, model, recipe, pattern, length) for pattern in patterns]
    return found, wrong


def _lengths(written: WrittenStudy) -> list[KeyPath]:
    """Where each length is written."""
    name, several = ("budget", written.budget) if written.budget else ("steps", written.steps)
    return [(name, index) for index in range(len(several))]


def _patterns(written: WrittenStudy, recipe: int, *, dense: bool) -> list[KeyPath]:
    """Where each pattern of a recipe is written; one nowhere for a recipe that takes none."""
    own = written.recipes[recipe].patterns
    if own is not None:
        return [("recipes", recipe, "patterns", index) for index in range(len(own))]
    if dense or not written.patterns:
        return [()]
    return [("patterns", index) for index in range(len(written.patterns))]


def _recipe(entry: RecipeEntry, study: Loaded[WrittenStudy]) -> str | Path:
    return _folder(study) / entry.recipe if is_path(entry.recipe) else entry.recipe


def _data(entry: TaskEntry, study: Loaded[WrittenStudy]) -> Path | None:
    return None if entry.data is None else _folder(study) / entry.data


def _one(
    study: Loaded[WrittenStudy], task: int, model: int | None, recipe: int, pattern: KeyPath, length: KeyPath
) -> Asked:
    """The choices of one combination: those of its recipe go before its model's, its task's, the study's."""
    written = study.value
    learnt, way = written.tasks[task], written.recipes[recipe]
    network = None if model is None else written.models[model]
    text = _at(written, pattern) if pattern else None
    chosen: dict[str, Any] = {**written.train.chosen, **learnt.train.chosen}
    chosen |= {**(network.train.chosen if network else {}), **way.train.chosen}
    chosen |= {"budget": _at(written, length)} if length[0] == "budget" else {"steps": _at(written, length)}
    called = network.name or network.model if network else None
    words = (learnt.name or learnt.task, called, label_of(way), text)
    return Asked(
        subject=" ".join(filter(None, words)),
        task=task,
        model=model,
        recipe=recipe,
        pattern=pattern,
        length=length,
        choices=Choices(
            task=learnt.task,
            recipe=_recipe(way, study),
            pattern=text,
            settings=way.settings,
            model=network.model if network else None,
            data=_data(learnt, study),
            sizes=learnt.sizes,
            convention=written.convention,
            **chosen,
        ),
    )


def _at(written: WrittenStudy, path: KeyPath) -> Any:
    """The value that is written at `path`."""
    value: Any = written
    for part in path:
        value = value[part] if isinstance(part, int) else getattr(value, part)
    return value


def _seeded(settled: Settled, written: WrittenStudy, labels: Sequence[str]) -> Iterator[Cell]:
    """The runs of a combination."""
    asked, made = settled.asked, settled.provenance
    learnt, way, choices = written.tasks[asked.task], written.recipes[asked.recipe], asked.choices
    network = None if asked.model is None else written.models[asked.model]
    combination = Combination(
        task=learnt.name or learnt.task,
        model=(network.name if network else None) or settled.model,
        recipe=made["recipe"],
        settings=" ".join(way.settings),
        label=labels[asked.recipe],
        pattern=choices.pattern or "",
        budget=choices.budget or "",
        steps=made["steps"],
    )
    for seed in written.seeds:
        seeded = replace(choices, seed=seed)
        yield Cell(of=combination, seed=seed, run=_run({**made, "seed": seed}), choices=seeded)


def _run(made: Mapping[str, Any]) -> str:
    """The directory of a run: words to read, and a digest of all that decides what it learns."""
    decided = {name: value for name, value in made.items() if name not in HARMLESS}
    digest = hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()
    words = [made["task"], made["recipe"], (made["pattern"] or "").replace(":", "x")]
    named = "-".join(re.sub(r"[^A-Za-z0-9_.]+", "_", word)[:SLUG_MAX] for word in words if word)
    return f"{named}-s{made['seed']}-{digest[:8]}"


def _repeated(written: WrittenStudy, spots: Spots) -> Iterator[Wrong]:
    """Items that an axis has twice."""
    axes: dict[KeyPath, Sequence[object]] = {
        ("tasks",): [entry.name or entry.task for entry in written.tasks],
        ("models",): [entry.name or entry.model for entry in written.models],
        ("recipes",): [label_of(entry) for entry in written.recipes],
        ("patterns",): written.patterns,
        ("seeds",): written.seeds,
        ("steps",): written.steps,
        ("budget",): written.budget,
    }
    axes |= {
        ("recipes", index, "patterns"): entry.patterns
        for index, entry in enumerate(written.recipes)
        if entry.patterns
    }
    for path, items in axes.items():
        yield from spots.repeated(path, items)


def _unknown_labels(written: WrittenStudy, labels: Sequence[str], spots: Spots) -> Iterator[Wrong]:
    """Names of recipes in `baseline` and `pairs` that no recipe has."""
    named: dict[KeyPath, str] = {
        ("pairs", i, j): name for i, pair in enumerate(written.pairs) for j, name in enumerate(pair)
    }
    if written.baseline is not None:
        named[("baseline",)] = written.baseline
    for path, name in named.items():
        yield from spots.unknown(path, name, labels)
