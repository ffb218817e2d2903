"""Comparison: every subject against one of them, at equal work, at equal accuracy and at equal FLOPs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.compare.curve import Curve, Read
from analysis.compare.subjects import Subject, load_subjects
from simulator.errors import InputError, lookup
from workloads.training.flops import CONVENTIONS

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Rows of each kind of comparison, and why a kind has none.

    Ratios are the reference's figure over the subject's, so that more is better: a speed-up.
    """

    equal_work: Sequence[Row]
    equal_accuracy: Sequence[Row]
    equal_flops: Sequence[Row]
    lacking: Sequence[str]

    @property
    def frames(self) -> "dict[str, pd.DataFrame]":
        """The rows as frames, by the names of the kinds."""
        import pandas as pd

        kinds = ("equal_work", "equal_accuracy", "equal_flops")
        return {kind: pd.DataFrame(list(getattr(self, kind))) for kind in kinds}

    def __repr__(self) -> str:
        from analysis.compare.text import comparison_text  # it reads this module

        return comparison_text(self, "table")


def compare(paths: Sequence[str | Path], *, against: str | None = None) -> Comparison:
    """Hold studies, training runs and reports against the one called `against`, or against the first.

    It is called by its name alone, or with its pattern.
    """
    subjects = load_subjects([Path(path) for path in paths])
    if against is not None:
        names = {name for one in subjects for name in (one.name, one.called)}
        lookup(dict.fromkeys(names), against, kind="subject", where="against")
    if len(subjects) < 2:
        raise InputError.of("there is one subject", "name more, or a study of several recipes", where="RUN")
    accuracy, flops = list(_equal_accuracy(subjects, against)), list(_equal_flops(subjects, against))
    return Comparison(
        equal_work=list(_equal_work(subjects, against)),
        equal_accuracy=accuracy,
        equal_flops=flops,
        lacking=list(_lacking(subjects, accuracy, flops)),
    )


def _reference(group: Sequence[Subject], against: str | None) -> Subject | None:
    """The subject of a group that the others are held against."""
    if against is None:
        return group[0]
    return next((one for one in group if against in (one.called, one.name)), None)


def _grouped(subjects: Sequence[Subject], *names: str) -> dict[Key, list[Subject]]:
    """The subjects by some of their fields, in order."""
    groups: dict[Key, list[Subject]] = {}
    for one in subjects:
        groups.setdefault(tuple(getattr(one, name) for name in names), []).append(one)
    return groups


def _equal_work(subjects: Sequence[Subject], against: str | None) -> Iterator[Row]:
    """Each subject and the reference of its group: time, energy, their product, and FLOPs."""
    for group in _grouped(subjects, "group").values():
        reference = _reference(group, against)
        for one in group:
            yield {
                **_words(one),
                "machine": one.arch,
                "length": one.length,
                "name": one.name,
                "pattern": one.pattern,
                "against": reference.called if reference else "",
                "metric": one.metric,
                "value": one.value,
                **_ratios(one, reference),
            }


def _words(one: Subject) -> Row:
    task, model = one.work or ("", "")
    return {"task": task, "model": model}


def _ratios(one: Subject, reference: Subject | None) -> Row:
    row: Row = {}
    for column, ratio in (("seconds", "speed_up"), ("joules", "less_energy"), ("edp", "less_edp")):
        ours = getattr(one, column)
        theirs = getattr(reference, column) if reference else None
        row |= {column: ours, ratio: theirs / ours if ours and theirs is not None else None}
    for name in CONVENTIONS:
        ours, base = one.flops[name], reference.flops[name] if reference else None
        row[f"{name}_flops"] = ours
        row[f"fewer_{name}_flops"] = base / ours if ours and base is not None else None
    return row


def _measures(one: Subject) -> dict[tuple[str, str], float | None]:
    """Every cost of a subject by what it is and on which machine."""
    costs: dict[tuple[str, str], float | None] = {
        (f"{name} FLOPs", ""): one.flops[name] for name in CONVENTIONS
    }
    if one.arch:
        costs |= {("seconds", one.arch): one.seconds, ("joules", one.arch): one.joules}
    return costs


def _curves(group: Sequence[Subject]) -> dict[tuple[str, str], Curve]:
    """The value of one recipe and pattern over its lengths, by each cost."""
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in group:
        for measure, cost in _measures(one).items():
            if cost and one.value is not None:
                points.setdefault(measure, []).append((cost, one.value))
    lower = group[0].lower_is_better
    return {measure: Curve.through(found, lower_is_better=lower) for measure, found in points.items()}


def _pairs(subjects: Sequence[Subject], against: str | None) -> Iterator[tuple[list[Subject], list[Subject]]]:
    """The reference of each task and model, and another recipe there, each with all lengths and machines."""
    measured = [one for one in subjects if one.work and one.value is not None]
    for group in _grouped(measured, "work").values():
        reference = _reference(group, against)
        if reference is None:
            continue
        by_called = _grouped(group, "called")
        for called, others in by_called.items():
            if called != (reference.called,):
                yield by_called[(reference.called,)], others


def _targets(reference: Sequence[Subject]) -> list[Subject]:
    """The lengths of the reference, each once."""
    return list({one.length: one for one in reversed(reference)}.values())[::-1]


def _equal_accuracy(subjects: Sequence[Subject], against: str | None) -> Iterator[Row]:
    """What each recipe needs, by each measure, to be as good as the reference is at each of its lengths."""
    for reference, others in _pairs(subjects, against):
        theirs, ours = _curves(reference), _curves(others)
        if len(_targets(others)) < 2:
            continue
        for target in _targets(reference):
            assert target.value is not None
            for measure, curve in ours.items():
                base = _cost_at(reference, target.length, measure)
                if base is not None and measure in theirs:
                    found = curve.cost_of(target.value)
                    yield _iso(others[0], target, measure) | {
                        "value": target.value,
                        "reference_cost": base,
                        "status": found.status,
                        "cost": found.number,
                        "ratio": found.number / base if found.number is not None else None,
                    }


def _cost_at(group: Sequence[Subject], length: str, measure: tuple[str, str]) -> float | None:
    """What the reference took at a length."""
    costs = (_measures(one).get(measure) for one in group if one.length == length)
    return next((cost for cost in costs if cost), None)


def _equal_flops(subjects: Sequence[Subject], against: str | None) -> Iterator[Row]:
    """How good each recipe is at the FLOPs that the reference takes at each of its lengths."""
    for reference, others in _pairs(subjects, against):
        ours = _curves(others)
        rows = []
        for target in _targets(reference):
            for name in CONVENTIONS:
                measure, cost = (f"{name} FLOPs", ""), target.flops[name]
                if cost and measure in ours:
                    found: Read = ours[measure].value_at(cost)
                    rows.append(
                        _iso(others[0], target, measure)
                        | {"cost": cost, "reference_value": target.value}
                        | {"status": found.status, "value": found.number}
                    )
        if any(row["value"] is not None for row in rows):
            yield from rows


def _iso(one: Subject, target: Subject, measure: tuple[str, str]) -> Row:
    """The words of a row: who, as what, measured in what."""
    return {
        **_words(one),
        "metric": one.metric,
        "name": one.name,
        "pattern": one.pattern,
        "against": target.called,
        "length": target.length,
        "measure": measure[0],
        "machine": measure[1],
    }


def _lacking(subjects: Sequence[Subject], accuracy: Sequence[Row], flops: Sequence[Row]) -> Iterator[str]:
    """Why there is no table of a kind."""
    lengths = list(dict.fromkeys(one.length for one in subjects if one.work))
    if not accuracy:
        there = f"there is one: {lengths[0]}" if len(lengths) == 1 else "no recipe beside it has two"
        if not lengths:
            there = "reports say nothing of accuracy"
        yield f"equal accuracy needs recipes at several lengths (`steps: [1000, 3000]` in a study): {there}"
    if not flops and lengths:
        yield "equal FLOPs need recipes at several lengths, or a `budget`: none was measured around them"
