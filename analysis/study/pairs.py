"""Which combinations of a study are compared with which."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analysis.study.cells import Cells, Combination


def compared(cells: Cells) -> Iterator[tuple[Combination, Combination]]:
    """Each combination with the baseline's, then the pairs that are named; of one task, model and length.

    Of one pattern where both have it; a recipe that takes none, or has but one, goes with every pattern.
    """
    by_label: dict[tuple[Any, ...], dict[str, Combination]] = {}
    for one in cells.combinations:
        by_label.setdefault((one.task, one.model, one.length, one.label), {})[one.pattern] = one
    pairs = list(dict.fromkeys(_pairs(cells)))
    groups = dict.fromkeys((one.task, one.model, one.length) for one in cells.combinations)
    for group in groups:
        for label, against in pairs:
            ours, theirs = by_label.get((*group, label), {}), by_label.get((*group, against), {})
            found = (
                (_of(ours, pattern), _of(theirs, pattern)) for pattern in dict.fromkeys((*ours, *theirs))
            )
            yield from dict.fromkeys((of, other) for of, other in found if of and other)


def _of(combinations: Mapping[str, Combination], pattern: str) -> Combination | None:
    """The combination of that pattern, or the only one."""
    only = next(iter(combinations.values())) if len(combinations) == 1 else None
    return combinations.get(pattern, only)


def _pairs(cells: Cells) -> Iterable[tuple[str, str]]:
    """The labels that are compared."""
    labels = dict.fromkeys(of.label for of in cells.combinations)
    yield from ((label, cells.baseline) for label in labels if label != cells.baseline)
    yield from cells.study.value.pairs
